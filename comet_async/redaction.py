"""Text that may be shown: secrets masked, control characters escaped, length bounded.

Every text that a server can influence passes through here before it reaches an error, a log, an
event or a terminal. Secrets are masked before a text is shortened: a cut must not leave half a key.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import quote, urlsplit, urlunsplit

__all__ = ["MASK", "bare_url", "mask", "printable", "shortened"]

MASK = "***"

_MIN_SECRET = 4
_URL_QUERY = re.compile(r"(https?:[\\/]{2,4}[^\s\"'<>?]+)\?[^\s\"'<>]*")
_SIGNED = re.compile(
    r"((?:x-amz-[a-z-]+|x-goog-[a-z-]+|signature|sig|awsaccesskeyid|api_?key|token)"
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
        text: Any text, usually a server's.
        secrets: The keys in use; each longer half of a key is masked as well.
    """
    for secret in secrets:
        for form in sorted(_spellings(secret), key=len, reverse=True):
            half = len(form) // 2
            for part in (form, form[:half], form[half:]):
                if len(part) >= _MIN_SECRET:
                    text = text.replace(part, MASK)
    text = _URL_QUERY.sub(rf"\1?{MASK}", text)
    return _SIGNED.sub(rf"\1{MASK}", text)


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
    except ValueError:
        return "<unreadable URL>"
    if ":" in host:
        host = f"[{host}]"
    return printable(urlunsplit((parts.scheme, host + port, parts.path, "", "")))
