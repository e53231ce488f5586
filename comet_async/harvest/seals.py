"""The seal of a ledger: its hash while nobody works on it, and a copy to fall back on.

SQLite finds many kinds of damage but not a flipped bit in a value. A run that comes to its end
writes the hash beside the ledger, and a sealed copy; the next run checks it and breaks the seal
before its first change, so a killed run leaves none.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from comet_async.engine.part_file import PartFile, write_whole
from comet_async.harvest.folders import guarded, sync

__all__ = ["broken", "hash_of", "restore", "seal", "unseal"]

_BLOCK = 1024 * 1024


def _seal_of(path: Path) -> Path:
    return path.with_name(path.name + ".sha256")


def backup_of(path: Path) -> Path:
    """Return where the copy of a ledger is."""
    return path.with_name(path.stem + ".backup" + path.suffix)


def broken(path: Path) -> bool:
    """Tell whether a file differs from its seal; without a seal it does not. Blocks.

    Another process may break the seal or make a new one meanwhile, where no lock keeps it away:
    then it looks again.
    """
    wanted = _sealed(path)
    while wanted is not None:
        found = _hash_if_there(path)
        if found == wanted:
            return False
        before, wanted = wanted, _sealed(path)
        if before == wanted:
            return True
    return False


def _sealed(path: Path) -> str | None:
    """Return what the seal of a file says, None without one."""
    try:
        return _seal_of(path).read_text("ascii", "replace").strip()
    except FileNotFoundError:
        return None


def _hash_if_there(path: Path) -> str | None:
    try:
        return hash_of(path)
    except FileNotFoundError:
        return None


def unseal(path: Path) -> None:
    """Break the seal, durably: the file is about to change."""
    seal = _seal_of(path)
    if guarded(seal, os.path.lexists):
        guarded(seal, lambda found: found.unlink(missing_ok=True))
        sync(path.parent)


def seal(path: Path) -> None:
    """Seal a closed file, and make a sealed copy of it. Blocks.

    Raises:
        DestinationError: The disk is full or failing.
    """
    backup = backup_of(path)
    unseal(backup)
    part = PartFile(backup)
    try:
        part.open(path.stat().st_size)
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                part.write([block])
        part.finish(durable=True)
    except BaseException:
        part.discard()
        raise
    told = hash_of(path).encode()
    for file_of in (backup, path):
        write_whole(_seal_of(file_of), memoryview(told))


def restore(path: Path) -> bool:
    """Put the sealed copy in the place of a damaged file; return whether there was a sound one."""
    backup = backup_of(path)
    if not backup.exists() or not _seal_of(backup).exists() or broken(backup):
        return False
    for suffix in ("-wal", "-shm"):
        guarded(path.with_name(path.name + suffix), lambda found: found.unlink(missing_ok=True))
    unseal(path)
    damaged = path.with_name(path.stem + ".damaged" + path.suffix)
    if path.exists():
        guarded(path, lambda found: found.replace(damaged))
    guarded(backup, lambda found: shutil.copyfile(found, path))
    sync(path.parent)
    return True


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a file, 64 hex digits. Blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
