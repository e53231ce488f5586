from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import cast

import msgspec
import pyarrow as pa  # type: ignore[import-untyped]  # it has no stubs
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # as above
import pytest

from comet_async.errors import DestinationError, LedgerError, PartError
from comet_async.harvest import compaction, seals
from comet_async.harvest.arrow import PartReader, batch, rows_in
from comet_async.harvest.columns import AssetRow
from comet_async.harvest.compaction import to_rewrite
from comet_async.harvest.ledger_parts import Part
from comet_async.harvest.lock import FolderLock
from comet_async.harvest.parts import TableWriter
from comet_async.harvest.schema import TABLES
from tests.support.harvests import due, listed, opened, parquet, shown, tags, write_tags

ALL = {key: (f"{key}1", f"{key}2") for key in "abcde"}
ROWS = [(key, tag) for key, tags_of in ALL.items() for tag in tags_of]


def filled(root: Path) -> int | None:
    """Write two parts and publish them."""
    lake = opened(root, *ALL)
    try:
        write_tags(lake, {key: ALL[key] for key in "bd"})
        write_tags(lake, {key: ALL[key] for key in "ace" if key in due(lake)})
        return lake.publish(["tags"])
    finally:
        lake.close()


def parts(root: Path, below: str = "parts") -> list[str]:
    return sorted(path.name for path in (root / below / "tags").iterdir())


def test_parts_are_brought_together_in_the_plans_order(tmp_path: Path) -> None:
    assert filled(tmp_path) == 1
    assert shown(tmp_path) == ROWS
    assert parts(tmp_path) == parts(tmp_path, "tables") == ["part-000003.parquet"]
    assert shown(tmp_path, below="snapshots/1/tables") == ROWS
    about = json.loads((tmp_path / "snapshots" / "1" / "snapshot.json").read_bytes())
    assert about["tables"] == {"tags": {"rows": 10, "files": 1}}
    assert (about["added"], about["changed"], about["deleted"]) == (5, 0, 0)
    lines = (tmp_path / "snapshots" / "1" / "changes.jsonl").read_text().splitlines()
    assert [json.loads(line)["key"] for line in lines] == list("abcde")


def test_doing_it_again_changes_nothing(tmp_path: Path) -> None:
    filled(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "tables").rglob("*")}
    lake = opened(tmp_path, *ALL)
    assert lake.publish(["tags"]) is None
    lake.close()
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "tables").rglob("*")} == before


def test_stale_rows_go_and_earlier_snapshots_stay(tmp_path: Path) -> None:
    filled(tmp_path)
    lake = opened(tmp_path, "a", listed("b", durationMillis=1), "c", "d", "f")
    write_tags(lake, {"b": ("new",), "f": ("f",)})
    assert lake.publish(["tags"]) == 2
    lake.close()
    kept = [row for row in ROWS if row[0] in "acd"]
    assert sorted(shown(tmp_path)) == sorted([*kept, ("b", "new"), ("f", "f")])
    assert shown(tmp_path, below="snapshots/1/tables") == ROWS
    about = json.loads((tmp_path / "snapshots" / "2" / "snapshot.json").read_bytes())
    assert (about["added"], about["changed"], about["deleted"]) == (1, 1, 1)


@pytest.mark.parametrize("call", ["rename", "link", "fsync", "replace"])
def test_j2_g8_a_failure_at_any_step_of_publishing_is_made_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    real: Callable[..., None] = getattr(os, call)
    failed = 0
    for allowed in range(60):
        root = tmp_path / str(allowed)
        made = 0

        def counted(*given: object, allowed: int = allowed, **more: object) -> None:
            nonlocal made
            made += 1
            if made > allowed:
                raise OSError(5, "Input/output error")
            real(*given, **more)

        with monkeypatch.context() as patch:
            patch.setattr(os, call, counted)
            try:
                filled(root)
            except DestinationError:
                failed += 1
        # A link that cannot be made becomes a copy, so that is no failure.
        if made <= allowed:
            break
        filled(root)
        assert shown(root) == ROWS
        assert seals.broken(root / "ledger.sqlite") is False
    else:
        pytest.fail("it never passed")
    assert failed > 0 or call == "link"


