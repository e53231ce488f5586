"""One harvest in one folder: a lock that dies with its process."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from comet_async.errors import DestinationError, LedgerError
from comet_async.redaction import printable, shortened

__all__ = ["FolderLock"]

_SHOWN = 40

if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _try_lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


class FolderLock:
    """Held from construction to `release`; the file stays, the lock on it goes with the process.

    A process that was killed leaves no lock behind, so a stale file is simply taken over.

    Args:
        path: The lock's file.

    Raises:
        LedgerError: Another harvest works in the folder.
        DestinationError: The file cannot be made.
    """

    def __init__(self, path: Path) -> None:
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        try:
            self._descriptor = os.open(path, flags, 0o666)
        except OSError as error:
            raise _failed(path, error) from None
        try:
            self._take(path)
        except BaseException:
            os.close(self._descriptor)
            raise

    def _take(self, path: Path) -> None:
        """Take the lock, and say in the file who has it."""
        if os.fstat(self._descriptor).st_nlink > 1:  # what is written here would be elsewhere too
            raise DestinationError(f"{printable(str(path))} is a link; remove it")
        try:
            _try_lock(self._descriptor)
        except OSError:
            holder = os.read(self._descriptor, _SHOWN).decode("utf-8", "replace").strip()
            raise LedgerError(
                f"another harvest works in {printable(str(path.parent))}"
                f" ({shortened(holder) or 'unknown process'}); wait for it or use another folder"
            ) from None
        try:
            os.ftruncate(self._descriptor, 0)
            os.write(self._descriptor, f"process {os.getpid()}\n".encode())
        except OSError as error:
            raise _failed(path, error) from None

    def release(self) -> None:
        """Give the lock back."""
        os.close(self._descriptor)


def _failed(path: Path, error: OSError) -> DestinationError:
    reason = error.strerror or type(error).__name__
    return DestinationError(f"cannot write {printable(str(path))}: {reason}")
