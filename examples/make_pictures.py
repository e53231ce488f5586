"""Make the pictures of `examples/pictures`, each kind that `comet_async.charts` draws.

The sample runs come from the embedded server; a project of sweeps is made up, written as the tables
of a harvest, and read back. Run it from the root of the repository::

    python examples/make_pictures.py [FOLDER]
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import random
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from comet_async import API, Session, charts, open_lake
from comet_async.testing import local_server, local_service

SMALL = 95_000
RUNS = 1_000
STEPS = 400
OPTIMIZERS = {"sgd": 1.15, "adam": 0.9, "adamw": 0.7, "lion": 1.4}


def write(folder: Path, table: str, columns: Mapping[str, Sequence[object]]) -> None:
    """Write a table as a harvest has it."""
    place = folder / "tables" / table
    place.mkdir(parents=True)
    pq.write_table(pa.table(dict(columns)), place / "part-000001.parquet")


def settings(random_: random.Random) -> Iterator[tuple[str, float, int, float]]:
    """Give optimizer, learning rate, batch size and slowness of each made-up run."""
    for number in range(RUNS):
        optimizer = [*OPTIMIZERS][number % len(OPTIMIZERS)]
        rate = 10 ** random_.uniform(-5, -1)
        slowness = OPTIMIZERS[optimizer] * (1 + abs(math.log10(rate) + 3) / 3)
        yield optimizer, rate, random_.choice([16, 32, 64, 128]), slowness


def make_lake(folder: Path) -> None:
    """Write a thousand made-up runs of a sweep as the tables of a harvest."""
    random_ = random.Random(1)
    begin = datetime(2026, 3, 2, 9, tzinfo=UTC)
    points: list[tuple[str, int, int, datetime, float]] = []
    parameters: list[tuple[str, str, str]] = []
    starts: list[datetime] = []
    for number, (optimizer, rate, batch, slowness) in enumerate(settings(random_)):
        key = f"{number:032x}"
        starts.append(begin + timedelta(minutes=17 * number))
        parameters += [(key, "optimizer", optimizer), (key, "lr", f"{rate:.3g}")]
        parameters += [(key, "batch_size", str(batch))]
        wander = 0.0
        for step in range(STEPS):
            wander = 0.9 * wander + random_.gauss(0, 0.02)
            value = 2.3 / (1 + step / (90 * slowness) * 3) * math.exp(wander) + 0.08 * slowness
            at = starts[-1] + timedelta(seconds=step * (3 + batch / 64))
            points.append((key, step, step // 40, at, value))
    keys = [f"{number:032x}" for number in range(RUNS)]
    names = [f"sweep-{number:03}" for number in range(RUNS)]
    write(
        folder,
        "experiments",
        {"experiment_key": keys, "experiment_name": names, "start_time": starts},
    )
    columns = zip(*parameters, strict=True)
    write(
        folder, "parameters", dict(zip(("experiment_key", "name", "value"), columns, strict=True))
    )
    key, step, epoch, at, value = zip(*points, strict=True)
    write(
        folder,
        "metrics",
        {
            "experiment_key": key,
            "metric": ["loss"] * len(points),
            "context": pa.nulls(len(points), pa.string()),
            "step": step,
            "epoch": epoch,
            "timestamp": at,
            "value": value,
        },
    )


async def sample_pictures() -> list[tuple[str, charts.Picture]]:
    """Return pictures of the sample runs, fetched from the embedded server."""
    digits, tables = "samples/digits-classification", "samples/tabular-benchmarks"
    async with (
        local_server(sample=True) as server,
        Session(local_service(server)) as session,
        API(session=session) as api,
    ):
        curves = await charts.fetch_curves(
            api, digits, ["val_accuracy", "train_loss"], parameters=["family"]
        )
        mlp = await charts.fetch_curves(
            api,
            digits,
            ["val_accuracy", "val_loss", "train_accuracy", "train_loss"],
            where='Parameter("family") == "mlp"',
        )
        noisy = await charts.fetch_curves(api, digits, "batch_loss")
        wide = await charts.fetch_curves(api, tables, "val_loss")
    accuracy = curves.of("val_accuracy")
    return [
        ("one-metric", charts.chart(accuracy, x="epoch", title="Accuracy of 14 models")),
        ("several-metrics", charts.chart(mlp, x="epoch", title="Perceptrons", width=440)),
        ("overlay", charts.chart(mlp[:4], x="epoch", overlay=True, title="One run")),
        ("duration", charts.chart(mlp.of("val_loss"), x="duration", title="Loss of 5 models")),
        ("smoothing", charts.chart(noisy, smoothing=0.9)),
        ("log-axes", charts.chart(wide, x="epoch", log_y=True, y_range=(0.02, 3e4))),
        ("grouping", charts.chart(accuracy, x="epoch", group_by="family")),
        ("best", charts.chart(accuracy, x="epoch", best="highest")),
    ]


def sweep_pictures(folder: Path) -> Iterator[tuple[str, charts.Picture]]:
    """Give pictures of a made-up sweep, read from a lake."""
    make_lake(folder)
    names = ["optimizer", "lr", "batch_size"]
    sweep = charts.read_curves(open_lake(folder), "loss", parameters=names)
    forty = sweep[:40]
    yield "time", charts.chart(forty, x="time", group_by="optimizer", smoothing=0.8)
    yield (
        "mean-and-band",
        charts.chart(forty, group_by="optimizer", band="std", log_x=True, log_y=True),
    )
    yield "continuous-parameter", charts.chart(forty, group_by="lr", smoothing=0.9)
    yield "thousand-curves", charts.chart(sweep, group_by="optimizer", best="lowest", log_y=True)
    few = sweep[:100]
    yield "parallel", charts.parallel_coordinates(few, names, "loss", best="lowest")


def shrink(path: Path) -> None:
    """Leave a picture as few colours as it needs to be small, where Pillow is installed."""
    with contextlib.suppress(ImportError):
        from PIL import Image  # noqa: PLC0415 not everybody has it

        with Image.open(path) as image:
            whole = image.convert("RGB")
        for colours in (256, 192, 128, 96):
            few = whole.quantize(colours, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
            few.save(path, optimize=True)
            if path.stat().st_size < SMALL:
                return


def main(folder: Path) -> None:
    """Save all pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as lake:
        for name, picture in (*asyncio.run(sample_pictures()), *sweep_pictures(Path(lake))):
            path = picture.save(folder / f"{name}.png", scale=1)
            shrink(path)
            print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "examples/pictures"))
