"""Bulk writes: what becomes of each item, under faults, after kills, and by what the server has."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import msgspec
import pytest

from comet_async import Limits, RetryPolicy, Session, bulk, comet
from comet_async.errors import AuthenticationError, LedgerError, UsageError
from comet_async.server import LocalServer, SyntheticSpec

COUNT = 40
ADDRESS = {"workspace_name": "synthetic", "project_name": "synthetic"}
ARCHIVE = "/api/rest/v2/write/experiment/archive"
MOVE = "/api/rest/v2/write/experiment/move"


@pytest.fixture
async def server() -> AsyncIterator[LocalServer]:
    spec = SyntheticSpec(experiments=COUNT, points=1, metrics=1, parameters=1, assets=0)
    async with LocalServer(synthetic=spec, extras=False, api_keys=["KEY"]) as started:
        yield started


@pytest.fixture
async def session(server: LocalServer) -> AsyncIterator[Session]:
    service = comet.service("KEY", url=server.url, limits=Limits(concurrency=8))
    async with Session(service, retry=RetryPolicy(attempts=3, base=0.001)) as opened:
        yield opened


async def keys_of(
    session: Session, *, archived: bool = False, project: str = "synthetic"
) -> list[str]:
    request = comet.get_experiments(
        workspace_name="synthetic", project_name=project, archived=archived
    )
    return [entry.experiment_key for entry in (await session.send(request)).experiments]


async def tags_of(session: Session, key: str) -> set[str]:
    return set((await session.send(comet.get_experiment_tags(key))).tags)


async def test_archived_ones_leave_the_list_and_restored_ones_are_back(session: Session) -> None:
    keys = await keys_of(session)
    some = keys[:15]
    seen: list[tuple[int, int]] = []
    report = await bulk.archive_experiments(
        session, [*some, some[0]], progress=lambda over, total: seen.append((over, total))
    )
    assert set(report.done) == set(some)
    assert (report.items, report.requests, report.exit_code) == (15, 15, 0)
    assert sorted(seen) == [(number, 15) for number in range(1, 16)]
    assert set(await keys_of(session)) == set(keys[15:])
    assert set(await keys_of(session, archived=True)) == set(some)
    assert str(report).startswith("archive 15 of 15; 15 requests")
    await bulk.restore_experiments(session, some)
    assert set(await keys_of(session)) == set(keys)


async def test_moved_ones_are_in_the_other_project_by_one_request_for_many(
    server: LocalServer, session: Session
) -> None:
    keys = await keys_of(session)
    await session.send(comet.create_project("synthetic", "other"))
    server.log.clear()
    report = await bulk.move_experiments(session, keys, "synthetic", "other")
    assert (len(report.done), report.requests, server.log.counts()[MOVE]) == (COUNT, 1, 1)
    assert await keys_of(session) == []
    assert set(await keys_of(session, project="other")) == set(keys)


async def test_tags_are_added_and_taken_away(session: Session) -> None:
    keys = (await keys_of(session))[:5]
    before = await tags_of(session, keys[0])
    await bulk.tag_experiments(session, keys, ["best", "of all"])
    assert await tags_of(session, keys[0]) == before | {"best", "of all"}
    await bulk.untag_experiments(session, keys, ["best"])
    assert await tags_of(session, keys[4]) >= {"of all"}
    assert "best" not in await tags_of(session, keys[4])


async def test_deleting_wants_the_number(server: LocalServer, session: Session) -> None:
    keys = await keys_of(session)
    server.log.clear()
    for wrong in (0, 2, COUNT):
        with pytest.raises(UsageError, match="3 experiments would be deleted for good"):
            await bulk.delete_experiments(session, keys[:3], confirm=wrong)
    assert len(server.log) == 0
    report = await bulk.delete_experiments(session, keys[:3], confirm=3)
    assert len(report.done) == 3
    assert set(await keys_of(session)) == set(keys[3:])
    assert await keys_of(session, archived=True) == []


async def test_a_dry_run_sends_nothing_and_tells_all(
    server: LocalServer, session: Session, tmp_path: Path
) -> None:
    keys = await keys_of(session)
    book = tmp_path / "book.jsonl"
    server.log.clear()
    report = await bulk.delete_experiments(session, keys, confirm=0, dry_run=True, ledger=book)
    assert report.done == tuple(keys)
    assert str(report).startswith(f"would delete {COUNT} of {COUNT}; {COUNT} requests")
    assert len(server.log) == 0
    assert not book.exists()
    await bulk.archive_experiments(session, keys[:10], ledger=book)
    left = await bulk.archive_experiments(session, keys, ledger=book, dry_run=True)
    assert (left.already, left.done) == (10, tuple(keys[10:]))


async def test_what_fails_is_told_and_tried_again_alone(
    server: LocalServer, session: Session, tmp_path: Path
) -> None:
    keys = await keys_of(session)
    book = tmp_path / "book.jsonl"
    bad = keys[7]
    server.faults.add("status", 403, bad)
    first = await bulk.archive_experiments(session, keys, ledger=book)
    assert list(first.failed) == [bad]
    assert "403" in first.failed[bad]
    assert (len(first.done), first.exit_code) == (COUNT - 1, 3)
    server.faults.clear()
    server.log.clear()
    second = await bulk.archive_experiments(session, keys, ledger=book)
    assert (second.already, second.done, second.exit_code) == (COUNT - 1, (bad,), 0)
    assert server.log.counts()[ARCHIVE] == 1
    assert set(await keys_of(session, archived=True)) == set(keys)


async def test_one_bad_key_holds_up_no_other_that_is_moved_with_it(session: Session) -> None:
    keys = await keys_of(session)
    bad = "f" * 32
    await session.send(comet.create_project("synthetic", "other"))
    report = await bulk.move_experiments(session, [*keys[:9], bad, *keys[9:]], "synthetic", "other")
    assert list(report.failed) == [bad]
    assert set(await keys_of(session, project="other")) == set(keys)


@pytest.mark.parametrize("symlink", [False, True], ids=["move", "link"])
@pytest.mark.parametrize(
    ("status", "halved"),
    [
        *((status, True) for status in (400, 404, 409, 410, 413, 414, 422, 431)),
        *((status, False) for status in (402, 403, 405, 406, 415, 451)),
    ],
)
async def test_a_refused_request_is_halved_where_fewer_items_may_do(
    server: LocalServer, session: Session, status: int, halved: bool, symlink: bool
) -> None:
    keys = (await keys_of(session))[:8]
    server.log.clear()
    server.faults.add("status", status, "experiment/move")
    report = await bulk.move_experiments(session, keys, "synthetic", "other", symlink=symlink)
    requests = 2 * len(keys) - 1 if halved else 1
    assert (report.requests, server.log.counts()[MOVE]) == (requests, requests)
    assert set(report.failed) == set(keys)
    assert all(str(status) in reason for reason in report.failed.values())
    assert (report.done, report.unknown) == ((), {})


@pytest.mark.parametrize("fault", ["rst_before", "rst_mid_headers", "status"])
async def test_a_link_whose_answer_is_lost_is_never_made_twice(
    server: LocalServer, session: Session, tmp_path: Path, fault: str
) -> None:
    keys = await keys_of(session)
    book = tmp_path / "book.jsonl"
    await session.send(comet.create_project("synthetic", "other"))
    server.faults.add(fault, 500 if fault == "status" else None, "experiment/move", applied=True)

    async def link(**options: object) -> bulk.WritesReport:
        return await bulk.move_experiments(
            session,
            keys,
            "synthetic",
            "other",
            symlink=True,
            ledger=book,
            **options,  # type: ignore[arg-type]  # one option
        )

    first = await link()
    assert set(first.unknown) == set(keys)
    server.faults.clear()
    second = await link()
    assert (set(second.unknown), second.done, second.requests) == (set(keys), (), 0)
    assert server.log.applied_counts()[MOVE] == 1
    third = await link(repeat_unknown=True)
    assert set(third.done) == set(keys)


async def test_a_refused_key_stops_everything(
    server: LocalServer, session: Session, tmp_path: Path
) -> None:
    keys = await keys_of(session)
    book = tmp_path / "book.jsonl"
    server.faults.add("status", 401, "archive")
    with pytest.raises(AuthenticationError):
        await bulk.archive_experiments(session, keys, ledger=book, concurrency=2)
    assert server.log.counts()[ARCHIVE] <= 8
    server.faults.clear()
    again = await bulk.archive_experiments(session, keys, ledger=book)
    assert len(again.done) + again.already == COUNT


async def test_a_cancelled_run_goes_on_where_it_was(
    server: LocalServer, session: Session, tmp_path: Path
) -> None:
    keys = await keys_of(session)
    book = tmp_path / "book.jsonl"
    server.log.clear()
    with anyio.CancelScope() as scope:
        await bulk.archive_experiments(
            session,
            keys,
            ledger=book,
            concurrency=4,
            progress=lambda over, _: scope.cancel() if over == 10 else None,
        )
    report = await bulk.archive_experiments(session, keys, ledger=book)
    assert 10 <= report.already < COUNT
    assert report.already + len(report.done) == COUNT
    assert server.log.counts()[ARCHIVE] <= COUNT + 4


KILLED = """
import asyncio, sys
from comet_async import Limits, Session, bulk, comet

