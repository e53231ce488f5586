"""A project taken home by a harvest, by `cometx download` and by a loop over `comet_ml.API`.

    python -m benchmarks.harvest_peers --experiments 1000 --latency 0 50

The same embedded server, the same experiments and the same content for all. Each client runs in a
fresh process; the server counts its requests, and each answer waits for the latency. After each run
the points and the octets of the assets that are on disk are compared with what the server has.

cometx asks for one experiment after the other, so at 50 ms a thousand take some twelve minutes.
Under a latency a client is measured at the sizes given for it (`--sizes cometx=40,80`) and scaled
to `--experiments` by the line through the largest two; the output shows them and says so.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pyarrow.parquet as pq  # type: ignore[import-untyped]  # it has no stubs

from benchmarks.harvest_peer_clients import CLIENTS
from benchmarks.report import machine, table
from benchmarks.servers import CLIENT_CORE, SERVER_CORE, on_core
from comet_async.server import LocalServer, SyntheticSpec, serve_in_thread

__all__: list[str] = []

_SIZES = "cometx=40,80"
_MOST_SECONDS = 3600.0
_BUSY = 0.8
_NO_ASSETS = frozenset({"assets_metadata.jsonl", "experiment.html"})
"""What cometx writes among the assets, and is none."""
_BAR = 20.0
_JUDGED = 500


@dataclass(frozen=True)
class Measured:
    """One run of one client.

    Attributes:
        client: Its name.
        latency: Milliseconds that each answer waited.
        experiments: How many it took.
        wall: Seconds.
        cpu: CPU seconds of the client.
        peak_rss: MiB.
        requests: Requests that the server saw.
        server: Share of the time for which the server was busy.
        scaled: Whether time and requests were scaled from smaller sizes.
    """

    client: str
    latency: float
    experiments: int
    wall: float
    cpu: float
    peak_rss: float
    requests: int
    server: float
    scaled: bool = False


def spec_of(experiments: int, options: argparse.Namespace) -> SyntheticSpec:
    """Return the data: each run has all that is asked for, and two assets."""
    return SyntheticSpec(
        experiments=experiments,
        metrics=10,
        points=options.points,
        parameters=20,
        assets=2,
        asset_bytes=options.asset_bytes,
        curves=20,
        odd_metrics=False,
        registry_models=0,
    )


def measure(client: str, spec: SyntheticSpec, latency: float, in_flight: int) -> Measured:
    """Run a client against a server of its own, and check what it wrote."""
    local = LocalServer(synthetic=spec, extras=False, log_limit=10_000_000)
    with serve_in_thread(local) as server, tempfile.TemporaryDirectory() as home:
        if latency:
            server.faults.add("slow_start", latency / 1000)
        folder = Path(home) / "out"
        command = [sys.executable, "-m", "benchmarks.harvest_peer_clients", client, server.url]
        busy = time.process_time()
        with on_core(CLIENT_CORE):
            done = subprocess.run(
                [*command, str(folder), str(in_flight)],
                check=False,
                capture_output=True,
                text=True,
                timeout=_MOST_SECONDS,
                env={**os.environ, "HOME": home},
            )
        busy = time.process_time() - busy
        if done.returncode:
            raise SystemExit(f"{client} failed:\n{done.stderr[-2000:]}")
        told = json.loads(done.stdout.splitlines()[-1])
        check(client, folder, spec)
        return Measured(
            client,
            latency,
            spec.experiments,
            told["wall"],
            told["cpu"],
            told["peak_rss"],
            len(server.log),
            busy / told["wall"],
        )


def check(client: str, folder: Path, spec: SyntheticSpec) -> None:
    """See that all points and all octets of assets are there."""
    points, files, octets = 0, 0, 0
    if client == "ours":
        parts = (folder / "tables" / "metrics").glob("*.parquet")
        points = sum(pq.read_metadata(part).num_rows for part in parts)
        stored: Iterable[Path] = (folder / "files").rglob("*")
    else:
        for path in folder.rglob("metrics.jsonl"):
            with path.open() as lines:
                points += sum(1 for _ in lines)
        stored = (path for path in folder.rglob("*") if "assets" in path.parts)
    for path in stored:
        if path.is_file() and path.name not in _NO_ASSETS:
            files, octets = files + 1, octets + path.stat().st_size
    runs = spec.experiments
    expected = (runs * spec.metrics * spec.points, runs * spec.assets)
    if (points, files) != expected or octets != files * spec.sizes[0]:
        raise SystemExit(
            f"{client}: {points} points and {files} files with {octets} bytes are there,"
            f" not {expected[0]} and {expected[1]}"
        )


def scaled(small: Measured, large: Measured, experiments: int) -> Measured:
    """Return what the line through two runs tells of `experiments`."""
    steps = (experiments - large.experiments) / (large.experiments - small.experiments)

    def at(name: str) -> float:
        last: float = getattr(large, name)
        return last + steps * (last - float(getattr(small, name)))

    return replace(
        large,
        experiments=experiments,
        wall=at("wall"),
        cpu=at("cpu"),
        requests=round(at("requests")),
        scaled=True,
    )


def row(found: Measured, ours: Measured) -> Sequence[object]:
    """Return a row of the table."""
    ratio = "" if found.client == "ours" else f"{found.wall / ours.wall:.1f}"
    each = found.requests / found.experiments
    return (
        f"{found.latency:g} ms",
        found.client + (" (scaled)" if found.scaled else ""),
        f"{found.experiments:,}",
        f"{found.wall:,.1f}",
        f"{found.cpu:,.1f}",
        f"{found.requests:,} ({each:.1f} each)",
        f"{found.peak_rss:,.0f}",
        f"{found.server:.0%}",
        ratio,
    )


def of_latency(
    latency: float, sizes: Mapping[str, Sequence[int]], options: argparse.Namespace
) -> list[Measured]:
    """Measure all clients; the last of each is of all experiments."""
    found: list[Measured] = []
    for client in options.clients:
        counts = (sizes.get(client) if latency else None) or (options.experiments,)
        runs: list[Measured] = []
        for count in counts:
            run = measure(client, spec_of(count, options), latency, options.in_flight)
            print(
                f"... {latency:g} ms, {client}, {count:,} experiments: {run.wall:.1f} s", flush=True
            )
            runs.append(run)
        if counts[-1] != options.experiments:
            runs.append(scaled(runs[-2], runs[-1], options.experiments))
        found += runs
    return found


def sizes_of(text: str) -> dict[str, tuple[int, ...]]:
    """Return sizes by client from `cometx=40,80 comet_ml=100,200`."""
    found: dict[str, tuple[int, ...]] = {}
    for entry in text.split():
        client, _, counts = entry.partition("=")
        found[client] = tuple(sorted(map(int, counts.split(","))))
    return found


def show(found: Sequence[Measured], experiments: int) -> None:
    """Print a table, and what has to be said of it."""
    ours = {run.latency: run for run in found if run.client == "ours"}
    head = ("latency", "client", "experiments", "wall s", "CPU s", "requests", "peak RSS MiB")
    rows = [row(run, ours[run.latency]) for run in found if run.experiments == experiments]
    smaller = [row(run, run) for run in found if run.experiments != experiments]
    print(table((*head, "server busy", "its time / ours"), rows))
    if smaller:
        print("\nScaled rows are of the line through these, which were measured:\n")
        print(table((*head, "server busy", ""), [(*cells[:-1], "") for cells in smaller]))
    for run in found:
        if run.server > _BUSY and not run.scaled:
            print(
                f"\nAt {run.latency:g} ms the server was busy for {run.server:.0%} of the time of"
                f" {run.client} ({run.experiments:,} experiments): it set the pace."
            )
    for run in found:
        if run.client == "cometx" and run.latency and run.experiments == experiments >= _JUDGED:
            ratio = run.wall / ours[run.latency].wall
            verdict = "met" if ratio >= _BAR else "NOT met"
            print(f"\nBar at {run.latency:g} ms: {_BAR:g} times faster than cometx; {verdict}.")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--experiments", type=int, default=1000)
    parser.add_argument("--latency", type=float, nargs="+", default=[0.0, 50.0], metavar="MS")
    parser.add_argument("--points", type=int, default=100)
    parser.add_argument("--asset-bytes", type=int, default=4096)
    parser.add_argument("--in-flight", type=int, default=32, help="requests or threads at once")
    parser.add_argument("--clients", nargs="+", choices=CLIENTS, default=list(CLIENTS))
    parser.add_argument("--sizes", default=_SIZES, help="measured sizes of slow clients")
    parser.add_argument("--quick", action="store_true", help="a smoke test, no figures to quote")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    if "ours" not in options.clients:
        parser.error("the ratios need `ours`")
    sizes = sizes_of(options.sizes)
    if options.quick:
        options.experiments, sizes, options.latency = 6, {"cometx": (2, 4)}, [0.0, 5.0]
    print(machine())
    with on_core(SERVER_CORE):
        found = [run for latency in options.latency for run in of_latency(latency, sizes, options)]
    print()
    show(found, options.experiments)
    if options.json:
        options.json.write_text(json.dumps([asdict(run) for run in found]))


if __name__ == "__main__":
    main()
