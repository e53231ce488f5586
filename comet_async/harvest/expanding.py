"""Zip archives of strangers, expanded only where every member can be: all of it, or nothing."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TypeVar

from comet_async.engine.names import portable_path
from comet_async.errors import ArchiveError, DestinationError
from comet_async.harvest.folders import sync
from comet_async.redaction import printable, shortened

__all__ = ["MAX_BYTES", "MAX_ENTRIES", "MAX_RATIO", "expand"]

T = TypeVar("T")

MAX_ENTRIES = 50_000
"""Members that an archive may have."""
MAX_BYTES = 256 * 1024**3
"""Bytes that all members together may have."""
MAX_RATIO = 200
"""How many times its own size an archive may become; a small one may always become 64 MiB."""

_ALWAYS = 64 * 1024 * 1024
_BLOCK = 1024 * 1024
_ENCRYPTED = 0x1
_END = struct.Struct("<4s4H2LH")
_WIDE_END = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = 20
_TAIL = 128 * 1024
_ENTRY = 256
_DRIVE = re.compile(r"[A-Za-z]:")
_PLAIN = frozenset({0, stat.S_IFREG, stat.S_IFDIR})
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})


def expand(
    archive: Path,
    folder: Path,
    *,
    max_entries: int = MAX_ENTRIES,
    max_bytes: int = MAX_BYTES,
    max_ratio: float = MAX_RATIO,
) -> int:
    """Expand an archive into a folder that appears whole or not at all. Blocks.

    Names become portable, as everywhere in a harvest. What stands in the folder's place is
    replaced. The archive stays as it is, and so do archives inside it.

    Args:
        archive: A zip file.
        folder: Where to; the folder above it must be there.
        max_entries: Members that it may have.
        max_bytes: Bytes that all members together may have.
        max_ratio: How many times its own size they may have, beyond 64 MiB.

    Returns:
        How many files it held.

    Raises:
        ArchiveError: It is damaged; a member leads outside, is a link, is encrypted, or has the
            place of another; or it is too large. Nothing is left of it then.
        DestinationError: The disk is full or failing.
    """
    part = folder.with_name(f".{folder.name[:100]}.{secrets.token_hex(8)}.part")
    problem = ""
    try:
        _check_directory(archive, max_entries)
        with _from_archive(partial(zipfile.ZipFile, archive)) as opened:
            most = min(max_bytes, max(_ALWAYS, int(archive.stat().st_size * max_ratio)))
            members = _checked(opened.infolist(), max_entries, most)
            part.mkdir()
            _write(opened, members, part)
        if folder.exists():
            shutil.rmtree(folder)
        part.rename(folder)
        sync(folder.parent)
    except ArchiveError as error:
        problem = error.message
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as error:
        problem = f"it is damaged: {shortened(str(error))}"
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise DestinationError(f"cannot write {printable(str(folder))}: {reason}") from None
    else:
        return sum(not info.is_dir() for info, _ in members)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    raise ArchiveError(f"{printable(archive.name)} is not expanded: {problem}")


def _checked(
    members: Sequence[zipfile.ZipInfo], most_entries: int, most_bytes: int
) -> list[tuple[zipfile.ZipInfo, PurePosixPath]]:
    """Return the members with their places; refuse the archive for any that cannot be written."""
    if len(members) > most_entries:
        raise ArchiveError(f"it has {len(members):,} members, {most_entries:,} are allowed")
    total = sum(info.file_size for info in members)
    if total > most_bytes:
        raise ArchiveError(f"it would have {total:,} bytes, {most_bytes:,} are allowed")
    placed: list[tuple[zipfile.ZipInfo, PurePosixPath]] = []
    files: set[str] = set()
    folders: set[str] = set()
    for info in members:
        path = _place(info)
        name = _folded(path)
        above = {_folded(parent) for parent in path.parents}
        taken = name in files or above & files
        if taken or (not info.is_dir() and name in folders):
            raise ArchiveError(f"two members have the place {printable(str(path))}")
        folders |= above
        (folders if info.is_dir() else files).add(name)
        placed.append((info, path))
    return placed


def _place(info: zipfile.ZipInfo) -> PurePosixPath:
    """Return where a member goes.

    Raises:
        ArchiveError: It leads outside, or is no plain file or folder.
    """
    name, shown = info.filename, printable(shortened(info.filename))
    kind = stat.S_IFMT(info.external_attr >> 16)
    if info.flag_bits & _ENCRYPTED:
        raise ArchiveError(f"{shown} is encrypted")
    if kind not in _PLAIN or info.compress_type not in _METHODS:
        raise ArchiveError(f"{shown} is no plain file or folder")
    parts = name.removesuffix("/").split("/")
    if (
        "\\" in name
        or "\0" in info.orig_filename
        or any(part in ("", ".", "..") for part in parts)
        or _DRIVE.match(name)
    ):
        raise ArchiveError(f"{shown} leads outside")
    return portable_path("/".join(parts))


def _check_directory(archive: Path, most_entries: int) -> None:
    """Refuse an archive whose list of members is too long to be held, before it is read.

    What its end says of the list's length is what `zipfile` reads: more members than that has room
    for cannot be there.
    """
    with archive.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _TAIL))
        tail = file.read(_TAIL)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise zipfile.BadZipFile("it has no end")
    count, length = _END.unpack_from(tail, at)[4:6]
    wide = at - _LOCATOR - _WIDE_END.size
    if wide >= 0 and tail[at - _LOCATOR :].startswith(b"PK\x06\x07"):
        told = _WIDE_END.unpack_from(tail, wide)
        count, length = max(count, told[7]), max(length, told[8])
    if count > most_entries:
        raise ArchiveError(f"it has {count:,} members, {most_entries:,} are allowed")
    if length > most_entries * _ENTRY:
        raise ArchiveError(f"its list of members has {length:,} bytes")


def _from_archive(act: Callable[[], T]) -> T:
    """Return `act()`, which reads of an archive.

    Raises:
        BadZipFile: It looked at a place that cannot be: damage, and no fault of the disk.
    """
    problem = ""
    try:
        return act()
    except OSError as error:
        problem = error.strerror or type(error).__name__
    raise zipfile.BadZipFile(problem)


def _folded(path: PurePosixPath) -> str:
    return unicodedata.normalize("NFC", str(path)).casefold()


def _write(
    opened: zipfile.ZipFile,
    members: Sequence[tuple[zipfile.ZipInfo, PurePosixPath]],
    part: Path,
) -> None:
    """Write all members; one that has other bytes than it says is a damaged one."""
    for info, path in members:
        target = part / path
        if info.is_dir():
            target.mkdir(parents=True, exist_ok=True)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        left = info.file_size
        with _from_archive(partial(opened.open, info)) as source, target.open("xb") as file:
            while block := _from_archive(partial(source.read, _BLOCK)):
                left -= len(block)
                if left < 0:
                    raise ArchiveError(f"{printable(info.filename)} is larger than it says")
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
        if left:
            raise ArchiveError(f"{printable(info.filename)} is smaller than it says")
