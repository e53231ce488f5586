"""Bodies to Arrow rows, beside an event loop: `python -m benchmarks.decoding [--json FILE]`.

Two ways, interleaved in one process: into structs and lists and then into Arrow, and by
`comet_async.harvest.arrow_json`. Both run in a worker thread, while a task of the loop wakes every
millisecond: how late it ever is tells the longest time that the loop stood still. Memory is
measured in a process of its own for each way and body: how far its resident size grows at most
while decoding, over the size of the body, which is there before.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.report import Spread, machine, table
from comet_async import comet
from comet_async.comet.common import number
from comet_async.engine.decode import decode
from comet_async.harvest.arrow import Batch, batch
from comet_async.harvest.arrow_document import arrow as arrow_module
from comet_async.harvest.arrow_json import chart_rows, point_rows
from comet_async.harvest.columns import metric_columns
from comet_async.harvest.schema import TABLES

_KEYS = tuple(f"{number:032x}" for number in range(20))
_METRICS = 10
_START = 1_700_000_000_000
_TICK = 0.001

Way = Callable[[bytes], list[Batch]]


def _numbers(size: int) -> list[object]:
    chance = random.Random(size)
    return [chance.random() for _ in range(size)]


def _chart(points: int, *, diverged: int = 0) -> bytes:
    """Return a chart of 20 experiments; in the first `diverged` of them one value is NaN."""
    size = points // len(_KEYS) // _METRICS
    found: dict[str, object] = {}
    for at, key in enumerate(_KEYS):
        series: list[dict[str, object]] = [
            {
                "metricName": f"metric/{name}",
                "values": _numbers(size),
                "steps": list(range(size)),
                "epochs": [None] * size,
                "timestamps": [_START + 1000 * step for step in range(size)],
                "durations": [1000 * step for step in range(size)],
            }
            for name in range(_METRICS)
        ]
        if at < diverged:
            series[0]["values"] = [*_numbers(size)[:-1], "NaN"]
        found[key] = {
            "experimentKey": key,
            "experimentName": "gentle_otter",
            "steps": [],
            "epochs": None,
            "metrics": series,
            "params": {"lr": "0.1"},
        }
    return _json({"experiments": found, "empty": False})


def _points(size: int) -> bytes:
    rows = [
        {
            "metricName": f"metric/{at % _METRICS}",
            "metricValue": repr(value),
            "timestamp": _START + at,
            "step": at,
            "epoch": None,
            "runContext": None,
            "offset": at,
        }
        for at, value in enumerate(_numbers(size))
    ]
    return _json({"metrics": rows})


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


_BODIES: Mapping[str, Callable[[], bytes]] = {
    "chart, 1 MB": lambda: _chart(21_000),
    "chart, 4 MB": lambda: _chart(84_000),
    "chart, 10 MB": lambda: _chart(210_000),
    "chart, 10 MB, 2 of 20 with NaN": lambda: _chart(210_000, diverged=2),
    "get-all, 1 MB": lambda: _points(7_500),
    "get-all, 4 MB": lambda: _points(30_000),
    "get-all, 10 MB": lambda: _points(75_000),
}


def _chart_by_structs(body: bytes) -> list[Batch]:
    found: list[Batch] = []
    for key, entry in decode(body, comet.MultiMetricChart).experiments.items():
        series = entry.metrics
        sizes = [len(one.values) for one in series]
        rows = sum(sizes)
        nothing: list[object] = [None] * rows
        values = [cell for one in series for cell in one.values]
        columns: dict[str, list[object]] = {
            "experiment_key": [key] * rows,
            "metric": [n for one in series for n in [one.metric_name] * len(one.values)],
            "step": [*chain.from_iterable(one.steps for one in series)],
            "epoch": [*chain.from_iterable(one.epochs for one in series)],
            "timestamp": [*chain.from_iterable(one.timestamps for one in series)],
            "value": [number(cell) for cell in values],
            "value_text": [cell if isinstance(cell, str) else None for cell in values],
        }
        names = [column.name for column in TABLES["metrics"].columns]
        found.append(batch(TABLES["metrics"], {n: columns.get(n, nothing) for n in names}))
    return found


def _chart_by_arrow(body: bytes) -> list[Batch]:
    return [rows.batch for rows in chart_rows(body, _KEYS, ["lr"]).experiments.values()]


def _points_by_structs(body: bytes) -> list[Batch]:
    return [batch(TABLES["metrics"], metric_columns("k", decode(body, comet.MetricSeries)))]


def _points_by_arrow(body: bytes) -> list[Batch]:
    return [point_rows(body, "k").batch]


def _ways(name: str) -> tuple[Way, Way]:
    """Return the way by structs and the one by Arrow."""
    if name.startswith("chart"):
        return _chart_by_structs, _chart_by_arrow
    return _points_by_structs, _points_by_arrow


def _bits(batches: list[Batch]) -> list[object]:
    """Return the columns, floats as integers of the same bits: NaN is not equal to NaN."""
    pa = arrow_module()
    found: list[object] = []
    for rows in batches:
        for column in rows.columns:  # type: ignore[attr-defined]  # a record batch
            floats = pa.types.is_floating(column.type)
            found.append(column.view(pa.int64()) if floats else column)
    return found


async def _measured(way: Way, body: bytes) -> tuple[float, float]:
    """Return the seconds that `way` takes in a thread, and the longest stall of the loop."""
    loop = asyncio.get_running_loop()
    worst = 0.0

    def act() -> float:
        began = time.perf_counter()
        way(body)
        return time.perf_counter() - began

    work = loop.run_in_executor(None, act)
    while not work.done():
        asleep = time.perf_counter()
        await asyncio.sleep(_TICK)
        worst = max(worst, time.perf_counter() - asleep - _TICK)
    return await work, worst


async def _rounds(name: str, rounds: int) -> dict[str, Spread]:
    body = _BODIES[name]()
    structs, arrow = _ways(name)
    if _bits(structs(body)) != _bits(arrow(body)):
        raise SystemExit(f"{name}: the two ways differ")
    figures: dict[str, list[float]] = {}
    for _ in range(rounds):
        old, old_stall = await _measured(structs, body)
        new, new_stall = await _measured(arrow, body)
        for label, figure in (
            ("structs ms", old * 1000),
            ("arrow ms", new * 1000),
            ("time", new / old),
            ("structs stall ms", old_stall * 1000),
            ("arrow stall ms", new_stall * 1000),
        ):
            figures.setdefault(label, []).append(figure)
    return {label: Spread.of(found) for label, found in figures.items()}


def _small(name: str) -> bytes:
    """Return a body of the same kind that loads what is to be loaded, and leaves no free memory."""
    return _chart(15_000) if name.startswith("chart") else _points(1_000)


def _resident(name: str) -> int:
    """Return bytes: VmRSS as of now, VmHWM at most; Linux only."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition(f"{name}:")[2].split()[0]) * 1024


