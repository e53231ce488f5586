"""Whether a file is fetched in ranges, and what becomes of it then."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import anyio

from comet_async.engine.body_file import MD5_ETAG
from comet_async.engine.downloaded import Downloaded
from comet_async.engine.lane import Lane
from comet_async.engine.span_part import SpanPart
from comet_async.engine.spans import Opening, checksums, divisible, fetch_spans, starts_of
from comet_async.engine.threads import undivided
from comet_async.engine.transport import HttpStream
from comet_async.errors import BodyTruncated, RangeRefused
from comet_async.request import Blob, Request

__all__ = ["InRanges"]


class InRanges:
    """A large file in ranges, as long as the server gives them; else the usual way serves.

    Args:
        lane: What to send through.
        request: The whole file.
        path: Where it goes.
        tell: Told of the bytes that are there, and of all.
    """

    def __init__(
        self,
        lane: Lane,
        request: Request[Blob],
        path: Path,
        tell: Callable[[int, int | None], None],
    ) -> None:
        self._lane = lane
        self._request = request
        self._path = path
        self._tell = tell
        self._part = SpanPart(path, request.fingerprint)
        self._content_type: str | None = None
        self._refused = False

    def wants(self, stream: HttpStream, expected: int | None) -> bool:
        """Tell whether an answer that has begun is to be fetched in ranges."""
        length = stream.headers.get("content-length", "")
        fits = expected is None or length == str(expected)
        return not self._refused and fits and divisible(stream)

    async def go_on(self, *, durable: bool, checksum: bool) -> Downloaded | None:
        """Return the file that an earlier attempt has begun; None where there is none, or no more.

        Raises:
            CometAsyncError: It cannot be had now; what is there stays.
        """
        found = False
        try:
            found = await undivided(self._part.found)
        finally:
            if not found:
                with anyio.CancelScope(shield=True):
                    await undivided(self._part.keep)
        return await self._fetched(None, durable=durable, checksum=checksum) if found else None

    async def begin(self, opening: Opening, *, durable: bool, checksum: bool) -> Downloaded | None:
        """Return the file of which an answer has begun; None where ranges are refused."""
        stream = opening.stream
        total = int(stream.headers["content-length"])
        start = partial(self._part.start, stream.headers["etag"], starts_of(total), total)
        begun = False
        try:
            begun = await undivided(start)
        finally:
            if not begun:
                with anyio.CancelScope(shield=True):
                    await stream.aclose()
                    await undivided(self._part.drop)
        if not begun:
            self._refused = True
            return None
        self._content_type = stream.headers.get("content-type")
        return await self._fetched(opening, durable=durable, checksum=checksum)

    async def _fetched(
        self, opening: Opening | None, *, durable: bool, checksum: bool
    ) -> Downloaded | None:
        part, begun = self._part, self._part.received
        try:
            await fetch_spans(self._lane, self._request, part, opening, self._tell)
            return await undivided(partial(self._whole, begun, durable=durable, checksum=checksum))
        except RangeRefused:
            self._refused = True
            await undivided(part.drop)
            return None
        finally:
            await undivided(part.keep)

    def _whole(self, begun: int, *, durable: bool, checksum: bool) -> Downloaded:
        """Check the content, and let the file appear."""
        part = self._part
        wanted = MD5_ETAG.fullmatch(part.etag)
        sha256, md5 = checksums(part, sha256=checksum, md5=wanted is not None)
        if wanted is not None and wanted[1].lower() != md5:
            part.drop()
            raise BodyTruncated("the content does not match the MD5 that is its ETag")
        size, etag = part.total, part.etag
        part.finish(durable=durable)
        return Downloaded(
            path=self._path,
            size=size,
            sha256=sha256,
            content_type=self._content_type,
            etag=etag,
            verified=wanted is not None,
            resumed_from=begun,
        )
