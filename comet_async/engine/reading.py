"""From an HTTP answer to the request's value, or to the error that says what came instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar, cast

from comet_async.engine.decode import decode
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
from comet_async.redaction import mask, shortened
from comet_async.request import Blob, Effect, Request
from comet_async.service import ServerMessage, Service

__all__ = ["blob_refusal", "finished", "read_answer", "refusal"]

T = TypeVar("T")

_BOM = b"\xef\xbb\xbf"
_HEAD = 2048
_MESSAGE = 300
_NO_CONTENT = 204


def read_answer(request: Request[T], service: Service, answer: HttpAnswer) -> T:
    """Return the value of a 2xx answer.

    Raises:
        StatusError: The status says no.
        ResponseError: The answer is no data, or not of the promised type.
        ProtocolError: The status is none that an API gives.
    """
    if not 200 <= answer.status < 300:  # noqa: PLR2004 HTTP's success class
        raise refusal(service, answer)
    kind: object = request.answer
    if kind is Blob:
        found = blob_refusal(service, answer)
        if found is not None:
            raise found
        return cast("T", _blob(answer))
    if kind is type(None):
        return cast("T", _acknowledged(service, answer))
    if not answer.body or answer.body.isspace():
        raise EmptyAnswer("the body is empty where data was promised", status=answer.status)
    message = service.read_message(answer.body)
    said = None if message is None else _said(message, answer)
    # What a write says beside its data is a message as well.
    if said is not None and (message is None or message.failed or request.effect is Effect.READ):
        raise said
    if _is_page(answer.body):
        raise _not_json(answer)
    if kind is bytes:
        return cast("T", answer.body)
    try:
        return decode(answer.body, request.answer)
    except DecodeError as error:
        raise (error if said is None else said) from None


def _acknowledged(service: Service, answer: HttpAnswer) -> None:
    """See that a body that is not wanted does not say that nothing was done.

    Raises:
        MessageInsteadOfData: It does.
        NotJson: It is a page, as of a login.
    """
    message = service.read_message(answer.body)
    if message is not None and message.failed:
        raise _said(message, answer)
    if _is_page(answer.body):
        raise _not_json(answer)


def refusal(service: Service, answer: HttpAnswer) -> CometAsyncError:
    """Return the error for a status that is no success."""
    status = answer.status
    if status < 400:  # noqa: PLR2004 HTTP's error classes
        return ProtocolError(f"unexpected status {status}", status=status)
    message = (service.read_refusal or service.read_message)(answer.body)
    if message is None:
        return status_error(status)(_plain(answer), status=status)
    return status_error(status)(
        message.text, status=status, code=message.code, request_id=message.request_id
    )


def blob_refusal(service: Service, answer: HttpAnswer) -> CometAsyncError | None:
    """Return the error for a body that is something else in place of octets, None for octets.

    `answer.body` may be only the beginning. JSON counts as octets unless it is the service's
    message object; a web page counts as octets unless it asks for a login.
    """
    if answer.status == _NO_CONTENT:
        return EmptyAnswer("204: there is nothing to send", status=answer.status)
    message = service.read_message(answer.body)
    if message is not None:
        return _said(message, answer)
    media = _media(answer.headers)
    head = answer.body[:4096].lower()
    if media == "text/html" and b"<form" in head and b"password" in head:
        return _not_json(answer)
    return None


def _blob(answer: HttpAnswer) -> Blob:
    return Blob(answer.body, answer.headers.get("content-type"), answer.headers.get("etag"))


def _said(message: ServerMessage, answer: HttpAnswer) -> MessageInsteadOfData:
    return MessageInsteadOfData(message.text, status=answer.status, code=message.code)


def _not_json(answer: HttpAnswer) -> NotJson:
    media = _media(answer.headers) or "no type"
    return NotJson(f"not JSON but a page ({shortened(media, 40)})", status=answer.status)


def _media(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def _is_page(body: bytes) -> bool:
    return body[:64].removeprefix(_BOM).lstrip().startswith(b"<")


def _plain(answer: HttpAnswer) -> str:
    if _is_page(answer.body):
        return "an HTML page, probably of a gateway"
    return answer.body[:_MESSAGE].decode("utf-8", "replace") or "no message"


def finished(
    error: CometAsyncError, request: Request[object], body: bytes, secrets: Iterable[str]
) -> CometAsyncError:
    """Complete an error with its request and the body's head, masking secrets in every text."""
    known = tuple(secrets)
    error.request = request
    error.message = mask(error.message, known)
    error.args = (error.message,)
    if error.request_id is not None:
        error.request_id = shortened(mask(error.request_id, known))
    head = mask(body[: 2 * _HEAD].decode("utf-8", "replace"), known)
    error.body_head = head.encode()[:_HEAD]
    return error
