from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from subprocess import PIPE

import pytest

from comet_async.errors import LedgerError
from comet_async.harvest.columns import AssetRow
from comet_async.harvest.earlier import Earlier
from comet_async.harvest.ledger import Change, Count, print_of
from comet_async.harvest.ledger_files import FileEnd
from comet_async.harvest.owners import owner_lives, this_owner
from comet_async.harvest.planner import Plan
from comet_async.harvest.scope import Scope, Selection
from tests.support.harvests import due, listed, make_plan, opened, shown, write_tags


def counts(root: Path, *keys: str) -> dict[str, int]:
    lake = opened(root, *keys)
    found = {count.state: count.items for count in lake.ledger.counts(["tags"])}
    lake.close()
    return found


def test_items_are_counted_by_their_ends(tmp_path: Path) -> None:
    lake = opened(tmp_path, "a", "b", "c", "d")
    write_tags(lake, {"a": ("x", "y")})
    ids = {key: found.id for key, found in due(lake).items()}
    lake.ledger.ended([("tags", ids["b"], "absent", None), ("tags", ids["c"], "failed", "broken")])

    assert sorted(lake.ledger.counts(["tags"]), key=lambda count: count.state) == [
        Count("tags", "absent", 1),
        Count("tags", "failed", 1),
        Count("tags", "planned", 1),
        Count("tags", "stored", 1),
    ]
    rows, size, files = lake.ledger.sizes()["tags"]
    assert (rows, files) == (2, 1)
    assert size > 0
    assert [(item.key, item.reason) for item in lake.ledger.unfinished(["tags"], "late")] == [
        ("c", "broken"),
        ("d", "late"),
    ]
    lake.close()


def test_a_later_run_plans_what_is_new_changed_failed_or_left(tmp_path: Path) -> None:
    lake = opened(tmp_path, "same", "changed", "failed", "left", "gone")
    write_tags(lake, {key: (key,) for key in ("same", "changed", "gone")})
    lake.ledger.ended([("tags", due(lake)["failed"].id, "failed", "no")])
    lake.publish(["tags"])
    lake.close()

    lake = opened(tmp_path, "same", listed("changed", durationMillis=2), "failed", "left", "new")
    assert set(due(lake)) == {"changed", "failed", "left", "new"}
    assert list(lake.ledger.changes()) == [
        Change("changed", "experiment", "changed"),
        Change("deleted", "experiment", "gone"),
        Change("added", "experiment", "new"),
    ]
    lake.close()


def test_a_running_experiment_is_always_read_again(tmp_path: Path) -> None:
    running = listed("r", running=True)
    lake = opened(tmp_path, running)
    write_tags(lake, {"r": ("x",)})
    lake.close()
    lake = opened(tmp_path, running)
    assert set(due(lake)) == {"r"}
    lake.close()


def test_another_selection_reads_again(tmp_path: Path) -> None:
    lake = opened(tmp_path, "a")
    write_tags(lake, {"a": ("x",)})
    lake.close()
    lake = opened(tmp_path, "a", selection=Selection(exact=True))
    assert set(due(lake)) == {"a"}
    lake.close()


def test_rows_of_an_earlier_run_stay_when_a_later_one_fails(tmp_path: Path) -> None:
    lake = opened(tmp_path, "a")
    write_tags(lake, {"a": ("old",)})
    lake.publish(["tags"])
    lake.close()
    lake = opened(tmp_path, listed("a", durationMillis=1))
    lake.ledger.ended([("tags", due(lake)["a"].id, "failed", "no")])
    assert lake.publish(["tags"]) is None
    lake.close()
    assert shown(tmp_path) == [("a", "old")]


def test_an_experiment_that_lost_all_its_rows_has_none(tmp_path: Path) -> None:
    lake = opened(tmp_path, "a", "b")
    write_tags(lake, {"a": ("old",), "b": ("b",)})
    lake.publish(["tags"])
    lake.close()
    lake = opened(tmp_path, listed("a", durationMillis=1), "b")
    write_tags(lake, {"a": ()})
    assert lake.publish(["tags"]) == 2
    lake.close()
    assert shown(tmp_path) == [("b", "b")]
    assert shown(tmp_path, below="snapshots/1/tables") == [("a", "old"), ("b", "b")]


