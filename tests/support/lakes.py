"""Makes folders of harvests by hand, with tables as a harvest writes them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import pyarrow as pa  # type: ignore[import-untyped]  # it has no stubs
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # as above

from comet_async.harvest.arrow import batch
from comet_async.harvest.schema import TABLES

__all__ = ["curve", "make_lake", "part", "rows", "snapshot"]


def rows(table: str, *found: Mapping[str, object]) -> pa.Table:
    """Return rows of a table; what they leave out is null."""
    columns = {c.name: [row.get(c.name) for row in found] for c in TABLES[table].columns}
    made = pa.Table.from_batches([cast("pa.RecordBatch", batch(TABLES[table], columns))])
    plain = [
        pa.field(f.name, f.type.value_type if pa.types.is_dictionary(f.type) else f.type)
        for f in made.schema
    ]
    return made.cast(pa.schema(plain))


def part(root: Path, table: str, content: pa.Table, number: int = 1) -> Path:
    """Write one part of a table."""
    path = root / "tables" / table / f"part-{number:06}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(content, path, compression="zstd", store_schema=False)
    return path


def curve(key: str, values: Sequence[float | None], **more: object) -> list[dict[str, object]]:
    """Return the points of a metric, from step 0 on."""
    return [
        {"experiment_key": key, "metric": "loss", "step": n, "offset": n, "value": value, **more}
        for n, value in enumerate(values)
    ]


def make_lake(root: Path, *, values: Mapping[str, Sequence[float | None]] | None = None) -> Path:
    """Make a lake with experiments, each with one curve, and a parameter."""
    values = {"k1": [3.0, 2.0, 1.0], "k2": [4.0, 5.0]} if values is None else values
    experiments = [
        {"experiment_key": key, "experiment_name": f"run {key}", "duration_ms": 10}
        for key in values
    ]
    parameters = [{"experiment_key": key, "name": "lr", "value": "0.1"} for key in values]
    points = [point for key, found in values.items() for point in curve(key, found)]
    part(root, "experiments", rows("experiments", *experiments))
    part(root, "parameters", rows("parameters", *parameters))
    part(root, "metrics", rows("metrics", *points))
    return root


def snapshot(root: Path, number: int) -> Path:
    """Make a snapshot of the current tables, as links."""
    folder = root / "snapshots" / str(number)
    for path in (root / "tables").rglob("*.parquet"):
        link = folder / path.relative_to(root)
        link.parent.mkdir(parents=True, exist_ok=True)
        os.link(path, link)
    about = {"number": number, "created": "2026-01-01T00:00:00+00:00", "scope": "team"}
    (folder / "snapshot.json").write_text(json.dumps({**about, "tables": {}, "added": 2}))
    return folder