async def main() -> None:
    service = comet.service("KEY", url=sys.argv[1], limits=Limits(concurrency=4))
    async with Session(service) as session:
        await bulk.archive_experiments(session, sys.argv[3:], ledger=sys.argv[2], concurrency=4)

asyncio.run(main())
"""


async def test_a_killed_run_goes_on_where_it_was(
    server: LocalServer, session: Session, tmp_path: Path
) -> None:
    keys = await keys_of(session)
    book = tmp_path / "book.jsonl"
    server.log.clear()
    server.faults.add("slow_start", 0.02, "archive")
    command = [sys.executable, "-c", KILLED, server.url, str(book), *keys]
    with subprocess.Popen(command) as child:  # noqa: ASYNC220 started once, and killed
        while server.log.counts().get(ARCHIVE, 0) < 12:
            await anyio.sleep(0.005)
            assert child.poll() is None
        os.kill(child.pid, signal.SIGKILL)
    with book.open("ab") as file:
        file.write(b'{"item":"torn')
    server.faults.clear()
    report = await bulk.archive_experiments(session, keys, ledger=book)
    assert report.already > 0
    assert report.already + len(report.done) == COUNT
    assert set(await keys_of(session, archived=True)) == set(keys)
    states = [msgspec.json.decode(line) for line in book.read_bytes().splitlines()]
    assert {entry["item"] for entry in states[1:] if entry["state"] == "done"} == set(keys)


async def test_a_ledger_is_of_one_operation_and_one_process(
    session: Session, tmp_path: Path
) -> None:
    keys = (await keys_of(session))[:2]
    book = tmp_path / "book.jsonl"
    await bulk.tag_experiments(session, keys, ["a"], ledger=book)
    with pytest.raises(LedgerError, match="another operation: tag tags="):
        await bulk.tag_experiments(session, keys, ["b"], ledger=book)
    with pytest.raises(LedgerError, match="another operation: tag"):
        await bulk.archive_experiments(session, keys, ledger=book)
    async with bulk.WriteLedger(tmp_path / "held.jsonl", "http://x", "tag", {}):
        with pytest.raises(LedgerError, match="another process"):
            async with bulk.WriteLedger(tmp_path / "held.jsonl", "http://x", "tag", {}):
                pass
    (tmp_path / "notes.txt").write_text("what I wanted to say\n")
    with pytest.raises(LedgerError, match="no ledger of writes"):
        await bulk.archive_experiments(session, keys, ledger=tmp_path / "notes.txt")
    assert (tmp_path / "notes.txt").read_text() == "what I wanted to say\n"
    lines = book.read_bytes().splitlines(keepends=True)
    book.write_bytes(b"".join([lines[0], b"{}\n", *lines[1:]]))
    with pytest.raises(LedgerError, match="line 2 is damaged"):
        await bulk.tag_experiments(session, keys, ["a"], ledger=book)


async def test_an_empty_item_is_refused_before_anything_is_sent(
    server: LocalServer, session: Session
) -> None:
    keys = await keys_of(session)
    server.log.clear()
    with pytest.raises(UsageError, match="an item is empty"):
        await bulk.archive_experiments(session, [*keys, " "])
    with pytest.raises(UsageError):
        await bulk.tag_experiments(session, keys, [])
    assert len(server.log) == 0
