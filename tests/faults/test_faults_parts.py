"""Parts that stay: what storages and disks may do as a download goes on from one."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
from asyncio import StreamWriter
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from comet_async import Downloaded, RetryPolicy, Session, comet
from comet_async.engine import file_locks, kept_part, part_file, spans
from comet_async.errors import BodyTruncated, DestinationError, TransportError
from tests.faults.support_client import QUICK, asset, here, names_in
from tests.support.raw_server import Action, Heard, RawServer, answer, raw_server

MIB = 1024 * 1024
SIZE = 4 * MIB - 17
DATA = hashlib.shake_256(b"a part of a file").digest(SIZE)
PLAIN = '"v1"'
MD5 = f'"{hashlib.md5(DATA).hexdigest()}"'
ONCE = RetryPolicy(attempts=1, unreadable_attempts=1)


def told(etag: str) -> list[tuple[str, str]]:
    return [("ETag", etag), ("Accept-Ranges", "bytes")]


def cut(size: int, etag: str = PLAIN) -> Action:
    """Break off after so many bytes of the whole."""
    return answer(DATA[:size], length=SIZE, headers=told(etag), close=True)


def storage(etag: str = PLAIN, *, sent: int | None = None) -> Action:
    """Give what is asked for, or the first `sent` bytes of it."""

    async def act(heard: Heard, writer: StreamWriter) -> None:
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", heard.headers.get("range", ""))
        start, last = (int(asked[1]), int(asked[2] or SIZE - 1)) if asked else (0, SIZE - 1)
        part = [("Content-Range", f"bytes {start}-{last}/{SIZE}")] if asked else []
        status = "206 Partial Content" if asked else "200 OK"
        body = DATA[start : last + 1][:sent]
        await answer(body, status=status, headers=[*told(etag), *part])(heard, writer)

    return act


def after(act: Callable[[], object], then: Action) -> Action:
    """Do something as a request comes, then answer."""

    async def both(heard: Heard, writer: StreamWriter) -> None:
        act()
        await then(heard, writer)

    return both


async def fetched(
    server: RawServer, path: Path, *, retry: RetryPolicy = ONCE, checksum: bool = True
) -> Downloaded:
    async with Session(here(server.url), retry=retry) as session:
        return await session.download(asset(), path, resume=True, checksum=checksum)


async def begun(server: RawServer, path: Path) -> int:
    """Break a download off, and return the size of the part that stays."""
    with pytest.raises(TransportError):
        await fetched(server, path)
    return kept(path.parent).stat().st_size


def kept(folder: Path, suffix: str = "part") -> Path:
    """Return the part that stays in a folder, or its record."""
    (found,) = folder.glob(f".*.{suffix}")
    return found


def ranges(server: RawServer) -> list[str | None]:
    """Return the ranges that were asked for."""
    return [heard.headers.get("range") for heard in server.heard]


def whole(path: Path, data: bytes = DATA) -> None:
    assert path.read_bytes() == data
    assert names_in(path.parent) == [path.name]


@pytest.mark.parametrize("checksum", [True, False])
@pytest.mark.parametrize("etag", [PLAIN, MD5])
async def test_g1_the_hash_is_that_of_the_whole_where_one_was_asked_for(
    tmp_path: Path, etag: str, *, checksum: bool
) -> None:
    path = tmp_path / "f"
    async with raw_server(cut(3 * MIB, etag), storage(etag)) as server:
        done = await fetched(server, path, retry=QUICK, checksum=checksum)
    assert ranges(server) == [None, f"bytes={done.resumed_from}-"]
    assert done.resumed_from > MIB
    assert done.sha256 == (hashlib.sha256(DATA).hexdigest() if checksum else "")
    assert done.verified == (etag == MD5)
    whole(path)


async def test_g6_a_part_that_was_damaged_is_found_without_a_hash_of_our_own(
    tmp_path: Path,
) -> None:
    path = tmp_path / "f"
    async with raw_server(cut(3 * MIB, MD5), storage(MD5)) as server:
        size = await begun(server, path)
        kept(tmp_path).write_bytes(b"x" * size)
        with pytest.raises(BodyTruncated, match="MD5"):
            await fetched(server, path, checksum=False)
    assert names_in(tmp_path) == []


async def test_g7_a_body_in_place_of_no_bytes_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.replace

    def refused(source: Path, target: Path) -> Path:
        if target.suffix == ".record":
            return real(source, target)
        raise OSError(errno.EIO, "Input/output error")

    path = tmp_path / "f"
    none = answer(
        b"<no such range>" * 10_000,
        status="416 Range Not Satisfiable",
        headers=[("Content-Range", f"bytes */{SIZE}")],
    )
    async with raw_server(storage(), none, answer(b'{"workspaceNames":[]}')) as server:
        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", refused)
            with pytest.raises(DestinationError, match="Input/output error"):
                await fetched(server, path)
        assert kept(tmp_path).stat().st_size == SIZE
        async with Session(here(server.url), retry=ONCE) as session:
            done = await session.download(asset(), path, resume=True)
            await session.send(comet.get_workspaces())
        assert server.connections == 2  # that of the second session served again
    assert (done.resumed_from, done.size) == (SIZE, SIZE)
    whole(path)


@pytest.mark.parametrize("digits", [1, 5000])
async def test_g4_a_range_that_cannot_be_starts_anew(tmp_path: Path, digits: int) -> None:
    path = tmp_path / "f"
    other = answer(
        b"x",
        status="206 Partial Content",
        headers=[*told(PLAIN), ("Content-Range", f"bytes {'9' * digits}-9/9")],
    )
    async with raw_server(cut(3 * MIB), other, storage()) as server:
        await begun(server, path)
        done = await fetched(server, path, retry=QUICK)
    assert done.resumed_from == 0
    assert ranges(server)[2] is None
    whole(path)


async def test_g2_content_that_became_small_leaves_no_part(tmp_path: Path) -> None:
    path = tmp_path / "f"
    async with raw_server(cut(3 * MIB), answer(b"small", headers=told('"v2"'))) as server:
        await begun(server, path)
        await fetched(server, path)
    whole(path, b"small")


async def test_j5_a_part_that_is_empty_counts_for_nothing(tmp_path: Path) -> None:
    path = tmp_path / "f"
    async with raw_server(cut(3 * MIB), storage()) as server:
        await begun(server, path)
        kept(tmp_path).write_bytes(b"")
        await fetched(server, path)
    assert ranges(server) == [None, None]
    whole(path)


async def test_j5_a_part_that_becomes_shorter_meanwhile_is_told(tmp_path: Path) -> None:
    path = tmp_path / "f"

    def shorten() -> None:
        os.truncate(kept(tmp_path), 1_500_000)

    async with raw_server(cut(3 * MIB), after(shorten, storage()), storage()) as server:
        await begun(server, path)
        with pytest.raises(DestinationError, match="it became shorter"):
            await fetched(server, path)
        assert not path.exists()
        done = await fetched(server, path)
    assert done.resumed_from == 1_500_000
    whole(path)


async def test_now_and_then_what_has_come_is_made_safe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_part, "_SAFE_EVERY", 2 * MIB)
    safe: list[int] = []

    def look(received: int, _: int | None) -> None:
        for record in tmp_path.glob(".*.record"):
            said: dict[str, object] = msgspec.json.decode(record.read_bytes())
            assert isinstance(said["safe"], int)
            assert said["safe"] <= received
            safe.append(said["safe"])

    async with raw_server(storage()) as server, Session(here(server.url)) as session:
        await session.download(asset(), tmp_path / "f", resume=True, progress=look)
    assert safe == [0, 2 * MIB, 2 * MIB, 2 * MIB]
    whole(tmp_path / "f")


async def test_without_a_number_of_the_boot_another_process_trusts_what_was_safe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "f"
    real = Path.read_text

    def read_text(place: Path, encoding: str | None = None) -> str:
        if place.name == "boot_id":
            raise FileNotFoundError(errno.ENOENT, "No such file")
        return real(place, encoding)

    monkeypatch.setattr(Path, "read_text", read_text)
    async with raw_server(cut(3 * MIB), storage()) as server:
        size = await begun(server, path)
        record = kept(tmp_path, "record")
        said = record.read_bytes()
        record.write_bytes(said.replace(f'"safe":{size}'.encode(), b'"safe":1000000'))
        monkeypatch.setattr(os, "getpid", lambda: -1)
        done = await fetched(server, path)
    assert done.resumed_from == 1_000_000
    whole(path)


@pytest.mark.parametrize("call", ["lseek", "read", "ftruncate"])
async def test_g8_a_disk_that_fails_as_it_goes_on_is_told_and_the_part_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    path = tmp_path / "f"
    real: Callable[..., object] = getattr(os, call)

    def failing(descriptor: int, *given: int) -> object:
        if call == "read" and given[0] < 100_000:  # somebody else's
            return real(descriptor, *given)
        raise OSError(errno.EIO, "Input/output error")

    async with raw_server(cut(3 * MIB), storage()) as server:
        size = await begun(server, path)
        with monkeypatch.context() as patch:
            patch.setattr(os, call, failing)
            with pytest.raises(DestinationError, match="Input/output error"):
                await fetched(server, path)
        assert not path.exists()
        done = await fetched(server, path)
    assert done.resumed_from == size
    whole(path)


@pytest.mark.parametrize("restarted", [False, True])
async def test_g8_a_part_that_cannot_be_made_safe_serves_until_the_machine_restarts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, restarted: bool
) -> None:
    def failing(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    def break_disk() -> None:
        monkeypatch.setattr(os, "fsync", failing)

    path, real = tmp_path / "f", os.fsync
    async with raw_server(cut(3 * MIB), storage()) as server:
        async with Session(here(server.url), retry=ONCE) as session:
            with pytest.raises(TransportError):  # which is what went wrong first
                await session.download(asset(), path, resume=True, progress=lambda *_: break_disk())
        monkeypatch.setattr(os, "fsync", real)
        size = kept(tmp_path).stat().st_size
        if restarted:
            monkeypatch.setattr(kept_part, "this_boot", lambda: "another")
        done = await fetched(server, path)
    assert done.resumed_from == (0 if restarted else size)
    assert size > MIB
    whole(path)


async def test_a_file_system_without_locks_goes_on_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(_: int, __: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", none)
    path = tmp_path / "f"
    async with raw_server(cut(3 * MIB), storage()) as server:
        size = await begun(server, path)
        done = await fetched(server, path)
    assert done.resumed_from == size
    whole(path)


async def test_a_part_that_goes_as_it_is_taken_over_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "f"
    taken: list[str] = []

    def taken_away(descriptor: int) -> bool:
        """Do as another process that finishes its part just before this one locks it."""
        for part in tmp_path.glob(".*.part") if not taken else ():
            taken.append(part.name)
            part.unlink()
        return file_locks.locked(descriptor)

    async with raw_server(cut(3 * MIB), storage()) as server:
        await begun(server, path)
        monkeypatch.setattr(part_file, "locked", taken_away)
        done = await fetched(server, path)
    assert len(taken) == 1
    assert (done.resumed_from, ranges(server)) == (0, [None, None])
    whole(path)


@pytest.mark.parametrize("resume", [False, True])
async def test_a_part_that_was_taken_away_makes_no_file(tmp_path: Path, *, resume: bool) -> None:
    def take_away(received: int, _: int | None) -> None:
        for part in tmp_path.glob(".*.part"):
            part.unlink()

    path = tmp_path / "f"
    async with raw_server(storage()) as server, Session(here(server.url)) as session:
        with pytest.raises(DestinationError, match="was taken away"):
            await session.download(asset(), path, resume=resume, progress=take_away)
        assert not path.exists()
        assert len(server.heard) == 1
        await session.download(asset(), path, resume=resume)
    whole(path)


@pytest.fixture
def in_spans(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take all files here for large ones."""
    monkeypatch.setattr(spans, "PARALLEL_FROM", MIB)


