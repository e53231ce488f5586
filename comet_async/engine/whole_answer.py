"""The rest of an answer that is held in memory: read within limits and caps, then unpacked."""

from __future__ import annotations

import asyncio

import anyio

from comet_async.engine.connections import Opened
from comet_async.engine.deadlines import Deadline
from comet_async.engine.inflate import inflated
from comet_async.engine.large import LARGE
from comet_async.engine.pieces import Pieces
from comet_async.engine.speed import SpeedWatch
from comet_async.engine.transport import HttpAnswer, HttpRequest, Timeouts
from comet_async.errors import BodyTooLarge, RequestTimeout

__all__ = ["first_wait", "whole_answer", "whole_body"]

_FOREVER = float("inf")


async def whole_body(opened: Opened, request: HttpRequest, deadline: Deadline) -> bytes:
    """Return the body, read to its end, as sent.

    Most answers came with their headers and need no limit of their own.

    Raises:
        BodyTooLarge: It is over the cap.
        RequestTimeout: It came too slowly.
    """
    content = opened.content
    piece = await content.readany()
    if content.at_eof():
        return _within_cap(piece, request)
    loop = asyncio.get_running_loop()
    timeouts = request.timeouts
    end = _FOREVER if timeouts.total is None else loop.time() + timeouts.total
    watch = SpeedWatch(timeouts.low_speed_bytes, timeouts.low_speed_seconds, loop.time())
    enter = request.before_large
    pieces = Pieces()
    size = 0
    while piece:
        pieces.add(piece)
        size += len(piece)
        if size > request.max_body_bytes:
            raise BodyTooLarge(f"the body is over the cap of {request.max_body_bytes} bytes")
        if watch.too_slow(len(piece), loop.time()):
            raise RequestTimeout("the body came too slowly")
        if enter is not None and size >= LARGE:
            deadline.move(end)
            await enter()
            enter = None
            watch.restart(loop.time())
        deadline.move(min(loop.time() + timeouts.idle, end))
        piece = await content.readany()
    return pieces.whole()


def _within_cap(body: bytes, request: HttpRequest) -> bytes:
    if len(body) > request.max_body_bytes:
        raise BodyTooLarge(f"the body is over the cap of {request.max_body_bytes} bytes")
    return body


def first_wait(timeouts: Timeouts) -> float:
    """Return the seconds until the first byte of the body must be there."""
    return timeouts.headers if timeouts.total is None else min(timeouts.headers, timeouts.total)


async def whole_answer(opened: Opened, body: bytes, max_body_bytes: int) -> HttpAnswer:
    """Return the answer with its body unpacked.

    Raises:
        BodyTooLarge: It is over the cap once it is unpacked.
        BodyTruncated: Its compression is broken.
    """
    headers = opened.headers
    encoding = headers.get("Content-Encoding")
    plain = body
    if encoding is not None and len(body) < LARGE:
        plain = inflated(body, encoding, max_body_bytes)
    elif encoding is not None:
        # It takes tens of milliseconds, without the GIL: the loop goes on meanwhile.
        plain = await anyio.to_thread.run_sync(inflated, body, encoding, max_body_bytes)
    return HttpAnswer(
        status=opened.status,
        headers=headers,
        body=plain,
        received=len(body),
        peer=opened.peer,
    )
