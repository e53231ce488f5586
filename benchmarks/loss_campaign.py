"""A harvest of many items under faults: each is accounted for, and a rerun touches what failed.

    python -m benchmarks.loss_campaign --items 100000

One request in ten fails: by 503, a reset, a body cut short; and now and then by 429. Each of those
slows the client down for seconds, as it should, so a tenth of 429 would take hours.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import msgspec
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # it has no stubs

from comet_async import Limits, RetryPolicy, Session, comet, harvest
from comet_async.server import LocalServer, SyntheticSpec

Faults: TypeAlias = Sequence[tuple[str, float | None, float]]
FAULTS: Faults = (
    ("status", 503, 0.033),
    ("rst_mid_body", None, 0.033),
    ("truncate_length", None, 0.033),
    ("status", 429, 0.0005),
)
"""Fault, its argument, and its share of the requests."""
HASTY = RetryPolicy(attempts=1, unreadable_attempts=1, throttled_attempts=1)
TABLES = [
    "experiments",
    "others",
    "parameters",
    "tags",
    "system_details",
    "code",
    "output",
    "graph",
]
LIMITS = Limits(concurrency=16)


class Outcome(msgspec.Struct):
    """What became of the items."""

    planned: int
    failed: int
    unaccounted: int
    asked_again: int
    left: int


async def harvested(
    server: LocalServer, folder: Path, retry: RetryPolicy, faults: Faults = ()
) -> harvest.Report:
    """Bring a folder up to date, one item at a time."""
    service = comet.service("KEY", url=server.url, limits=LIMITS)
    async with Session(service, retry=RetryPolicy(base=0.01)) as session:
        plan = await harvest.plan(
            session,
            "synthetic",
            tables=TABLES,
            selection=harvest.Selection(exact=True),
            into=folder,
        )
    for name, argument, share in faults:
        server.faults.add(name, argument, probability=share)
    server.log.clear()
    async with Session(service, retry=retry) as session:
        report = await harvest.run(session, plan, folder)
    server.faults.clear()
    return report


def unaccounted(report: harvest.Report, folder: Path, experiments: int) -> int:
    """Return the items that the report, the failures and the tables do not agree on."""
    wrong = 0
    lines = (folder / "failures.jsonl").read_bytes().splitlines()
    for table in report.tables:
        wrong += abs(table.planned - experiments)
        wrong += abs(table.planned - table.stored - table.absent - table.failed)
        paths = (folder / "tables" / table.table).glob("*.parquet")
        keys = {key for path in paths for key in pq.read_table(path)["experiment_key"].to_pylist()}
        wrong += abs(len(keys) - table.stored) if table.rows else 0
        wrong += abs(table.rows - sum(map(_rows, (folder / "tables" / table.table).glob("*"))))
    return wrong + abs(len(lines) - report.failed)


def _rows(path: Path) -> int:
    return int(pq.read_metadata(path).num_rows)


async def campaign(items: int, seed: int = 1, faults: Faults = FAULTS) -> Outcome:
    """Harvest under faults, then without."""
    experiments = items // len(TABLES)
    spec = SyntheticSpec(experiments=experiments, points=1, metrics=1, parameters=2, assets=0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with LocalServer(synthetic=spec, seed=seed, compression=False) as server:
            report = await harvested(server, folder, HASTY, faults)
            wrong = unaccounted(report, folder, experiments)
            planned = sum(table.planned for table in report.tables)
            again = await harvested(server, folder, RetryPolicy(base=0.01))
            asked = sum(server.log.counts().values())
            wrong += unaccounted(again, folder, experiments)
    return Outcome(planned, report.failed, wrong, asked, again.failed)


def main() -> None:
    """Print the outcome."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=100_000)
    options = parser.parse_args()
    began = time.monotonic()
    found = asyncio.run(campaign(options.items))
    print(
        f"{found.planned:,} items, {found.failed:,} failed under faults,"
        f" {found.unaccounted} unaccounted; the rerun made {found.asked_again:,} requests and left"
        f" {found.left}; {time.monotonic() - began:.0f} s"
    )
    sys.exit(bool(found.unaccounted or found.left or found.asked_again != found.failed))


if __name__ == "__main__":
    main()
