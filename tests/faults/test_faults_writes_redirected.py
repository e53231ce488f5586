"""Writes that are answered with a redirect: what was done before it is not done again (K1, F8)."""

from __future__ import annotations

import pytest

from comet_async import Session
from comet_async.errors import OutcomeUnknown
from comet_async.server import refused_port
from tests.faults.support_client import QUICK, SCALED, append, here
from tests.support.raw_server import Action, answer, raw_server, reset, silence

SEE_OTHER = "303 See Other"
THROTTLED = answer(status="429 Too Many", headers=[("Retry-After", "0.001")])


async def test_a_write_whose_result_cannot_be_reached_is_not_repeated() -> None:
    """The 303 says that the write was done; that its result is out of reach undoes nothing."""
    with refused_port() as port:
        elsewhere = [("Location", f"http://127.0.0.1:{port}/result")]
        async with (
            raw_server(answer(status=SEE_OTHER, headers=elsewhere)) as server,
            Session(here(server.url), retry=QUICK) as session,
        ):
            with pytest.raises(OutcomeUnknown, match="cannot connect") as caught:
                await session.send(append())
    assert [heard.line.split()[0] for heard in server.heard] == ["POST"]
    assert caught.value.__context__ is None


@pytest.mark.parametrize("action", [THROTTLED, reset, silence])
async def test_a_write_whose_result_is_refused_is_not_repeated(action: Action) -> None:
    elsewhere = answer(status=SEE_OTHER, headers=[("Location", "/result")])
    async with (
        raw_server(elsewhere, action) as server,
        Session(here(server.url), retry=QUICK, timeouts=SCALED) as session,
    ):
        with pytest.raises(OutcomeUnknown):
            await session.send(append())
    assert [heard.line.split()[0] for heard in server.heard] == ["POST", "GET"]


async def test_a_write_that_was_sent_elsewhere_and_not_done_is_repeated() -> None:
    """307 and 308 promise that nothing was done: the next hop alone does it."""
    elsewhere = answer(status="307 Elsewhere", headers=[("Location", "/other")])
    async with (
        raw_server(elsewhere, THROTTLED, elsewhere, answer(b"")) as server,
        Session(here(server.url), retry=QUICK) as session,
    ):
        await session.send(append())
    assert [heard.line.split()[:2] for heard in server.heard] == [
        ["POST", append().path],
        ["POST", "/other"],
    ] * 2


@pytest.mark.parametrize("status", ["301 Moved", "302 Found"])
async def test_a_write_that_must_change_its_method_is_refused(status: str) -> None:
    elsewhere = answer(status=status, headers=[("Location", "/other")])
    async with raw_server(elsewhere) as server, Session(here(server.url), retry=QUICK) as session:
        with pytest.raises(OutcomeUnknown, match="set that as the base URL"):
            await session.send(append())
    assert len(server.heard) == 1
