"""Requests that a harvest takes for each experiment, counted by the server.

    python benchmarks/request_counts.py --experiments 1000

Each row harvests the same project into an empty folder: what was forecast, what was sent, and where
each request went.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import tempfile
from collections import Counter
from pathlib import Path

from comet_async import Limits, Session, comet, harvest
from comet_async.server import LocalServer, SyntheticSpec

ROWS = {
    "metrics alone": ["metrics"],
    "metrics, parameters, experiments": ["metrics", "parameters", "experiments"],
    "everything but asset files": None,
}
BARS = {
    "metrics alone": 0.05,
    "metrics, parameters, experiments": 0.1,
    "everything but asset files": 8.0,
}


async def measure(spec: SyntheticSpec, tables: list[str] | None) -> tuple[int, int, Counter[str]]:
    """Return the requests forecast, those that the server saw, and these by path."""
    async with LocalServer(synthetic=spec, extras=False, compression=False) as server:
        service = comet.service("KEY", url=server.url, limits=Limits(concurrency=32))
        async with Session(service) as session:
            plan = await harvest.plan(session, "synthetic/synthetic", tables=tables, files=False)
            forecast = plan.forecast()
            with tempfile.TemporaryDirectory() as folder:
                report = await harvest.run(session, plan, Path(folder), assets=False)
        if report.exit_code:
            raise SystemExit(f"the harvest failed: {report.failures[:3]}")
        paths = Counter(record.path.rpartition("/v2/")[2] for record in server.log)
    return forecast.requests + forecast.listings, paths.total(), paths


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--experiments", type=int, default=1000)
    parser.add_argument("--points", type=int, default=1000)
    options = parser.parse_args()
    plain = SyntheticSpec(
        experiments=options.experiments,
        points=options.points,
        metrics=10,
        parameters=20,
        assets=0,
        remote_assets=0,
        git_share=0.0,
        html_share=0.0,
        curves=20,
        odd_metrics=False,
    )
    full = dataclasses.replace(
        plain, assets=4, models=1, git_share=1.0, html_share=1.0, system_metrics=5
    )
    for name, tables in ROWS.items():
        show(name, plain, tables)
    show("everything but asset files, of runs that have all of it", full, None)


def show(name: str, spec: SyntheticSpec, tables: list[str] | None) -> None:
    """Print one row, and where its requests went."""
    forecast, sent, paths = asyncio.run(measure(spec, tables))
    each = sent / spec.experiments
    bar = f" (bar {BARS[name]})" if name in BARS else ""
    print(
        f"{name}: {sent:,} requests, {each:.3f} an experiment{bar},"
        f" forecast {forecast:,} ({forecast / sent - 1:+.1%})",
        flush=True,
    )
    for path, count in paths.most_common():
        print(f"    {count:7,}  {path}")


if __name__ == "__main__":
    main()
