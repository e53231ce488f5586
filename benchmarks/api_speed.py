"""`comet_async.API` against `comet_ml.API`: queries and listings, under a latency.

    python -m benchmarks.api_speed --latency 50 --rounds 3

Two cases: `query` that returns 1,000 experiments with their metadata, and `get_experiments` over
the 50 projects of a workspace, both with our default limits. One embedded server with the same data
for both clients, which run in fresh processes one after the other, in turn; each answer waits for
the latency. A round's ratio is the SDK's time over ours; the time begins when the client is there
and ends when names of all experiments were read.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.report import Spread, machine, table
from benchmarks.servers import CLIENT_CORE, on_core
from comet_async.server import LocalServer, SyntheticSpec, serve_in_thread

__all__: list[str] = []

_BAR = 15.0
_WORKSPACE, _PROJECT = "synthetic", "synthetic"
_MOST_SECONDS = 900.0


def spec_of(case: str, experiments: int, projects: int) -> SyntheticSpec:
    """Return the data of a case: small experiments, for only their metadata are asked for."""
    several = projects if case == "get_experiments" else 1
    return SyntheticSpec(
        projects=several,
        experiments=experiments,
        points=2,
        metrics=2,
        parameters=1,
        assets=0,
        odd_metrics=False,
        registry_models=0,
    )


async def _ours(url: str, case: str) -> tuple[float, int]:
    from comet_async import API  # noqa: PLC0415  the child's import
    from comet_async.api import Metric  # noqa: PLC0415  as above

    async with API("any-key-will-do-here", url=url) as api:
        began = time.perf_counter()
        if case == "query":
            found = await api.query(_WORKSPACE, _PROJECT, Metric("metric_010") > -1e9)
        else:
            found = await api.get_experiments(_WORKSPACE)
        names = {run.name for run in found}
        return time.perf_counter() - began, len(names)


def _sdk(url: str, case: str) -> tuple[float, int]:
    os.environ["COMET_URL_OVERRIDE"] = f"{url}/clientlib/"
    import comet_ml  # noqa: PLC0415  the child's import

    api: Any = comet_ml.API(  # type: ignore[no-untyped-call]  # the SDK's
        api_key="any-key-will-do-here"
    )
    began = time.perf_counter()
    if case == "query":
        found = api.query(_WORKSPACE, _PROJECT, comet_ml.query.Metric("metric_010") > -1e9)
    else:
        found = api.get_experiments(_WORKSPACE)
    names = {run.name for run in found}
    return time.perf_counter() - began, len(names)


def child(client: str, url: str, case: str) -> None:
    """Run one client and print seconds and experiments."""
    if client == "ours":
        import asyncio  # noqa: PLC0415  the child's import

        print(json.dumps(asyncio.run(_ours(url, case))))
    else:
        print(json.dumps(_sdk(url, case)))


def measure(client: str, url: str, case: str, experiments: int) -> float:
    """Return the seconds that a client takes in a process of its own."""
    with tempfile.TemporaryDirectory() as home, on_core(CLIENT_CORE):
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.api_speed", "--child", client, url, case],
            capture_output=True,
            text=True,
            check=False,
            timeout=_MOST_SECONDS,
            env={**os.environ, "HOME": home, "COMET_LOGGING_CONSOLE": "CRITICAL"},
        )
    if done.returncode:
        raise SystemExit(f"{client} failed:\n{done.stderr[-2000:]}")
    seconds, found = json.loads(done.stdout.splitlines()[-1])
    if found != experiments:
        raise SystemExit(f"{client} found {found} experiments in place of {experiments}")
    return float(seconds)


def run_case(case: str, options: argparse.Namespace) -> tuple[list[object], float]:
    """Return the row of a case and the median ratio."""
    times: Mapping[str, list[float]] = {"ours": [], "comet_ml": []}
    requests: dict[str, int] = {}
    local = LocalServer(
        synthetic=spec_of(case, options.experiments, options.projects), log_limit=1_000_000
    )
    with serve_in_thread(local) as server:
        if options.latency:
            server.faults.add("slow_start", options.latency / 1000)
        for number in range(options.rounds):
            order = ("ours", "comet_ml") if number % 2 == 0 else ("comet_ml", "ours")
            for client in order:
                server.log.clear()
                times[client].append(measure(client, server.url, case, options.experiments))
                requests[client] = len(server.log)
    ratios = [sdk / own for sdk, own in zip(times["comet_ml"], times["ours"], strict=True)]
    row: list[object] = [
        case,
        *(Spread.of(times[client]) for client in ("ours", "comet_ml")),
        *(requests[client] for client in ("ours", "comet_ml")),
        Spread.of(ratios),
    ]
    return row, Spread.of(ratios).median


def main() -> int:
    """Measure both cases; return 1 when one misses the bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, default=50.0, help="milliseconds of each answer")
    parser.add_argument("--experiments", type=int, default=1000)
    parser.add_argument("--projects", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--child", nargs=3, metavar=("CLIENT", "URL", "CASE"))
    options = parser.parse_args()
    if options.child:
        act: Callable[[str, str, str], None] = child
        act(*options.child)
        return 0
    rows, ratios = zip(
        *(run_case(case, options) for case in ("query", "get_experiments")), strict=True
    )
    head = ["case", "ours s", "comet_ml s", "our requests", "its requests", "its time / ours"]
    print(machine())
    print(f"{options.latency:g} ms, {options.experiments} experiments, {options.rounds} rounds\n")
    print(table(head, list(rows)))
    return 0 if min(ratios) >= _BAR else 1


if __name__ == "__main__":
    raise SystemExit(main())
