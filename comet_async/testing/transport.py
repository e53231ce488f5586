"""A transport without a network, which answers as it is told."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias
from urllib.parse import parse_qsl, urlsplit

import anyio
import msgspec

from comet_async.engine.transport import HttpAnswer, HttpRequest, filled_by_pieces
from comet_async.errors import BodyTooLarge, TransportError
from comet_async.service import Service

__all__ = ["Answer", "FakeStream", "FakeTransport", "Reply", "Scripted", "reply"]


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """One scripted answer; `reply()` builds it from handier values.

    Attributes:
        status: HTTP status.
        headers: By lower-case name.
        body: The body, decompressed.
        delay: Seconds before the answer begins.
        broken_by: Raised after the last piece of the body, as a connection that breaks.
        piece_size: Bytes of one piece when the body is streamed.
        peer: Address that the answer comes from.
    """

    status: int = 200
    headers: Mapping[str, str] = msgspec.field(default_factory=dict[str, str])
    body: bytes = b""
    delay: float = 0.0
    broken_by: TransportError | None = None
    piece_size: int = 65_536
    peer: str | None = None


Answer: TypeAlias = Reply | Exception
Scripted: TypeAlias = Answer | Callable[[HttpRequest], "Answer | Awaitable[Answer]"]
"""An answer, an error to raise, or a function (also asynchronous) from the request to one."""


def reply(
    *,
    status: int = 200,
    json: object = None,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    delay: float = 0.0,
    broken_by: TransportError | None = None,
    piece_size: int = 65_536,
) -> Reply:
    """Return a scripted answer.

    Args:
        status: HTTP status.
        json: A value to send as JSON; None sends `body`.
        body: The body as it is.
        headers: Further headers; Content-Type and Content-Length are filled in.
        delay: Seconds before the answer begins.
        broken_by: Raised after the last piece of the body.
        piece_size: Bytes of one piece when the body is streamed.

    Examples:
        >>> found = reply(status=429, json={"msg": "later"}, headers={"Retry-After": "2"})
        >>> found.body, found.headers["retry-after"], found.headers["content-type"]
        (b'{"msg":"later"}', '2', 'application/json')
    """
    octets = body if body is not None else b""
    kind = "application/octet-stream"
    if json is not None:
        octets, kind = msgspec.json.encode(json), "application/json"
    filled = {"content-type": kind, "content-length": str(len(octets))}
    filled.update({name.lower(): value for name, value in (headers or {}).items()})
    return Reply(
        status=status,
        headers=filled,
        body=octets,
        delay=delay,
        broken_by=broken_by,
        piece_size=piece_size,
    )


class _Rule:
    """Answers for one method and path template, in order; the last one stays."""

    def __init__(self, method: str, template: str, answers: tuple[Scripted, ...]) -> None:
        parts = re.split(r"\{[^/{}]+\}", template)
        pattern = "[^/]+".join(re.escape(part) for part in parts)
        self._path = re.compile(rf"(?:/.*)?{pattern}")
        self._method = method.upper()
        self._answers = list(answers)

    def serves(self, request: HttpRequest) -> bool:
        path = urlsplit(request.url).path
        return request.method == self._method and self._path.fullmatch(path) is not None

    def next_answer(self) -> Scripted:
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


class FakeStream:
    """A scripted answer whose body is read in pieces.

    Attributes:
        status: HTTP status.
        headers: By lower-case name.
        peer: Address that the answer comes from.
        closed: Whether it was closed.
    """

    def __init__(self, scripted: Reply) -> None:
        self.status = scripted.status
        self.headers: Mapping[str, str] = dict(scripted.headers)
        self.peer = scripted.peer
        self.closed = False
        self._reply = scripted
        self._read = 0
        self._rest = memoryview(b"")

    async def read_some(self) -> bytes:
        """Return the next piece, empty at the end.

        Raises:
            TransportError: The script says that the connection breaks here.
        """
        await anyio.lowlevel.checkpoint()
        piece = self._reply.body[self._read : self._read + self._reply.piece_size]
        self._read += len(piece)
        if not piece and self._reply.broken_by is not None:
            raise self._reply.broken_by
        return piece

    async def read_into(self, buffer: memoryview) -> int:
        """Fill a buffer with the next bytes; fewer come at the end.

        Raises:
            TransportError: The script says that the connection breaks here.
        """
        filled, self._rest = await filled_by_pieces(self.read_some, buffer, self._rest)
        return filled

    async def aclose(self) -> None:
        """Note that it was closed."""
        self.closed = True


class FakeTransport:
    """A transport that answers from a script and sends nothing.

    It is its own factory: `Session(service, transport=fake)`. All that the engine does above the
    network is done: limits, retries, redirects, decoding, and the checks of downloads.

    Args:
        default: Answers what no rule serves; without it such a request is an AssertionError.

    Attributes:
        sent: Every hop asked for, in order, with method, URL, headers and body.
        streams: Every streamed answer, to see whether it was closed.
        closed: Whether the session closed it.

    Examples:
        >>> import asyncio
        >>> from comet_async import Session, comet
        >>> def by_key(request: HttpRequest) -> Reply:  # a function of the request
        ...     known = "experimentKey=known" in request.url
        ...     return reply(json={"values": []}) if known else reply(status=404)
        >>> fake = FakeTransport().on("GET", "/api/rest/v2/experiment/metrics/summary", by_key)
        >>> async def main() -> None:
        ...     async with Session(comet.service("any-key"), transport=fake) as session:
        ...         keys = ("known", "gone")
        ...         asked = ((key, comet.get_experiment_metrics_summary(key)) for key in keys)
        ...         found = await session.collect(asked)
        ...     print(sorted(found.ok), {key: type(e).__name__ for key, e in found.failed.items()})
        >>> asyncio.run(main())
        ['known'] {'gone': 'NotFoundError'}
        >>> fake.queries
        [[('experimentKey', 'known')], [('experimentKey', 'gone')]]
        >>> fake.closed
        True
    """

    def __init__(self, default: Scripted | None = None) -> None:
        self.sent: list[HttpRequest] = []
        self.streams: list[FakeStream] = []
        self.closed = False
        self._default = default
        self._rules: list[_Rule] = []

    def __call__(self, service: Service) -> FakeTransport:
        """Return itself, as a session asks for the transport of a service."""
        del service
        return self

    def on(self, method: str, template: str, *answers: Scripted) -> FakeTransport:
        """Answer requests for a method and path template; the latest rule that fits wins.

        Args:
            method: HTTP method.
            template: Path as the catalogue has it, `{name}` standing for one segment; a base
                URL's own path may stand before it.
            answers: Used one after the other; the last one stays.

        Returns:
            Itself.

        Raises:
            ValueError: There is no answer.

        Examples:
            >>> from comet_async.errors import ConnectionLost
            >>> fake = FakeTransport()
            >>> _ = fake.on("GET", "/api/x/{id}", reply(status=503), ConnectionLost("gone"))
            >>> _ = fake.on("POST", "/api/x", lambda request: reply(body=request.body))
        """
        if not answers:
            raise ValueError(f"{method} {template} needs an answer")
        self._rules.insert(0, _Rule(method, template, answers))
        return self

    @property
    def paths(self) -> list[str]:
        """Method and path of every hop, as "GET /api/rest/v2/workspaces"."""
        return [f"{sent.method} {urlsplit(sent.url).path}" for sent in self.sent]

    @property
    def queries(self) -> list[list[tuple[str, str]]]:
        """Query members of every hop, decoded."""
        return [parse_qsl(urlsplit(s.url).query, keep_blank_values=True) for s in self.sent]

    async def fetch(self, request: HttpRequest) -> HttpAnswer:
        """Return the scripted answer whole.

        Raises:
            TransportError: The script says so, or the body is over the cap.
            AssertionError: No rule serves the request.
        """
        found = await self._scripted(request)
        if found.broken_by is not None:
            raise found.broken_by
        if len(found.body) > request.max_body_bytes:
            raise BodyTooLarge(f"the body is over {request.max_body_bytes} bytes")
        return HttpAnswer(
            status=found.status,
            headers=dict(found.headers),
            body=found.body,
            received=len(found.body),
            peer=found.peer,
        )

    async def open(self, request: HttpRequest) -> FakeStream:
        """Return the scripted answer as a stream.

        Raises:
            TransportError: The script says so.
            AssertionError: No rule serves the request.
        """
        stream = FakeStream(await self._scripted(request))
        self.streams.append(stream)
        return stream

    async def aclose(self) -> None:
        """Note that it was closed."""
        self.closed = True

    async def _scripted(self, request: HttpRequest) -> Reply:
        self.sent.append(request)
        rule = next((rule for rule in self._rules if rule.serves(request)), None)
        found = rule.next_answer() if rule is not None else self._default
        if found is None:
            path = urlsplit(request.url).path
            raise AssertionError(f"no scripted answer for {request.method} {path}")
        await anyio.lowlevel.checkpoint()
        if not isinstance(found, (Reply, Exception)):
            made = found(request)
            found = await made if inspect.isawaitable(made) else made
        if isinstance(found, Exception):
            raise found
        if found.delay:
            await anyio.sleep(found.delay)
        return found
