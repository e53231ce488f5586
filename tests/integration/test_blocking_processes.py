"""Blocking sessions in processes of their own: Ctrl-C, fork, and the end of the interpreter."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from comet_async.server import LocalServer, SyntheticSpec, serve_in_thread
from comet_async.testing import local_server
from tests.support.command_line import environment

SPEC = SyntheticSpec(experiments=3)
BEGINNING = """
import os, sys, threading, time
from comet_async import Limits, blocking, comet
from comet_async.errors import UsageError
from comet_async.events import AttemptStarted
service = comet.service(limits=Limits())
workspaces = comet.get_workspaces()
slow = comet.get_account_details()
def check(session):
    assert session.send(workspaces).workspace_names == ["synthetic"]
def told(event):
    if isinstance(event, AttemptStarted) and event.path == slow.path:
        print("begun", flush=True)
"""
INTERRUPTED = {
    "send": "session.send(slow)",
    "collect": "session.collect([(1, slow), (2, workspaces)])",
    "fan_out": """
with session.fan_out([(1, slow), (2, workspaces)], concurrency=2) as outcomes:
    assert next(outcomes).key == 2
    next(outcomes)""",
    "call": "blocking.call(session.asynchronous.send, slow)",
}


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with serve_in_thread(local_server(synthetic=SPEC)) as server:
        server.faults.add("slow_start", 3600, match="account-details")
        yield server


def started(code: str, server: LocalServer, folder: Path) -> subprocess.Popen[str]:
    """Start a process in which every warning is an error."""
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", BEGINNING + code],
        env=environment(server.url),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Wait for the end; return exit code, output and errors."""
    try:
        out, err = process.communicate(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
    return process.returncode, out, err


@pytest.mark.usefixtures("heard")
@pytest.mark.parametrize("what", INTERRUPTED)
def test_ctrl_c_cancels_the_call_and_leaves_the_session_usable(
    what: str, server: LocalServer, tmp_path: Path
) -> None:
    body = INTERRUPTED[what].strip().replace("\n", "\n        ")
    code = f"""
with blocking.Session(service, observer=told) as session:
    check(session)
    try:
        {body}
    except KeyboardInterrupt:
        print(session)
    check(session)
print(*[thread.name for thread in threading.enumerate()])
"""
    process = started(code, server, tmp_path)
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    process.send_signal(signal.SIGINT)
    assert ended(process) == (0, "<Session comet 0 active, 0 queued>\nMainThread\n", "")


@pytest.mark.usefixtures("heard")
def test_a_second_ctrl_c_does_not_wait(server: LocalServer, tmp_path: Path) -> None:
    code = """
import anyio
async def stubborn():
    with anyio.CancelScope(shield=True):
        print("begun", flush=True)
        await anyio.sleep(3600)
try:
    blocking.call(stubborn)
except KeyboardInterrupt:
    os._exit(7)
"""
    process = started(code, server, tmp_path)
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.1)
    assert ended(process)[0] == 7


@pytest.mark.parametrize("ending", ["", "raise SystemExit(0)", "os.kill(os.getpid(), 2)"])
@pytest.mark.usefixtures("heard")
def test_what_was_forgotten_is_closed_with_the_interpreter(
    ending: str, server: LocalServer, tmp_path: Path
) -> None:
    code = f"""
session = blocking.Session(service)
check(session)
block = session.fan_out([(1, slow), (2, workspaces)], concurrency=2)
outcomes = block.__enter__()
next(outcomes)
listing = session.items(comet.paged_experiments(workspace_name="synthetic", project_name="x"))
{ending}
"""
    status, out, err = ended(started(code, server, tmp_path))
    assert (status, out) == ((-2 if "kill" in ending else 0), "")
    told = [line for line in err.splitlines() if "KeyboardInterrupt" not in line]
    assert [line for line in told if line.strip("~^ ")][3:] == []  # marks below a line of code
    assert "Warning" not in err


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.parametrize("leaving", ["os._exit(0)", "sys.exit(0)"])
def test_a_child_of_fork_is_told_and_may_make_its_own(
    leaving: str, server: LocalServer, tmp_path: Path
) -> None:
    code = f"""
import warnings
session = blocking.Session(service)
check(session)
with warnings.catch_warnings(action="ignore"):  # Python 3.12 warns of fork beside threads
    child = os.fork()
if child == 0:
    try:
        session.send(workspaces)
    except UsageError as error:
        print(error, flush=True)
    session.close()
    with blocking.Session(service) as own:
        check(own)
    del session
    {leaving}
assert os.waitpid(child, 0) == (child, 0)
for _ in range(3):
    check(session)
session.close()
"""
    status, out, err = ended(started(code, server, tmp_path))
    assert (status, err) == (0, "")
    assert out == "it was made before this process forked; make another one here\n"
