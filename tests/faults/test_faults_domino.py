"""The Domino profile over a socket: rotated tokens, the proxy of a run, redirects, its own CA."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from comet_async import Session, domino, log_events
from comet_async.errors import CometAsyncError, ConnectionLost, OutcomeUnknown, TlsError
from tests.faults.support_client import HOLDERS, KEY, QUICK, SERVICES
from tests.faults.support_network import certificate
from tests.faults.support_secrets import Canary, Shown, watched
from tests.support.raw_server import Action, Heard, answer, raw_server

OLD = "0ldTok3nOfTheRunVx8Qw2"
NEW = "n3wT0kenAfterRotation7Zp"
JOB = b'{"job": {"id": "j1"}, "metadata": {}}'
READ = domino.get_job_details("j1")


@pytest.fixture
def shown() -> Iterator[Shown]:
    with watched(Canary(KEY, OLD, NEW)) as found:
        yield found


@pytest.mark.parametrize("how", ["domino_key", "domino_token"])
async def test_the_key_is_in_one_header_alone(how: str) -> None:
    async with raw_server(answer(JOB)) as server, Session(SERVICES[how](server.url)) as session:
        await session.send(READ)
    name, value = HOLDERS[how]
    lines = server.heard[0].head.decode().split("\r\n")
    assert [line for line in lines if KEY in line] == [f"{name}: {value}"]


@pytest.mark.parametrize("how", ["domino_key", "domino_token"])
@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 T", "308 P"])
async def test_the_key_follows_no_redirect_to_another_origin(how: str, status: str) -> None:
    blob = domino.get_project_file_contents("p1", "c1", "a/b")
    async with raw_server(answer(b"octets")) as other, raw_server() as server:
        location = ("Location", f"{other.url}/elsewhere")
        server.actions = [answer(status=status, headers=[location])]
        async with Session(SERVICES[how](server.url)) as session:
            assert (await session.send(blob)).data == b"octets"
    assert KEY in server.heard[0].head.decode()
    assert "/a%2Fb/content " in server.heard[0].line
    assert KEY not in other.heard[0].head.decode()
    assert not {"authorization", "x-domino-api-key"} & set(other.heard[0].headers)


def refused(*tokens: str) -> Action:
    """Answer with every token, as a careless server might."""
    body = " and ".join(tokens).encode()
    return answer(b'{"requestId": "r-%s", "errors": ["%s"]}' % (body, body), status="403 No")


async def test_a_rotated_token_is_read_again_and_both_are_masked(
    shown: Shown, tmp_path: Path
) -> None:
    path = tmp_path / "token"
    path.write_text(f"{OLD}\nsecond line\n")
    async with raw_server(answer(JOB), refused(OLD, NEW)) as server:
        service = domino.service(token_file=path, host=server.url, environ={})
        async with Session(service, observer=[log_events, shown.note]) as session:
            await session.send(READ)
            path.write_text(f"{NEW}\nsecond line\n")
            with pytest.raises(CometAsyncError) as caught:
                await session.send(READ)
            shown.note(service, session, service.credentials)
    path.unlink()
    assert caught.value.request_id is not None
    assert shown.hits(caught.value, folder=tmp_path) == []
    sent = [heard.headers["authorization"] for heard in server.heard]
    assert sent == [f"Bearer {OLD}", f"Bearer {NEW}"]


async def test_a_token_that_rotates_between_attempts_goes_with_the_next(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(OLD)

    async def rotate(heard: Heard, writer: asyncio.StreamWriter) -> None:
        path.write_text(NEW + "\n")
        await answer(b"", status="503 Later")(heard, writer)

    async with raw_server(rotate, answer(JOB)) as server:
        service = domino.service(token_file=path, host=server.url, environ={})
        async with Session(service, retry=QUICK) as session:
            await session.send(READ)
    sent = [heard.headers["authorization"] for heard in server.heard]
    assert sent == [f"Bearer {OLD}", f"Bearer {NEW}"]


async def test_each_request_through_the_proxy_of_a_run_has_its_own_connection() -> None:
    async with raw_server(answer(JOB)) as server:
        service = domino.service(api_proxy=f"127.0.0.1:{server.port}", environ={})
        async with Session(service) as session:
            for _ in range(3):
                await session.send(READ)
    assert server.connections == 3
    for heard in server.heard:
        assert not {"authorization", "x-domino-api-key"} & set(heard.headers)


async def hang_up(heard: Heard, writer: asyncio.StreamWriter) -> None:
    """Close without an answer."""
    writer.close()


async def test_a_proxy_that_hangs_up_is_asked_again_for_reads_alone() -> None:
    start = domino.start_job(domino.NewJob(project_id="p1", run_command="x.py"))
    async with raw_server(hang_up, answer(JOB), hang_up) as server:
        service = domino.service(api_proxy=server.url, environ={})
        async with Session(service, retry=QUICK) as session:
            await session.send(READ)
            assert len(server.heard) == 2
            with pytest.raises((OutcomeUnknown, ConnectionLost)) as caught:
                await session.send(start)
    assert isinstance(caught.value, OutcomeUnknown)
    assert len(server.heard) == 3


async def test_an_own_ca_is_trusted_when_it_is_named(ca: trustme.CA, bundle: str) -> None:
    async with raw_server(answer(JOB), tls=certificate(ca, "127.0.0.1")) as server:
        host = f"https://127.0.0.1:{server.port}"
        environ = {"DOMINO_VERIFY_CERTIFICATE": "false"}
        async with Session(domino.service(KEY, host=host, tls=bundle, environ=environ)) as session:
            await session.send(READ)
        async with Session(domino.service(KEY, host=host, environ=environ), retry=QUICK) as session:
            with pytest.raises(TlsError):
                await session.send(READ)
    assert len(server.heard) == 1


async def test_a_page_of_a_gateway_in_place_of_data_is_no_answer() -> None:
    page = answer(b"<html>sign in</html>", headers=[("Content-Type", "text/html")])
    async with raw_server(page) as server:
        service = SERVICES["domino_key"](server.url)
        async with Session(service, retry=QUICK) as session:
            with pytest.raises(CometAsyncError, match="not JSON but a page"):
                await session.send(READ)
