"""Metrics of real requests to the embedded server, read from a real registry of Prometheus."""

from __future__ import annotations

from collections.abc import AsyncIterator

import anyio
import pytest
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest

from comet_async import Session, comet
from comet_async.engine.retry import RetryPolicy
from comet_async.errors import BadRequestError
from comet_async.events import AttemptEnded, RequestEnded, RequestStarted
from comet_async.request import Effect
from comet_async.server import LocalServer, SyntheticSpec
from comet_async.service import Limits
from comet_async.telemetry import OpenTelemetryObserver, PrometheusObserver
from comet_async.testing import local_server, local_service

SPEC = SyntheticSpec(experiments=6, points=3)
WORKSPACES = {"service": "comet", "method": "GET", "endpoint": "/api/rest/v2/workspaces"}
METADATA = {"service": "comet", "method": "GET", "endpoint": "/api/rest/v2/experiment/metadata"}
KEY = "a-key-that-is-never-told"


@pytest.fixture
async def server() -> AsyncIterator[LocalServer]:
    async with local_server(synthetic=SPEC) as running:
        yield running


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def observer(registry: CollectorRegistry) -> PrometheusObserver:
    return PrometheusObserver(registry)


def session_of(
    server: LocalServer, *observers: PrometheusObserver, concurrency: int = 8
) -> Session:
    service = local_service(server, api_key=KEY).with_limits(Limits(concurrency=concurrency))
    policy = RetryPolicy(base=0.001)
    return Session(service, observer=observers, retry=policy, draw=lambda: 0.0)


def value(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    return registry.get_sample_value(f"comet_async_{name}", labels)


async def test_what_the_server_saw_is_what_is_counted(
    server: LocalServer, registry: CollectorRegistry, observer: PrometheusObserver
) -> None:
    server.faults.add("status", 503, match="workspaces", times=2)
    server.faults.add("status", {"status": 429, "retry_after": 0.05}, match="workspaces", times=1)
    async with session_of(server, observer, concurrency=1) as session:
        await session.collect(((n, comet.get_workspaces()) for n in range(5)), concurrency=5)
        counters = session.counters
    statuses = [str(entry.status) for entry in server.log]
    for status in ("200", "429", "503"):
        counted = value(registry, "attempts_total", **WORKSPACES, status=status)
        assert counted == statuses.count(status) > 0
    ended = {**WORKSPACES, "effect": "read", "outcome": "ok"}
    assert value(registry, "requests_total", **ended) == 5
    assert value(registry, "retries_total", **WORKSPACES, reason="503") == 2
    assert value(registry, "retries_total", **WORKSPACES, reason="429") == 1
    assert value(registry, "received_bytes_total", **WORKSPACES) == counters.bytes_received
    assert value(registry, "request_duration_seconds_count", **WORKSPACES) == 5
    assert value(registry, "attempt_duration_seconds_count", **WORKSPACES) == len(statuses)
    paused = {"service": "comet", "reason": "429"}
    assert value(registry, "pauses_total", **paused) == 1
    assert value(registry, "pause_seconds_total", **paused) == 0.05
    waits = [
        value(registry, "wait_seconds_total", service="comet", reason=reason) or 0.0
        for reason in ("slot", "pause", "quota", "smoothing")
    ]
    assert sum(waits) == pytest.approx(counters.seconds_waiting)
    assert waits[0] > 0


async def test_requests_under_way_are_a_gauge(
    server: LocalServer, registry: CollectorRegistry, observer: PrometheusObserver
) -> None:
    server.faults.add("slow_start", 30.0)
    async with session_of(server, observer) as session, anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(session.send, comet.get_workspaces())
        while len(server.log) < 3:
            await anyio.lowlevel.checkpoint()
        assert value(registry, "requests_in_flight", service="comet") == 3
        tasks.cancel_scope.cancel()
    assert value(registry, "requests_in_flight", service="comet") == 0
    ended = {**WORKSPACES, "effect": "read", "outcome": "cancelled"}
    assert value(registry, "requests_total", **ended) == 3
    assert value(registry, "attempts_total", **WORKSPACES, status="none") == 3


async def test_no_id_query_or_key_is_a_label(
    server: LocalServer, registry: CollectorRegistry, observer: PrometheusObserver
) -> None:
    async with session_of(server, observer) as session:
        found = await session.send(
            comet.get_experiments(workspace_name="synthetic", project_name="synthetic")
        )
        keys = [run.experiment_key for run in found.experiments]
        await session.collect((key, comet.get_experiment_metadata(key)) for key in keys)
        with pytest.raises(BadRequestError):
            await session.send(comet.get_experiment_metadata("f" * 32))
    exposed = generate_latest(registry).decode()
    for secret in (KEY, *keys, "f" * 32, "synthetic", "127.0.0.1"):
        assert secret not in exposed
    for outcome, count in (("ok", 6), ("refused", 1)):
        ended = {**METADATA, "effect": "read", "outcome": outcome}
        assert value(registry, "requests_total", **ended) == count


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [
        (None, "ok"),
        ("RateLimitError", "throttled"),
        ("ServerError", "server_error"),
        ("NotFoundError", "refused"),
        ("RequestTimeout", "timeout"),
        ("TlsError", "no_answer"),
        ("BodyTooLarge", "no_answer"),
        ("NotJson", "bad_answer"),
        ("OutcomeUnknown", "unknown"),
        ("CancelledError", "cancelled"),
        ("SourceError", "error"),
        ("LookupError", "error"),
        ("annotations", "error"),
    ],
)
def test_outcomes_are_few_words(
    failure: str | None, outcome: str, registry: CollectorRegistry, observer: PrometheusObserver
) -> None:
    observer(RequestEnded("comet", "POST", "/x", Effect.APPEND, 1, None, 0.5, failure, 1))
    labels = {"service": "comet", "method": "POST", "endpoint": "/x", "effect": "append"}
    assert value(registry, "requests_total", **labels, outcome=outcome) == 1


