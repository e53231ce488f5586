"""Members of request bodies by name and type, and the acknowledgement of a write."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import cast

from comet_async.server.problems import ApiError
from comet_async.server.records import Json, JsonObject
from comet_async.server.replies import JsonReply, json_reply

__all__ = [
    "acknowledged",
    "boolean",
    "given",
    "json_text",
    "number_of",
    "objects",
    "optional",
    "some_texts",
    "text",
    "texts",
    "whole",
]

_MAX_INTEGER = 1 << 63


def acknowledged(message: str = "Saved", **more: Json) -> JsonReply:
    """Return the answer to a write that was done.

    Args:
        message: Text of `msg`.
        **more: Further members.
    """
    return json_reply({"msg": message, "code": 200, "data": None, "sdk_error_code": 0, **more})


def given(body: Mapping[str, Json], name: str) -> Json:
    """Return a member of any type, null included.

    Raises:
        ApiError: It is missing.
    """
    if name not in body:
        raise ApiError(400, f"{name} is required")
    return body[name]


def text(body: Mapping[str, Json], name: str) -> str:
    """Return a text that is not empty.

    Raises:
        ApiError: It is missing, empty or no text.
    """
    value = body.get(name)
    if value is None or value == "":
        raise ApiError(400, f"{name} is required")
    if not isinstance(value, str):
        raise ApiError(400, f"{name} must be a text")
    return value


def optional(body: Mapping[str, Json], name: str) -> str | None:
    """Return a text, possibly empty; None when it is null or missing.

    Raises:
        ApiError: It is no text.
    """
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise ApiError(400, f"{name} must be a text")
    return value


def whole(body: Mapping[str, Json], name: str) -> int | None:
    """Return a whole number, also one given as a text; None when it is null or missing.

    Raises:
        ApiError: It is no whole number of 64 bits.
    """
    value = body.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, str) and value.removeprefix("-").isdecimal():
        value = int(value[:20])
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= _MAX_INTEGER:
        raise ApiError(400, f"{name} must be a whole number")
    return value


def number_of(body: Mapping[str, Json], name: str) -> float:
    """Return a number.

    Raises:
        ApiError: It is missing or no number.
    """
    value = given(body, name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ApiError(400, f"{name} must be a number")
    return value


def boolean(body: Mapping[str, Json], name: str) -> bool | None:
    """Return a truth value; None when it is null or missing.

    Raises:
        ApiError: It is no truth value.
    """
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise ApiError(400, f"{name} must be true or false")
    return value


def texts(body: Mapping[str, Json], name: str) -> list[str] | None:
    """Return a list of texts; None when it is null or missing.

    Raises:
        ApiError: It is no list of texts.
    """
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ApiError(400, f"{name} must be a list of texts")
    return cast("list[str]", value)


def some_texts(body: Mapping[str, Json], name: str) -> list[str]:
    """Return a list of texts that must be there.

    Raises:
        ApiError: It is missing or no list of texts.
    """
    found = texts(body, name)
    if found is None:
        raise ApiError(400, f"{name} is required")
    return found


def objects(body: Mapping[str, Json], name: str) -> list[JsonObject]:
    """Return a list of objects that must be there.

    Raises:
        ApiError: It is missing or no list of objects.
    """
    value = body.get(name)
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ApiError(400, f"{name} must be a list of objects")
    return cast("list[JsonObject]", value)


def json_text(body: Mapping[str, Json], name: str) -> str | None:
    """Return a JSON document as text, whether it came as one or as itself.

    Raises:
        ApiError: It is a text that is no JSON document.
    """
    value = body.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        json.loads(value)
    except (ValueError, RecursionError):
        raise ApiError(400, f"{name} must be a JSON document") from None
    return value
