"""The notebooks of `examples/`: each runs in a fresh kernel and shows what is stored in it."""

from __future__ import annotations

import base64
import re
import runpy
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from comet_async.testing import LOCAL_KEY

pytestmark = pytest.mark.once

nbformat: Any = pytest.importorskip("nbformat")
pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")
for needed in ("PIL", "altair", "duckdb", "pandas", "sklearn", "tqdm", "vl_convert"):
    pytest.importorskip(needed)

EXAMPLES = Path(__file__).parents[2] / "examples"
PATHS = sorted(EXAMPLES.glob("*.ipynb"))
NAMES = ["compare_runs", "first_chart", "harvest_and_sql"]
PICTURES = {"compare_runs": 2, "first_chart": 2, "harvest_and_sql": 1}
MOST_LINES = 20
VARIES = re.compile(
    r"\d{4}-\d\d-\d\d \d\d:\d\d|\d+(?:\.\d+)? (?:s|kB|bytes)\b|\d+:\d\d(?::\d\d h| min)|\bbytes=\d+"
)
"""Times, durations, and sizes, which are another with another pyarrow."""


def code(notebook: Any) -> Iterator[Any]:
    yield from (cell for cell in notebook.cells if cell.cell_type == "code")


def lines_of(cell: Any) -> list[str]:
    """Return the lines of a cell that are code."""
    return [line for line in cell.source.splitlines() if line.strip() and line[0] != "#"]


def shown(cell: Any) -> list[dict[str, str]]:
    """Return what a cell shows by MIME type, without what differs from run to run."""
    outputs: list[dict[str, str]] = []
    for output in cell.outputs:
        assert output.output_type != "error", output
        data = {output.name: output.text} if "text" in output else output.data
        outputs.append({kind: told(kind, value, cell) for kind, value in data.items()})
    return outputs


def told(kind: str, value: str, cell: Any) -> str:
    if kind == "image/png" or "varies" in cell.metadata.get("tags", ()):
        return "" if value else "nothing"
    return VARIES.sub("#", re.sub(r"\s+", " ", value))


@pytest.fixture(scope="module")
def execute() -> Callable[[Path], Any]:
    return runpy.run_path(str(EXAMPLES / "execute_notebooks.py"))["executed"]  # type: ignore[no-any-return]  # a script


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", NAMES)
def test_a_fresh_kernel_shows_what_is_stored(name: str, execute: Callable[[Path], Any]) -> None:
    path = EXAMPLES / f"{name}.ipynb"
    fresh = execute(path)
    for before, after in zip(code(nbformat.read(path, 4)), code(fresh), strict=True):
        assert shown(after) == shown(before), before.source


def test_these_are_the_notebooks() -> None:
    assert [path.stem for path in PATHS] == NAMES


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_stored_outputs_are_whole_and_say_nothing_of_a_machine(path: Path) -> None:
    notebook = nbformat.read(path, 4)
    nbformat.validate(notebook)
    assert [cell.execution_count for cell in code(notebook)] == [
        number for number, _ in enumerate(code(notebook), start=1)
    ]
    assert path.stat().st_size < 400_000
    text = path.read_text("utf-8")
    assert LOCAL_KEY not in text
    assert not re.search(r"127\.0\.0\.1:\d|/home/|/root/|/tmp/|/Users/|ipykernel_|Traceback", text)
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert all(set(cell.metadata) <= {"tags"} for cell in notebook.cells)
    assert any(shown(cell) for cell in code(notebook))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_cells_are_short_and_pictures_are_stored(path: Path) -> None:
    notebook = nbformat.read(path, 4)
    assert max(len(cell.source.splitlines()) for cell in code(notebook)) <= MOST_LINES
    pictures = [
        base64.b64decode(output.data["image/png"])
        for cell in code(notebook)
        for output in cell.outputs
        if "image/png" in output.get("data", {})
    ]
    assert len(pictures) == PICTURES[path.stem]
    for picture in pictures:
        assert picture.startswith(b"\x89PNG\r\n")
        width, height = struct.unpack(">II", picture[16:24])
        assert width > 900
        assert height > 400


def test_the_first_chart_takes_ten_lines() -> None:
    """Of code, from the top of the notebook to its first picture."""
    count = 0
    for cell in code(nbformat.read(EXAMPLES / "first_chart.ipynb", 4)):
        count += len(lines_of(cell))
        if any("image/png" in output.get("data", {}) for output in cell.outputs):
            break
    assert 0 < count <= 10
