"""Request bodies that go to disk as they arrive: multipart forms and single files."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.multipart import BodyPartReader, MultipartReader

from comet_async.server.problems import ApiError
from comet_async.server.upload_folder import DiskContent, Sink, UploadFolder

__all__ = ["Form", "read_file", "read_form"]

_BLOCK = 256 * 1024
_FIELD_LIMIT = 1 << 20
_PARTS_LIMIT = 1_000


@dataclass(frozen=True, slots=True)
class Form:
    """A multipart form whose files are on disk.

    Attributes:
        fields: Texts by name; of a repeated one all of them.
        files: Contents by name of the part.
        names: File names by name of the part.
    """

    fields: Mapping[str, list[str]] = field(default_factory=dict[str, list[str]])
    files: Mapping[str, DiskContent] = field(default_factory=dict[str, DiskContent])
    names: Mapping[str, str] = field(default_factory=dict[str, str])

    def text(self, name: str) -> str | None:
        """Return the last text of a name, None when there is none."""
        return self.fields[name][-1] if name in self.fields else None

    def digest(self) -> bytes:
        """Return what tells this form from others, boundaries apart."""
        told = repr((sorted(self.fields.items()), sorted(self.names.items())))
        sums = "".join(f"{name}:{item.etag}" for name, item in sorted(self.files.items()))
        return hashlib.blake2b(f"{told}{sums}".encode("utf-8", "surrogatepass")).digest()


async def read_form(request: web.BaseRequest, folder: UploadFolder, idle: float) -> Form:
    """Return a multipart body, its files on disk.

    Args:
        request: The request.
        folder: Receives the files.
        idle: Seconds that the client may take for the next bytes.

    Raises:
        ApiError: 400 for a body that is no form, 408 for a client that stops sending.
    """
    if not request.content_type.startswith("multipart/"):
        raise ApiError(400, "body is not a multipart form")
    fields: dict[str, list[str]] = {}
    files: dict[str, DiskContent] = {}
    names: dict[str, str] = {}
    try:
        reader = await request.multipart()
        for _ in range(_PARTS_LIMIT):
            async with asyncio.timeout(idle):
                part = await reader.next()
            if part is None:
                return Form(fields, files, names)
            if isinstance(part, MultipartReader) or part.name is None:
                raise ApiError(400, "a part of the form has no name")
            if part.name == "file":
                files[part.name] = await _stored(part, folder, idle)
                names[part.name] = part.filename or ""
            else:
                fields.setdefault(part.name, []).append(await _text(part, idle))
    except TimeoutError:
        raise ApiError(408, "body took too long") from None
    except (ValueError, AssertionError, web.HTTPException):
        raise ApiError(400, "body is not a multipart form") from None
    raise ApiError(400, "the form has too many parts")


async def _stored(part: BodyPartReader, folder: UploadFolder, idle: float) -> DiskContent:
    sink = folder.sink()
    try:
        while True:
            async with asyncio.timeout(idle):
                block = await part.read_chunk(_BLOCK)
            if not block:
                return sink.done()
            await _write(sink, block)
    except BaseException:
        sink.discard()
        raise


async def _write(sink: Sink, block: bytes) -> None:
    if len(block) < _BLOCK:
        sink.write(block)
    else:
        await asyncio.to_thread(sink.write, block)


async def _text(part: BodyPartReader, idle: float) -> str:
    data = bytearray()
    while True:
        async with asyncio.timeout(idle):
            block = await part.read_chunk(_BLOCK)
        if not block:
            return data.decode("utf-8", "replace")
        data += block
        if len(data) > _FIELD_LIMIT:
            raise ApiError(413, "a field of the form is too long")


async def read_file(request: web.BaseRequest, folder: UploadFolder, idle: float) -> DiskContent:
    """Return a body that is one file, on disk.

    Args:
        request: The request.
        folder: Receives the file.
        idle: Seconds that the client may take for the next bytes.

    Raises:
        ApiError: 408 for a client that stops sending.
    """
    sink = folder.sink()
    try:
        while True:
            async with asyncio.timeout(idle):
                block = await request.content.read(_BLOCK)
            if not block:
                return sink.done()
            await _write(sink, block)
    except TimeoutError:
        sink.discard()
        raise ApiError(408, "body took too long") from None
    except BaseException:
        sink.discard()
        raise
