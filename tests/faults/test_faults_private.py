"""Redirects and names that lead into a private network (rows F5, F6)."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from comet_async import Session
from comet_async.errors import CometAsyncError, RedirectError
from comet_async.request import Effect, build
from comet_async.server import LocalServer
from tests.faults.support_client import QUICK, asset, here
from tests.faults.support_network import (
    Resolver,
    inner_only,
    over,
    proxy_server,
    tripwire,
)
from tests.faults.support_redirects import CONTENT, refused, to
from tests.support.raw_server import answer, raw_server


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://127.0.0.2:{port}/",
        "http://localhost:{port}/",
        "http://[::1]:{port}/",
        "http://[::ffff:127.0.0.2]:{port}/",
        "http://10.0.0.8/",
        "http://192.168.1.1/",
        "http://0.0.0.0:{port}/",
        "http://127.2:{port}/",
        "http://2130706434:{port}/",
        "http://0x7f000002:{port}/",
        "//127.0.0.2:{port}/",
    ],
)
async def test_f5_private_target_from_a_public_base_is_refused(target: str, tmp_path: Path) -> None:
    async with tripwire("127.0.0.2") as inside, LocalServer() as server:
        resolver = Resolver(localhost=[["127.0.0.2"]], **{"0x7f000002": [["127.0.0.2"]]})
        server.faults.add("redirect", target.format(port=inside.port))
        async with Session(
            here(server.url),
            retry=QUICK,
            transport=over(resolver, inner_only),
            private=inner_only,
        ) as session:
            await refused(session, tmp_path, "private network")
    assert inside.connections == 0
    assert server.log.total == 2


async def test_f5_private_target_is_followed_when_allowed() -> None:
    async with raw_server(answer(CONTENT)) as inside, raw_server() as first:
        first.actions = [to(inside.url.replace("127.0.0.1", "localhost"))]
        service = msgspec.structs.replace(here(first.url), allow_private_redirects=True)
        async with Session(
            service, retry=QUICK, transport=over(private=inner_only), private=inner_only
        ) as session:
            assert (await session.send(asset())).data == CONTENT


async def test_f5_server_in_a_private_network_may_redirect_within_it() -> None:
    async with (
        raw_server(answer(CONTENT)) as inside,
        raw_server(to(inside.url)) as first,
        Session(here(first.url), retry=QUICK) as session,
    ):
        assert (await session.send(asset())).data == CONTENT


async def test_f5_private_peer_under_a_public_looking_name_is_taken_for_private() -> None:
    async with raw_server(answer(CONTENT)) as inside, raw_server(to(inside.url)) as first:
        service = here(f"http://comet.corp.test:{first.port}")
        resolver = Resolver()
        async with Session(service, retry=QUICK, transport=over(resolver)) as session:
            assert (await session.send(asset())).data == CONTENT
    assert resolver.asked == ["comet.corp.test"]


@pytest.mark.parametrize(
    "answers",
    [
        [["127.0.0.2"]],
        [["127.0.0.1", "127.0.0.2"]],
        [["127.0.0.2", "127.0.0.1"]],
        [["169.254.169.254"]],
        [["::ffff:127.0.0.2"]],
    ],
)
async def test_f6_public_name_with_a_private_address_is_refused_at_connect(
    answers: list[list[str] | OSError], tmp_path: Path
) -> None:
    resolver = Resolver(rebind_test=answers)
    async with tripwire("127.0.0.2") as inside, LocalServer() as server:
        server.faults.add("redirect", f"http://rebind.test:{inside.port}/")
        async with Session(
            here(server.url), retry=QUICK, transport=over(resolver, inner_only), private=inner_only
        ) as session:
            await refused(session, tmp_path, "private network")
    assert inside.connections == 0
    assert "rebind.test" in resolver.asked


async def test_f6_name_that_changes_its_address_meanwhile_is_refused() -> None:
    """The address that was looked at is the one that is connected to: there is no second look."""
    resolver = Resolver(rebind_test=[["127.0.0.1"], ["127.0.0.2"]])
    async with (
        raw_server(answer(CONTENT, close=True)) as public,
        raw_server(to(f"http://rebind.test:{public.port}/")) as first,
        Session(
            here(first.url),
            retry=QUICK,
            transport=over(resolver, inner_only),
            private=inner_only,
        ) as session,
    ):
        assert (await session.send(asset())).data == CONTENT
        assert resolver.asked == ["rebind.test"]
        await drop_cached_names(session)
        with pytest.raises(RedirectError, match="private network"):
            await session.send(asset())
    assert resolver.asked == ["rebind.test"] * 2
    assert len(public.heard) == 1


async def drop_cached_names(session: Session) -> None:
    for lane in session._lanes.values():
        await lane.transport.aclose()


async def test_f6_connections_of_the_service_itself_are_not_shared_with_redirects() -> None:
    """A private base may be spoken to, but no redirect of a public service reuses that way."""
    resolver = Resolver(inside_test=[["127.0.0.2"]])
    async with tripwire("127.0.0.2") as inside, raw_server() as public:
        public.actions = [to(f"http://inside.test:{inside.port}/")]
        near = here(f"http://inside.test:{inside.port}")
        near = msgspec.structs.replace(near, name="near")
        private_call = build("near", "GET", "/x", bytes, Effect.READ)
        async with Session(
            here(public.url),
            near,
            retry=QUICK,
            transport=over(resolver, inner_only),
            private=inner_only,
        ) as session:
            with pytest.raises(CometAsyncError):
                await session.send(private_call)
            before = inside.connections
            with pytest.raises(RedirectError, match="private network"):
                await session.send(asset())
    assert before > 0
    assert inside.connections == before


async def test_f6_proxy_in_a_private_network_serves_redirects_too() -> None:
    resolver = Resolver(proxy_test=[["127.0.0.1"]])
    async with (
        raw_server(answer(CONTENT)) as storage,
        proxy_server() as proxy,
        raw_server(to(f"http://storage.test:{storage.port}/")) as first,
    ):
        service = here(f"http://comet.test:{first.port}", proxy=f"http://proxy.test:{proxy.port}")
        async with Session(service, retry=QUICK, transport=over(resolver)) as session:
            assert (await session.send(asset())).data == CONTENT
    assert set(resolver.asked) == {"proxy.test"}
    assert len(proxy.heard) == 2
