"""Harvests that are killed at random, again and again, against one that nobody disturbs.

    python benchmarks/kill_campaign.py --kills 200

Each harvest runs in a process of its own against a server with faults, is sent SIGKILL at a random
moment, and is run again, until it has been killed a few times and comes to its end. Then its rows
and files must be those of an undisturbed harvest, its counts must add up, and what the server sent
of files again must be at most a block for each file that was open.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import anyio
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # it has no stubs

from comet_async import Limits, RetryPolicy, Session, comet, harvest
from comet_async.server import LocalServer, SyntheticSpec

SPEC = SyntheticSpec(
    experiments=40,
    points=200,
    metrics=4,
    parameters=5,
    assets=3,
    asset_bytes=(70_000, 3_000_000),
    registry_models=1,
    artifacts=2,
    curves=8,
)
FAULTS = ("status", "rst_mid_body", "truncate_length", "close_before", "storm429")
CHANCE = 0.02
LIMITS = Limits(concurrency=8)
PATIENT = RetryPolicy(attempts=8, base=0.002, cap=0.02, unreadable_attempts=5)


async def harvested(url: str, folder: Path) -> harvest.Report:
    """Bring a folder up to date."""
    service = comet.service("KEY", url=url, limits=LIMITS)
    async with Session(service, retry=PATIENT) as session:
        plan = await harvest.plan(session, "synthetic", archives=True, into=folder)
        return await harvest.run(session, plan, folder)


def contents(folder: Path) -> Mapping[str, str]:
    """Return a hash of the sorted rows of each table, and of each file."""
    found: dict[str, str] = {}
    for table in sorted((folder / "tables").iterdir()):
        rows = Counter(
            repr(sorted(row.items()))
            for path in table.glob("*.parquet")
            for row in pq.read_table(path).to_pylist()
        )
        found[f"tables/{table.name}"] = hashlib.sha256(
            repr(sorted(rows.items())).encode()
        ).hexdigest()
    for path in sorted((folder / "files").rglob("*")):
        if path.is_file():
            name = str(path.relative_to(folder))
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def differences(folder: Path, wanted: Mapping[str, str]) -> list[str]:
    """Return what differs from an undisturbed harvest."""
    found = contents(folder)
    names = found.keys() | wanted.keys()
    return sorted(name for name in names if found.get(name) != wanted.get(name))


def killed(url: str, folder: Path, seconds: float) -> bool:
    """Run a harvest in a process, kill it after some time; return whether it was alive still."""
    command = [sys.executable, __file__, "--child", url, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        time.sleep(seconds)
        alive = process.poll() is None
        process.send_signal(signal.SIGKILL)
    return alive


async def campaign(kills: int, seed: int, *, each: int = 10) -> tuple[int, list[str]]:
    """Kill harvests; return how often one was really killed, and every difference."""
    chance = random.Random(seed)
    wrong: list[str] = []
    done = 0
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        async with LocalServer(synthetic=SPEC, seed=seed) as server:
            began = time.monotonic()
            report = await harvested(server.url, root / "clean")
            usual = time.monotonic() - began
            if report.exit_code:
                raise SystemExit(f"the undisturbed harvest failed: {report.failures[:2]}")
            wanted = contents(root / "clean")
            size = sum(path.stat().st_size for path in (root / "clean" / "files").rglob("*.*"))
            number = 0
            while done < kills:
                folder = root / str(number)
                number += 1
                for fault in FAULTS:
                    server.faults.add(fault, 503 if fault == "status" else None, probability=CHANCE)
                for _ in range(min(each, kills - done)):
                    wait = chance.uniform(0.4, 0.6 + 2 * usual)
                    done += await anyio.to_thread.run_sync(killed, server.url, folder, wait)
                server.faults.clear()
                report = await harvested(server.url, folder)
                wrong += [f"{number}: {name}" for name in differences(folder, wanted)]
                wrong += [f"{number}: {one.reason}" for one in report.failures]
                wrong += [
                    f"{number}: {table.table} does not add up"
                    for table in report.tables
                    if table.planned != table.stored + table.absent + table.failed
                ]
                print(f"{done} kills, {len(wrong)} differences", file=sys.stderr, flush=True)
                for line in wrong[-1:]:
                    print(f"    {line}", file=sys.stderr, flush=True)
    print(f"{size:,} bytes of files in each harvest", file=sys.stderr)
    return done, wrong


def main() -> None:
    """Print how it went."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        report = asyncio.run(harvested(options.child[0], Path(options.child[1])))
        raise SystemExit(report.exit_code)
    began = time.monotonic()
    kills, wrong = asyncio.run(campaign(options.kills, options.seed))
    print(f"{kills} kills in {time.monotonic() - began:.0f} s, {len(wrong)} differences")
    for line in wrong[:20]:
        print(f"    {line}")
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()
