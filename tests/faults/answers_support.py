"""What the fault tests of answers share: one server, one session, and what every error must be."""

from __future__ import annotations

import pickle
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest

from comet_async import Blob, Limits, Request, RetryPolicy, Service, Session, Timeouts, comet
from comet_async.errors import CometAsyncError
from comet_async.events import AttemptEnded, AttemptStarted, Event, Paused, RetryScheduled, Waited
from comet_async.server import LocalServer, RateLimit, SyntheticSource, SyntheticSpec

T = TypeVar("T")
E = TypeVar("E", bound=CometAsyncError)

KEY = "Zq7sentinelKEY0fTheTests"
CAP = 64 * 1024 * 1024
SPEC = SyntheticSpec(
    experiments=12, metrics=4, points=40, assets=2, asset_bytes=300_000, odd_metrics=False
)
KEYS = [SyntheticSource(SPEC).key(index) for index in range(SPEC.experiments)]
FAST = RetryPolicy(base=0.01, cap=0.02, unreached_attempts=3)
BRISK = Timeouts(
    connect=2.0,
    headers=0.3,
    idle=0.3,
    total=5.0,
    low_speed_bytes=20_000.0,
    low_speed_seconds=0.4,
)


@dataclass
class Scene:
    """A server with faults to plant, a session to use it, and what the session told."""

    server: LocalServer
    session: Session
    events: list[Event] = field(default_factory=list)

    def told(self, kind: type[T]) -> list[T]:
        """Return the events of one kind, in order."""
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def attempts(self) -> int:
        """How many attempts the session says it made."""
        return len(self.told(AttemptStarted))

    @property
    def failures(self) -> list[str]:
        """How the attempts ended that failed."""
        return [event.failure for event in self.told(AttemptEnded) if event.failure is not None]

    @property
    def pauses(self) -> list[float]:
        """Seconds of the shared pauses."""
        return [event.seconds for event in self.told(Paused)]

    @property
    def delays(self) -> list[float]:
        """Seconds of the waits before repetitions."""
        return [event.delay for event in self.told(RetryScheduled)]

    def waits(self, reason: str) -> list[float]:
        """Return the seconds of the waits for a reason."""
        return [event.seconds for event in self.told(Waited) if event.reason == reason]

    @property
    def arrivals(self) -> list[float]:
        """When the server's requests came, monotonic seconds."""
        return [record.time for record in self.server.log]

    def forget(self) -> None:
        """Forget what happened so far, as the fetching of clean values."""
        self.events.clear()
        self.server.log.clear()

    async def clean(self, request: Request[T]) -> T:
        """Return the answer without a fault, unseen by the counts."""
        value = await self.session.send(request)
        self.forget()
        return value

    async def asset(self) -> tuple[Request[Blob], bytes]:
        """Return the request for a file, and its octets as they are without a fault."""
        listed = await self.session.send(comet.get_experiment_asset_list(KEYS[0]))
        request = comet.get_experiment_asset(listed.assets[0].asset_id, experiment_key=KEYS[0])
        return request, (await self.clean(request)).data

    async def refused(self, request: Request[object], kind: type[E]) -> E:
        """Return the error that a request ends in, checked as every error must be."""
        with pytest.raises(kind) as caught:
            await self.session.send(request)
        return checked(caught.value, request)


async def undone(download: Awaitable[object], path: Path, kind: type[E]) -> E:
    """Return the error that a download ends in; it must leave nothing in its folder."""
    with pytest.raises(kind) as caught:
        await download
    assert list(path.parent.iterdir()) == []
    return checked(caught.value)


def checked(error: E, request: Request[object] | None = None) -> E:
    """Return an error after checks that all of them must pass: named, counted, free of secrets."""
    if request is not None:
        assert error.request == request
        assert f"{request.method} {request.path}" in str(error)
    assert error.attempts
    assert "\n" not in str(error)
    assert str(error).isprintable()
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None:
        chain.append(link)
        link = link.__cause__ or link.__context__
    assert [type(one).__module__.partition(".")[0] for one in chain] == ["comet_async"]
    rendered = "".join(
        traceback.TracebackException.from_exception(error, capture_locals=False).format()
    )
    copy = pickle.dumps(error)
    for text in (str(error), repr(error), rendered, repr(error.attempts)):
        assert KEY not in text
    assert KEY.encode() not in copy + error.body_head
    assert str(pickle.loads(copy)) == str(error)
    return error


def service(
    server: LocalServer | str, *, concurrency: int = 16, limits: Limits | None = None
) -> Service:
    """Return the profile of a server, without quotas unless given."""
    url = server if isinstance(server, str) else server.url
    return comet.service(KEY, url=url, limits=limits or Limits(concurrency=concurrency))


@asynccontextmanager
async def scene(
    *,
    spec: SyntheticSpec = SPEC,
    timeouts: Timeouts | None = None,
    retry: RetryPolicy = FAST,
    concurrency: int = 16,
    limits: Limits | None = None,
    max_body_bytes: int = CAP,
    rate_limit: RateLimit | None = None,
    draw: Callable[[], float] = lambda: 0.5,
) -> AsyncIterator[Scene]:
    """Serve synthetic data and open a session to it."""
    events: list[Event] = []
    async with (
        LocalServer(synthetic=spec, rate_limit=rate_limit) as server,
        Session(
            service(server, concurrency=concurrency, limits=limits),
            observer=events.append,
            retry=retry,
            timeouts=timeouts or Timeouts(),
            max_body_bytes=max_body_bytes,
            draw=draw,
        ) as session,
    ):
        yield Scene(server, session, events)
