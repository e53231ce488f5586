"""No connection: refused, black-holed, unresolved, reset (rows A1 to A4)."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from comet_async import Session, Timeouts, comet
from comet_async.errors import ConnectError, ConnectionLost, RequestTimeout, TransportError
from comet_async.server import (
    LocalServer,
    SyntheticSpec,
    blackhole_port,
    full_port,
    refused_port,
    rst_accept_port,
)
from tests.faults.support_client import KEY, QUICK, asset, here, names_in
from tests.faults.support_network import Resolver, over, unknown_host

SMALL = SyntheticSpec(experiments=1, workspaces=1)


def chain(error: BaseException) -> list[BaseException | None]:
    return [error.__cause__, error.__context__]


async def test_a1_refused_connection_names_host_and_port() -> None:
    with refused_port() as port:
        async with Session(here(f"http://127.0.0.1:{port}"), retry=QUICK) as session:
            with pytest.raises(ConnectError) as caught:
                await session.send(comet.get_workspaces())
    error = caught.value
    assert f"127.0.0.1:{port}" in str(error)
    assert error.request == comet.get_workspaces()
    assert error.status is None
    assert [attempt.outcome for attempt in error.attempts] == ["ConnectError"] * 3
    assert session.counters.requests == 3
    assert chain(error) == [None, None]


async def test_a1_refused_connection_fails_each_item_of_a_fan_out(tmp_path: Path) -> None:
    with refused_port() as port:
        async with Session(here(f"http://127.0.0.1:{port}"), retry=QUICK) as session:
            found = await session.collect((n, comet.get_workspaces()) for n in range(5))
            with pytest.raises(ConnectError):
                await session.download(asset(), tmp_path / "file")
    assert not found.ok
    assert {type(error) for error in found.failed.values()} == {ConnectError}
    assert session.counters.requests == 3 * 6
    assert names_in(tmp_path) == []


def test_a1_refused_connection_is_one_line_in_the_command_line() -> None:
    environment = {**os.environ, "COMET_API_KEY": KEY}
    with refused_port() as port:
        url = f"http://127.0.0.1:{port}"
        done = subprocess.run(
            [sys.executable, "-m", "comet_async", "--url", url, "call", "get_workspaces"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=15,
            check=False,
        )
    assert done.returncode == 1
    assert done.stdout == ""
    assert f"127.0.0.1:{port}" in done.stderr
    assert "(3 attempts)" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert KEY not in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux drops SYNs of a full queue")
async def test_a2_connect_that_never_completes_times_out() -> None:
    patience = Timeouts(connect=0.2)
    with full_port() as port:
        async with Session(
            here(f"http://127.0.0.1:{port}"), retry=QUICK, timeouts=patience
        ) as session:
            began = time.monotonic()
            with pytest.raises(RequestTimeout) as caught:
                await session.send(comet.get_workspaces())
            took = time.monotonic() - began
    assert not caught.value.sent
    assert len(caught.value.attempts) == 3
    assert f"no connection to 127.0.0.1:{port} in 0.2 s" in str(caught.value)
    assert took < 3 * 0.2 + 1.0


async def test_a2_server_that_accepts_and_never_answers_times_out() -> None:
    patience = Timeouts(headers=0.15)
    with blackhole_port() as port:
        async with Session(
            here(f"http://127.0.0.1:{port}"), retry=QUICK, timeouts=patience
        ) as session:
            began = time.monotonic()
            with pytest.raises(RequestTimeout) as caught:
                await session.send(comet.get_workspaces())
            took = time.monotonic() - began
    assert caught.value.sent
    assert took < len(caught.value.attempts) * 0.15 + 1.0


async def test_a3_resolution_that_recovers_is_retried() -> None:
    async with LocalServer(synthetic=SMALL) as server:
        port = server.ports[0]
        resolver = Resolver(localhost=[unknown_host(), unknown_host(), ["127.0.0.1"]])
        service = here(f"http://localhost:{port}")
        async with Session(service, retry=QUICK, transport=over(resolver)) as session:
            found = await session.send(comet.get_workspaces())
    assert found.workspace_names
    assert resolver.asked == ["localhost"] * 3
    assert session.counters.requests == 3
    assert session.counters.retries == 2
    assert server.log.total == 1


async def test_a3_resolution_that_stays_broken_ends_soon_and_typed() -> None:
    resolver = Resolver(localhost=[unknown_host()])
    service = here("http://localhost:9")
    async with (
        Session(service, retry=QUICK, transport=over(resolver)) as session,
        asyncio.timeout(5),
    ):
        with pytest.raises(ConnectError) as caught:
            await session.send(comet.get_workspaces())
    assert "cannot resolve the host of localhost:9" in str(caught.value)
    assert resolver.asked == ["localhost"] * 3
    assert chain(caught.value) == [None, None]


async def test_a4_reset_at_accept_is_retried_and_bounded() -> None:
    with rst_accept_port() as port:
        async with Session(here(f"http://127.0.0.1:{port}"), retry=QUICK) as session:
            with pytest.raises(TransportError) as caught:
                await session.send(comet.get_workspaces())
    assert isinstance(caught.value, (ConnectError, ConnectionLost))
    # A kernel may report the reset at connect() or only when the request is written.
    assert 2 <= len(caught.value.attempts) <= 3
    assert session.counters.requests == len(caught.value.attempts)
    assert chain(caught.value) == [None, None]
