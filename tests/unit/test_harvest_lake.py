from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq  # type: ignore[import-untyped]  # it has no stubs
import pytest

from comet_async import comet
from comet_async.errors import DestinationError, LedgerError, PartError
from comet_async.harvest import folders
from comet_async.harvest.arrow import Batch, batch
from comet_async.harvest.columns import AssetRow
from comet_async.harvest.lake import Lake
from comet_async.harvest.ledger import FileEnd, Published
from comet_async.harvest.lock import FolderLock
from comet_async.harvest.parts import TableWriter
from comet_async.harvest.planner import Item, Plan, Scope
from comet_async.harvest.schema import TABLES
from comet_async.service import Limits

TEAM = Scope("team")


def make_plan(
    *keys: str,
    tables: tuple[str, ...] = ("tags", "assets"),
    url: str = "https://comet.example.com",
    scope: Scope = TEAM,
) -> Plan:
    return Plan(
        url=url,
        scope=scope,
        archived=False,
        tables=tables,
        experiments=tuple(comet.Experiment(experiment_key=key) for key in keys),
        requests=1,
        limits=Limits(),
    )


def tags(item: Item, *names: str) -> Batch:
    return batch(
        TABLES["tags"], {"experiment_key": [item.experiment_key] * len(names), "tag": names}
    )


def harvested(lake: Lake, name: str, *, failed: int = 0) -> tuple[str, ...]:
    """Write one tag for every experiment but the last `failed`, and publish."""
    writer = TableWriter(lake, "tags")
    count = lake.ledger.counts()[-1].items
    for ordinal in range(count):
        item = Item("tags", ordinal, f"k{ordinal}")
        if ordinal < count - failed:
            writer.add(item, tags(item, name))
        else:
            lake.ledger.ended([(item, "failed", "no")])
    writer.flush()
    return lake.publish(["tags"], files=False)


def test_items_are_counted_by_their_ends(tmp_path: Path) -> None:
    lake = Lake(tmp_path, make_plan("a", "b", "c"))
    ledger = lake.ledger
    items = [Item("tags", ordinal, key) for ordinal, key in enumerate("abc")]
    ledger.stored("tags", 0, items[:1], rows=2, size=10)
    ledger.ended([(items[1], "absent", "nothing"), (items[2], "failed", "broken")])
    fresh = ledger.listed(
        Item("assets", 0, "a"),
        [
            (AssetRow(asset_id="x", name="\x1bn", listed_size=4), "files/p/a/n", "planned"),
            (AssetRow(asset_id="y"), "files/p/a/m", "planned"),
            (AssetRow(asset_id="y"), "files/p/a/m", "planned"),
            (AssetRow(asset_id="z"), None, "remote"),
        ],
    )
    first, second = ledger.pending(None)
    ledger.file_ends([FileEnd(first, "stored", None, 4, "ab"), FileEnd(second, "failed", "gone")])

    assert fresh == 3
    assert ledger.remote_files() == 1
    assert ledger.pending(second) == []
    assert {(count.table, count.state): count.items for count in ledger.counts()} == {
        ("tags", "stored"): 1,
        ("tags", "absent"): 1,
        ("tags", "failed"): 1,
        ("assets", "listed"): 1,
        ("assets", "planned"): 2,
        ("files", "stored"): 1,
        ("files", "failed"): 1,
        ("files", "remote"): 1,
    }
    assert ledger.sizes() == {"tags": (2, 10, 1), "files": (0, 4, 1)}
    assert [(end.row.asset_id, end.state) for end in ledger.asset_ends(Item("assets", 0, "a"))] == [
        ("x", "stored"),
        ("y", "failed"),
        ("z", "remote"),
    ]
    assert sorted(
        (item.table, item.experiment_key, item.reason) for item in ledger.unfinished("late")
    ) == [
        ("assets", "a", "late"),
        ("assets", "b", "late"),
        ("assets", "c", "late"),
        ("files", "a", "gone"),
        ("tags", "c", "broken"),
    ]
    lake.close()


