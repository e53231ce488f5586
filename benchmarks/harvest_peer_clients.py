"""One client that takes a project home, in a process of its own.

    python -m benchmarks.harvest_peer_clients CLIENT URL FOLDER IN_FLIGHT

writes what it reads below FOLDER and prints one JSON object: seconds, CPU seconds and peak RSS in
MiB from the first request on, imports left out of the times.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import importlib
import io
import json
import os
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.usage import Stopwatch, Usage

__all__ = ["CLIENTS", "SCOPE", "TABLES"]

SCOPE = "synthetic/synthetic"
_KEY = "benchmark-key"
TABLES = (
    "experiments",
    "metrics",
    "metric_series",
    "parameters",
    "others",
    "tags",
    "system_details",
    "git",
    "code",
    "output",
    "html",
    "graph",
    "assets",
    "projects",
)
"""What `cometx download` takes of a project when nothing else is said, and tags."""


def _ours(url: str, folder: Path, in_flight: int) -> Usage:
    import pyarrow.parquet  # type: ignore[import-untyped]  # noqa: F401, PLC0415 it has no stubs

    from comet_async import Limits, Session, comet, harvest  # noqa: PLC0415 each client imports its own

    async def run() -> Usage:
        watch = Stopwatch()
        async with Session(
            comet.service(_KEY, url=url, limits=Limits(concurrency=in_flight))
        ) as session:
            plan = await harvest.plan(session, SCOPE, tables=list(TABLES))
            report = await harvest.run(session, plan, folder)
        if report.exit_code:
            raise SystemExit(f"the harvest failed: {report.failures[:3]}")
        return watch.read()

    return asyncio.run(run())


def _cometx(url: str, folder: Path, in_flight: int) -> Usage:
    os.environ |= {"COMET_URL_OVERRIDE": f"{url}/clientlib/", "COMET_API_KEY": _KEY}
    os.environ["COMET_LOGGING_CONSOLE"] = "ERROR"
    sys.argv = ["cometx", "download", SCOPE, "--output", str(folder), "--parallel", str(in_flight)]
    cli = importlib.import_module("cometx.cli")  # reads settings and arguments when imported
    watch = Stopwatch()
    with contextlib.redirect_stdout(io.StringIO()):
        cli.main()
    return watch.read()


def _comet_ml(url: str, folder: Path, in_flight: int) -> Usage:
    os.environ |= {"COMET_URL_OVERRIDE": f"{url}/clientlib/", "COMET_LOGGING_CONSOLE": "ERROR"}
    import comet_ml  # noqa: PLC0415 as above

    workspace, project = SCOPE.split("/")
    watch = Stopwatch()
    api: Any = comet_ml.API(_KEY, cache=False)  # type: ignore[no-untyped-call]  # the SDK's
    with ThreadPoolExecutor(in_flight) as pool:
        for _ in pool.map(
            lambda run: _take(run, folder / run.key), api.get_experiments(workspace, project)
        ):
            pass
    return watch.read()


def _take(run: Any, folder: Path) -> None:  # noqa: ANN401 it has no types
    """Write what the SDK reads of one experiment, as its users do."""
    assets = folder / "assets"
    assets.mkdir(parents=True)
    with (folder / "metrics.jsonl").open("w") as file:
        file.writelines(json.dumps(point) + "\n" for point in run.get_metrics())
    values = {
        "metadata": run.get_metadata(),
        "parameters": run.get_parameters_summary(),
        "others": run.get_others_summary(),
        "tags": run.get_tags(),
        "system": run.get_system_details(),
        "git": run.get_git_metadata(),
        "code": run.get_code(),
        "output": run.get_output(),
        "html": run.get_html(),
        "graph": run.get_model_graph(),
    }
    (folder / "values.json").write_text(json.dumps(values))
    (folder / "git.patch").write_bytes(run.get_git_patch() or b"")
    for asset in run.get_asset_list():
        if not asset["remote"]:
            (assets / asset["assetId"]).write_bytes(run.get_asset(asset["assetId"]))


CLIENTS: Mapping[str, Callable[[str, Path, int], Usage]] = {
    "ours": _ours,
    "comet_ml": _comet_ml,
    "cometx": _cometx,
}


def main() -> None:
    """Measure one client."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("client", choices=CLIENTS)
    parser.add_argument("url")
    parser.add_argument("folder", type=Path)
    parser.add_argument("in_flight", type=int)
    chosen = parser.parse_args()
    used = CLIENTS[chosen.client](chosen.url, chosen.folder, chosen.in_flight)
    print(json.dumps(dataclasses.asdict(used)))


if __name__ == "__main__":
    main()
