"""Runs cells in a live kernel, in a process of its own: a kernel has an event loop of its own."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.support.command_line import environment

__all__ = ["Cell", "executed", "values_of"]

EXECUTE = """
import sys, nbclient, nbformat
notebook = nbformat.read(sys.argv[1], 4)
nbclient.NotebookClient(
    notebook, kernel_name="python3", timeout=50, allow_errors="errors" in sys.argv
).execute()
nbformat.write(notebook, sys.argv[1])
"""


class Cell(NamedTuple):
    """What a cell has shown.

    Attributes:
        value: Its value as text, None if it has none.
        error: Its traceback as plain text, "" if there was no error.
        written: What it wrote to standard output and standard error.
        kinds: MIME types of what it displayed.
    """

    value: str | None
    error: str
    written: str
    kinds: tuple[str, ...]


def executed(
    sources: Sequence[str], url: str, folder: Path, *, errors: bool = False, **more: str
) -> list[Cell]:
    """Run cells in a fresh kernel, and return what each has shown.

    Args:
        sources: The cells.
        url: The server that the environment names.
        folder: Working directory and home.
        errors: Whether a cell may fail.
        more: Further variables of the environment.
    """
    nbformat: Any = importlib.import_module("nbformat")  # of an extra, and without types
    file = folder / "cells.ipynb"
    cells = [nbformat.v4.new_code_cell(cell) for cell in sources]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), file)
    done = subprocess.run(
        [sys.executable, "-c", EXECUTE, str(file), *(["errors"] if errors else [])],
        env=environment(url, HOME=str(folder), **more),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [_cell(cell.outputs) for cell in nbformat.read(file, 4).cells]


def values_of(sources: Sequence[str], url: str, folder: Path) -> list[str | None]:
    """Run cells in a fresh kernel, and return the value of each."""
    return [cell.value for cell in executed(sources, url, folder)]


def _cell(outputs: Sequence[Any]) -> Cell:
    displayed = [
        one.data for one in outputs if one.output_type in {"execute_result", "display_data"}
    ]
    tracebacks = ["\n".join(one.traceback) for one in outputs if one.output_type == "error"]
    return Cell(
        value=displayed[0].get("text/plain") if displayed else None,
        error=re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(tracebacks)),
        written="".join(one.text for one in outputs if one.output_type == "stream"),
        kinds=tuple(kind for data in displayed for kind in data),
    )
