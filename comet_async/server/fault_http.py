"""Faults in good HTTP: wrong statuses, wrong kinds of body, redirects, broken validators."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from email.utils import formatdate

from comet_async.server.answers import Answer, ContentSlice
from comet_async.server.fault_rule import Exchange, Outcome
from comet_async.server.problems import ApiError

__all__ = ["HTTP_FAULTS"]

_DAY = 86_400
_HTML = {"Content-Type": "text/html; charset=utf-8"}
_LOGIN = (
    b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>"
    b'<form action="/login" method="post"><input type="password"></form></body></html>'
)
_BAD_GATEWAY = b"<html><body><center><h1>502 Bad Gateway</h1></center></body></html>"

Fault = Callable[[Exchange], Awaitable[Outcome]]


def _retry_after(kind: str | float, seconds: float) -> dict[str, str]:
    """Return the headers of one way to say when to come back.

    Args:
        kind: A number of seconds, or date, skewed, huge, negative, garbage.
        seconds: Distance of a date.
    """
    if isinstance(kind, (int, float)):
        return {"Retry-After": f"{kind:g}"}
    now = time.time()
    if kind == "date":
        return {"Retry-After": formatdate(now + seconds, usegmt=True)}
    if kind == "skewed":
        ahead = now + _DAY
        return {
            "Date": formatdate(ahead, usegmt=True),
            "Retry-After": formatdate(ahead + seconds, usegmt=True),
        }
    fixed = {"huge": "86400", "negative": "-5", "garbage": "soon, perhaps"}
    return {"Retry-After": fixed.get(kind, kind)}


async def _status(exchange: Exchange) -> Outcome:
    """Answer with the status that the argument is, or that it describes.

    Members: status, retry_after, seconds, retry_after_custom, msg, sdk_error_code, shape; any
    other name is a header.
    """
    known = {
        "status",
        "retry_after",
        "seconds",
        "retry_after_custom",
        "msg",
        "sdk_error_code",
        "shape",
    }
    status = int(float(exchange.member("status") or exchange.number(503)))
    headers: dict[str, str] = {}
    kind = exchange.member("retry_after")
    if kind is not None:
        headers |= _retry_after(kind, float(exchange.member("seconds") or 2))
    custom = exchange.member("retry_after_custom")
    if custom is not None:
        headers["Retry-After-Custom"] = f"{custom}"
    argument = exchange.rule.argument
    if not isinstance(argument, (str, int, float)) and argument is not None:
        headers |= {name: str(value) for name, value in argument.items() if name not in known}
    message = str(exchange.member("msg") or f"scripted status {status}")
    code = int(exchange.member("sdk_error_code") or 0)
    shape = str(exchange.member("shape") or "")
    return exchange.refuse(ApiError(status, message, code, shape), headers)


async def _storm(exchange: Exchange) -> Outcome:
    """Answer with 429 and Retry-After: 1 at the chance that the argument gives."""
    if exchange.random.random() < exchange.number(0.5):
        return exchange.refuse(ApiError(429, "Too many requests"), {"Retry-After": "1"})
    return await exchange.clean({})


async def _error_200(exchange: Exchange) -> Outcome:
    """Answer 200 with an error document; the argument is its code."""
    code = int(exchange.number(400))
    refused = exchange.refuse(ApiError(code, "scripted error", 90211), {})
    return replace(refused, status=200)


def _fixed(status: int, headers: dict[str, str], body: bytes) -> Fault:
    async def fault(_exchange: Exchange) -> Outcome:
        return Answer(status, headers, body)

    return fault


async def _octet(exchange: Exchange) -> Outcome:
    answer = await exchange.clean({})
    return replace(answer, headers={**answer.headers, "Content-Type": "application/octet-stream"})


async def _slow_start(exchange: Exchange) -> Outcome:
    await asyncio.sleep(exchange.number(0.3))
    return await exchange.clean({})


async def _redirect(exchange: Exchange) -> Outcome:
    """Redirect to a URL, or to loop, file, userinfo, crlf, none, link_local, storage.

    The argument is the target, or the members `to` and `status` (302 unless given).
    """
    target = str(exchange.member("to") or exchange.text("loop"))
    status = int(float(exchange.member("status") or 302))
    request = exchange.request
    root = f"{request.scheme}://{request.headers.get('Host', '')}"
    named: dict[str, str | None] = {
        "loop": f"{root}{request.path_qs}",
        "file": "file:///etc/passwd",
        "userinfo": f"{request.scheme}://user:password@{request.headers.get('Host', '')}/",
        "crlf": f"{root}/%0d%0aX-Injected:%20yes",
        "link_local": "http://169.254.169.254/latest/meta-data/",
        "storage": f"{exchange.storage_url}{request.path_qs}" if exchange.storage_url else None,
        "none": None,
    }
    location = named.get(target, target)
    return Answer(status, {} if location is None else {"Location": location})


async def _etag_change(exchange: Exchange) -> Outcome:
    """Answer as if the file had been replaced: other bytes, other tag, no range continued."""
    headers = exchange.request.headers
    if "If-Match" in headers:
        return exchange.refuse(ApiError(412, "At least one of the preconditions did not hold"), {})
    drop = {"range": None, "if-range": None} if "If-Range" in headers else {}
    answer = await exchange.clean(drop)
    if not isinstance(answer.body, ContentSlice):
        return answer
    tag = f'"{exchange.text("changed")}"'
    body = replace(answer.body, inverted=True)
    return Answer(answer.status, {**answer.headers, "ETag": tag}, body)


async def _range_ignored(exchange: Exchange) -> Outcome:
    return await exchange.clean({"range": None, "if-range": None})


async def _range_mismatch(exchange: Exchange) -> Outcome:
    """Name another start than that of the bytes sent, off by the argument."""
    shift = int(exchange.number(1))
    return await _content_range(
        exchange, lambda start, stop, total: (start + shift, stop + shift, total)
    )


async def _range_short_total(exchange: Exchange) -> Outcome:
    """Name a total that is smaller than the file by the argument."""
    less = int(exchange.number(1))
    return await _content_range(exchange, lambda start, stop, total: (start, stop, total - less))


async def _content_range(
    exchange: Exchange, change: Callable[[int, int, int], tuple[int, int, int]]
) -> Outcome:
    answer = await exchange.clean({})
    match = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", answer.headers.get("Content-Range", ""))
    if match is None:
        return answer
    start, stop, total = change(int(match[1]), int(match[2]), int(match[3]))
    span = {"Content-Range": f"bytes {start}-{stop}/{total}"}
    return replace(answer, headers={**answer.headers, **span})


async def _no_etag(exchange: Exchange) -> Outcome:
    answer = await exchange.clean({})
    kept = {name: value for name, value in answer.headers.items() if name != "ETag"}
    return replace(answer, headers=kept)


async def _weak_etag(exchange: Exchange) -> Outcome:
    answer = await exchange.clean({})
    tag = answer.headers.get("ETag")
    return replace(answer, headers={**answer.headers, "ETag": f"W/{tag}"}) if tag else answer


async def _flip_byte(exchange: Exchange) -> Outcome:
    """Change one byte of the body, in the middle or at the position of the argument."""
    answer = await exchange.clean({"accept-encoding": "identity"})
    body = bytearray(answer.read())
    if body:
        at = int(exchange.number(len(body) // 2)) % len(body)
        body[at] ^= 0xFF
    return answer.with_body(bytes(body))


async def _huge_header(exchange: Exchange) -> Outcome:
    answer = await exchange.clean({})
    size = int(exchange.number(100_000))
    return replace(answer, headers={**answer.headers, "X-Huge": "x" * size})


async def _many_headers(exchange: Exchange) -> Outcome:
    answer = await exchange.clean({})
    count = int(exchange.number(5_000))
    extra = {f"X-Header-{at}": "value" for at in range(count)}
    return replace(answer, headers={**answer.headers, **extra})


HTTP_FAULTS: dict[str, Fault] = {
    "status": _status,
    "storm429": _storm,
    "error_200": _error_200,
    "html_login": _fixed(200, _HTML, _LOGIN),
    "html_502": _fixed(502, _HTML, _BAD_GATEWAY),
    "no_content": _fixed(204, {}, b""),
    "empty_200": _fixed(200, {"Content-Type": "application/json"}, b""),
    "json_as_octet": _octet,
    "slow_start": _slow_start,
    "redirect": _redirect,
    "etag_change": _etag_change,
    "range_ignored": _range_ignored,
    "range_mismatch": _range_mismatch,
    "range_short_total": _range_short_total,
    "no_etag": _no_etag,
    "weak_etag": _weak_etag,
    "flip_byte": _flip_byte,
    "huge_header": _huge_header,
    "many_headers": _many_headers,
}
"""Fault by name."""
