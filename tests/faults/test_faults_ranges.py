"""G1 to G7: large files that go on from the last good byte, over a real socket."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import anyio
import pytest

from comet_async import Downloaded, RetryPolicy, Session, comet
from comet_async.engine import kept_part, spans
from comet_async.errors import BodyTruncated, CometAsyncError, TransportError
from comet_async.request import Blob, Request
from comet_async.server import Changes, LocalServer, SyntheticSource, SyntheticSpec
from tests.faults.support_client import QUICK, here, names_in

SIZE = 6 * 1024 * 1024 + 17
DATA = hashlib.shake_256(b"a large file").digest(SIZE)
ONCE = RetryPolicy(attempts=1, unreadable_attempts=1)


@pytest.fixture
async def server() -> AsyncIterator[LocalServer]:
    source = Changes(SyntheticSource(SyntheticSpec(experiments=1, points=1)))
    async with LocalServer(sources=[source]) as started:
        yield started


def large(server: LocalServer, data: bytes = DATA) -> Request[Blob]:
    changes = server.changes
    (project,) = server.store.projects("synthetic")
    (run,) = server.store.runs(project.project_id)
    key = run.facts.key
    asset = changes.put_asset(key, "large.bin", data, asset_id="large")
    return comet.get_experiment_asset(asset, experiment_key=key)


async def fetched(
    server: LocalServer, request: Request[Blob], path: Path, retry: RetryPolicy = QUICK
) -> Downloaded:
    async with Session(here(server.url), retry=retry) as session:
        return await session.download(request, path, resume=True, overwrite=True)


async def begun(server: LocalServer, request: Request[Blob], path: Path) -> int:
    """Break a download off in the middle, and return the size of the part that stays."""
    rule = server.faults.add("rst_mid_body", 0.5, "get-asset", times=1)
    with pytest.raises(TransportError):
        await fetched(server, request, path, ONCE)
    server.faults.clear()
    assert rule
    assert names_in(path.parent) == [found.name for found in kept(path.parent)]
    return kept(path.parent)[0].stat().st_size


def kept(folder: Path) -> tuple[Path, Path]:
    """Return the part that stays in a folder, and its record."""
    (part,), (record,) = folder.glob(".*.part"), folder.glob(".*.record")
    return part, record


def whole(path: Path, data: bytes = DATA) -> None:
    assert path.read_bytes() == data
    assert names_in(path.parent) == [path.name]


async def test_g1_a_download_goes_on_from_the_last_good_byte(
    server: LocalServer, tmp_path: Path
) -> None:
    request, path = large(server), tmp_path / "f"
    size = await begun(server, request, path)
    assert size > 1024 * 1024
    done = await fetched(server, request, path)
    assert (done.resumed_from, done.size) == (size, SIZE)
    assert done.sha256 == hashlib.sha256(DATA).hexdigest()
    whole(path)


async def test_g1_a_retry_goes_on_too(server: LocalServer, tmp_path: Path) -> None:
    request, path = large(server), tmp_path / "f"
    server.faults.add("rst_mid_body", 0.5, "get-asset", times=2)
    async with Session(here(server.url), retry=QUICK) as session:
        done = await session.download(request, path, resume=True)
        received = session.counters.bytes_received
    assert done.resumed_from > SIZE // 2
    assert received < SIZE + 2 * 1024 * 1024
    whole(path)


CHILD = """
import asyncio, sys
from pathlib import Path
from comet_async import Session, comet, Limits
async def main(url, key, path):
    service = comet.service("KEY", url=url, limits=Limits(concurrency=4))
    async with Session(service) as session:
        request = comet.get_experiment_asset("large", experiment_key=key)
        await session.download(request, path, resume=True, overwrite=True)
asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize("seed", range(3))
async def test_g1_sigkill_and_again_gives_the_file_and_fetches_little_twice(
    server: LocalServer, tmp_path: Path, seed: int
) -> None:
    request, path = large(server), tmp_path / "f"
    key = dict(request.query)["experimentKey"]
    server.faults.add("drip_body", 4_000_000, "get-asset")
    arguments = [sys.executable, "-c", CHILD, server.url, key, str(path)]

    def killed() -> int:
        """Kill a download when enough of it is on disk, and return the size of its part."""
        with subprocess.Popen(arguments) as process:
            while process.poll() is None:
                sizes = [part.stat().st_size for part in tmp_path.glob(".*.part")]
                if sizes and max(sizes) > (seed + 1) * 1024 * 1024:
                    process.send_signal(signal.SIGKILL)
                    break
                time.sleep(0.01)
        return max((part.stat().st_size for part in tmp_path.glob(".*.part")), default=0)

    size = await anyio.to_thread.run_sync(killed)
    server.faults.clear()
    done = await fetched(server, request, path)
    assert done.resumed_from == size > seed * 1024 * 1024
    whole(path)


async def test_g2_another_etag_starts_anew(server: LocalServer, tmp_path: Path) -> None:
    request, path = large(server), tmp_path / "f"
    await begun(server, request, path)
    other = DATA[::-1]
    assert large(server, other) == request
    done = await fetched(server, request, path)
    assert done.resumed_from == 0
    whole(path, other)


@pytest.mark.parametrize(
    ("fault", "argument"),
    [("range_ignored", None), ("range_mismatch", 1.0), ("range_short_total", 1.0)],
)
async def test_g3_g4_another_part_than_was_asked_for_starts_anew(
    server: LocalServer, tmp_path: Path, fault: str, argument: float | None
) -> None:
    request, path = large(server), tmp_path / "f"
    await begun(server, request, path)
    server.faults.add(fault, argument, "get-asset", times=1)
    done = await fetched(server, request, path)
    assert done.resumed_from == 0
    whole(path)


@pytest.mark.parametrize("fault", ["no_etag", "weak_etag"])
async def test_g5_without_a_strong_etag_nothing_is_kept_and_no_range_is_asked(
    server: LocalServer, tmp_path: Path, fault: str
) -> None:
    request, path = large(server), tmp_path / "f"
    both = "get-asset"
    server.faults.add(fault, None, both)
    server.faults.add("rst_mid_body", 0.5, both, times=1)
    async with Session(here(server.url), retry=QUICK) as session:
        done = await session.download(request, path, resume=True)
    assert (done.resumed_from, done.verified) == (0, False)
    whole(path)


async def test_g6_a_flipped_byte_is_found_where_the_etag_is_an_md5(
    server: LocalServer, tmp_path: Path
) -> None:
    request, path = large(server), tmp_path / "f"
    async with Session(here(server.url), retry=ONCE) as session:
        clean = await session.download(large(server), tmp_path / "g", resume=True)
        assert clean.path.name == "g"
    assert clean.verified
    server.faults.add("flip_byte", 3_000_000.0, "get-asset", times=1)
    with pytest.raises(BodyTruncated, match="MD5"):
        await fetched(server, request, path, ONCE)
    assert not path.exists()


