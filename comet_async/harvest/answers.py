"""Answers as they came, so that what no table has a column for is not lost."""

from __future__ import annotations

import time
from collections.abc import Sequence

import msgspec

from comet_async.harvest.arrow import Batch, batch
from comet_async.harvest.schema import TABLES
from comet_async.redaction import without_signatures
from comet_async.request import Request

__all__ = ["ANSWERS", "Answer", "answer_rows"]

ANSWERS = "answers"
"""Name of the table that keeps them."""
_KEY = "experimentKey"


class Answer(msgspec.Struct, frozen=True):
    """The answer to one request.

    Attributes:
        table: Table for which it was asked.
        request: What was asked.
        body: The body, keys masked.
        at: When it came, milliseconds since 1970 UTC.
    """

    table: str
    request: Request[object]
    body: bytes
    at: int

    @classmethod
    def now(cls, table: str, request: Request[object], body: bytes) -> Answer:
        """Return an answer that has just come."""
        return cls(table, request, body, int(time.time() * 1000))


def answer_rows(answers: Sequence[Answer]) -> Batch:
    """Return the rows of `answers` for those answers that are JSON; files are no rows."""
    kept = [answer for answer in answers if _is_json(answer.body)]
    asked = [answer.request for answer in kept]
    columns: dict[str, Sequence[object]] = {
        "asked_for": [answer.table for answer in kept],
        "experiment_key": [dict(request.query).get(_KEY) for request in asked],
        "at": [answer.at for answer in kept],
        "method": [request.method for request in asked],
        "endpoint": [request.path for request in asked],
        "target": [request.target for request in asked],
        "request": [_text(request.body) for request in asked],
        "answer": [without_signatures(_text(answer.body) or "") for answer in kept],
    }
    return batch(TABLES[ANSWERS], columns)


def _is_json(body: bytes) -> bool:
    try:
        msgspec.json.decode(body, type=msgspec.Raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True


def _text(data: bytes | None) -> str | None:
    return None if data is None else data.decode("utf-8", "backslashreplace")