@pytest.mark.usefixtures("in_spans")
@pytest.mark.parametrize("checksum", [True, False])
@pytest.mark.parametrize("etag", [PLAIN, MD5])
async def test_in_ranges_the_hash_is_that_of_the_whole_where_one_was_asked_for(
    tmp_path: Path, etag: str, *, checksum: bool
) -> None:
    path = tmp_path / "f"
    async with raw_server(storage(etag)) as server:
        done = await fetched(server, path, checksum=checksum)
    assert len(server.heard) == spans.SPANS
    assert done.sha256 == (hashlib.sha256(DATA).hexdigest() if checksum else "")
    assert done.verified == (etag == MD5)
    whole(path)


def ranged(etag: str, first: Action) -> Action:
    """Give one range as `first` does, and all else as it is asked for."""
    waiting = [first]

    async def act(heard: Heard, writer: StreamWriter) -> None:
        strange = waiting and "range" in heard.headers
        await (waiting.pop() if strange else storage(etag))(heard, writer)

    return act


@pytest.mark.usefixtures("in_spans")
@pytest.mark.parametrize("etag", [PLAIN, MD5])
async def test_in_ranges_another_success_is_no_part_of_the_file(tmp_path: Path, etag: str) -> None:
    path = tmp_path / "f"
    other = ranged(etag, answer(b"x" * MIB, status="202 Accepted"))
    async with raw_server(other) as server:
        with pytest.raises(BodyTruncated, match="status 202 in answer to a request for a range"):
            await fetched(server, path)
        assert not path.exists()
        await fetched(server, path)
    whole(path)


