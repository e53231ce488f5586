"""The body of one answer on its way to a file: blocks, hashes, and what is checked at the end."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Protocol, TypeAlias

from comet_async.engine.downloaded import Downloaded, Telling
from comet_async.engine.kept_part import KEPT_FROM, Beginning, KeptPart
from comet_async.engine.part_file import PartFile
from comet_async.engine.telling import Trip
from comet_async.engine.threads import SharedHops, undivided
from comet_async.engine.transport import HttpStream
from comet_async.errors import BodyTruncated

__all__ = ["MD5_ETAG", "BodyFile"]

MD5_ETAG = re.compile(r'"([0-9a-fA-F]{32})"')
"""An ETag that is the MD5 of the content."""
_BLOCK = 1024 * 1024
_SHORT = 256 * 1024
_Finish: TypeAlias = Callable[[int], None]


class _Hash(Protocol):
    def update(self, data: bytes | memoryview, /) -> None: ...

    def hexdigest(self) -> str: ...


class BodyFile:
    """Takes one body to its file, a block at a time.

    Args:
        path: The file.
        trip: The attempt, told of the bytes that came.
        tell: Told of the bytes that are there, and of all.
        short: Stores small files.
        kept: The part that outlives this attempt; None for none.
        checksum: Whether to compute the SHA-256.
    """

    def __init__(
        self,
        path: Path,
        trip: Trip,
        tell: Telling,
        short: SharedHops,
        *,
        kept: KeptPart | None,
        checksum: bool,
    ) -> None:
        self._path = path
        self._trip = trip
        self._told = tell
        self._short = short
        self._part = PartFile(path)
        self._kept = kept
        self._into: PartFile | KeptPart = self._part
        self._opened = False
        self._finished = False
        self._begun = 0
        self._total: int | None = None
        self._durable = False
        self._start: Callable[[], bool] = bool
        self._sha256: _Hash | None = hashlib.sha256() if checksum else None
        self._md5: _Hash | None = None

    async def go_on(self, beginning: Beginning) -> None:
        """Take what is there already as the beginning of the file."""
        if MD5_ETAG.fullmatch(beginning.etag):
            self._md5 = hashlib.md5(usedforsecurity=False)
        kept = beginning.part

        def again() -> None:
            if self._sha256 is not None or self._md5 is not None:
                for block in kept.blocks(beginning.size):
                    self._hash(block)
            kept.go_on(beginning.size)

        await undivided(again)
        self._into, self._opened = kept, True
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
        etag = MD5_ETAG.fullmatch(stream.headers.get("etag", ""))
        if etag is not None and self._md5 is None:
            self._md5 = hashlib.md5(usedforsecurity=False)
        self._plan_part(stream, announced)
        self._total = total
        self._durable = durable

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
        if self._kept is None or self._opened or announced is None or not strong:
            return
        if announced >= KEPT_FROM:
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
        self._into.finish(durable=durable)
        self._finished = True

    async def _blocks(
        self,
        stream: HttpStream,
        head: list[bytes],
        announced: int | None,
        finish: _Finish,
    ) -> int:
        """Store the body and return its size.

        One that fits into a block is finished with the same thread hop.
        """
        begun = memoryview(b"".join(head))
        received = filled = len(begun)
        left = _BLOCK if announced is None else announced - self._begun
        if announced is not None and received == left:  # its end is to come, or a byte too many
            received += await stream.read_into(memoryview(bytearray(1)))
            await self._store(begun, received, finish)
            return received
        # With room for a byte more, a body's end shows at once.
        buffer = memoryview(bytearray(max(received, min(_BLOCK, left)) + 1))
        if left >= _BLOCK:
            buffer = buffer[:-1]
        buffer[:received] = begun
        while True:
            came = await stream.read_into(buffer[filled:])
            filled += came
            received += came
            ended = filled < len(buffer)
            whole = ended and filled == received
            await self._store(buffer[:filled], received, finish if whole else None)
            if ended:
                return received
            filled = 0

    async def _store(self, block: memoryview, received: int, finish: _Finish | None) -> None:
        """Write one block, and finish the file where that is all of it."""
        self._trip.received = received
        size = self._begun + received

        def store() -> None:
            self._write(block)
            if finish is not None:
                finish(size)

        short = finish is not None and len(block) <= _SHORT and not self._durable
        await (self._short.undivided(store) if short else undivided(store))
        self._told(size, self._total)

    def _write(self, block: memoryview) -> None:
        if not self._opened:
            if self._kept is not None and self._start():
                self._into = self._kept
            else:
                self._part.open(self._total)
            self._opened = True
        if block:
            self._hash(block)
            self._into.write_block(block)

    def _hash(self, block: bytes | memoryview) -> None:
        for found in (self._sha256, self._md5):
            if found is not None:
                found.update(block)

    def _check_md5(self, wanted: str) -> None:
        if self._md5 is not None and wanted.lower() != self._md5.hexdigest():
            raise BodyTruncated("the content does not match the MD5 that is its ETag")


def _check_size(size: int, announced: int | None, expected: int | None) -> None:
    for wanted, source in ((announced, "announced"), (expected, "listed")):
        if wanted is not None and size != wanted:
            raise BodyTruncated(f"{size} bytes came, {wanted} were {source}")
