"""Reader of the offline archives that the logging SDK writes: one zip per experiment.

Everything in an archive is checked before use: member names, sizes, kinds and each message line.
"""

from __future__ import annotations

import json
import logging
import re
import stat
import zipfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from comet_async.server.records import Json, JsonObject

__all__ = ["ArchiveError", "ArchiveHeader", "ArchiveReader", "find_archives", "open_archive"]

_LOG = logging.getLogger("comet_async.server")
_MAX_HEADER = 1 << 20
_MAX_LINE = 16 << 20
_MAX_MESSAGES = 1 << 30
_MAX_ASSET = 512 << 20
_MAX_TOTAL = 4 << 30
_MAX_MEMBERS = 100_000
_FLAT_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,250}")
_KEY = re.compile(r"[A-Za-z0-9]{8,64}")
_ENCRYPTED = 0x1


class ArchiveError(ValueError):
    """A file is no offline archive, or one that is not safe to read."""


@dataclass(frozen=True, slots=True)
class ArchiveHeader:
    """The file experiment.json of an archive."""

    key: str
    workspace: str
    project: str
    start_ms: int
    stop_ms: int | None
    tags: tuple[str, ...]
    failed: bool
    resumed: bool


class ArchiveReader:
    """One open archive."""

    def __init__(self, archive: zipfile.ZipFile, name: str) -> None:
        """Check all members.

        Args:
            archive: The open zip.
            name: For messages.

        Raises:
            ArchiveError: A member is hidden, linked, encrypted, named twice or too large.
        """
        self._archive = archive
        self._name = name
        self._members = _checked_members(archive, name)

    def header(self) -> ArchiveHeader:
        """Return the run's header.

        Raises:
            ArchiveError: experiment.json is missing or not as documented.
        """
        raw = self._read("experiment.json", _MAX_HEADER)
        try:
            data = cast("Json", json.loads(raw))
        except ValueError:
            raise ArchiveError(f"{self._name}: experiment.json is not JSON") from None
        if not isinstance(data, dict):
            raise ArchiveError(f"{self._name}: experiment.json is no object")
        return _header(data, self._name)

    def messages(self) -> Iterator[tuple[str, JsonObject]]:
        """Yield type and payload of each readable message, in order.

        Raises:
            ArchiveError: messages.json is missing or larger than 1 GiB.
        """
        info = self._info("messages.json", _MAX_MESSAGES)
        skipped = 0
        with self._archive.open(info) as stream:
            for line in _lines(stream):
                message = _message(line)
                if message is None:
                    skipped += 1
                else:
                    yield message
        if skipped:
            _LOG.warning("%s: %d message lines could not be read", self._name, skipped)

    def asset(self, member: str) -> bytes | None:
        """Return the bytes of a referenced member, or None when the archive lacks it."""
        if member not in self._members:
            return None
        return self._read(member, _MAX_ASSET)

    def _info(self, member: str, limit: int) -> zipfile.ZipInfo:
        info = self._members.get(member)
        if info is None:
            raise ArchiveError(f"{self._name}: {member} is missing")
        if info.file_size > limit:
            raise ArchiveError(f"{self._name}: {member} is larger than {limit} bytes")
        return info

    def _read(self, member: str, limit: int) -> bytes:
        info = self._info(member, limit)
        try:
            with self._archive.open(info) as stream:
                data = stream.read(limit + 1)
        except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError) as error:
            raise ArchiveError(f"{self._name}: {member}: {error}") from None
        if len(data) > limit:
            raise ArchiveError(f"{self._name}: {member} is larger than {limit} bytes")
        return data


def _checked_members(archive: zipfile.ZipFile, name: str) -> dict[str, zipfile.ZipInfo]:
    infos = archive.infolist()
    if len(infos) > _MAX_MEMBERS:
        raise ArchiveError(f"{name}: more than {_MAX_MEMBERS} members")
    if sum(info.file_size for info in infos) > _MAX_TOTAL:
        raise ArchiveError(f"{name}: more than {_MAX_TOTAL} bytes")
    members: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        if not _FLAT_NAME.fullmatch(info.filename):
            raise ArchiveError(f"{name}: unexpected member name {info.filename[:80]!r}")
        if info.filename in members:
            raise ArchiveError(f"{name}: member {info.filename} is there twice")
        kind = stat.S_IFMT(info.external_attr >> 16)
        if info.flag_bits & _ENCRYPTED or kind not in (0, stat.S_IFREG):
            raise ArchiveError(f"{name}: member {info.filename} is encrypted or no plain file")
        members[info.filename] = info
    return members


def _header(data: JsonObject, name: str) -> ArchiveHeader:
    key, start, stop = data.get("offline_id"), data.get("start_time"), data.get("stop_time")
    if key is None:
        key = Path(name).stem.partition("-")[0]
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise ArchiveError(f"{name}: no experiment key")
    if not isinstance(start, int):
        raise ArchiveError(f"{name}: start_time is no number of milliseconds")
    tags = data.get("tags")
    workspace, project = data.get("workspace"), data.get("project_name")
    resumed = data.get("resume_strategy") == "get" or data.get("mode") == "append"
    return ArchiveHeader(
        key=key,
        workspace=workspace if isinstance(workspace, str) and workspace else "default",
        project=project if isinstance(project, str) and project else "general",
        start_ms=start,
        stop_ms=stop if isinstance(stop, int) else None,
        tags=tuple(sorted(str(tag) for tag in tags)) if isinstance(tags, list) else (),
        failed=data.get("customer_error_reported") is True,
        resumed=resumed,
    )


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield lines of bounded length; a longer one comes in pieces, which are then no JSON."""
    while line := stream.readline(_MAX_LINE):
        yield line


def _message(line: bytes) -> tuple[str, JsonObject] | None:
    try:
        data = cast("Json", json.loads(line))
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict):
        return None
    kind, payload = data.get("type"), data.get("payload")
    if not isinstance(kind, str) or not isinstance(payload, dict):
        return None
    return kind, payload


@contextmanager
def open_archive(path: Path) -> Generator[ArchiveReader, None, None]:
    """Open one archive for reading.

    Args:
        path: The zip file.

    Raises:
        ArchiveError: The file is no zip, or an unsafe one.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise ArchiveError(f"{path.name}: {error}") from None
    with archive:
        yield ArchiveReader(archive, path.name)


def find_archives(path: Path) -> list[Path]:
    """Return a zip file itself, or the zip files of a directory by name.

    Raises:
        ArchiveError: The path does not exist.
    """
    if path.is_dir():
        return sorted(item for item in path.iterdir() if item.suffix == ".zip" and item.is_file())
    if not path.is_file():
        raise ArchiveError(f"{path.name}: no such file or directory")
    return [path]
