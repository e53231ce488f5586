"""Bars in a live kernel: widgets where there are any, text elsewhere, closed at the end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from comet_async.server import LocalServer, SyntheticSource, SyntheticSpec, serve_in_thread
from comet_async.testing import local_server
from tests.support.notebooks import executed

pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")
pytest.importorskip("tqdm")

SPEC = SyntheticSpec(experiments=6)
PROJECT = SyntheticSource(SPEC).projects()[0].name
WIDGET = "application/vnd.jupyter.widget-view+json"
NO = """
import importlib.util, sys
find, sys.modules[{0!r}] = importlib.util.find_spec, None
importlib.util.find_spec = lambda name, *more: None if name == {0!r} else find(name, *more)
"""
HARVEST = f"""
import sys; from comet_async import API, Session, comet, harvest
from comet_async.progress import track, view_for
async with Session(comet.service()) as session:
    plan = await harvest.plan(session, "synthetic/{PROJECT}", tables=["parameters", "tags"])
    with view_for(sys.stderr) as view:
        report = await harvest.run(session, plan, "lake", progress=view)
"""
FAN_OUT = f"""
listed = await API().get_experiments("synthetic", "{PROJECT}")
pairs = [(run.key, comet.get_experiment_metadata(run.key)) for run in listed]
async with Session(comet.service()) as session, session.fan_out(pairs) as outcomes:
    async for outcome in track(outcomes, total=len(pairs), label="runs"):
        pass
"""
LEFT = FAN_OUT.replace("pass", "1 / 0")
STATES = """
from ipywidgets.widgets import widget
[(one.bar_style, one.value, one.max) for one in widget._instances.values() if hasattr(one, "bar_style")]
"""


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    with serve_in_thread(local_server(synthetic=SPEC)) as started:
        yield started


def test_bars_are_widgets_and_end_green_or_red(server: LocalServer, tmp_path: Path) -> None:
    pytest.importorskip("ipywidgets")
    cells = executed([HARVEST, FAN_OUT, LEFT, STATES], server.url, tmp_path, errors=True)
    harvested, whole, left, states = cells
    assert harvested.kinds.count(WIDGET) == 2
    assert (whole.kinds.count(WIDGET), left.kinds.count(WIDGET)) == (1, 1)
    assert harvested.written == whole.written == left.written == ""
    assert "ZeroDivisionError" in left.error
    assert states.value is not None
    full = "('success', 6.0, 6.0)"
    found = states.value.replace("\n", "")
    assert found == f"[{full}, {full}, {full}, ('danger', 1.0, 6.0)]"


def test_bars_are_text_without_widgets(server: LocalServer, tmp_path: Path) -> None:
    cells = executed([NO.format("ipywidgets"), HARVEST, FAN_OUT], server.url, tmp_path)
    assert cells[1].kinds == cells[2].kinds == ()
    assert "parameters: 100%" in cells[1].written
    assert "runs: 100%" in cells[2].written
    assert "\x1b[A" not in cells[1].written
    assert "Warning" not in "".join(cell.written for cell in cells)


def test_lines_are_written_without_tqdm(server: LocalServer, tmp_path: Path) -> None:
    cells = executed([NO.format("tqdm"), HARVEST], server.url, tmp_path)
    assert "parameters 6/6" in cells[1].written
