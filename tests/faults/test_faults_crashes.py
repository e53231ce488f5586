"""J2, J3 and J10: a kill, a loss of power or a failing disk, at calls all over a harvest."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import random
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pyarrow.parquet as pq  # type: ignore[import-untyped]  # it has no stubs
import pytest

from benchmarks import crash_shim
from benchmarks.crash_campaign import SPEC, TABLES, campaign, harvested
from benchmarks.crash_shim import Crash, lose_power
from benchmarks.kill_campaign import contents, differences
from comet_async import harvest
from comet_async.errors import DestinationError
from comet_async.server import LocalServer, serve_in_thread

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the path of a descriptor is read from /proc"
)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("update", [False, True])
def test_j2_j3_kills_and_losses_of_power_all_over_a_harvest_change_nothing(update: bool) -> None:
    (found,) = campaign(110, updates=[update]).values()
    assert found.wrong == []
    assert found.calls > 300
    assert found.points >= 4
    assert found.states == 3 * found.points
    assert found.lost > 10


class Failing(Crash):
    """Fails at the n-th call and at all after it, as a full disk does."""

    def step(self, before: object = None) -> None:
        self._count += 1
        if self._at and self._count >= self._at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@contextmanager
def disk(root: Path, at: int) -> Iterator[Failing]:
    """Let the disk below `root` be full from the `at`-th call on."""
    before = {name: getattr(os, name) for name in crash_shim.WRAPPED}
    failing = Failing(root, at, None)
    failing.wrap()
    try:
        yield failing
    finally:
        for name, function in before.items():
            setattr(os, name, function)


@pytest.mark.timeout(180)
def test_j10_a_disk_that_is_full_from_any_call_on_leaves_what_can_go_on(tmp_path: Path) -> None:
    server = LocalServer(synthetic=SPEC, extras=False)
    with serve_in_thread(server):
        clean = tmp_path / "clean"
        with disk(clean, 0) as counting:
            asyncio.run(harvested(server.url, clean, TABLES))
        wanted = contents(clean)
        assert counting.count > 200
        codes = set[int]()
        for at in range(1, counting.count, counting.count // 12):
            root = tmp_path / str(at)
            with disk(root, at):
                codes.add(filled(server.url, root))
            for path in (root / "tables").rglob("*.parquet"):
                pq.read_table(path)
            report = asyncio.run(harvested(server.url, root, TABLES))
            assert report.exit_code == 0
            assert differences(root, wanted) == []
            assert asyncio.run(harvest.verify(root)).problems == ()
    # Where only the list of failures could not be written, all the rest is there.
    assert codes <= {0, 5}
    assert 5 in codes


def filled(url: str, root: Path) -> int:
    """Harvest onto a disk that is full; return the exit code."""
    try:
        report = asyncio.run(harvested(url, root, TABLES))
    except DestinationError:
        return 5
    if report.exit_code == 5:
        assert "No space left on device" in str(report.stopped)
    for table in report.tables:
        assert table.planned == table.stored + table.absent + table.failed
    return report.exit_code


def journal(path: Path, *events: Mapping[str, object]) -> Path:
    path.write_text("".join(json.dumps(event) + "\n" for event in events))
    return path


@pytest.mark.parametrize("strict", [False, True])
def test_power_takes_names_that_no_sync_made_safe(tmp_path: Path, strict: bool) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "old").write_bytes(b"older")
    told = tmp_path / "journal"
    told.touch()
    before = {name: getattr(os, name) for name in crash_shim.WRAPPED}
    crash = Crash(root, 0, told)
    crash.wrap()
    try:
        (root / "a").mkdir()
        descriptor = os.open(root / "a" / "new", os.O_CREAT | os.O_WRONLY)
        os.write(descriptor, b"x" * 1000)
        os.fsync(descriptor)
        os.write(descriptor, b"y" * 1000)
        os.close(descriptor)
        (root / "a" / "new").rename(root / "old")
    finally:
        for name, function in before.items():
            setattr(os, name, function)
    assert lose_power(root, told, random.Random(1), strict=strict) > 0
    assert (root / "old").read_bytes() == b"older"
    # A journal keeps the file that was synced under its first name; POSIX promises no name at all.
    kept = root / "a" / "new"
    assert kept.exists() is not strict
    if not strict:
        data = kept.read_bytes()
        assert 1000 <= len(data) <= 2000
        assert data[:1000] == b"x" * 1000


def test_power_leaves_what_a_sync_of_its_folder_made_safe(tmp_path: Path) -> None:
    (tmp_path / "root" / "kept").mkdir(parents=True)
    (tmp_path / "root" / "lost").mkdir()
    root = str(tmp_path / "root")
    told = journal(
        tmp_path / "journal",
        {"call": "mkdir", "path": f"{root}/kept"},
        {"call": "sync_folder", "path": root},
        {"call": "mkdir", "path": f"{root}/lost"},
    )
    lose_power(tmp_path / "root", told, random.Random(1), strict=True)
    assert sorted(path.name for path in (tmp_path / "root").iterdir()) == ["kept"]
