"""From an answer to a value or an error, without a session (rows B10 to B14)."""

from __future__ import annotations

from typing import Any, TypeVar

import pytest

from comet_async.engine.reading import blob_refusal, finished, read_answer, refusal
from comet_async.engine.transport import HttpAnswer
from comet_async.errors import (
    CometAsyncError,
    DecodeError,
    EmptyAnswer,
    MessageInsteadOfData,
    NotJson,
    ProtocolError,
    status_error,
)
from comet_async.request import Blob, Effect, Request, build
from tests.support.doubles import KEY, comet_like, get

T = TypeVar("T")
SERVICE = comet_like()
LOGIN = b'<!DOCTYPE html><form action="/x"><input type="Password"></form>'
HTML = "text/html; charset=utf-8"


def answer(body: bytes = b"", status: int = 200, **headers: str) -> HttpAnswer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpAnswer(status=status, headers=named, body=body)


def asked(kind: type[T]) -> Request[T]:
    return build("comet", "GET", "/x", kind, Effect.READ)


def test_values_by_the_type_that_was_asked_for() -> None:
    assert read_answer(asked(list[int]), SERVICE, answer(b"[1]")) == [1]
    assert read_answer(asked(bytes), SERVICE, answer(b"[1]")) == b"[1]"
    assert read_answer(asked(type(None)), SERVICE, answer(b"whatever")) is None
    assert read_answer(asked(Blob), SERVICE, answer(b"\0", etag='"t"')) == Blob(b"\0", None, '"t"')


def test_json_of_any_media_type_is_accepted() -> None:
    body = answer(b"[1]", content_type="application/octet-stream")
    assert read_answer(asked(list[int]), SERVICE, body) == [1]


def test_a_message_object_is_no_data_except_where_nothing_is_asked() -> None:
    said = answer(b'{"msg": "not found", "code": 404}')
    for kind in (dict, bytes, Blob):
        with pytest.raises(MessageInsteadOfData, match="not found") as caught:
            read_answer(asked(kind), SERVICE, said)
        assert (caught.value.status, caught.value.code) == (200, 404)
    done = answer(b'{"msg": "saved", "code": 200}')
    assert read_answer(asked(type(None)), SERVICE, done) is None


def test_a_refusal_in_an_acknowledgement_is_no_success() -> None:
    with pytest.raises(MessageInsteadOfData, match="not found"):
        read_answer(asked(type(None)), SERVICE, answer(b'{"msg": "not found", "code": 404}'))
    with pytest.raises(NotJson):
        read_answer(asked(type(None)), SERVICE, answer(b"<html>log in</html>"))


def written(kind: type[Any]) -> Request[Any]:
    return build("comet", "POST", "/write", kind, Effect.APPEND, json={})


def test_what_a_write_says_beside_its_data_does_not_hide_them() -> None:
    saved = answer(b'{"msg": "saved", "code": 200, "id": "a"}')
    assert read_answer(written(dict[str, object]), SERVICE, saved)["id"] == "a"
    with pytest.raises(MessageInsteadOfData, match="saved"):
        read_answer(written(list[int]), SERVICE, saved)
    with pytest.raises(MessageInsteadOfData, match="no"):
        read_answer(written(dict[str, object]), SERVICE, answer(b'{"msg": "no", "code": 400}'))


@pytest.mark.parametrize("body", [b"", b"  \r\n"])
def test_an_empty_body_is_no_data(body: bytes) -> None:
    with pytest.raises(EmptyAnswer):
        read_answer(asked(bytes), SERVICE, answer(body))


def test_an_empty_blob_is_an_empty_file_unless_204() -> None:
    assert read_answer(asked(Blob), SERVICE, answer()).data == b""
    with pytest.raises(EmptyAnswer, match="204"):
        read_answer(asked(Blob), SERVICE, answer(status=204))


@pytest.mark.parametrize("body", [b"<html>", b" \n<!doctype html>", b"<?xml?>"])
def test_a_page_is_not_json(body: bytes) -> None:
    with pytest.raises(NotJson, match=r"a page \(text/html\)"):
        read_answer(asked(list[int]), SERVICE, answer(body, content_type=HTML))
    with pytest.raises(NotJson, match=r"a page \(no type\)"):
        read_answer(asked(bytes), SERVICE, answer(body))


def test_other_text_is_a_decode_error() -> None:
    with pytest.raises(DecodeError):
        read_answer(asked(list[int]), SERVICE, answer(b"OK"))


@pytest.mark.parametrize("status", [100, 199, 301, 304, 399])
def test_statuses_that_no_api_gives(status: int) -> None:
    error = refusal(SERVICE, answer(status=status))
    assert type(error) is ProtocolError
    assert error.status == status


@pytest.mark.parametrize("status", range(400, 600, 7))
def test_refusals_by_status(status: int) -> None:
    error = refusal(SERVICE, answer(b'{"msg": "because", "code": 5}', status))
    assert type(error) is status_error(status)
    assert (error.message, error.status, error.code) == ("because", status, 5)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"plain words", "plain words"),
        (b"", "no message"),
        (b"<html>502</html>", "an HTML page, probably of a gateway"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"x" * 1000, "x" * 300),
    ],
)
def test_refusals_without_a_message_object(body: bytes, text: str) -> None:
    assert refusal(SERVICE, answer(body, 502)).message == text


def test_a_login_page_is_no_file_but_another_page_is() -> None:
    refused = blob_refusal(SERVICE, answer(LOGIN, content_type=HTML))
    assert isinstance(refused, NotJson)
    assert blob_refusal(SERVICE, answer(b"<html>report</html>", content_type=HTML)) is None
    assert blob_refusal(SERVICE, answer(b"<form>no secret</form>", content_type=HTML)) is None
    assert blob_refusal(SERVICE, answer(LOGIN, content_type="application/octet-stream")) is None
    assert blob_refusal(SERVICE, answer(b'{"any": "json"}')) is None


def test_an_error_is_finished_with_its_request_and_no_key() -> None:
    request = get()
    body = f"begin {KEY} end ".encode() * 500
    error = finished(CometAsyncError(f"said {KEY}"), request, body, [KEY])
    assert error.request is request
    assert error.message == "said ***"
    assert error.args == ("said ***",)
    assert len(error.body_head) <= 2048
    assert error.body_head.startswith(b"begin *** end begin")
    assert KEY[:10].encode() not in error.body_head


@pytest.mark.parametrize("cut", range(2040, 2060))
def test_a_key_at_the_cut_of_the_body_head_is_not_shown_in_part(cut: int) -> None:
    body = b"." * cut + KEY.encode() + b"." * 3000
    error = finished(CometAsyncError("x"), get(), body, [KEY])
    assert KEY[:6].encode() not in error.body_head


def test_a_key_at_the_cut_of_a_long_masked_body_is_not_shown_in_part() -> None:
    """Masking shortens the text, so what was read beyond the head moves into it."""
    url = b"https://storage.test/x?" + b"a" * 3000 + b" "
    for cut in range(1050, 1100):
        body = url + b"." * (cut - 23) + KEY.encode() + b"." * 3000
        error = finished(CometAsyncError("x"), get(), body, [KEY])
        assert KEY[:6].encode() not in error.body_head


def test_a_key_at_the_cut_of_a_plain_message_is_not_shown_in_part() -> None:
    for cut in range(270, 300):
        body = b"." * cut + KEY.encode() + b"." * 100
        error = finished(refusal(SERVICE, answer(body, 500)), get(), body, [KEY])
        assert KEY[:6] not in error.message
