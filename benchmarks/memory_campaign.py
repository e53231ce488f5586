"""Memory of a large harvest, and how late its event loop is.

    python -m benchmarks.memory_campaign --points 100000000
    python -m benchmarks.memory_campaign --experiments 10000 100000

Points: metrics alone, in charts. Experiments: metrics of one point each, and no more. The server,
and each harvest, have a process of their own. The peak is the largest resident size of the
harvest's process, imports included; the lateness that of a task that sleeps for 5 ms, again and
again, from the beginning of the plan to the end of the run. An idle process does the same
meanwhile: how late that is says what the machine adds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import anyio
import msgspec

from comet_async import Limits, Session, comet, harvest
from comet_async.server import LocalServer, SyntheticSpec

METRICS = 10
POINTS = 1000
SLEEP = 0.005
MOST_BYTES = 300_000_000
MOST_LATE_MS = 20.0


class Measured(msgspec.Struct):
    """What one harvest took."""

    rows: int
    experiments: int
    start_bytes: int
    peak_bytes: int
    p50_late_ms: float
    p99_late_ms: float
    most_late_ms: float
    seconds: float
    cpu_seconds: float
    idle_late_ms: float = 0.0


def shape(*, points: int = 0, experiments: int = 0) -> SyntheticSpec:
    """Return data of so many points, or of so many experiments with a point each."""
    if experiments:
        return SyntheticSpec(
            experiments=experiments, metrics=1, points=1, parameters=0, assets=0, odd_metrics=False
        )
    count = max(1, points // (METRICS * POINTS))
    return SyntheticSpec(
        experiments=count,
        metrics=METRICS,
        points=POINTS,
        parameters=0,
        assets=0,
        curves=20,
        odd_metrics=False,
    )


async def _lateness(late: list[float]) -> None:
    while True:
        due = time.perf_counter() + SLEEP
        await asyncio.sleep(SLEEP)
        late.append(time.perf_counter() - due)


def percentile(late: list[float], percent: int) -> float:
    """Return what so many percent of the delays are below, in ms."""
    ordered = sorted(late)
    return 1000 * ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def peak_bytes() -> int:
    """Return the largest resident size of this process so far; Linux only."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise OSError("this system does not tell the peak of a process")


async def client(url: str, folder: Path) -> Measured:
    """Harvest, and measure it."""
    late: list[float] = []
    start, began = peak_bytes(), time.monotonic()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_lateness, late)
        async with Session(comet.service("KEY", url=url, limits=Limits(concurrency=8))) as session:
            plan = await harvest.plan(session, "synthetic", tables=["metrics"])
            report = await harvest.run(session, plan, folder)
        tasks.cancel_scope.cancel()
    if report.exit_code:
        raise SystemExit(f"the harvest failed: {report.failures[:2]}")
    rows = {table.table: table.rows for table in report.tables}
    return Measured(
        rows=rows["metrics"],
        experiments=plan.experiments,
        start_bytes=start,
        peak_bytes=peak_bytes(),
        p50_late_ms=percentile(late, 50),
        p99_late_ms=percentile(late, 99),
        most_late_ms=percentile(late, 100),
        seconds=time.monotonic() - began,
        cpu_seconds=time.process_time(),
    )


async def serve(spec: SyntheticSpec) -> None:
    """Serve until the standard input ends."""
    async with LocalServer(synthetic=spec, extras=False, compression=False) as server:
        print(server.url, flush=True)
        await anyio.to_thread.run_sync(sys.stdin.read)


@contextmanager
def _served(options: list[str]) -> Generator[str, None, None]:
    command = [sys.executable, "-m", "benchmarks.memory_campaign", "--serve", *options]
    with subprocess.Popen(command, stdin=-1, stdout=-1, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()


def measured(options: list[str], *, expected: int) -> Measured:
    """Serve such data to a harvest in a process of its own; return what it took.

    Args:
        options: `--points N` or `--experiments N`.
        expected: Rows that must come.
    """
    late: list[float] = []
    with _served(options) as url, tempfile.TemporaryDirectory() as folder:
        told = asyncio.run(_beside(url, folder, late))
    found = msgspec.json.decode(told, type=Measured)
    if found.rows != expected:
        raise SystemExit(f"{found.rows:,} rows instead of {expected:,}")
    found.idle_late_ms = percentile(late, 99)
    return found


async def _beside(url: str, folder: str, late: list[float]) -> bytes:
    """Run the harvest's process, and be idle beside it."""
    command = [sys.executable, "-m", "benchmarks.memory_campaign", "--client", url, folder]
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_lateness, late)
        ended = await anyio.run_process(command, stderr=None)
        tasks.cancel_scope.cancel()
    return ended.stdout


def main() -> None:
    """Print one line for each harvest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, nargs="*", default=[])
    parser.add_argument("--experiments", type=int, nargs="*", default=[])
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--client", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        points, experiments = [*options.points, 0], [*options.experiments, 0]
        asyncio.run(serve(shape(points=points[0], experiments=experiments[0])))
        return
    if options.client:
        url, folder = options.client
        print(json.dumps(msgspec.to_builtins(asyncio.run(client(url, Path(folder))))))
        return
    failed = False
    for name in ("points", "experiments"):
        for count in getattr(options, name):
            found = measured([f"--{name}", str(count)], expected=count)
            failed |= found.peak_bytes > MOST_BYTES or found.p99_late_ms > MOST_LATE_MS
            print(
                f"{found.rows:,} points of {found.experiments:,} experiments:"
                f" peak {found.peak_bytes / 1e6:.0f} MB (bar {MOST_BYTES / 1e6:.0f}),"
                f" {found.start_bytes / 1e6:.0f} at its start; the loop late by"
                f" {found.p50_late_ms:.1f} ms (median), {found.p99_late_ms:.1f} (p99, bar"
                f" {MOST_LATE_MS:.0f}), {found.most_late_ms:.0f} (worst),"
                f" an idle one by {found.idle_late_ms:.1f} (p99);"
                f" {found.seconds:.0f} s, {found.cpu_seconds:.0f} of CPU",
                flush=True,
            )
    sys.exit(failed)


if __name__ == "__main__":
    main()