@pytest.mark.parametrize("cut", [0, 1, 100, -1])
def test_j6_a_part_that_is_cut_or_gone_is_read_again(tmp_path: Path, cut: int) -> None:
    filled(tmp_path)
    (name,) = parts(tmp_path)
    path = tmp_path / "parts" / "tags" / name
    if cut < 0:
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:cut])
    lake = opened(tmp_path, *ALL)
    assert set(due(lake)) == set(ALL)
    write_tags(lake, ALL)
    lake.publish(["tags"])
    lake.close()
    assert shown(tmp_path) == ROWS


def test_a_flipped_bit_in_a_part_is_found_when_it_is_rewritten(tmp_path: Path) -> None:
    filled(tmp_path)
    (name,) = parts(tmp_path)
    path = tmp_path / "parts" / "tags" / name
    data = bytearray(path.read_bytes())
    data[30] ^= 1
    path.write_bytes(data)
    lake = opened(tmp_path, *"abcd")
    with pytest.raises(PartError, match="is damaged"):
        lake.publish(["tags"])
    lake.close()


def test_what_no_ledger_knows_is_removed_and_a_moved_table_put_back(tmp_path: Path) -> None:
    filled(tmp_path)
    (tmp_path / "parts" / "tags" / "part-000099.parquet").write_bytes(b"half")
    (tmp_path / "parts" / "tags" / ".x.part").write_bytes(b"half")
    (tmp_path / "replaced").mkdir()
    (tmp_path / "tables" / "tags").rename(tmp_path / "replaced" / "tags")
    (tmp_path / "staged").mkdir()
    opened(tmp_path, *ALL).close()
    assert len(parts(tmp_path)) == 1
    assert shown(tmp_path) == ROWS
    assert not (tmp_path / "staged").exists()
    assert not (tmp_path / "replaced").exists()


def test_what_a_killed_run_was_writing_among_the_files_goes(tmp_path: Path) -> None:
    lake = opened(tmp_path, "a", tables=("assets",), files=True)
    subject = due(lake, "assets")["a"].id
    lake.ledger.listed(
        "assets",
        subject,
        [(AssetRow(asset_id="x", name=".mine.part"), "files/p/a/.mine.part", "planned")],
    )
    folder = lake.file_folder(("p", "a"))
    names = {".mine.part", ".x.part", ".x.record", ".y.part", ".z.record", "whole.bin", "a.part"}
    for name in names:
        (folder / name).write_bytes(b"")
    lake.ledger.close()
    lake._lock.release()
    database = sqlite3.connect(tmp_path / "ledger.sqlite")
    database.execute("UPDATE run SET owner = 'nobody process 1 2 3', pulse = 0")
    database.commit()
    database.close()
    opened(tmp_path, "a", tables=("assets",), files=True).close()
    assert {path.name for path in folder.iterdir()} == names - {".y.part", ".z.record"}


def test_a_disk_without_links_gets_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    filled(tmp_path)
    assert shown(tmp_path) == shown(tmp_path, below="snapshots/1/tables") == ROWS


def test_small_parts_and_stale_parts_are_rewritten() -> None:
    def part(number: int, rows: int, live: int) -> Part:
        return Part(number, "tags", rows, live, rows * 10, "")

    whole, small, stale, dead = (
        part(1, 10**6, 10**6),
        part(2, 5, 5),
        part(3, 10**6, 10**6 - 1),
        part(4, 5, 0),
    )
    assert to_rewrite([whole, small]) == []
    assert to_rewrite([whole, small, dead]) == []
    assert to_rewrite([small, whole, part(5, 6, 6)]) == [small, part(5, 6, 6)]
    assert to_rewrite([whole, small, stale]) == [small, stale]


def test_a_large_table_is_rewritten_in_several_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "_MOST_ROWS", 4)
    filled(tmp_path)
    assert len(parts(tmp_path, "tables")) == 3
    assert shown(tmp_path) == ROWS


def test_j5_every_byte_of_a_sealed_ledger_counts(tmp_path: Path) -> None:
    filled(tmp_path)
    path = tmp_path / "ledger.sqlite"
    sound = path.read_bytes()
    for place in range(0, len(sound), 997):
        damaged = bytearray(sound)
        damaged[place] ^= 1
        path.write_bytes(damaged)
        assert seals.broken(path)
    lake = opened(tmp_path, *ALL)
    assert lake.restored
    assert due(lake) == {}
    lake.publish(["tags"])
    lake.close()
    assert shown(tmp_path) == ROWS
    assert (tmp_path / "ledger.damaged.sqlite").exists()


