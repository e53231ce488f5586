"""A child process that sends requests and tells by how much its memory grew.

Run as `python -m tests.faults.answers_memory URL CAP KIND COUNT`; it prints one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Literal, TypeAlias, TypedDict, cast

from comet_async import RetryPolicy, Session, comet
from comet_async.errors import CometAsyncError
from tests.faults.answers_support import KEYS, service

__all__ = ["Grown", "Kind", "grown"]

Kind: TypeAlias = Literal["octets", "series", "file"]

_STATUS = Path("/proc/self/status")


class Grown(TypedDict):
    """What the child reports.

    Attributes:
        outcomes: How each request ended: "ok" or the error's line.
        growth: Bytes by which the peak of the resident memory rose above that before the first.
    """

    outcomes: list[str]
    growth: int


def grown(url: str, cap: int, kind: Kind = "series", count: int = 1) -> Grown:
    """Send requests from a child process and return what it reports; blocks."""
    command = [sys.executable, "-m", "tests.faults.answers_memory", url, str(cap), kind, str(count)]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, check=False, timeout=18)
    assert done.returncode == 0, done.stderr.decode()
    return cast("Grown", json.loads(done.stdout))


def _peak() -> int:
    if _STATUS.exists():
        # Linux hands the parent's ru_maxrss on to a child; this peak is the process's own.
        lines = _STATUS.read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


async def _send(session: Session, kind: str) -> str:
    file = comet.get_experiment_asset("a1", experiment_key=KEYS[0])
    try:
        if kind == "file":
            with tempfile.TemporaryDirectory() as folder:
                await session.download(file, Path(folder, "file.bin"))
        elif kind == "octets":
            await session.send(file)
        else:
            await session.send(comet.get_all_experiment_metrics(KEYS[0]))
    except CometAsyncError as error:
        return f"{type(error).__name__} {error}"
    return "ok"


async def _measured(url: str, cap: int, kind: str, count: int) -> Grown:
    policy = RetryPolicy(attempts=1, unreadable_attempts=1)
    async with Session(service(url), retry=policy, max_body_bytes=cap) as session:
        await session.send(comet.get_experiment_metadata(KEYS[1]))
        before = _peak()
        outcomes = [await _send(session, kind) for _ in range(count)]
        return Grown(outcomes=outcomes, growth=_peak() - before)


def main() -> None:
    """Measure what the arguments name."""
    url, cap, kind, count = sys.argv[1:]
    print(json.dumps(asyncio.run(_measured(url, int(cap), kind, int(count)))))


if __name__ == "__main__":
    main()
