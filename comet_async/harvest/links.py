"""Links and addresses as tables keep them: where something is, without what opens it."""

from __future__ import annotations

import re
from urllib.parse import unquote

from comet_async.redaction import printable

__all__ = ["unsigned"]

_USER = re.compile(r"((?:[a-z][a-z0-9+.-]*:)?[\\/]+)?([^\\/?#]*)@", re.IGNORECASE)
_START = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?[\\/]*[^\\/?#;]*", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_QUERY = re.compile(r"[?#;]")
_PARAMETER = re.compile(r"[?#;&]")
_SECRET = re.compile(
    r"signature|credential|token|secret|passw|pwd|jwt|session|auth(?!or$)|api[-_.]?key"
    r"|access[-_.]?key|key[-_.]?pair|^x-amz-|^x-goog-|^sig$|^key$|^policy$",
    re.IGNORECASE,
)
"""In the name of a parameter that opens what it is part of."""
_INNER_USER = re.compile(r":[\\/]{2}[^\\/?#\s]{0,2000}@")
_HARMLESS = frozenset({"", "git", "git+ssh", "ssh", "ssh+git", "abfs", "abfss", "wasb", "wasbs"})
"""Schemes in which a user name alone opens nothing, or is the name of a container."""
_ROUNDS = 4


def unsigned(link: str | None) -> str | None:
    """Return a link without secrets: user and password, and a query or fragment that opens it.

    A link without any is returned letter for letter. Where one parameter is a secret, all are left
    out with the fragment: what signs a link is spread over several parameters.

    >>> unsigned("https://user:pass@host/a?versionId=3"), unsigned("s3://bucket/a?X-Amz-Expires=9")
    ('https://host/a?versionId=3', 's3://bucket/a')
    >>> unsigned("git@host:team/repository.git")
    'git@host:team/repository.git'
    """
    if link is None:
        return None
    plain = _CONTROL.sub("", link).lstrip()
    bare = _without_user(plain)
    if _opens(bare):
        bare = _QUERY.split(bare, maxsplit=1)[0]
    if _opens(bare):  # what is secret is part of the path
        start = _START.match(bare)
        bare = start[0] if start else ""
    return link if bare == plain else printable(bare)


def _without_user(link: str) -> str:
    found = _USER.match(link)
    if found is None:
        return link
    before, user = found[1] or "", found[2]
    scheme = before.partition(":")[0].lower() if ":" in before else ""
    harmless = scheme in _HARMLESS and ":" not in user
    return link if harmless else before + link[found.end() :]


def _opens(link: str) -> bool:
    """Tell whether what follows the host holds a secret, however often it is quoted."""
    start = _START.match(link)
    text = link[start.end() if start else 0 :]
    for _ in range(_ROUNDS):
        if _INNER_USER.search(text) or any(map(_is_secret, _PARAMETER.split(text))):
            return True
        plain = unquote(text)
        if plain == text:
            return False
        text = plain
    return True


def _is_secret(parameter: str) -> bool:
    name, equals, _value = parameter.partition("=")
    return bool(equals) and "/" not in name and _SECRET.search(name) is not None
