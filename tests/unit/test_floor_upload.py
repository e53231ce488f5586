"""Uploads as values: what they name, what they refuse, what they show."""

from __future__ import annotations

import io
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from comet_async.errors import UsageError
from comet_async.request import Effect, Request, build
from comet_async.upload import Upload, form, whole_body

SECRET = "Zk3vQ8rT1yWm5BnX7cLp9HsD2"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "curve.json"
    found.write_bytes(b'{"a": 1}')
    return found


def request_of(upload: Upload) -> Request[None]:
    return build("comet", "POST", "/x", type(None), Effect.APPEND, upload=upload)


def test_a_file_is_named_not_held(path: Path) -> None:
    for source in (path, str(path)):
        found = form(source=source)
        assert (found.source, found.size, found.file_name) == (path, 8, "curve.json")
        assert (found.media_type, found.part) == ("application/json", "file")
        assert found.modified_ns == path.stat().st_mtime_ns
        assert found.is_form


def test_an_open_file_is_its_path(path: Path) -> None:
    with path.open("rb") as file:
        assert form(source=file) == form(source=path)
    with path.open("r+b") as file:
        assert form(source=file).source == path


def test_a_buffer_is_content_from_where_it_stands() -> None:
    buffer = io.BytesIO(b"abcdef")
    buffer.seek(2)
    found = form(source=buffer, file_name="x.csv")
    assert (found.source, found.size, found.media_type) == (b"cdef", 4, "text/csv")


def moved(path: Path) -> io.BufferedReader:
    file = path.open("rb")
    file.seek(3)
    return file


def unlinked(path: Path) -> io.BufferedReader:
    file = path.open("rb")
    path.unlink()
    return file


def replaced(path: Path) -> io.BufferedReader:
    file = path.open("rb")
    path.unlink()
    path.write_bytes(b"other")
    return file


@pytest.mark.parametrize(
    ("opened", "message"),
    [
        (moved, "at its beginning"),
        (replaced, "give its path"),
        (lambda path: path.open("r"), "open the file for bytes"),
        (unlinked, "give its path"),
    ],
)
def test_open_files_that_cannot_be_found_again_are_refused(
    opened: Callable[[Path], Any], message: str, path: Path
) -> None:
    with opened(path) as file, pytest.raises(UsageError, match=message):
        form(source=file)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        whole_body(tmp_path / "none")
    with pytest.raises(UsageError, match="no regular file"):
        whole_body(tmp_path)
    with pytest.raises(UsageError, match="not a path"):
        whole_body("a\0b")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="no regular file"):
        whole_body(tmp_path / "pipe")


@pytest.mark.parametrize("media", ["text/plain\r\nX: 1", "t\u00e4xt/plain", "a\0"])
def test_media_types_that_would_break_a_head_are_refused(media: str) -> None:
    with pytest.raises(UsageError, match="no media type"):
        form(source=b"", media_type=media)


def test_names_that_are_no_unicode_are_refused() -> None:
    with pytest.raises(UsageError, match="give file_name"):
        form(source=b"", file_name="a\udce4")


def test_fields_that_are_none_are_not_sent() -> None:
    found = form({"link": "s3://b", "metadata": None})
    assert (found.fields, found.source, found.part, found.size) == (
        (("link", "s3://b"),),
        None,
        None,
        0,
    )
    assert found.is_form
    assert not whole_body(b"x").is_form


def test_values_are_equal_hash_and_pickle(path: Path) -> None:
    for upload in (form(source=path), form(source=b"abc"), whole_body(path), form({"a": "b"})):
        request = request_of(upload)
        assert pickle.loads(pickle.dumps(request)) == request
        assert hash(request) == hash(request_of(upload))
        assert request.body is None


def test_fingerprints_follow_names_size_and_content(path: Path) -> None:
    first = request_of(form(source=path)).fingerprint
    assert first == request_of(form(source=path)).fingerprint
    others = [
        form(source=path, file_name="b.json"),
        form(source=path, media_type="text/plain"),
        form({"a": "b"}, source=path),
        form(source=path, part="other"),
        form(source=b'{"a": 1}', file_name="curve.json"),
        form(source=b'{"a": 2}', file_name="curve.json"),
        whole_body(path),
    ]
    prints = {first, *(request_of(upload).fingerprint for upload in others)}
    assert len(prints) == len(others) + 1
    path.write_bytes(b"longer content")
    assert request_of(form(source=path)).fingerprint not in prints


def test_a_repr_shows_no_content() -> None:
    upload = form(source=b"content-" + SECRET.encode(), file_name="a\nb.bin")
    for shown in (repr(upload), repr(request_of(upload))):
        assert SECRET not in shown
        assert "content-" not in shown
        assert "\n" not in shown
        assert f"{len(SECRET) + 8} bytes" in shown


@pytest.mark.parametrize(
    ("fields", "part"),
    [({"tags": "\ud800"}, "file"), ((("tags", "\ud800"), ("tags", "ok")), "file"), ({}, "\udfff")],
)
def test_text_without_a_utf8_form_is_refused(
    fields: dict[str, str | None] | tuple[tuple[str, str], ...], part: str
) -> None:
    """It would go out as a question mark."""
    with pytest.raises(UsageError, match=r"is no Unicode text; give valid Unicode"):
        form(fields, part=part, source=b"x")
