"""What stands between the web and a session: budgets of tenants, deadlines, streams, errors.

`service.py` is the application that uses them; all of this knows nothing of its endpoints.
"""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable
from typing import ClassVar

import anyio
import msgspec
from fastapi import HTTPException, Request, Response
from opentelemetry import propagate, trace
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from comet_async import CometAsyncError, errors

Write = Callable[[bytes], Awaitable[None]]


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
