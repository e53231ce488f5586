"""What is in a picture: its data, its texts; and a browser to open pages in."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

from comet_async.charts import Curve, Picture

__all__ = ["curve", "layers", "lines", "middles", "notes", "rendered", "rows", "texts", "walk"]

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)


def curve(key: str, values: Sequence[float | None], **more: object) -> Curve:
    """Return a curve of `loss` over steps from 0."""
    told: dict[str, object] = {
        "experiment_key": key,
        "experiment_name": f"run {key}",
        "metric": "loss",
        "values": tuple(values),
        "steps": tuple(range(len(values))),
        **more,
    }
    return Curve(**told)  # type: ignore[arg-type]  # made of what the test says


def walk(found: object) -> Iterator[dict[str, object]]:
    """Give every object within a specification."""
    if isinstance(found, dict):
        yield found
        for inner in found.values():
            yield from walk(inner)
    elif isinstance(found, list):
        for inner in found:
            yield from walk(inner)


def layers(picture: Picture, mark: str) -> list[dict[str, object]]:
    """Return the layers that have a mark, in order."""
    return [
        one
        for one in walk(picture.spec)
        if isinstance(one.get("mark"), dict)
        and cast("dict[str, object]", one["mark"])["type"] == mark
    ]


def rows(layer: dict[str, object]) -> list[dict[str, object]]:
    """Return the data of a layer."""
    return cast("list[dict[str, object]]", cast("dict[str, object]", layer["data"])["values"])


def lines(picture: Picture) -> list[dict[str, object]]:
    """Return the rows of lines: one for each curve and layer."""
    return [row for layer in layers(picture, "line") for row in rows(layer) if "curve" in row]


def middles(picture: Picture) -> list[dict[str, object]]:
    """Return the rows of middles and bands."""
    return [row for layer in layers(picture, "line") for row in rows(layer) if "low" in row]


def texts(picture: Picture) -> list[str]:
    """Return the texts that stand in the plots."""
    return [str(row["text"]) for layer in layers(picture, "text") for row in rows(layer)]


def notes(picture: Picture) -> str:
    """Return what is said below the title."""
    title = cast("dict[str, object]", picture.spec["title"])
    return " ".join(cast("list[str]", title["subtitle"]))


def rendered(page: Path, folder: Path) -> tuple[str, str]:
    """Open a page in a browser without a network; return its document then, and what it logged."""
    assert CHROMIUM is not None
    done = subprocess.run(
        [
            CHROMIUM,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--enable-logging=stderr",
            f"--user-data-dir={folder}",
            "--virtual-time-budget=5000",
            "--dump-dom",
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=50,
    )
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return done.stdout, "\n".join(console)
