"""What a process holds open, before and after, and a server on its own thread to hold it to."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from pathlib import Path

import msgspec

from comet_async import Blob, Request, RetryPolicy, Session, comet
from comet_async.engine.aiohttp_transport import AiohttpTransport
from comet_async.engine.throttle import Bucket, Throttle
from comet_async.server import LocalServer, SyntheticSource, SyntheticSpec
from comet_async.service import Limits, Service

__all__ = [
    "Ground",
    "Held",
    "assert_idle",
    "held_by_process",
    "new_folder",
    "parts_in",
    "settled",
    "sizes_in",
]

KEY = "Zk3vQ8rT1yWm5BnX7cLp9HsD2"
SPEC = SyntheticSpec(experiments=12, assets=3, asset_bytes=(3_000_000, 40_000, 900_000), points=50)
_PATIENCE = 5.0


class Held(msgspec.Struct, frozen=True):
    """Descriptors by kind, and tasks besides the one that asks."""

    descriptors: tuple[tuple[str, int], ...]
    tasks: int


def held_by_process() -> Held:
    """Return what is held now; sockets, files and pipes apart."""
    kinds: Counter[str] = Counter()
    for link in Path("/proc/self/fd").iterdir():
        try:
            target = str(link.readlink())
        except FileNotFoundError:
            continue
        kinds[target.partition(":[")[0]] += 1
    return Held(tuple(sorted(kinds.items())), len(asyncio.all_tasks()) - 1)


async def settled(before: Held) -> None:
    """See that no more is held than before; the server closes its own ends a moment later.

    Raises:
        AssertionError: Something is left after five seconds.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + _PATIENCE
    while (extra := _beyond(before)) and loop.time() < end:  # noqa: ASYNC110 /proc tells no one
        await asyncio.sleep(0.002)
    assert not extra, f"left behind: {extra}; {asyncio.all_tasks()}"


def _beyond(before: Held) -> dict[str, int]:
    now, known = held_by_process(), Counter(dict(before.descriptors))
    extra = dict(Counter(dict(now.descriptors)) - known)
    return extra | ({"tasks": now.tasks - before.tasks} if now.tasks > before.tasks else {})


def new_folder(parent: Path) -> Path:
    """Make another folder in `parent`."""
    return Path(tempfile.mkdtemp(dir=parent))


def sizes_in(folder: Path) -> set[int]:
    """Return the sizes of the files of a folder."""
    return {item.stat().st_size for item in folder.iterdir()}


def parts_in(folder: Path) -> list[str]:
    """Return the names of part files."""
    return sorted(item.name for item in folder.rglob("*") if item.name.endswith(".part"))


def assert_idle(session: Session) -> None:
    """See that a session has no slot taken, no admission open, no connection in use.

    Raises:
        AssertionError: It has.
    """
    for lane in session._lanes.values():
        for bucket in lane.buckets():
            _assert_bucket_idle(bucket)
        if isinstance(lane.transport, AiohttpTransport):
            deadlines = lane.transport._deadlines
            assert deadlines is None or not deadlines._active, "time limits are still watched"
            for connector in lane.transport._connectors.values():
                assert not connector._acquired, "connections are still acquired"
                assert not connector._waiters, "waiters for a connection are left"


def _assert_bucket_idle(bucket: Bucket) -> None:
    assert (bucket.slots.in_use, bucket.slots.queued) == (0, 0)
    assert [window._open for window in bucket._windows] == [0] * len(bucket._windows)
    assert not bucket._turn.locked()


class Ground:
    """A synthetic server with what a client must know of it.

    Attributes:
        server: The listening server.
        keys: Experiment keys, in order.
        assets: Requests for octets with the size of each.
    """

    def __init__(self, server: LocalServer) -> None:
        self.server = server
        self.source = SyntheticSource(SPEC)
        self.keys = [self.source.key(index) for index in range(SPEC.experiments)]
        self.project_id = self.source.projects()[0].project_id
        self.assets: list[tuple[Request[Blob], int]] = []

    async def find_assets(self) -> Ground:
        """Ask the server for its assets."""
        async with self.session() as session:
            for key in self.keys[:4]:
                found = await session.send(comet.get_experiment_asset_list(key))
                for item in found.assets:
                    request = comet.get_experiment_asset(
                        item.asset_id or "", experiment_key=key, allow301=True
                    )
                    self.assets.append((request, int(item.file_size or 0)))
        return self

    def service(self, limits: Limits | None = None) -> Service:
        """Return the profile of the server, without smoothing."""
        return comet.service(KEY, url=self.server.url, limits=limits or Limits(concurrency=8))

    def session(
        self,
        limits: Limits | None = None,
        *,
        throttle: Throttle | None = None,
        retry: RetryPolicy | None = None,
    ) -> Session:
        """Return a session with delays of milliseconds."""
        policy = retry or RetryPolicy(base=0.002, cap=0.01, throttled_attempts=40)
        return Session(self.service(limits), retry=policy, throttle=throttle)
