"""A place that fsspec knows: files put whole, read, listed and removed, with errors of ours."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Protocol, TypeVar, cast
from urllib.parse import urlsplit

from comet_async.errors import DestinationError, UsageError
from comet_async.extras import extra
from comet_async.redaction import bare_url, mask, printable, shortened

__all__ = ["Store"]

T = TypeVar("T")

_WHOLE = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "memory"})
"""Stores where a file appears when all of it is there."""


class _Files(Protocol):
    """What is used of an fsspec file system."""

    protocol: str | tuple[str, ...]

    def put_file(self, lpath: str, rpath: str) -> None: ...

    def pipe_file(self, path: str, value: bytes) -> None: ...

    def cat_file(self, path: str) -> bytes: ...

    def find(self, path: str, *, detail: bool) -> Mapping[str, Mapping[str, object]]: ...

    def makedirs(self, path: str, exist_ok: bool) -> None: ...  # noqa: FBT001 fsspec's own

    def mv(self, path1: str, path2: str) -> None: ...

    def rm_file(self, path: str) -> None: ...

    def invalidate_cache(self) -> None: ...


class Store:
    """A folder of a store. All methods block, and may be called from several threads.

    Args:
        url: As fsspec takes it.

    Raises:
        UsageError: fsspec, or the package for such URLs, is missing; or the URL is unusable.
        DestinationError: The store cannot be reached.
    """

    def __init__(self, url: str) -> None:
        self.url = bare_url(url)
        self._secrets = _secrets_of(url)
        self._files, root = self._found(url)
        self._root = root.rstrip("/")
        protocol = self._files.protocol
        names = {protocol} if isinstance(protocol, str) else set(protocol)
        self._whole = bool(names & _WHOLE)

    def _found(self, url: str) -> tuple[_Files, str]:
        open_url: Callable[[str], tuple[_Files, str]] = extra("fsspec").url_to_fs
        problem = ""
        try:
            return open_url(url)
        except (ImportError, ValueError) as error:
            problem = self._said(error)
        raise UsageError(f"cannot use {self.url}: {problem}")

    def _said(self, error: BaseException) -> str:
        return shortened(mask(str(error), self._secrets), 300) or type(error).__name__

    def _guarded(self, name: str, act: Callable[[], T]) -> T:
        problem = ""
        try:
            return act()
        except FileNotFoundError:
            raise
        except Exception as error:  # noqa: BLE001 each store has its own kinds of errors
            problem = self._said(error)
        raise DestinationError(f"{self.url}/{printable(name)}: {problem}")

    def sizes(self) -> dict[str, int]:
        """Return the size of every file below, by its name.

        Raises:
            DestinationError: The store refuses.
        """
        self._files.invalidate_cache()
        try:
            found = self._guarded("", lambda: self._files.find(self._root, detail=True))
        except FileNotFoundError:
            return {}
        start = len(self._root) + 1
        return {name[start:]: int(cast("int", told["size"])) for name, told in found.items()}

    def read(self, name: str) -> bytes | None:
        """Return a file, None if it is not there.

        Raises:
            DestinationError: The store refuses.
        """
        try:
            return self._guarded(name, lambda: self._files.cat_file(f"{self._root}/{name}"))
        except FileNotFoundError:
            return None

    def put(self, source: Path, name: str) -> None:
        """Copy a local file.

        Raises:
            DestinationError: The store refuses, or the file is not there.
        """
        self._placed(name, lambda path: self._files.put_file(str(source), path))

    def write(self, name: str, data: bytes) -> None:
        """Write a file.

        Raises:
            DestinationError: The store refuses.
        """
        self._placed(name, lambda path: self._files.pipe_file(path, data))

    def _placed(self, name: str, write: Callable[[str], None]) -> None:
        path = f"{self._root}/{name}"
        try:
            if self._whole:
                self._guarded(name, lambda: write(path))
                return
            folder, _, last = path.rpartition("/")
            scratch = f"{folder}/.{secrets.token_hex(8)}.part"
            self._guarded(name, lambda: self._files.makedirs(folder, exist_ok=True))
            try:
                self._guarded(name, lambda: write(scratch))
                self._guarded(name, lambda: self._files.mv(scratch, f"{folder}/{last}"))
            except BaseException:
                with suppress(Exception):
                    self._files.rm_file(scratch)
                raise
        except FileNotFoundError as error:
            problem = self._said(error)
        else:
            return
        raise DestinationError(f"{self.url}/{printable(name)}: {problem}")

    def remove(self, name: str) -> None:
        """Remove a file, if it is there.

        Raises:
            DestinationError: The store refuses.
        """
        with suppress(FileNotFoundError):
            self._guarded(name, lambda: self._files.rm_file(f"{self._root}/{name}"))


def _secrets_of(url: str) -> tuple[str, ...]:
    """Return what of a URL must not be told again."""
    try:
        parts = urlsplit(url)
        found: Iterable[str | None] = (parts.username, parts.password)
        return tuple(text for text in found if text)
    except ValueError:
        return (url,)
