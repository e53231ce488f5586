"""Prometheus: what sessions do, as counters, a gauge and histograms of bounded cardinality."""

from __future__ import annotations

from collections.abc import Sequence

from comet_async import errors
from comet_async.events import (
    AttemptEnded,
    Event,
    Paused,
    RequestEnded,
    RequestStarted,
    RetryScheduled,
    Waited,
)
from comet_async.telemetry.guarded import Guarded

try:
    from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram
except ImportError:
    raise errors.UsageError(
        "metrics need prometheus_client: pip install 'comet_async[telemetry]'"
    ) from None

__all__ = ["BUCKETS", "PrometheusObserver"]

BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
"""Upper bounds in seconds of the histograms' buckets."""

_OTHER = "other"
_OUTCOMES: tuple[tuple[type[Exception], str], ...] = (
    (errors.RateLimitError, "throttled"),
    (errors.ServerError, "server_error"),
    (errors.StatusError, "refused"),
    (errors.RequestTimeout, "timeout"),
    (errors.TransportError, "no_answer"),
    (errors.ResponseError, "bad_answer"),
    (errors.OutcomeUnknown, "unknown"),
)
_ENDPOINT = ("service", "method", "endpoint")


class PrometheusObserver(Guarded):
    """Counts what sessions do, in a registry of Prometheus.

    Labels are `service`, `method`, `endpoint` (the path's template, never an id), and few words:

    | metric | labels besides | what |
    |---|---|---|
    | `requests_total` | endpoint, `effect`, `outcome` | requests that are over |
    | `requests_in_flight` | | requests given to a session and not over, those that wait included |
    | `request_duration_seconds` | endpoint | a whole request, waits and repetitions included |
    | `attempts_total` | endpoint, `status` | attempts by status, "none" without an answer |
    | `attempt_duration_seconds` | endpoint | an attempt from its start to the last byte |
    | `retries_total` | endpoint, `reason` | repetitions by the status or error before them |
    | `received_bytes_total` | endpoint | body bytes on the wire |
    | `wait_seconds_total` | `reason` | waits for slot, quota, smoothing and pause, over requests |
    | `pauses_total`, `pause_seconds_total` | `reason` | times that the server asked for quiet |

    `effect` is read, idempotent or append. `outcome` is ok, throttled, server_error, refused (any
    other status that says no), timeout, no_answer, bad_answer, unknown (a write whose fate is
    open), cancelled or error.

    Make one for each registry and give it to all your sessions.

    Args:
        registry: Where the metrics are; None for the library's own.
        namespace: What their names begin with.
        buckets: Upper bounds in seconds of both histograms.
        most_endpoints: Endpoints with a label of their own; any further is "other". The catalogues
            have about 300; only requests built by hand, with ids in their paths, have more.

    Raises:
        ValueError: The registry has metrics of these names already.

    Examples:
        >>> from prometheus_client import CollectorRegistry
        >>> registry = CollectorRegistry()
        >>> observer = PrometheusObserver(registry)
        >>> observer(Paused("comet", 2.5, "429"))
        >>> registry.get_sample_value(
        ...     "comet_async_pause_seconds_total", {"service": "comet", "reason": "429"}
        ... )
        2.5
    """

    def __init__(
        self,
        registry: CollectorRegistry | None = None,
        *,
        namespace: str = "comet_async",
        buckets: Sequence[float] = BUCKETS,
        most_endpoints: int = 400,
    ) -> None:
        super().__init__()
        self._most = most_endpoints
        self._endpoints: set[tuple[str, str]] = set()
        home = REGISTRY if registry is None else registry

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(name, text, labels, namespace=namespace, registry=home)

        def histogram(name: str, text: str) -> Histogram:
            return Histogram(
                name, text, _ENDPOINT, namespace=namespace, registry=home, buckets=buckets
            )

        self._requests = counter(
            "requests", "Requests that are over.", *_ENDPOINT, "effect", "outcome"
        )
        self._in_flight = Gauge(
            "requests_in_flight",
            "Requests that are not over.",
            ("service",),
            namespace=namespace,
            registry=home,
            multiprocess_mode="livesum",
        )
        self._durations = histogram(
            "request_duration_seconds", "Whole requests, waits and repetitions included."
        )
        self._attempts = counter("attempts", "Attempts by status.", *_ENDPOINT, "status")
        self._attempt_durations = histogram(
            "attempt_duration_seconds", "Attempts, from their start to the last byte."
        )
        self._retries = counter("retries", "Repetitions by what failed.", *_ENDPOINT, "reason")
        self._received = counter("received_bytes", "Body bytes on the wire.", *_ENDPOINT)
        self._waits = counter(
            "wait_seconds", "Seconds that requests waited for their turn.", "service", "reason"
        )
        self._pauses = counter(
            "pauses", "Times that the server asked for quiet.", "service", "reason"
        )
        self._pause_seconds = counter(
            "pause_seconds", "Seconds of quiet that the server asked for.", "service", "reason"
        )

    def note(self, event: Event) -> None:
        """Count one event."""
        match event:
            case RequestStarted():
                self._in_flight.labels(event.service).inc()
            case RequestEnded():
                self._ended(event)
            case AttemptEnded():
                self._attempted(event)
            case RetryScheduled():
                self._retries.labels(*self._endpoint(event), event.failure).inc()
            case Waited():
                self._waits.labels(event.service, event.reason).inc(event.seconds)
            case Paused():
                self._pauses.labels(event.service, event.reason).inc()
                self._pause_seconds.labels(event.service, event.reason).inc(event.seconds)
            case _:
                pass

    def _ended(self, event: RequestEnded) -> None:
        self._in_flight.labels(event.service).dec()
        endpoint = self._endpoint(event)
        self._requests.labels(*endpoint, event.effect.value, _outcome(event.failure)).inc()
        self._durations.labels(*endpoint).observe(event.seconds)

    def _attempted(self, event: AttemptEnded) -> None:
        endpoint = self._endpoint(event)
        status = "none" if event.status is None else str(event.status)
        self._attempts.labels(*endpoint, status).inc()
        self._attempt_durations.labels(*endpoint).observe(event.seconds)
        self._received.labels(*endpoint).inc(event.received)

    def _endpoint(
        self, event: RequestEnded | AttemptEnded | RetryScheduled
    ) -> tuple[str, str, str]:
        known = (event.service, event.path)
        if known not in self._endpoints:
            if len(self._endpoints) >= self._most:
                return (event.service, event.method, _OTHER)
            self._endpoints.add(known)
        return (event.service, event.method, event.path)


def _outcome(failure: str | None) -> str:
    if failure is None:
        return "ok"
    if failure == "CancelledError":
        return "cancelled"
    kind = getattr(errors, failure, None)
    if not isinstance(kind, type):
        return "error"
    return next((word for base, word in _OUTCOMES if issubclass(kind, base)), "error")
