"""The ledger of bulk writes: torn lines, full disks, foreign files, cancellation."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

from comet_async import Limits, RetryPolicy, Session, bulk, comet
from comet_async.errors import DestinationError, LedgerError, UsageError
from comet_async.server import LocalServer
from tests.faults.harness_leaks import held_by_process

MOVE = "/api/rest/v2/write/experiment/move"
KEYS = [f"{number:032x}" for number in range(8)]


def ledger(path: Path) -> bulk.WriteLedger:
    return bulk.WriteLedger(path, "http://x", "tag", {"tags": "[]"})


async def filled(path: Path) -> bytes:
    """Return the content of a ledger of two items."""
    async with ledger(path) as book:
        await book.record(["a"], "sent")
        await book.record(["a", "b"], "done")
    return await anyio.Path(path).read_bytes()


@pytest.mark.parametrize(
    "content",
    [
        b"one line without an end",
        b"first\nsecond\nthird without an end",
        b'{"comet_async_writes":1,"url":"http://x","operation":"move","arguments":{}}\n{"item',
        b"\x00\xff",
    ],
)
async def test_a_file_that_is_no_such_ledger_stays_as_it_is(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(LedgerError, match="name another file"):
        async with ledger(path):
            pass
    assert path.read_bytes() == content


async def test_a_ledger_torn_at_any_byte_is_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "book.jsonl"
    whole = await filled(path)
    head = whole.index(b"\n") + 1
    for size in range(len(whole) + 1):
        path.write_bytes(whole[:size])
        async with ledger(path) as book:
            await book.record(["c"], "done")
            found = set(book.entries)
        lines = path.read_bytes().splitlines(keepends=True)
        assert lines[0] == whole[:head]
        assert lines[-1].startswith(b'{"item":"c"')
        assert len(found) <= 2
        async with ledger(path) as book:
            assert set(book.entries) == found | {"c"}


async def test_what_is_about_to_be_sent_is_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "book.jsonl"
    synced: list[bytes] = []

    def sync(descriptor: int) -> None:
        del descriptor
        synced.append(path.read_bytes())

    monkeypatch.setattr("comet_async.engine.entry_file.os.fsync", sync)
    async with ledger(path) as book:
        await book.record(["a"], "sent")
        await book.record(["a"], "done")
    assert [content.count(b"\n") for content in synced] == [2]
    assert b'"sent"' in synced[0]


class Failing:
    """Writes half of the n-th block, then tells that the disk is full, for one call."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.calls = 0

    def __call__(self, descriptor: int, data: bytes) -> int:
        self.calls += 1
        if self.calls == self.number:
            return _write(descriptor, data[: len(data) // 2])
        if self.calls == self.number + 1:
            raise OSError(28, "No space left on device")
        return _write(descriptor, data)


_write: Callable[[int, bytes], int] = os.write


async def test_a_full_disk_tears_no_line_that_others_follow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "book.jsonl"
    await filled(path)
    async with ledger(path) as book:
        with monkeypatch.context() as patched:
            patched.setattr("comet_async.engine.entry_file.os.write", Failing(1))
            with pytest.raises(DestinationError, match="No space left"):
                await book.record(["c"], "done")
            await book.record(["d"], "done")
    async with ledger(path) as book:
        assert set(book.entries) == {"a", "b", "d"}


async def test_a_cancellation_while_it_is_opened_leaves_it_free(tmp_path: Path) -> None:
    path = tmp_path / "book.jsonl"
    await filled(path)
    before = held_by_process().descriptors
    for _ in range(20):
        task = asyncio.create_task(ledger(path).__aenter__())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert held_by_process().descriptors == before
    async with ledger(path) as book:
        assert set(book.entries) == {"a", "b"}


async def link(session: Session, **options: object) -> bulk.WritesReport:
    return await bulk.move_experiments(
        session,
        KEYS,
        "w",
        "p",
        symlink=True,
        **options,  # type: ignore[arg-type]  # one option
    )


async def test_a_write_that_timed_out_at_the_server_may_have_been_done(tmp_path: Path) -> None:
    """408 is no refusal of what was in the request: neither halved nor sent again."""
    async with LocalServer(api_keys=["KEY"]) as server:
        server.faults.add("status", 408, "experiment/move", applied=True)
        service = comet.service("KEY", url=server.url, limits=Limits(concurrency=4))
        async with Session(service, retry=RetryPolicy(base=0.001)) as session:
            first = await link(session, ledger=tmp_path / "book.jsonl")
            second = await link(session, ledger=tmp_path / "book.jsonl")
    assert set(first.unknown) == set(second.unknown) == set(KEYS)
    assert server.log.counts()[MOVE] == 1


async def test_nothing_is_sent_when_one_item_cannot_be(tmp_path: Path) -> None:
    async with LocalServer(api_keys=["KEY"]) as server:
        service = comet.service("KEY", url=server.url)
        async with Session(service) as session:
            with pytest.raises(UsageError, match="half a character"):
                await bulk.archive_experiments(session, [*KEYS, "\ud800"], concurrency=1)
            with pytest.raises(UsageError, match="list"):
                await bulk.archive_experiments(session, KEYS[0])
            with pytest.raises(UsageError, match="list"):
                await bulk.delete_experiments(session, KEYS[0], confirm=len(set(KEYS[0])))
    assert len(server.log) == 0
