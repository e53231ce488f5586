"""From a request to an answer of Domino: credential, body, handler, document."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import msgspec
from aiohttp import web

from comet_async.server.answers import Answer
from comet_async.server.domino.access import Access
from comet_async.server.domino.calls import Answered, Call, Handler, Octets
from comet_async.server.domino.facts import Operation, parameter
from comet_async.server.domino.ids import Names
from comet_async.server.domino.pages import PagingStyle
from comet_async.server.domino.refusing import REQUEST_ID
from comet_async.server.domino.shapes import problem
from comet_async.server.domino.world import World
from comet_async.server.front import Body, FrontSettings, Incoming, Served, template_of
from comet_async.server.guard import read_body
from comet_async.server.problems import ApiError
from comet_async.server.records import Json, JsonObject
from comet_async.server.request_log import RequestLog

__all__ = ["Routes"]

_JSON = "application/json"
_NO_CONTENT = 204


@dataclass(slots=True)
class Routes:
    """Domino's routes over one world.

    Attributes:
        world: What there is.
        settings: What the server allows.
        log: Where writes are counted.
        access: Who may ask.
        request_ids: Gives the ids of exchanges.
        paging: How listings look.
        writable: Whether anything can be written.
        newest: Whether it answers as the latest release does.
    """

    world: World
    settings: FrontSettings
    log: RequestLog
    access: Access
    request_ids: Names
    paging: PagingStyle = field(default_factory=PagingStyle)
    writable: bool = True
    newest: bool = False

    async def read(self, request: web.Request, served: Served) -> Body:
        """Read the body of a request."""
        del served
        return Body(await read_body(request, self.settings.max_body, self.settings.body_timeout))

    def discard(self, body: Body) -> None:
        """Forget a body: none is on disk."""

    def route(self, operation: Operation, handler: Handler, *, newer: bool = False) -> Served:
        """Return a handler of calls as a handler of requests.

        Args:
            operation: What it answers.
            handler: Answers it.
            newer: Whether it is served at the later release's path.
        """

        async def respond(incoming: Incoming) -> Answer:
            caller = self.access.caller(incoming.headers)
            if operation.gone and self.newest:
                raise ApiError(404, "Not Found", shape="error")
            call = self._call(operation, incoming, newer=newer)
            if operation.verb == "GET":
                return self._answer(call, handler(call))
            if not self.writable:
                raise ApiError(403, "You are not allowed to do that")
            self.access.may_write(caller)
            with self.world.lock:
                answered = handler(call)
            incoming.applied = True
            self.log.applied(incoming.number, template_of(incoming.request))
            return self._answer(call, answered)

        return Served(respond)

    async def token(self, incoming: Incoming) -> Answer:
        """Return a fresh token, as the proxy within a run does."""
        del incoming
        return Answer(200, {"Content-Type": "text/plain"}, self.access.issue().encode())

    def _call(self, operation: Operation, incoming: Incoming, *, newer: bool) -> Call:
        """Return the call of a request.

        Raises:
            ApiError: 400, its body or a query member is missing or wrong.
        """
        request = incoming.request
        query: dict[str, list[str]] = {}
        for name, value in request.query.items():
            query.setdefault(name, []).append(value)
        for name, text in operation.query.items():
            if parameter(text).required and not query.get(name, [""])[-1]:
                raise ApiError(400, f"Missing parameter: {name}")
        return Call(
            world=self.world,
            operation=operation,
            path=dict(request.match_info),
            query=query,
            body=_body(operation, incoming.body.octets),
            request_id=self.request_ids(),
            paging=self.paging,
            newer=newer,
            newest=self.newest,
        )

    def _answer(self, call: Call, answered: Answered) -> Answer:
        status, headers = call.operation.status, {REQUEST_ID: call.request_id}
        if isinstance(answered, Octets):
            return Answer(status, {"Content-Type": answered.content_type, **headers}, answered.body)
        if answered is None or status == _NO_CONTENT:
            return Answer(status, headers)
        body = msgspec.json.encode(answered)
        return Answer(status, {"Content-Type": _JSON, **headers}, body)


def _body(operation: Operation, octets: bytes) -> JsonObject:
    """Return the body of a request, checked against its model.

    Raises:
        ApiError: 400, it is no JSON, or does not fit.
    """
    if not operation.body:
        return {}
    try:
        found: Json = json.loads(octets)
    except (ValueError, RecursionError):
        raise ApiError(400, "Invalid Json", shape="message") from None
    wrong = problem(operation.body, found)
    if wrong is not None or not isinstance(found, dict):
        raise ApiError(400, f"Invalid body: {wrong}", shape="message")
    return found
