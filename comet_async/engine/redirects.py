"""Redirects, followed by hand: where to, with which headers, and what is refused.

HTTP clients drop `Authorization` on the way to another origin, but no header of another name, and
no client knows which addresses a public service must not lead to.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

import msgspec

from comet_async.engine.transport import HttpRequest
from comet_async.errors import RedirectError
from comet_async.redaction import bare_url, shortened

__all__ = ["MAX_HOPS", "REDIRECTS", "RESULTS", "next_hop", "origin"]

MAX_HOPS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})
RESULTS = frozenset({302, 303})
"""Redirects that may lead to the result of what was done; after the others nothing was."""

_DEFAULT_PORTS = {"http": 80, "https": 443}
_CARRIED = frozenset({"accept", "accept-encoding", "user-agent", "range", "if-range", "if-match"})


def origin(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port of an absolute URL.

    Raises:
        RedirectError: The text is no URL.
    """
    parts = _split(url)
    return parts.scheme, parts.hostname or "", parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)


def next_hop(
    request: HttpRequest,
    status: int,
    location: str | None,
    *,
    allow_private: bool,
    private: Callable[[str], bool],
) -> HttpRequest:
    """Return the request that a redirect leads to.

    On the way to another origin only neutral headers go along. User name and password in the
    target are dropped; the rest of it stays as sent, byte for byte, since it may be signed.

    Args:
        request: The hop that was answered with a redirect.
        status: Its status, one of `REDIRECTS`.
        location: Its Location header.
        allow_private: Whether the target may be a private address.
        private: Tells private literal addresses.

    Raises:
        RedirectError: No or unusable target, https to http, a private target, or a body that would
            go to another origin.
    """
    target = _target(request.url, location)
    url = urlunsplit(target)
    came_from = origin(request.url)
    leaves = origin(url) != came_from
    if came_from[0] == "https" and target.scheme == "http":
        raise RedirectError(f"redirect from https to plain http refused: {bare_url(url)}")
    if leaves and not allow_private and private(target.hostname or ""):
        raise RedirectError(f"redirect into a private network refused: {bare_url(url)}")
    method, body = _method_and_body(request, status, url, leaves=leaves)
    headers = request.headers
    if leaves:
        headers = tuple(pair for pair in headers if pair[0].lower() in _CARRIED)
    return msgspec.structs.replace(
        request,
        method=method,
        url=url,
        body=body,
        upload=request.upload if method == request.method else None,
        headers=headers,
        public_only=request.public_only or (leaves and not allow_private),
    )


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise RedirectError(f"unusable redirect target {shortened(bare_url(url))!r}") from None
    return parts


def _target(base: str, location: str | None) -> SplitResult:
    if not location:
        raise RedirectError("redirect without a Location")
    if any(ord(char) <= 0x20 or ord(char) == 0x7F for char in location):  # noqa: PLR2004 ASCII
        raise RedirectError("redirect target with white space or control characters")
    try:
        url = urljoin(base, location)
    except ValueError:
        raise RedirectError(f"unusable redirect target {bare_url(location)!r}") from None
    parts = _split(url)
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise RedirectError(f"redirect to an unusable target {shortened(bare_url(location))!r}")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    netloc = f"{host}:{parts.port}" if parts.port else host
    return parts._replace(netloc=netloc, fragment="")


def _method_and_body(
    request: HttpRequest, status: int, url: str, *, leaves: bool
) -> tuple[str, bytes | None]:
    if request.method in {"GET", "HEAD"}:
        return request.method, request.body
    if status == 303:  # noqa: PLR2004 See Other: fetch the result by GET
        return "GET", None
    if leaves or status in {301, 302}:
        raise RedirectError(
            f"redirect of a {request.method} to {bare_url(url)} refused; set that as the base URL"
        )
    return request.method, request.body
