"""Pieces of a body put together, without holding it twice at the end."""

from __future__ import annotations

from io import BytesIO

__all__ = ["Pieces"]


class Pieces:
    """Bytes that grow. A body of one piece is never copied.

    `b"".join(pieces)` needs the body twice. `BytesIO` gives its own buffer away, and takes an
    eighth more while it grows.
    """

    def __init__(self) -> None:
        self._first = b""
        self._more: BytesIO | None = None

    def add(self, piece: bytes) -> None:
        """Append a piece."""
        if self._more is not None:
            self._more.write(piece)
        elif not self._first:
            self._first = piece
        else:
            self._more = BytesIO()
            self._more.write(self._first)
            self._more.write(piece)
            self._first = b""

    def whole(self) -> bytes:
        """Return everything that was added; nothing may be added later."""
        return self._first if self._more is None else self._more.getvalue()
