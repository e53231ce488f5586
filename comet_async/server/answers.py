"""Answers before they are sent: status, headers and a body that may still be unread."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from comet_async.server.problems import ApiError
from comet_async.server.records import Content
from comet_async.server.replies import error_body

__all__ = [
    "Answer",
    "ContentSlice",
    "Refuse",
    "compressed",
    "error_answer",
    "file_answer",
    "refused_by_comet",
]

_BLOCK = 256 * 1024
_GZIP_FROM = 1024
_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})")
_ACCEPTS_GZIP = re.compile(r"(?:^|,)\s*gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*(?:,|$))[\d.]+)?\s*(?:,|$)")


@dataclass(frozen=True, slots=True)
class ContentSlice:
    """A range of a content as a body."""

    content: Content
    start: int
    stop: int
    inverted: bool = False

    @property
    def length(self) -> int:
        """Bytes in the range."""
        return self.stop - self.start

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes in blocks of at most 256 KiB."""
        for at in range(self.start, self.stop, _BLOCK):
            data = self.content.read(at, min(at + _BLOCK, self.stop))
            yield data.translate(_INVERTED) if self.inverted else data


_INVERTED = bytes(255 - value for value in range(256))


@dataclass(frozen=True, slots=True)
class Answer:
    """What will be sent.

    Attributes:
        status: HTTP status.
        headers: Without lengths and connection headers, which sending adds.
        body: Bytes, a range of a content, or chunks of unknown total length.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes | ContentSlice | Iterator[bytes] = b""

    def read(self) -> bytes:
        """Return the whole body."""
        if isinstance(self.body, bytes):
            return self.body
        chunks = self.body.chunks() if isinstance(self.body, ContentSlice) else self.body
        return b"".join(chunks)

    def with_body(self, body: bytes, **headers: str) -> Answer:
        """Return the answer with another body and further headers (`_` stands for `-`)."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, body=body, headers={**self.headers, **named})


def error_answer(
    status: int, message: str, code: int = 0, headers: Mapping[str, str] | None = None
) -> Answer:
    """Return an answer with the error document."""
    extra = {} if headers is None else dict(headers)
    body = error_body(status, message, code)
    return Answer(status, {"Content-Type": "application/json", **extra}, body)


Refuse: TypeAlias = Callable[[ApiError, Mapping[str, str]], Answer]
"""Makes the answer of an error, with further headers, as a service shows it."""


def refused_by_comet(error: ApiError, headers: Mapping[str, str]) -> Answer:
    """Return an error as Comet shows it."""
    return error_answer(error.status, error.message, error.sdk_error_code, headers)


def compressed(answer: Answer, accept_encoding: str) -> Answer:
    """Return a JSON answer over 1 KiB in gzip form when the client accepts that."""
    body = answer.body
    if not isinstance(body, bytes) or len(body) <= _GZIP_FROM:
        return answer
    if not _ACCEPTS_GZIP.search(accept_encoding):
        return answer
    packed = gzip.compress(body, 1, mtime=0)
    return answer.with_body(packed, Content_Encoding="gzip", Vary="Accept-Encoding")


def file_answer(content: Content, content_type: str, headers: Mapping[str, str]) -> Answer:
    """Return a file, or the range of it that a request asks for.

    Args:
        content: The bytes.
        content_type: Media type.
        headers: Of the request, names in lower case: Range, If-Range, If-Match, If-None-Match.
    """
    tag = f'"{content.etag}"'
    shared = {"Content-Type": content_type, "ETag": tag, "Accept-Ranges": "bytes"}
    match = headers.get("if-match")
    if match is not None and match != "*" and tag not in _tags(match):
        return error_answer(412, "At least one of the preconditions did not hold")
    none_match = headers.get("if-none-match")
    if none_match is not None and (none_match == "*" or tag in _tags(none_match)):
        return Answer(304, shared)
    whole = ContentSlice(content, 0, content.size)
    if_range = headers.get("if-range")
    if "range" not in headers or (if_range is not None and if_range.strip() != tag):
        return Answer(200, shared, whole)
    return _range_answer(content, headers["range"], shared)


def _tags(value: str) -> set[str]:
    return {part.strip() for part in value.split(",")}


def _range_answer(content: Content, value: str, shared: Mapping[str, str]) -> Answer:
    """Return one range; several ranges or nonsense are answered with the whole file."""
    match = _RANGE.fullmatch(value.strip())
    if match is None or match.groups() == ("", ""):
        return Answer(200, shared, ContentSlice(content, 0, content.size))
    first, last, size = match[1], match[2], content.size
    if first:
        start, stop = int(first), min(int(last) + 1, size) if last else size
    else:
        start, stop = max(0, size - int(last)), size
    if start >= stop:
        refused = {"Content-Range": f"bytes */{size}", "Accept-Ranges": "bytes"}
        return error_answer(416, "The requested range is not satisfiable", headers=refused)
    span = {**shared, "Content-Range": f"bytes {start}-{stop - 1}/{size}"}
    return Answer(206, span, ContentSlice(content, start, stop))
