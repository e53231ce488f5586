"""What a process used: wall time, CPU time and memory."""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Stopwatch", "Usage", "peak_rss"]

_MIB = 1024 * 1024


@dataclass(frozen=True)
class Usage:
    """What a stretch of work took.

    Attributes:
        wall: Seconds by the clock.
        cpu: CPU seconds of this process, user and system.
        peak_rss: Largest resident memory of this process so far, in MiB.
    """

    wall: float
    cpu: float
    peak_rss: float


class Stopwatch:
    """Measures from its making on."""

    def __init__(self) -> None:
        self._cpu = _cpu()
        self._wall = time.perf_counter()

    def read(self) -> Usage:
        """Return what was used since the start."""
        wall = time.perf_counter() - self._wall
        return Usage(wall, _cpu() - self._cpu, peak_rss())


def _cpu() -> float:
    own = resource.getrusage(resource.RUSAGE_SELF)
    return own.ru_utime + own.ru_stime


def peak_rss() -> float:
    """Return the largest resident memory of this process so far, in MiB."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage counts the parent's memory in when it forked
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / _MIB if sys.platform == "darwin" else peak / 1024