def test_paths_made_by_hand_do_not_fill_the_registry(registry: CollectorRegistry) -> None:
    observer = PrometheusObserver(registry, most_endpoints=10)
    for number in range(1000):
        observer(AttemptEnded("comet", "GET", f"/x/{number}", 1, 200, 7, 0.5, None))
    samples = [
        sample
        for family in registry.collect()
        for sample in family.samples
        if sample.name == "comet_async_attempts_total"
    ]
    assert len(samples) == 11
    assert sum(sample.value for sample in samples) == 1000
    assert max((s.value, s.labels["endpoint"]) for s in samples) == (990, "other")


async def test_one_observer_serves_several_sessions_beside_others(
    server: LocalServer, registry: CollectorRegistry, observer: PrometheusObserver
) -> None:
    spans = OpenTelemetryObserver()
    for _ in range(2):
        async with Session(local_service(server), observer=[spans, observer]) as session:
            await session.send(comet.get_workspaces())
    ended = {**WORKSPACES, "effect": "read", "outcome": "ok"}
    assert value(registry, "requests_total", **ended) == 2


def test_buckets_and_namespace_are_the_callers(registry: CollectorRegistry) -> None:
    observer = PrometheusObserver(registry, namespace="mine", buckets=(1.0, 2.0))
    observer(RequestEnded("comet", "GET", "/x", Effect.READ, 1, 200, 1.5, None, 1))
    labels = {"service": "comet", "method": "GET", "endpoint": "/x"}
    bounds = {
        bound: registry.get_sample_value(
            "mine_request_duration_seconds_bucket", {**labels, "le": bound}
        )
        for bound in ("1.0", "2.0", "+Inf")
    }
    assert bounds == {"1.0": 0, "2.0": 1, "+Inf": 1}


def test_without_a_registry_the_librarys_own_has_the_metrics() -> None:
    observer = PrometheusObserver(namespace="telemetry_test")
    observer(RequestStarted("comet", "GET", "/x", Effect.READ, "host", 443, 1))
    assert REGISTRY.get_sample_value("telemetry_test_requests_in_flight", {"service": "comet"}) == 1
    with pytest.raises(ValueError, match="Duplicated timeseries"):
        PrometheusObserver(namespace="telemetry_test")


def test_a_broken_metric_is_told_once(
    observer: PrometheusObserver, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):  # a counter refuses to go down
        observer(AttemptEnded("comet", "GET", "/x", 1, 200, -1, 0.5, None))
    assert [record.getMessage() for record in caplog.records] == [
        "PrometheusObserver failed on AttemptEnded (ValueError); the like is not told again"
    ]