@pytest.mark.parametrize(
    ("plan", "told"),
    [
        (make_plan("a", scope=Scope("other")), "is of team at https://comet.example.com"),
        (make_plan("a", scope=Scope("team", "p")), "is of team at"),
        (make_plan("a", url="https://other.example.com"), "is of team at"),
    ],
)
def test_a_ledger_of_another_harvest_is_refused(tmp_path: Path, plan: Plan, told: str) -> None:
    Lake(tmp_path, make_plan("a")).close()
    with pytest.raises(LedgerError, match=told) as caught:
        Lake(tmp_path, plan)
    assert str(tmp_path / "ledger.sqlite") in str(caught.value)
    assert "harvest into another folder, or move it away" in str(caught.value)
    Lake(tmp_path, make_plan("a")).close()


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("PRAGMA user_version = 99", "is of version 99"),
        ("PRAGMA application_id = 5", "is no ledger of a harvest"),
        ("DROP TABLE identity", "is damaged"),
        ("DELETE FROM identity", "is damaged"),
        ("DROP TABLE published", "is damaged"),
    ],
)
def test_an_unsound_ledger_is_refused(tmp_path: Path, damage: str, told: str) -> None:
    Lake(tmp_path, make_plan("a")).close()
    database = sqlite3.connect(tmp_path / "ledger.sqlite")
    database.execute(damage)
    database.commit()
    database.close()
    with pytest.raises(LedgerError, match=told):
        Lake(tmp_path, make_plan("a"))


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_bytes(b"not a database" * 1000)
    with pytest.raises(LedgerError, match="is damaged"):
        Lake(tmp_path, make_plan("a"))
    assert (tmp_path / "ledger.sqlite").read_bytes() == b"not a database" * 1000


def test_folders_without_a_ledger_are_not_touched(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "thesis.txt").write_text("mine")
    with pytest.raises(LedgerError, match=r"files is there, but no ledger\.sqlite"):
        Lake(tmp_path, make_plan("a"))
    assert (tmp_path / "files" / "thesis.txt").read_text() == "mine"


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DestinationError, match="cannot write"):
        Lake(tmp_path / "file" / "lake", make_plan("a"))


def test_a_table_moves_into_place_whole(tmp_path: Path) -> None:
    for name in ("one", "two"):
        lake = Lake(tmp_path, make_plan("a", "b", tables=("tags",)))
        assert harvested(lake, name) == ()
        lake.close()
        assert sorted(path.name for path in tmp_path.iterdir()) == [
            ".lock",
            "ledger.sqlite",
            "tables",
        ]
        assert read(tmp_path) == [name, name]


def test_a_run_that_failed_more_leaves_the_table_of_the_one_before(tmp_path: Path) -> None:
    ends = [
        ("one", 1, ()),
        ("two", 2, ("tags",)),
        ("three", 1, ()),
        ("four", 0, ()),
        ("five", 1, ("tags",)),
    ]
    shown = [["one"] * 2, ["one"] * 2, ["three"] * 2, ["four"] * 3, ["four"] * 3]
    for (name, failed, kept), rows in zip(ends, shown, strict=True):
        lake = Lake(tmp_path, make_plan("a", "b", "c", tables=("tags",)))
        assert harvested(lake, name, failed=failed) == kept
        assert (tmp_path / "unfinished").exists() == bool(kept)
        lake.close()
        assert read(tmp_path) == rows


@pytest.mark.parametrize("crash_at", range(1, 12))
def test_publishing_that_broke_off_anywhere_is_completed_by_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, crash_at: int
) -> None:
    lake = Lake(tmp_path, make_plan("a", tables=("tags",)))
    harvested(lake, "one")
    lake.close()
    lake = Lake(tmp_path, make_plan("a", tables=("tags",)))
    steps = 0
    real = Path.rename
    real_sync = os.fsync

    def step() -> None:
        nonlocal steps
        steps += 1
        if steps == crash_at:
            raise KeyboardInterrupt

    def rename(self: Path, target: Path) -> Path:
        step()
        done = real(self, target)
        step()
        return done

    def fsync(descriptor: int) -> None:
        step()
        real_sync(descriptor)

    monkeypatch.setattr(Path, "rename", rename)
    monkeypatch.setattr(os, "fsync", fsync)
    try:
        harvested(lake, "two")
        crashed = False
    except KeyboardInterrupt:
        crashed = True
    lake.close()
    monkeypatch.undo()

    Lake(tmp_path, make_plan("a", tables=("tags",))).close()
    published = read(tmp_path)
    assert published in (["one"], ["two"])
    assert crashed or published == ["two"]
    assert not (tmp_path / "replaced").exists()
    assert crashed == (crash_at <= 9)