@pytest.mark.usefixtures("in_spans")
@pytest.mark.parametrize("digits", [1, 5000])
async def test_in_ranges_one_that_cannot_be_ends_them(tmp_path: Path, digits: int) -> None:
    path = tmp_path / "f"
    span = [("Content-Range", f"bytes {'9' * digits}-9/9")]
    other = answer(b"x", status="206 Partial Content", headers=[*told(PLAIN), *span])
    async with raw_server(ranged(PLAIN, other)) as server:
        done = await fetched(server, path)
    assert ranges(server)[-1] is None
    assert done.resumed_from == 0
    whole(path)


@pytest.mark.usefixtures("in_spans")
@pytest.mark.parametrize("sent", [0, 1000])
async def test_in_ranges_one_that_ends_early_is_asked_for_again(tmp_path: Path, sent: int) -> None:
    path = tmp_path / "f"
    short = ranged(PLAIN, storage(sent=sent))
    async with raw_server(short) as server:
        done = await fetched(server, path, retry=QUICK)
    asked = [found for found in ranges(server) if found is not None]
    assert len(asked) == spans.SPANS
    start, _, last = asked[0].removeprefix("bytes=").partition("-")
    assert f"bytes={int(start) + sent}-{last}" in asked[1:]
    assert done.sha256 == hashlib.sha256(DATA).hexdigest()
    whole(path)


@pytest.mark.usefixtures("in_spans")
async def test_in_ranges_a_part_that_becomes_shorter_meanwhile_is_told(tmp_path: Path) -> None:
    def shorten(received: int, total: int | None) -> None:
        if received == total:
            os.truncate(kept(tmp_path), 2 * MIB)

    path = tmp_path / "f"
    async with raw_server(storage()) as server, Session(here(server.url)) as session:
        with pytest.raises(DestinationError, match="it became shorter"):
            await session.download(asset(), path, resume=True, progress=shorten)
        assert not path.exists()
        await session.download(asset(), path, resume=True)
    whole(path)
