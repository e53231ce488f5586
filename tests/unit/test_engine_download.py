"""Downloads over a scripted transport: whole files or none (rows B11, C1, C5, G3, G6, G7, H1)."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import anyio
import pytest

from comet_async.engine.download import Downloaded
from comet_async.engine.fan_out import Failed, Ok
from comet_async.errors import (
    BodyTruncated,
    CometAsyncError,
    ConnectionLost,
    DestinationError,
    EmptyAnswer,
    MessageInsteadOfData,
    NotFoundError,
    NotJson,
    UsageError,
)
from comet_async.events import AttemptEnded, BytesReceived
from comet_async.testing import FakeTransport, Reply, reply
from tests.support.doubles import Recorder, blob, secret_of, session_over

BODY = bytes(range(256)) * 12_000
MD5 = hashlib.md5(BODY).hexdigest()


def script(*answers: Reply | Exception) -> FakeTransport:
    return FakeTransport().on("GET", "/file", *answers)


def listed(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def stored(
    fake: FakeTransport,
    path: Path,
    *,
    expected_size: int | None = None,
    recorder: Recorder | None = None,
) -> Downloaded:
    async with session_over(fake, recorder=recorder, draw=0.0) as session:
        return await session.download(blob(), path, expected_size=expected_size)


async def test_a_file_arrives_whole_with_its_hash(tmp_path: Path) -> None:
    recorder = Recorder()
    seen: list[tuple[int, int | None]] = []
    fake = script(reply(body=BODY, headers={"Content-Type": "model/x", "ETag": '"abc"'}))
    async with session_over(fake, recorder=recorder) as session:
        found = await session.download(
            blob(),
            str(tmp_path / "model.bin"),
            durable=True,
            progress=lambda received, total: seen.append((received, total)),
        )
        assert session.counters.bytes_received == len(BODY)
    assert found == Downloaded(
        path=tmp_path / "model.bin",
        size=len(BODY),
        sha256=hashlib.sha256(BODY).hexdigest(),
        content_type="model/x",
        etag='"abc"',
        verified=False,
    )
    assert (tmp_path / "model.bin").read_bytes() == BODY
    assert listed(tmp_path) == ["model.bin"]
    assert seen[-1] == (len(BODY), len(BODY))
    assert [received for received, _ in seen] == sorted({received for received, _ in seen})
    told = [event for event in recorder.events if isinstance(event, BytesReceived)]
    assert [(event.received, event.file) for event in told] == [(n, "model.bin") for n, _ in seen]
    assert all(stream.closed for stream in fake.streams)


@pytest.mark.parametrize("etag", [f'"{MD5}"', f'"{MD5.upper()}"'])
async def test_an_etag_that_is_an_md5_is_compared(tmp_path: Path, etag: str) -> None:
    found = await stored(script(reply(body=BODY, headers={"ETag": etag})), tmp_path / "x")
    assert found.verified


async def test_a_flipped_byte_is_found_and_fetched_again(tmp_path: Path) -> None:
    headers = {"ETag": f'"{MD5}"'}
    bad = reply(body=BODY[:-1] + b"\0", headers=headers)
    fake = script(bad, reply(body=BODY, headers=headers))
    assert (await stored(fake, tmp_path / "x")).verified
    with pytest.raises(BodyTruncated, match="does not match the MD5"):
        await stored(script(bad), tmp_path / "y")
    assert listed(tmp_path) == ["x"]


@pytest.mark.parametrize("etag", [f'W/"{MD5}"', f'"{MD5}-3"', '"v1"'])
async def test_other_etags_are_not_taken_for_a_checksum(tmp_path: Path, etag: str) -> None:
    assert not (
        await stored(script(reply(body=b"1", headers={"ETag": etag})), tmp_path / "x")
    ).verified


async def test_an_empty_file_is_a_file(tmp_path: Path) -> None:
    found = await stored(script(reply(body=b"")), tmp_path / "x", expected_size=0)
    assert found.size == 0
    assert (tmp_path / "x").read_bytes() == b""


@pytest.mark.parametrize(
    ("answer", "expected_size"),
    [
        (reply(body=BODY, headers={"Content-Length": str(len(BODY) + 1)}), None),
        (reply(body=BODY), len(BODY) + 1),
        (reply(body=BODY), len(BODY) - 1),
        (Reply(body=BODY), len(BODY) + 1),
        (reply(body=BODY, broken_by=ConnectionLost("broke")), None),
        (reply(body=b"x" * 5000, broken_by=BodyTruncated("cut"), piece_size=1000), None),
        (reply(body=BODY, headers={"Content-Encoding": "gzip"}), None),
        (reply(status=206, body=BODY), None),
    ],
)
async def test_what_is_not_the_whole_file_is_tried_again_and_never_kept(
    tmp_path: Path, answer: Reply, expected_size: int | None
) -> None:
    fake = script(answer)
    with pytest.raises((BodyTruncated, ConnectionLost)) as caught:
        await stored(fake, tmp_path / "x", expected_size=expected_size)
    assert len(fake.sent) == 4
    assert len(caught.value.attempts) == 4
    assert listed(tmp_path) == []
    assert all(stream.closed for stream in fake.streams)
    good = script(answer, reply(body=BODY))
    size = expected_size if expected_size == len(BODY) else None
    assert (await stored(good, tmp_path / "x", expected_size=size)).size == len(BODY)


async def test_a_length_that_is_no_number_is_no_length(tmp_path: Path) -> None:
    fake = script(reply(body=b"abc", headers={"Content-Length": "many"}))
    assert (await stored(fake, tmp_path / "x")).size == 3


@pytest.mark.parametrize(
    ("answer", "kind", "attempts"),
    [
        (reply(json={"msg": "no such asset", "code": 404}), MessageInsteadOfData, 1),
        (
            reply(
                body=b'<!doctype html><form><input type="password"></form>' + b" " * 9000,
                headers={"content-type": "text/html"},
            ),
            NotJson,
            2,
        ),
        (reply(status=204), EmptyAnswer, 2),
        (reply(status=404, json={"msg": "no", "code": 404}), NotFoundError, 1),
        (reply(status=404, body=b"x" * 100_000), NotFoundError, 1),
    ],
)
async def test_what_comes_in_place_of_a_file_is_an_error_and_no_file(
    tmp_path: Path, answer: Reply, kind: type[CometAsyncError], attempts: int
) -> None:
    fake = script(answer)
    with pytest.raises(kind) as caught:
        await stored(fake, tmp_path / "x")
    assert len(fake.sent) == attempts
    assert caught.value.body_head == answer.body[:2048].rstrip(b"") or kind is EmptyAnswer
    assert listed(tmp_path) == []


async def test_json_that_is_no_message_is_a_file(tmp_path: Path) -> None:
    await stored(script(reply(json={"weights": [1, 2]})), tmp_path / "x.json")
    assert (tmp_path / "x.json").read_bytes() == b'{"weights":[1,2]}'


async def test_a_redirect_to_storage_closes_the_first_stream(tmp_path: Path) -> None:
    fake = script(reply(status=302, headers={"Location": "https://storage.test/data?sig=1"}))
    fake.on("GET", "/data", reply(body=BODY))
    assert (await stored(fake, tmp_path / "x")).size == len(BODY)
    assert [stream.closed for stream in fake.streams] == [True, True]
    assert secret_of(fake.sent[1]) is None


async def test_targets_are_checked_before_anything_is_asked(tmp_path: Path) -> None:
    fake = script(reply(body=b"new"))
    (tmp_path / "old").write_bytes(b"old")
    async with session_over(fake) as session:
        with pytest.raises(DestinationError, match="exists; pass overwrite=True"):
            await session.download(blob(), tmp_path / "old")
        with pytest.raises(DestinationError, match="does not exist"):
            await session.download(blob(), tmp_path / "none" / "x")
        assert fake.sent == []
        await session.download(blob(), tmp_path / "old", overwrite=True)
    assert (tmp_path / "old").read_bytes() == b"new"


async def test_a_failing_disk_ends_the_download_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    fake = script(reply(body=BODY))
    recorder = Recorder()
    with monkeypatch.context() as patch:
        patch.setattr("os.write", full)
        with pytest.raises(DestinationError, match="No space left on device"):
            await stored(fake, tmp_path / "x", recorder=recorder)
    assert len(fake.sent) == 1
    assert listed(tmp_path) == []
    ended = [event for event in recorder.events if isinstance(event, AttemptEnded)]
    assert [event.failure for event in ended] == ["DestinationError"]


async def test_many_downloads_with_one_that_fails(tmp_path: Path) -> None:
    fake = script(reply(body=b"content")).on("GET", "/gone", reply(status=404))
    pairs = [(tmp_path / f"f{n}", blob("/gone" if n == 2 else "/file")) for n in range(5)]
    async with session_over(fake) as session, session.download_many(pairs) as outcomes:
        found = {outcome.key.name: outcome async for outcome in outcomes}
    assert isinstance(found["f2"], Failed)
    assert [name for name, outcome in sorted(found.items()) if isinstance(outcome, Ok)] == [
        "f0",
        "f1",
        "f3",
        "f4",
    ]
    assert listed(tmp_path) == ["f0", "f1", "f3", "f4"]


async def test_a_request_of_another_service_is_refused(tmp_path: Path) -> None:
    async with session_over(FakeTransport()) as session:
        request = blob()
        with pytest.raises(UsageError, match="this session has comet"):
            await session.download(
                type(request)(
                    service="other",
                    method="GET",
                    path="/x",
                    answer=request.answer,
                    effect=request.effect,
                ),
                tmp_path / "x",
            )


@pytest.mark.parametrize("moment", range(0, 60, 3))
async def test_cancellation_at_any_moment_leaves_no_file_and_no_open_stream(
    tmp_path: Path, moment: int
) -> None:
    fake = script(reply(body=BODY, piece_size=200_000))
    async with session_over(fake) as session:
        task = asyncio.ensure_future(session.download(blob(), tmp_path / "x"))
        for _ in range(moment):
            await asyncio.sleep(0)
        task.cancel()
        result = (await asyncio.gather(task, return_exceptions=True))[0]
        assert repr(session) == "<Session comet 0 active, 0 queued>"
    assert all(stream.closed for stream in fake.streams)
    if isinstance(result, asyncio.CancelledError):
        assert listed(tmp_path) in ([], ["x"])
    assert not (tmp_path / "x").exists() or (tmp_path / "x").read_bytes() == BODY


async def test_a_deadline_around_a_download_leaves_nothing(tmp_path: Path) -> None:
    fake = script(reply(body=BODY, delay=30.0))
    async with session_over(fake) as session:
        with anyio.move_on_after(0.02) as scope:
            await session.download(blob(), tmp_path / "x")
    assert scope.cancelled_caught
    assert listed(tmp_path) == []
