"""A harvest copied elsewhere: only the difference, whole files, and nothing of others touched."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import fsspec  # type: ignore[import-untyped]  # it has no stubs
import pytest

import comet_async
from comet_async import harvest
from comet_async.errors import DestinationError, PartError, UsageError
from comet_async.harvest import destinations
from comet_async.harvest.remote import Store
from tests.support.lakes import curve, make_lake, part, rows, snapshot


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Make a lake with files, an earlier state, and much that is not to be copied."""
    root = make_lake(tmp_path / "lake")
    files = root / "files" / "p1" / "k1"
    files.mkdir(parents=True)
    (files / "model [1]*.bin").write_bytes(b"model")
    snapshot(root, 1)
    (root / "snapshots" / "2.making").mkdir()
    (root / "snapshots" / "2.making" / "x").write_text("half")
    (root / "ledger.sqlite").write_text("private")
    (root / "parts").mkdir()
    (root / "parts" / "x").write_text("private")
    return root


@pytest.fixture(params=["file", "memory"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Name a place of each kind: files are moved into place, objects put whole."""
    yield (tmp_path / "there").as_uri() if request.param == "file" else "memory://there/lake"
    memory = fsspec.filesystem("memory")
    memory.store.clear()
    memory.pseudo_dirs[:] = [""]


def contents(url: str) -> dict[str, bytes]:
    """Return the files below a URL."""
    found, folder = fsspec.url_to_fs(url)
    return {
        name[len(folder.rstrip("/")) + 1 :]: found.cat_file(name) for name in found.find(folder)
    }


def published(root: Path) -> dict[str, bytes]:
    """Return what a lake should have at its destination."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for top in ("tables", "files", "snapshots/1")
        for path in (root / top).rglob("*")
        if path.is_file()
    }


class Told:
    def __init__(self) -> None:
        self.plans: list[tuple[int, int]] = []
        self.names: list[str] = []

    def planned(self, files: int, size: int) -> None:
        self.plans.append((files, size))

    def sent(self, name: str, size: int) -> None:
        self.names.append(name)


async def test_everything_arrives_and_then_nothing_is_sent_again(root: Path, url: str) -> None:
    told = Told()
    report = await harvest.upload(root, url, progress=told)

    there = contents(url)
    manifest = json.loads(there.pop("_manifest.json"))
    expected = published(root)
    size = sum(map(len, expected.values()))
    assert there == expected
    assert (report.sent, report.sent_bytes, report.kept, report.removed) == (8, size, 0, 0)
    assert told.plans == [(8, size)]
    assert sorted(told.names) == sorted(manifest["files"]) == sorted(expected)
    assert [name.partition("/")[0] for name in told.names] == (
        ["files"] + ["snapshots"] * 4 + ["tables"] * 3
    )

    again = await harvest.upload(root, url)
    assert (again.sent, again.kept, again.removed) == (0, 8, 0)


async def test_only_the_difference_is_sent_and_stale_parts_go(root: Path, url: str) -> None:
    await harvest.upload(root, url)
    (root / "tables" / "metrics" / "part-000001.parquet").unlink()
    part(root, "metrics", rows("metrics", *curve("k1", [9.0])), 2)
    (root / "files" / "p1" / "k1" / "model [1]*.bin").write_bytes(b"newer")

    told = Told()
    report = await harvest.upload(root, url, progress=told)
    assert (report.sent, report.kept, report.removed) == (2, 6, 1)
    assert set(told.names) == {
        "files/p1/k1/model [1]*.bin",
        "tables/metrics/part-000002.parquet",
    }
    there = contents(url)
    del there["_manifest.json"]
    assert there == published(root)


async def test_a_file_that_was_only_touched_is_not_sent(root: Path, url: str) -> None:
    await harvest.upload(root, url)
    os.utime(root / "files" / "p1" / "k1" / "model [1]*.bin", ns=(1, 1))
    assert (await harvest.upload(root, url)).sent == 0
    assert (
        json.loads(contents(url)["_manifest.json"])["files"]["files/p1/k1/model [1]*.bin"][
            "mtime_ns"
        ]
        == 1
    )


async def test_what_went_at_the_destination_is_sent_again(root: Path, url: str) -> None:
    await harvest.upload(root, url)
    store, folder = fsspec.url_to_fs(url)
    store.rm_file(f"{folder}/tables/metrics/part-000001.parquet")
    store.pipe_file(f"{folder}/tables/experiments/part-000001.parquet", b"short")

    report = await harvest.upload(root, url)
    assert (report.sent, report.removed) == (2, 0)
    there = contents(url)
    del there["_manifest.json"]
    assert there == published(root)


async def test_files_of_others_are_neither_removed_nor_replaced(root: Path, url: str) -> None:
    store, folder = fsspec.url_to_fs(url)
    store.makedirs(f"{folder}/tables/metrics", exist_ok=True)
    store.pipe_file(f"{folder}/tables/metrics/other.parquet", b"theirs")
    await harvest.upload(root, url)
    await harvest.upload(root, url)
    assert contents(url)["tables/metrics/other.parquet"] == b"theirs"

    part(root, "metrics", rows("metrics"), 2)
    store.pipe_file(f"{folder}/tables/metrics/part-000002.parquet", b"theirs")
    with pytest.raises(DestinationError, match=r"part-000002\.parquet that was not put there"):
        await harvest.upload(root, url)
    assert contents(url)["tables/metrics/part-000002.parquet"] == b"theirs"


async def test_broken_off_it_goes_on_and_cleans_up(
    root: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(destinations, "_CHECKPOINT", 2)
    real = Store.put

    def failing(self: Store, source: Path, name: str) -> None:
        real(self, source, name)
        if name.startswith("tables/metrics"):
            raise DestinationError("the network went")

    with monkeypatch.context() as patch:
        patch.setattr(Store, "put", failing)
        with pytest.raises(DestinationError, match="the network went"):
            await harvest.upload(root, url)
    assert "tables/metrics/part-000001.parquet" in contents(url)
    (root / "tables" / "metrics" / "part-000001.parquet").unlink()
    part(root, "metrics", rows("metrics", *curve("k1", [9.0])), 2)

    report = await harvest.upload(root, url)
    assert report.kept > 0
    assert report.sent + report.kept == 8
    there = contents(url)
    del there["_manifest.json"]
    assert there == published(root)


async def test_a_file_appears_whole_or_not_at_all(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = type(fsspec.filesystem("file"))

    def torn(self: object, lpath: str, rpath: str) -> None:
        assert re.search(r"/\.[0-9a-f]{16}\.part$", rpath)
        Path(rpath).write_bytes(b"half")
        raise OSError("the disk went")

    monkeypatch.setattr(local, "put_file", torn)
    with pytest.raises(DestinationError, match="the disk went"):
        await harvest.upload(root, (tmp_path / "there").as_uri())
    assert [p.name for p in (tmp_path / "there").rglob("*") if p.is_file()] == ["_manifest.json"]


async def test_links_are_refused(root: Path, url: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    (root / "files" / "p1" / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(PartError, match="link is a link"):
        await harvest.upload(root, url)
    assert contents(url) == {}


async def test_what_cannot_be_meant(root: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no harvest"):
        await harvest.upload(tmp_path, "memory://x")
    with pytest.raises(UsageError, match="cannot use nothing://x: Protocol not known"):
        await harvest.upload(root, "nothing://x")


async def test_a_damaged_manifest_stops_it(root: Path, url: str) -> None:
    store, folder = fsspec.url_to_fs(url)
    store.makedirs(folder, exist_ok=True)
    store.pipe_file(f"{folder}/_manifest.json", b"{")
    with pytest.raises(DestinationError, match=r"_manifest\.json is damaged, or no manifest"):
        await harvest.upload(root, url)


async def test_a_file_that_goes_meanwhile_is_named(
    root: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = destinations._files

    def going(folder: Path) -> Iterator[tuple[str, Path]]:
        for name, path in real(folder):
            path.unlink()
            yield name, path

    monkeypatch.setattr(destinations, "_files", going)
    with pytest.raises(PartError, match="went meanwhile"):
        await harvest.upload(root, url)
    monkeypatch.undo()
    with pytest.raises(DestinationError, match="tables/x"):
        Store(url).put(root / "missing", "tables/x")


async def test_errors_hold_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = type(fsspec.filesystem("memory"))

    def refused(self: object, path: str, **extra: object) -> object:
        raise RuntimeError("no access for user0name with hunter2secret")

    monkeypatch.setattr(memory, "find", refused)
    store = Store("memory://user0name:hunter2secret@there")
    with pytest.raises(DestinationError) as raised:
        store.sizes()
    assert "hunter2" not in str(raised.value)
    assert "user0name" not in store.url


async def test_the_copy_can_be_opened(root: Path, tmp_path: Path) -> None:
    await harvest.upload(root, (tmp_path / "there").as_uri())
    there, here = comet_async.open_lake(tmp_path / "there"), comet_async.open_lake(root)
    assert harvest.diff(here, there).same
    assert [s.number for s in there.snapshots()] == [1]
