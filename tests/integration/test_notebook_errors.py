"""What a live kernel shows of errors: the user's own lines, what to do, nothing from inside."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

import comet_async
from comet_async.errors import UsageError
from comet_async.server import LocalServer, SyntheticSpec, serve_in_thread
from comet_async.testing import local_server
from tests.support.notebooks import Cell, executed

pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

INSIDE = str(Path(comet_async.__file__).parent)
SHORT = """
import asyncio, comet_async; from comet_async import API, blocking; api = API()
===
async def load(api):
    return await api.get_model("synthetic", "nobody")
===
await load(api)
===
await api.get("synthetic/a", "b", "c")
===
with API() as wrong: pass
===
blocking.API().get_model("synthetic", "nobody")
===
comet_async.run(api.get("synthetic"))
===
%xmode Verbose
===
%tb
"""
HOOKED = """
import asyncio, comet_async; from comet_async import API; api = API()
===
%load_ext comet_async
===
async with asyncio.TaskGroup() as group:
    for name in ("nobody", "noone"):
        group.create_task(api.get_model("synthetic", name))
===
asyncio.run(api.get("synthetic"))
===
len(api.get("synthetic"))
===
api.get("synthetic").name
===
"a" + 1
===
raise ExceptionGroup("not ours", [ValueError("x")])
===
%unload_ext comet_async
===
asyncio.run(asyncio.sleep(0))
===
await api.get()
"""
THREE_WAYS = (
    "`await main()` in the cell",
    "comet_async.blocking",
    "asyncio.run(main()) is for scripts",
)


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    with serve_in_thread(local_server(synthetic=SyntheticSpec(experiments=2))) as started:
        yield started


def cells(text: str, server: LocalServer, folder: Path, **more: str) -> list[Cell]:
    return executed(
        [cell.strip() for cell in text.split("===")], server.url, folder, errors=True, **more
    )


def test_our_errors_are_short_and_say_what_to_do(server: LocalServer, tmp_path: Path) -> None:
    _, _, lost, path, block, blocked, run, _, whole = cells(SHORT, server, tmp_path)
    for cell in (lost, path, block, blocked, run):
        assert INSIDE not in cell.error
        assert "site-packages" not in cell.error
        assert len(cell.error.splitlines()) < 16
        assert cell.error.splitlines()[-1].endswith(
            "frames from inside are left out; `%xmode Verbose` and then `%tb` show them)"
        )
        assert cell.written == ""
    assert "----> 1 await load(api)" in lost.error
    assert '----> 2     return await api.get_model("synthetic", "nobody")' in lost.error
    assert "NotFoundError: GET /api/rest/v2/registry-model/compact-details: answered" in lost.error
    assert "check keys and names" in lost.error
    assert "is a path, so leave out project_name" in path.error
    assert "write `async with API(...)`; without async, comet_async.blocking.API" in block.error
    assert "----> 1 blocking.API().get_model" in blocked.error
    assert all(way in run.error for way in THREE_WAYS)
    assert f"{INSIDE}/engine/running.py" in whole.error


def test_everything_is_shown_where_the_environment_says_so(
    server: LocalServer, tmp_path: Path
) -> None:
    found = cells(
        SHORT.partition("===\nwith API")[0], server, tmp_path, COMET_ASYNC_TRACEBACK="full"
    )
    assert f"{INSIDE}/engine/lane.py" in found[2].error
    assert "left out" not in found[2].error


def test_the_extension_shortens_what_is_not_ours(server: LocalServer, tmp_path: Path) -> None:
    _, _, group, run, count, name, other, foreign, _, after, last = cells(HOOKED, server, tmp_path)
    assert "ExceptionGroup: unhandled errors in a TaskGroup" in group.error
    assert "  1. NotFoundError: GET /api/rest/v2/registry-model/compact-details" in group.error
    assert "----> 1 async with asyncio.TaskGroup() as group:" in group.error
    assert INSIDE not in group.error + group.written
    assert all(way in run.error for way in THREE_WAYS)
    assert "runners.py" not in run.error
    assert run.written == name.written == ""
    for cell in (count, name):
        assert cell.error.endswith("write `await` in front of the call")
    assert "never awaited" in count.written
    assert other.error.endswith('TypeError: can only concatenate str (not "int") to str')
    assert "ExceptionGroup: not ours" in foreign.written
    assert not any(way in after.error for way in THREE_WAYS)
    assert last.value == "['synthetic']"


def test_a_script_runs_and_a_loop_that_runs_is_told_of() -> None:
    async def two() -> int:
        return 2

    async def inner() -> str:
        coroutine = two()
        with pytest.raises(UsageError, match="an event loop runs here already") as told:
            comet_async.run(coroutine)
        assert inspect.getcoroutinestate(coroutine) == inspect.CORO_CLOSED
        return str(told.value)

    assert comet_async.run(two()) == 2
    assert all(way in comet_async.run(inner()) for way in THREE_WAYS)
