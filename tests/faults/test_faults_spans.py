"""Large files in several ranges at once, over a real socket."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

from comet_async import Limits, RetryPolicy, Session, comet
from comet_async.engine import span_part, spans
from comet_async.errors import CometAsyncError, PermissionDeniedError, TransportError
from comet_async.server import Changes, LocalServer, SyntheticSource, SyntheticSpec
from tests.faults.support_client import QUICK, here, names_in
from tests.faults.test_faults_ranges import fetched, kept, large, whole

MIB = 1024 * 1024
SIZE = 12 * MIB + 17
DATA = hashlib.shake_256(b"a file in spans").digest(SIZE)
ONCE = RetryPolicy(attempts=1, unreadable_attempts=1)
GET_ASSET = "/api/rest/v2/experiment/asset/get-asset"


@pytest.fixture
async def server() -> AsyncIterator[LocalServer]:
    source = Changes(SyntheticSource(SyntheticSpec(experiments=1, points=1)))
    async with LocalServer(sources=[source]) as started:
        yield started


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take smaller files for large ones."""
    monkeypatch.setattr(spans, "PARALLEL_FROM", 8 * MIB)


def asked(server: LocalServer) -> int:
    return server.log.counts()[GET_ASSET]


async def begun(server: LocalServer, path: Path, fault: str = "rst_mid_body") -> int:
    """Break a download in ranges off, and return the bytes that stay."""
    request = large(server, DATA)
    rule = server.faults.add(fault, 0.5, "get-asset")
    with pytest.raises(TransportError):
        await fetched(server, request, path, ONCE)
    assert server.faults.hits(rule) > 0
    server.faults.clear()
    assert {name.rpartition(".")[2] for name in names_in(path.parent)} == {"part", "record"}
    part = span_part.SpanPart(path, request.fingerprint)
    assert part.found()
    received = part.received
    part.keep()
    return received


async def test_a_large_file_comes_in_several_ranges(server: LocalServer, tmp_path: Path) -> None:
    request, path = large(server, DATA), tmp_path / "f"
    told: list[tuple[int, int | None]] = []
    async with Session(here(server.url), retry=QUICK) as session:
        done = await session.download(
            request, path, resume=True, progress=lambda *now: told.append(now)
        )
        received = session.counters.bytes_received
    whole(path, DATA)
    assert asked(server) == spans.SPANS
    assert (done.size, done.resumed_from) == (SIZE, 0)
    assert done.sha256 == hashlib.sha256(DATA).hexdigest()
    assert received < SIZE + MIB
    assert [size for size, _ in told] == sorted(size for size, _ in told)
    assert told[-1] == (SIZE, SIZE)


async def test_a_smaller_file_and_one_that_is_not_to_be_resumed_come_in_one(
    server: LocalServer, tmp_path: Path
) -> None:
    await fetched(server, large(server, DATA[: 8 * MIB - 1]), tmp_path / "f")
    assert asked(server) == 1
    async with Session(here(server.url)) as session:
        await session.download(large(server, DATA), tmp_path / "f", overwrite=True)
    assert asked(server) == 2
    whole(tmp_path / "f", DATA)


@pytest.mark.parametrize(
    "fault", ["range_ignored", "range_mismatch", "range_short_total", "etag_change"]
)
async def test_g2_g3_g4_where_ranges_are_refused_the_file_comes_in_one(
    server: LocalServer, tmp_path: Path, fault: str
) -> None:
    request, path = large(server, DATA), tmp_path / "f"
    server.faults.add("slow_start", 0.05, "get-asset", times=1)
    server.faults.add(fault, None, "get-asset", times=5)
    try:
        await fetched(server, request, path)
    except CometAsyncError:
        server.faults.clear()
        await fetched(server, request, path)
    whole(path, DATA)


@pytest.mark.parametrize("fault", ["no_etag", "weak_etag"])
async def test_g5_without_a_strong_etag_there_are_no_ranges(
    server: LocalServer, tmp_path: Path, fault: str
) -> None:
    server.faults.add(fault, None, "get-asset")
    await fetched(server, large(server, DATA), tmp_path / "f")
    assert asked(server) == 1
    whole(tmp_path / "f", DATA)


async def test_g1_each_range_goes_on_from_its_last_good_byte(
    server: LocalServer, tmp_path: Path
) -> None:
    path = tmp_path / "f"
    received = await begun(server, path)
    assert MIB < received < SIZE
    async with Session(here(server.url), retry=QUICK) as session:
        done = await session.download(large(server, DATA), path, resume=True)
        assert session.counters.bytes_received == SIZE - received
    assert done.resumed_from == received
    assert done.sha256 == hashlib.sha256(DATA).hexdigest()
    whole(path, DATA)


async def test_g1_a_range_that_breaks_off_is_asked_for_again(
    server: LocalServer, tmp_path: Path
) -> None:
    server.faults.add("rst_mid_body", 0.5, "get-asset", times=3)
    async with Session(here(server.url), retry=QUICK) as session:
        await session.download(large(server, DATA), tmp_path / "f", resume=True)
        assert session.counters.bytes_received < SIZE + 4 * MIB
    whole(tmp_path / "f", DATA)


