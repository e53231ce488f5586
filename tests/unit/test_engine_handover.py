"""Bodies that go from their connections straight into a buffer, over real sockets."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path

import anyio.lowlevel
import pytest
import trustme
import uvloop

from comet_async import RetryPolicy, Session, Timeouts, comet
from comet_async.engine import handover
from comet_async.engine.aiohttp_transport import AiohttpTransport
from comet_async.engine.transport import HttpRequest
from comet_async.errors import BodyTruncated, RequestTimeout
from comet_async.service import Tls
from tests.faults.support_client import SCALED, here, names_in
from tests.support.raw_server import Action, Heard, answer, raw, raw_server, stall

KIB, MIB = 1024, 1024 * 1024
ONCE = RetryPolicy(attempts=1, unreadable_attempts=1)
FILE = comet.get_experiment_asset("a1", experiment_key="e1")
SIZES = [0, 1, *(n + d for n in (64 * KIB, MIB) for d in (-1, 0, 1)), 5 * MIB + 3]


def data(size: int) -> bytes:
    return hashlib.shake_256(b"%d" % size).digest(size)


def slowly(body: bytes, piece: int) -> Action:
    """Send the head, then the body in pieces, so that most of it comes after the handover."""

    async def act(heard: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body))
        for at in range(0, len(body), piece):
            await asyncio.sleep(0)
            writer.write(body[at : at + piece])
            await writer.drain()

    return act


@pytest.fixture
def intakes(monkeypatch: pytest.MonkeyPatch) -> list[handover.Intake]:
    """Return what was taken over, as it happens."""
    found: list[handover.Intake] = []
    real = handover.Intake.__init__

    def noted(self: handover.Intake, *given: object) -> None:
        found.append(self)
        real(self, *given)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(handover.Intake, "__init__", noted)
    return found


async def every_size(
    folder: Path, tls: Tls = None, server_tls: ssl.SSLContext | None = None
) -> None:
    """Download bodies of all sizes over one connection."""
    bodies = [data(size) for size in SIZES]
    async with raw_server(*(slowly(body, 50_000) for body in bodies), tls=server_tls) as server:
        url = (
            server.url
            if tls is None
            else server.url.replace("http://127.0.0.1", "https://localhost")
        )
        async with Session(here(url, tls=tls), retry=ONCE) as session:
            for body in bodies:
                path = folder / str(len(body))
                done = await session.download(FILE, path)
                assert path.read_bytes() == body
                assert done.sha256 == hashlib.sha256(body).hexdigest()
        assert (server.connections, len(server.heard)) == (1, len(SIZES))


Runner = Callable[[Coroutine[object, object, None]], None]


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
def test_every_size_arrives_and_the_connection_is_used_again(
    tmp_path: Path, run: Runner, intakes: list[handover.Intake], *, secure: bool
) -> None:
    if not secure:
        run(every_size(tmp_path))
    else:
        authority = trustme.CA()
        trusted = ssl.create_default_context()
        authority.configure_trust(trusted)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(context)
        run(every_size(tmp_path, trusted, context))
    assert len(intakes) >= 4


async def test_without_a_checksum_length_and_md5_are_checked_still(tmp_path: Path) -> None:
    body = data(MIB)
    good = ("ETag", f'"{hashlib.md5(body).hexdigest()}"')
    bad = ("ETag", f'"{hashlib.md5(b"").hexdigest()}"')
    actions = (answer(body, headers=[good]), answer(body, headers=[bad]))
    async with raw_server(*actions) as server, Session(here(server.url), retry=ONCE) as session:
        done = await session.download(FILE, tmp_path / "f", checksum=False)
        assert (done.sha256, done.verified, done.size) == ("", True, MIB)
        with pytest.raises(BodyTruncated, match="MD5"):
            await session.download(FILE, tmp_path / "g", checksum=False)
    assert names_in(tmp_path) == ["f"]


@pytest.mark.parametrize("sent", [0, 5000, 300_000, MIB, MIB + 1, 3 * MIB - 1])
async def test_an_early_close_is_a_body_that_was_cut(tmp_path: Path, sent: int) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (3 * MIB)
    async with (
        raw_server(raw(head + data(3 * MIB)[:sent])) as server,
        Session(here(server.url), retry=ONCE) as session,
    ):
        with pytest.raises(BodyTruncated):
            await session.download(FILE, tmp_path / "f")
    assert names_in(tmp_path) == []


async def test_bytes_beyond_the_length_are_not_taken_and_close_the_connection(
    tmp_path: Path, intakes: list[handover.Intake]
) -> None:
    body = data(2 * MIB)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
    more = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad"
    async with raw_server(raw(head + body + more, close=False), answer(b"right")) as server:
        async with Session(here(server.url), retry=ONCE) as session:
            await session.download(FILE, tmp_path / "f")
            assert (tmp_path / "f").read_bytes() == body
            await asyncio.sleep(0.05)
            await session.download(FILE, tmp_path / "g")
        assert (tmp_path / "g").read_bytes() == b"right"
        assert server.connections == 2
    assert intakes


@pytest.mark.parametrize("sent", [5000, MIB, 2 * MIB])
async def test_a_server_that_stalls_is_given_up(tmp_path: Path, sent: int) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (3 * MIB)
    async with (
        raw_server(stall(head + data(3 * MIB)[:sent])) as server,
        Session(here(server.url), retry=ONCE, timeouts=SCALED) as session,
    ):
        with pytest.raises(RequestTimeout):
            await session.download(FILE, tmp_path / "f")
    assert names_in(tmp_path) == []


async def test_a_server_that_drips_is_given_up(tmp_path: Path) -> None:
    async def drip(heard: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"x" * 5000)
        while True:
            await asyncio.sleep(0.02)
            writer.write(b"x")
            await writer.drain()

    impatient = Timeouts(low_speed_bytes=1e6, low_speed_seconds=0.1)
    async with (
        raw_server(drip) as server,
        Session(here(server.url), retry=ONCE, timeouts=impatient) as session,
    ):
        with pytest.raises(RequestTimeout):
            await session.download(FILE, tmp_path / "f")
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("moment", range(0, 120, 5))
async def test_cancellation_at_any_moment_leaves_no_part_and_a_session_that_works(
    tmp_path: Path, moment: int
) -> None:
    body = data(3 * MIB)
    async with (
        raw_server(slowly(body, 40_000)) as server,
        Session(here(server.url), retry=ONCE) as session,
    ):
        task = asyncio.ensure_future(session.download(FILE, tmp_path / "f"))
        for _ in range(moment):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert names_in(tmp_path) in ([], ["f"])
        await session.download(FILE, tmp_path / "f", overwrite=True)
        assert (tmp_path / "f").read_bytes() == body
        assert repr(session) == "<Session comet 0 active, 0 queued>"


async def test_a_slow_disk_stops_the_sender(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = data(64 * MIB)
    sent = 0

    async def act(heard: Heard, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body))
        for at in range(0, len(body), 100_000):
            writer.write(body[at : at + 100_000])
            await writer.drain()
            sent = at

    held, go_on = threading.Event(), threading.Event()
    write = handover_write()

    def slow(self: object, block: memoryview) -> None:
        held.set()
        go_on.wait(20)
        write(self, block)

    monkeypatch.setattr("comet_async.engine.part_file.PartFile.write_block", slow)
    async with raw_server(act) as server, Session(here(server.url), retry=ONCE) as session:
        task = asyncio.ensure_future(session.download(FILE, tmp_path / "f", checksum=False))
        await asyncio.to_thread(held.wait, 20)
        last = -1
        while last != sent:
            last = sent
            await asyncio.sleep(0.2)
        assert sent < 48 * MIB
        go_on.set()
        await task
    assert (tmp_path / "f").read_bytes() == body


def handover_write() -> Callable[[object, memoryview], None]:
    from comet_async.engine.part_file import PartFile  # noqa: PLC0415 before it is replaced

    return PartFile.write_block  # type: ignore[return-value]  # called with a part as it is


@pytest.fixture
async def transport() -> AsyncIterator[AiohttpTransport]:
    found = AiohttpTransport()
    yield found
    await found.aclose()


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 9000\r\nContent-Encoding: gzip\r\n\r\n" + b"x" * 9000,
        b"Transfer-Encoding: chunked\r\n\r\n2328\r\n" + b"x" * 9000 + b"\r\n0\r\n\r\n",
        b"Connection: close\r\n\r\n" + b"x" * 9000,
        b"Content-Length: 9000\r\n\r\n" + b"x" * 9000,
    ],
    ids=["compressed", "chunked", "no length", "all here"],
)
async def test_other_bodies_come_through_aiohttp(
    transport: AiohttpTransport, head: bytes, intakes: list[handover.Intake]
) -> None:
    buffer = memoryview(bytearray(4000))
    async with raw_server(raw(b"HTTP/1.1 200 OK\r\n" + head)) as server:
        stream = await transport.open(HttpRequest(method="GET", url=server.url + "/", headers=()))
        await asyncio.sleep(0.05)
        sizes = [await stream.read_into(buffer) for _ in range(4)]
        await stream.aclose()
    assert sizes == [4000, 4000, 1000, 0]
    assert intakes == []


async def test_a_connection_lost_between_two_reads_is_seen_at_the_next(
    transport: AiohttpTransport,
) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n"
    async with raw_server(raw(head + b"x" * 500_000, close=False)) as server:
        stream = await transport.open(HttpRequest(method="GET", url=server.url + "/", headers=()))
        assert await stream.read_into(memoryview(bytearray(400_000))) == 400_000
        await transport.aclose()
        await asyncio.sleep(0.05)
        with pytest.raises(BodyTruncated):
            await stream.read_into(memoryview(bytearray(400_000)))
        await stream.aclose()


async def test_what_aiohttp_had_received_comes_first_in_any_portions(
    transport: AiohttpTransport, intakes: list[handover.Intake]
) -> None:
    body = data(600_000)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
    buffer = memoryview(bytearray(1000))
    async with raw_server(raw(head + body, close=False)) as server:
        stream = await transport.open(HttpRequest(method="GET", url=server.url + "/", headers=()))
        await asyncio.sleep(0.02)
        found = bytearray()
        while came := await stream.read_into(buffer):
            found += buffer[:came]
        await stream.aclose()
    assert found == body
    assert len(intakes) <= 1


async def test_a_connection_that_closes_already_is_not_taken_over(
    intakes: list[handover.Intake],
) -> None:
    cut = raw(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % MIB + data(50_000))
    transport = AiohttpTransport()
    async with raw_server(cut) as server:
        stream = await transport.open(HttpRequest(method="GET", url=server.url + "/", headers=()))
        held = stream._opened.held  # type: ignore[attr-defined]  # whether it is closing is seen nowhere else
        while not held.transport.is_closing():  # it has not been told so yet
            await anyio.lowlevel.checkpoint()
        with pytest.raises(BodyTruncated):
            await stream.read_into(memoryview(bytearray(MIB)))
        await stream.aclose()
    await transport.aclose()
    assert intakes == []
