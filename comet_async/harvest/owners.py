"""Who works in a folder: a text that names a process, and whether that process still lives."""

from __future__ import annotations

import os
import platform
import secrets
from pathlib import Path

__all__ = ["owner_lives", "this_owner"]

_PATIENCE = 60.0


def this_owner() -> str:
    """Return a text for this process and this call: host, process, its start, a random part."""
    pid = os.getpid()
    return f"{platform.node()} process {pid} {_started(pid)} {secrets.token_hex(4)}"


def owner_lives(owner: str, silent: float) -> bool:
    """Tell whether an owner may still be at work.

    Args:
        owner: What `this_owner` returned.
        silent: Seconds since its last sign of life.
    """
    host, _, rest = owner.partition(" process ")
    pid, _, more = rest.partition(" ")
    if host == platform.node() and pid.isdecimal():
        started = more.partition(" ")[0]
        return _alive(int(pid)) and started == _started(int(pid))
    return silent < _PATIENCE


def _alive(pid: int) -> bool:
    if os.name != "posix":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return _told(pid)[:1] not in (["Z"], ["X"])  # ended, and its parent has not asked yet


def _started(pid: int) -> str:
    """Return when a process started, where the system tells: a number may be given again."""
    fields = _told(pid)
    return fields[19] if fields else "-"


def _told(pid: int) -> list[str]:
    """Return what Linux tells of a process, from its state on; nothing elsewhere."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
