"""Addresses as people type them: `WORKSPACE/PROJECT/EXPERIMENT`, `WORKSPACE/NAME:VERSION`.

A slash or colon that belongs to a name is written %2F or %3A where it could be taken for another;
what the command line prints in its messages is written so as well.
"""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

import msgspec

from comet_async.errors import UsageError
from comet_async.redaction import printable, shortened

__all__ = ["Named", "Version", "escaped", "is_key", "project_of", "read_named", "read_path"]

Version: TypeAlias = Literal["none", "may", "must"]
"""Whether an address has a version."""

_KEY = re.compile(r"[0-9A-Za-z]{31,51}")
_SIGNS = {"%2f": "/", "%3a": ":"}
_ESCAPED = re.compile("|".join(_SIGNS), re.IGNORECASE)
_SHOWN = 80


class Named(msgspec.Struct, frozen=True):
    """A registered model or an artifact, or one version of it.

    Attributes:
        workspace: Its workspace.
        name: Its name.
        version: Version or alias, as "1.0.0"; None where the address has none.
    """

    workspace: str
    name: str
    version: str | None = None

    def __str__(self) -> str:
        name = self.name.replace(":", "%3A")
        version = "" if self.version is None else f":{self.version}"
        return printable(f"{self.workspace}/{name}{version}")


def read_path(text: str) -> tuple[str, ...]:
    """Return the parts of `WORKSPACE[/PROJECT[/EXPERIMENT]]`, more where names hold slashes.

    Raises:
        UsageError: A part is empty.

    >>> read_path("team/resnet/a%2Fb")
    ('team', 'resnet', 'a/b')
    """
    parts = text.split("/")
    if not all(part.strip() for part in parts):
        raise UsageError(
            f"{_quoted(text)} is no address; use WORKSPACE, WORKSPACE/PROJECT or"
            " WORKSPACE/PROJECT/EXPERIMENT"
        )
    return tuple(_plain(part) for part in parts)


def project_of(text: str) -> tuple[str, str] | None:
    """Return what `WORKSPACE/PROJECT` names, None where it is no such text.

    A slash after the first belongs to the project's name.

    >>> project_of("team/resnet"), project_of("team"), project_of("/resnet")
    (('team', 'resnet'), None, None)
    """
    workspace, _, name = text.partition("/")
    return (workspace, name) if workspace.strip() and name.strip() else None


def read_named(text: str, what: str, *, version: Version) -> Named:
    """Return what `WORKSPACE/NAME:VERSION` names.

    Args:
        text: The address; a slash after the first belongs to the name.
        what: What the name is of, as "MODEL".
        version: Whether there is one.

    Raises:
        UsageError: A part is missing, or there is a version where none may be.

    >>> read_named("team/resnet:1.0.0", "MODEL", version="may")
    Named(workspace='team', name='resnet', version='1.0.0')
    """
    forms = {"none": "", "may": "[:VERSION]", "must": ":VERSION"}
    workspace, _, rest = text.partition("/")
    name, colon, number = rest.rpartition(":") if ":" in rest else (rest, "", "")
    complete = all(part.strip() for part in (workspace, name, number if colon else name))
    if not complete or bool(colon) not in _ALLOWED[version]:
        raise UsageError(f"{_quoted(text)} is no address; use WORKSPACE/{what}{forms[version]}")
    return Named(_plain(workspace), _plain(name), _plain(number) if colon else None)


_ALLOWED: dict[Version, tuple[bool, ...]] = {
    "none": (False,),
    "may": (False, True),
    "must": (True,),
}


def is_key(text: str) -> bool:
    """Tell whether a text can be an experiment key."""
    return _KEY.fullmatch(text) is not None


def escaped(name: str) -> str:
    """Return a name as it stands in an address.

    >>> escaped("a/b")
    'a%2Fb'
    """
    return printable(name.replace("/", "%2F"))


def _plain(part: str) -> str:
    return _ESCAPED.sub(lambda found: _SIGNS[found[0].lower()], part)


def _quoted(text: str) -> str:
    return f"'{shortened(text, _SHOWN)}'"
