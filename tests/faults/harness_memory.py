"""A fan-out with a slow consumer, in a process of its own that measures its memory.

Run as a module: URL, requests, bytes of an answer. It prints one `Measured` as JSON.
"""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from comet_async import Effect, Ok, Request, Service, Session, comet
from comet_async.service import Limits

__all__ = ["Measured", "measure"]

ROOT = Path(__file__).resolve().parents[2]
_PAGE = 4096
_CONCURRENCY = 32
_BUFFER = 64
_REST_EVERY = 10
_REST_SECONDS = 0.004


class Text(msgspec.Struct, frozen=True):
    """The answer."""

    text: str


class Measured(msgspec.Struct):
    """Memory in bytes, over one fan-out.

    Attributes:
        requests: Consumed.
        start: Resident before the fan-out.
        peak: Highest resident size seen while it ran.
        halves: Mean resident size over the second and the last quarter.
        ahead: Most requests drawn and not yet consumed.
        seconds: Time it took.
    """

    requests: int
    start: int
    peak: int
    halves: tuple[float, float]
    ahead: int
    seconds: float

    @property
    def growth(self) -> int:
        """Peak over start."""
        return self.peak - self.start

    @property
    def slope(self) -> float:
        """Bytes kept for each request, from the second quarter to the last."""
        return (self.halves[1] - self.halves[0]) / (self.requests / 2)


def resident() -> int:
    """Return the resident size of this process in bytes."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE


async def consume(url: str, count: int, size: int) -> Measured:
    """Read a fan-out of `count` requests more slowly than they come."""
    service: Service = comet.service("KEY", url=url, limits=Limits(concurrency=_CONCURRENCY))
    drawn = ahead = consumed = 0

    def pairs() -> Iterator[tuple[int, Request[Text]]]:
        nonlocal drawn
        for number in range(count):
            drawn += 1
            yield (
                number,
                Request(
                    service="comet",
                    method="GET",
                    path="/api/{number}",
                    answer=Text,
                    effect=Effect.READ,
                    path_params=(("number", str(number)),),
                ),
            )

    async with Session(service) as session:
        gc.collect()
        start = peak = resident()
        sizes: list[int] = []
        began = time.monotonic()
        async with session.fan_out(pairs(), buffer=_BUFFER) as outcomes:
            async for outcome in outcomes:
                assert isinstance(outcome, Ok)
                assert len(outcome.value.text) == size - 11
                consumed += 1
                ahead = max(ahead, drawn - consumed)
                if consumed % _REST_EVERY == 0:
                    sizes.append(resident())
                    peak = max(peak, sizes[-1])
                    await asyncio.sleep(_REST_SECONDS)
    quarter = len(sizes) // 4
    second, last = sizes[quarter : 2 * quarter], sizes[-quarter:]
    halves = (sum(second) / len(second), sum(last) / len(last))
    return Measured(consumed, start, peak, halves, ahead, time.monotonic() - began)


def measure(url: str, count: int, size: int, *, patience: float) -> Measured:
    """Run the fan-out in a process of its own and return what it measured."""
    command = [sys.executable, "-m", "tests.faults.harness_memory", url, str(count), str(size)]
    done = subprocess.run(command, capture_output=True, timeout=patience, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr.decode()
    return msgspec.json.decode(done.stdout, type=Measured)


if __name__ == "__main__":
    found = asyncio.run(consume(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
    print(msgspec.json.encode(found).decode())
