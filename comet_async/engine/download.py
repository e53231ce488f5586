"""Octets to disk, in pieces: constant memory, checked sizes, whole files only."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import anyio
import msgspec

from comet_async.engine.body_file import BodyFile
from comet_async.engine.downloaded import Downloaded, Progress, Telling
from comet_async.engine.in_ranges import InRanges
from comet_async.engine.kept_part import Beginning, KeptPart
from comet_async.engine.lane import Lane, Trip
from comet_async.engine.reading import blob_refusal
from comet_async.engine.spans import Opening
from comet_async.engine.threads import undivided
from comet_async.engine.transport import HttpAnswer, HttpRequest, HttpStream, Transport
from comet_async.errors import BodyTruncated, CometAsyncError, RangeRefused
from comet_async.request import Blob, Request

__all__ = ["Downloaded", "Progress", "download"]

_HEAD = 4096
_ERROR_BODY = 64 * 1024
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
_OK = 200
_PARTIAL = 206
_NOT_SATISFIABLE = 416


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
    if ranges is not None:
        done = await ranges.go_on(durable=durable, checksum=checksum)
        if done is not None:
            return done
    while True:
        streamed = _Streamed(lane, request, path, tell, ranges)
        found = await streamed.run(expected_size, durable=durable, checksum=checksum)
        if isinstance(found, Downloaded):
            return found
        if ranges is not None:
            done = await ranges.begin(found, durable=durable, checksum=checksum)
            if done is not None:
                return done


class _Streamed:
    """One file by one answer, or what has begun and is to be fetched in ranges.

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
    ) -> Downloaded | Opening:
        """Return the finished file, or the answer that has begun with all of it."""
        kept = self._kept

        async def once(trip: Trip) -> Downloaded | Opening:
            beginning = None if kept is None else await undivided(kept.beginning)
            opened = partial(_opened, self._lane.transport, beginning)
            stream = await self._lane.hops(self._request, opened, trip)
            opening = False
            try:
                found = await self._taken(
                    stream, beginning, expected, trip, durable=durable, checksum=checksum
                )
                opening = isinstance(found, Opening)
            except RangeRefused:
                if kept is not None:
                    await undivided(kept.drop)
                raise
            finally:
                if not opening:
                    with anyio.CancelScope(shield=True):
                        await stream.aclose()
            return found

        handing_over = False
        try:
            found = await self._lane.attempts(self._request, once)
            handing_over = isinstance(found, Opening)
            return found
        finally:
            # An answer that has begun is in nobody's hands yet: nothing may wait here.
            if kept is not None and not handing_over:
                await undivided(kept.keep)

    async def _taken(
        self,
        stream: HttpStream,
        beginning: Beginning | None,
        expected: int | None,
        trip: Trip,
        *,
        durable: bool,
        checksum: bool,
    ) -> Downloaded | Opening:
        """Take one answer."""
        lane, request, ranges = self._lane, self._request, self._ranges
        whole = await _whole_already(stream, beginning)
        continued = whole or _continues(stream, beginning)
        head = [] if whole else await _accepted(lane, request, stream, trip, part=continued)
        if ranges is not None and not continued and ranges.wants(stream, expected):
            if self._kept is not None:
                await undivided(self._kept.drop)
            return Opening(stream, b"".join(head))
        sink = BodyFile(
            self._path, trip, self._tell, lane.short, kept=self._kept, checksum=checksum
        )
        if beginning is not None and continued:
            await sink.go_on(beginning)
        return await sink.receive(stream, head, expected, durable=durable, whole=whole)


async def _opened(
    transport: Transport, beginning: Beginning | None, hop: HttpRequest
) -> HttpStream:
    """Open a stream of what is missing: the storage sends all of it when the content changed."""
    if beginning is not None:
        wanted = (("Range", f"bytes={beginning.size}-"), ("If-Range", beginning.etag))
        hop = msgspec.structs.replace(hop, headers=(*hop.headers, *wanted))
    return await transport.open(hop)


async def _whole_already(stream: HttpStream, beginning: Beginning | None) -> bool:
    """Tell whether the storage says that nothing is missing; what it sends besides is passed over.

    Raises:
        BodyTruncated: It says something else of the range.
    """
    if stream.status != _NOT_SATISFIABLE or beginning is None:
        return False
    told = stream.headers.get("content-range", "").replace(" ", "")
    while await stream.read_some():
        pass
    if beginning.size == beginning.total and told == f"bytes*/{beginning.total}":
        return True
    raise RangeRefused(f"a part of {beginning.size} bytes was refused")


def _continues(stream: HttpStream, beginning: Beginning | None) -> bool:
    """Tell whether an answer is the rest of what is there.

    Raises:
        RangeRefused: It is another part, or a part of other content.
    """
    if stream.status != _PARTIAL or beginning is None:
        return False
    found = _CONTENT_RANGE.fullmatch(stream.headers.get("content-range", ""))
    etag = stream.headers.get("etag", beginning.etag)
    last = beginning.total - 1
    wanted = (str(beginning.size), str(last), str(beginning.total))
    if found is None or found.groups() != wanted or etag != beginning.etag:
        raise RangeRefused("the server sent another part than was asked for")
    return True


async def _accepted(
    lane: Lane, request: Request[Blob], stream: HttpStream, trip: Trip, *, part: bool
) -> list[bytes]:
    """Return the first pieces of a body that is octets; raise what it says instead."""
    head: list[bytes] = []
    size = 0
    if part:
        return head
    wanted = _HEAD if stream.status == _OK else _ERROR_BODY
    while size < wanted and (piece := await stream.read_some()):
        head.append(piece)
        size += len(piece)
    trip.received = size
    answer = HttpAnswer(status=stream.status, headers=stream.headers, body=b"".join(head))
    failure: CometAsyncError | None = None
    if stream.status != _OK:
        trip.body = answer.body
        lane.read(request, answer)
        failure = BodyTruncated(f"status {stream.status} in answer to a request for the whole")
    else:
        failure = blob_refusal(lane.service, answer)
    if failure is not None:
        trip.body = answer.body
        raise failure
    return head
