"""A live Jupyter kernel: cells without `await` beside cells with it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from comet_async.server import SyntheticSource, SyntheticSpec, serve_in_thread
from comet_async.testing import local_server
from tests.support.command_line import environment

pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")
nbformat = pytest.importorskip("nbformat")

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
EXECUTE = """
import sys, nbclient, nbformat
notebook = nbformat.read(sys.argv[1], 4)
nbclient.NotebookClient(notebook, kernel_name="python3", timeout=30).execute()
nbformat.write(notebook, sys.argv[1])
"""


def test_cells_need_no_await(tmp_path: Path) -> None:
    file = tmp_path / "cells.ipynb"
    cells = [nbformat.v4.new_code_cell(cell) for cell in CELLS]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), file)
    with serve_in_thread(local_server(synthetic=SPEC)) as server:
        done = subprocess.run(
            [sys.executable, "-c", EXECUTE, str(file)],
            env=environment(server.url, HOME=str(tmp_path)),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    shown = [cell.outputs for cell in nbformat.read(file, 4).cells]
    assert [one[0].data["text/plain"] if one else None for one in shown] == [*CELLS.values()]
