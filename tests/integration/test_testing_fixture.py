"""The embedded server as users' tests get it: a context manager and a fixture."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from comet_async import Session, blocking, comet, domino, testing
from comet_async.engine.retry import RetryPolicy
from comet_async.errors import ServerError
from comet_async.server import DominoServer, LocalServer, SyntheticSpec, serve_in_thread
from comet_async.testing import domino_server, local_server, local_service

if TYPE_CHECKING:
    comet_server: object
else:
    from comet_async.testing import comet_server  # noqa: F401 pytest finds it by its name


async def test_local_server_logs_requests_and_strikes_as_scripted() -> None:
    async with local_server(synthetic=SyntheticSpec(experiments=3)) as server:
        rule = server.faults.add("status", 503, match="workspaces", times=1)
        async with Session(local_service(server)) as session:
            found = await session.send(comet.get_workspaces())
        assert server.faults.hits(rule) == 1
        assert [entry.status for entry in server.log] == [503, 200]
    assert len(found.workspace_names) == 1


async def test_fixture_serves_ten_experiments(comet_server: LocalServer) -> None:
    async with Session(local_service(comet_server)) as session:
        workspace = (await session.send(comet.get_workspaces())).workspace_names[0]
        projects = (await session.send(comet.get_projects(workspace))).projects
    assert [project.number_of_experiments for project in projects] == [10]
    assert comet_server.log[0].path == "/api/rest/v2/workspaces"


@pytest.fixture
def domino_host() -> Iterator[DominoServer]:
    with serve_in_thread(domino_server()) as server:
        yield server


def test_a_fixture_of_domino_serves_blocking_code(domino_host: DominoServer) -> None:
    with blocking.Session(local_service(domino_host)) as session:
        me = session.send(domino.get_current_user())
    assert me.user.user_name == "user-1"
    assert [entry.template for entry in domino_host.log] == ["/api/users/v1/self"]


@pytest.mark.parametrize("comet_server", [{"sample": True, "api_keys": ["right"]}], indirect=True)
async def test_fixture_takes_options(comet_server: LocalServer) -> None:
    async with Session(local_service(comet_server, api_key="right")) as session:
        assert "samples" in (await session.send(comet.get_workspaces())).workspace_names


async def test_faults_end_as_errors(comet_server: LocalServer) -> None:
    comet_server.faults.add("status", 500)
    async with Session(local_service(comet_server), retry=RetryPolicy(attempts=1)) as session:
        with pytest.raises(ServerError):
            await session.send(comet.get_workspaces())


def test_module_lists_the_fixture_and_refuses_other_names() -> None:
    assert "comet_server" in dir(testing)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = testing.nothing


def test_testing_needs_no_pytest() -> None:
    code = "import sys; sys.modules['pytest'] = None; import comet_async.testing as t; print(t.FakeTransport().sent)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_works_as_a_plugin_of_another_test_run(tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text(
        "import urllib.request\n"
        "def test_it(comet_server):\n"
        "    headers = {'Authorization': 'k'}\n"
        "    asked = urllib.request.Request(comet_server.url + '/api/rest/v2/workspaces', headers=headers)\n"
        "    with urllib.request.urlopen(asked) as answer:\n"
        "        assert answer.status == 200\n"
        "    assert comet_server.log[0].header('authorization') == 'k'\n"
    )
    arguments = ["-m", "pytest", "-q", "-p", "comet_async.testing", "--rootdir", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, *arguments, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr
