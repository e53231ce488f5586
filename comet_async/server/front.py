"""What every local server does with a request: log, guards, rate limit, faults, sending.

It knows no service: how bodies are read and how errors look is given to it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from aiohttp import web

from comet_async.server.answers import Answer, ContentSlice, Refuse, compressed
from comet_async.server.connection import TimedRequestHandler
from comet_async.server.faults import Exchange, Faults
from comet_async.server.forms import Form
from comet_async.server.guard import LOOPBACK, check_origin
from comet_async.server.problems import ApiError
from comet_async.server.rate_limit import RateLimit
from comet_async.server.replies import Takes
from comet_async.server.request_log import LoggedRequest, RequestLog
from comet_async.server.upload_folder import DiskContent

__all__ = [
    "ELSEWHERE",
    "THREAD_FROM",
    "Bodies",
    "Body",
    "Front",
    "FrontSettings",
    "Incoming",
    "Respond",
    "Served",
    "template_of",
]

_LOG = logging.getLogger("comet_async.server")
ELSEWHERE = "/{path}"
"""Canonical form of the route of all paths that are none."""
THREAD_FROM = 1 << 20
"""Bytes from which work on a body is done in a thread."""
_LOGGED_BODY = 64 * 1024


@dataclass(frozen=True, slots=True)
class Body:
    """The body of a request, in memory or on disk.

    Attributes:
        octets: The whole body, of a form or a file nothing.
        form: A multipart form.
        file: A body that is one file.
    """

    octets: bytes = b""
    form: Form = field(default_factory=Form)
    file: DiskContent | None = None

    def identity(self) -> bytes:
        """Return what equal bodies have in common."""
        if self.file is not None:
            return self.file.etag.encode()
        return self.octets or self.form.digest()

    def stored(self) -> list[DiskContent]:
        """Return the files on disk."""
        return [*self.form.files.values(), *([self.file] if self.file else [])]


@dataclass(slots=True)
class Incoming:
    """One request, read.

    Attributes:
        request: As aiohttp has it.
        headers: By name in lower case, as a fault may have changed them.
        body: The whole body.
        number: Of the record in the log.
        applied: Whether it was a write that was done.
    """

    request: web.Request
    headers: Mapping[str, str]
    body: Body
    number: int
    applied: bool = False


Respond = Callable[[Incoming], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Served:
    """How one route is served.

    Attributes:
        respond: Makes the clean answer.
        takes: Body that it expects; forms and files go to disk.
        keyless: Whether it needs no key.
    """

    respond: Respond
    takes: Takes = Takes.OBJECT
    keyless: bool = False


@dataclass(slots=True)
class FrontSettings:
    """What a server allows, whatever its service.

    Attributes:
        hosts: Host names that the server answers to.
        max_body: Largest request body in bytes.
        body_timeout: Seconds for a request body.
        compression: Whether JSON is sent in gzip form to clients that accept it.
        storage_url: Origin of the storage listener; None when there is none.
    """

    hosts: Collection[str] = LOOPBACK
    max_body: int = 8 << 20
    body_timeout: float = 10.0
    compression: bool = True
    storage_url: str | None = None


class Bodies(Protocol):
    """How a service reads the bodies of requests."""

    async def read(self, request: web.Request, served: Served) -> Body:
        """Return the body of a request.

        Raises:
            ApiError: It is too large, too slow or malformed.
        """
        ...

    def discard(self, body: Body) -> None:
        """Forget a body that nothing was made of."""
        ...


@dataclass(slots=True)
class Front:
    """Shared state of the listeners of one server.

    Attributes:
        settings: What it allows.
        log: Where requests are recorded.
        faults: What is scripted.
        bodies: Reads bodies.
        refuse: Makes the answer of an error.
        rate_limit: The server's own limit.
    """

    settings: FrontSettings
    log: RequestLog
    faults: Faults
    bodies: Bodies
    refuse: Refuse
    rate_limit: RateLimit | None = None

    async def serve(
        self, request: web.Request, served: Served, listener: str
    ) -> web.StreamResponse:
        """Answer one request.

        Args:
            request: The request.
            served: Makes the clean answer.
            listener: api or storage; the rate limit is for api only.
        """
        connection = request.protocol
        if isinstance(connection, TimedRequestHandler):
            connection.request_begun()
        number = self.log.open(_record(request, listener))
        try:
            return await self._guarded(request, served, listener, number)
        except ConnectionError:
            raise
        except Exception as error:  # noqa: BLE001  one broken answer must not end the server
            _LOG.error("%s %s: %s", request.method, request.path, type(error).__name__)
            self.log.update(number, status=500)
            return await send(request, self.refuse(ApiError(500, "internal error"), {}))
        finally:
            if isinstance(connection, TimedRequestHandler):
                connection.request_ended()

    async def _guarded(
        self, request: web.Request, served: Served, listener: str, number: int
    ) -> web.StreamResponse:
        try:
            check_origin(request, self.settings.hosts)
            body = await self.bodies.read(request, served)
        except ApiError as error:
            answer = self.refuse(error, {})
            self.log.update(number, status=error.status)
            return await send(request, answer, close=True)
        self.log.update(number, body=body.octets[:_LOGGED_BODY])
        incoming = Incoming(request, {}, body, number)
        try:
            wait = self.rate_limit.check() if self.rate_limit and listener == "api" else None
            if wait is not None:
                self.log.update(number, status=429)
                refused = self.refuse(ApiError(429, "Too many requests"), {"Retry-After": wait})
                return await send(request, refused)
            return await self._faulted(incoming, served.respond)
        finally:
            if not incoming.applied:
                self.bodies.discard(body)

    async def _faulted(self, incoming: Incoming, respond: Respond) -> web.StreamResponse:
        request, number = incoming.request, incoming.number
        clean = partial(self._clean, incoming, respond)
        rule = self.faults.pick(request.method, request.path_qs, incoming.body.identity())
        if rule is None:
            answer = await clean({})
            self.log.update(number, status=answer.status)
            return await send(request, answer)
        self.log.update(number, fault=rule.fault)
        exchange = Exchange(
            request, rule, clean, self.refuse, self.settings.storage_url, self.faults.random
        )
        outcome = await self.faults.apply(exchange)
        self.log.update(number, status=outcome.status)
        return await send(request, outcome) if isinstance(outcome, Answer) else outcome

    async def _clean(
        self,
        incoming: Incoming,
        respond: Respond,
        overrides: Mapping[str, str | None],
    ) -> Answer:
        """Return the right answer.

        Args:
            incoming: The request.
            respond: Makes the answer.
            overrides: Request headers to replace, or to leave out when None.
        """
        headers = {name.lower(): value for name, value in incoming.request.headers.items()}
        for name, value in overrides.items():
            headers.pop(name, None)
            if value is not None:
                headers[name] = value
        try:
            incoming.headers = headers
            answer = await respond(incoming)
        except ApiError as error:
            answer = self.refuse(error, {})
        if self.settings.compression and answer.headers.get("Content-Type") == "application/json":
            return await _in_thread_if_large(answer, headers.get("accept-encoding", ""))
        return answer


async def _in_thread_if_large(answer: Answer, accept_encoding: str) -> Answer:
    if isinstance(answer.body, bytes) and len(answer.body) > THREAD_FROM:
        return await asyncio.to_thread(compressed, answer, accept_encoding)
    return compressed(answer, accept_encoding)


def _record(request: web.Request, listener: str) -> LoggedRequest:
    address = request.transport and request.transport.get_extra_info("sockname")
    return LoggedRequest(
        time=time.monotonic(),
        method=request.method,
        path=request.rel_url.raw_path,
        query=request.rel_url.raw_query_string,
        headers=tuple(request.headers.items()),
        listener=listener,
        port=address[1] if address else 0,
        template=template_of(request),
    )


def template_of(request: web.Request) -> str:
    """Return the path template of the route of a request, "" where there is none."""
    resource = request.match_info.route.resource
    template = resource.canonical if resource is not None else ""
    return "" if template == ELSEWHERE else template


async def send(request: web.Request, answer: Answer, *, close: bool = False) -> web.StreamResponse:
    """Send an answer and return the response.

    Args:
        request: The request.
        answer: What to send.
        close: Whether to close the connection afterwards, its body being unread.
    """
    headers = dict(answer.headers)
    if isinstance(answer.body, bytes):
        response: web.StreamResponse = web.Response(
            status=answer.status, body=answer.body, headers=headers
        )
        if close:
            response.force_close()
        return response
    response = web.StreamResponse(status=answer.status, headers=headers)
    if isinstance(answer.body, ContentSlice):
        response.content_length = answer.body.length
        chunks = answer.body.chunks()
    else:
        response.enable_chunked_encoding()
        chunks = answer.body
    await response.prepare(request)
    for chunk in chunks:
        await response.write(chunk)
    await response.write_eof()
    return response
