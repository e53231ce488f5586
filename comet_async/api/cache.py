"""A cache of reads that is never older than the last write that went through the same `API`.

Answers are kept by the fingerprint of their request. Equal reads that run at the same time share
one exchange. Each reader has lists and dicts of its own: what is done to them changes no other's. A
write forgets everything, when it begins and again when it ends, and what was read across either
moment is handed out but not kept.
"""

from __future__ import annotations

import contextlib
import copy
import difflib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Generator, Iterable
from typing import TypeAlias, TypeVar, cast

import anyio
import msgspec

from comet_async.api.copying import copied
from comet_async.errors import CometAsyncError, UsageError
from comet_async.redaction import shortened
from comet_async.request import Blob, Effect, Request

__all__ = ["NOT_CACHED", "READ_ENDPOINTS", "ReadCache"]

T = TypeVar("T")

Send: TypeAlias = Callable[[Request[T]], Awaitable[T]]
_Key: TypeAlias = tuple[str, type[object]]

_PREFIX = "/api/rest/v2/"

READ_ENDPOINTS = frozenset(
    """
    account-details artifacts/get artifacts/get-all artifacts/version artifacts/version/download
    artifacts/version/files code-panel/download code-panel/get-all dashboard-template/download
    dashboard-template/get-all experiment/asset/details experiment/asset/get-asset
    experiment/asset/get-by-name experiment/asset/list experiment/cloud-details experiment/code
    experiment/git/metadata experiment/git/patch experiment/graph experiment/html
    experiment/log-other experiment/metadata experiment/metrics/get-all
    experiment/metrics/get-metric experiment/metrics/summary experiment/model
    experiment/model/asset/list experiment/model/download experiment/output experiment/parameters
    experiment/processing/status experiment/system-details experiment/tags experiments
    experiments/multi-metric-chart experiments/search get-best-experiment get/artifacts project
    project/column-names project/get-project-share-links project/notes project/query projects
    projects/page registry-model registry-model/allowed_status_values
    registry-model/compact-details registry-model/count registry-model/details
    registry-model/history/item registry-model/item/details registry-model/item/download
    registry-model/item/download-instructions registry-model/item/{modelItemId}/metadata
    registry-model/item/{modelItemId}/status-configuration registry-model/items
    registry-model/latest_version registry-model/notes template/{templateId}/download
    views/chart-templates views/get-all viz-instance/store/get webhooks/config workspaces
    """.split()  # noqa: SIM905  a column of 66 quoted lines reads worse
)
"""Every read of the REST API, named by its path below `/api/rest/v2/`."""

NOT_CACHED = frozenset(
    """
    artifacts/version/download experiment/asset/get-asset experiment/asset/get-by-name
    experiment/asset/list experiment/metadata experiment/model experiment/model/asset/list
    experiment/model/download experiment/processing/status experiments experiments/search
    project/column-names project/get-project-share-links project/query projects projects/page
    registry-model registry-model/count registry-model/details registry-model/item/download
    registry-model/notes template/{templateId}/download
    """.split()  # noqa: SIM905  as above
)
"""What is not kept unless `do_cache` names it: listings that others change, and files."""


class _Flight:
    """One exchange that several readers wait for."""

    def __init__(self) -> None:
        self.done = anyio.Event()
        self.landed = False
        self.value: object = None
        self.error: CometAsyncError | None = None


