"""Bodies that end early, are damaged, go on or grow: rows C1 to C6, C15, C16 and C18."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import zlib
from pathlib import Path

import pytest

from comet_async import RetryPolicy, Session, comet
from comet_async.errors import (
    BodyTruncated,
    DecodeError,
    EmptyAnswer,
    ProtocolError,
)
from comet_async.server import LocalServer
from tests.faults.answers_memory import Grown, Kind, grown
from tests.faults.answers_support import KEYS, SPEC, Scene, scene, service, undone
from tests.support.raw_server import Action, Heard, answer, raw, raw_server

ONE = comet.get_experiment_metadata(KEYS[0])
SERIES = comet.get_all_experiment_metrics(KEYS[0])
FILE = comet.get_experiment_asset("a1", experiment_key=KEYS[0])
MIB = 1024 * 1024
ONCE = RetryPolicy(attempts=1, unreadable_attempts=1)
CUTS = [0.0, 0.001, 0.5, 0.999, 1.0]


def taken(path: Path) -> bytes:
    """Return a file's content, and remove it."""
    octets = path.read_bytes()
    path.unlink()
    return octets


async def recovers(tried: Scene, fault: str, argument: float | None, path: Path) -> None:
    """See a value and a file arrive as without the fault, which strikes each of them twice."""
    clean = await tried.clean(SERIES)
    request, octets = await tried.asset()
    planted = tried.server.faults.add(fault, argument, per_key=2)
    assert await tried.session.send(SERIES) == clean
    done = await tried.session.download(request, path)
    assert taken(path) == octets
    assert done.sha256 == hashlib.sha256(octets).hexdigest()
    assert tried.server.faults.hits(planted) == 4
    assert tried.attempts == len(tried.server.log) == 6


