"""`Request[T]`: one exchange as an immutable value, and `Effect`, what sending it does.

An endpoint is a function that returns such a value; nothing happens until a session is given it.
The value holds no host, key or limit, so its repr, pickle and fingerprint cannot leak one.
"""

from __future__ import annotations

import enum
import hashlib
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeAlias, TypeVar
from urllib.parse import quote

import msgspec

from comet_async.errors import UsageError
from comet_async.redaction import mask, shortened
from comet_async.upload import Upload

__all__ = ["Blob", "Effect", "Pairs", "QueryValue", "Request", "Scalar", "build"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
U = TypeVar("U")

Pairs: TypeAlias = tuple[tuple[str, str], ...]
Scalar: TypeAlias = str | int | float | bool
QueryValue: TypeAlias = Scalar | Iterable[str] | None


class Effect(enum.Enum):
    """What a repetition would do; the HTTP method never decides this."""

    READ = "read"
    """Changes nothing."""
    IDEMPOTENT = "idempotent"
    """Leaves the same state when repeated."""
    APPEND = "append"
    """Adds something each time: repeated only when the server cannot have acted."""


class Blob(msgspec.Struct, frozen=True):
    """Octets held in memory, as `Session.send` returns them; `Session.download` streams them.

    Attributes:
        data: The body, decompressed.
        content_type: The server's Content-Type, if it sent one.
        etag: The server's ETag as sent, if any.
    """

    data: bytes
    content_type: str | None = None
    etag: str | None = None

    def __repr__(self) -> str:
        return f"<Blob {len(self.data)} bytes, {self.content_type or 'no type'}>"


class Request(msgspec.Struct, Generic[T_co], frozen=True, kw_only=True, gc=False):
    """One exchange with a service.

    Attributes:
        service: Name of the service profile that serves it, as "comet".
        method: HTTP method.
        path: Template as the vendor prints it, as "/api/jobs/{jobId}".
        answer: Type of the answer: a struct, list, dict, None, bytes, or `Blob` for octets.
        effect: What a repetition would do.
        path_params: Values for the template, unquoted.
        query: Query members in order; names may repeat.
        body: Encoded body, if any.
        content_type: Its media type.
        upload: A body that is read as it is sent, in place of `body`.
        key_member: Member of the body's JSON object in which the service wants the key once more;
            it is filled in as the request leaves, never here.
        timeout: Seconds for the whole exchange, over the session's default; None for that default,
            which does not bound how long an upload takes.
        tap: Told of the body of the answer that is returned, keys masked; None for nobody.
    """

    service: str
    method: str
    path: str
    answer: type[T_co]
    effect: Effect
    path_params: Pairs = ()
    query: Pairs = ()
    body: bytes | None = None
    content_type: str | None = None
    upload: Upload | None = None
    key_member: str | None = None
    timeout: float | None = None
    tap: Callable[[bytes], None] | None = None

    def tapped(self, tap: Callable[[bytes], None]) -> Request[T_co]:
        """Return the same request, of whose answer `tap` is told, in whichever thread."""
        return msgspec.structs.replace(self, tap=tap)

    def with_timeout(self, seconds: float) -> Request[T_co]:
        """Return the same request with `seconds` for the whole exchange.

        Raises:
            UsageError: `seconds` is not positive.
        """
        if not seconds > 0:
            raise UsageError(f"a timeout must be above 0 s, not {seconds}")
        return msgspec.structs.replace(self, timeout=float(seconds))

    def returning(self, answer: type[U]) -> Request[U]:
        """Return the same request with another answer type, as `bytes` for the body itself."""
        changed: Request[U] = msgspec.structs.replace(self, answer=answer)  # type: ignore[arg-type]  # the type parameter changes with the field
        return changed

    @property
    def fingerprint(self) -> str:
        """32 hex digits that are equal for requests that ask the same of the same service.

        BLAKE2b over service, method, template, parameters and body, of a file its name and size;
        timeout and answer type have no part in it. Stable across processes and releases.
        """
        digest = hashlib.blake2b(digest_size=16)
        pairs = (*self.path_params, ("", ""), *self.query)
        for text in (self.service, self.method, self.path, *(t for pair in pairs for t in pair)):
            raw = text.encode("utf-8", "surrogatepass")
            digest.update(len(raw).to_bytes(8, "big") + raw)
        digest.update(self.body or b"")
        if self.upload is not None:
            digest.update(self.upload.identity)
        return digest.hexdigest()

    @property
    def target(self) -> str:
        """Path and query as they go on the wire, percent-encoded.

        Raises:
            UsageError: A value is no valid Unicode text.
        """
        path = self.path
        for name, value in self.path_params:
            path = path.replace("{" + name + "}", _quoted(value))
        if not self.query:
            return path
        return path + "?" + "&".join([f"{_quoted(k)}={_quoted(v)}" for k, v in self.query])

    def __repr__(self) -> str:
        told = "".join(
            f" {shortened(name, 40)}={shortened(mask(value), 60)}"
            for name, value in (*self.path_params, *self.query)
        )
        size = f" body {len(self.body)} bytes" if self.body is not None else ""
        if self.upload is not None:
            size = f" {self.upload!r}"
        return f"<Request {self.method} {self.path}{told}{size} ({self.service})>"


def _quoted(text: str) -> str:
    if text.isascii() and text.isalnum():
        return text
    try:
        return quote(text, safe="")
    except UnicodeEncodeError:
        raise UsageError(f"{shortened(text, 60)} is not valid Unicode text") from None


def _text(name: str, value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value):
        raise UsageError(f"{name} is {value}; give a finite number")
    try:
        return str(value)
    except ValueError:
        raise UsageError(f"{name} is a number of too many digits") from None


def _encoded(path: str, json: object) -> bytes:
    try:
        return msgspec.json.encode(json)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        told = shortened(str(error), 160)
        raise UsageError(f"{path}: no JSON can be made of the body: {told}") from None


def _query_pairs(query: Mapping[str, QueryValue]) -> Pairs:
    pairs: list[tuple[str, str]] = []
    for name, value in query.items():
        if value is None:
            continue
        if isinstance(value, str):
            pairs.append((name, value))
        elif isinstance(value, (bool, int, float)):
            pairs.append((name, _text(name, value)))
        else:
            pairs.extend((name, item) for item in value)
    return tuple(pairs)


def _path_pairs(path: str, params: Mapping[str, str]) -> Pairs:
    for name, value in params.items():
        if "{" + name + "}" not in path:
            raise UsageError(f"{path} has no parameter {name}")
        if value in {"", ".", ".."}:
            raise UsageError(f"{path}: {name} is {value!r}; give a name or an id")
    missing = path.count("{") - len(params)
    if missing:
        raise UsageError(f"{path} lacks {missing} of its parameters")
    return tuple(params.items())


def build(
    service: str,
    method: str,
    path: str,
    answer: type[T],
    effect: Effect,
    *,
    path_params: Mapping[str, str] | None = None,
    query: Mapping[str, QueryValue] | None = None,
    json: object = None,
    upload: Upload | None = None,
) -> Request[T]:
    """Return a request from plain values; a catalogue's `read` and `write` are built on it.

    Args:
        service: Name of the service profile.
        method: HTTP method.
        path: Template; `{name}` stands for one path segment.
        answer: Type of the answer.
        effect: What a repetition would do.
        path_params: A value for each `{name}`, unquoted.
        query: Members by wire name; None is not sent, a bool is sent in lower case, a list repeats
            the name.
        json: A value to send as JSON; members that are None inside a dict are sent as null, and so
            are NaN and infinities.
        upload: A file or form to send in its place.

    Raises:
        UsageError: A path parameter is empty, missing or unknown, a number of the query is not
            finite, or no JSON can be made of the body.
    """
    return Request(
        service=service,
        method=method,
        path=path,
        answer=answer,
        effect=effect,
        path_params=_path_pairs(path, path_params or {}) if path_params or "{" in path else (),
        query=_query_pairs(query) if query else (),
        body=_encoded(path, json) if json is not None else None,
        content_type="application/json" if json is not None else None,
        upload=upload,
    )
