"""Spans of real requests to the embedded server, kept by the real OpenTelemetry SDK."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import anyio
import pytest
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import SpanKind, StatusCode, get_current_span

from comet_async import Failed, Ok, Session, blocking, comet
from comet_async.engine.retry import RetryPolicy
from comet_async.errors import BadRequestError, OutcomeUnknown, TransportError
from comet_async.server import LocalServer, SyntheticSpec, serve_in_thread
from comet_async.service import Limits
from comet_async.telemetry import OpenTelemetryObserver
from comet_async.testing import local_server, local_service

SPEC = SyntheticSpec(experiments=6, points=3, assets=2, asset_bytes=200)
FAST = RetryPolicy(base=0.001)
WORKSPACES = "/api/rest/v2/workspaces"
METRIC = "/api/rest/v2/experiment/metrics/get-metric"
KEY = "a-key-that-is-never-told"


@pytest.fixture
async def server() -> AsyncIterator[LocalServer]:
    async with local_server(synthetic=SPEC, storage=True) as running:
        yield running


class Traces:
    """An SDK of OpenTelemetry that keeps its spans."""

    def __init__(self, provider: TracerProvider | None = None) -> None:
        self.kept = InMemorySpanExporter()
        self.provider = provider or TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self.kept))
        self.tracer = self.provider.get_tracer("caller")
        self.observer = OpenTelemetryObserver(self.provider)

    def named(self, name: str) -> list[ReadableSpan]:
        """Return the spans of one name, in the order in which they began."""
        found = [span for span in self.kept.get_finished_spans() if span.name == name]
        return sorted(found, key=lambda span: span.start_time or 0)

    def session(self, server: LocalServer, *, concurrency: int = 64) -> Session:
        limits = Limits(concurrency=concurrency)
        service = local_service(server, api_key=KEY).with_limits(limits)
        return Session(service, observer=self.observer, retry=FAST, draw=lambda: 0.0)

    @property
    def text(self) -> str:
        """All spans as they are exported."""
        return "".join(span.to_json() for span in self.kept.get_finished_spans())


@pytest.fixture
def traces() -> Traces:
    return Traces()


def attributes(span: ReadableSpan) -> Mapping[str, object]:
    return dict(span.attributes or {})


def parent_of(span: ReadableSpan) -> int | None:
    return span.parent.span_id if span.parent is not None else None


def identity(span: ReadableSpan) -> int:
    assert span.context is not None
    return int(span.context.span_id)


def point(key: str) -> comet.NewMetricPoint:
    return comet.NewMetricPoint(experiment_key=key, metric_name="loss", metric_value=0.5)


async def keys_of(session: Session) -> list[str]:
    found = await session.send(
        comet.get_experiments(workspace_name="synthetic", project_name="synthetic")
    )
    return [run.experiment_key for run in found.experiments]


async def test_a_request_and_its_attempt_are_spans_below_the_callers(
    server: LocalServer, traces: Traces
) -> None:
    async with traces.session(server) as session:
        with traces.tracer.start_as_current_span("handler"):
            await session.send(comet.get_workspaces())
    (handler,) = traces.named("handler")
    (whole,) = traces.named(f"comet GET {WORKSPACES}")
    (attempt,) = traces.named(f"GET {WORKSPACES}")
    assert parent_of(whole) == identity(handler)
    assert parent_of(attempt) == identity(whole)
    assert (whole.kind, attempt.kind) == (SpanKind.INTERNAL, SpanKind.CLIENT)
    assert whole.status.status_code is attempt.status.status_code is StatusCode.UNSET
    shared = {
        "http.request.method": "GET",
        "url.template": WORKSPACES,
        "server.address": "127.0.0.1",
        "server.port": int(server.url.rpartition(":")[2]),
        "comet_async.service": "comet",
        "http.response.status_code": 200,
    }
    assert attributes(whole) == {**shared, "comet_async.effect": "read"}
    received = session.counters.bytes_received
    assert attributes(attempt) == {**shared, "http.response.body.size": received}


async def test_a_repetition_is_an_attempt_of_its_own(server: LocalServer, traces: Traces) -> None:
    server.faults.add("status", 503, times=2)
    async with traces.session(server) as session:
        await session.send(comet.get_workspaces())
    (whole,) = traces.named(f"comet GET {WORKSPACES}")
    attempts = [attributes(span) for span in traces.named(f"GET {WORKSPACES}")]
    assert [a.get("http.request.resend_count") for a in attempts] == [None, 1, 2]
    assert [a["http.response.status_code"] for a in attempts] == [503, 503, 200]
    assert [a.get("error.type") for a in attempts] == ["503", "503", None]
    assert [event.name for event in whole.events] == ["retry", "retry"]
    assert dict(whole.events[0].attributes or {})["error.type"] == "503"
    told = attributes(whole)
    assert (told["http.request.resend_count"], told["http.response.status_code"]) == (2, 200)
    assert "error.type" not in told
    assert whole.status.status_code is StatusCode.UNSET


async def test_quiet_that_the_server_asks_for_is_an_event(
    server: LocalServer, traces: Traces
) -> None:
    server.faults.add("status", {"status": 429, "retry_after": 0.05}, times=1)
    async with traces.session(server) as session:
        await session.send(comet.get_workspaces())
    (whole,) = traces.named(f"comet GET {WORKSPACES}")
    told = {event.name: dict(event.attributes or {}) for event in whole.events}
    assert told["pause"] == {"comet_async.reason": "429", "comet_async.seconds": 0.05}
    assert told["retry"]["error.type"] == "429"


async def test_a_wait_for_a_slot_is_an_event(server: LocalServer, traces: Traces) -> None:
    async with traces.session(server, concurrency=1) as session:
        await session.collect(((n, comet.get_workspaces()) for n in range(2)), concurrency=2)
    waits = [
        dict(event.attributes or {})["comet_async.reason"]
        for span in traces.named(f"comet GET {WORKSPACES}")
        for event in span.events
        if event.name == "wait"
    ]
    assert waits == ["slot"]


async def test_refusals_and_lost_answers_are_errors(server: LocalServer, traces: Traces) -> None:
    async with traces.session(server) as session:
        with pytest.raises(BadRequestError):
            await session.send(comet.get_experiment_metadata("0" * 32))
        server.faults.add("rst_before", match="workspaces")
        with pytest.raises(TransportError) as lost:
            await session.send(comet.get_workspaces())
    spans = traces.kept.get_finished_spans()
    whole = {
        attributes(span)["url.template"]: span for span in spans if span.kind is SpanKind.INTERNAL
    }
    refused = whole.pop("/api/rest/v2/experiment/metadata")
    (failed,) = whole.values()
    assert attributes(refused)["error.type"] == "400"
    assert attributes(failed)["error.type"] == type(lost.value).__name__
    assert "http.response.status_code" not in attributes(failed)
    assert {span.status.status_code for span in spans} == {StatusCode.ERROR}
    assert "0" * 32 not in re.sub(r'"(trace|span|parent)_id": "[^"]*"', "", traces.text)


async def test_a_write_whose_fate_is_open_is_told_as_such(
    server: LocalServer, traces: Traces
) -> None:
    server.faults.add("rst_before", method="POST")
    async with traces.session(server) as session:
        (key, *_) = await keys_of(session)
        with pytest.raises(OutcomeUnknown):
            await session.send(comet.log_experiment_metric(point(key)))
    writes = [
        attributes(span)
        for span in traces.kept.get_finished_spans()
        if attributes(span).get("comet_async.effect") == "append"
    ]
    assert [told["error.type"] for told in writes] == ["OutcomeUnknown"]


async def test_requests_of_a_fan_out_belong_to_the_span_around_it(
    server: LocalServer, traces: Traces
) -> None:
    async with traces.session(server, concurrency=3) as session:
        keys = await keys_of(session)
        traces.kept.clear()

        async def handle(number: int) -> None:
            with traces.tracer.start_as_current_span(f"handler {number}"):
                pairs = ((key, comet.get_experiment_metric(key, "loss")) for key in keys)
                async with session.fan_out(pairs) as outcomes:
                    async for outcome in outcomes:
                        assert isinstance(outcome, (Ok, Failed))
                        with traces.tracer.start_as_current_span("between"):
                            await anyio.lowlevel.checkpoint()

        async with anyio.create_task_group() as handlers:
            for number in range(4):
                handlers.start_soon(handle, number)
    whole = traces.named(f"comet GET {METRIC}")
    attempts = traces.named(f"GET {METRIC}")
    handlers_of = {identity(traces.named(f"handler {n}")[0]) for n in range(4)}
    children = [parent_of(span) for span in whole]
    assert {parent: children.count(parent) for parent in handlers_of} == dict.fromkeys(
        handlers_of, len(keys)
    )
    assert sorted(parent_of(span) or 0 for span in attempts) == sorted(map(identity, whole))
    assert len({span.context.trace_id for span in whole if span.context}) == 4


def test_requests_of_a_blocking_session_belong_to_the_callers_span(traces: Traces) -> None:
    with (
        serve_in_thread(local_server(synthetic=SPEC)) as server,
        blocking.Session(local_service(server), observer=traces.observer) as session,
        traces.tracer.start_as_current_span("handler"),
    ):
        session.send(comet.get_workspaces())
    (handler,) = traces.named("handler")
    (whole,) = traces.named(f"comet GET {WORKSPACES}")
    assert parent_of(whole) == identity(handler)


async def test_a_cancelled_request_ends_its_spans(server: LocalServer, traces: Traces) -> None:
    server.faults.add("slow_start", 30.0)
    async with traces.session(server) as session, anyio.create_task_group() as tasks:
        tasks.start_soon(session.send, comet.get_workspaces())
        while not len(server.log):
            await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()
    spans = traces.kept.get_finished_spans()
    assert [attributes(span)["error.type"] for span in spans] == ["CancelledError"] * 2
    assert traces.observer._calls == {}


async def test_a_redirect_is_an_event_and_its_signature_is_not_told(
    server: LocalServer, traces: Traces, tmp_path: Path
) -> None:
    async with traces.session(server) as session:
        (key, *_) = await keys_of(session)
        listing = await session.send(comet.get_experiment_asset_list(key))
        asset = listing.assets[0].asset_id
        await session.download(
            comet.get_experiment_asset(asset, experiment_key=key, allow301=True), tmp_path / "it"
        )
    (attempt,) = traces.named("GET /api/rest/v2/experiment/asset/get-asset")
    assert [event.name for event in attempt.events] == ["redirect"]
    assert attributes(attempt)["http.response.body.size"] == (tmp_path / "it").stat().st_size
    assert [entry.listener for entry in server.log][-2:] == ["api", "storage"]
    signed = [entry.query for entry in server.log if entry.listener == "storage"]
    assert all(query and query not in traces.text for query in signed)
    for secret in (KEY, key, asset, "experimentKey"):
        assert secret not in traces.text


async def test_traces_that_are_not_sampled_cost_no_state(server: LocalServer) -> None:
    traces = Traces(TracerProvider(sampler=ALWAYS_OFF))
    async with traces.session(server) as session:
        await session.send(comet.get_workspaces())
    assert traces.kept.get_finished_spans() == ()
    assert traces.observer._calls == {}


async def test_the_callers_span_stays_current(server: LocalServer, traces: Traces) -> None:
    async with traces.session(server) as session:
        with traces.tracer.start_as_current_span("handler") as handler:
            await session.send(comet.get_workspaces())
            assert get_current_span() is handler


class _Broken(SpanProcessor):
    def on_start(self, span: Span, parent_context: object = None) -> None:
        raise LookupError(f"no room for {span.name}")


async def test_an_error_of_the_sdk_breaks_no_request(
    server: LocalServer, caplog: pytest.LogCaptureFixture
) -> None:
    traces = Traces()
    traces.provider.add_span_processor(_Broken())
    with caplog.at_level(logging.WARNING, "comet_async"):
        async with traces.session(server) as session:
            for _ in range(3):
                assert (await session.send(comet.get_workspaces())).workspace_names
    told = (
        "OpenTelemetryObserver failed on RequestStarted (LookupError); the like is not told again"
    )
    assert [record.getMessage() for record in caplog.records] == [told]


@pytest.mark.parametrize(
    ("library", "name", "message"),
    [
        ("opentelemetry", "OpenTelemetryObserver", "spans need opentelemetry"),
        ("prometheus_client", "PrometheusObserver", "metrics need prometheus_client"),
    ],
)
def test_a_library_that_is_missing_is_named_with_what_installs_it(
    library: str, name: str, message: str
) -> None:
    code = (
        f"import sys; sys.modules[{library!r}] = None\n"
        f"try:\n    from comet_async.telemetry import {name}\n"
        "except ValueError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == f"{message}: pip install 'comet_async[telemetry]'\n"
