"""A web service over one shared session: limits per tenant, deadlines, streams, telemetry.

Run it against a local server with the sample runs::

    comet-async serve --port 5055 &
    export COMET_URL_OVERRIDE=http://127.0.0.1:5055 COMET_API_KEY=anything
    python -m examples.service

and ask it, as a tenant in a hurry::

    curl -H 'X-Tenant: red' -H 'X-Request-Timeout: 5' \
        'http://127.0.0.1:8077/best/samples/digits-classification?metric=val_loss'
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Annotated, Literal

import anyio
import msgspec
import uvicorn
from fastapi import FastAPI, Header, Query, Response
from opentelemetry import trace
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from comet_async import CometAsyncError, Failed, Ok, Service, Session, comet
from comet_async.telemetry import OpenTelemetryObserver, PrometheusObserver
from examples.service_parts import (
    Edge,
    Settings,
    Streamed,
    Tenants,
    Write,
    as_json,
    problem,
    refused,
)

Tenant = Annotated[str, Header(alias="X-Tenant", min_length=1, max_length=64)]  # your login here
Row = tuple[str, int | None, float | None, str | None]
COLUMNS = ("experiment", "step", "value", "error")


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


# The web around it.


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
