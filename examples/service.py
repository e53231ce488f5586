"""A web service over one shared session: limits per tenant, deadlines, streams, telemetry.

Run it against a local server with the sample runs::

    comet-async serve --port 5055 &
    export COMET_URL_OVERRIDE=http://127.0.0.1:5055 COMET_API_KEY=anything
    python examples/service.py

and ask it, as a tenant in a hurry::

    curl -H 'X-Tenant: red' -H 'X-Request-Timeout: 5' \
        'http://127.0.0.1:8077/best/samples/digits-classification?metric=val_loss'
"""

from __future__ import annotations

import csv
import io
import math
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Annotated, ClassVar, Literal

import anyio
import msgspec
import uvicorn
from fastapi import FastAPI, Header, HTTPException, Query, Request, Response
from opentelemetry import propagate, trace
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from comet_async import CometAsyncError, Failed, Ok, Service, Session, comet, errors
from comet_async.telemetry import OpenTelemetryObserver, PrometheusObserver

Write = Callable[[bytes], Awaitable[None]]
Tenant = Annotated[str, Header(alias="X-Tenant", min_length=1, max_length=64)]  # your login here
Row = tuple[str, int | None, float | None, str | None]
COLUMNS = ("experiment", "step", "value", "error")


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What may differ from one deployment to the next; times in seconds."""

    tenant_rate: float = 20.0  # requests to Comet per second for each tenant, in the long run
    tenant_burst: float = 500.0  # and at once
    tenants: int = 10_000  # that are remembered at the same time
    width: int = 16  # requests to Comet under way for one request of a tenant
    deadline: float = 30.0  # of a request that names none
    longest_deadline: float = 300.0
    ready_deadline: float = 2.0
    ready_for: float = 10.0  # so long an answer of /readyz is kept


# What the service does, as functions of a session: test_service.py shows how to test them.


async def best_runs(
    session: Session, keys: Iterable[str], metric: str, *, highest: bool, width: int
) -> list[tuple[float, str]]:
    """Return the best value of a metric and the key of each experiment that has it, best first."""
    found: list[tuple[float, str]] = []
    pairs = ((key, comet.get_experiment_metrics_summary(key)) for key in keys)
    async with session.fan_out(pairs, concurrency=width) as outcomes:
        async for outcome in outcomes:
            if isinstance(outcome, Failed):
                raise outcome.error  # half a ranking would be a wrong one
            for entry in outcome.value.values:
                best = entry.maximum if highest else entry.minimum
                if entry.name == metric and best is not None and math.isfinite(best):
                    found.append((best, outcome.key))
    return sorted(found, reverse=highest)


async def write_series(
    session: Session, keys: Iterable[str], metric: str, write: Write, *, as_csv: bool, width: int
) -> None:
    """Write a metric of many experiments as they come; a slow reader slows the requests."""
    pairs = ((key, comet.get_experiment_metric(key, metric)) for key in keys)
    async with session.fan_out(pairs, concurrency=width, buffer=0) as outcomes:
        async for outcome in outcomes:
            rows: list[Row] = []
            match outcome:
                case Ok(key, series):
                    rows = [(key, point.step, point.value, None) for point in series.metrics]
                case Failed(key, error):  # the others still come; the reader sees what is missing
                    rows = [(key, None, None, type(error).__name__)]
            await write(csv_of(rows) if as_csv else lines_of(rows))


def csv_of(rows: Iterable[Iterable[object]]) -> bytes:
    """Return rows as CSV."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def lines_of(rows: Iterable[Row]) -> bytes:
    """Return rows as NDJSON; NaN and infinities are null."""
    return msgspec.json.Encoder().encode_lines(dict(zip(COLUMNS, row, strict=True)) for row in rows)


# What protects it, and Comet.


class Tenants:
    """A budget of requests for each tenant: it refills steadily, and may be overdrawn once.

    A tenant whose budget is full again is as good as one never seen, so such are forgotten.
    """

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._most, self._clock = settings.tenant_rate, settings.tenants, clock
        self._window = settings.tenant_burst / settings.tenant_rate
        self._full_at: dict[str, float] = {}  # when the budget of each will be full

    def __len__(self) -> int:
        return len(self._full_at)

    def spend(self, tenant: str, requests: int) -> None:
        """Take from a budget, or refuse with 429 and the seconds until something is in it."""
        now = self._clock()
        full_at = max(self._full_at.get(tenant, now), now)
        wait = full_at - now - self._window
        if tenant not in self._full_at and len(self) >= self._most:
            self._full_at = {name: at for name, at in self._full_at.items() if at > now}
            if len(self) >= self._most:
                wait = min(self._full_at.values()) - now
        if wait >= 0:
            told = {"Retry-After": str(max(1, math.ceil(wait)))}
            raise HTTPException(429, "the budget of this tenant is spent", told)
        self._full_at[tenant] = full_at + requests / self._rate


