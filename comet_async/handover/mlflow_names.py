"""Names as MLflow takes them, and back.

MLflow takes letters, digits, `_`, `-`, `.`, blanks and `/` in names of metrics, parameters and
tags, of at most 250 characters that are a path without detours. Every other character is written as
`_x`, its number in hexadecimal, and `_`, so `optimizer|lr` is `optimizer_x7C_lr`. What looks like
such a thing already is written so that it comes back as it was.
"""

from __future__ import annotations

import hashlib
import posixpath
import re

__all__ = ["MAX_NAME", "decoded", "encoded", "encoded_path"]

MAX_NAME = 250
_EMPTY = "_x0_"
_ESCAPE = re.compile(r"_x([0-9A-F]+)_")
_REFUSED_IN_PATH = r"[#?%'\"\\:*<>|\x00-\x1f\x7f]"
_DIGEST = 16


def encoded(name: str, *, limit: int = MAX_NAME) -> str:
    """Return a name as MLflow takes it. `decoded` gives it back, unless it was too long.

    >>> encoded("optimizer|lr"), encoded("loss"), encoded("a//b"), encoded("_x7C_")
    ('optimizer_x7C_lr', 'loss', 'a_x2F__x2F_b', '_x5F_x7C_')

    Args:
        name: Any text.
        limit: Most characters; a longer name is cut, and ends with its own hash.
    """
    if not name:
        return _EMPTY
    text = name
    for refused in (r"[^\w.\- /]", r"[^\w.\- ]", r"[^\w\- ]"):
        text = _spelled(name, refused)
        if not _has_detours(text):
            break
    if len(text) <= limit:
        return text
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]
    return f"{text[: limit - _DIGEST - 1].rstrip('/')}-{digest}"


def decoded(key: str) -> str:
    """Return the name that `encoded` was given, where it was not too long.

    >>> decoded("optimizer_x7C_lr"), decoded("_x5F_x7C_")
    ('optimizer|lr', '_x7C_')
    """
    if key == _EMPTY:
        return ""
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), key)


def encoded_path(path: str) -> str:
    """Return the path of a file as MLflow stores and lists it. `decoded` gives it back.

    It would lose the rest of a name after `#` or `?`, and read `%41` as another character.

    >>> encoded_path("runs/a#1.png")
    'runs/a_x23_1.png'
    """
    return _spelled(path, _REFUSED_IN_PATH)


def _spelled(name: str, refused: str) -> str:
    """Return a name with refused characters escaped, and what would be read as an escape."""
    pattern = rf"{refused}|_(?=x[0-9A-F]+(?:_|{refused}))"
    return re.sub(pattern, lambda found: f"_x{ord(found[0]):02X}_", name)


def _has_detours(text: str) -> bool:
    """Tell whether a name is no path, or another than it says."""
    plain = posixpath.normpath(text)
    return plain != text or plain == "." or plain.startswith(("..", "/"))
