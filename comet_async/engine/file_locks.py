"""Advisory locks: who holds one is alive, who does not may be alive too."""

from __future__ import annotations

import sys
from collections.abc import Callable

if sys.platform == "win32":  # pragma: no cover
    _lock: Callable[[int], None] | None = None
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


__all__ = ["locked"]


def locked(descriptor: int) -> bool:
    """Lock an open file until it is closed or its process ends; False when another holds it.

    A file system without locks says True to everybody: an answer of False may be relied upon, one
    of True may not.
    """
    if _lock is None:  # pragma: no cover
        return True
    try:
        _lock(descriptor)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
