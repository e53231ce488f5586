"""The exception tree: what went wrong with which request, and what to do about it.

Every error names the endpoint by method and template, carries the attempts that were made, pickles,
and holds neither a key nor an object of the HTTP library. `str(error)` is one line.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import msgspec

from comet_async.redaction import shortened

if TYPE_CHECKING:
    from comet_async.request import Request

__all__ = [
    "ArchiveError",
    "Attempt",
    "AuthenticationError",
    "BadRequestError",
    "BodyTooLarge",
    "BodyTruncated",
    "ClientError",
    "CometAsyncError",
    "ConflictError",
    "ConnectError",
    "ConnectionLost",
    "DecodeError",
    "DestinationError",
    "EmptyAnswer",
    "HarvestError",
    "LedgerError",
    "LinkError",
    "MessageInsteadOfData",
    "NotFoundError",
    "NotJson",
    "OutcomeUnknown",
    "PartError",
    "PermissionDeniedError",
    "ProtocolError",
    "ProxyError",
    "RangeRefused",
    "RateLimitError",
    "RedirectError",
    "RequestTimeout",
    "ResponseError",
    "ServerError",
    "SourceError",
    "StatusError",
    "TlsError",
    "TransportError",
    "UsageError",
    "may_have_acted",
    "status_error",
]


class Attempt(msgspec.Struct, frozen=True):
    """One try at a request.

    Attributes:
        at: Seconds since the call began.
        outcome: The status or the kind of failure, in a word or two.
        delay: Seconds waited before the next try; None after the last.
    """

    at: float
    outcome: str
    delay: float | None = None


class CometAsyncError(Exception):
    """Base of every error that this package raises on purpose.

    Args:
        message: What happened, in one sentence.
        request: The request, where there was one.
        status: HTTP status of the last answer, if any.
        body_head: First 2 KiB of the last answer's body, secrets masked.
        attempts: What was tried, in order.
        request_id: The server's own id of the exchange, if it gave one.
        code: The service's own error code (Comet: sdk_error_code), if it gave one.
    """

    remedy: ClassVar[str] = ""

    def __init__(
        self,
        message: str = "",
        *,
        request: Request[object] | None = None,
        status: int | None = None,
        body_head: bytes = b"",
        attempts: tuple[Attempt, ...] = (),
        request_id: str | None = None,
        code: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.request = request
        self.status = status
        self.body_head = body_head
        self.attempts = attempts
        self.request_id = request_id
        self.code = code

    def __str__(self) -> str:
        parts: list[str] = []
        if self.request is not None:
            parts.append(f"{self.request.method} {self.request.path}:")
        if self.status is not None:
            parts.append(f"answered {self.status}:")
        parts.append(shortened(self.message, 400) or type(self).__name__)
        if len(self.attempts) > 1:
            parts.append(f"({len(self.attempts)} attempts)")
        if self.remedy:
            parts.append(f"- {self.remedy}")
        return " ".join(parts)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self}>"

    def _render_traceback_(self) -> list[str]:
        from comet_async.tracebacks import rendered  # noqa: PLC0415 only IPython asks

        return rendered(self)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), dict(self.__dict__))


def _rebuild(kind: type[CometAsyncError], state: Mapping[str, object]) -> CometAsyncError:
    error = kind.__new__(kind)
    Exception.__init__(error, state.get("message", ""))
    error.__dict__.update({k: v for k, v in state.items() if not k.startswith("__")})
    return error


class UsageError(CometAsyncError, ValueError):
    """The call cannot be meant as it stands; raised before any I/O."""


class DestinationError(CometAsyncError):
    """A local file or folder cannot be written; nothing partial was left in its place."""

    remedy = "check the folder, its permissions and the free space, then run again"


class SourceError(CometAsyncError):
    """A local file to upload vanished or changed meanwhile; the server never got all of it."""

    remedy = "let nothing write to the file, and make the request anew"


class TransportError(CometAsyncError):
    """No usable HTTP answer arrived.

    `sent` is False when it is certain that no byte of the request left.
    """

    sent: bool = True


class ConnectError(TransportError):
    """No connection could be made, so nothing was sent."""

    sent = False
    remedy = "check the URL, the network and the proxy"


class ProxyError(ConnectError):
    """The proxy refused, failed or died."""

    remedy = "check the proxy's address and credentials"


class TlsError(TransportError):
    """The server's certificate or its TLS is not acceptable; never retried."""

    sent = False
    remedy = "check the host name, or name your own CA bundle"


