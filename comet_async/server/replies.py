"""Values that travel between routes and the HTTP layer: calls in, replies out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

import msgspec

from comet_async.server.forms import Form
from comet_async.server.limits import ChartLimits
from comet_async.server.problems import ApiError
from comet_async.server.records import Content, Json, JsonObject, Project, Run
from comet_async.server.store import Store
from comet_async.server.upload_folder import DiskContent

__all__ = [
    "ApiError",
    "Call",
    "FileReply",
    "Handler",
    "JsonReply",
    "Later",
    "Redirect",
    "Reply",
    "StreamReply",
    "Takes",
    "Write",
    "error_body",
    "json_reply",
]

_TRUE = {"true", "1", "yes"}


def error_body(status: int, message: str, sdk_error_code: int = 0) -> bytes:
    """Return the error document with its four members."""
    return msgspec.json.encode(
        {"msg": message, "code": status, "data": None, "sdk_error_code": sdk_error_code}
    )


@dataclass(frozen=True, slots=True)
class JsonReply:
    """A finished JSON document, with further headers."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Later:
    """A JSON document that is worth keeping, and usually takes long enough to need a thread.

    Attributes:
        build: Returns the document.
        cache_key: Documents with a key are kept for a while; None for those that depend on
            the caller.
        quick: Whether building takes no longer than a few milliseconds, so needs no thread.
        pause: Returns the seconds to wait before the built document is sent.
    """

    build: Callable[[], bytes]
    cache_key: str | None = None
    quick: bool = False
    pause: Callable[[], float] | None = None


@dataclass(frozen=True, slots=True)
class FileReply:
    """The bytes of a stored file; ranges are served from it."""

    content: Content
    content_type: str = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class StreamReply:
    """Bytes of unknown length, made while they are sent."""

    chunks: Iterator[bytes]
    content_type: str = "application/zip"


@dataclass(frozen=True, slots=True)
class Redirect:
    """The bytes are elsewhere."""

    location: str
    status: int = 302


Reply: TypeAlias = "JsonReply | Later | FileReply | StreamReply | Redirect"


def json_reply(document: Json) -> JsonReply:
    """Return a document as a reply."""
    return JsonReply(msgspec.json.encode(document))


@dataclass(frozen=True, slots=True)
class Call:
    """One request as a route sees it.

    Attributes:
        store: What to answer from.
        query: Query parameters; of a repeated one the last.
        body: The JSON body, empty without one.
        rows: The JSON body of an endpoint that takes a list.
        form: The multipart body of an endpoint that takes a form.
        file: The body of an endpoint that takes a file.
        path: Path parameters, decoded.
        root: Origin that the caller used, for links.
        storage: Origin of the object storage, None when there is none.
        caller: The caller's key, which the real service repeats in links.
        limits: Of charts.
    """

    store: Store
    query: Mapping[str, str]
    body: JsonObject = field(default_factory=dict[str, Json])
    rows: Sequence[Json] = ()
    form: Form = field(default_factory=Form)
    file: DiskContent | None = None
    path: Mapping[str, str] = field(default_factory=dict[str, str])
    root: str = ""
    storage: str | None = None
    caller: str = field(default="", repr=False)
    limits: ChartLimits = field(default_factory=ChartLimits)

    def need(self, name: str) -> str:
        """Return a required query parameter.

        Raises:
            ApiError: It is missing or empty.
        """
        value = self.query.get(name, "")
        if not value:
            raise ApiError(400, f"{name} is required")
        return value

    def flag(self, name: str) -> bool:
        """Return a boolean query parameter in either spelling; False when absent."""
        return self.query.get(name, "").lower() in _TRUE

    def integer(self, name: str, default: int | None = None) -> int | None:
        """Return a whole-number query parameter.

        Raises:
            ApiError: It is no whole number, or negative.
        """
        text = self.query.get(name, "")
        if not text:
            return default
        if not text.isdecimal() or len(text) > 9:  # noqa: PLR2004  digits of a 32-bit number
            raise ApiError(400, f"{name} must be a number")
        return int(text)

    def run(self) -> Run:
        """Return the experiment that the query names.

        Raises:
            ApiError: There is no such experiment.
        """
        return self.known_run(self.query.get("experimentKey", ""))

    def known_run(self, key: str) -> Run:
        """Return an experiment by its key.

        Raises:
            ApiError: There is no such experiment.
        """
        if not key:
            raise ApiError(400, "Experiment key is missing", 90998)
        run = self.store.run(key)
        if run is None:
            raise ApiError(400, "No such experiment", 90211)
        return run

    def project(self, source: Mapping[str, object] | None = None) -> Project:
        """Return the project that the query (or a body) names by id or by two names.

        Args:
            source: Where to look; the query when None.

        Raises:
            ApiError: There is no such project.
        """
        place: Mapping[str, object] = self.query if source is None else source
        project_id = place.get("projectId")
        if isinstance(project_id, str) and project_id:
            found = self.store.project(project_id)
        else:
            workspace, name = place.get("workspaceName"), place.get("projectName")
            if not isinstance(workspace, str) or not isinstance(name, str):
                raise ApiError(400, "projectId, or workspaceName and projectName, is required")
            found = self.store.named_project(workspace, name)
        if found is None:
            raise ApiError(404, "No such project")
        return found

    def workspace(self, name: str = "workspaceName") -> str:
        """Return the workspace that a query parameter names.

        Raises:
            ApiError: There is no such workspace.
        """
        return self.known_workspace(self.need(name))

    def known_workspace(self, workspace: str) -> str:
        """Return the name of a workspace that there is.

        Raises:
            ApiError: There is no such workspace.
        """
        if not self.store.has_workspace(workspace):
            raise ApiError(400, "No such workspace", 90219)
        return workspace


Handler: TypeAlias = Callable[[Call], Reply]


class Takes(Enum):
    """What an endpoint expects as the body of a request."""

    OBJECT = "object"
    ROWS = "rows"
    FORM = "form"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Write:
    """A handler that changes what is served, whatever the method that it is asked with.

    Attributes:
        handle: Changes it, or raises before anything is changed.
        takes: Body that it expects.
        keyless: Whether the address itself is the permission, as of a presigned link.
        key_status: Status for a key that is not registered.
    """

    handle: Handler
    takes: Takes = Takes.OBJECT
    keyless: bool = False
    key_status: int = 401

    def __call__(self, call: Call) -> Reply:
        """Change it while nothing else changes."""
        with call.store.lock:
            return self.handle(call)
