"""The body of an upload on its way out: blocks from a file, off the event loop, checked as read.

The file is opened once for each attempt. Its last block leaves only when size and time of change
are still what they were as the request was made, so that a server that has the announced number of
bytes has the file; on any other way out the body stays short and the connection is closed.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
import threading
from collections.abc import Awaitable, Callable
from functools import partial
from io import FileIO

from comet_async.engine.threads import undivided
from comet_async.errors import SourceError
from comet_async.redaction import printable, shortened
from comet_async.upload import Upload

__all__ = ["BLOCK", "UploadBody"]

BLOCK = 1024 * 1024
"""Bytes of one reading."""
_SLICE = 64 * 1024
"""Bytes of one writing: a line of 1.1 kB a second takes one within a minute."""
_UNFIT = re.compile(r'["\x00-\x1f\x7f]')


class UploadBody:
    """One attempt to send an upload.

    Args:
        upload: What to send.
        told: Told of the bytes of the content that have left.

    Attributes:
        content_type: The body's media type.
        size: Bytes of the whole body.
        begun: Whether anything was written.
        whole: Whether all of it was.
        moved: Called after each piece that was accepted.
        failure: What ended the attempt on this side.
    """

    def __init__(self, upload: Upload, told: Callable[[int], None] | None) -> None:
        self._upload = upload
        self._told = told
        self._file: FileIO | None = None
        self._lock = threading.Lock()
        self._read = 0
        boundary = secrets.token_hex(16)
        self._before, self._after = _frame(upload, boundary) if upload.is_form else (b"", b"")
        self.content_type = (
            f"multipart/form-data; boundary={boundary}" if upload.is_form else upload.media_type
        )
        self.size = len(self._before) + upload.size + len(self._after)
        self.begun = False
        self.whole = False
        self.moved: Callable[[], None] = _nothing
        self.failure: Exception | None = None

    @property
    def unfinished(self) -> bool:
        """Whether a part of it has left and a part has not."""
        return self.begun and not self.whole

    async def open(self) -> None:
        """Open the file.

        Raises:
            SourceError: It cannot be opened, or is another one by now.
        """
        if not isinstance(self._upload.source, (bytes, type(None))):
            await undivided(self._open)

    async def send(self, write: Callable[[memoryview], Awaitable[None]]) -> None:
        """Give everything to `write`, a piece after the other.

        Raises:
            SourceError: The file is not what it was any more.
        """
        self.begun = True
        self.whole = self.size == 0
        sent = 0
        if self._before:
            last = self._upload.size == 0 and not self._after
            await self._written(write, memoryview(self._before), last=last)
        self._tell(sent)
        while sent < self._upload.size:
            block = memoryview(await self._block(sent))
            for start in range(0, len(block), _SLICE):
                piece = block[start : start + _SLICE]
                last = not self._after and sent + len(piece) == self._upload.size
                await self._written(write, piece, last=last)
                sent += len(piece)
                self._tell(sent)
        if self._after:
            await self._written(write, memoryview(self._after), last=True)

    async def _written(
        self, write: Callable[[memoryview], Awaitable[None]], piece: memoryview, *, last: bool
    ) -> None:
        self.whole = last
        await write(piece)
        self.moved()

    def _tell(self, sent: int) -> None:
        if self._told is None:
            return
        try:
            self._told(sent)
        except Exception as error:
            self.failure = error
            raise

    async def _block(self, sent: int) -> bytes:
        source = self._upload.source
        if isinstance(source, bytes):
            return source[sent : sent + BLOCK] if len(source) > BLOCK else source
        try:
            return await undivided(self._next_block)
        except SourceError as error:
            self.failure = error
            raise

    def _open(self) -> None:
        path = os.fspath(self._upload.source) if self._upload.source is not None else ""
        try:
            self._file = FileIO(path, "rb")
            self._check(self._file)
        except OSError as error:
            raise self._lost(error.strerror or type(error).__name__) from None

    def _next_block(self) -> bytes:
        with self._lock:
            file = self._file
            if file is None:
                raise self._lost("the attempt is over")
            try:
                data = file.read(min(BLOCK, self._upload.size - self._read))
                self._read += len(data)
                if not data or self._read == self._upload.size:
                    self._check(file)
            except OSError as error:
                raise self._lost(error.strerror or type(error).__name__) from None
        if not data:  # some file systems tell a size that is not the content's
            raise self._lost("it ended early")
        return data

    def _check(self, file: FileIO) -> None:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_size != self._upload.size:
            raise self._lost(f"it has {found.st_size} bytes, {self._upload.size} were announced")
        if found.st_mtime_ns != self._upload.modified_ns:
            raise self._lost("it was written to meanwhile")

    def _lost(self, reason: str) -> SourceError:
        shown = shortened(printable(str(self._upload.source)), 120)
        return SourceError(f"cannot upload {shown}: {reason}")

    async def aclose(self) -> None:
        """Close the file, after a reading under way."""
        if self._file is not None:
            await undivided(self._close)

    def _close(self) -> None:
        with self._lock:
            file, self._file = self._file, None
            if file is not None:
                file.close()


def _nothing() -> None:
    """Move no limit."""


def _frame(upload: Upload, boundary: str) -> tuple[bytes, bytes]:
    """Return what stands before and after the content of a form."""
    line = partial('--{}\r\nContent-Disposition: form-data; name="{}"'.format, boundary)
    parts = [f"{line(_quoted(name))}\r\n\r\n{value}\r\n" for name, value in upload.fields]
    ending = f"--{boundary}--\r\n"
    if upload.part is None:
        return "".join((*parts, ending)).encode("utf-8", "replace"), b""
    named = f'{line(_quoted(upload.part))}; filename="{_quoted(upload.file_name)}"'
    parts.append(f"{named}\r\nContent-Type: {upload.media_type}\r\n\r\n")
    return "".join(parts).encode("utf-8", "replace"), f"\r\n{ending}".encode()


def _quoted(name: str) -> str:
    """Return a name as HTML forms write it, and all control characters so: none fits a header."""
    return _UNFIT.sub(lambda found: f"%{ord(found[0]):02X}", name)
