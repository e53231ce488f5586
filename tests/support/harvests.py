"""Plans and rows for tests of the ledger, without a server."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

from comet_async.harvest.arrow import Batch, ParquetStream, batch
from comet_async.harvest.lake import Lake
from comet_async.harvest.ledger import Due
from comet_async.harvest.ledger_parts import Part, Placed
from comet_async.harvest.parts import TableWriter
from comet_async.harvest.planner import Listed, Plan
from comet_async.harvest.schema import TABLES
from comet_async.harvest.scope import Scope, Selection
from comet_async.harvest.subjects import Subject
from comet_async.harvest.table_schema import TableSchema
from comet_async.service import Limits

__all__ = ["due", "listed", "make_plan", "opened", "parquet", "shown", "tags", "write_tags"]

URL = "https://comet.example.com"


def parquet(table: TableSchema, batches: Sequence[Batch]) -> bytes:
    """Return a whole Parquet file as a harvest writes it."""
    file = BytesIO()
    stream = ParquetStream(table, file)
    for rows in batches:
        stream.add(rows)
    stream.close()
    return file.getvalue()


def listed(key: str, **entry: object) -> Subject:
    """Return an experiment as a listing shows it."""
    told = {"experimentKey": key, **entry}
    return Subject("experiment", key, "team", "p", json.dumps(told, sort_keys=True).encode())


def make_plan(
    *keys: str | Subject,
    tables: tuple[str, ...] = ("tags",),
    url: str = URL,
    scope: Scope | None = None,
    selection: Selection | None = None,
) -> Plan:
    """Return a plan of these experiments."""
    return Plan(
        url=url,
        scope=scope or Scope("team"),
        selection=selection or Selection(),
        tables=tables,
        listed=Listed(key if isinstance(key, Subject) else listed(key) for key in keys),
        due={},
        projects={},
        requests=1,
        limits=Limits(),
        requests_each={},
    )


def opened(root: Path, *keys: str | Subject, files: bool = False, **more: object) -> Lake:
    """Return a folder with a run begun in it."""
    return Lake(root, make_plan(*keys, **more), files=files)  # type: ignore[arg-type]  # as given


def due(lake: Lake, table: str = "tags") -> dict[str, Due]:
    """Return what is to be read of a table, by key."""
    return {found.subject.key: found for found in lake.ledger.due([table], 0)}


def tags(key: str, *names: str) -> Batch:
    """Return rows of `tags`."""
    return batch(TABLES["tags"], {"experiment_key": [key] * len(names), "tag": names})


def write_tags(lake: Lake, rows: Mapping[str, tuple[str, ...]]) -> None:
    """Write tags of those experiments that are to be read, as one part."""

    def stored(part: Part | None, items: list[Placed]) -> None:
        if part is None:
            lake.ledger.ended([("tags", item.subject, "stored", None) for item in items])
        else:
            lake.ledger.stored(part, items)

    writer = TableWriter(lake.store("tags"), stored)
    for key, found in due(lake).items():
        if key in rows:
            writer.add(found.id, tags(key, *rows[key]) if rows[key] else None)
    writer.flush()


def shown(root: Path, table: str = "tags", below: str = "tables") -> list[tuple[str, str]]:
    """Return the rows that a table shows, in order."""
    import pyarrow.parquet as pq  # type: ignore[import-untyped]  # noqa: PLC0415  it has no stubs

    rows: list[tuple[str, str]] = []
    for path in sorted((root / below / table).glob("*.parquet")):
        found = pq.read_table(path).to_pylist()
        rows += [(row["experiment_key"], row["tag"]) for row in found]
    return rows
