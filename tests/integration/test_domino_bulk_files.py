"""Files of a project at a commit, to disk: whole, safe, resumed."""

from __future__ import annotations

import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from comet_async import Session, domino, domino_bulk
from comet_async.engine.retry import RetryPolicy
from comet_async.errors import AuthenticationError, DestinationError, LedgerError, UsageError
from comet_async.server.domino import DominoServer, DominoSpec
from comet_async.server.domino.ids import Kind, made_id
from comet_async.server.domino.project_parts import FILES, file_bytes
from comet_async.service import Limits
from comet_async.testing import LOCAL_KEY, FakeTransport, domino_server, reply

PROJECT = made_id(Kind.PROJECT, 0)
COMMIT = "0123456789abcdef" * 2 + "01234567"
SPEC = DominoSpec(files=40, file_bytes=3_000)
PATHS = [*FILES, *(f"data/part-{at}.bin" for at in range(len(FILES), 40))]
CONTENT = "/api/projects/v1/projects/{projectId}/files/{commitId}/{path}/content"
RECORD = ".project-files~.jsonl"


@asynccontextmanager
async def connected(server: DominoServer) -> AsyncGenerator[Session, None]:
    service = domino.service(LOCAL_KEY, host=server.url, environ={}, limits=Limits())
    async with Session(service, retry=RetryPolicy(attempts=1)) as session:
        yield session


@asynccontextmanager
async def scripted(fake: FakeTransport) -> AsyncGenerator[Session, None]:
    service = domino.service(LOCAL_KEY, host="https://d.example.com", environ={}, limits=Limits())
    async with Session(service, retry=RetryPolicy(attempts=1), transport=fake) as session:
        yield session


def tree(folder: Path) -> dict[str, bytes]:
    """Return the content of all files below a folder but the record."""
    found = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    found.pop(RECORD, None)
    return found


def copied_if_there(source: str, target: str) -> None:
    """Copy a file of a folder that others write to: a part file may have got its name by now."""
    with suppress(FileNotFoundError):
        shutil.copy2(source, target)


WANTED = {path: file_bytes(PROJECT, COMMIT, path, 3_000) for path in PATHS}


