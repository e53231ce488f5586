"""Uploads over a real socket: content, pace, files that change, and what fails on the way."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest
from aiohttp import web

from comet_async import Session, Timeouts, comet
from comet_async.engine.upload_body import BLOCK
from comet_async.errors import (
    ClientError,
    OutcomeUnknown,
    RequestTimeout,
    ServerError,
    SourceError,
    UsageError,
)
from comet_async.request import Effect, Request, build
from comet_async.upload import whole_body
from tests.faults.harness_leaks import held_by_process, settled
from tests.faults.support_client import KEY, QUICK, SCALED, here
from tests.faults.upload_memory import grown
from tests.support.receiving import (
    Arrival,
    answers,
    answers_early,
    receiver,
    resets,
    stops_reading,
    take_body,
)

MIB = 1 << 20
SIZE = 24 * MIB
STORED = b'{"assetId": "a1", "msg": "saved", "code": 200}'


def patch_of(file: Path | bytes) -> Request[None]:
    """An upload that may be repeated."""
    return comet.set_experiment_git_patch("e1", file)


def asset_of(file: Path | bytes) -> Request[comet.UploadedAsset]:
    """An upload that must not be repeated."""
    return comet.upload_experiment_asset("e1", file=file)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """More than the buffers of both ends hold."""
    path = tmp_path / "large.bin"
    path.write_bytes(os.urandom(MIB) * (SIZE // MIB))
    return path


class Taken(msgspec.Struct):
    headers: dict[str, str]
    query: dict[str, str]
    parts: list[tuple[str, str | None, str | None, bytes]]


@asynccontextmanager
async def forms() -> AsyncIterator[tuple[str, list[Taken]]]:
    """A server that takes forms apart with a parser that is not ours."""
    taken: list[Taken] = []

    async def take(request: web.Request) -> web.Response:
        parts: list[tuple[str, str | None, str | None, bytes]] = []
        async for part in await request.multipart():
            read: Any = part
            media = read.headers.get("Content-Type")
            parts.append((read.name, read.filename, media, bytes(await read.read())))
        taken.append(Taken(dict(request.headers), dict(request.query), parts))
        return web.Response(body=STORED, content_type="application/json")

    app = web.Application(client_max_size=1 << 30)
    app.router.add_post("/{path:.*}", take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", taken
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    "size", [0, 1, 65_535, 65_536, 65_537, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 7]
)
@pytest.mark.parametrize("on_disk", [True, False])
async def test_every_byte_arrives_in_a_form(size: int, on_disk: bool, tmp_path: Path) -> None:
    data = os.urandom(size)
    path = tmp_path / 'a "b"\u00e4.bin'
    path.write_bytes(data)
    request = comet.upload_experiment_asset(
        "e1",
        file=path if on_disk else data,
        file_name=path.name,
        metadata={"note": "\u00fc\r\n--x"},
        tags=["one", "two"],
    )
    seen: list[tuple[int, int | None]] = []
    async with forms() as (url, taken), Session(here(url)) as session:
        found = await session.send(request, progress=lambda *now: seen.append(now))
    assert found.asset_id == "a1"
    (form,) = taken
    assert form.headers["Authorization"] == KEY
    assert form.headers["Content-Type"].startswith("multipart/form-data; boundary=")
    assert "Transfer-Encoding" not in form.headers
    assert form.query == {"experimentKey": "e1", "fileName": path.name}
    assert form.parts[:3] == [
        ("metadata", None, None, '{"note":"\u00fc\\r\\n--x"}'.encode()),
        ("tags", None, None, b"one"),
        ("tags", None, None, b"two"),
    ]
    name, _, media, content = form.parts[3]
    assert (name, media, content == data) == ("file", "application/octet-stream", True)
    assert len(form.parts) == 4
    assert seen[0] == (0, size)
    assert seen[-1] == (size, size)
    assert [sent for sent, _ in seen] == sorted(sent for sent, _ in seen)


async def test_a_form_without_a_file_arrives() -> None:
    request = comet.upload_experiment_asset("e1", link="s3://b/f", metadata={"a": 1})
    async with forms() as (url, taken), Session(here(url)) as session:
        await session.send(request)
    assert [(name, content) for name, _, _, content in taken[0].parts] == [
        ("link", b"s3://b/f"),
        ("metadata", b'{"a":1}'),
    ]


@pytest.mark.parametrize("size", [0, 10, BLOCK + 1])
async def test_a_file_can_be_the_whole_body(size: int, tmp_path: Path) -> None:
    path = tmp_path / "part.bin"
    path.write_bytes(data := os.urandom(size))
    upload = whole_body(path)
    request = build("comet", "PUT", "/part", type(None), Effect.IDEMPOTENT, upload=upload)
    async with receiver(answers(b"")) as server, Session(here(server.url)) as session:
        await session.send(request)
    (arrival,) = server.whole
    assert arrival.headers["content-type"] == "application/octet-stream"
    assert int(arrival.headers["content-length"]) == size
    assert arrival.hash.digest() == hashlib.sha256(data).digest()


def test_memory_stays_flat_however_large_the_file(tmp_path: Path) -> None:
    path = tmp_path / "sparse.bin"
    with path.open("wb") as file:
        file.truncate(400 * MIB)
    found = grown(path)
    assert found["arrived"] > 400 * MIB
    assert found["growth"] < 24 * MIB


async def test_an_upload_is_taken_at_the_pace_of_the_other_side(large: Path) -> None:
    sent: list[int] = []
    async with (
        receiver(stops_reading(MIB)) as server,
        Session(here(server.url), retry=QUICK, timeouts=SCALED) as session,
    ):
        with pytest.raises(OutcomeUnknown, match="sent nothing for too long"):
            await session.send(asset_of(large), progress=lambda now, _: sent.append(now))
    assert len(server.arrivals) == 1
    assert max(sent) < SIZE


async def test_a_slow_upload_outlasts_every_limit_of_whole_exchanges(large: Path) -> None:
    """Total and headers are far below what it takes; only a stall would end it."""
    quick = Timeouts(total=0.01, headers=0.01)

    async def slowly(
        arrival: Any, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        length = int(arrival.headers["content-length"])
        while arrival.size < length:
            arrival.take(await reader.read(MIB))
        arrival.whole = True
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    async with (
        receiver(slowly) as server,
        Session(here(server.url), retry=QUICK, timeouts=quick) as session,
    ):
        await session.send(asset_of(large))
    assert len(server.whole) == 1


async def test_time_of_its_own_bounds_the_whole_upload(large: Path) -> None:
    async with (
        receiver(stops_reading(MIB)) as server,
        Session(here(server.url), retry=msgspec.structs.replace(QUICK, attempts=1)) as session,
    ):
        with pytest.raises(RequestTimeout):
            await session.send(patch_of(large).with_timeout(0.2))
    assert len(server.arrivals) == 1


async def test_an_answer_that_never_comes_leaves_the_outcome_open() -> None:
    async with (
        receiver(stops_reading(None)) as server,
        Session(here(server.url), retry=QUICK, timeouts=SCALED) as session,
    ):
        with pytest.raises(OutcomeUnknown):
            await session.send(asset_of(b"x" * 100))
    assert len(server.whole) == 1


Change = Callable[[Path], object]


def shrink(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def overwrite(path: Path) -> None:
    before = path.stat().st_mtime_ns
    with path.open("r+b") as file:
        file.write(b"other")
    os.utime(path, ns=(before + 10**9, before + 10**9))


@pytest.mark.parametrize("change", [shrink, grow, overwrite])
async def test_a_file_that_changes_under_the_upload_never_arrives_whole(
    change: Change, large: Path
) -> None:
    changed = False

    def progress(sent: int, _: int | None) -> None:
        nonlocal changed
        if sent >= 2 * MIB and not changed:
            changed = True
            change(large)

    async with receiver(answers()) as server:
        async with Session(here(server.url), retry=QUICK) as session:
            with pytest.raises(SourceError, match=r"large\.bin") as caught:
                await session.send(asset_of(large), progress=progress)
        assert caught.value.__context__ is None
    assert changed
    assert server.whole == []
    assert len(server.arrivals) == 1


@pytest.mark.parametrize("change", [shrink, grow, overwrite, Path.unlink])
async def test_a_file_that_changed_before_is_never_begun(change: Change, large: Path) -> None:
    request = asset_of(large)
    change(large)
    async with receiver(answers()) as server, Session(here(server.url), retry=QUICK) as session:
        with pytest.raises(SourceError, match=r"cannot upload .*large\.bin"):
            await session.send(request)
    assert server.arrivals == []


async def test_what_progress_raises_is_raised_and_nothing_arrives(large: Path) -> None:
    def progress(sent: int, _: int | None) -> None:
        if sent > MIB:
            raise LookupError("mine")

    async with receiver(answers()) as server, Session(here(server.url), retry=QUICK) as session:
        with pytest.raises(LookupError, match="mine"):
            await session.send(asset_of(large), progress=progress)
    assert server.whole == []


@pytest.mark.parametrize("by_scope", [True, False])
async def test_a_cancellation_in_the_middle_leaves_nothing_open(
    by_scope: bool, large: Path
) -> None:
    async with receiver(stops_reading(MIB)) as server, Session(here(server.url)) as session:
        before = held_by_process()
        if by_scope:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(session.send, asset_of(large))
                await server.reached.wait()
                tasks.cancel_scope.cancel()
        else:
            task = asyncio.create_task(session.send(asset_of(large)))
            await server.reached.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        files = [link for link, _ in held_by_process().descriptors if link.endswith("large.bin")]
        assert files == []
        await server.stop()
        await settled(before)
    assert server.whole == []


@pytest.mark.parametrize(
    ("status", "extra"),
    [
        ("503 Unavailable", ""),
        ("503 Unavailable", "Retry-After: 0.01\r\n"),
        ("429 Too Many", "Retry-After: 0.01\r\n"),
        ("502 Bad Gateway", ""),
    ],
)
async def test_a_refusal_before_the_body_was_taken_is_repeated_from_the_beginning(
    status: str, extra: str, large: Path
) -> None:
    """Also where it appends: the server lacks the end of the file, so it cannot have stored it."""
    seen: list[int] = []
    async with receiver(answers_early(MIB, status=status, extra=extra), answers(STORED)) as server:
        async with Session(here(server.url), retry=QUICK) as session:
            found = await session.send(asset_of(large), progress=lambda now, _: seen.append(now))
        assert session.counters.requests == 2
    assert found.asset_id == "a1"
    (arrival,) = server.whole
    assert arrival is server.arrivals[1]
    assert arrival.size == int(arrival.headers["content-length"])
    assert seen.count(0) == 2
    assert seen[-1] == SIZE


async def test_a_refusal_after_the_body_was_taken_is_not_repeated_where_it_appends() -> None:
    async with (
        receiver(answers(status="503 Unavailable"), answers(STORED)) as server,
        Session(here(server.url), retry=QUICK) as session,
    ):
        with pytest.raises(ServerError):
            await session.send(asset_of(b"x"))
        await session.send(patch_of(b"x"))
    assert len(server.whole) == 2


async def test_a_refusal_before_the_body_was_taken_ends_the_sending(large: Path) -> None:
    async with receiver(answers_early(MIB, status="413 Too Large")) as server:
        async with Session(here(server.url), retry=QUICK) as session:
            with pytest.raises(ClientError) as caught:
                await session.send(asset_of(large))
        assert caught.value.status == 413
    assert len(server.arrivals) == 1
    assert server.whole == []
    assert server.arrivals[0].size < SIZE


async def test_a_refusal_that_ends_after_the_body_was_taken_is_not_repeated(large: Path) -> None:
    """It began before, but by its end the server has the whole file: nobody knows what it did."""

    async def takes_the_rest(
        arrival: Arrival, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await take_body(arrival, reader, MIB)
        writer.write(b"HTTP/1.1 503 Unavailable\r\nContent-Length: 2\r\n\r\n")
        await writer.drain()
        await take_body(arrival, reader)
        writer.write(b"{}")

    async with (
        receiver(takes_the_rest, answers(STORED)) as server,
        Session(here(server.url), retry=QUICK) as session,
    ):
        with pytest.raises(ServerError):
            await session.send(asset_of(large))
    assert len(server.whole) == len(server.arrivals) == 1


async def test_success_before_the_body_was_taken_is_none(large: Path) -> None:
    async with (
        receiver(answers_early(MIB, status="200 OK")) as server,
        Session(here(server.url), retry=QUICK) as session,
    ):
        with pytest.raises(OutcomeUnknown, match="before the whole upload had left"):
            await session.send(asset_of(large))
    assert len(server.arrivals) == 1


@pytest.mark.parametrize("after", [MIB, None])
async def test_a_reset_leaves_the_outcome_open_with_exactly_one_arrival(
    after: int | None, large: Path
) -> None:
    async with receiver(resets(after), answers(STORED)) as server:
        async with Session(here(server.url), retry=QUICK) as session:
            with pytest.raises(OutcomeUnknown) as caught:
                await session.send(asset_of(large))
        assert session.counters.requests == 1
    assert len(server.arrivals) == 1
    assert len(server.whole) == (after is None)
    assert KEY not in repr(caught.value)


@pytest.mark.parametrize("after", [MIB, None])
async def test_a_reset_is_repeated_where_that_gives_the_same(
    after: int | None, large: Path
) -> None:
    async with (
        receiver(resets(after), answers(b"")) as server,
        Session(here(server.url), retry=QUICK) as session,
    ):
        await session.send(patch_of(large))
    assert [arrival.whole for arrival in server.arrivals] == [after is None, True]


async def test_a_redirect_on_the_same_origin_takes_the_file_along(large: Path) -> None:
    elsewhere = answers(b"", status="307 Elsewhere", extra="Location: /other\r\n")
    async with (
        receiver(elsewhere, answers(b"")) as server,
        Session(here(server.url), retry=QUICK) as session,
    ):
        await session.send(patch_of(large))
    first, second = server.whole
    assert second.path == "/other"
    assert first.size == second.size


async def test_a_result_elsewhere_is_fetched_without_the_file() -> None:
    elsewhere = answers(b"", status="303 Elsewhere", extra="Location: /other\r\n")
    async with (
        receiver(elsewhere, answers(STORED)) as server,
        Session(here(server.url), retry=QUICK) as session,
    ):
        assert (await session.send(asset_of(b"x"))).asset_id == "a1"
    assert server.arrivals[1].head.startswith(b"GET /other ")
    assert server.arrivals[1].size == 0


async def test_many_at_once_keep_their_contents_apart(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"{number}.bin").write_bytes(bytes([number]) * (100_000 + number))
    async with forms() as (url, taken), Session(here(url)) as session:
        found = await session.collect(
            (n, comet.upload_experiment_asset("e1", file=tmp_path / f"{n}.bin")) for n in range(20)
        )
    assert len(found.ok) == 20
    contents = {form.query["fileName"]: form.parts[0][3] for form in taken}
    assert contents == {f"{n}.bin": bytes([n]) * (100_000 + n) for n in range(20)}


async def test_an_unreadable_file_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        asset_of(tmp_path / "none")
