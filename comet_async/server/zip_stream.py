"""Zip archives written while they are sent: nothing but one block is in memory."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator

from comet_async.server.records import Content

__all__ = ["zip_chunks"]

_BLOCK = 256 * 1024
_WHEN = (2025, 1, 1, 0, 0, 0)
_ZIP64_FROM = 1 << 31


class _Sink(io.RawIOBase):
    """Takes what the zip writer writes, to be collected between blocks; it cannot seek."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__()
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        """Return True: the zip writer asks."""
        return True

    def write(self, data: object, /) -> int:
        """Keep a copy of the written bytes."""
        part = bytes(memoryview(data))  # type: ignore[arg-type]  # any buffer, as in io
        self._parts.append(part)
        return len(part)

    def take(self) -> bytes:
        """Return what was written since the last call."""
        parts, self._parts = self._parts, []
        return b"".join(parts)


def zip_chunks(files: Iterable[tuple[str, Content]]) -> Iterator[bytes]:
    """Yield a zip archive of stored (not compressed) members.

    Args:
        files: Member name and content; of equal names the later get a number.
    """
    sink = _Sink()
    seen: dict[str, int] = {}
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files:
            count = seen[name] = seen.get(name, 0) + 1
            entry = zipfile.ZipInfo(name if count == 1 else f"{name}.{count}", _WHEN)
            large = content.size >= _ZIP64_FROM
            with archive.open(entry, "w", force_zip64=large) as member:
                for start in range(0, content.size, _BLOCK):
                    member.write(content.read(start, start + _BLOCK))
                    yield sink.take()
    yield sink.take()
