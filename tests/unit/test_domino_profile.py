"""The Domino profile: where host and key come from, and how errors are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from comet_async import Secret, Session, domino
from comet_async.errors import (
    AuthenticationError,
    BadRequestError,
    ConflictError,
    NotFoundError,
    ServerError,
    StatusError,
    UsageError,
)
from comet_async.service import Service
from tests.conftest import MockedClient

KEY = "kZ7qPlanted0Key9forTests1"
TOKEN = "tOk3nPlantedForTestsToo22"
HOST = "https://domino.example.com"


def carried(service: Service) -> tuple[str, str] | None:
    """Return the header that carries the key."""
    if service.credentials is None:
        return None
    secret = service.credentials()
    assert isinstance(secret, Secret)
    return service.auth_header, service.auth_prefix + secret.reveal()


@pytest.mark.parametrize(
    ("given", "root"),
    [
        (HOST, HOST),
        (f"{HOST}/u/me/project?x=1#y", HOST),
        ("domino.example.com", HOST),
        ("domino.example.com:8443/", f"{HOST}:8443"),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000"),
    ],
)
def test_only_scheme_host_and_port_of_the_host_count(given: str, root: str) -> None:
    assert domino.host_url(given) == root
    assert domino.service(KEY, host=given, environ={}).base_url == root


@pytest.mark.parametrize("given", ["https://user:pw@host", "ftp://host", "http://[::1", "https://"])
def test_unusable_hosts_are_refused(given: str) -> None:
    with pytest.raises(UsageError):
        domino.service(KEY, host=given, environ={})


PROXY = {"DOMINO_API_PROXY": "http://localhost:8899/"}
KEYED = {"DOMINO_API_HOST": HOST, "DOMINO_USER_API_KEY": KEY}


@pytest.mark.parametrize(
    ("environ", "root", "header"),
    [
        (KEYED, HOST, ("X-Domino-Api-Key", KEY)),
        ({"DOMINO_USER_HOST": HOST, "DOMINO_USER_API_KEY": f" {KEY}\n"}, HOST, KEYED),
        ({**KEYED, "DOMINO_USER_HOST": "https://other"}, HOST, KEYED),
        ({**KEYED, "DOMINO_TOKEN_FILE": "token"}, HOST, ("Authorization", f"Bearer {TOKEN}")),
        ({**KEYED, "DOMINO_TOKEN_FILE": "token", **PROXY}, "http://localhost:8899", None),
        ({**KEYED, "DOMINO_API_PROXY": "localhost:8899"}, "http://localhost:8899", None),
        ({**KEYED, "DOMINO_API_PROXY": " "}, HOST, KEYED),
    ],
)
def test_everything_from_the_environment(
    environ: dict[str, str], root: str, header: object, tmp_path: Path
) -> None:
    if "DOMINO_TOKEN_FILE" in environ:
        path = tmp_path / "token"
        path.write_text(f"{TOKEN}\nsomething else\n")
        environ = {**environ, "DOMINO_TOKEN_FILE": str(path)}
    service = domino.service(environ=environ)
    assert service.base_url == root
    assert carried(service) == (("X-Domino-Api-Key", KEY) if header is KEYED else header)
    assert service.keep_connections == ("localhost" not in root)


@pytest.mark.parametrize("say", ["false", "f", "n", "no"])
def test_certificates_are_checked_whatever_the_environment_says(say: str) -> None:
    service = domino.service(environ={**KEYED, "DOMINO_VERIFY_CERTIFICATE": say})
    assert service.tls is None


def test_arguments_win_over_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(TOKEN)
    bearer = ("Authorization", f"Bearer {TOKEN}")
    environ = {**KEYED, **PROXY}
    assert carried(domino.service(KEY, environ=environ)) == ("X-Domino-Api-Key", KEY)
    assert carried(domino.service(token=TOKEN, environ=environ)) == bearer
    assert carried(domino.service(token_file=path, environ=environ)) == bearer
    assert domino.service(KEY, host="https://mine", environ=environ).base_url == "https://mine"
    named = domino.service(api_proxy="127.0.0.1:1", environ=KEYED)
    assert (named.base_url, named.credentials) == ("http://127.0.0.1:1", None)


def test_too_many_or_no_keys_and_no_host_are_told() -> None:
    with pytest.raises(UsageError, match="at most one of key, token"):
        domino.service(KEY, token=TOKEN, host=HOST)
    with pytest.raises(UsageError, match="set DOMINO_USER_API_KEY"):
        domino.service(host=HOST, environ={})
    with pytest.raises(UsageError, match="set DOMINO_API_HOST"):
        domino.service(KEY, environ={})


@pytest.mark.parametrize(
    ("body", "text", "request_id"),
    [
        (b'{"requestId": "r1", "errors": ["no job", "no project"]}', "no job; no project", "r1"),
        (b'{"message": "malformed"}', "malformed", None),
        (b'\xef\xbb\xbf{"error": "gone"}', "gone", None),
        (b'{"requestId": 5, "error": "gone"}', "gone", None),
        (b'{"errors": [1, "", "left"]}', "left", None),
    ],
)
def test_the_three_shapes_of_errors(body: bytes, text: str, request_id: str | None) -> None:
    found = domino.read_failure(body)
    assert found is not None
    assert (found.text, found.request_id) == (text, request_id)


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[1]", b"<html>", b'{"errors": []}', b'{"error": {}}', b"[" * 100_000]
)
def test_anything_else_is_no_failure(body: bytes) -> None:
    assert domino.read_failure(body) is None


@pytest.mark.parametrize(
    ("status", "body", "kind", "says", "request_id"),
    [
        (400, '{"requestId": "r1", "errors": ["bad limit"]}', BadRequestError, "bad limit", "r1"),
        (400, '{"message": "no JSON"}', BadRequestError, "no JSON", "h1"),
        (401, "", AuthenticationError, "no message", "h1"),
        (404, '{"error": "no such job"}', NotFoundError, "no such job", "h1"),
        (409, '{"error": "expired"}', ConflictError, "temporary credential has expired", "h1"),
        (501, "<html>Oops</html>", ServerError, "an HTML page", "h1"),
    ],
)
async def test_errors_carry_the_sentence_and_the_request_id(
    status: int,
    body: str,
    kind: type[StatusError],
    says: str,
    request_id: str,
    *,
    mocked_http: MockedClient,
) -> None:
    url = f"{HOST}/api/jobs/beta/jobs/j1"
    headers = {} if request_id == "r1" else {"X-Request-Id": request_id}
    mocked_http.add(url, status=status, body=body, headers=headers)
    async with Session(domino.service(KEY, host=HOST, environ={})) as session:
        with pytest.raises(kind, match=says) as caught:
            await session.send(domino.get_job_details("j1"))
    assert caught.value.request_id == request_id
    assert caught.value.status == status


async def test_operations_that_went_away_explain_themselves(mocked_http: MockedClient) -> None:
    request = domino.get_compute_tiers()
    mocked_http.add(f"{HOST}/api/admin/v1/computeTiers", status=404, body="")
    async with Session(domino.service(KEY, host=HOST, environ={})) as session:
        with pytest.raises(NotFoundError, match=r"6\.3\.0 and later no longer have"):
            await session.send(request)
