"""What protects a local server from web pages: who may ask, from where, with how much."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import Collection
from typing import cast
from urllib.parse import urlsplit

from aiohttp import web

from comet_async.server.records import Json, JsonObject
from comet_async.server.replies import ApiError

__all__ = [
    "LOOPBACK",
    "check_origin",
    "inflated",
    "key_of",
    "parsed_body",
    "parsed_rows",
    "read_body",
]

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
"""Host names that a local server answers to."""


def _host_of(authority: str) -> str | None:
    """Return the host of `host:port` in lower case, or None when it is malformed."""
    if not authority or any(char in authority for char in "@/\\?# "):
        return None
    try:
        return urlsplit(f"//{authority}").hostname
    except ValueError:
        return None


def check_origin(request: web.BaseRequest, hosts: Collection[str]) -> None:
    """Refuse requests that a browser sends for a foreign page.

    Args:
        request: The request.
        hosts: Names that the server answers to.

    Raises:
        ApiError: The Host is foreign (a rebound DNS name), or the Origin is (another site's
            script or form).
    """
    authority = request.headers.get("Host", "")
    if _host_of(authority) not in hosts:
        raise ApiError(403, "Host is not allowed")
    origin = request.headers.get("Origin")
    if origin is not None and origin.lower() != f"{request.scheme}://{authority}".lower():
        raise ApiError(403, "cross-origin request refused")
    if request.headers.get("Sec-Fetch-Site", "none") not in {"none", "same-origin"}:
        raise ApiError(403, "cross-site request refused")


async def read_body(request: web.BaseRequest, limit: int, timeout: float) -> bytes:  # noqa: ASYNC109  a deadline for the peer
    """Return the request body.

    Args:
        request: The request.
        limit: Most bytes to take.
        timeout: Seconds for the whole body.

    Raises:
        ApiError: 413 for a larger body, 408 for a slower one.
    """
    if (request.content_length or 0) > limit:
        raise ApiError(413, f"body is larger than {limit} bytes")
    body = bytearray()
    try:
        async with asyncio.timeout(timeout):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > limit:
                    raise ApiError(413, f"body is larger than {limit} bytes")
    except TimeoutError:
        raise ApiError(408, "body took too long") from None
    return bytes(body)


def inflated(body: bytes, encoding: str, limit: int) -> bytes:
    """Return a body without its gzip form.

    Args:
        body: As it arrived.
        encoding: Content-Encoding of the request, "" for none.
        limit: Most bytes to return.

    Raises:
        ApiError: 400 for what is not gzip, 413 for more bytes than the limit, 415 for another
            encoding.
    """
    if encoding.lower() in {"", "identity"}:
        return body
    if encoding.lower() != "gzip":
        raise ApiError(415, "Content-Encoding must be gzip")
    unpacker = zlib.decompressobj(wbits=31)
    try:
        found = unpacker.decompress(body, limit)
    except zlib.error:
        raise ApiError(400, "body is not gzip") from None
    if unpacker.unconsumed_tail:
        raise ApiError(413, f"body is larger than {limit} bytes")
    if not unpacker.eof:
        raise ApiError(400, "body is not gzip")
    return found


def parsed_body(body: bytes) -> JsonObject:
    """Return a JSON body as an object; without a body, an empty one.

    Raises:
        ApiError: It is not JSON, or no object. Bare NaN and Infinity are allowed.
    """
    data = _parsed(body)
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ApiError(400, "body must be an object")
    return data


def parsed_rows(body: bytes) -> list[Json]:
    """Return a JSON body as a list.

    Raises:
        ApiError: It is not JSON, or no list.
    """
    data = _parsed(body)
    if not isinstance(data, list):
        raise ApiError(400, "body must be a list")
    return data


def _parsed(body: bytes) -> Json:
    """Return a JSON body, None without one."""
    if not body:
        return None
    try:
        data = cast("Json", json.loads(body))
    except (ValueError, RecursionError):
        raise ApiError(400, "body is not JSON") from None
    if data is None:
        raise ApiError(400, "body must be an object")
    return data


def key_of(
    request: web.BaseRequest,
    keys: Collection[str] | None,
    *,
    other: str = "",
    status: int = 401,
) -> str:
    """Return the caller's key.

    Args:
        request: The request.
        keys: Valid keys; None accepts any.
        other: A key that came in another place than the headers.
        status: Of the error for a key that is missing or wrong.

    Raises:
        ApiError: There is no key, or a wrong one.
    """
    key = request.headers.get("Authorization") or request.headers.get("Comet-Sdk-Api") or other
    if not key or (keys is not None and key not in keys):
        raise ApiError(status, "API key is not registered", 90212)
    return key
