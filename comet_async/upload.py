"""`Upload`: what a request carries that is read while it is sent, a file or a form around one.

The value names a file or holds bytes, with the size that is announced; nothing is opened until the
request is sent. A file that has changed since the value was made is never sent as if it had not.
"""

from __future__ import annotations

import hashlib
import io
import mimetypes
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, TypeAlias

import msgspec

from comet_async.errors import UsageError
from comet_async.redaction import mask, printable, shortened

__all__ = ["FileSource", "Upload", "form", "whole_body"]

FileSource: TypeAlias = Path | str | bytes | BinaryIO
"""A path, content, or an open binary file that stands at its beginning."""

_OCTETS = "application/octet-stream"


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """A request body that is read as it is sent.

    Attributes:
        source: File or content; None for a form without a file.
        size: Bytes of the content, as announced to the server.
        modified_ns: The file's time of change when its size was taken; None for content.
        file_name: Name under which it is sent.
        media_type: Its media type.
        part: Name of the form's part that holds it; None when the content is the whole body.
        fields: The form's other fields, in order; names may repeat.
    """

    source: Path | bytes | None
    size: int
    modified_ns: int | None = None
    file_name: str = "file"
    media_type: str = _OCTETS
    part: str | None = None
    fields: tuple[tuple[str, str], ...] = ()

    @property
    def is_form(self) -> bool:
        """Whether it goes as multipart/form-data."""
        return self.part is not None or self.source is None

    @property
    def identity(self) -> bytes:
        """Equal for uploads that carry the same: names, fields and size, and content in memory."""
        digest = hashlib.blake2b(digest_size=16)
        texts = (self.file_name, self.media_type, self.part or "", str(self.size))
        for text in (*texts, *(t for pair in self.fields for t in pair)):
            raw = text.encode("utf-8", "surrogatepass")
            digest.update(len(raw).to_bytes(8, "big") + raw)
        if isinstance(self.source, bytes):
            digest.update(self.source)
        return digest.digest()

    def __repr__(self) -> str:
        name = shortened(printable(mask(self.file_name)), 60)
        return f"<Upload {name!r} {self.size} bytes, {shortened(self.media_type, 60)}>"


def form(
    fields: Mapping[str, str | None] | tuple[tuple[str, str], ...] = (),
    *,
    part: str = "file",
    source: FileSource | None = None,
    file_name: str | None = None,
    media_type: str | None = None,
) -> Upload:
    """Return a form, with a file or without.

    Args:
        fields: Fields by name, or pairs where names repeat; None is not sent.
        part: Name of the part that holds the file.
        source: The file: a path, content, or an open binary file.
        file_name: Name under which it is sent; default the path's last part.
        media_type: Its media type; default by the name.

    Raises:
        UsageError: The file cannot be read, or a name or a value is no Unicode text.
    """
    pairs = tuple(fields.items()) if isinstance(fields, Mapping) else fields
    kept = tuple((name, value) for name, value in pairs if value is not None)
    for text in (part, *(text for pair in kept for text in pair)):
        _check_text("the form's text", text, "give valid Unicode")
    if source is None:
        return Upload(source=None, size=0, fields=kept)
    return _upload(source, file_name, media_type, part=part, fields=kept)


def whole_body(
    source: FileSource, *, file_name: str | None = None, media_type: str | None = None
) -> Upload:
    """Return a file as the whole body of a request.

    Raises:
        UsageError: The file cannot be read.
    """
    return _upload(source, file_name, media_type, part=None, fields=())


def _upload(
    source: FileSource,
    file_name: str | None,
    media_type: str | None,
    *,
    part: str | None,
    fields: tuple[tuple[str, str], ...],
) -> Upload:
    found = _resolved(source)
    size, modified = (len(found), None) if isinstance(found, bytes) else _measured(found)
    default = "file" if isinstance(found, bytes) else found.name
    name = default if file_name is None else file_name
    media = media_type or mimetypes.guess_type(name)[0] or _OCTETS
    if not media.isascii() or not media.isprintable():
        raise UsageError(f"{shortened(printable(media), 60)} is no media type")
    _check_text("the file name", name, "give file_name")
    return Upload(
        source=found,
        size=size,
        modified_ns=modified,
        file_name=name,
        media_type=media,
        part=part,
        fields=fields,
    )


def _check_text(what: str, text: str, advice: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        shown = shortened(printable(mask(text)), 60)
        raise UsageError(f"{what} {shown} is no Unicode text; {advice}") from None


def _resolved(source: FileSource) -> Path | bytes:
    if isinstance(source, bytes):
        return source
    if isinstance(source, (str, Path)):
        return Path(source)
    if isinstance(source, io.BytesIO):
        return source.getvalue()[source.tell() :]
    return _path_of(source)


def _path_of(file: BinaryIO) -> Path:
    """Return the path of an open file, which is opened anew for each attempt.

    Raises:
        UsageError: It has none any more, is no file for bytes, or does not stand at its beginning.
    """
    try:
        if isinstance(file, io.TextIOBase) or file.tell() != 0:
            raise UsageError("open the file for bytes, and leave it at its beginning")
        if file.writable():
            file.flush()
        path = Path(file.name)
        same = os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except (OSError, AttributeError, TypeError):
        same, path = False, Path()
    if not same:
        raise UsageError("an open file to upload must be found under its name; give its path")
    return path


def _measured(path: Path) -> tuple[int, int]:
    """Return size and time of change.

    Raises:
        UsageError: There is no such file, or it is no regular one.
    """
    shown = shortened(printable(str(path)), 120)
    try:
        found = path.stat()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a path"
        raise UsageError(f"cannot upload {shown}: {reason}") from None
    if not stat.S_ISREG(found.st_mode):
        raise UsageError(f"cannot upload {shown}: it is no regular file")
    return found.st_size, found.st_mtime_ns