class RequestTimeout(TransportError):
    """The server was too slow: to connect, to begin its answer, or in bytes per second."""

    remedy = "try again, or give the request more time with with_timeout()"


class ConnectionLost(TransportError):
    """The connection broke before the answer was whole."""


class ProtocolError(TransportError):
    """What came back is not HTTP, or beyond the limits set for headers."""

    remedy = "check that the URL names the right service"


class RedirectError(TransportError):
    """A redirect that is not followed: loop, downgrade, private address, unusable target."""

    remedy = "check the server's storage settings"


class BodyTruncated(TransportError):
    """The body ended early, or its compression is broken."""


class RangeRefused(BodyTruncated):
    """The rest of a file that was begun did not come as it was asked for; it starts anew."""


class BodyTooLarge(TransportError):
    """The body, unpacked, is over the size cap."""

    remedy = "raise max_body_bytes if the answer is meant to be this large"


class StatusError(CometAsyncError):
    """The server answered with a status that says no.

    `retry_after` is the wait in seconds that the server asked for, if it did. `taken` is False when
    the answer came before the request's body had left whole: what the server lacks it did not do.
    """

    retry_after: float | None = None
    taken: bool = True


class ClientError(StatusError):
    """A 4xx status without a class of its own."""


class BadRequestError(ClientError):
    """400: the server does not accept the parameters (Comet: also an unknown experiment)."""

    remedy = "check keys and names"


class AuthenticationError(ClientError):
    """401: the key is missing, wrong or revoked; never retried."""

    remedy = "check the API key"


class PermissionDeniedError(ClientError):
    """403: the key is valid but may not do this."""

    remedy = "ask the owner of the workspace for access"


class NotFoundError(ClientError):
    """404: no such object or path."""

    remedy = "check keys and names"


class ConflictError(ClientError):
    """409: the object is in another state than the request needs."""


class RateLimitError(ClientError):
    """429: the quota is used up and waiting would exceed the budget."""

    remedy = "wait, or lower the rate"


class ServerError(StatusError):
    """Any 5xx status, after the retries."""

    remedy = "try again later"


class ResponseError(CometAsyncError):
    """The server answered 2xx, but not with what the endpoint promises."""


class DecodeError(ResponseError):
    """The body is not the JSON that the endpoint's answer type describes."""


class NotJson(ResponseError):
    """The body is another kind of document, as of a login page or a gateway."""

    remedy = "check the URL: this looks like a web page, not the API"


class EmptyAnswer(ResponseError):
    """The body is empty where data was promised."""


class MessageInsteadOfData(ResponseError):
    """The body is the service's message object (`msg`, `code`) in place of data."""


class OutcomeUnknown(CometAsyncError):
    """A write failed after its bytes had left: the server may or may not have acted."""

    remedy = "look at the server's state before you repeat it"


class HarvestError(CometAsyncError):
    """A harvest cannot go on."""


class LedgerError(HarvestError):
    """The harvest's ledger is damaged, of another version, or of another account."""


class PartError(HarvestError):
    """A part of the harvest could not be written or is not what the ledger says."""


class ArchiveError(HarvestError):
    """A zip archive cannot be expanded; nothing of it was."""


class LinkError(HarvestError):
    """A link to a file outside the service leads to nothing that may be fetched."""


_BY_STATUS: Mapping[int, type[StatusError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    429: RateLimitError,
}


def status_error(status: int) -> type[StatusError]:
    """Return the class for a status of 400 and above (anything else odd is a ServerError)."""
    found = _BY_STATUS.get(status)
    if found is not None:
        return found
    return ClientError if 400 <= status < 500 else ServerError  # noqa: PLR2004 HTTP's own classes


def may_have_acted(error: CometAsyncError) -> bool:
    """Tell whether the server may have done what a write asked for, by how the write has ended.

    It may have when its answer was lost or cannot be read, and when it is 408, a 5xx or a message
    of such a code, unless that came before the request had left whole. It has not when nothing had
    left, when it answered any other 4xx, and when its message in place of data says so.
    """
    if isinstance(error, TransportError):
        return error.sent
    if isinstance(error, StatusError):
        return error.taken and (error.status is None or error.status not in _REFUSED)
    if isinstance(error, MessageInsteadOfData):
        return error.code is None or (error.code < _OWN_CODES and error.code not in _REFUSED)
    return isinstance(error, (OutcomeUnknown, ResponseError))


_REFUSED = frozenset(range(400, 500)) - {408}
"""Statuses by which a server says that it did nothing."""

_OWN_CODES = 600
"""From here on codes of a message are the service's own, each for a refusal."""
