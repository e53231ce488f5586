"""A live Jupyter kernel: cells without `await` beside cells with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from comet_async import Limits
from comet_async.server import LocalServer, SyntheticSource, SyntheticSpec, serve_in_thread
from comet_async.testing import local_server
from tests.support.api_rows import READS, reads
from tests.support.colours import API_COLOURS
from tests.support.notebooks import values_of

pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

ARCHIVE = Path(__file__).parents[1] / "server" / "data" / "offline-sample.zip"
SPEC = SyntheticSpec(experiments=6)
PROJECT = SyntheticSource(SPEC).projects()[0].name
CELLS = {
    "import asyncio, threading; from comet_async import Ok, blocking, comet": None,
    "asyncio.get_running_loop().is_running()": "True",
    "session = blocking.Session(comet.service())": None,
    "session.send(comet.get_workspaces()).workspace_names": "['synthetic']",
    f"""
listed = comet.paged_experiments(workspace_name="synthetic", project_name="{PROJECT}", size=4)
pairs = ((run.experiment_key, comet.get_experiment_metadata(run.experiment_key))
         for run in session.items(listed))
with session.fan_out(pairs) as outcomes:
    found = sum(isinstance(outcome, Ok) for outcome in outcomes)
found
""": "6",
    "len((await asyncio.to_thread(session.collect, [(1, comet.get_workspaces())])).ok)": "1",
    "session.close()": None,
    f"""
api = blocking.API()
runs = api.get_experiments("synthetic", "{PROJECT}")
len(runs), all(run.get_metrics_summary("loss").minimum > 0 for run in runs)
""": "(6, True)",
    "api.close()": None,
    "[thread.name for thread in threading.enumerate() if 'portal' in thread.name]": "[]",
    "forgotten = blocking.Session(comet.service()); forgotten.counters.requests": "0",
}


EVERY_READ = """
import json
from pathlib import Path
from comet_async import Limits
from tests.support.api_rows import reads
from tests.support.colours import API_COLOURS
told = API_COLOURS["sync"](reads, "any-key-will-do-here", False, limits=Limits())
Path("told.json").write_text(json.dumps({name: one.value for name, one in told.items()}))
len(told)
"""
LOOP = "import asyncio; asyncio.get_running_loop().is_running()"


def test_cells_need_no_await(tmp_path: Path) -> None:
    with serve_in_thread(local_server(synthetic=SPEC)) as server:
        shown = values_of([*CELLS], server.url, tmp_path)
    assert shown == [*CELLS.values()]


def test_every_read_of_the_api_is_the_same_in_a_cell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve_in_thread(LocalServer([ARCHIVE], synthetic=SPEC, storage=True)) as server:
        monkeypatch.setenv("COMET_URL_OVERRIDE", server.url)
        shown = values_of([LOOP, EVERY_READ, LOOP], server.url, tmp_path)
        told = API_COLOURS["async"](reads, "any-key-will-do-here", False, limits=Limits())
    assert shown == ["True", str(len(READS)), "True"]
    in_the_cell = json.loads((tmp_path / "told.json").read_text())
    assert [*in_the_cell] == [*READS]
    for name, value in in_the_cell.items():
        assert json.dumps(value) == json.dumps(told[name].value), name
