"""What a download is told to, and what it tells."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import msgspec

from comet_async.engine.lane import Lane
from comet_async.events import BytesReceived
from comet_async.redaction import printable
from comet_async.request import Blob, Request
from comet_async.shown import Shown, Table, facts, told_size

__all__ = ["Downloaded", "Progress", "Telling"]


class Progress(Protocol):
    """Called with the bytes received so far and the total, None when the server gave none."""

    def __call__(self, received: int, total: int | None, /) -> None:
        """Show it."""


class Downloaded(Shown, msgspec.Struct, frozen=True, kw_only=True):
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

    def _table(self) -> Table:
        return facts(
            f"Downloaded {self.path.name}",
            (
                ("path", str(self.path)),
                ("size", told_size(self.size)),
                ("sha256", self.sha256),
                ("content type", self.content_type),
                ("checksum of the server compared", self.verified),
                ("resumed from", told_size(self.resumed_from) if self.resumed_from else None),
            ),
        )


class Telling:
    """Tells whoever wants to know how many bytes of a file have come.

    Args:
        lane: Whose observers are told.
        request: What is fetched.
        path: The file.
        progress: Who is told besides.
    """

    def __init__(
        self, lane: Lane, request: Request[Blob], path: Path, progress: Progress | None
    ) -> None:
        self._lane = lane
        self._request = request
        self._path = path
        self._progress = progress

    def __call__(self, size: int, total: int | None) -> None:
        """Tell of `size` bytes of `total`, None when the server gave none."""
        if self._progress is not None:
            self._progress(size, total)
        if self._lane.teller.watched:
            name, path = printable(self._path.name), self._request.path
            self._lane.teller.tell(BytesReceived(self._lane.service.name, path, name, size, total))
