"""G9 to G20 as they concern a harvest: names, links, archives, other processes, read-only folders."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import errno
import hashlib
import io
import multiprocessing
import os
import re
import sqlite3
import unicodedata
import zipfile
from collections.abc import AsyncIterator
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path, PurePosixPath

import pyarrow.parquet as pq  # type: ignore[import-untyped]  # it has no stubs
import pytest

from benchmarks.kill_campaign import contents
from comet_async import Limits, RetryPolicy, Session, comet, harvest
from comet_async.engine.names import original_name
from comet_async.errors import CometAsyncError, DestinationError, LedgerError, PartError
from comet_async.harvest import lock
from comet_async.server import (
    HOSTILE_NAMES,
    Changes,
    LocalServer,
    SyntheticSource,
    SyntheticSpec,
    serve_in_thread,
)
from comet_async.testing import FakeTransport, reply

SPEC = SyntheticSpec(experiments=2, points=3, metrics=1, parameters=1, assets=0)
TABLES = ["experiments", "git", "assets"]
QUICK = RetryPolicy(attempts=2, base=0.001, unreadable_attempts=1)
RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


@pytest.fixture
async def server() -> AsyncIterator[LocalServer]:
    source = Changes(SyntheticSource(SPEC))
    async with LocalServer(sources=[source], extras=False) as started:
        yield started


async def taken(server: LocalServer, root: Path) -> harvest.Report:
    service = comet.service("KEY", url=server.url, limits=Limits(concurrency=4))
    async with Session(service, retry=QUICK) as session:
        plan = await harvest.plan(session, "synthetic", tables=TABLES, into=root)
        return await harvest.run(session, plan, root)


def keys_of(server: LocalServer) -> list[str]:
    (project,) = server.store.projects("synthetic")
    return [run.facts.key for run in server.store.runs(project.project_id)]


def rows(root: Path, table: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for path in sorted((root / "tables" / table).glob("*.parquet")):
        found += pq.read_table(path).to_pylist()
    return found


def below(root: Path) -> set[str]:
    """Return the files of assets, by their paths in the harvest."""
    found = (root / "files").rglob("*")
    return {path.relative_to(root).as_posix() for path in found if not path.is_dir()}


def named(root: Path, pattern: str) -> list[Path]:
    return sorted(root.rglob(pattern))


async def test_g10_g11_g12_g13_hostile_names_are_kept_apart_inside_and_portable(
    server: LocalServer, tmp_path: Path
) -> None:
    key = keys_of(server)[0]
    for number, name in enumerate(HOSTILE_NAMES):
        server.changes.put_asset(key, name, b"content %d" % number)
    canary = tmp_path / "outside.txt"
    canary.write_bytes(b"mine")
    root = tmp_path / "a" / "b" / "lake"
    report = await taken(server, root)
    assert report.exit_code == 0

    told = [row for row in rows(root, "assets") if row["experiment_key"] == key]
    paths = [str(row["local_path"]) for row in told]
    assert below(root) == set(paths)
    folded = {unicodedata.normalize("NFC", path).casefold() for path in paths}
    assert len(folded) == len(told) == len(HOSTILE_NAMES)
    assert sorted(str(row["name"]) for row in told) == sorted(HOSTILE_NAMES)
    for row in told:
        path = PurePosixPath(str(row["local_path"]))
        data = (root / path).read_bytes()
        assert data == b"content %d" % HOSTILE_NAMES.index(str(row["name"])) or (
            row["name"] == "same.txt"
        )
        assert hashlib.sha256(data).hexdigest() == row["sha256"]
        for part in path.parts:
            assert 0 < len(part.encode()) <= 255
            assert not re.search(r'[\x00-\x1f\x7f<>:"|?*\\]', part)
            assert not RESERVED.fullmatch(part)
            assert part[-1] not in ". "
            assert part not in (".", "..")
        inside = PurePosixPath(*path.parts[3:])
        plain = "~" not in str(inside) and len(str(row["name"]).encode()) < 150
        assert not plain or original_name(inside) == row["name"]
    assert canary.read_bytes() == b"mine"
    assert named(tmp_path, "outside*") == sorted([canary, *named(root / "files", "outside*")])
    again = await taken(server, root)
    assert (again.snapshot, again.altered) == (None, ())


@pytest.mark.parametrize("name", ["ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm"])
async def test_g14_a_link_in_the_place_of_the_ledger_is_not_followed(
    server: LocalServer, tmp_path: Path, name: str
) -> None:
    outside = tmp_path / "outside"
    outside.touch()
    root = tmp_path / "lake"
    root.mkdir()
    (root / name).symlink_to(outside)
    with pytest.raises((PartError, LedgerError)):
        await taken(server, root)
    assert outside.read_bytes() == b""
    missing = tmp_path / "missing"
    (root / name).unlink()
    (root / name).symlink_to(missing)
    with pytest.raises((PartError, LedgerError)):
        await taken(server, root)
    assert not missing.exists()


async def test_g14_a_second_name_of_the_ledger_keeps_what_it_shows(
    server: LocalServer, tmp_path: Path
) -> None:
    root = tmp_path / "lake"
    await taken(server, root)
    copy = tmp_path / "copy.sqlite"
    os.link(root / "ledger.sqlite", copy)
    before = copy.read_bytes()
    server.changes.rename(keys_of(server)[0], "another")
    assert (await taken(server, root)).exit_code == 0
    assert copy.read_bytes() == before
    database = sqlite3.connect(root / "ledger.sqlite")
    assert database.execute("SELECT count(*) FROM run").fetchone() == (2,)
    database.close()


@pytest.mark.parametrize("hard", [False, True])
@pytest.mark.parametrize(
    "place", ["failures.jsonl", "ledger.sqlite.sha256", "ledger.backup.sqlite", ".lock"]
)
async def test_g14_links_beside_the_ledger_change_nothing_outside(
    server: LocalServer, tmp_path: Path, place: str, hard: bool
) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"mine")
    root = tmp_path / "lake"
    root.mkdir()
    plant(outside, root / place, hard=hard)
    with contextlib.suppress(PartError, LedgerError, DestinationError):
        await taken(server, root)
    assert outside.read_bytes() == b"mine"


@pytest.mark.parametrize("hard", [False, True])
async def test_g14_a_link_in_the_place_of_a_file_is_not_followed(
    server: LocalServer, tmp_path: Path, hard: bool
) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"mine")
    root = tmp_path / "lake"
    key = keys_of(server)[0]
    server.changes.put_asset(key, "first.bin", b"first")
    await taken(server, root)
    (first,) = below(root)
    target = (root / first).with_name("second.bin")
    plant(outside, target, hard=hard)
    server.changes.put_asset(key, "second.bin", b"second")
    server.changes.rename(key, "changed")  # which the listing shows, so that assets are listed
    report = await taken(server, root)
    assert outside.read_bytes() == b"mine"
    if hard:  # a new file takes the name
        assert (report.exit_code, target.read_bytes()) == (0, b"second")
    else:
        assert report.exit_code == 3
        assert "is not a plain file; remove it" in report.failures[0].reason


def plant(outside: Path, place: Path, *, hard: bool) -> None:
    if hard:
        os.link(outside, place)
    else:
        place.symlink_to(outside)


def archive(*members: tuple[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members:
            made.writestr(name, data)
    return sink.getvalue()


HOSTILE_ARCHIVES = {
    "slip.zip": archive(("../../slipped", b"x"), ("/tmp/slipped", b"x")),
    "bomb.zip": archive(("zeros", bytes(20_000_000))),
    "many.zip": archive(*((f"m{number}", b"") for number in range(3000))),
    "cut.zip": archive(("a", b"x" * 1000))[:-30],
    "twice.zip": archive(("A", b"1"), ("a", b"2")),
}


async def test_g15_g16_g17_archives_are_kept_as_they_are_and_never_unpacked(
    server: LocalServer, tmp_path: Path
) -> None:
    key = keys_of(server)[0]
    for name, data in HOSTILE_ARCHIVES.items():
        server.changes.put_asset(key, name, data)
    root = tmp_path / "lake"
    assert (await taken(server, root)).exit_code == 0
    names = {Path(path).name for path in below(root)}
    assert names == HOSTILE_ARCHIVES.keys()
    for path in below(root):
        assert (root / path).read_bytes() == HOSTILE_ARCHIVES[Path(path).name]
    assert named(tmp_path, "slipped") == []
    assert sum(path.lstat().st_size for path in named(root, "*")) < 5_000_000


@pytest.mark.parametrize(
    ("data", "patch", "problem"),
    [
        (archive(("../../slipped", b"diff")), "diff", None),
        (archive(("git_diff.patch", bytes(40_000_000))), None, "larger than 16 MiB"),
        (archive(("git_diff.patch", b"x" * 1000))[:-30], None, "cannot be read"),
        (archive(*((f"m{number}", b"x") for number in range(3000))), "x", None),
    ],
)
async def test_g15_g16_g17_a_hostile_patch_is_a_text_or_says_why_not(
    tmp_path: Path, data: bytes, patch: str | None, problem: str | None
) -> None:
    spec = SyntheticSpec(experiments=1, points=1, metrics=1, assets=0, git_share=1, patch_share=1)
    source = Changes(SyntheticSource(spec))
    async with LocalServer(sources=[source], extras=False) as server:
        source.change(keys_of(server)[0], lambda run: dataclasses.replace(run, patch=data))
        report = await taken(server, tmp_path / "lake")
    assert report.exit_code == 0
    (row,) = rows(tmp_path / "lake", "git")
    assert row["patch"] == patch
    assert (problem is None) == (row["patch_problem"] is None)
    assert problem is None or problem in str(row["patch_problem"])
    assert named(tmp_path, "slipped") == []


@pytest.mark.parametrize("locks", [True, False])
def test_g19_of_many_processes_in_one_folder_one_harvests_and_the_others_are_told(
    tmp_path: Path, locks: bool
) -> None:
    root = tmp_path / "lake"
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["comet_async.harvest", "benchmarks.kill_campaign"])
    start, told = context.Barrier(8), context.Queue()
    server = LocalServer(synthetic=dataclasses.replace(SPEC, assets=3), extras=False)
    with serve_in_thread(server):
        processes = [
            context.Process(target=contend, args=(server.url, root, start, told, locks))
            for _ in range(8)
        ]
        for process in processes:
            process.start()
        codes = sorted(told.get(timeout=50) for _ in processes)
        for process in processes:
            process.join()
        asyncio.run(taken(server, tmp_path / "clean"))
        assert asyncio.run(taken(server, root)).exit_code == 0
    # Late ones may find the folder free again; nobody fails in any other way.
    assert set(codes) <= {"0", "another harvest works in"}
    assert "0" in codes
    assert contents(root) == contents(tmp_path / "clean")
    assert asyncio.run(harvest.verify(root)).problems == ()


def contend(url: str, root: Path, start: Barrier, told: Queue[str], locks: bool) -> None:
    """Harvest at the same time as others; tell the exit code, or why not."""
    if not locks:
        lock._try_lock = lambda descriptor: None

    async def work() -> harvest.Report:
        service = comet.service("KEY", url=url, limits=Limits(concurrency=4))
        async with Session(service, retry=QUICK) as session:
            plan = await harvest.plan(session, "synthetic", tables=TABLES, into=root)
            await asyncio.to_thread(start.wait)
            return await harvest.run(session, plan, root)

    try:
        told.put(str(asyncio.run(work()).exit_code))
    except CometAsyncError as error:
        message = str(error)
        told.put(message[: message.index(" in") + 3] if "another" in message else message)


@pytest.mark.parametrize("place", ["file/lake", "file"])
async def test_g9_a_folder_that_cannot_be_is_an_error_before_any_request(
    server: LocalServer, tmp_path: Path, place: str
) -> None:
    (tmp_path / "file").touch()
    service = comet.service("KEY", url=server.url)
    async with Session(service, retry=QUICK) as session:
        plan = await harvest.plan(session, "synthetic", tables=TABLES)
        server.log.clear()
        with pytest.raises(DestinationError, match="cannot write"):
            await harvest.run(session, plan, tmp_path / place)
    assert len(server.log) == 0


async def test_g9_a_folder_that_may_not_be_written_is_an_error_before_any_request(
    server: LocalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if flags & os.O_CREAT:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return real(path, flags, mode, dir_fd=dir_fd)

    real = os.open
    service = comet.service("KEY", url=server.url)
    async with Session(service, retry=QUICK) as session:
        plan = await harvest.plan(session, "synthetic", tables=TABLES)
        server.log.clear()
        with monkeypatch.context() as patched:
            patched.setattr(os, "open", refuse)
            with pytest.raises(DestinationError, match="Permission denied"):
                await harvest.run(session, plan, tmp_path)
    assert len(server.log) == 0


async def test_g18_a_name_in_the_headers_of_a_file_is_ignored(tmp_path: Path) -> None:
    disposition = {"content-disposition": "attachment; filename=../../evil.txt"}
    fake = FakeTransport()
    v2 = "/api/rest/v2"
    entry = {"experimentKey": "k", "projectId": "p", "projectName": "one", "endTimeMillis": 1}
    asset = {"assetId": "a1", "fileName": "good.txt", "fileSize": 4, "type": "asset"}
    fake.on("GET", f"{v2}/projects", reply(json={"projects": [{"projectId": "p"}]}))
    fake.on("GET", f"{v2}/experiments", reply(json={"experiments": [entry]}))
    fake.on("GET", f"{v2}/experiment/asset/list", reply(json={"assets": [asset]}))
    fake.on("GET", f"{v2}/experiment/asset/get-asset", reply(body=b"data", headers=disposition))
    service = comet.service("KEY", url="http://127.0.0.1:9", limits=Limits())
    async with Session(service, transport=fake) as session:
        plan = await harvest.plan(session, "team", tables=["assets"])
        root = tmp_path / "a" / "b"
        report = await harvest.run(session, plan, root)
    assert report.exit_code == 0
    assert below(root) == {"files/one/k/good.txt"}
    assert named(tmp_path, "evil*") == []
