"""OpenTelemetry: a span for each request of a session, and one below it for each attempt."""

from __future__ import annotations

from importlib.metadata import version

import msgspec

from comet_async.errors import UsageError
from comet_async.events import (
    AttemptEnded,
    AttemptStarted,
    Event,
    Paused,
    RequestEnded,
    RequestStarted,
    RetryScheduled,
    Waited,
)
from comet_async.telemetry.guarded import Guarded

try:
    from opentelemetry import trace
    from opentelemetry.trace import Span, SpanKind, StatusCode, TracerProvider
except ImportError:
    raise UsageError("spans need opentelemetry: pip install 'comet_async[telemetry]'") from None

__all__ = ["OpenTelemetryObserver"]

_METHOD = "http.request.method"
_RESENT = "http.request.resend_count"
_STATUS = "http.response.status_code"
_SIZE = "http.response.body.size"
_TEMPLATE = "url.template"
_ADDRESS = "server.address"
_PORT = "server.port"
_ERROR = "error.type"
_SERVICE = "comet_async.service"
_EFFECT = "comet_async.effect"
_REASON = "comet_async.reason"
_SECONDS = "comet_async.seconds"

_REFUSED = 400

_Attributes = dict[str, str | int]


class _Call(msgspec.Struct):
    """A request under way: its span, what each attempt's span has too, and the attempt's span."""

    span: Span
    shared: _Attributes
    attempt: Span | None = None


class OpenTelemetryObserver(Guarded):
    """Makes spans of the requests of sessions.

    The span of a request, as "comet GET /api/rest/v2/workspaces", is a child of the span that is
    current where the request was made, also inside a fan-out, whose requests are children of the
    span around it. It lasts until the value or the error is there, waits and repetitions included;
    its events are `wait` (for a slot, a quota, smoothing or a pause), `retry` and `pause`. Each
    attempt is a child of kind CLIENT, as "GET /api/rest/v2/workspaces", with the attributes of
    OpenTelemetry's conventions for HTTP clients, except `url.full`: it holds ids and queries. A
    request built by hand has the path that you gave it, so give a template.

    Args:
        tracer_provider: Makes the tracer; None for the global provider.

    Examples:
        >>> from opentelemetry.trace import NoOpTracerProvider
        >>> observer = OpenTelemetryObserver(NoOpTracerProvider())  # your SDK's provider here
    """

    def __init__(self, tracer_provider: TracerProvider | None = None) -> None:
        super().__init__()
        self._tracer = trace.get_tracer("comet_async", version("comet_async"), tracer_provider)
        self._calls: dict[int, _Call] = {}

    def note(self, event: Event) -> None:
        """Begin, mark or end a span."""
        match event:
            case RequestStarted():
                self._begin(event)
            case AttemptStarted():
                self._attempt(event)
            case AttemptEnded():
                self._attempted(event)
            case RequestEnded():
                self._end(event)
            case Waited() | Paused() | RetryScheduled():
                self._mark(event)
            case _:
                pass

    def _begin(self, event: RequestStarted) -> None:
        shared: _Attributes = {
            _METHOD: event.method,
            _TEMPLATE: event.path,
            _ADDRESS: event.host,
            _PORT: event.port,
            _SERVICE: event.service,
        }
        span = self._tracer.start_span(
            f"{event.service} {event.method} {event.path}",
            attributes={**shared, _EFFECT: event.effect.value},
        )
        if span.is_recording():
            self._calls[event.call] = _Call(span, shared)

    def _attempt(self, event: AttemptStarted) -> None:
        call = self._calls.get(event.call)
        if call is None:
            return
        if call.attempt is not None:
            call.attempt.add_event("redirect")
            return
        again = {_RESENT: event.number - 1} if event.number > 1 else {}
        call.attempt = self._tracer.start_span(
            f"{event.method} {event.path}",
            context=trace.set_span_in_context(call.span),
            kind=SpanKind.CLIENT,
            attributes={**call.shared, **again},
        )

    def _attempted(self, event: AttemptEnded) -> None:
        call = self._calls.get(event.call)
        if call is None or call.attempt is None:
            return
        span, call.attempt = call.attempt, None
        if event.status is not None:
            span.set_attribute(_SIZE, event.received)
        _finish(span, event.status, event.failure)

    def _end(self, event: RequestEnded) -> None:
        call = self._calls.pop(event.call, None)
        if call is None:
            return
        if event.attempts > 1:
            call.span.set_attribute(_RESENT, event.attempts - 1)
        _finish(call.span, event.status, event.failure)

    def _mark(self, event: Waited | Paused | RetryScheduled) -> None:
        call = self._calls.get(event.call)
        if call is None:
            return
        if isinstance(event, RetryScheduled):
            call.span.add_event("retry", {_ERROR: event.failure, _SECONDS: event.delay})
        else:
            name = "wait" if isinstance(event, Waited) else "pause"
            call.span.add_event(name, {_REASON: event.reason, _SECONDS: event.seconds})


def _finish(span: Span, status: int | None, failure: str | None) -> None:
    if status is not None:
        span.set_attribute(_STATUS, status)
    if failure is not None:
        refused = status is not None and status >= _REFUSED
        span.set_attribute(_ERROR, str(status) if refused else failure)
        span.set_status(StatusCode.ERROR, failure)
    span.end()
