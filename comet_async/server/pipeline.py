"""Comet's side of a request: its key, its body, its routes."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import partial

from aiohttp import web

from comet_async.server.answers import Answer, file_answer
from comet_async.server.cache import BodyCache
from comet_async.server.forms import read_file, read_form
from comet_async.server.front import (
    THREAD_FROM,
    Body,
    FrontSettings,
    Incoming,
    Served,
    template_of,
)
from comet_async.server.guard import inflated, key_of, parsed_body, parsed_rows, read_body
from comet_async.server.limits import ChartLimits
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
from comet_async.server.request_log import RequestLog
from comet_async.server.store import Store

__all__ = ["Pipeline", "Settings", "file_reply_answer"]

_INFLATED = 64 << 20
_OPEN_PATHS = frozenset({"/clientlib/isAlive/ver"})
_JSON = {"Content-Type": "application/json"}


@dataclass(slots=True)
class Settings(FrontSettings):
    """What a Comet server allows.

    Attributes:
        api_keys: Valid keys; None accepts any but none.
        chart: Limits of charts.
        writable: Whether anything can be written.
        readers: Valid keys that may not write.
    """

    api_keys: Collection[str] | None = None
    chart: ChartLimits = field(default_factory=ChartLimits)
    writable: bool = True
    readers: Collection[str] = ()


@dataclass(slots=True)
class Pipeline:
    """Comet's routes over one store."""

    store: Store
    settings: Settings
    log: RequestLog
    cache: BodyCache = field(default_factory=BodyCache)

    async def read(self, request: web.Request, served: Served) -> Body:
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

    def discard(self, body: Body) -> None:
        """Remove the files of a body that nothing was made of."""
        for content in body.stored():
            self.store.uploads.remove(content)

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
                self.log.applied(incoming.number, template_of(incoming.request))
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
    return await asyncio.to_thread(make) if reply.content.size > THREAD_FROM else make()