def test_files_keep_what_they_have_and_the_others_are_planned(tmp_path: Path) -> None:
    lake = opened(tmp_path, "a", tables=("assets",), files=True)
    ledger, subject = lake.ledger, due(lake, "assets")["a"].id
    first, second = AssetRow(asset_id="x", listed_size=4), AssetRow(asset_id="y")
    rows = [(first, "files/x", "planned"), (second, "files/y", "planned")]
    assert (
        ledger.listed("assets", subject, [*rows, rows[1], (AssetRow(asset_id="z"), None, "remote")])
        == 2
    )
    x, y = ledger.pending(None)
    assert ledger.pending(y) == []
    ledger.file_ends(
        [
            FileEnd(x, "stored", None, 4, "ab", 7),
            FileEnd(y, "failed", "gone"),
        ]
    )
    assert ledger.file_counts() == {"stored": 1, "failed": 1, "remote": 1}
    assert [
        (end.row.asset_id, end.state) for end in ledger.ends_of("assets", [subject])[subject]
    ] == [
        ("x", "stored"),
        ("y", "failed"),
        ("z", "remote"),
    ]
    assert ledger.listed_items("assets", 0) == [subject]
    assert ledger.listed("assets", subject, [(first, "files/x", "stored")]) == 0
    assert ledger.file_counts() == {"stored": 1, "gone": 2}
    assert ledger.paths_of(subject) == {"x": "files/x", "y": "files/y"}
    ((_, _, stored),) = ledger.stored_files()
    assert (stored.size, stored.sha256, stored.modified) == (4, "ab", 7)
    ledger.missing([(subject, "x")])
    assert [pending.id for pending in ledger.pending(None)] == ["x"]
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
    opened(tmp_path, "a").close()
    from comet_async.harvest.lake import Lake  # noqa: PLC0415  beside its only use

    with pytest.raises(LedgerError, match=told) as caught:
        Lake(tmp_path, plan, files=False)
    assert "harvest into another folder, or move it away" in str(caught.value)
    opened(tmp_path, "a").close()


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("PRAGMA user_version = 99", "is of version 99"),
        ("PRAGMA application_id = 5", "is no ledger of a harvest"),
        ("DROP TABLE identity", "is damaged"),
        ("DELETE FROM identity", "is damaged"),
    ],
)
def test_an_unsound_ledger_is_refused(tmp_path: Path, damage: str, told: str) -> None:
    opened(tmp_path, "a").close()
    database = sqlite3.connect(tmp_path / "ledger.sqlite")
    database.execute(damage)
    database.commit()
    database.close()
    with pytest.raises(LedgerError, match=told):
        opened(tmp_path, "a")


def test_a_forecast_knows_what_a_folder_holds(tmp_path: Path) -> None:
    lake = opened(tmp_path, "a", "b")
    write_tags(lake, {"a": ("x",)})
    lake.close()
    earlier = Earlier(tmp_path / "ledger.sqlite", tmp_path / "parts")
    assert earlier.done(listed("b")) == earlier.done(listed("c")) == {}
    (mark,) = earlier.done(listed("a")).values()
    assert mark.startswith(print_of(listed("a"), 0))
    earlier.close()
    none = Earlier(tmp_path / "missing.sqlite", tmp_path / "parts")
    assert none.done(listed("a")) == {}
    none.close()
    (tmp_path / "junk.sqlite").write_bytes(b"junk" * 1000)
    junk = Earlier(tmp_path / "junk.sqlite", tmp_path / "parts")
    assert junk.done(listed("a")) == {}
    junk.close()


def test_a_killed_run_is_taken_over_and_a_living_one_is_left(tmp_path: Path) -> None:
    lake = opened(tmp_path, "a")
    lake.ledger.close()
    lake._lock.release()
    with pytest.raises(LedgerError, match="another harvest works in"):
        opened(tmp_path, "a")
    database = sqlite3.connect(tmp_path / "ledger.sqlite")
    database.execute("UPDATE run SET owner = ?", (this_owner().replace(str(os.getpid()), "1" * 7),))
    database.commit()
    database.close()
    again = opened(tmp_path, "a")
    assert again.ledger.run == 2
    again.ledger.beat()
    again.close()


def test_a_run_that_was_taken_over_stops(tmp_path: Path) -> None:
    lake = opened(tmp_path, "a")
    database = sqlite3.connect(tmp_path / "ledger.sqlite")
    database.execute("UPDATE run SET state = 'killed'")
    database.commit()
    database.close()
    with pytest.raises(LedgerError, match="another process took"):
        lake.ledger.beat()
    lake.close()


def test_an_owner_lives_as_long_as_its_process() -> None:
    mine = this_owner()
    host, _, rest = mine.partition(" process ")
    assert owner_lives(mine, 10**6)
    assert not owner_lives(f"{host} process {rest.replace(str(os.getpid()), '9' * 7)}", 0.0)
    reused = mine.split(" ")
    reused[-2] = "1"
    assert not owner_lives(" ".join(reused), 0.0)
    assert owner_lives("elsewhere process 1 2 3", 59.0)
    assert not owner_lives("elsewhere process 1 2 3", 61.0)
    assert not owner_lives("unreadable", 61.0)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="what Linux tells of processes")
def test_an_owner_that_was_killed_is_gone_before_its_parent_asks() -> None:
    code = "from comet_async.harvest.owners import this_owner; print(this_owner(), flush=True); input()"
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True) as child:
        assert child.stdout is not None
        owner = child.stdout.readline().strip()
        assert owner_lives(owner, 10**6)
        child.kill()
        assert child.stdout.read() == ""  # the end of its output: it has ended, and nobody asked
        until = time.monotonic() + 10
        while owner_lives(owner, 0.0) and time.monotonic() < until:
            pass
        assert not owner_lives(owner, 0.0)


def test_g19_counts_stay_right_over_many_runs(tmp_path: Path) -> None:
    lake = opened(tmp_path, "a", "b")
    write_tags(lake, {"a": ("x",)})
    lake.close()
    assert counts(tmp_path, "a", "b") == {"stored": 1, "planned": 1}
    assert counts(tmp_path, "a", "b", "c") == {"stored": 1, "planned": 2}
    assert counts(tmp_path, "b") == {"planned": 1}