def _grown(name: str, way: int, path: str) -> float:
    """Return how far the resident size grows while decoding, in sizes of the body."""
    body = Path(path).read_bytes()
    act = _ways(name)[way]
    act(_small(name))
    before = _resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    held = act(body)
    return (_resident("VmHWM") - before) / len(body) if held else 0.0


def _memory(name: str, way: int) -> float:
    """Return `_grown` of a fresh process, which reads the body from a file."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "body.json")
        path.write_bytes(_BODIES[name]())
        run = [sys.executable, "-m", "benchmarks.decoding", "--grown", name, str(way), str(path)]
        done = subprocess.run(run, check=True, capture_output=True, text=True)
    return float(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--grown", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.grown:
        print(_grown(options.grown[0], int(options.grown[1]), options.grown[2]))
        return
    print(machine())
    found: dict[str, dict[str, str]] = {}
    for name in _BODIES:
        spreads = asyncio.run(_rounds(name, options.rounds))
        texts = {label: str(spread) for label, spread in spreads.items()}
        memory = {
            label: f"{_memory(name, way):.1f}"
            for way, label in enumerate(("structs memory", "arrow memory"))
        }
        found[name] = {**texts, **memory}
    heads = list(next(iter(found.values())))
    print(table(["body", *heads], [[name, *row.values()] for name, row in found.items()]))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
