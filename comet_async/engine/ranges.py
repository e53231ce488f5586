"""Parts of a file over HTTP: how one is asked for, and whether an answer is that very part."""

from __future__ import annotations

import re

import msgspec

from comet_async.engine.transport import HttpRequest, HttpStream

__all__ = ["OK", "PARTIAL", "UNSATISFIABLE", "asking_for", "is_range"]

OK = 200
"""Status of an answer that is the whole file."""
PARTIAL = 206
"""Status of an answer that is a part."""
UNSATISFIABLE = 416
"""Status where no byte is left from the place that was asked for."""
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


def asking_for(hop: HttpRequest, start: int, last: int | None, etag: str) -> HttpRequest:
    """Return a request for a part; the storage sends all of the file when its content changed.

    Args:
        hop: A request for the whole.
        start: Place of the first byte.
        last: Place of the last byte; None for that of the file.
        etag: Strong ETag of the content.
    """
    until = "" if last is None else last
    wanted = (("Range", f"bytes={start}-{until}"), ("If-Range", etag))
    return msgspec.structs.replace(hop, headers=(*hop.headers, *wanted))


def is_range(stream: HttpStream, start: int, last: int, total: int, etag: str) -> bool:
    """Tell whether an answer is this part of this content, as it is.

    Args:
        stream: The answer.
        start: Place of the first byte.
        last: Place of the last byte.
        total: Bytes of the whole content.
        etag: Strong ETag of the content.
    """
    found = _CONTENT_RANGE.fullmatch(stream.headers.get("content-range", ""))
    return (
        stream.status == PARTIAL
        and found is not None
        and found.groups() == (str(start), str(last), str(total))
        and stream.headers.get("etag", etag) == etag
        and stream.headers.get("content-encoding", "identity") == "identity"
    )
