"""Snapshots: each state of the tables stays readable, as links to parts that never change."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from comet_async.harvest.folders import guarded, link, remove, safe_folder, sync
from comet_async.harvest.ledger import Ledger
from comet_async.harvest.subjects import RUNS

__all__ = ["SNAPSHOTS_FOLDER", "complete_snapshot"]

SNAPSHOTS_FOLDER = "snapshots"


class _Table(msgspec.Struct):
    rows: int
    files: int


class _Snapshot(msgspec.Struct):
    number: int
    created: str
    scope: str
    tables: dict[str, _Table]
    added: int = 0
    changed: int = 0
    deleted: int = 0


def complete_snapshot(root: Path, number: int, scope: str, ledger: Ledger) -> Path:
    """Make snapshot `number` of what the tables show now, and return its folder. Blocks.

    `snapshot.json` says when and how much, `changes.jsonl` which subjects were added, changed or
    deleted since the one before.

    Raises:
        DestinationError: The disk is full or failing.
        PartError: A link stands where a folder should.
    """
    making = f"{number}.making"
    remove(root / SNAPSHOTS_FOLDER / making)
    folder = safe_folder(root, (SNAPSHOTS_FOLDER, making))
    sizes = ledger.sizes()
    about = _Snapshot(number, datetime.now(UTC).isoformat(timespec="seconds"), scope, {})
    for table in sorted(guarded(root / "tables", lambda path: list(path.iterdir())) or []):
        target = safe_folder(root, (SNAPSHOTS_FOLDER, making, "tables", table.name))
        paths = guarded(table, lambda path: sorted(path.iterdir())) or []
        for path in paths:
            link(path, target / path.name)
        sync(target)
        about.tables[table.name] = _Table(sizes.get(table.name, (0, 0, 0))[0], len(paths))
    _tell_changes(folder, about, ledger)
    guarded(folder / "snapshot.json", lambda path: _write(path, msgspec.json.encode(about)))
    sync(folder)
    final = root / SNAPSHOTS_FOLDER / str(number)
    remove(final)
    guarded(folder, lambda path: path.rename(final))
    sync(final.parent)
    return final


def _tell_changes(folder: Path, about: _Snapshot, ledger: Ledger) -> None:
    """Write the changes, line by line, and count those of experiments and jobs."""

    def write(path: Path) -> None:
        with path.open("wb") as file:
            for change in ledger.changes():
                file.write(msgspec.json.encode(change) + b"\n")
                if change.kind in RUNS:
                    setattr(about, change.what, getattr(about, change.what) + 1)
            file.flush()
            os.fsync(file.fileno())

    guarded(folder / "changes.jsonl", write)


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
