"""Keys, proxy passwords and signed queries: seen by nobody (rows L1 to L3)."""

from __future__ import annotations

import asyncio
import base64
import copy
import logging
import math
import pickle
from collections.abc import AsyncIterator, Awaitable, Iterator
from pathlib import Path
from urllib.parse import quote_plus

import anyio
import msgspec
import pytest
import trustme

from comet_async import Request, Secret, Service, Session, StaticKey, comet, log_events
from comet_async.errors import CometAsyncError
from comet_async.server import FAULT_NAMES, LocalServer, SyntheticSpec, refused_port
from tests.faults.support_client import HOLDERS, KEY, SERVICES, append, here
from tests.faults.support_error_paths import (
    ARGUMENTS,
    BRIEF,
    ECHOES,
    FEW,
    MAX_BODY,
    OPERATIONS,
    Target,
    echo,
    signed,
    target,
)
from tests.faults.support_network import certificate, proxy_server
from tests.faults.support_secrets import Canary, Shown, watched
from tests.support.raw_server import answer, raw_server, reset, stall

SPEC = SyntheticSpec(experiments=1, workspaces=1, metrics=1, points=5, assets=1)
SIGNATURE = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
PASSWORD = "r3ally-Secret-Pa55word"


@pytest.fixture
def shown(request: pytest.FixtureRequest) -> Iterator[Shown]:
    """Everything that anybody says of anything; the number of errors goes into the report."""
    login = f"user:{PASSWORD}"
    with watched(Canary(KEY, SIGNATURE, PASSWORD, login)) as found:
        yield found
    request.node.user_properties.append(("error_paths", found.paths))


@pytest.fixture
async def debugging() -> AsyncIterator[None]:
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    yield
    loop.set_debug(False)


def client(
    url: str, shown: Shown, how: str = "comet", *, proxy: str | None = None, tls: str | None = None
) -> Session:
    service = SERVICES[how](url, proxy=proxy, tls=tls)
    session = Session(
        service,
        retry=FEW,
        timeouts=BRIEF,
        max_body_bytes=MAX_BODY,
        observer=[log_events, shown.note],
    )
    shown.note(service, session, session.counters)
    return session


def goal_of(how: str) -> Target:
    """Return what to ask a service for that nothing is known of."""
    return Target(service=how.partition("_")[0])


async def judged(
    session: Session, goal: Target, folder: Path, shown: Shown, *, files: bool = True
) -> list[BaseException]:
    """Run every operation, see that nothing secret showed, and return the errors."""
    errors: list[BaseException] = []
    for operation in OPERATIONS.values():
        found = await operation(session, goal, folder, shown)
        shown.note(session)
        assert shown.hits(*found, folder=folder if files else None) == []
        errors += found
    return errors


@pytest.mark.parametrize("how", SERVICES)
@pytest.mark.parametrize("fault", sorted(FAULT_NAMES))
async def test_l1_l2_every_fault_hides_the_key(
    fault: str, how: str, shown: Shown, tmp_path: Path
) -> None:
    async with (
        LocalServer(synthetic=SPEC, header_timeout=2.0) as server,
        client(server.url, shown, how) as session,
    ):
        goal = await target(session)
        server.faults.add(fault, ARGUMENTS.get(fault))
        errors = await judged(session, goal, tmp_path, shown)
    assert all(isinstance(error, CometAsyncError) for error in errors)
    assert all(record.header(HOLDERS[how][0]) == HOLDERS[how][1] for record in server.log)


@pytest.mark.parametrize("how", SERVICES)
@pytest.mark.parametrize("saying", ECHOES)
async def test_l1_l2_server_that_repeats_the_key_is_masked(
    saying: str, how: str, shown: Shown, tmp_path: Path
) -> None:
    async with raw_server(echo(saying)) as server, client(server.url, shown, how) as session:
        await judged(session, goal_of(how), tmp_path, shown, files=False)
    assert server.heard


