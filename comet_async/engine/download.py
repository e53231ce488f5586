"""Octets to disk, in pieces: constant memory, checked sizes, whole files only."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Protocol

import anyio
import msgspec

from comet_async.engine.lane import Lane, Trip
from comet_async.engine.part_file import PartFile
from comet_async.engine.reading import blob_refusal
from comet_async.engine.threads import undivided
from comet_async.engine.transport import HttpAnswer, HttpStream
from comet_async.errors import BodyTruncated, CometAsyncError
from comet_async.events import BytesReceived
from comet_async.redaction import printable
from comet_async.request import Blob, Request

__all__ = ["Downloaded", "Progress", "download"]

_BLOCK = 1024 * 1024
_HEAD = 4096
_ERROR_BODY = 64 * 1024
_MD5_ETAG = re.compile(r'"([0-9a-fA-F]{32})"')
_OK = 200


class Progress(Protocol):
    """Called with the bytes received so far and the total, None when the server gave none."""

    def __call__(self, received: int, total: int | None, /) -> None:
        """Show it."""


class Downloaded(msgspec.Struct, frozen=True, kw_only=True):
    """A file that arrived whole.

    Attributes:
        path: Where it is.
        size: Bytes.
        sha256: Hash of the content, 64 hex digits.
        content_type: The server's Content-Type, if any.
        etag: The server's ETag as sent, if any.
        verified: Whether a checksum of the server's was compared, besides the length.
    """

    path: Path
    size: int
    sha256: str
    content_type: str | None = None
    etag: str | None = None
    verified: bool = False


async def download(
    lane: Lane,
    request: Request[Blob],
    path: Path,
    *,
    expected_size: int | None,
    durable: bool,
    progress: Progress | None,
) -> Downloaded:
    """Stream a blob into `path`; `Session.download` documents the arguments."""

    async def once(trip: Trip) -> Downloaded:
        stream = await lane.hops(request, lane.transport.open, trip)
        try:
            head = await _accepted(lane, request, stream, trip)
            sink = _Sink(lane, request, path, trip, progress)
            return await sink.receive(stream, head, expected_size, durable=durable)
        finally:
            with anyio.CancelScope(shield=True):
                await stream.aclose()

    return await lane.attempts(request, once)


async def _accepted(
    lane: Lane, request: Request[Blob], stream: HttpStream, trip: Trip
) -> list[bytes]:
    """Return the first pieces of a body that is octets; raise what it says instead."""
    head: list[bytes] = []
    size = 0
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
    def update(self, data: bytes, /) -> None: ...

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
    ) -> None:
        self._lane = lane
        self._request = request
        self._path = path
        self._trip = trip
        self._progress = progress
        self._part = PartFile(path)
        self._opened = False
        self._sha256 = hashlib.sha256()
        self._md5: _Hash | None = None

    async def receive(
        self, stream: HttpStream, head: list[bytes], expected: int | None, *, durable: bool
    ) -> Downloaded:
        """Return the finished file; leave nothing behind on any other way out."""
        length = stream.headers.get("content-length", "")
        announced = int(length) if length.isdecimal() else None
        total = expected if announced is None else announced
        encoded = stream.headers.get("content-encoding", "identity") != "identity"
        if encoded:
            raise BodyTruncated("the server compressed a body that was asked for as it is")
        etag = _MD5_ETAG.fullmatch(stream.headers.get("etag", ""))
        if etag is not None:
            self._md5 = hashlib.md5(usedforsecurity=False)
        try:
            size = await self._blocks(stream, head, total)
            _check_size(size, announced, expected)
            if etag is not None:
                self._check_md5(etag[1])
            await undivided(lambda: self._part.finish(durable=durable))
        except BaseException:
            await undivided(self._part.discard)
            raise
        return Downloaded(
            path=self._path,
            size=size,
            sha256=self._sha256.hexdigest(),
            content_type=stream.headers.get("content-type"),
            etag=stream.headers.get("etag"),
            verified=etag is not None,
        )

    async def _blocks(self, stream: HttpStream, head: list[bytes], total: int | None) -> int:
        pieces = head
        held = size = sum(map(len, head))
        while piece := await stream.read_some():
            pieces.append(piece)
            held += len(piece)
            size += len(piece)
            self._trip.received = size
            if held >= _BLOCK:
                await self._store(pieces, size, total)
                pieces, held = [], 0
        await self._store(pieces, size, total)
        return size

    async def _store(self, pieces: list[bytes], size: int, total: int | None) -> None:
        await undivided(lambda: self._write(pieces, total))
        if self._progress is not None:
            self._progress(size, total)
        request, name = self._request, printable(self._path.name)
        service = self._lane.service.name
        self._lane.tell(BytesReceived(service, request.path, name, size, total))

    def _write(self, pieces: list[bytes], total: int | None) -> None:
        if not self._opened:
            self._part.open(total)
            self._opened = True
        if not pieces:
            return
        for piece in pieces:
            self._sha256.update(piece)
            if self._md5 is not None:
                self._md5.update(piece)
        self._part.write(pieces)

    def _check_md5(self, wanted: str) -> None:
        if self._md5 is not None and wanted.lower() != self._md5.hexdigest():
            raise BodyTruncated("the content does not match the MD5 that is its ETag")


def _check_size(size: int, announced: int | None, expected: int | None) -> None:
    for wanted, source in ((announced, "announced"), (expected, "listed")):
        if wanted is not None and size != wanted:
            raise BodyTruncated(f"{size} bytes came, {wanted} were {source}")
