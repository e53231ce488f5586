"""One attempt at an upload, without a network: pieces, checks, and what is told."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path

import pytest

from comet_async.engine.aiohttp_upload import BodyPayload
from comet_async.engine.upload_body import BLOCK, UploadBody
from comet_async.errors import SourceError
from comet_async.upload import Upload, form, whole_body


class Written:
    """Takes pieces, and says after each whether the body counts as whole."""

    def __init__(self, body: UploadBody) -> None:
        self.body = body
        self.pieces: list[bytes] = []
        self.whole: list[bool] = []

    async def __call__(self, piece: memoryview) -> None:
        self.pieces.append(bytes(piece))
        self.whole.append(self.body.whole)


async def sent(upload: Upload, told: list[int] | None = None) -> tuple[UploadBody, Written]:
    body = UploadBody(upload, None if told is None else told.append)
    written = Written(body)
    await body.open()
    try:
        await body.send(written)
    finally:
        await body.aclose()
    return body, written


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "file.bin"
    found.write_bytes(os.urandom(BLOCK + 100_000))
    return found


async def test_only_the_last_piece_makes_it_whole(path: Path) -> None:
    for upload in (form({"a": "b"}, source=path), whole_body(path), form({"a": "b"})):
        told: list[int] = []
        body, written = await sent(upload, told)
        assert written.whole == [False] * (len(written.whole) - 1) + [True]
        assert sum(map(len, written.pieces)) == body.size
        assert max(map(len, written.pieces)) <= 65_536
        assert told[-1] == upload.size
        assert not body.unfinished


async def test_nothing_at_all_is_whole_at_once() -> None:
    body, written = await sent(whole_body(b""))
    assert (written.pieces, body.whole, body.size) == ([], True, 0)


async def test_names_cannot_leave_their_line() -> None:
    upload = form({'a"\r\nb': "v"}, source=b"x", file_name='c"\r\nd')
    _, written = await sent(upload)
    text = b"".join(written.pieces)
    assert b'name="a%22%0D%0Ab"' in text
    assert b'filename="c%22%0D%0Ad"' in text


async def test_each_attempt_has_a_boundary_of_its_own() -> None:
    upload = form(source=b"x")
    kinds = {UploadBody(upload, None).content_type for _ in range(20)}
    assert len(kinds) == 20


async def test_a_body_that_was_closed_gives_no_more(path: Path) -> None:
    body = UploadBody(whole_body(path), None)
    await body.open()
    await body.aclose()
    await body.aclose()
    with pytest.raises(SourceError, match="the attempt is over"):
        await body.send(Written(body))
    assert isinstance(body.failure, SourceError)
    assert not body.whole


async def test_a_file_that_ends_early_is_told(path: Path) -> None:
    body = UploadBody(whole_body(path), None)
    await body.open()
    os.truncate(path, 0)
    with pytest.raises(SourceError, match=r"it has 0 bytes, \d+ were announced"):
        await body.send(Written(body))
    await body.aclose()


@pytest.mark.parametrize("fails", [True, False])
async def test_a_disk_that_fails_or_lies_is_told(
    fails: bool, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Failing:
        def __init__(self, *_: object) -> None:
            self.file = path.open("rb")

        def fileno(self) -> int:
            return self.file.fileno()

        def read(self, size: int) -> bytes:
            if fails:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return b""

        def close(self) -> None:
            self.file.close()

    monkeypatch.setattr("comet_async.engine.upload_body.FileIO", Failing)
    with pytest.raises(SourceError, match="Input/output error" if fails else "ended early"):
        await sent(whole_body(path))


async def test_a_payload_has_no_text() -> None:
    payload = BodyPayload(UploadBody(form(source=b"x"), None))
    with pytest.raises(TypeError, match="no text"):
        payload.decode()
    assert payload.size is not None
    assert payload.content_type.startswith("multipart/form-data; boundary=")


async def test_closing_it_twice_at_once_closes_the_file_once(tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    path.write_bytes(b"x")
    body = UploadBody(whole_body(path), None)
    await body.open()
    await asyncio.gather(body.aclose(), body.aclose())
    with pytest.raises(SourceError, match="the attempt is over"):
        await body.send(Written(body))
