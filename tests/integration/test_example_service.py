"""The example of a web service, under a real uvicorn, over the embedded server and its faults."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import anyio
import anyio.abc
import pytest
import uvicorn
from fastapi import HTTPException
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import TracerProvider as Traces

from comet_async import errors
from comet_async.server import LocalServer, SyntheticSpec
from comet_async.testing import local_server, local_service
from examples.service import application
from examples.service_parts import Settings, Tenants, refused

ROOT = Path(__file__).parents[2]
SPEC = SyntheticSpec(experiments=12, points=5, odd_metrics=False)
METRIC = "metric_013"
BEST = f"/best/synthetic/synthetic?metric={METRIC}"
SERIES = f"/series/synthetic/synthetic/{METRIC}"
RED = {"X-Tenant": "red"}


class Web:
    """The service as it runs: a client of it, and the server to be told to end."""

    def __init__(self, client: aiohttp.ClientSession, server: uvicorn.Server, url: str) -> None:
        self.client, self.server, self.url = client, server, url
        self.over = anyio.Event()

    async def get(self, path: str, **headers: str) -> tuple[int, str, dict[str, str]]:
        """Return status, text and headers of an answer."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.client.get(path, headers={**RED, **named}) as answer:
            return answer.status, await answer.text(), dict(answer.headers)

    async def total(self, name: str, **labels: str) -> float:
        """Return the sum of the samples of a metric that have these labels."""
        found = 0.0
        for line in (await self.get("/metrics"))[1].splitlines():
            wanted = all(f'{label}="{value}"' in line for label, value in labels.items())
            if line.startswith(name) and wanted:
                found += float(line.rpartition(" ")[2])
        return found

    async def until_idle(self) -> None:
        """Wait until no request to Comet is under way."""
        while await self.total("comet_async_requests_in_flight"):
            await anyio.lowlevel.checkpoint()


@asynccontextmanager
async def running(
    server: LocalServer,
    settings: Settings | None = None,
    *,
    traces: Traces | None = None,
    api_key: str = "any-key",
    grace: int = 5,
) -> AsyncIterator[Web]:
    app = application(settings, service=local_service(server, api_key=api_key), traces=traces)
    config = uvicorn.Config(
        app, log_config=None, lifespan="on", ws="none", timeout_graceful_shutdown=grace
    )
    web = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        async with (
            anyio.create_task_group() as tasks,
            aiohttp.ClientSession(url, connector=aiohttp.TCPConnector(limit=0)) as client,
        ):
            found = Web(client, web, url)

            async def serve() -> None:
                await web.serve(sockets=[listening])
                found.over.set()

            tasks.start_soon(serve)
            while not web.started:
                await anyio.lowlevel.checkpoint()
            try:
                yield found
            finally:
                web.should_exit = True


@pytest.fixture
async def server() -> AsyncIterator[LocalServer]:
    async with local_server(synthetic=SPEC) as running:
        yield running


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await anyio.lowlevel.checkpoint()


def asked(server: LocalServer, part: str) -> int:
    return sum(part in entry.path for entry in server.log)


async def test_best_runs_are_ranked(server: LocalServer) -> None:
    async with running(server) as web:
        lowest = json.loads((await web.get(f"{BEST}&limit=100"))[1])
        highest = json.loads((await web.get(f"{BEST}&order=highest&limit=3"))[1])
        series = (await web.get(SERIES))[1]
    by_run: dict[str, list[float]] = {}
    for line in series.splitlines():
        row = json.loads(line)
        by_run.setdefault(row["experiment"], []).append(row["value"])
    expected = sorted((min(values), key) for key, values in by_run.items())
    assert [(row["value"], row["experiment"]) for row in lowest] == expected
    best = sorted((max(values) for values in by_run.values()), reverse=True)[:3]
    assert [row["value"] for row in highest] == best
    assert len(by_run) == 12