async def test_a_range_that_fails_tells_why_and_the_others_stay(
    server: LocalServer, tmp_path: Path
) -> None:
    request, path = large(server, DATA), tmp_path / "f"
    server.faults.add("drip_body", 20_000_000, "get-asset", times=1)
    server.faults.add("status", 403, "get-asset", times=1)
    with pytest.raises(PermissionDeniedError):
        await fetched(server, request, path)
    assert {name.rpartition(".")[2] for name in names_in(tmp_path)} == {"part", "record"}
    server.faults.clear()
    assert (await fetched(server, request, path)).resumed_from > 0
    whole(path, DATA)


async def test_g2_other_content_meanwhile_is_never_mixed(
    server: LocalServer, tmp_path: Path
) -> None:
    path = tmp_path / "f"
    await begun(server, path)
    other = DATA[::-1]
    done = await fetched(server, large(server, other), path)
    assert done.resumed_from == 0
    whole(path, other)


async def test_cancelled_anywhere_it_goes_on_and_leaves_nothing_else(
    server: LocalServer, tmp_path: Path
) -> None:
    request = large(server, DATA)
    for step in range(12):
        folder = tmp_path / str(step)
        folder.mkdir()
        with anyio.move_on_after(0.004 * step):
            await fetched(server, request, folder / "f")
        names = names_in(folder)
        assert names == ["f"] or {name.rpartition(".")[2] for name in names} <= {"part", "record"}
        await fetched(server, request, folder / "f")
        whole(folder / "f", DATA)


CHILD = """
import asyncio, sys
from comet_async import Session, comet, Limits
from comet_async.engine import spans
spans.PARALLEL_FROM = 8 * 1024 * 1024
async def main(url, key, path):
    service = comet.service("KEY", url=url, limits=Limits(concurrency=8))
    async with Session(service) as session:
        request = comet.get_experiment_asset("large", experiment_key=key)
        await session.download(request, path, resume=True, overwrite=True)
asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize("enough", [1, 3, 5])
async def test_g1_sigkill_and_again_gives_the_file_and_fetches_little_twice(
    server: LocalServer, tmp_path: Path, enough: int
) -> None:
    request, path = large(server, DATA), tmp_path / "f"
    key = dict(request.query)["experimentKey"]
    server.faults.add("drip_body", 4_000_000, "get-asset")
    arguments = [sys.executable, "-c", CHILD, server.url, key, str(path)]

    def killed() -> int:
        """Kill a download when enough of it is on disk, and return the bytes that count."""
        with subprocess.Popen(arguments) as process:
            while process.poll() is None:
                if on_disk() > enough * MIB:
                    process.send_signal(signal.SIGKILL)
                    break
                time.sleep(0.01)
        return on_disk()

    def on_disk() -> int:
        for record in tmp_path.glob(".*.record"):
            counts = record.read_bytes()[4096 : 4096 + 8 * spans.SPANS]
            return sum(
                int.from_bytes(counts[at : at + 8], "little") for at in range(0, len(counts), 8)
            )
        return 0

    size = await anyio.to_thread.run_sync(killed)
    server.faults.clear()
    async with Session(here(server.url), retry=QUICK) as session:
        done = await session.download(request, path, resume=True)
        again = session.counters.bytes_received
    assert done.resumed_from == size > enough * MIB
    assert again == SIZE - size
    whole(path, DATA)


async def test_j5_a_record_that_was_changed_gives_no_wrong_file(
    server: LocalServer, tmp_path: Path
) -> None:
    await begun(server, tmp_path / "f")
    part, record = kept(tmp_path)
    told, data = record.read_bytes(), part.read_bytes()
    head = len(told[:4096].rstrip(b"\0"))
    places = [*range(0, head, 7), head, 4096, 4097, 4099, 4103, 4104, 4119, len(told) - 1]
    for place in places:
        folder = tmp_path / str(place)
        folder.mkdir()
        changed = bytearray(told)
        changed[place] ^= 0x41
        (folder / record.name).write_bytes(changed)
        (folder / part.name).write_bytes(data)
        async with Session(here(server.url), retry=QUICK) as session:
            try:
                await session.download(large(server, DATA), folder / "f", resume=True)
            except CometAsyncError:  # the MD5 tells, and what was there is gone
                await session.download(large(server, DATA), folder / "f", resume=True)
        assert (folder / "f").read_bytes() == DATA


async def test_after_a_restart_of_the_machine_only_what_was_safe_counts(
    server: LocalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "f"
    await begun(server, path)
    _part, record = kept(tmp_path)
    told = bytearray(record.read_bytes())
    safe = 4096 + 8 * spans.SPANS
    told[safe : safe + 8] = (MIB).to_bytes(8, "little")
    told[safe + 8 :] = bytes(len(told) - safe - 8)
    record.write_bytes(told)
    monkeypatch.setattr(span_part, "this_boot", lambda: "another")
    assert (await fetched(server, large(server, DATA), path)).resumed_from == MIB
    whole(path, DATA)


async def test_ranges_are_bounded_over_all_files_and_need_no_second_place(
    server: LocalServer, tmp_path: Path
) -> None:
    request = large(server, DATA)
    service = comet.service("KEY", url=server.url, limits=Limits(concurrency=1))
    paths = [tmp_path / str(number) for number in range(4)]

    async def one(path: Path) -> None:
        await session.download(request, path, resume=True)

    with anyio.fail_after(20):
        async with Session(service, retry=QUICK) as session, anyio.create_task_group() as tasks:
            for path in paths:
                tasks.start_soon(one, path)
    assert {path.read_bytes() == DATA for path in paths} == {True}