class ReadCache:
    """Answers of reads, bounded in number and bytes; the oldest used goes first.

    Args:
        enabled: Whether it is in use.
        max_answers: Answers that are kept.
        max_bytes: Bytes of them, as JSON.
    """

    def __init__(
        self, *, enabled: bool = True, max_answers: int = 10_000, max_bytes: int = 64 * 1024 * 1024
    ) -> None:
        self._enabled = enabled
        self._max_answers = max_answers
        self._max_bytes = max_bytes
        self._excluded = set(NOT_CACHED)
        self._stored: OrderedDict[_Key, tuple[object, int, str]] = OrderedDict()
        self._bytes = 0
        self._flights: dict[_Key, _Flight] = {}
        self._writes = 0
        self._generation = 0

    def __repr__(self) -> str:
        state = "on" if self._enabled else "off"
        return f"<ReadCache {state}, {len(self._stored)} answers, {self._bytes} bytes>"

    def __len__(self) -> int:
        return len(self._stored)

    @property
    def enabled(self) -> bool:
        """Whether it is in use; switching it off forgets everything."""
        return self._enabled

    @enabled.setter
    def enabled(self, value: bool) -> None:
        self._enabled = value
        self.clear()

    @property
    def size(self) -> int:
        """Bytes of the answers that are kept."""
        return self._bytes

    def clear(self) -> None:
        """Forget everything; what is being read now will not be kept."""
        self._generation += 1
        self._stored.clear()
        self._flights.clear()
        self._bytes = 0

    def include(self, endpoints: Iterable[str]) -> None:
        """Keep answers of these endpoints.

        Raises:
            UsageError: One is no read.
        """
        self._excluded -= {_known(endpoint) for endpoint in endpoints}

    def exclude(self, endpoints: Iterable[str]) -> None:
        """Keep no answers of these endpoints, and forget those that are there.

        Raises:
            UsageError: One is no read.
        """
        named = {_known(endpoint) for endpoint in endpoints}
        self._excluded |= named
        self._generation += 1
        self._flights.clear()
        for key in [key for key, (_, _, endpoint) in self._stored.items() if endpoint in named]:
            self._drop(key)

    async def read(self, request: Request[T], send: Send[T]) -> T:
        """Return the answer to a read, from here or by `send`.

        Raises:
            CometAsyncError: As `send` does.
        """
        if not self._keeps(request):
            return await send(request)
        key: _Key = (request.fingerprint, request.answer)
        while True:
            found = self._stored.get(key)
            if found is not None:
                self._stored.move_to_end(key)
                return cast("T", copied(found[0]))
            flight = self._flights.get(key)
            if flight is None:
                return await self._fly(key, request, send)
            await flight.done.wait()
            if flight.error is not None:
                raise copy.copy(flight.error)
            if flight.landed:
                return cast("T", copied(flight.value))

    def known(self, request: Request[T]) -> T | None:
        """Return the answer to a read if it is here, to be looked at only; None if it is not."""
        found = self._stored.get((request.fingerprint, request.answer))
        return None if found is None else cast("T", found[0])

    @contextlib.contextmanager
    def writing(self) -> Generator[None]:
        """Keep nothing that is read while the block runs, nor anything from before it."""
        self._writes += 1
        self.clear()
        try:
            yield
        finally:
            self._writes -= 1
            self.clear()

    def _keeps(self, request: Request[object]) -> bool:
        return (
            self._enabled
            and request.effect is Effect.READ
            and request.tap is None
            and request.path.removeprefix(_PREFIX) not in self._excluded
        )

    async def _fly(self, key: _Key, request: Request[T], send: Send[T]) -> T:
        flight = self._flights[key] = _Flight()
        generation = self._generation
        try:
            value = await send(request)
        except CometAsyncError as error:
            flight.error = copy.copy(error)
            raise
        else:
            flight.value, flight.landed = copied(value), True
            if generation == self._generation and not self._writes:
                self._store(key, flight.value, request.path.removeprefix(_PREFIX))
            return value
        finally:
            if self._flights.get(key) is flight:
                del self._flights[key]
            flight.done.set()

    def _store(self, key: _Key, value: object, endpoint: str) -> None:
        size = _size(value)
        if size > self._max_bytes:
            return
        self._stored[key] = (value, size, endpoint)
        self._bytes += size
        while len(self._stored) > self._max_answers or self._bytes > self._max_bytes:
            self._drop(next(iter(self._stored)))

    def _drop(self, key: _Key) -> None:
        _, size, _ = self._stored.pop(key)
        self._bytes -= size


def _size(value: object) -> int:
    if isinstance(value, Blob):
        return len(value.data)
    return len(msgspec.json.encode(value))


def _known(endpoint: str) -> str:
    name = endpoint.removeprefix(_PREFIX)
    if name in READ_ENDPOINTS:
        return name
    near = difflib.get_close_matches(name, READ_ENDPOINTS, n=3)
    advice = f"; did you mean {' or '.join(near)}?" if near else ""
    raise UsageError(f"{shortened(endpoint, 60)} is no read endpoint{advice}")
