"""A service, requests and a session over the scripted transport, for tests of the engine."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from comet_async.credentials import StaticKey
from comet_async.engine.session import Session
from comet_async.engine.transport import HttpRequest
from comet_async.events import Event
from comet_async.request import Blob, Effect, Request, build
from comet_async.service import Limits, ServerMessage, Service
from comet_async.testing import FakeTransport

__all__ = [
    "KEY",
    "Recorder",
    "blob",
    "comet_like",
    "get",
    "limited_server",
    "post",
    "secret_of",
    "session_over",
]

KEY = "Zk9xW2-sentinel-Qp4v"


class _Message(msgspec.Struct):
    msg: str
    code: int


def _message(body: bytes) -> ServerMessage | None:
    try:
        found = msgspec.json.decode(body, type=_Message)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return ServerMessage(found.msg, found.code, failed=found.code != 200)


def comet_like(
    limits: Limits | None = None, *, base_url: str = "https://api.test/rest", key: str = KEY
) -> Service:
    """Return a profile with a key, a message reader and both wait headers."""
    return Service(
        name="comet",
        base_url=base_url,
        credentials=StaticKey(key),
        limits={"default": limits or Limits()},
        read_message=_message,
        retry_after_headers=("Retry-After-Custom", "Retry-After"),
    )


def get(path: str = "/thing", **query: str) -> Request[dict[str, int]]:
    """Return a read of a small object."""
    return build("comet", "GET", path, dict[str, int], Effect.READ, query=query)


def post(path: str = "/thing", effect: Effect = Effect.APPEND) -> Request[dict[str, int]]:
    """Return a write with a body."""
    return build("comet", "POST", path, dict[str, int], effect, json={"x": 1})


def blob(path: str = "/file") -> Request[Blob]:
    """Return a read of octets."""
    return build("comet", "GET", path, Blob, Effect.READ)


class Recorder:
    """An observer that keeps every event."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, event: Event, /) -> None:
        self.events.append(event)

    def of(self, kind: type[Event]) -> list[Event]:
        """Return the events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]


def session_over(
    fake: FakeTransport, *services: Service, draw: float = 0.5, recorder: Recorder | None = None
) -> Session:
    """Return a session that sends to `fake`, with jitter fixed."""
    return Session(
        *(services or (comet_like(),)), transport=fake, draw=lambda: draw, observer=recorder
    )


def secret_of(request: HttpRequest, header: str = "Authorization") -> str | None:
    """Return the key that a hop carries, revealed, or None."""
    for name, value in request.headers:
        if name == header:
            return value if isinstance(value, str) else value.reveal()
    return None


def limited_server(
    allowed: Callable[[float], float], answers: list[tuple[float, bool]], latency: float
) -> Callable[[HttpRequest], Awaitable[bool]]:
    """Return a server that admits `allowed(now)` requests in each second and notes its answers."""
    recent: list[float] = []

    async def serve(request: HttpRequest) -> bool:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(latency / 2)
        now = loop.time()
        while recent and recent[0] <= now - 1.0:
            recent.pop(0)
        fine = len(recent) < allowed(now)
        if fine:
            recent.append(now)
        answers.append((now, fine))
        await asyncio.sleep(latency / 2)
        return fine

    return serve
