"""File names out of a server's names: inside the target, portable, reversible.

A name may hold `..`, drive letters, NUL, newlines or 10,000 characters. What a file system
somewhere refuses or reads otherwise is written as `%XX` of its UTF-8 bytes, `%` itself as well, so
the original can be read back; a component that is still too long is cut and ends in a hash of all
of it.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from pathlib import PurePosixPath
from urllib.parse import unquote_to_bytes

__all__ = ["original_name", "portable_path"]

_MAX_BYTES = 200
_MAX_PARTS = 32
_HASH = 16
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"|?*\\%~]')
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_RESERVED = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3])(?:\..*)?",
    re.IGNORECASE,
)


def portable_path(name: str) -> PurePosixPath:
    """Return a relative path for a server's file name, `/` in it separating folders.

    The same name always gives the same path, on every system: no component is empty, `.`, `..`,
    reserved on Windows, ends in a dot or blank, or is longer than 200 bytes.
    """
    parts = [_component(part) for part in name.split("/")]
    if len(parts) > _MAX_PARTS or len("/".join(parts)) > 4 * _MAX_BYTES:
        parts = [_cut(_component(name.replace("/", "%2F")), name)]
    return PurePosixPath(*parts)


def original_name(path: PurePosixPath) -> str:
    """Return the name that `portable_path` turned into `path`, unless it had to be cut."""
    return "/".join("" if part == "%" else _unescaped(part) for part in path.parts)


def _component(part: str) -> str:
    if not part:
        return "%"
    text = "".join(_escaped(char) if _unsafe(char) else char for char in part)
    if unicodedata.normalize("NFC", text) != text:
        text = "".join(_escaped(c) if _unsafe(c) or not c.isascii() else c for c in part)
    if text[-1] in ". ":
        text = text[:-1] + _escaped(text[-1])
    if text[0] == " " or _RESERVED.fullmatch(text) or text == ".":
        text = _escaped(text[0]) + text[1:]
    return _cut(text, part) if len(text.encode()) > _MAX_BYTES else text


def _unsafe(char: str) -> bool:
    if char.isascii():
        return _UNSAFE.match(char) is not None
    return unicodedata.category(char) in _HIDDEN


def _escaped(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "surrogatepass"))


def _unescaped(part: str) -> str:
    return unquote_to_bytes(part).decode("utf-8", "surrogatepass")


def _cut(text: str, whole: str) -> str:
    digest = hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH]
    stem, dot, suffix = text.rpartition(".")
    ending = dot + suffix if stem and len(suffix) <= _HASH and suffix.isalnum() else ""
    room = _MAX_BYTES - len(digest) - len(ending.encode()) - 1
    kept = text.encode()[:room].decode("utf-8", "ignore")
    return f"{re.sub(r'%[0-9A-F]?$', '', kept)}~{digest}{ending}"
