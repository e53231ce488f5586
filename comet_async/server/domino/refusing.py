"""How Domino shows an error: three documents, and the page of a gateway."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from comet_async.server.answers import Answer
from comet_async.server.domino.ids import Names
from comet_async.server.problems import ApiError

__all__ = ["REQUEST_ID", "Refusing", "missing"]

REQUEST_ID = "X-Request-Id"
"""Header that holds the id of an exchange."""

_JSON = {"Content-Type": "application/json"}
_HTML = {"Content-Type": "text/html; charset=utf-8"}


class Refusing:
    """Makes the answers of errors.

    Attributes:
        shape: Form of the document of an error that names none: `failure`, a list of sentences
            with the request's id; `message`; `error`; or `html`.
    """

    def __init__(self, request_ids: Names, shape: str = "failure") -> None:
        """Choose the usual form.

        Args:
            request_ids: Gives the ids of exchanges.
            shape: See the class.
        """
        self._request_ids = request_ids
        self.shape = shape

    def __call__(self, error: ApiError, headers: Mapping[str, str]) -> Answer:
        """Return the answer of an error."""
        request_id = self._request_ids()
        shape = error.shape or self.shape
        extra = {REQUEST_ID: request_id, **headers}
        if shape == "html":
            page = f"<html><body><h1>{error.status} {error.message}</h1></body></html>"
            return Answer(error.status, {**_HTML, **extra}, page.encode())
        documents: dict[str, object] = {
            "message": {"message": error.message},
            "error": {"error": error.message},
        }
        failure = {"requestId": request_id, "errors": [error.message]}
        body = msgspec.json.encode(documents.get(shape, failure))
        return Answer(error.status, {**_JSON, **extra}, body)


def missing(what: str, name: str) -> ApiError:
    """Return the error of a thing that is not there."""
    return ApiError(404, f"{what} {name} not found")
