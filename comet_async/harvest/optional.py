"""Answers that may be missing: what a service does not have, and what older servers lack."""

from __future__ import annotations

from typing import TypeVar

from comet_async.errors import EmptyAnswer, MessageInsteadOfData, NotFoundError
from comet_async.harvest.subjects import Ask
from comet_async.request import Request

__all__ = ["LACKED", "optional"]

T = TypeVar("T")

_BASE = "/api/rest/v2/"
LACKED = frozenset(
    _BASE + path
    for path in (
        "code-panel/get-all",
        "dashboard-template/get-all",
        "project/notes",
        "registry-model/notes",
        "registry-model/item/details",
        "registry-model/item/{modelItemId}/metadata",
        "views/chart-templates",
        "views/get-all",
    )
)
"""Endpoints that not every server has: of these alone does 404 mean that there is nothing.

Anywhere else 404 is about something that was listed a moment ago, and is a failure of its item.
"""
_REFUSED = 400


async def optional(ask: Ask, request: Request[T]) -> T | None:
    """Return an answer, None where the service says that there is nothing.

    That is an empty body, a message of success in place of data, or 404 of an endpoint in `LACKED`.

    Raises:
        CometAsyncError: As `ask` does, for everything else.
    """
    try:
        return await ask(request)
    except EmptyAnswer:
        return None
    except NotFoundError:
        if request.path not in LACKED:
            raise
        return None
    except MessageInsteadOfData as error:
        if (error.code or 0) >= _REFUSED:
            raise
        return None
