"""Octets to disk, in pieces: constant memory, checked sizes, whole files only."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Protocol

import anyio
import msgspec

from comet_async.engine.kept_part import KEPT_FROM, Beginning, KeptPart
from comet_async.engine.lane import Lane, Trip
from comet_async.engine.part_file import PartFile
from comet_async.engine.reading import blob_refusal
from comet_async.engine.threads import undivided
from comet_async.engine.transport import HttpAnswer, HttpRequest, HttpStream, Transport
from comet_async.errors import BodyTruncated, CometAsyncError, RangeRefused
from comet_async.events import BytesReceived
from comet_async.redaction import printable
from comet_async.request import Blob, Request

__all__ = ["Downloaded", "Progress", "download"]

_BLOCK = 1024 * 1024
_HEAD = 4096
_ERROR_BODY = 64 * 1024
_MD5_ETAG = re.compile(r'"([0-9a-fA-F]{32})"')
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
_OK = 200
_PARTIAL = 206
_NOT_SATISFIABLE = 416


class Progress(Protocol):
    """Called with the bytes received so far and the total, None when the server gave none."""

    def __call__(self, received: int, total: int | None, /) -> None:
        """Show it."""


class Downloaded(msgspec.Struct, frozen=True, kw_only=True):
    """A file that arrived whole.

    Attributes:
        path: Where it is.
        size: Bytes.
        sha256: Hash of the content, 64 hex digits; empty when none was asked for.
        content_type: The server's Content-Type, if any.
        etag: The server's ETag as sent, if any.
        verified: Whether a checksum of the server's was compared, besides the length.
        resumed_from: Bytes that an earlier attempt had left.
    """

    path: Path
    size: int
    sha256: str
    content_type: str | None = None
    etag: str | None = None
    verified: bool = False
    resumed_from: int = 0


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
    kept = KeptPart(path, request.fingerprint) if resume else None

    async def once(trip: Trip) -> Downloaded:
        beginning = None if kept is None else await undivided(kept.beginning)
        stream = await lane.hops(request, partial(_opened, lane.transport, beginning), trip)
        try:
            whole = await _whole_already(stream, beginning)
            continued = whole or _continues(stream, beginning)
            head = [] if whole else await _accepted(lane, request, stream, trip, part=continued)
            sink = _Sink(lane, request, path, trip, progress, kept=kept, checksum=checksum)
            if beginning is not None and continued:
                await sink.go_on(beginning)
            return await sink.receive(stream, head, expected_size, durable=durable, whole=whole)
        except RangeRefused:
            if kept is not None:
                await undivided(kept.drop)
            raise
        finally:
            with anyio.CancelScope(shield=True):
                await stream.aclose()

    try:
        return await lane.attempts(request, once)
    finally:
        if kept is not None:
            await undivided(kept.keep)


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


class _Hash(Protocol):
    def update(self, data: bytes | memoryview, /) -> None: ...

    def hexdigest(self) -> str: ...


class _Sink:
    """Takes one body to its file, a block at a time."""

    def __init__(
        self,
        lane: Lane,
        request: Request[Blob],
        path: Path,
        trip: Trip,
        progress: Progress | None,
        *,
        kept: KeptPart | None,
        checksum: bool,
    ) -> None:
        self._lane = lane
        self._request = request
        self._path = path
        self._trip = trip
        self._progress = progress
        self._part = PartFile(path)
        self._kept = kept
        self._keeping = False
        self._opened = False
        self._finished = False
        self._begun = 0
        self._total: int | None = None
        self._start: Callable[[], None] = _nothing
        self._sha256: _Hash | None = hashlib.sha256() if checksum else None
        self._md5: _Hash | None = None

    async def go_on(self, beginning: Beginning) -> None:
        """Take what is there already as the beginning of the file."""
        if self._kept is None:
            return
        if _MD5_ETAG.fullmatch(beginning.etag):
            self._md5 = hashlib.md5(usedforsecurity=False)
        kept = self._kept

        def again() -> None:
            if self._sha256 is not None or self._md5 is not None:
                for block in kept.blocks(beginning.size):
                    self._hash(block)
            kept.go_on(beginning.size)

        await undivided(again)
        self._keeping = self._opened = True
        self._begun = beginning.size

    async def receive(
        self,
        stream: HttpStream,
        head: list[bytes],
        expected: int | None,
        *,
        durable: bool,
        whole: bool,
    ) -> Downloaded:
        """Return the finished file; leave nothing but a kept part on any other way out."""
        length = stream.headers.get("content-length", "") if not whole else "0"
        announced = self._begun + int(length) if length.isdecimal() else None
        total = expected if announced is None else announced
        encoded = stream.headers.get("content-encoding", "identity") != "identity"
        if encoded:
            raise BodyTruncated("the server compressed a body that was asked for as it is")
        etag = _MD5_ETAG.fullmatch(stream.headers.get("etag", ""))
        if etag is not None and self._md5 is None:
            self._md5 = hashlib.md5(usedforsecurity=False)
        self._plan_part(stream, announced)
        self._total = total

        def finish(size: int) -> None:
            self._check(size, announced, expected, etag)
            self._finish(durable=durable)

        try:
            if whole:
                size = self._begun
            else:
                size = self._begun + await self._blocks(stream, head, announced, finish)
            if not self._finished:
                await undivided(partial(finish, size))
        except BaseException:
            await undivided(self._part.discard)
            raise
        return Downloaded(
            path=self._path,
            size=size,
            sha256="" if self._sha256 is None else self._sha256.hexdigest(),
            content_type=stream.headers.get("content-type"),
            etag=stream.headers.get("etag"),
            verified=etag is not None,
            resumed_from=self._begun,
        )

    def _plan_part(self, stream: HttpStream, announced: int | None) -> None:
        """Decide whether the part is worth keeping: a large one of content that can be told."""
        etag = stream.headers.get("etag", "")
        strong = etag.startswith('"') and len(etag) > len('""')
        if self._kept is None or self._keeping or announced is None or not strong:
            return
        if announced >= KEPT_FROM:
            self._keeping = True
            self._start = partial(self._kept.start, etag, announced)

    def _check(
        self, size: int, announced: int | None, expected: int | None, etag: re.Match[str] | None
    ) -> None:
        """See that the content is what was told of it; a kept part of wrong content goes.

        Raises:
            BodyTruncated: It is not.
        """
        try:
            _check_size(size, announced, expected)
            if etag is not None:
                self._check_md5(etag[1])
        except BodyTruncated:
            complete = announced is None or size >= announced
            if self._kept is not None and complete:
                self._kept.drop()
            raise

    def _finish(self, *, durable: bool) -> None:
        if self._keeping and self._kept is not None:
            self._kept.finish(durable=durable)
        else:
            self._part.finish(durable=durable)
        self._finished = True

    async def _blocks(
        self,
        stream: HttpStream,
        head: list[bytes],
        announced: int | None,
        finish: Callable[[int], None],
    ) -> int:
        """Store the body; one that fits into a block is finished with the same thread hop."""
        received = sum(map(len, head))
        left = _BLOCK if announced is None else announced - self._begun
        # With room for a byte more, a body's end shows at once.
        buffer = memoryview(bytearray(max(received, min(_BLOCK, left)) + 1))
        if left >= _BLOCK:
            buffer = buffer[:-1]
        filled = received
        buffer[:received] = b"".join(head)
        while True:
            came = await stream.read_into(buffer[filled:])
            filled += came
            received += came
            ended = filled < len(buffer)
            self._trip.received = received
            size = self._begun + received
            whole = ended and filled == received

            def store(block: memoryview, size: int, *, whole: bool) -> None:
                self._write(block)
                if whole:
                    finish(size)

            await undivided(partial(store, buffer[:filled], size, whole=whole))
            self._tell(size)
            if ended:
                return received
            filled = 0

    def _tell(self, size: int) -> None:
        if self._progress is not None:
            self._progress(size, self._total)
        if self._lane.watched:
            request, name = self._request, printable(self._path.name)
            service = self._lane.service.name
            self._lane.tell(BytesReceived(service, request.path, name, size, self._total))

    def _write(self, block: memoryview) -> None:
        if not self._opened:
            if self._keeping:
                self._start()
            else:
                self._part.open(self._total)
            self._opened = True
        if not block:
            return
        self._hash(block)
        if self._keeping and self._kept is not None:
            self._kept.write(block)
        else:
            self._part.write_block(block)

    def _hash(self, block: bytes | memoryview) -> None:
        for found in (self._sha256, self._md5):
            if found is not None:
                found.update(block)

    def _check_md5(self, wanted: str) -> None:
        if self._md5 is not None and wanted.lower() != self._md5.hexdigest():
            raise BodyTruncated("the content does not match the MD5 that is its ETag")


def _nothing() -> None:
    """Start no part that is kept."""


def _check_size(size: int, announced: int | None, expected: int | None) -> None:
    for wanted, source in ((announced, "announced"), (expected, "listed")):
        if wanted is not None and size != wanted:
            raise BodyTruncated(f"{size} bytes came, {wanted} were {source}")
