"""Peak memory of a harvest, and how long its event loop is held up, the server in another process.

python benchmarks/harvest_memory.py --experiments 1000 --points 1000 --metrics 10
python benchmarks/harvest_memory.py --experiments 100000 --points 1 --metrics 1
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from comet_async import Limits, Session, comet, harvest
from comet_async.server import LocalServer, SyntheticSpec

TICK = 0.005
LIMITS = Limits(concurrency=16)


async def serve(experiments: int, points: int, metrics: int) -> None:
    """Serve synthetic runs until somebody ends the process."""
    spec = SyntheticSpec(
        experiments=experiments,
        points=points,
        metrics=metrics,
        parameters=5,
        curves=20,
        odd_metrics=False,
    )
    async with LocalServer(synthetic=spec, extras=False, compression=False) as server:
        print(server.url, flush=True)
        await asyncio.sleep(10**6)


async def late(delays: list[float]) -> None:
    """Note how much later than asked for each wake-up comes."""
    loop = asyncio.get_running_loop()
    while True:
        began = loop.time()
        await asyncio.sleep(TICK)
        delays.append(loop.time() - began - TICK)


async def measure(url: str, folder: Path, tables: list[str]) -> None:
    """Harvest and print the figures."""
    delays: list[float] = []
    watch = asyncio.create_task(late(delays))
    began = time.monotonic()
    async with Session(comet.service("KEY", url=url, limits=LIMITS)) as session:
        plan = await harvest.plan(session, "synthetic", tables=tables, into=folder)
        report = await harvest.run(session, plan, folder)
    seconds = time.monotonic() - began
    watch.cancel()
    delays.sort()
    usage = resource.getrusage(resource.RUSAGE_SELF)
    rows = sum(table.rows for table in report.tables)
    print(
        f"{plan.experiments:,} experiments, {rows:,} rows, exit {report.exit_code}:"
        f" {usage.ru_maxrss / 1024:.0f} MiB peak, {seconds:.0f} s,"
        f" {usage.ru_utime + usage.ru_stime:.0f} CPU s, loop delay p50"
        f" {delays[len(delays) // 2] * 1e3:.1f} ms, p99 {delays[len(delays) * 99 // 100] * 1e3:.1f}"
        f" ms, longest {delays[-1] * 1e3:.0f} ms"
    )


def main() -> None:
    """Start a server, and a client in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--experiments", type=int, default=1000)
    parser.add_argument("--points", type=int, default=1000)
    parser.add_argument("--metrics", type=int, default=10)
    parser.add_argument("--tables", default="metrics,parameters,experiments")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--client", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve(options.experiments, options.points, options.metrics))
    elif options.client:
        with tempfile.TemporaryDirectory() as folder:
            tables = options.tables.split(",")
            asyncio.run(measure(options.client, Path(folder), tables))
    else:
        same = [
            f"--{name}={getattr(options, name)}" for name in ("experiments", "points", "metrics")
        ]
        command = [sys.executable, __file__, *same, f"--tables={options.tables}"]
        with subprocess.Popen([*command, "--serve"], stdout=subprocess.PIPE, text=True) as server:
            try:
                assert server.stdout is not None
                url = server.stdout.readline().strip()
                subprocess.run([*command, "--client", url], check=True)
            finally:
                server.kill()


if __name__ == "__main__":
    main()
