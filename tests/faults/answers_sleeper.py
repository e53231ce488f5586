"""A child process that reads experiments under a quota, to be stopped and continued meanwhile.

Run as `python -m tests.faults.answers_sleeper URL COUNT`; it prints one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TypedDict

from comet_async import Limits, Quota, Session, Timeouts, comet
from comet_async.events import AttemptStarted, Event
from tests.faults.answers_support import FAST, KEYS, service

__all__ = ["QUOTA", "Slept"]

QUOTA = Quota(20, 0.5)


class Slept(TypedDict):
    """What the child reports: right answers, failures, requests, and the most for one call."""

    right: int
    failed: int
    requests: int
    most_attempts: int


async def _run(url: str, count: int) -> Slept:
    started: list[int] = []

    def observe(event: Event) -> None:
        if isinstance(event, AttemptStarted):
            started.append(event.number)

    patience = Timeouts(headers=1.0, idle=1.0)
    profile = service(url, limits=Limits(quotas=(QUOTA,), concurrency=4))
    async with Session(profile, observer=observe, retry=FAST, timeouts=patience) as session:
        pairs = ((n, comet.get_experiment_metadata(KEYS[n % len(KEYS)])) for n in range(count))
        found = await session.collect(pairs)
    right = sum(found.ok[n].experiment_key == KEYS[n % len(KEYS)] for n in found.ok)
    return Slept(
        right=right,
        failed=len(found.failed),
        requests=len(started),
        most_attempts=max(started),
    )


def main() -> None:
    """Read what the arguments name."""
    url, count = sys.argv[1:]
    print(json.dumps(asyncio.run(_run(url, int(count)))))


if __name__ == "__main__":
    main()
