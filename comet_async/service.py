"""`Service`: all that a session must know of one API besides its endpoints.

Base URL, key hook, quotas and the reading of error bodies live here and nowhere else, so the engine
has no word of any vendor in it.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias
from urllib.parse import urlsplit

import msgspec

from comet_async.credentials import Credentials
from comet_async.errors import UsageError
from comet_async.redaction import bare_url
from comet_async.request import Request

__all__ = [
    "Limits",
    "Quota",
    "ServerMessage",
    "Service",
    "Tls",
    "checked_base_url",
    "service_named",
]


class Quota(msgspec.Struct, frozen=True):
    """At most `limit` requests in any `window` seconds."""

    limit: int
    window: float

    def __post_init__(self) -> None:
        if self.limit < 1 or not self.window > 0:
            raise UsageError(f"a quota needs limit >= 1 and window > 0, not {self}")


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How hard a service may be driven.

    Attributes:
        quotas: Exact limits over sliding windows, all of which hold.
        rate: Requests per second in the long run, for smoothing; None for no smoothing.
        burst: Requests that may start at once after a quiet time.
        concurrency: Requests under way at once; lowered on throttling, then recovered.
    """

    quotas: tuple[Quota, ...] = ()
    rate: float | None = None
    burst: int = 1
    concurrency: int = 64

    def __post_init__(self) -> None:
        if self.concurrency < 1 or self.burst < 1 or (self.rate is not None and self.rate <= 0):
            raise UsageError("limits need concurrency >= 1, burst >= 1 and rate > 0")


class ServerMessage(msgspec.Struct, frozen=True):
    """What a service says in place of data.

    Attributes:
        text: The sentence, as sent.
        code: The service's own error code, if any.
        failed: Whether it says that the request failed (else: that there is nothing to send).
        request_id: The server's own id of the exchange, where the message has it.
    """

    text: str
    code: int | None = None
    failed: bool = True
    request_id: str | None = None


Tls: TypeAlias = ssl.SSLContext | str | None
"""An SSL context, the path of a CA bundle, or None for the system's own CAs."""


def _default_bucket(request: Request[object]) -> str:
    del request
    return "default"


def _no_message(body: bytes) -> None:
    del body


def _no_advice(request: Request[object], status: int) -> str | None:
    del request, status
    return None


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """Profile of one API at one base URL.

    Attributes:
        name: What requests call it, as "comet".
        base_url: Root in front of every path template, without a slash at the end.
        credentials: Hook asked for the key at each attempt; None sends none.
        auth_header: Header that carries the key.
        auth_prefix: Text before the key in it, as "Bearer ".
        headers: Further headers for every request; not sent to another origin.
        limits: Limits by bucket; "default" serves every bucket without an entry.
        bucket_of: Which bucket a request draws from.
        read_message: Finds the service's message object in a body; None when it is none.
        read_refusal: Finds the message in the body of a status that says no; None to ask
            `read_message`.
        advice: What to add to the message of a status that a request met; None for nothing.
        keep_connections: Whether a connection serves one request after another; False where a proxy
            drops idle ones, so that a write could not tell whether it had arrived.
        retry_after_headers: Headers that hold a wait, in order of preference.
        request_id_header: Header that holds the server's id of an exchange.
        tls: CA bundle or context.
        proxy: Proxy URL; None for none. The environment is never read here.
        allow_private_redirects: Follow redirects from a public service into private networks.
        public_only: Connect to public addresses only, whatever the name resolves to.
    """

    name: str
    base_url: str
    credentials: Credentials | None = None
    auth_header: str = "Authorization"
    auth_prefix: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    limits: Mapping[str, Limits] = msgspec.field(default_factory=lambda: {"default": Limits()})
    bucket_of: Callable[[Request[object]], str] = _default_bucket
    read_message: Callable[[bytes], ServerMessage | None] = _no_message
    read_refusal: Callable[[bytes], ServerMessage | None] | None = None
    advice: Callable[[Request[object], int], str | None] = _no_advice
    keep_connections: bool = True
    retry_after_headers: tuple[str, ...] = ("Retry-After",)
    request_id_header: str = "X-Request-Id"
    tls: Tls = None
    proxy: str | None = None
    allow_private_redirects: bool = False
    public_only: bool = False

    def __post_init__(self) -> None:
        checked_base_url(self.base_url)
        if self.base_url.endswith("/"):
            raise UsageError(f"the base URL {bare_url(self.base_url)} must not end with a slash")

    def limits_of(self, bucket: str) -> Limits:
        """Return the limits of a bucket."""
        found = self.limits.get(bucket) or self.limits.get("default")
        return found if found is not None else Limits()

    def with_limits(self, limits: Limits) -> Service:
        """Return the same profile with one set of limits for everything."""
        return msgspec.structs.replace(self, limits={"default": limits})

    def __repr__(self) -> str:
        return f"<Service {self.name} {bare_url(self.base_url)}>"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return [("name", self.name), ("base_url", bare_url(self.base_url))]


def service_named(services: Iterable[Service], name: str) -> Service | None:
    """Return the first of some profiles that has this name; None where none has."""
    return next((service for service in services if service.name == name), None)


def checked_base_url(url: str) -> str:
    """Return `url` when it can be a service's root.

    Raises:
        UsageError: It is not http or https, has no host, or carries credentials or a query.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
        _ = parts.port
    except ValueError:
        raise UsageError(f"{bare_url(url)} is not a URL") from None
    if not usable:
        raise UsageError(f"{bare_url(url) or 'an empty text'} is no base URL; use https://HOST")
    if parts.username or parts.password:
        raise UsageError(f"{bare_url(url)}: leave credentials out of the base URL")
    if parts.query or parts.fragment:
        raise UsageError(f"{bare_url(url)}: a base URL has no query or fragment")
    return url
