"""Faults of JSON documents: each takes the right document and returns a wrong one.

Where a fault changes single values, a text argument limits it to members of that name.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import cast

from comet_async.server.fault_rule import Argument
from comet_async.server.records import Json

__all__ = ["JSON_FAULTS"]

_MARK = "@@planted@@"
_DEPTH = 100_000
_HUGE = 64 << 20

Mutation = Callable[[bytes, Argument], bytes]
Change = Callable[[Json], Json]


def _load(body: bytes) -> Json:
    try:
        return cast("Json", json.loads(body))
    except ValueError:
        return {}


def _dump(document: Json) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _is_leaf(value: Json) -> bool:
    return not isinstance(value, (dict, list))


def _changed(value: Json, name: str | None, change: Change, member: str | None = None) -> Json:
    """Return a document in which every leaf (of members called `name`) is changed."""
    if isinstance(value, dict):
        return {key: _changed(item, name, change, key) for key, item in value.items()}
    if isinstance(value, list):
        return [_changed(item, name, change, member) for item in value]
    return change(value) if name in (None, member) else value


def _leaves(change: Change) -> Mutation:
    """Return the fault that changes all leaves, or those of one member."""

    def mutate(body: bytes, argument: Argument) -> bytes:
        name = argument if isinstance(argument, str) else None
        return _dump(_changed(_load(body), name, change))

    return mutate


def _number(change: Callable[[int], Json]) -> Change:
    """Return a change of whole numbers only."""
    return lambda value: (
        change(value) if isinstance(value, int) and not isinstance(value, bool) else value
    )


def _planted(token: bytes) -> Mutation:
    """Return the fault that writes a token in place of the first fitting value."""

    def mutate(body: bytes, argument: Argument) -> bytes:
        name = argument if isinstance(argument, str) else None
        document = _load(body)
        for test in (_is_number, _is_leaf):
            marked = _first_marked(document, name, test)
            if marked is not None:
                return _dump(marked).replace(f'"{_MARK}"'.encode(), token, 1)
        return b'{"planted":' + token + b"}"

    return mutate


def _is_number(value: Json) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _first_marked(document: Json, name: str | None, test: Callable[[Json], bool]) -> Json:
    """Return a document whose first value that passes the test is the mark, or None."""
    found = 0

    def change(value: Json) -> Json:
        nonlocal found
        if found or not test(value):
            return value
        found = 1
        return _MARK

    marked = _changed(document, name, change)
    return marked if found else None


def _without(value: Json, name: str | None) -> Json:
    """Return a document without leaf members, or without those of one name."""
    if isinstance(value, list):
        return [_without(item, name) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _without(item, name)
        for key, item in value.items()
        if not (key == name if name is not None else _is_leaf(item))
    }


def _missing(body: bytes, argument: Argument) -> bytes:
    return _dump(_without(_load(body), argument if isinstance(argument, str) else None))


def _with_extra(value: Json) -> Json:
    if isinstance(value, list):
        return [_with_extra(item) for item in value]
    if not isinstance(value, dict):
        return value
    extra: Json = {"nested": [1, None, "x"]}
    return {key: _with_extra(item) for key, item in value.items()} | {"unexpectedMember": extra}


def _extra(body: bytes, _argument: Argument) -> bytes:
    return _dump(_with_extra(_load(body)))


def _duplicates(body: bytes, _argument: Argument) -> bytes:
    """Give every top-level member twice: first null, then the right value."""
    document = _load(body)
    if not isinstance(document, dict) or not document:
        return body
    first = b",".join(_dump(key) + b":null" for key in document)
    return b"{" + first + b"," + _dump(document)[1:]


def _deep(_body: bytes, argument: Argument) -> bytes:
    depth = int(argument) if isinstance(argument, (int, float)) else _DEPTH
    return b"[" * depth + b"]" * depth


def _huge(body: bytes, argument: Argument) -> bytes:
    """Add a member whose text has the given number of bytes."""
    size = int(argument) if isinstance(argument, (int, float)) else _HUGE
    rest = b"," + body.lstrip()[1:] if len(body) > 2 else b"}"  # noqa: PLR2004  an empty object
    return b'{"hugeText":"' + b"x" * size + b'"' + rest


def _size_lies(body: bytes, argument: Argument) -> bytes:
    by = int(argument) if isinstance(argument, (int, float)) else 1
    change = _number(lambda value: value + by)
    return _dump(_changed(_load(body), "fileSize", change))


def _truncated(body: bytes, argument: Argument) -> bytes:
    fraction = float(argument) if isinstance(argument, (int, float)) else 0.5
    return body[: int(len(body) * fraction)]


def _missing_experiment(body: bytes, argument: Argument) -> bytes:
    """Leave one experiment out of a chart: that of a key, or the first."""
    document = _load(body)
    found = document.get("experiments") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(found, dict) or not found:
        return body
    gone = argument if isinstance(argument, str) else next(iter(found))
    kept = {key: entry for key, entry in found.items() if key != gone}
    return _dump(document | {"experiments": kept, "empty": not kept})


JSON_FAULTS: dict[str, Mutation] = {
    "invalid_json": lambda body, _: b"{'not': json, " + body,
    "truncated_json": _truncated,
    "trailing_junk": lambda body, _: body + b'}{"junk": true',
    "wrong_types": _leaves(lambda _: {"unexpected": True}),
    "null_fields": _leaves(lambda _: None),
    "missing_fields": _missing,
    "missing_experiment": _missing_experiment,
    "extra_fields": _extra,
    "nan_token": _planted(b"NaN"),
    "inf_token": _planted(b"-Infinity"),
    "number_1e999": _planted(b"1e999"),
    "bigint": _planted(b"1234567890123456789012345678901234567890"),
    "string_ints": _leaves(_number(str)),
    "float_ints": _leaves(_number(float)),
    "duplicate_keys": _duplicates,
    "deep_nesting": _deep,
    "huge_string": _huge,
    "bom": lambda body, _: b"\xef\xbb\xbf" + body,
    "bad_utf8": _planted(b'"\xff\xfe\x80"'),
    "lone_surrogate": _planted(b'"\\ud800"'),
    "size_lies": _size_lies,
}
"""Fault by name; the argument is a member name, a count of bytes, a depth or a fraction."""