@pytest.mark.parametrize("how", SERVICES)
@pytest.mark.parametrize(
    "fault", ["reset", "stall_headers", "stall_body", "cut", "403", "500", "loop", "refused"]
)
async def test_l3_signed_query_of_a_redirect_is_hidden(
    fault: str, how: str, shown: Shown, tmp_path: Path
) -> None:
    actions = {
        "reset": reset,
        "stall_headers": stall(b"HTTP/1.1 200 OK\r\n"),
        "stall_body": stall(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\nabc"),
        "cut": answer(b"abc", length=9000, close=True),
        "403": answer(b"<Error>denied</Error>", status="403 Forbidden"),
        "500": answer(b"", status="500 Oops"),
    }
    async with raw_server() as storage, raw_server() as first:
        with refused_port() as port:
            away = f"http://127.0.0.1:{port}"
            first.actions = [signed(away if fault == "refused" else storage.url, SIGNATURE)]
            storage.actions = [actions.get(fault) or signed(storage.url, SIGNATURE)]
            async with client(first.url, shown, how) as session:
                errors = await judged(session, goal_of(how), tmp_path, shown)
    assert errors


@pytest.mark.parametrize("how", SERVICES)
@pytest.mark.parametrize(
    "target_url",
    [
        "http://169.254.169.254/x?sig={0}",
        "http://127.0.0.1:99999/x?sig={0}",
        "http://[::1/x?sig={0}",
        "file:///x?sig={0}",
        "http://user:{0}@[::1/x?sig={0}",
        "http://127.0.0.1/white space?sig={0}",
        "ftp://user:{0}@127.0.0.1/?a={0}",
    ],
)
async def test_l3_signed_query_of_a_refused_redirect_is_hidden(
    target_url: str, how: str, shown: Shown, tmp_path: Path
) -> None:
    location = ("Location", target_url.format(SIGNATURE))
    del target_url
    async with raw_server(answer(status="302 Found", headers=[location])) as first:
        del location
        async with client(first.url.replace("127.0.0.1", "localhost"), shown, how) as session:
            errors = await judged(session, goal_of(how), tmp_path, shown)
    assert errors


async def failure(work: Awaitable[object], seconds: float | None = None) -> Exception:
    """Return what ends some work, or the TimeoutError of a deadline around it."""
    try:
        with anyio.fail_after(seconds):
            await work
    except Exception as error:  # noqa: BLE001 it is judged, whatever it is
        return error
    raise AssertionError("it succeeded")


@pytest.mark.usefixtures("debugging")
@pytest.mark.parametrize("how", SERVICES)
@pytest.mark.parametrize(
    ("fault", "argument"),
    [
        ("stall_headers", 60),
        ("stall_body", 60),
        ("drip_headers", 20),
        ("drip_body", 20),
        ("slow_start", 60),
        ("status", 503),
    ],
)
async def test_l2_deadline_during_a_fault_hides_the_key(
    fault: str, argument: float, how: str, shown: Shown, tmp_path: Path
) -> None:
    async with LocalServer(synthetic=SPEC) as server:
        service = SERVICES[how](server.url)
        async with Session(service, observer=[log_events, shown.note], draw=lambda: 1.0) as session:
            goal = await target(session)
            server.faults.add(fault, argument)
            for operation in OPERATIONS.values():
                error = await failure(operation(session, goal, tmp_path, shown), 0.05)
                assert isinstance(error, TimeoutError)
                assert shown.hits(error, folder=tmp_path) == []


@pytest.mark.parametrize("how", SERVICES)
@pytest.mark.parametrize("fault", ["stall_headers", "stall_body"])
async def test_l3_deadline_at_the_storage_hides_the_signed_query(
    fault: str, how: str, shown: Shown, tmp_path: Path
) -> None:
    begun = b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\nabc"
    halt = stall(begun if fault == "stall_body" else b"")
    async with (
        raw_server(halt) as storage,
        raw_server(signed(storage.url, SIGNATURE)) as first,
        Session(SERVICES[how](first.url), observer=shown.note) as session,
    ):
        for operation in OPERATIONS.values():
            error = await failure(operation(session, goal_of(how), tmp_path, shown), 0.1)
            assert shown.hits(error, folder=tmp_path) == []


@pytest.mark.parametrize("how", SERVICES)
@pytest.mark.parametrize("place", ["body", "observer", "progress", "pairs", "reader", "hook"])
async def test_l2_bug_of_the_user_shows_no_key(
    place: str, how: str, shown: Shown, tmp_path: Path
) -> None:
    def bug(*_: object) -> None:
        raise ZeroDivisionError("a bug of the user's")

    def pairs() -> Iterator[tuple[int, Request[object]]]:
        yield 1, goal_of(how).json
        bug()

    async def use(service: Service) -> None:
        async with Session(service, observer=bug if place == "observer" else None) as session:
            if place == "progress":
                await session.download(goal_of(how).octets, tmp_path / "file", progress=bug)
            async with session.fan_out(pairs()) as outcomes:
                async for _ in outcomes:
                    if place == "body":
                        bug()

    async with raw_server(answer(b"{}")) as server:
        service = SERVICES[how](server.url)
        if place == "reader":
            service = msgspec.structs.replace(service, read_message=bug)
        if place == "hook":
            service = msgspec.structs.replace(service, credentials=bug)
        error = await failure(use(service))
    assert isinstance(error, (ZeroDivisionError, ExceptionGroup))
    assert shown.hits(error, folder=tmp_path) == []


@pytest.mark.parametrize("how", SERVICES)
async def test_l2_exception_groups_hide_the_key(how: str, shown: Shown) -> None:
    async def use(session: Session) -> None:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(4):
                tasks.create_task(session.send(goal_of(how).json))

    async with (
        raw_server(echo("bad_json-plain")) as server,
        client(server.url, shown, how) as session,
    ):
        error = await failure(use(session))
    assert isinstance(error, ExceptionGroup)
    assert shown.hits(error) == []


@pytest.mark.parametrize("how", SERVICES)
async def test_l2_bugs_of_several_workers_hide_the_key(how: str, shown: Shown) -> None:
    async def use(service: Service) -> None:
        async with (
            Session(service) as session,
            session.fan_out((n, goal_of(how).json) for n in range(4)) as outcomes,
        ):
            async for _ in outcomes:
                pass

    async with raw_server(echo("message_200-plain")) as server:
        error = await failure(
            use(msgspec.structs.replace(SERVICES[how](server.url), read_message=math.sqrt))
        )
    assert isinstance(error, (TypeError, ExceptionGroup))
    assert shown.hits(error) == []


@pytest.mark.parametrize("how", SERVICES)
@pytest.mark.parametrize("peer", ["untrusted", "expired", "other_name", "plain_http"])
async def test_l2_tls_errors_hide_the_key(
    ca: trustme.CA, peer: str, how: str, shown: Shown, tmp_path: Path
) -> None:
    context = certificate(
        ca, "other.test" if peer == "other_name" else "127.0.0.1", expired=peer == "expired"
    )
    with ca.cert_pem.tempfile() as bundle:
        async with raw_server(answer(b"{}"), tls=None if peer == "plain_http" else context) as far:
            url = f"https://127.0.0.1:{far.port}"
            tls = None if peer == "untrusted" else bundle
            async with client(url, shown, how, tls=tls) as session:
                errors = await judged(session, goal_of(how), tmp_path, shown)
    assert errors
    assert far.heard == []


@pytest.mark.parametrize("how", SERVICES)
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("mode", ["407", "dies", "resets", "garbage", "gone"])
async def test_l2_a9_proxy_errors_hide_password_and_key(
    mode: str, scheme: str, how: str, shown: Shown, tmp_path: Path
) -> None:
    async with proxy_server(mode) as proxy:
        with refused_port() as port:
            place = port if mode == "gone" else proxy.port
            session = client(
                f"{scheme}://127.0.0.1:9",
                shown,
                how,
                proxy=f"http://user:{PASSWORD}@127.0.0.1:{place}",
            )
            async with session:
                errors = await judged(session, goal_of(how), tmp_path, shown)
    assert errors


@pytest.mark.parametrize(
    "scheme",
    ["http://user:{0}@host:port", "socks5://user:{0}@host", "user:{0}@host", "http://[{0}"],
)
async def test_l2_a9_unusable_proxy_url_hides_its_password(scheme: str, shown: Shown) -> None:
    service = here("https://127.0.0.1:9", proxy=scheme.format(PASSWORD))
    with pytest.raises(CometAsyncError) as caught:
        async with Session(service):
            pass
    assert shown.hits(caught.value) == []


@pytest.mark.parametrize("how", SERVICES)
@pytest.mark.parametrize("fault", ["close_before", "stall_headers", "status", "redirect"])
async def test_l2_writes_that_fail_hide_the_key(fault: str, how: str, shown: Shown) -> None:
    write = msgspec.structs.replace(append(), service=goal_of(how).json.service)
    async with LocalServer() as server:
        server.faults.add(fault)
        async with client(server.url, shown, how) as session:
            with pytest.raises(CometAsyncError) as caught:
                await session.send(write)
    assert shown.hits(caught.value) == []


@pytest.mark.parametrize("how", SERVICES)
def test_l1_values_that_hold_the_key_hide_it(how: str, shown: Shown) -> None:
    secret = Secret(KEY)
    service = SERVICES[how]("https://service.test")
    shown.note(
        secret,
        StaticKey(secret),
        service,
        msgspec.structs.asdict(service),
        msgspec.structs.astuple(service),
        Session(service),
        f"{secret!s} {secret!r} {secret:>40}",
        [secret],
        {"key": secret},
        vars(StaticKey(secret)),
    )
    assert shown.hits() == []
    for value in (secret, StaticKey(secret), service):
        with pytest.raises(TypeError, match="not pickled") as caught:
            pickle.dumps(value)
        assert shown.hits(caught.value) == []
        with pytest.raises(TypeError, match="not pickled"):
            copy.deepcopy(value)
    with pytest.raises(TypeError) as encoding:
        msgspec.json.encode(secret)
    assert shown.hits(encoding.value) == []
    assert pickle.loads(pickle.dumps(append())) == append()


def planted(how: str) -> BaseException:
    """Return an error that shows the key in one way."""
    error = ValueError(KEY) if how == "message" else ValueError()
    half = KEY[12:] if how == "local" else ""
    held = {"deep": [Secret("x"), base64.b64encode(KEY.encode())]} if how == "container" else None
    service = Hider(quote_plus(KEY)) if how == "rich" else None
    try:
        if how == "context":
            try:
                raise ValueError(KEY)
            except ValueError:
                raise error from None
        raise error
    except ValueError as caught:
        return ExceptionGroup("of one", [caught]) if how == "message" else caught
    finally:
        assert how in {"message", "context"} or half or held or service


class Hider(msgspec.Struct):
    key: str

    def __repr__(self) -> str:
        return "<nothing to see>"


@pytest.mark.parametrize("how", ["message", "local", "container", "rich", "context"])
def test_l2_search_finds_what_is_planted(how: str, shown: Shown) -> None:
    assert shown.hits(planted(how)) != []


def test_l1_search_finds_what_is_planted_in_logs_and_files(shown: Shown, tmp_path: Path) -> None:
    logging.getLogger("aiohttp.client").debug("headers %s", {"Authorization": KEY})
    assert len(shown.hits()) == 1
    (tmp_path / KEY).write_bytes(base64.b64encode(KEY.encode()))
    assert len(shown.hits(folder=tmp_path)) == 2


async def test_l3_user_agent_and_request_line_hold_no_key() -> None:
    async with (
        raw_server(answer(b'{"workspaceNames": []}')) as server,
        Session(here(server.url)) as session,
    ):
        await session.send(comet.get_workspaces())
    lines = server.heard[0].head.decode().split("\r\n")
    holders = [line.partition(":")[0].lower() for line in lines if KEY in line]
    assert holders == ["authorization"]