def read(root: Path) -> list[str]:
    found: list[str] = []
    for path in sorted((root / "tables" / "tags").glob("*.parquet")):
        found += pq.read_table(path)["tag"].to_pylist()
    return found


def test_parts_hold_whole_items_and_are_marked_when_they_are_on_disk(tmp_path: Path) -> None:
    lake = Lake(tmp_path, make_plan("a", "b", "c", tables=("tags",)))
    writer = TableWriter(lake, "tags", max_rows=3)
    items = [Item("tags", ordinal, key) for ordinal, key in enumerate("abc")]

    assert not writer.add(items[1], tags(items[1], "1", "2"))
    assert lake.ledger.sizes() == {"files": (0, 0, 0)}
    assert writer.add(items[0], tags(items[0], "3", "4"))
    writer.flush()
    writer.add(items[2], None)
    writer.flush()
    writer.flush()

    folder = tmp_path / "unfinished" / "tables" / "tags"
    assert [path.name for path in sorted(folder.iterdir())] == [
        "part-00000.parquet",
        "part-00001.parquet",
    ]
    rows, size, parts = lake.ledger.sizes()["tags"]
    assert (rows, parts) == (4, 2)
    assert size == sum(path.stat().st_size for path in folder.iterdir())
    assert [(count.state, count.items) for count in lake.ledger.counts()] == [("stored", 3)]
    lake.publish(["tags"], files=False)
    lake.close()
    assert read(tmp_path) == ["3", "4", "1", "2"]


def test_a_link_in_place_of_a_folder_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    root = tmp_path / "lake"
    lake = Lake(root, make_plan("a"))
    folder = lake.file_folder(("p",))
    (folder / "k").symlink_to(outside)
    (folder / "name").symlink_to(outside / "target")
    with pytest.raises(PartError, match="is no folder of this harvest"):
        lake.file_folder(("p", "k"))
    with pytest.raises(PartError, match="is not a plain file"):
        folders.refuse_link(folder / "name")
    lake.close()
    Lake(root, make_plan("a")).close()
    assert list(outside.iterdir()) == []


def test_a_staging_link_is_removed_and_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "mine").write_text("mine")
    root = tmp_path / "lake"
    Lake(root, make_plan("a")).close()
    (root / "unfinished").symlink_to(outside)
    lake = Lake(root, make_plan("a"))
    lake.close()
    assert (outside / "mine").read_text() == "mine"
    assert not (root / "unfinished").is_symlink()


def test_one_folder_has_one_harvest(tmp_path: Path) -> None:
    first = Lake(tmp_path, make_plan("a"))
    with pytest.raises(LedgerError, match=f"another harvest works in .*process {os.getpid()}"):
        Lake(tmp_path, make_plan("a"))
    first.close()
    Lake(tmp_path, make_plan("a")).close()


def test_a_lock_of_a_killed_process_is_taken_over(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from comet_async.harvest.lock import FolderLock;"
        "lock = FolderLock(Path(sys.argv[1])); print('held', flush=True); time.sleep(60)"
    )
    path = tmp_path / ".lock"
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        with pytest.raises(LedgerError, match=f"process {child.pid}"):
            FolderLock(path)
        child.send_signal(signal.SIGKILL)
        child.wait()
    deadline = time.monotonic() + 5
    FolderLock(path).release()
    assert time.monotonic() < deadline
    assert path.exists()


def test_what_no_published_table_refers_to_is_forgotten(tmp_path: Path) -> None:
    for _ in range(3):
        Lake(tmp_path, make_plan("a", "b", tables=("tags",))).close()
    lake = Lake(tmp_path, make_plan("a", "b", tables=("tags",)))
    harvested(lake, "one")
    assert lake.ledger.published() == {"tags": Published("tags", lake.ledger.generation, 0)}
    lake.close()
    Lake(tmp_path, make_plan("a", "b", tables=("tags",))).close()
    database = sqlite3.connect(tmp_path / "ledger.sqlite")
    assert database.execute("SELECT generation, count(*) FROM item GROUP BY 1").fetchall() == [
        (4, 2),
        (5, 2),
    ]
    database.close()
