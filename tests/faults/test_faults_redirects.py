"""Redirects: what follows one, and where none leads (rows F1 to F4, F7, F8)."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import trustme

from comet_async import Session, comet
from comet_async.errors import CometAsyncError, ConnectError, RedirectError
from comet_async.server import LocalServer, SyntheticSpec, refused_port
from tests.faults.support_client import KEY, QUICK, append, asset, here
from tests.faults.support_network import (
    certificate,
    tripwire,
)
from tests.faults.support_redirects import CONTENT, refused, to
from tests.support.raw_server import answer, raw_server

NEUTRAL = {"host", "accept", "accept-encoding", "user-agent"}


async def test_f1_asset_in_object_storage_arrives_without_credentials(tmp_path: Path) -> None:
    spec = SyntheticSpec(experiments=1, workspaces=1, assets=1, asset_bytes=5000)
    async with (
        LocalServer(synthetic=spec, storage=True) as server,
        Session(here(server.url), retry=QUICK) as session,
    ):
        key = await first_experiment(session)
        listed = await session.send(comet.get_experiment_asset_list(key))
        asset_id = listed.assets[0].asset_id or ""
        request = comet.get_experiment_asset(asset_id, experiment_key=key, allow301=True)
        found = await session.download(request, tmp_path / "file")
        held = await session.send(request)
    assert found.size == 5000 == len(held.data)
    assert (tmp_path / "file").read_bytes() == held.data
    stored = [record for record in server.log if record.listener == "storage"]
    assert len(stored) == 2
    for record in stored:
        assert {name.lower() for name, _ in record.headers} <= NEUTRAL
        assert KEY not in repr(record.headers)


async def test_f1_storage_that_refuses_is_no_restart_of_the_service() -> None:
    """A service that has answered is waited for when it restarts; a storage host is not."""
    with refused_port() as port:
        async with (
            raw_server(to(f"http://127.0.0.1:{port}/")) as first,
            Session(here(first.url), retry=QUICK) as session,
        ):
            with pytest.raises(ConnectError) as caught:
                await session.send(asset())
    assert len(caught.value.attempts) == 3
    assert len(first.heard) == 3


async def first_experiment(session: Session) -> str:
    workspaces = await session.send(comet.get_workspaces())
    projects = await session.send(comet.get_projects(workspaces.workspace_names[0]))
    project = projects.projects[0]
    found = await session.send(comet.get_experiments(project_id=project.project_id))
    return found.experiments[0].experiment_key or ""


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_f2_no_secret_crosses_to_another_origin(status: int) -> None:
    async with raw_server(answer(CONTENT)) as other, raw_server(to(other.url, status)) as first:
        plain = here(first.url)
        service = msgspec.structs.replace(
            plain,
            auth_header="X-Domino-Api-Key",
            headers=(
                ("Authorization", f"Bearer {KEY}"),
                ("Cookie", f"session={KEY}"),
                ("Proxy-Authorization", KEY),
                ("X-Gateway-Token", KEY),
                ("Comet-Sdk-Api", KEY),
            ),
        )
        async with Session(service, retry=QUICK) as session:
            found = await session.send(asset())
    assert found.data == CONTENT
    assert first.heard[0].headers["x-domino-api-key"] == KEY
    assert first.heard[0].headers["x-gateway-token"] == KEY
    assert set(other.heard[0].headers) == NEUTRAL
    assert KEY.encode() not in other.heard[0].head


async def test_f2_secrets_do_not_come_back_after_a_detour() -> None:
    """A chain home by way of another origin carries no key: the other one wrote its target."""
    async with raw_server() as other, raw_server() as first:
        other.actions = [to(f"{first.url}/second")]
        first.actions = [to(other.url), answer(CONTENT)]
        async with Session(here(first.url), retry=QUICK) as session:
            found = await session.send(asset())
    assert found.data == CONTENT
    assert "authorization" in first.heard[0].headers
    assert "authorization" not in first.heard[1].headers


async def test_f2_key_stays_within_one_origin() -> None:
    async with raw_server() as server:
        server.actions = [to("/moved"), answer(CONTENT)]
        async with Session(here(server.url), retry=QUICK) as session:
            found = await session.send(asset())
    assert found.data == CONTENT
    assert server.heard[1].line == "GET /moved HTTP/1.1"
    assert server.heard[1].headers["authorization"] == KEY


async def test_f3_downgrade_to_plain_http_is_refused(
    ca: trustme.CA, bundle: str, tmp_path: Path
) -> None:
    async with tripwire() as other, LocalServer(ssl_context=certificate(ca)) as server:
        server.faults.add("redirect", other.url)
        async with Session(here(server.url, tls=bundle), retry=QUICK) as session:
            await refused(session, tmp_path, "from https to plain http refused")
    assert other.connections == 0
    assert server.log.total == 2


async def test_f3_downgrade_behind_a_second_https_hop_is_refused(
    ca: trustme.CA, bundle: str, tmp_path: Path
) -> None:
    async with tripwire() as other, raw_server(to(other.url), tls=certificate(ca)) as second:
        hop = to(f"https://127.0.0.1:{second.port}/")
        async with raw_server(hop, tls=certificate(ca)) as first:
            url = f"https://127.0.0.1:{first.port}"
            async with Session(here(url, tls=bundle), retry=QUICK) as session:
                await refused(session, tmp_path, "from https to plain http refused")
    assert other.connections == 0
    assert len(second.heard) == 2


async def test_f4_loop_ends_after_six_requests(tmp_path: Path) -> None:
    async with LocalServer() as server:
        server.faults.add("redirect", "loop")
        async with Session(here(server.url), retry=QUICK) as session:
            with pytest.raises(RedirectError, match="more than 5 redirects"):
                await session.send(asset())
            assert server.log.total == 6
            with pytest.raises(RedirectError, match="more than 5 redirects"):
                await session.download(asset(), tmp_path / "file")
    assert server.log.total == 12
    assert session.counters.requests == 12


@pytest.mark.parametrize(("hops", "arrives"), [(5, True), (6, False)])
async def test_f4_five_hops_are_followed_and_six_are_not(hops: int, arrives: bool) -> None:
    async with raw_server() as server:
        server.actions = [to(f"/{n}") for n in range(hops)] + [answer(CONTENT)]
        async with Session(here(server.url), retry=QUICK) as session:
            if arrives:
                assert (await session.send(asset())).data == CONTENT
            else:
                with pytest.raises(RedirectError):
                    await session.send(asset())
    assert len(server.heard) == 6


@pytest.mark.parametrize(
    ("target", "match"),
    [
        ("file", "unusable target"),
        ("none", "without a Location"),
        ("ftp://files.test/x", "unusable target"),
        ("javascript:alert(1)", "unusable target"),
        ("http://[::1", "unusable redirect target"),
        ("http://host:99999/", "unusable redirect target"),
        ("http://host/with space", "white space or control"),
    ],
)
async def test_f7_unusable_target_is_a_typed_error(target: str, match: str, tmp_path: Path) -> None:
    async with LocalServer() as server:
        server.faults.add("redirect", target)
        async with Session(here(server.url), retry=QUICK) as session:
            await refused(session, tmp_path, match)
    assert server.log.total == 2


async def test_f7_encoded_line_break_stays_encoded() -> None:
    async with raw_server() as server:
        server.actions = [to(f"{server.url}/%0d%0aX-Injected:%20yes"), answer(CONTENT)]
        async with Session(here(server.url), retry=QUICK) as session:
            assert (await session.send(asset())).data == CONTENT
    assert server.heard[1].line == "GET /%0d%0aX-Injected:%20yes HTTP/1.1"
    assert "x-injected" not in server.heard[1].headers


async def test_f7_user_and_password_in_a_target_make_no_authorization(tmp_path: Path) -> None:
    async with raw_server(answer(CONTENT)) as other, raw_server() as first:
        first.actions = [to(other.url.replace("//", "//user:password@"))]
        async with Session(here(first.url), retry=QUICK) as session:
            found = await session.send(asset())
            await session.download(asset(), tmp_path / "file")
    assert found.data == CONTENT
    for heard in other.heard:
        assert set(heard.headers) == NEUTRAL
        assert b"password" not in heard.head
        assert b"dXNlcjpwYXNzd29yZA" not in heard.head


async def test_f7_user_and_password_of_the_own_origin_do_not_replace_the_key() -> None:
    async with LocalServer() as server:
        server.faults.add("redirect", "userinfo", times=1)
        async with Session(here(server.url), retry=QUICK) as session:
            with pytest.raises(CometAsyncError):
                await session.send(asset())
    assert server.log[1].header("Authorization") == KEY


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_f8_write_is_not_carried_to_another_origin(status: int) -> None:
    async with (
        tripwire() as other,
        raw_server(to(other.url, status)) as first,
        Session(here(first.url), retry=QUICK) as session,
    ):
        with pytest.raises(CometAsyncError) as caught:
            await session.send(append())
    assert "refused" in str(caught.value)
    assert len(caught.value.attempts) == 1
    assert other.connections == 0
    assert len(first.heard) == 1


@pytest.mark.parametrize("status", [307, 308])
async def test_f8_read_by_post_is_not_carried_to_another_origin(status: int) -> None:
    request = comet.get_multi_metric_chart(["e1"], metrics=["loss"])
    async with (
        tripwire() as other,
        raw_server(to(other.url, status)) as first,
        Session(here(first.url), retry=QUICK) as session,
    ):
        with pytest.raises(RedirectError, match="redirect of a POST"):
            await session.send(request)
    assert other.connections == 0


async def test_f8_post_is_carried_within_its_origin() -> None:
    async with raw_server() as server:
        server.actions = [to("/moved", 308), answer(b"")]
        async with Session(here(server.url), retry=QUICK) as session:
            await session.send(append())
    assert [heard.line.split(" ")[0] for heard in server.heard] == ["POST", "POST"]
    assert server.heard[1].body == append().body