@pytest.mark.parametrize("left", [0, 100, 5000])
def test_j5_a_cut_ledger_is_restored_or_refused(tmp_path: Path, left: int) -> None:
    filled(tmp_path)
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(path.read_bytes()[:left])
    lake = opened(tmp_path, *ALL)
    assert (lake.restored, due(lake)) == (True, {})
    lake.close()
    path.write_bytes(b"x" * 5000)
    (tmp_path / "ledger.backup.sqlite").write_bytes(b"y")
    with pytest.raises(LedgerError, match=r"is damaged|is no ledger"):
        opened(tmp_path, *ALL)


def test_a_lost_ledger_comes_back_from_its_copy(tmp_path: Path) -> None:
    filled(tmp_path)
    (tmp_path / "ledger.sqlite").unlink()
    lake = opened(tmp_path, *ALL)
    assert due(lake) == {}
    lake.close()


def test_folders_of_somebody_else_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    with pytest.raises(LedgerError, match=r"tables is there, but no ledger\.sqlite"):
        opened(tmp_path, "a")


def test_g14_a_planted_link_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    root = tmp_path / "lake"
    lake = opened(root, "a")
    (root / "parts").mkdir()
    (root / "parts" / "tags").symlink_to(outside)
    with pytest.raises(PartError, match="is no folder of this harvest"):
        write_tags(lake, {"a": ("x",)})
    lake.close()
    assert list(outside.iterdir()) == []


def test_g19_a_second_run_is_told_who_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = opened(tmp_path, "a")
    with pytest.raises(LedgerError, match=f"process {os.getpid()}"):
        opened(tmp_path, "a")
    # Where locks do nothing, as on some network file systems, the ledger tells it.
    monkeypatch.setattr("comet_async.harvest.lock._try_lock", lambda descriptor: None)
    with pytest.raises(LedgerError, match="another harvest works in"):
        opened(tmp_path, "a")
    lake.close()
    opened(tmp_path, "a").close()


def test_a_lock_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    with pytest.raises(DestinationError, match="cannot write"):
        FolderLock(tmp_path / "missing" / ".lock")


def test_rows_wait_until_a_part_is_due(tmp_path: Path) -> None:
    lake = opened(tmp_path, "a", "b")
    now = [0.0]
    written: list[int] = []
    writer = TableWriter(
        lake.store("tags"),
        lambda part, items: written.append(len(items)),
        max_rows=3,
        max_seconds=5.0,
        clock=lambda: now[0],
    )
    assert not writer.due
    assert not writer.add(1, tags("a", "x"))
    now[0] = 5.0
    assert writer.due
    writer.flush()
    assert not writer.due
    assert writer.add(2, tags("b", "x", "y", "z"))
    writer.flush()
    writer.flush()
    assert written == [1, 1]
    lake.close()


@pytest.mark.parametrize("name", TABLES)
def test_columns_that_are_newer_than_a_part_are_null(name: str, tmp_path: Path) -> None:
    table = TABLES[name]
    kept, newer = table.columns[:1], table.columns[1:]
    older = msgspec.structs.replace(table, columns=kept)
    path = tmp_path / "part-000001.parquet"
    path.write_bytes(parquet(older, [batch(older, {kept[0].name: ["a", "b"]})]))

    reader = PartReader(table)
    (rows,) = reader.batches(path, 0, 2)
    reader.close()

    columns = cast("pa.RecordBatch", rows).to_pydict()
    assert list(columns) == [column.name for column in table.columns]
    assert columns[kept[0].name] == ["a", "b"]
    assert all(columns[column.name] == [None, None] for column in newer)


def test_slices_are_read_over_the_edges_of_row_groups(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    table = TABLES["tags"]
    whole = tags("k", *(str(number) for number in range(100)))
    pq.write_table(__import__("pyarrow").Table.from_batches([whole]), path, row_group_size=7)
    reader = PartReader(table)
    for first, rows in [(0, 100), (6, 2), (50, 1), (93, 7), (5, 0)]:
        found = [
            row["tag"] for part in reader.batches(path, first, rows) for row in part.to_pylist()
        ]
        assert found == [str(number) for number in range(first, first + rows)]
    with pytest.raises(PartError, match="is damaged"):
        list(reader.batches(path, 99, 2))
    reader.close()
    assert rows_in(path) == 100
    shutil.copyfile(path, tmp_path / "cut.parquet")
    (tmp_path / "cut.parquet").write_bytes(path.read_bytes()[:50])
    with pytest.raises(PartError, match="is damaged"):
        rows_in(tmp_path / "cut.parquet")