async def test_series_come_as_ndjson_and_as_csv_with_what_is_missing(server: LocalServer) -> None:
    async with running(server) as web:
        lines = (await web.get(SERIES))[1].splitlines()
        lost = json.loads(lines[0])["experiment"]
        server.faults.add("status", 400, match=f"get-metric?experimentKey={lost}")
        status, text, headers = await web.get(f"{SERIES}?as_csv=true")
    points = [json.loads(line) for line in lines]
    assert len(points) == 12 * 5
    assert set(points[0]) == {"experiment", "step", "value", "error"}
    rows = list(csv.DictReader(text.splitlines()))
    assert (status, headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
    assert [row["error"] for row in rows if row["experiment"] == lost] == ["BadRequestError"]
    kept = [(p["experiment"], p["step"], p["value"]) for p in points if p["experiment"] != lost]
    found = [
        (row["experiment"], int(row["step"]), float(row["value"]))
        for row in rows
        if not row["error"]
    ]
    assert sorted(found) == sorted(kept)


async def test_curves_come_in_one_request(server: LocalServer) -> None:
    async with running(server) as web:
        key = json.loads((await web.get(SERIES))[1].splitlines()[0])["experiment"]
        before = len(server.log)
        path = f"/curves/{key}?metric={METRIC}&metric=metric_014"
        status, text, _ = await web.get(path)
        unknown = await web.get(f"/curves/{'0' * 32}?metric={METRIC}")
    assert status == 200
    found = json.loads(text)
    assert set(found) == {METRIC, "metric_014"}
    assert len(found[METRIC]["values"]) == len(found[METRIC]["steps"]) == 5
    assert len(server.log) - before == 2
    assert unknown[0] == 404


async def test_health_asks_nobody_and_readiness_asks_once(server: LocalServer) -> None:
    async with running(server, Settings(ready_for=1000.0)) as web:
        assert (await web.get("/healthz"))[0] == 200
        assert len(server.log) == 0
        found: list[int] = []

        async def probe() -> None:
            found.append((await web.get("/readyz"))[0])

        async with anyio.create_task_group() as probes:
            for _ in range(20):
                probes.start_soon(probe)
    assert found == [200] * 20
    assert len(server.log) == 1


async def test_readiness_has_a_deadline_and_comes_back(server: LocalServer) -> None:
    server.faults.add("slow_start", 30.0)
    async with running(server, Settings(ready_deadline=1.5, ready_for=0.0)) as web:
        down = await web.get("/readyz")
        alive = await web.get("/healthz")
        server.faults.clear()
        up = await web.get("/readyz")
    assert (down[0], json.loads(down[1])) == (503, {"ready": False})
    assert (alive[0], up[0]) == (200, 200)


async def test_a_deadline_reaches_into_the_session(server: LocalServer) -> None:
    server.faults.add("slow_start", 30.0, match="summary")
    async with running(server) as web:
        status, text, _ = await web.get(BEST, X_Request_Timeout="1.5")
        assert (status, json.loads(text)) == (504, {"detail": "the deadline has passed"})
        await web.until_idle()
        assert 0 < await web.total("comet_async_requests_total", outcome="cancelled") <= 12


async def test_a_deadline_in_the_middle_of_an_answer_cuts_it_short(
    server: LocalServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(server) as web:
        key = json.loads((await web.get(SERIES))[1].splitlines()[0])["experiment"]
        server.faults.add("slow_start", 30.0, match=f"get-metric?experimentKey={key}")
        with pytest.raises(aiohttp.ClientPayloadError):
            await web.get(SERIES, X_Request_Timeout="2")
        await web.until_idle()
    assert any("Exception in ASGI application" in r.getMessage() for r in caplog.records)


@pytest.mark.parametrize("seconds", ["soon", "0", "-1", "nan"])
async def test_a_deadline_that_is_none_is_refused(server: LocalServer, seconds: str) -> None:
    async with running(server) as web:
        assert (await web.get(BEST, X_Request_Timeout=seconds))[0] == 400
    assert len(server.log) == 0


async def test_each_tenant_has_its_own_budget(server: LocalServer) -> None:
    settings = Settings(tenant_rate=0.01, tenant_burst=20.0)
    async with running(server, settings) as web:
        first = await web.get(BEST)  # 13 of 20
        second = await web.get(BEST)  # 13 more: overdrawn
        asked_by_then = len(server.log)
        spent = await web.get(BEST)
        assert len(server.log) == asked_by_then
        other = await web.get(BEST, X_Tenant="blue")
        nobody = await web.get(BEST, X_Tenant="")
    assert [first[0], second[0], spent[0], other[0], nobody[0]] == [200, 200, 429, 200, 422]
    assert 500 < int(spent[2]["Retry-After"]) <= 600  # six over, at one in 100 s


def test_a_budget_refills_and_full_ones_are_forgotten() -> None:
    now = 0.0
    tenants = Tenants(Settings(tenant_rate=2.0, tenant_burst=4.0, tenants=3), lambda: now)
    for tenant in ("a", "b", "c"):
        tenants.spend(tenant, 4)
    with pytest.raises(HTTPException) as spent:
        tenants.spend("a", 1)
    assert spent.value.headers == {"Retry-After": "1"}
    with pytest.raises(HTTPException) as crowded:
        tenants.spend("d", 1)
    assert crowded.value.headers == {"Retry-After": "2"}
    now = 1.0
    tenants.spend("a", 100)
    now = 2.0
    tenants.spend("d", 1)
    assert len(tenants) == 2
    with pytest.raises(HTTPException) as overdrawn:
        tenants.spend("a", 1)
    assert overdrawn.value.headers == {"Retry-After": "48"}


async def test_a_client_that_leaves_ends_the_work_for_it(server: LocalServer) -> None:
    server.faults.add("slow_start", 30.0, match="summary")
    async with running(server) as web:
        async with anyio.create_task_group() as clients:
            clients.start_soon(web.get, BEST)
            await until(lambda: asked(server, "summary") == 12)
            assert await web.total("comet_async_requests_in_flight") == 12
            clients.cancel_scope.cancel()
        await web.until_idle()
        assert await web.total("comet_async_requests_total", outcome="cancelled") == 12


async def test_a_reader_that_is_slow_and_leaves_does_not_bring_all_of_it() -> None:
    spec = SyntheticSpec(experiments=100, points=10_000, curves=1, odd_metrics=False)
    async with local_server(synthetic=spec) as server, running(server, Settings(width=2)) as web:
        async with web.client.get(SERIES, headers=RED) as answer:
            assert await answer.content.readany()
        await web.until_idle()
        assert 0 < asked(server, "get-metric") < 60


async def until_refused(url: str) -> None:
    async with aiohttp.ClientSession(url) as late:
        while True:
            async with late.get("/healthz"):
                pass


async def test_what_is_under_way_ends_well_and_nothing_new_begins(server: LocalServer) -> None:
    server.faults.add("slow_start", 0.7, match="summary")
    found: list[int] = []
    async with running(server) as web:

        async def one() -> None:
            found.append((await web.get(BEST))[0])

        async with anyio.create_task_group() as clients:
            clients.start_soon(one)
            await until(lambda: asked(server, "summary") > 0)
            web.server.should_exit = True
            with pytest.raises(aiohttp.ClientConnectionError):
                await until_refused(web.url)
        await web.over.wait()
    assert found == [200]


async def test_what_outlasts_the_grace_is_cut_off(server: LocalServer) -> None:
    server.faults.add("slow_start", 30.0, match="summary")
    async with running(server, grace=1) as web:
        async with anyio.create_task_group() as clients:
            clients.start_soon(until_asked_then_end, server, web)
            assert (await web.get(BEST))[0] == 500
        with anyio.fail_after(10.0):
            await web.over.wait()


async def until_asked_then_end(server: LocalServer, web: Web) -> None:
    await until(lambda: asked(server, "summary") > 0)
    web.server.should_exit = True


async def test_a_signal_lets_what_is_under_way_end(server: LocalServer) -> None:
    server.faults.add("slow_start", 0.7, match="summary")
    command = ["-m", "uvicorn", "examples.service:application", "--factory", "--port", "0"]
    environment = {"COMET_URL_OVERRIDE": server.url, "COMET_API_KEY": "any-key"}
    async with await anyio.open_process(
        [sys.executable, "-W", "error", *command, "--ws", "none"],
        cwd=ROOT,
        env={**os.environ, **environment, "PYTHONPATH": str(ROOT)},
    ) as child:
        assert child.stderr is not None
        told = ""
        while (found := re.search(r"running on (http://\S+)", told)) is None:
            told += (await child.stderr.receive()).decode()
        status = 0

        async def one() -> None:
            nonlocal status
            async with client.get(f"{found[1]}{BEST}", headers=RED) as answer:
                status = answer.status

        async with aiohttp.ClientSession() as client, anyio.create_task_group() as clients:
            clients.start_soon(one)
            await until(lambda: asked(server, "summary") > 0)
            child.send_signal(signal.SIGTERM)
        ended = await child.wait()
    assert status == 200
    assert ended in {0, -signal.SIGTERM}


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.UsageError("empty"), 422),
        (errors.NotFoundError("no"), 404),
        (errors.BadRequestError("no such experiment"), 400),
        (errors.AuthenticationError("our key"), 502),
        (errors.RateLimitError("later"), 503),
        (errors.ServerError("oops"), 502),
        (errors.RequestTimeout("slow"), 504),
        (errors.ConnectError("down"), 502),
        (errors.DecodeError("odd"), 502),
    ],
)
async def test_each_error_has_its_status(error: errors.CometAsyncError, status: int) -> None:
    answer = await refused(None, error)  # type: ignore[arg-type]  # it does not look at the request
    assert answer.status_code == status