async def test_every_file_arrives_where_it_is_in_the_project(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    async with domino_server(SPEC) as server, connected(server) as session:
        report = await domino_bulk.download_project_files(
            session,
            PROJECT,
            COMMIT,
            [*PATHS, *PATHS],
            tmp_path / "a" / "b",
            progress=lambda done, of: told.append((done, of)),
        )
        lines = [record.path for record in server.log]
    assert tree(tmp_path / "a" / "b") == WANTED
    assert list(report.done) == PATHS
    assert report.done[PATHS[-1]] == tmp_path / "a" / "b" / PATHS[-1]
    assert (report.files, report.already, report.failed, report.exit_code) == (40, 0, {}, 0)
    assert report.bytes == 40 * 3_000
    assert told == [(at + 1, 40) for at in range(40)]
    assert sum("/data%2Fpart-" in line for line in lines) == 40 - len(FILES)
    assert str(report).startswith("40 of 40 files; 120,000 bytes, ")


async def test_a_second_call_brings_only_what_is_missing(tmp_path: Path) -> None:
    download = domino_bulk.download_project_files
    async with domino_server(SPEC) as server, connected(server) as session:
        server.faults.add("status", 500, r"part-7\.bin")
        server.faults.add("truncate_length", None, r"part-8\.bin", times=1)
        first = await download(session, PROJECT, COMMIT, [*PATHS, "none.txt"], tmp_path)
        server.faults.clear()
        (tmp_path / PATHS[-1]).unlink()
        server.log.clear()
        second = await download(session, PROJECT, COMMIT, PATHS, tmp_path)
        asked = len(server.log)
    assert sorted(first.failed) == ["data/part-7.bin", "data/part-8.bin", "none.txt"]
    assert "answered 404" in first.failed["none.txt"]
    assert (first.exit_code, len(first.done)) == (3, 38)
    assert list(second.done) == ["data/part-7.bin", "data/part-8.bin", PATHS[-1]]
    assert (second.already, asked, second.exit_code) == (37, 3, 0)
    assert "37 were there" in str(second)
    assert "3 failed" in str(first)
    assert tree(tmp_path) == WANTED


async def test_a_process_may_be_killed_at_any_file(tmp_path: Path) -> None:
    """What lies on the disk at any moment is gone on with."""
    download = domino_bulk.download_project_files
    whole = tmp_path / "whole"
    moments: list[Path] = []

    def killed(done: int, _of: int) -> None:
        if done % 8 == 0:
            moments.append(tmp_path / f"killed-{done}")
            shutil.copytree(whole, moments[-1], copy_function=copied_if_there)

    async with domino_server(SPEC) as server, connected(server) as session:
        await download(session, PROJECT, COMMIT, PATHS, whole, concurrency=3, progress=killed)
        for moment in moments:
            report = await download(session, PROJECT, COMMIT, PATHS, moment)
            assert report.already >= int(moment.name.removeprefix("killed-"))
            assert report.exit_code == 0
            assert {k: v for k, v in tree(moment).items() if not k.endswith(".part")} == WANTED
    assert len(moments) == 5


async def test_no_name_leads_out_of_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "in" / "here"
    evil = [
        "../../up.txt",
        "/etc/passwd",
        "a/../../../b",
        "C:\\x",
        "nul",
        "x\0y",
        RECORD,
        "%2F",
    ]
    fake = FakeTransport().on("GET", CONTENT, reply(body=b"octets"))
    async with scripted(fake) as session:
        report = await domino_bulk.download_project_files(session, "p", "c", evil, folder)
    assert list(report.done) == evil
    assert len(tree(folder)) == len(evil)
    assert all(path.resolve().is_relative_to(folder) for path in report.done.values())
    assert set(tree(tmp_path)) == {f"in/here/{name}" for name in [*tree(folder), RECORD]}
    assert "/files/c/..%2F..%2Fup.txt/content" in fake.paths[0]


async def test_what_came_from_elsewhere_is_left_alone(tmp_path: Path) -> None:
    download = domino_bulk.download_project_files
    mine = tmp_path / PATHS[0]
    mine.parent.mkdir(parents=True, exist_ok=True)
    mine.write_bytes(b"mine")
    async with domino_server(SPEC) as server, connected(server) as session:
        first = await download(session, PROJECT, COMMIT, PATHS[:3], tmp_path)
        assert mine.read_bytes() == b"mine"
        second = await download(session, PROJECT, COMMIT, PATHS[:3], tmp_path, overwrite=True)
    assert first.failed == {PATHS[0]: f"{mine} exists, and came from elsewhere"}
    assert (len(first.done), list(second.done), second.already) == (2, [PATHS[0]], 2)
    assert mine.read_bytes() == WANTED[PATHS[0]]


async def test_a_file_in_the_place_of_a_folder_fails_alone(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"no folder")
    async with domino_server(SPEC) as server, connected(server) as session:
        report = await domino_bulk.download_project_files(
            session, PROJECT, COMMIT, ["data/part-9.bin", PATHS[0]], tmp_path
        )
    assert list(report.done) == [PATHS[0]]
    assert "cannot make" in report.failed["data/part-9.bin"]


async def test_a_folder_holds_the_files_of_one_commit(tmp_path: Path) -> None:
    download = domino_bulk.download_project_files
    async with domino_server(SPEC) as server, connected(server) as session:
        await download(session, PROJECT, COMMIT, PATHS[:2], tmp_path)
        with pytest.raises(LedgerError, match="is of another operation"):
            await download(session, PROJECT, COMMIT[::-1], PATHS[:2], tmp_path)
        (tmp_path / "file").write_bytes(b"")
        with pytest.raises(DestinationError, match="cannot make"):
            await download(session, PROJECT, COMMIT, PATHS[:2], tmp_path / "file" / "folder")


async def test_a_key_that_is_refused_fails_every_file(tmp_path: Path) -> None:
    async with domino_server(SPEC, api_keys=["another"]) as server, connected(server) as session:
        with pytest.raises(AuthenticationError):
            await domino_bulk.download_project_files(session, PROJECT, COMMIT, PATHS, tmp_path)
    assert tree(tmp_path) == {}


async def test_what_cannot_be_meant_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    download = domino_bulk.download_project_files
    async with domino_server(SPEC) as server, connected(server) as session:
        with pytest.raises(UsageError, match="give a list of paths"):
            await download(session, PROJECT, COMMIT, "a.txt", tmp_path / "new")
        with pytest.raises(UsageError, match="path"):
            await download(session, PROJECT, COMMIT, ["a.txt", ""], tmp_path / "new")
        assert list(server.log) == []
    assert tree(tmp_path) == {}
