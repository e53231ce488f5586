"""Signals: the first cancels, the second ends, ignored ones stay ignored."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading

import anyio
import pytest

from comet_async.cli.running import Stopping, run


@pytest.fixture(params=["asyncio", "uvloop"], autouse=True)
def loops(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run everything on both event loops; returns the package of the loop in use."""
    name: str = request.param
    if name == "asyncio":
        monkeypatch.setitem(sys.modules, "uvloop", None)
    else:
        pytest.importorskip("uvloop")
    return name


def test_runs_on_uvloop_where_it_is_installed(loops: str) -> None:
    found: list[str] = []

    async def work() -> int:
        found.append(type(asyncio.get_running_loop()).__module__)
        return 0

    assert run(work) == 0
    assert found[0].partition(".")[0] == loops


def test_returns_the_code_of_the_work() -> None:
    async def work() -> int:
        return 3

    assert run(work) == 3


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
@pytest.mark.usefixtures("heard")
def test_a_signal_cancels_the_work_which_may_finish(number: int, code: int) -> None:
    finished: list[str] = []

    async def work() -> int:
        os.kill(os.getpid(), number)
        try:
            await asyncio.sleep(10)
        finally:
            with anyio.CancelScope(shield=True):
                await asyncio.sleep(0.01)
            finished.append("yes")
        return 0

    before = signal.getsignal(number)
    assert run(work) == code
    assert finished == ["yes"]
    assert signal.getsignal(number) == before


def test_a_second_signal_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    monkeypatch.setattr(os, "_exit", ended.append)
    cancelled: list[str] = []
    stopping = Stopping(lambda: cancelled.append("once"))
    stopping(signal.SIGTERM)
    assert (stopping.signal, cancelled, ended) == (signal.SIGTERM, ["once"], [])
    stopping(signal.SIGINT)
    assert ended == [130]


def test_an_ignored_signal_stays_ignored() -> None:
    async def work() -> int:
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.sleep(0.01)
        return 0

    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert run(work) == 0
    finally:
        signal.signal(signal.SIGHUP, before)


def test_runs_on_another_thread_without_handlers() -> None:
    codes: list[int] = []

    async def work() -> int:
        return 5

    thread = threading.Thread(target=lambda: codes.append(run(work)))
    thread.start()
    thread.join()
    assert codes == [5]