async def test_errors_of_comet_reach_the_client_as_answers(server: LocalServer) -> None:
    async with running(server) as web:
        unknown = await web.get(f"/best/nobody/nothing?metric={METRIC}")
        without = await web.get("/best/synthetic/synthetic")
        server.faults.add("status", {"status": 429, "retry_after": 4000})
        throttled = await web.get(BEST)
    assert unknown[0] in {400, 404}
    assert without[0] == 422
    assert (throttled[0], throttled[2]["Retry-After"]) == (503, "4000")


async def test_our_own_bad_key_is_not_the_clients_fault_and_is_not_told() -> None:
    key = "a-key-that-is-never-told"
    async with (
        local_server(api_keys=["right"]) as server,
        running(server, api_key=key) as web,
    ):
        status, text, _ = await web.get(BEST)
        exposed = (await web.get("/metrics"))[1]
    assert status == 502
    assert key not in text + exposed


async def test_metrics_name_endpoints_and_no_ids(server: LocalServer) -> None:
    async with running(server) as web:
        keys = {row["experiment"] for row in json.loads((await web.get(f"{BEST}&limit=99"))[1])}
        status, text, headers = await web.get("/metrics")
        summary = {"endpoint": "/api/rest/v2/experiment/metrics/summary", "outcome": "ok"}
        assert await web.total("comet_async_requests_total", **summary) == 12
    assert status == 200
    assert headers["Content-Type"].startswith("text/plain")
    assert len(keys) == 12
    assert not any(key in text for key in (*keys, "red"))


async def test_spans_go_from_the_caller_through_the_service_to_comet(server: LocalServer) -> None:
    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    trace, caller = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    async with running(server, traces=provider) as web:
        await web.get(BEST, traceparent=f"00-{trace}-{caller}-01")
        await web.get("/healthz")
    spans = kept.get_finished_spans()
    (own,) = [span for span in spans if span.name == "GET /best/{workspace}/{project}"]
    assert own.parent is not None
    assert own.context is not None
    assert f"{own.parent.span_id:016x}" == caller
    told = dict(own.attributes or {})
    assert told["http.route"] == "/best/{workspace}/{project}"
    assert told["http.response.status_code"] == 200
    below = [span for span in spans if span.parent and span.parent.span_id == own.context.span_id]
    assert len(below) == 13
    assert {f"{span.context.trace_id:032x}" for span in spans if span.context} == {trace}
