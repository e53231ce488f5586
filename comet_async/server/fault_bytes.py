"""Faults below HTTP: bodies that break off, wrong framing and compression, resets, stalls.

They write straight to the connection. A body is held in memory as a whole while a fault acts on
it. A fraction is of the body on the wire.
"""

from __future__ import annotations

import asyncio
import gzip
import struct
import zlib
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache
from http import HTTPStatus

from comet_async.server.answers import Answer
from comet_async.server.connection import RawResponse, Wire
from comet_async.server.fault_rule import Exchange, Outcome
from comet_async.server.fault_zip import zip_fault

__all__ = ["BYTE_FAULTS"]

_STALL = 3600.0
_HALF = 0.5
_DRIP = 20.0
_BOMB = 1 << 30
_MIB = 1 << 20
_SMUGGLED = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 18\r\n\r\n"
    b'{"smuggled": true}'
)
_GARBAGE = b"\x00\x01\x02SSH-2.0-garbage\r\n\xff\xfe\xfd" * 8

Fault = Callable[[Exchange], Awaitable[Outcome]]
Script = Callable[[Wire, bytes, bytes], Awaitable[None]]


def _head(answer: Answer, framing: Mapping[str, str], *, close: bool = False) -> bytes:
    """Return status line and headers with the given framing."""
    try:
        reason = HTTPStatus(answer.status).phrase
    except ValueError:
        reason = "Status"
    headers = {**answer.headers, **framing}
    if close:
        headers["Connection"] = "close"
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {answer.status} {reason}\r\n{lines}\r\n".encode("latin-1", "replace")


def _length(body: bytes) -> dict[str, str]:
    return {"Content-Length": str(len(body))}


async def _plain(exchange: Exchange) -> tuple[Answer, bytes]:
    answer = await exchange.clean({"accept-encoding": "identity"})
    return answer, answer.read()


def _scripted(script: Script, *, stay_open: bool = False) -> Fault:
    """Return the fault that writes a well-framed answer in its own way.

    Args:
        script: Takes the connection, the head and the body.
        stay_open: Whether the connection serves on.
    """

    async def fault(exchange: Exchange) -> Outcome:
        answer, body = await _plain(exchange)
        head = _head(answer, _length(body))

        async def run(wire: Wire) -> None:
            await script(wire, head, body)

        return RawResponse(run, status=answer.status, stay_open=stay_open)

    return fault


def _with_argument(
    make: Callable[[float], Script], default: float, *, stay_open: bool = False
) -> Fault:
    """Return the fault whose script depends on a number."""

    async def fault(exchange: Exchange) -> Outcome:
        script = make(exchange.number(default))
        return await _scripted(script, stay_open=stay_open)(exchange)

    return fault


def _cut(body: bytes, fraction: float) -> bytes:
    return body[: min(int(len(body) * fraction), max(0, len(body) - 1))]


def _truncate(fraction: float) -> Script:
    async def script(wire: Wire, head: bytes, body: bytes) -> None:
        await wire.write(head + _cut(body, fraction))
        await wire.flushed()

    return script


def _reset_mid_body(fraction: float) -> Script:
    async def script(wire: Wire, head: bytes, body: bytes) -> None:
        await wire.write(head + _cut(body, fraction))
        await wire.pause(0.05)
        await wire.reset()

    return script


def _stall_headers(seconds: float) -> Script:
    async def script(wire: Wire, _head: bytes, _body: bytes) -> None:
        await wire.pause(seconds)

    return script


def _stall_body(seconds: float) -> Script:
    async def script(wire: Wire, head: bytes, body: bytes) -> None:
        half = _cut(body, _HALF)
        await wire.write(head + half)
        await wire.pause(seconds)
        await wire.write(body[len(half) :])

    return script


async def _drip(wire: Wire, data: bytes, rate: float) -> None:
    """Send bytes at a rate per second, in steps of at least a twentieth of a second."""
    step = max(1, int(rate / 20))
    for at in range(0, len(data), step):
        if wire.gone:
            return
        await wire.write(data[at : at + step])
        await wire.pause(step / rate)


def _drip_headers(rate: float) -> Script:
    async def script(wire: Wire, head: bytes, body: bytes) -> None:
        await _drip(wire, head, rate)
        await wire.write(body)

    return script


def _drip_body(rate: float) -> Script:
    async def script(wire: Wire, head: bytes, body: bytes) -> None:
        await wire.write(head)
        await _drip(wire, body, rate)

    return script


def _close_after(seconds: float) -> Script:
    async def script(wire: Wire, head: bytes, body: bytes) -> None:
        await wire.write(head + body)
        await wire.flushed()
        await wire.pause(seconds)

    return script