async def test_g7_a_complete_part_needs_no_byte_more(
    server: LocalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request, path = large(server), tmp_path / "f"

    def broken(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("comet_async.engine.kept_part.KeptPart.finish", broken)
        with pytest.raises(KeyboardInterrupt):
            await fetched(server, request, path)
    assert kept(tmp_path)[0].stat().st_size == SIZE
    async with Session(here(server.url)) as session:
        done = await session.download(request, path, resume=True)
        received = session.counters.bytes_received
    assert (done.resumed_from, done.size) == (SIZE, SIZE)
    assert received < 10_000
    whole(path)


async def test_g7_another_size_than_listed_and_an_empty_file(
    server: LocalServer, tmp_path: Path
) -> None:
    request = large(server)
    async with Session(here(server.url), retry=ONCE) as session:
        with pytest.raises(BodyTruncated, match="were listed"):
            await session.download(request, tmp_path / "f", resume=True, expected_size=5)
        assert names_in(tmp_path) == []
        empty = await session.download(large(server, b""), tmp_path / "e", resume=True)
    assert empty.size == 0
    whole(tmp_path / "e", b"")


async def test_after_a_restart_of_the_machine_only_what_was_safe_counts(
    server: LocalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request, path = large(server), tmp_path / "f"
    size = await begun(server, request, path)
    _, record = kept(tmp_path)
    told = record.read_bytes()
    assert f'"safe":{size}'.encode() in told
    record.write_bytes(told.replace(f'"safe":{size}'.encode(), b'"safe":1000000'))
    monkeypatch.setattr(kept_part, "this_boot", lambda: "another")
    done = await fetched(server, request, path)
    assert done.resumed_from == 1_000_000
    whole(path)


@pytest.mark.parametrize("damage", ["record", "fingerprint", "link", "gone"])
async def test_a_part_that_cannot_be_relied_upon_is_not_used(
    server: LocalServer, tmp_path: Path, damage: str
) -> None:
    request, path = large(server), tmp_path / "f"
    await begun(server, request, path)
    part, record = kept(tmp_path)
    outside = tmp_path.parent / f"outside-{damage}"
    if damage == "record":
        record.write_bytes(b"{")
    elif damage == "fingerprint":
        record.write_bytes(record.read_bytes().replace(b'"fingerprint":"', b'"fingerprint":"x'))
    elif damage == "link":
        outside.write_bytes(b"mine" * 10)
        part.unlink()
        part.symlink_to(outside)
    else:
        part.unlink()
    done = await fetched(server, request, path)
    assert done.resumed_from == 0
    assert path.read_bytes() == DATA
    if damage == "link":
        assert outside.read_bytes() == b"mine" * 10


async def test_two_downloads_of_one_file_do_not_meet(server: LocalServer, tmp_path: Path) -> None:
    request, path = large(server), tmp_path / "f"
    async with Session(here(server.url)) as session, anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(_again, session, request, path)
    assert path.read_bytes() == DATA
    assert [name for name in names_in(tmp_path) if name.endswith(".part")] == []


@pytest.mark.parametrize("smallest", [1024 * 1024, 64 * 1024 * 1024])
async def test_many_downloads_of_one_file_do_not_meet(
    server: LocalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, smallest: int
) -> None:
    # One takes the part of another for one that a killed process left, between its making and its
    # locking, or its end and its renaming: each such moment has to be found out.
    monkeypatch.setattr(spans, "PARALLEL_FROM", smallest)
    request = large(server, DATA[: 1024 * 1024 + 5])
    for number in range(20):
        path = tmp_path / str(number) / "f"
        path.parent.mkdir()
        async with Session(here(server.url)) as session, anyio.create_task_group() as group:
            for _ in range(4):
                group.start_soon(_again, session, request, path)
        assert path.read_bytes() == DATA[: 1024 * 1024 + 5]
        assert [name for name in names_in(path.parent) if name.endswith(".part")] == []


async def _again(session: Session, request: Request[Blob], path: Path) -> None:
    await session.download(request, path, resume=True, overwrite=True)


@pytest.mark.parametrize("call", ["write", "fsync", "replace"])
async def test_g8_a_failing_disk_leaves_no_partial_file_and_a_part_to_go_on_with(
    server: LocalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    request = large(server)
    place: object = Path if call == "replace" else os
    real: Callable[..., object] = getattr(place, call)
    for allowed in range(40):
        path = tmp_path / str(allowed) / "f"
        path.parent.mkdir()
        made = 0

        def counted(*given: object, allowed: int = allowed) -> object:
            nonlocal made
            if call == "write" and len(given[1]) < 1000:  # type: ignore[arg-type]  # bytes
                return real(*given)
            made += 1
            if made > allowed:
                raise OSError(28, "No space left on device")
            return real(*given)

        with monkeypatch.context() as patch:
            patch.setattr(place, call, counted)
            try:
                await fetched(server, request, path)
            except CometAsyncError as error:
                assert "No space left on device" in str(error)  # noqa: PT017  some pass
                assert not path.exists()
        await fetched(server, request, path)
        assert path.read_bytes() == DATA
        if made <= allowed:
            return
    pytest.fail("it never passed")
