"""Execute the notebooks of this folder in fresh kernels and store what they show.

    python examples/execute_notebooks.py [NAME...]

Each runs in an empty folder and asks only the Comet that it starts itself. What is stored says
nothing of this machine: neither paths nor times of execution. Pictures are stored as PNG, which
every viewer of notebooks can show; widgets, which none can without a kernel, are left out. It
needs nbclient, ipykernel, pillow and what the notebooks name.
"""

from __future__ import annotations

import base64
import io
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
from nbclient import NotebookClient
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Iterable

FOLDER = Path(__file__).parent
SHOWN = {"image/png", "text/html", "text/plain"}
SCALE = 2
WIDGET = "application/vnd.jupyter.widget-view+json"


def executed(path: Path) -> Any:
    """Return a notebook with the outputs of a fresh kernel."""
    notebook = nbformat.read(path, 4)
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook,
            kernel_name="python3",
            timeout=300,
            record_timing=False,
            store_widget_state=False,
            coalesce_streams=True,
            resources={"metadata": {"path": folder}},
        )
        client.execute()
    return cleaned(notebook)


def cleaned(notebook: Any) -> Any:
    """Return a notebook without what differs from machine to machine."""
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook.cells:
        cell.metadata = {"tags": cell.metadata["tags"]} if "tags" in cell.metadata else {}
        if cell.cell_type == "code":
            cell.outputs = [*shown(cell.outputs)]
    return notebook


def shown(outputs: Iterable[Any]) -> Iterable[Any]:
    """Give the outputs that a viewer without a kernel can show."""
    for output in outputs:
        data = output.get("data", {})
        if WIDGET in data:
            continue
        if data:
            output.data = {kind: value for kind, value in data.items() if kind in SHOWN}
        if output.output_type in {"display_data", "execute_result"}:
            output.metadata = {}
        if "image/png" in data:
            output.data["image/png"], width = smaller(data["image/png"])
            output.metadata["image/png"] = {"width": width // SCALE}
        yield output


def smaller(picture: str) -> tuple[str, int]:
    """Return a PNG in Base64 with a palette of its colours, a fifth of the size; and its width."""
    made = io.BytesIO()
    with Image.open(io.BytesIO(base64.b64decode(picture))) as image:
        image.convert("RGB").quantize(256).save(made, "PNG", optimize=True)
        width = image.width
    return base64.b64encode(made.getvalue()).decode(), width


def main(names: list[str]) -> None:
    """Execute the notebooks of these names, or all, and write each in place."""
    chosen = [FOLDER / Path(name).with_suffix(".ipynb").name for name in names]
    for path in chosen or sorted(FOLDER.glob("*.ipynb")):
        notebook = executed(path)
        nbformat.validate(notebook)
        nbformat.write(notebook, path)
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
