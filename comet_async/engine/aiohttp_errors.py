"""aiohttp's errors as our own: text and class only, nothing of the original object.

The repr of several aiohttp errors holds the request's headers, so the key (aiohttp issue 8402).
"""

from __future__ import annotations

import ssl

import aiohttp
from yarl import URL

from comet_async.engine.transport import HttpRequest, StaleConnection
from comet_async.errors import (
    BodyTruncated,
    ConnectError,
    ConnectionLost,
    ProtocolError,
    ProxyError,
    RedirectError,
    RequestTimeout,
    TlsError,
    TransportError,
)
from comet_async.redaction import shortened

__all__ = [
    "DROPS",
    "Dropped",
    "PrivateAddressError",
    "ProxyFailed",
    "dropped",
    "mapped",
    "mapped_in_body",
    "unreadable",
]


_CHUNK = "chunk "
"""In the parser's messages on bad chunks that come together with the headers (aiohttp 3.14)."""


class Dropped(aiohttp.ClientError):
    """A broken connection, in a class that aiohttp does not repeat on its own.

    `stale` tells that the connection had been kept from an earlier request and that nothing of an
    answer to this one came.
    """

    def __init__(self, reason: str, *, stale: bool) -> None:
        super().__init__(reason)
        self.stale = stale


DROPS = (
    aiohttp.ClientOSError,
    aiohttp.ClientConnectionResetError,
    aiohttp.ServerDisconnectedError,
)
"""How aiohttp says that a connection broke."""


def dropped(error: Exception, *, reused: bool) -> Dropped:
    """Return a broken connection as `Dropped`.

    Args:
        error: One of `DROPS`.
        reused: Whether the connection had been kept from an earlier request.
    """
    begun = isinstance(error, aiohttp.ServerDisconnectedError) and not isinstance(
        error.message, str
    )
    return Dropped(type(error).__name__, stale=reused and not begun)


class ProxyFailed(aiohttp.ClientError):
    """A proxy that refused, or broke off before there was a way through it."""


class PrivateAddressError(OSError):
    """A name of the outside world that resolves into a private network."""


_OF_THE_PROXY = (aiohttp.ClientHttpProxyError, aiohttp.ClientProxyConnectionError, ProxyFailed)


def mapped(
    error: aiohttp.ClientError | OSError | ValueError, request: HttpRequest, *, proxied: bool
) -> TransportError:
    """Return our error for one raised before the headers were there."""
    place = _place(request)
    if isinstance(error, _OF_THE_PROXY):
        status = getattr(error, "status", None)
        told = f"it answered {status}" if status else shortened(str(error), 60)
        reason = "" if isinstance(error, aiohttp.ClientProxyConnectionError) else f" ({told})"
        return ProxyError(f"the proxy gave no connection to {place}{reason}")
    if isinstance(error, (aiohttp.ClientSSLError, ssl.SSLError)):
        return TlsError(f"no trusted TLS connection to {place}: {_reason(error)}")
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        slow = RequestTimeout(f"no connection to {place} in {request.timeouts.connect:g} s")
        slow.sent = False
        return slow
    if isinstance(error, aiohttp.ClientConnectorError):
        return _unconnected(error, place, proxied=proxied)
    return mapped_in_body(error)


def _unconnected(
    error: aiohttp.ClientConnectorError, place: str, *, proxied: bool
) -> TransportError:
    if isinstance(error.os_error, PrivateAddressError):
        return RedirectError(f"redirect to {place} refused: it is in a private network")
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return ConnectError(f"cannot resolve the host of {place}")
    kind = ProxyError if proxied else ConnectError
    return kind(f"cannot connect to {place}: {_reason(error)}")


def mapped_in_body(error: aiohttp.ClientError | OSError | ValueError) -> TransportError:
    """Return our error for one raised once a connection stood."""
    if isinstance(error, aiohttp.ClientPayloadError):
        return BodyTruncated("the body ended early or is malformed")
    if isinstance(error, TimeoutError):
        return RequestTimeout("the server sent nothing for too long, or not fast enough")
    if isinstance(error, (aiohttp.ClientResponseError, aiohttp.InvalidURL)):
        return unreadable(_reason(error))
    if isinstance(error, ValueError) and not isinstance(error, aiohttp.ClientError):
        return ProtocolError(f"the exchange is not acceptable HTTP ({type(error).__name__})")
    if isinstance(error, Dropped) and error.stale:
        return StaleConnection("the server closed a kept connection as it was used again")
    return ConnectionLost("the connection broke before the answer was whole")


def unreadable(message: str) -> TransportError:
    """Return our error for what the parser says of an answer that it cannot read."""
    if _CHUNK in message:
        return BodyTruncated("the body is malformed")
    return ProtocolError(f"the answer is not acceptable HTTP ({shortened(message, 160)})")


def _place(request: HttpRequest) -> str:
    url = URL(request.url, encoded=True)
    return f"{url.host}:{url.port}"


def _reason(error: BaseException) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return shortened(str(error.certificate_error), 160)
    os_error = getattr(error, "os_error", error)
    if isinstance(os_error, OSError):
        return shortened(os_error.strerror or type(os_error).__name__, 160)
    return shortened(getattr(error, "message", "") or type(error).__name__, 160)