class Edge:
    """Around each request: a span, a deadline, and an end to its work when the client has left.

    Requests have no bodies here, so all that may still be received is that the client has left.
    """

    PROBES: ClassVar = frozenset({"/healthz", "/readyz", "/metrics"})

    def __init__(self, app: ASGIApp, settings: Settings, tracer: trace.Tracer) -> None:
        self._app, self._settings, self._tracer = app, settings, tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in self.PROBES:
            await self._app(scope, receive, send)
            return
        parent = propagate.extract(dict(Headers(scope=scope)))
        server = trace.SpanKind.SERVER
        with self._tracer.start_as_current_span(scope["method"], parent, server) as span:
            status = await self._answer(scope, receive, send)
            route = getattr(scope.get("route"), "path", "")
            span.update_name(f"{scope['method']} {route}".strip())
            span.set_attributes({"http.request.method": scope["method"], "http.route": route})
            if status is not None:
                span.set_attribute("http.response.status_code", status)
            if status is not None and status >= 500:
                span.set_status(trace.StatusCode.ERROR)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> int | None:
        status: int | None = None

        async def sending(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        async def until_left(work: anyio.CancelScope) -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            work.cancel()

        seconds = self._seconds(Headers(scope=scope).get("x-request-timeout"))
        if not seconds > 0:
            await problem(400, "X-Request-Timeout is no time")(scope, receive, sending)
            return status
        with anyio.move_on_after(seconds) as deadline:  # reaches into the session, by cancellation
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(until_left, tasks.cancel_scope)
                await self._app(scope, no_body, sending)
                tasks.cancel_scope.cancel()
        if deadline.cancelled_caught:
            if status is not None:  # an answer that is cut short must not look whole
                raise TimeoutError("the deadline passed in the middle of an answer")
            await problem(504, "the deadline has passed")(scope, receive, sending)
        return status

    def _seconds(self, asked: str | None) -> float:
        try:
            return min(float(asked or self._settings.deadline), self._settings.longest_deadline)
        except ValueError:
            return 0.0


async def no_body() -> Message:
    """Receive nothing."""
    return {"type": "http.request", "body": b"", "more_body": False}


class Streamed(Response):
    """An answer that a function writes; it has ended when the answer has.

    An asynchronous generator, as a StreamingResponse takes, may be left in the middle and closed
    later by another task, but a fan-out must be left by the task that entered it.
    """

    def __init__(self, work: Callable[[Write], Awaitable[None]], media_type: str) -> None:
        super().__init__(media_type=media_type)
        del self.headers["content-length"]
        self._work = work

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive

        async def write(chunk: bytes, *, more: bool = True) -> None:
            await send({"type": "http.response.body", "body": chunk, "more_body": more})

        headers = self.raw_headers
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await self._work(write)
        await write(b"", more=False)


def as_json(value: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return an answer in JSON; NaN is null."""
    return Response(msgspec.json.encode(value), status, headers, "application/json")


def problem(status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    """Return an answer that says what is wrong."""
    return as_json({"detail": text}, status, headers)


STATUSES: tuple[tuple[type[CometAsyncError], int], ...] = (
    (errors.UsageError, 422),
    (errors.NotFoundError, 404),
    (errors.BadRequestError, 400),  # so Comet answers for experiments that it does not have
    (errors.RateLimitError, 503),
    (errors.RequestTimeout, 504),
)  # all others are 502: Comet's fault, or that of our key


async def refused(request: Request, error: Exception) -> Response:
    """Answer with what an error means for our own clients."""
    del request
    status = next((code for kind, code in STATUSES if isinstance(error, kind)), 502)
    wait = getattr(error, "retry_after", None)
    return problem(status, str(error), {"Retry-After": str(math.ceil(wait))} if wait else None)


class Desk:
    """The endpoints, over the session that they share."""

    session: Session  # from the application's start to its end

    def __init__(self, settings: Settings) -> None:
        self.settings, self.width = settings, settings.width
        self.tenants, self.registry = Tenants(settings), CollectorRegistry()
        self._ready, self._asked, self._asking = False, -math.inf, anyio.Lock()

    async def keys(self, tenant: str, workspace: str, project: str) -> list[str]:
        """Return the experiments of a project; the tenant pays for a request to each of them."""
        self.tenants.spend(tenant, 1)
        asked = comet.get_experiments(workspace_name=workspace, project_name=project)
        keys = [run.experiment_key for run in (await self.session.send(asked)).experiments]
        self.tenants.spend(tenant, len(keys))
        return keys

    async def best(
        self,
        tenant: Tenant,
        workspace: str,
        project: str,
        *,
        metric: str,
        order: Literal["lowest", "highest"] = "lowest",
        limit: Annotated[int, Query(ge=1, le=1000)] = 10,
    ) -> Response:
        """Answer with the best runs of a project by a metric."""
        keys, up = await self.keys(tenant, workspace, project), order == "highest"
        ranked = await best_runs(self.session, keys, metric, highest=up, width=self.width)
        return as_json([{"experiment": key, "value": value} for value, key in ranked[:limit]])

    async def curves(
        self, tenant: Tenant, key: str, metric: Annotated[list[str], Query()]
    ) -> Response:
        """Answer with metrics of one experiment, in one request to Comet."""
        self.tenants.spend(tenant, 1)
        chart = await self.session.send(comet.get_multi_metric_chart([key], metrics=metric))
        if key not in chart.experiments:
            return problem(404, "no such experiment, or it has none of these metrics")
        found = chart.experiments[key].metrics
        return as_json({m.metric_name: {"steps": m.steps, "values": m.numbers} for m in found})

    async def series(
        self, tenant: Tenant, workspace: str, project: str, metric: str, *, as_csv: bool = False
    ) -> Response:
        """Stream a metric of all experiments of a project, as NDJSON or CSV."""
        keys = await self.keys(tenant, workspace, project)

        async def work(write: Write) -> None:
            if as_csv:
                await write(csv_of([COLUMNS]))
            await write_series(self.session, keys, metric, write, as_csv=as_csv, width=self.width)

        return Streamed(work, "text/csv" if as_csv else "application/x-ndjson")

    async def healthz(self) -> Response:
        """Tell that the process lives; asks nobody."""
        return as_json({"alive": True})

    async def readyz(self) -> Response:
        """Tell whether Comet answers; it is asked once in a while, however many probes come."""
        async with self._asking:
            if anyio.current_time() >= self._asked + self.settings.ready_for:
                self._ready = False
                with anyio.move_on_after(self.settings.ready_deadline), suppress(CometAsyncError):
                    self._ready = bool(await self.session.send(comet.get_workspaces()))
                self._asked = anyio.current_time()
            return as_json({"ready": self._ready}, 200 if self._ready else 503)

    async def metrics(self) -> Response:
        """Answer with all metrics, for Prometheus."""
        return Response(generate_latest(self.registry), media_type=CONTENT_TYPE_LATEST)


def application(
    settings: Settings | None = None,
    *,
    service: Service | None = None,
    traces: trace.TracerProvider | None = None,
) -> FastAPI:
    """Return the application; its session lives as long as it does."""
    desk = Desk(settings or Settings())
    observers = (OpenTelemetryObserver(traces), PrometheusObserver(desk.registry))

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncGenerator[None]:
        del app
        async with Session(service or comet.service(), observer=observers) as desk.session:
            yield

    app = FastAPI(lifespan=life, exception_handlers={CometAsyncError: refused})
    tracer = trace.get_tracer(__name__, tracer_provider=traces)
    app.add_middleware(Edge, settings=desk.settings, tracer=tracer)
    app.get("/best/{workspace}/{project}")(desk.best)
    app.get("/series/{workspace}/{project}/{metric:path}")(desk.series)
    app.get("/curves/{key}")(desk.curves)
    for probe in (desk.healthz, desk.readyz, desk.metrics):
        app.get(f"/{probe.__name__}")(probe)
    return app


if __name__ == "__main__":  # at SIGTERM: no new requests, and 30 s for those that are under way
    uvicorn.run(application(), host="127.0.0.1", port=8077, timeout_graceful_shutdown=30)
