"""Octets to disk, in pieces: constant memory, checked sizes, whole files only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TypeAlias

import anyio

from comet_async.engine.body_file import BodyFile
from comet_async.engine.downloaded import Downloaded, Progress, Telling
from comet_async.engine.in_ranges import InRanges
from comet_async.engine.kept_part import Beginning, KeptPart
from comet_async.engine.lane import Lane
from comet_async.engine.ranges import OK, PARTIAL, UNSATISFIABLE, asking_for, is_range
from comet_async.engine.reading import blob_refusal
from comet_async.engine.spans import Opening
from comet_async.engine.telling import Trip
from comet_async.engine.threads import undivided
from comet_async.engine.transport import HttpAnswer, HttpRequest, HttpStream
from comet_async.errors import BodyTruncated, CometAsyncError, RangeRefused
from comet_async.request import Blob, Request

__all__ = ["Downloaded", "Progress", "download"]

_HEAD = 4096
_ERROR_BODY = 64 * 1024
_Divided: TypeAlias = Callable[[], Awaitable[Downloaded | None]]
"""Fetches the file in ranges, of which an answer has begun; None where these are refused."""


async def download(
    lane: Lane,
    request: Request[Blob],
    path: Path,
    *,
    expected_size: int | None,
    durable: bool,
    resume: bool,
    checksum: bool,
    progress: Progress | None,
) -> Downloaded:
    """Stream a blob into `path`; `Session.download` documents the arguments."""
    tell = Telling(lane, request, path, progress)
    ranges = InRanges(lane, request, path, tell) if resume else None
    done = None if ranges is None else await ranges.go_on(durable=durable, checksum=checksum)
    while done is None:
        streamed = _Streamed(lane, request, path, tell, ranges)
        found = await streamed.run(expected_size, durable=durable, checksum=checksum)
        done = found if isinstance(found, Downloaded) else await found()
    return done


class _Streamed:
    """One file by one answer, or the way to fetch in ranges what has begun.

    It goes on from a part that an earlier attempt has left, where there may be ranges.
    """

    def __init__(
        self,
        lane: Lane,
        request: Request[Blob],
        path: Path,
        tell: Telling,
        ranges: InRanges | None,
    ) -> None:
        self._lane = lane
        self._request = request
        self._path = path
        self._tell = tell
        self._ranges = ranges
        self._kept = None if ranges is None else KeptPart(path, request.fingerprint)

    async def run(
        self, expected: int | None, *, durable: bool, checksum: bool
    ) -> Downloaded | _Divided:
        """Return the finished file, or what goes on with an answer that has begun."""
        kept = self._kept

        async def once(trip: Trip) -> Downloaded | _Divided:
            beginning = None if kept is None else await undivided(kept.beginning)
            stream = await self._lane.hops(self._request, partial(self._opened, beginning), trip)
            dividing = False
            try:
                found = await self._taken(
                    stream, beginning, expected, trip, durable=durable, checksum=checksum
                )
                dividing = not isinstance(found, Downloaded)
            finally:
                if not dividing:
                    with anyio.CancelScope(shield=True):
                        await stream.aclose()
            return found

        handing_over = False
        try:
            found = await self._lane.attempts(self._request, once)
            handing_over = not isinstance(found, Downloaded)
            return found
        finally:
            # An answer that has begun is in nobody's hands yet: nothing may wait here.
            if kept is not None and not handing_over:
                await undivided(kept.keep)

    async def _opened(self, beginning: Beginning | None, hop: HttpRequest) -> HttpStream:
        """Open a stream of what is missing."""
        if beginning is not None:
            hop = asking_for(hop, beginning.size, None, beginning.etag)
        return await self._lane.transport.open(hop)

    async def _taken(
        self,
        stream: HttpStream,
        beginning: Beginning | None,
        expected: int | None,
        trip: Trip,
        *,
        durable: bool,
        checksum: bool,
    ) -> Downloaded | _Divided:
        """Take one answer."""
        lane, request, ranges = self._lane, self._request, self._ranges
        continued = beginning is not None and await _continues(stream, beginning)
        head = [] if continued else await _accepted(lane, request, stream, trip)
        if beginning is not None and not continued:
            await undivided(beginning.part.drop)  # the content has changed
        if ranges is not None and not continued and ranges.wants(stream, expected):
            opening = Opening(stream, b"".join(head))
            return partial(ranges.begin, opening, durable=durable, checksum=checksum)
        sink = BodyFile(
            self._path, trip, self._tell, lane.short, kept=self._kept, checksum=checksum
        )
        if beginning is not None and continued:
            await sink.go_on(beginning)
        whole = stream.status == UNSATISFIABLE
        return await sink.receive(stream, head, expected, durable=durable, whole=whole)


async def _continues(stream: HttpStream, beginning: Beginning) -> bool:
    """Tell whether an answer is the rest of what is there, or says that nothing is missing.

    Raises:
        RangeRefused: It is another part, or a part of other content; what was there has gone.
    """
    size, total = beginning.size, beginning.total
    if stream.status == UNSATISFIABLE:
        while await stream.read_some():
            pass  # what is sent besides
        told = stream.headers.get("content-range", "").replace(" ", "")
        fits = size == total and told == f"bytes*/{total}"
    else:
        fits = is_range(stream, size, total - 1, total, beginning.etag)
    if not fits and stream.status in (PARTIAL, UNSATISFIABLE):
        await undivided(beginning.part.drop)
        raise RangeRefused("the server sent another part than was asked for")
    return fits


async def _accepted(
    lane: Lane, request: Request[Blob], stream: HttpStream, trip: Trip
) -> list[bytes]:
    """Return the first pieces of a body that is octets; raise what it says instead."""
    head: list[bytes] = []
    size = 0
    wanted = _HEAD if stream.status == OK else _ERROR_BODY
    while size < wanted and (piece := await stream.read_some()):
        head.append(piece)
        size += len(piece)
    trip.received = size
    answer = HttpAnswer(status=stream.status, headers=stream.headers, body=b"".join(head))
    failure: CometAsyncError | None = None
    if stream.status != OK:
        trip.body = answer.body
        lane.read(request, answer)
        failure = BodyTruncated(f"status {stream.status} in answer to a request for the whole")
    else:
        failure = blob_refusal(lane.service, answer)
    if failure is not None:
        trip.body = answer.body
        raise failure
    return head
