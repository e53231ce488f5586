"""Decompression that is complete and bounded.

HTTP clients accept a gzip body that ends early and unpack bombs without a limit (seen with aiohttp
3.14: 1 MB became 1 GiB). Here a body without its end mark is an error, and so is one over the cap
or, beyond a first allowance, one that unpacks implausibly well.
"""

from __future__ import annotations

import zlib
from typing import Protocol

from comet_async.errors import BodyTooLarge, BodyTruncated

__all__ = ["inflated"]

_STEP = 4 * 1024 * 1024
_BOMB_ALLOWANCE = 16 * 1024 * 1024
_BOMB_RATIO = 100
_GZIP = 31
_ZLIB = 15
_RAW = -15


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    @property
    def unconsumed_tail(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...


def _decompressor(wbits: int) -> _Decompressor:
    try:
        from isal import isal_zlib  # noqa: PLC0415 optional, 1.2 times faster on large bodies
    except ImportError:
        return zlib.decompressobj(wbits)
    found: _Decompressor = isal_zlib.decompressobj(wbits)
    return found


def inflated(body: bytes, encoding: str, max_bytes: int) -> bytes:
    """Return `body` unpacked.

    Args:
        body: The body as sent.
        encoding: The Content-Encoding: gzip, x-gzip, deflate or identity.
        max_bytes: Cap on the result.

    Raises:
        BodyTruncated: The data is corrupt, ends early, or its encoding is unknown.
        BodyTooLarge: The result would be over the cap, or looks like a decompression bomb.
    """
    name = encoding.strip().lower()
    if name in {"", "identity"}:
        return body
    if name in {"gzip", "x-gzip"}:
        return _members(body, max_bytes)
    if name == "deflate":
        zlib_wrapped = body[:1] and body[0] & 0x0F == zlib.DEFLATED
        return _one(body, _ZLIB if zlib_wrapped else _RAW, max_bytes)[0]
    raise BodyTruncated(f"the body has the unknown encoding {encoding!r}")


def _members(body: bytes, max_bytes: int) -> bytes:
    parts: list[bytes] = []
    rest = body
    while rest:
        part, rest = _one(rest, _GZIP, max_bytes - sum(map(len, parts)))
        parts.append(part)
        if not rest.startswith(b"\x1f\x8b"):
            break
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _one(body: bytes, wbits: int, max_bytes: int) -> tuple[bytes, bytes]:
    unpacker = _decompressor(wbits)
    plausible = max(_BOMB_ALLOWANCE, _BOMB_RATIO * len(body))
    limit = min(max_bytes, plausible)
    parts: list[bytes] = []
    size = 0
    data = body
    failure = ""
    while not unpacker.eof:
        try:
            part = unpacker.decompress(data, _STEP)
        except Exception as error:  # noqa: BLE001 zlib and isal raise classes of their own
            failure = str(error)
            break
        size += len(part)
        if size > limit:
            reason = "more than the cap" if limit == max_bytes else "implausibly more than sent"
            raise BodyTooLarge(f"the body unpacks to over {limit} bytes, {reason}")
        parts.append(part)
        data = unpacker.unconsumed_tail
        if not part and not data:
            break
    if failure:
        raise BodyTruncated(f"the compressed body is corrupt ({failure})")
    if not unpacker.eof:
        raise BodyTruncated("the compressed body ends before its end mark")
    return parts[0] if len(parts) == 1 else b"".join(parts), unpacker.unused_data
