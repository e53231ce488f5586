"""A large file in several ranges at once: each goes on from its own last good byte."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial

import anyio
import msgspec

from comet_async.engine.lane import Lane
from comet_async.engine.ranges import OK, PARTIAL, UNSATISFIABLE, asking_for, is_range
from comet_async.engine.span_part import SpanPart, can_write_spans
from comet_async.engine.telling import Trip
from comet_async.engine.threads import undivided
from comet_async.engine.transport import HttpAnswer, HttpRequest, HttpStream
from comet_async.errors import BodyTruncated, CometAsyncError, RangeRefused
from comet_async.request import Blob, Request

__all__ = [
    "PARALLEL_FROM",
    "SPANS",
    "Opening",
    "checksums",
    "divisible",
    "fetch_spans",
    "starts_of",
]

PARALLEL_FROM = 64 * 1024 * 1024
"""Bytes from which on a file is fetched in several ranges."""
SPANS = 4
"""Ranges of one file at once."""

_BLOCK = 1024 * 1024
_ERROR_BODY = 64 * 1024


class Opening(msgspec.Struct):
    """An answer that has begun with the whole file: it becomes the first span.

    Attributes:
        stream: The answer; whoever takes this closes it.
        head: Bytes that were read of it.
    """

    stream: HttpStream
    head: bytes


def divisible(stream: HttpStream) -> bool:
    """Tell whether an answer with a whole file says that ranges of that very file can be had."""
    length, etag = stream.headers.get("content-length", ""), stream.headers.get("etag", "")
    return (
        can_write_spans()
        and stream.status == OK
        and length.isdecimal()
        and int(length) >= PARALLEL_FROM
        and stream.headers.get("accept-ranges", "").strip().lower() == "bytes"
        and stream.headers.get("content-encoding", "identity") == "identity"
        and etag.startswith('"')
        and len(etag) > len('""')
    )


def starts_of(total: int) -> list[int]:
    """Return where the spans of a file begin.

    >>> starts_of(400 * 1024 * 1024)[1] == 100 * 1024 * 1024
    True
    """
    each = -(-total // SPANS // _BLOCK) * _BLOCK
    return list(range(0, total, each))


async def fetch_spans(
    lane: Lane,
    request: Request[Blob],
    part: SpanPart,
    opening: Opening | None,
    tell: Callable[[int, int], None],
) -> None:
    """Fetch what is missing of every span, several at a time.

    The first needs no place; the others share those of the session.

    Args:
        lane: What to send through.
        request: The whole file.
        part: Where the bytes go; it stays open.
        opening: The answer that has begun; None to ask for the first span as well.
        tell: Told of the bytes that are there, and of all.

    Raises:
        RangeRefused: The content has changed, or the server does not give ranges.
        CometAsyncError: As a download does.
    """
    failed: list[BaseException] = []

    async def one(number: int) -> None:
        try:
            await _Span(lane, request, part, number, tell).fetch(opening if number == 0 else None)
        except CometAsyncError as error:
            failed.append(error)
            tasks.cancel_scope.cancel()

    async def in_turn(number: int) -> None:
        async with lane.ranges:
            await one(number)

    try:
        async with anyio.create_task_group() as tasks:
            for number, (start, end) in enumerate(part.spans()):
                if start < end:
                    tasks.start_soon(one if number == 0 else in_turn, number)
    finally:
        if opening is not None:
            with anyio.CancelScope(shield=True):
                await opening.stream.aclose()
    if failed:
        raise failed[0]


class _Span:
    """One span on its way."""

    def __init__(
        self,
        lane: Lane,
        request: Request[Blob],
        part: SpanPart,
        number: int,
        tell: Callable[[int, int], None],
    ) -> None:
        self._lane = lane
        self._request = request
        self._part = part
        self._number = number
        self._tell = tell

    async def fetch(self, opening: Opening | None) -> None:
        """Fetch the rest of the span, asking again where an answer breaks off."""
        begun = [opening] if opening is not None else []

        async def once(trip: Trip) -> None:
            if begun:
                first = begun.pop()
                await self._store(memoryview(first.head))
                await self._receive(first.stream, trip)
                return
            start, end = self._part.span(self._number)

            async def opened(hop: HttpRequest) -> HttpStream:
                return await self._lane.transport.open(
                    asking_for(hop, start, end - 1, self._part.etag)
                )

            stream = await self._lane.hops(self._request, opened, trip)
            try:
                await self._check(stream, trip, start, end - 1)
                await self._receive(stream, trip)
            finally:
                with anyio.CancelScope(shield=True):
                    await stream.aclose()

        await self._lane.attempts(self._request, once)

    async def _check(self, stream: HttpStream, trip: Trip, start: int, last: int) -> None:
        """See that an answer is the range that was asked for, of the same content.

        Raises:
            RangeRefused: It is another one, or the whole.
            CometAsyncError: What the answer says instead.
        """
        if is_range(stream, start, last, self._part.total, self._part.etag):
            return
        if stream.status in (PARTIAL, OK, UNSATISFIABLE):
            raise RangeRefused("the server sent another part than was asked for")
        head = b""
        while len(head) < _ERROR_BODY and (piece := await stream.read_some()):
            head += piece
        trip.body = head
        answer = HttpAnswer(status=stream.status, headers=stream.headers, body=head)
        self._lane.read(self._request, answer)
        raise BodyTruncated(f"status {stream.status} in answer to a request for a range")

    async def _receive(self, stream: HttpStream, trip: Trip) -> None:
        """Store an answer up to the end of the span; what comes after that is passed over."""
        start, end = self._part.span(self._number)
        buffer = memoryview(bytearray(min(_BLOCK, end - start)))
        while start < end:
            wanted = min(len(buffer), end - start)
            came = await stream.read_into(buffer[:wanted])
            trip.received += came
            await self._store(buffer[:came])
            if came < wanted:
                raise BodyTruncated(f"a range ended {end - start - came} bytes early")
            start += came

    async def _store(self, block: memoryview) -> None:
        await undivided(partial(self._part.write, self._number, block))
        self._tell(self._part.received, self._part.total)


def checksums(part: SpanPart, *, sha256: bool, md5: bool) -> tuple[str, str]:
    """Return the hashes of a whole part as hex digits, empty for one that is not wanted. Blocks."""
    first = hashlib.sha256() if sha256 else None
    second = hashlib.md5(usedforsecurity=False) if md5 else None
    hashes = [found for found in (first, second) if found is not None]
    for block in part.blocks() if hashes else ():
        for found in hashes:
            found.update(block)
    return first.hexdigest() if first else "", second.hexdigest() if second else ""
