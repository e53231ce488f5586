"""Random points through server, harvest and Parquet, compared bit by bit.

    python benchmarks/fidelity_campaign.py --points 1000000

NaN, infinities, subnormal numbers, steps up to 2^53 and odd names among them, once from charts and
once exactly, with context and offset.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import struct
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]  # it has no stubs
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # it has no stubs

from comet_async import Limits, Session, comet, harvest
from comet_async.server import Facts, LocalServer, Logged, MemorySource, memory_project, series_of

NAMES = ("val/loss", "a+b", "two  blanks", "précision/β", "\U0001f600", '"quoted"\\', "plain")
ODD = ("NaN", "Infinity", "-Infinity", "1e-308", "5e-324", "-0.0", "1.7976931348623157e+308")
MOST = 14_000

Point = tuple[bytes, int | None, int | None, int]
"""Bits of the value, step, epoch and time (ms)."""


def made(points: int, seed: int) -> tuple[MemorySource, Mapping[tuple[str, str], list[Point]]]:
    """Return a source with so many random points, and these by experiment and metric."""
    chance = random.Random(seed)
    project = memory_project("team", "exact")
    wanted: dict[tuple[str, str], list[Point]] = {}
    runs: list[Logged] = []
    left = points
    while left > 0:
        key = f"{len(runs):032x}"
        series = []
        for name in NAMES:
            count = min(left, chance.randrange(1, MOST))
            left -= count
            if not count:
                break
            texts = [_text(chance) for _ in range(count)]
            steps = [chance.choice((at, None, 2**53 - at)) for at in range(count)]
            epochs = [chance.choice((None, at % 7)) for at in range(count)]
            times = [1_700_000_000_000 + at for at in range(count)]
            series.append(series_of(name, texts, steps=steps, epochs=epochs, timestamps=times))
            bits = (struct.pack("<d", float(text)) for text in texts)
            wanted[key, name] = list(zip(bits, steps, epochs, times, strict=True))
        facts = Facts(key, project, key[-4:], 1000 + len(runs), 2000)
        runs.append(Logged(facts, series={item.name: item for item in series}))
    return MemorySource(runs), wanted


def _text(chance: random.Random) -> str:
    if chance.random() < 0.02:
        return chance.choice(ODD)
    (value,) = struct.unpack("<d", chance.randbytes(8))
    return "NaN" if value != value else repr(value)  # noqa: PLR0124  NaN


def read(folder: Path) -> Iterator[tuple[tuple[str, str], Point]]:
    """Give every point of a harvest."""
    for path in sorted((folder / "tables" / "metrics").glob("*.parquet")):
        table = pq.read_table(path)
        columns = [
            table[name].to_pylist() for name in ("experiment_key", "metric", "step", "epoch")
        ]
        times = table["timestamp"].cast(pa.int64()).to_pylist()
        for key, metric, step, epoch, when, value in zip(
            *columns, times, table["value"].to_pylist(), strict=True
        ):
            yield (key, metric), (struct.pack("<d", value), step, epoch, when)


async def differing(points: int, seed: int, *, exact: bool) -> int:
    """Return how many points differ or are missing."""
    source, wanted = made(points, seed)
    with tempfile.TemporaryDirectory() as name:
        async with LocalServer(sources=[source], compression=False) as server:
            service = comet.service("KEY", url=server.url, limits=Limits(concurrency=4))
            async with Session(service) as session:
                plan = await harvest.plan(
                    session, "team", tables=["metrics"], selection=harvest.Selection(exact=exact)
                )
                report = await harvest.run(session, plan, Path(name))
        if report.exit_code:
            raise SystemExit(f"the harvest failed: {report.failures[:2]}")
        found: dict[tuple[str, str], list[Point]] = {}
        for place, point in read(Path(name)):
            found.setdefault(place, []).append(point)
    wrong = sum(
        sum(one != other for one, other in zip(found.get(place, []), given, strict=False))
        + abs(len(found.get(place, [])) - len(given))
        for place, given in wanted.items()
    )
    return wrong + sum(len(more) for place, more in found.items() if place not in wanted)


def main() -> None:
    """Print how many differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    failed = 0
    for exact in (False, True):
        began = time.monotonic()
        wrong = asyncio.run(differing(options.points, options.seed, exact=exact))
        failed += wrong
        way = "exactly" if exact else "from charts"
        print(f"{options.points:,} points {way}: {wrong} differ, {time.monotonic() - began:.0f} s")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