async def _reset_mid_headers(wire: Wire, head: bytes, _body: bytes) -> None:
    await wire.write(head[: len(head) // 2])
    await wire.pause(0.05)
    await wire.reset()


async def _extra_bytes(wire: Wire, head: bytes, body: bytes) -> None:
    await wire.write(head + body + _SMUGGLED)


async def _reset_before(exchange: Exchange) -> Outcome:
    """Reset without a byte of answer; what the request asks for is not done."""
    del exchange

    async def script(wire: Wire) -> None:
        await wire.reset()

    return RawResponse(script, status=0)


async def _close_before(exchange: Exchange) -> Outcome:
    """Close without a byte of answer."""
    del exchange

    async def script(wire: Wire) -> None:
        wire.close()

    return RawResponse(script, status=0)


async def _garbage(exchange: Exchange) -> Outcome:
    """Answer with bytes that are no HTTP."""
    del exchange

    async def script(wire: Wire) -> None:
        await wire.write(_GARBAGE)
        await wire.flushed()

    return RawResponse(script, status=0)


def _framed(make: Callable[[bytes, float], bytes], framing: Mapping[str, str]) -> Fault:
    """Return the fault that sends a body made from the right one, without a length.

    Args:
        make: Takes the body and the fraction to keep.
        framing: Headers that say how long the body is.
    """

    async def fault(exchange: Exchange) -> Outcome:
        answer, body = await _plain(exchange)
        data = _head(answer, framing, close=True) + make(body, exchange.number(_HALF))

        async def script(wire: Wire) -> None:
            await wire.write(data)
            await wire.flushed()

        return RawResponse(script, status=answer.status)

    return fault


def _unfinished_chunks(body: bytes, fraction: float) -> bytes:
    part = _cut(body, fraction)
    return b"%x\r\n%s\r\n" % (len(part), part) if part else b""


def _bad_chunk(body: bytes, fraction: float) -> bytes:
    return _unfinished_chunks(body, fraction) + b"zz\r\nno size\r\n"


def _packed(change: Callable[[bytes], bytes]) -> Fault:
    """Return the fault that damages a gzip body; its length on the wire is right."""

    async def fault(exchange: Exchange) -> Outcome:
        answer, body = await _plain(exchange)
        return answer.with_body(change(gzip.compress(body, 6, mtime=0)), Content_Encoding="gzip")

    return fault


def _corrupt(packed: bytes) -> bytes:
    at = len(packed) // 2
    return packed[:at] + bytes([packed[at] ^ 0x55]) + packed[at + 1 :]


def _ended_early(packed: bytes) -> bytes:
    return packed[: max(11, int(len(packed) * _HALF))]


@lru_cache(maxsize=2)
def _bomb(size: int) -> bytes:
    """Return a gzip stream of one JSON text of about `size` bytes, a thousandth of it long."""
    unit = b"0" * _MIB
    count = max(1, size // _MIB)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    opening = packer.compress(b'{"bomb":"') + packer.flush(zlib.Z_FULL_FLUSH)
    repeated = packer.compress(unit) + packer.flush(zlib.Z_FULL_FLUSH)
    closing = packer.compress(b'"}') + packer.flush(zlib.Z_FINISH)
    check = zlib.crc32(b'{"bomb":"')
    for _ in range(count):
        check = zlib.crc32(unit, check)
    check = zlib.crc32(b'"}', check)
    total = (count * _MIB + 11) & 0xFFFFFFFF
    head = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
    return head + opening + repeated * count + closing + struct.pack("<II", check, total)


async def _gzip_bomb(exchange: Exchange) -> Outcome:
    """Answer with 1 MiB that unpacks to 1 GiB; the argument is the unpacked size in bytes."""
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    body = await asyncio.to_thread(_bomb, int(exchange.number(_BOMB)))
    return Answer(200, headers, body)


BYTE_FAULTS: dict[str, Fault] = {
    "truncate_length": _with_argument(_truncate, _HALF),
    "truncate_chunked": _framed(_unfinished_chunks, {"Transfer-Encoding": "chunked"}),
    "bad_chunk": _framed(_bad_chunk, {"Transfer-Encoding": "chunked"}),
    "eof_truncated": _framed(_cut, {}),
    "corrupt_gzip": _packed(_corrupt),
    "truncated_gzip": _packed(_ended_early),
    "gzip_bomb": _gzip_bomb,
    "extra_bytes": _scripted(_extra_bytes, stay_open=True),
    "stall_headers": _with_argument(_stall_headers, _STALL),
    "stall_body": _with_argument(_stall_body, _STALL),
    "drip_headers": _with_argument(_drip_headers, _DRIP),
    "drip_body": _with_argument(_drip_body, _DRIP),
    "rst_before": _reset_before,
    "rst_mid_headers": _scripted(_reset_mid_headers),
    "rst_mid_body": _with_argument(_reset_mid_body, _HALF),
    "close_before": _close_before,
    "close_after": _with_argument(_close_after, 0.0),
    "garbage": _garbage,
    "zip": zip_fault,
}
"""Fault by name; the argument is a fraction, seconds, bytes per second, a size in bytes, or what a
hostile archive is."""
