"""From a request to a response: log, guards, rate limit, faults, route, sending."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial

from aiohttp import web

from comet_async.server.answers import Answer, ContentSlice, compressed, error_answer, file_answer
from comet_async.server.cache import BodyCache
from comet_async.server.connection import TimedRequestHandler
from comet_async.server.faults import Exchange, Faults
from comet_async.server.forms import Form, read_file, read_form
from comet_async.server.guard import (
    LOOPBACK,
    check_origin,
    inflated,
    key_of,
    parsed_body,
    parsed_rows,
    read_body,
)
from comet_async.server.limits import ChartLimits
from comet_async.server.rate_limit import RateLimit
from comet_async.server.replies import (
    ApiError,
    Call,
    FileReply,
    Handler,
    JsonReply,
    Later,
    Redirect,
    Reply,
    StreamReply,
    Takes,
    Write,
)
from comet_async.server.request_log import LoggedRequest, RequestLog
from comet_async.server.store import Store
from comet_async.server.upload_folder import DiskContent

__all__ = [
    "ELSEWHERE",
    "Incoming",
    "Pipeline",
    "Respond",
    "Served",
    "Settings",
    "file_reply_answer",
]

_LOG = logging.getLogger("comet_async.server")
ELSEWHERE = "/{path}"
"""Canonical form of the route of all paths that are none."""
_THREAD_FROM = 1 << 20
_INFLATED = 64 << 20
_LOGGED_BODY = 64 * 1024
_OPEN_PATHS = frozenset({"/clientlib/isAlive/ver"})
_JSON = {"Content-Type": "application/json"}


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
class Settings:
    """What a server allows.

    Attributes:
        api_keys: Valid keys; None accepts any but none.
        hosts: Host names that the server answers to.
        max_body: Largest request body in bytes.
        body_timeout: Seconds for a request body.
        compression: Whether JSON is sent in gzip form to clients that accept it.
        storage_url: Origin of the storage listener; None when there is none.
        chart: Limits of charts.
        writable: Whether anything can be written.
        readers: Valid keys that may not write.
    """

    api_keys: Collection[str] | None = None
    hosts: Collection[str] = LOOPBACK
    max_body: int = 8 << 20
    body_timeout: float = 10.0
    compression: bool = True
    storage_url: str | None = None
    chart: ChartLimits = field(default_factory=ChartLimits)
    writable: bool = True
    readers: Collection[str] = ()


@dataclass(slots=True)
class Pipeline:
    """Shared state of the listeners of one server."""

    store: Store
    settings: Settings
    log: RequestLog
    faults: Faults
    rate_limit: RateLimit | None = None
    cache: BodyCache = field(default_factory=BodyCache)

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
            return await send(request, error_answer(500, "internal error"))
        finally:
            if isinstance(connection, TimedRequestHandler):
                connection.request_ended()

    async def _guarded(
        self, request: web.Request, served: Served, listener: str, number: int
    ) -> web.StreamResponse:
        try:
            check_origin(request, self.settings.hosts)
            body = await self._body(request, served)
        except ApiError as error:
            answer = error_answer(error.status, error.message, error.sdk_error_code)
            self.log.update(number, status=error.status)
            return await send(request, answer, close=True)
        self.log.update(number, body=body.octets[:_LOGGED_BODY])
        incoming = Incoming(request, {}, body, number)
        try:
            wait = self.rate_limit.check() if self.rate_limit and listener == "api" else None
            if wait is not None:
                self.log.update(number, status=429)
                refused = error_answer(429, "Too many requests", headers={"Retry-After": wait})
                return await send(request, refused)
            return await self._faulted(incoming, served.respond)
        finally:
            if not incoming.applied:
                for content in body.stored():
                    self.store.uploads.remove(content)

    async def _body(self, request: web.Request, served: Served) -> Body:
        """Read the body of a request; who may not write is told before it is stored."""
        idle = self.settings.body_timeout
        if served.takes in {Takes.FORM, Takes.FILE}:
            if not served.keyless:
                key_of(request, self.settings.api_keys)
            if served.takes is Takes.FORM:
                return Body(form=await read_form(request, self.store.uploads, idle))
            return Body(file=await read_file(request, self.store.uploads, idle))
        octets = await read_body(request, self.settings.max_body, idle)
        return Body(inflated(octets, request.headers.get("Content-Encoding", ""), _INFLATED))

    async def _faulted(self, incoming: Incoming, respond: Respond) -> web.StreamResponse:
        request, number = incoming.request, incoming.number
        clean = partial(self._clean, incoming, respond)
        rule = self.faults.pick(request.method, request.path_qs, incoming.body.identity())
        if rule is None:
            answer = await clean({})
            self.log.update(number, status=answer.status)
            return await send(request, answer)
        self.log.update(number, fault=rule.fault)
        exchange = Exchange(request, rule, clean, self.settings.storage_url, self.faults.random)
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
            answer = error_answer(error.status, error.message, error.sdk_error_code)
        if self.settings.compression and answer.headers.get("Content-Type") == "application/json":
            return await _in_thread_if_large(answer, headers.get("accept-encoding", ""))
        return answer

    def api_route(self, handler: Handler) -> Served:
        """Return a handler of calls as a handler of requests."""
        write = handler if isinstance(handler, Write) else None
        route = write or Write(handler)

        async def respond(incoming: Incoming) -> Answer:
            call = self._call(incoming, route)
            if write is not None:
                self._may_write(call.caller, keyless=write.keyless)
            revision = self.store.revision
            reply = handler(call)
            if write is not None:
                incoming.applied = True
                self.log.applied(incoming.number, _template(incoming.request))
            return await self._answer(reply, incoming.headers, revision)

        return Served(respond, route.takes, route.keyless)

    def _call(self, incoming: Incoming, route: Write) -> Call:
        request, caller, body = incoming.request, "", incoming.body
        rows = route.takes is Takes.ROWS
        if request.path not in _OPEN_PATHS and not route.keyless:
            caller = self._key(request, body.octets, route.key_status)
        return Call(
            store=self.store,
            query=dict(request.query),
            body={} if rows else parsed_body(body.octets),
            rows=parsed_rows(body.octets) if rows else (),
            form=body.form,
            file=body.file,
            path=dict(request.match_info),
            root=f"{request.scheme}://{request.headers.get('Host', '')}",
            storage=self.settings.storage_url,
            caller=caller,
            limits=self.settings.chart,
        )

    def _key(self, request: web.Request, body: bytes, status: int) -> str:
        """Return the caller's key, which outside the REST API may stand in the body."""
        other: object = ""
        if request.path.startswith("/clientlib/") and b'"apiKey"' in body:
            other = parsed_body(body).get("apiKey")
        named = other if isinstance(other, str) else ""
        return key_of(request, self.settings.api_keys, other=named, status=status)

    def _may_write(self, caller: str, *, keyless: bool) -> None:
        settings = self.settings
        if not settings.writable or (not keyless and caller in settings.readers):
            raise ApiError(403, "No write access", 90210)

    async def _answer(self, reply: Reply, headers: Mapping[str, str], revision: int) -> Answer:
        if isinstance(reply, JsonReply):
            return Answer(200, {**_JSON, **reply.headers}, reply.body)
        if isinstance(reply, Later):
            body = await self.cache.get(reply, revision)
            if reply.pause is not None:
                await asyncio.sleep(reply.pause())
            return Answer(200, _JSON, body)
        if isinstance(reply, Redirect):
            return Answer(reply.status, {"Location": reply.location})
        if isinstance(reply, StreamReply):
            return Answer(200, {"Content-Type": reply.content_type}, reply.chunks)
        return await file_reply_answer(reply, headers)


async def file_reply_answer(reply: FileReply, headers: Mapping[str, str]) -> Answer:
    """Return the answer for a file; large ones are hashed in a thread."""
    make = partial(file_answer, reply.content, reply.content_type, headers)
    return await asyncio.to_thread(make) if reply.content.size > _THREAD_FROM else make()


async def _in_thread_if_large(answer: Answer, accept_encoding: str) -> Answer:
    if isinstance(answer.body, bytes) and len(answer.body) > _THREAD_FROM:
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
        template=_template(request),
    )


def _template(request: web.Request) -> str:
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
