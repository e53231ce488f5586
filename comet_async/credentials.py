"""Keys: where one comes from and how it stays out of sight.

A session asks its service's hook for the key at each attempt, so a key can rotate under a running
session. The key travels as a `Secret`, which shows itself to nobody but `reveal()`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NoReturn, ParamSpec, TypeAlias, TypeVar

from comet_async.errors import CometAsyncError, UsageError

__all__ = ["Credentials", "FileKey", "Secret", "StaticKey", "without_frames"]

P = ParamSpec("P")
R = TypeVar("R")

_USABLE = re.compile(r"[\x21-\x7e]+")


def without_frames(function: Callable[P, R]) -> Callable[P, R]:
    """Return `function` raising our errors without its frames, whose locals hold a key."""

    @functools.wraps(function)
    def bare(*args: P.args, **kwargs: P.kwargs) -> R:
        failure: CometAsyncError
        try:
            return function(*args, **kwargs)
        except CometAsyncError as error:
            failure = error.with_traceback(None)
            failure.__context__ = None
        del args, kwargs
        try:
            raise failure
        finally:
            del failure

    return bare


class Secret:
    """A text that is never shown: masked in repr, str and format, refused by pickle.

    Args:
        value: The text. White space around it and one pair of quotes are dropped.
        origin: Where it came from, named in errors in place of the text.

    Raises:
        UsageError: The text is empty, or has characters that no HTTP header can carry.
    """

    __slots__ = ("_value",)

    @without_frames
    def __init__(self, value: str, *, origin: str = "the given key") -> None:
        text = value.strip()
        if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
            text = text[1:-1].strip()
        if not text:
            raise UsageError(f"{origin} is empty; give an API key")
        if not _USABLE.fullmatch(text):
            raise UsageError(
                f"{origin} has spaces, line breaks or non-ASCII characters; copy the key again"
            )
        self._value = text

    @classmethod
    def header(cls, value: str) -> Secret:
        """Return a secret header value such as "Bearer ...", taken as it stands."""
        found = cls.__new__(cls)
        found._value = value  # noqa: SLF001 its own class
        return found

    def reveal(self) -> str:
        """Return the text itself, for the one place that puts it on the wire."""
        return self._value

    def __repr__(self) -> str:
        return "<Secret ***>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not pickled; pass the name of its source instead")


Credentials: TypeAlias = Callable[[], Secret | Awaitable[Secret]]
"""The hook that a service profile holds: called before each attempt, may be asynchronous."""


class StaticKey:
    """Credentials that always give the same key.

    Args:
        key: The key as text or as a `Secret`.
        origin: Where it came from, named in errors.
    """

    @without_frames
    def __init__(self, key: str | Secret, *, origin: str = "the given key") -> None:
        self._secret = key if isinstance(key, Secret) else Secret(key, origin=origin)

    def __call__(self) -> Secret:
        """Return the key."""
        return self._secret


class FileKey:
    """Credentials that read a key file again whenever it has changed.

    A file that is empty for the moment, as while another program writes it, leaves the key of
    before in force.

    Args:
        path: The file; its whole text, stripped, is the key.
        first_line: Take the first line alone.
    """

    def __init__(self, path: Path, *, first_line: bool = False) -> None:
        self._path = path
        self._first_line = first_line
        self._seen: tuple[int, int, int] | None = None
        self._secret: Secret | None = None

    @without_frames
    def __call__(self) -> Secret:
        """Return the key that the file holds now.

        Raises:
            UsageError: The file cannot be read or holds no usable key.
        """
        try:
            state = self._path.stat()
            seen = (state.st_mtime_ns, state.st_size, state.st_ino)
            if self._secret is None or seen != self._seen:
                text = self._path.read_text("utf-8")
                if self._first_line:
                    text = text.partition("\n")[0]
                if self._secret is not None and not text.strip():
                    return self._secret
                self._secret = Secret(text, origin=f"the key file {self._path}")
                self._seen = seen
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not UTF-8 text"
            raise UsageError(f"cannot read the key file {self._path}: {reason}") from None
        return self._secret