@pytest.mark.parametrize("fraction", CUTS)
async def test_c1_body_shorter_than_its_length(fraction: float, tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    async with scene() as tried:
        await recovers(tried, "truncate_length", fraction, path)
        assert tried.failures == ["BodyTruncated"] * 4
        request, _ = await tried.asset()
        tried.server.faults.add("truncate_length", fraction)
        assert len((await tried.refused(SERIES, BodyTruncated)).attempts) == 4
        error = await undone(tried.session.download(request, path), path, BodyTruncated)
        assert len(error.attempts) == 4


@pytest.mark.parametrize("fault", ["truncate_chunked", "bad_chunk"])
@pytest.mark.parametrize("fraction", CUTS)
async def test_c2_chunks_that_end_early_or_have_no_size(
    fault: str, fraction: float, tmp_path: Path
) -> None:
    path = tmp_path / "file.bin"
    async with scene() as tried:
        await recovers(tried, fault, fraction, path)
        assert tried.failures == ["BodyTruncated"] * 4
        request, _ = await tried.asset()
        tried.server.faults.add(fault, fraction)
        assert len((await tried.refused(SERIES, BodyTruncated)).attempts) == 4
        await undone(tried.session.download(request, path), path, BodyTruncated)


async def test_c3_corrupt_gzip(tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    async with scene() as tried:
        await recovers(tried, "corrupt_gzip", None, path)
        request, _ = await tried.asset()
        tried.server.faults.add("corrupt_gzip")
        error = await tried.refused(SERIES, BodyTruncated)
        assert len(error.attempts) == 4
        assert "corrupt" in str(error)
        await undone(tried.session.download(request, path), path, BodyTruncated)


async def test_c3_any_flipped_byte_of_a_gzip_body_gives_the_clean_value_or_an_error() -> None:
    packed = gzip.compress(b'{"experimentKey": "a", "experimentName": "the clean name"}', mtime=0)
    damaged = [
        packed[:at] + bytes([packed[at] ^ flip]) + packed[at + 1 :]
        for at in range(len(packed))
        for flip in (0x01, 0x80)
    ]
    zipped = [("Content-Encoding", "gzip")]
    async with raw_server(*(answer(body, headers=zipped) for body in damaged)) as server:
        async with Session(service(server.url), retry=ONCE) as session:
            for _ in damaged:
                try:
                    found = await session.send(ONE)
                except (BodyTruncated, DecodeError):
                    continue
                assert found.experiment_name == "the clean name"
        assert len(server.heard) == len(damaged)


async def test_c4_gzip_ends_early_with_the_right_length(tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    async with scene() as tried:
        await recovers(tried, "truncated_gzip", None, path)
        assert tried.failures == ["BodyTruncated"] * 4
        request, _ = await tried.asset()
        tried.server.faults.add("truncated_gzip")
        for one in (SERIES, SERIES.returning(bytes), request):
            assert len((await tried.refused(one, BodyTruncated)).attempts) == 4
        await undone(tried.session.download(request, path), path, BodyTruncated)


async def test_c4_no_end_of_a_gzip_body_is_dispensable() -> None:
    packed = gzip.compress(b'{"experimentKey": "a"}' + b" " * 200, mtime=0)
    zipped = [("Content-Encoding", "gzip")]
    cuts = [answer(packed[:at], headers=zipped) for at in range(1, len(packed))]
    async with raw_server(*cuts) as server, Session(service(server.url), retry=ONCE) as session:
        for _ in cuts:
            with pytest.raises(BodyTruncated):
                await session.send(ONE)
        assert len(server.heard) == len(cuts)


@pytest.mark.parametrize("fraction", CUTS)
async def test_c5_body_without_a_length_that_ends_early(fraction: float, tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    async with scene() as tried:
        clean = await tried.clean(SERIES)
        request, octets = await tried.asset()
        tried.server.faults.add("eof_truncated", fraction, times=1)
        assert await tried.session.send(SERIES) == clean
        tried.server.faults.add("eof_truncated", fraction)
        kind = EmptyAnswer if fraction == 0.0 else DecodeError
        assert len((await tried.refused(SERIES, kind)).attempts) == 2
        sized = tried.session.download(request, path, expected_size=len(octets))
        assert f"{len(octets)} were listed" in str(await undone(sized, path, BodyTruncated))
        hashed = tried.session.download(request, path)
        assert "MD5" in str(await undone(hashed, path, BodyTruncated))


async def test_c5_a_file_that_nothing_can_check_is_called_unverified(tmp_path: Path) -> None:
    whole = raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\nhalf a fi")
    async with raw_server(whole) as server, Session(service(server.url)) as session:
        done = await session.download(FILE, tmp_path / "file.bin")
        assert (done.size, done.verified) == (9, False)


def with_more(body: bytes, after: float | None) -> Action:
    """Answer, and send a second answer that nobody asked for: at once, or some seconds later."""
    smuggled = b'{"experimentKey": "smuggled"}'
    more = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(smuggled), smuggled)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)

    async def act(heard: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(head + body + (more if after is None else b""))
        await writer.drain()
        if after is not None:
            await asyncio.sleep(after)
            writer.write(more)
            await writer.drain()

    return act


@pytest.mark.parametrize("after", [None, 0.0, 0.05], ids=["at_once", "next", "while_idle"])
async def test_c6_bytes_after_the_body_answer_no_other_request(
    after: float | None, tmp_path: Path
) -> None:
    path = tmp_path / "file.bin"
    last = answer(b'{"experimentKey": "right"}')
    first = with_more(b'{"experimentKey": "first"}', after)
    async with raw_server(first, with_more(b"octets", after), last) as server:
        async with Session(service(server.url)) as session:
            assert (await session.send(ONE)).experiment_key == "first"
            await asyncio.sleep(0.1)
            assert (await session.download(FILE, path)).size == 6
            await asyncio.sleep(0.1)
            assert (await session.send(ONE)).experiment_key == "right"
        assert path.read_bytes() == b"octets"
        assert server.connections == len(server.heard) == 3


async def test_c6_bytes_after_every_body_leave_a_whole_run_right() -> None:
    async with scene(concurrency=4) as tried:
        planted = tried.server.faults.add("extra_bytes")
        pairs = ((n, comet.get_experiment_metadata(KEYS[n % 12])) for n in range(60))
        found = await tried.session.collect(pairs)
        assert [found.ok[n].experiment_key for n in range(60)] == [KEYS[n % 12] for n in range(60)]
        assert tried.server.faults.hits(planted) >= 60


async def child(url: str, cap: int, kind: Kind = "series", count: int = 1) -> Grown:
    return await asyncio.to_thread(grown, url, cap, kind, count)


@pytest.mark.parametrize("kind", ["series", "octets", "file"])
async def test_c15_gzip_bomb_of_1_mib_is_refused_within_64_mib(kind: Kind) -> None:
    async with LocalServer(synthetic=SPEC) as server:
        server.faults.add("gzip_bomb", 1024 * MIB, match=KEYS[0])
        found = await child(server.url, 2048 * MIB, kind)
        expected = "BodyTruncated" if kind == "file" else "BodyTooLarge"
        assert found["outcomes"][0].startswith(expected)
        assert found["growth"] <= 64 * MIB


async def test_c15_bombs_in_other_wrappings_are_refused_within_64_mib() -> None:
    zeros = b"0" * (15 * MIB)
    members = answer(gzip.compress(zeros, 9, mtime=0) * 64, headers=[("Content-Encoding", "gzip")])
    stream = zlib.compress(b"0" * (128 * MIB), 9)
    deflated = answer(stream, headers=[("Content-Encoding", "deflate")])
    async with raw_server(answer(b'{"experimentKey": "a"}'), members, deflated) as server:
        found = await child(server.url, 2048 * MIB, "octets", 2)
        assert [line.partition(" ")[0] for line in found["outcomes"]] == ["BodyTooLarge"] * 2
        assert found["growth"] <= 64 * MIB


@pytest.mark.parametrize(("cap", "outcome"), [(16 * MIB, "BodyTooLarge"), (96 * MIB, "ok")])
async def test_c16_a_string_of_64_mib_takes_at_most_three_times_the_cap(
    cap: int, outcome: str
) -> None:
    async with LocalServer(synthetic=SPEC) as server:
        server.faults.add("huge_string", 64 * MIB, match="get-all")
        found = await child(server.url, cap)
        assert found["outcomes"][0].startswith(outcome)
        assert found["growth"] <= 3 * cap


async def test_c18_headers_beyond_reason_are_refused_in_bounded_memory() -> None:
    line = b"HTTP/1.1 200 OK\r\n"
    endless = [
        raw(line + b"X-Huge: " + b"x" * 100_000 + b"\r\n\r\n{}"),
        raw(line + b"".join(b"X-%d: v\r\n" % n for n in range(5000)) + b"\r\n{}"),
        raw(line + b"X-Huge: " + b"x" * (32 * MIB)),
        raw(b"HTTP/1.1 200 " + b"x" * (32 * MIB)),
        raw(line + b"X: v\r\n" * (4 * MIB)),
        raw(b"\x00\x01\x02SSH-2.0-garbage\r\n\xff\xfe" * MIB),
        raw(b"SSH-2.0-OpenSSH_9.6\r\n"),
    ]
    async with raw_server(answer(b'{"experimentKey": "a"}'), *endless) as server:
        found = await child(server.url, 16 * MIB, "series", len(endless))
        assert [line.partition(" ")[0] for line in found["outcomes"]] == ["ProtocolError"] * 7
        assert found["growth"] <= 16 * MIB


@pytest.mark.parametrize("fault", ["huge_header", "many_headers", "garbage"])
async def test_c18_what_is_no_acceptable_http_is_a_typed_error(fault: str, tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    async with scene() as tried:
        request, _ = await tried.asset()
        tried.server.faults.add(fault)
        error = await tried.refused(SERIES, ProtocolError)
        assert len(str(error)) < 400
        assert len(error.attempts) == 1
        await undone(tried.session.download(request, path), path, ProtocolError)
