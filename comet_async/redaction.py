"""Text that may be shown: secrets masked, control characters escaped, length bounded.

Every text that a server can influence passes through here before it reaches an error, a log, an
event or a terminal. Secrets are masked before a text is shortened: a cut must not leave half a key.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Iterable, Iterator
from urllib.parse import quote, urlsplit, urlunsplit

__all__ = [
    "MASK",
    "bare_url",
    "mask",
    "printable",
    "shortened",
    "without_keys",
    "without_signatures",
]

MASK = "***"

_MIN_SECRET = 4
_RUN = 6
_URL_QUERY = re.compile(r"(https?:[\\/]{2,4}[^\s\"'<>?]+)\?[^\s\"'<>]*")
_URL = re.compile(r"https?:[\\/]{2,4}[^\s\"'<>]+")
_HTTP_USER = re.compile(r"(https?:[\\/]{2,4})[^\s\"'<>\\/?#]+@", re.IGNORECASE)
_URL_PASSWORD = re.compile(r"(:[\\/]{2,4})[^\s\"'<>\\/?#:]*:[^\s\"'<>\\/?#]*@")
_SIGNED = re.compile(
    r"((?:x-amz-[a-z-]+|x-goog-[a-z-]+|signature|sig|awsaccesskeyid|api_?key|token|jwt|secret"
    r"|password|passwd|pwd|credential|access_?key)"
    r"(?:=|%3d|\\u003d))[^&\s\"'<>\\]+",
    re.IGNORECASE,
)
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def _spellings(secret: str) -> set[str]:
    """Return the forms in which a secret can come back: plain, base64 and percent-encoded."""
    raw = secret.encode("utf-8", "surrogateescape")
    encoded = base64.b64encode(raw).decode("ascii")
    urlsafe = base64.urlsafe_b64encode(raw).decode("ascii")
    forms = {secret, encoded, encoded.rstrip("="), urlsafe, urlsafe.rstrip("="), quote(secret, "")}
    return {form for form in forms if len(form) >= _MIN_SECRET}


def mask(text: str, secrets: Iterable[str] = ()) -> str:
    """Return `text` without secrets: each given one in any spelling, and every URL query.

    Args:
        text: Any text, usually a server's; it may have been cut anywhere.
        secrets: The keys in use. A run of six of a key's characters, or of half of them if that is
            less but at least four, is masked as well.
    """
    for secret in secrets:
        for form in sorted(_spellings(secret), key=len, reverse=True):
            text = _without_runs(text, form)
    text = _URL_QUERY.sub(rf"\1?{MASK}", text)
    return _SIGNED.sub(rf"\1{MASK}", text)


def without_keys(body: bytes, secrets: Iterable[str]) -> bytes:
    """Return a body as it is, but for `secrets` that stand in it as they are spelled."""
    for secret in secrets:
        if len(secret) >= _MIN_SECRET:
            body = body.replace(secret.encode(), MASK.encode())
    return body


def without_signatures(text: str) -> str:
    """Return a text as it is, but for what opens the links in it: signatures, users, passwords.

    >>> without_signatures('{"origin": "https://me:secret@git.example/a.git"}')
    '{"origin": "https://***@git.example/a.git"}'
    >>> without_signatures('{"link": "https://s3.example/a?v=1&X-Amz-Signature=0f", "token=": 1}')
    '{"link": "https://s3.example/a?v=1&X-Amz-Signature=***", "token=": 1}'
    """
    for pattern in (_HTTP_USER, _URL_PASSWORD):
        text = pattern.sub(rf"\1{MASK}@", text)
    return _URL.sub(lambda found: _SIGNED.sub(rf"\1{MASK}", found[0]), text)


def _without_runs(text: str, form: str) -> str:
    """Return `text` with every long enough run of characters of `form` masked."""
    width = min(_RUN, max(_MIN_SECRET, len(form) // 2))
    pieces = {form[at : at + width] for at in range(len(form) - width + 1)}
    found = sorted(start for piece in pieces for start in _places(text, piece))
    shown: list[str] = []
    end = 0
    for start in found:
        if start > end or not shown:
            shown += (text[end:start], MASK)
        end = start + width
    return "".join(shown) + text[end:]


def _places(text: str, piece: str) -> Iterator[int]:
    start = text.find(piece)
    while start >= 0:
        yield start
        start = text.find(piece, start + 1)


def printable(text: str) -> str:
    """Return `text` on one line with every control, format or bidi character escaped."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        char.encode("unicode_escape").decode("ascii")
        if unicodedata.category(char) in _HIDDEN_CATEGORIES
        else char
        for char in text
    )


def shortened(text: str, limit: int = 200) -> str:
    """Return `text` printable and at most `limit` characters long, `…` marking a cut."""
    shown = printable(" ".join(text[: limit * 8].split()))
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def bare_url(url: str) -> str:
    """Return a URL without user name, password, query and fragment."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
        path = parts.path if parts.netloc else parts.path.rpartition("@")[2]
    except ValueError:
        return "<unreadable URL>"
    if ":" in host:
        host = f"[{host}]"
    return printable(urlunsplit((parts.scheme, host + port, path, "", "")))
