"""The committed pictures are those that the script makes, small, and of the documented kinds."""

from __future__ import annotations

import runpy
from pathlib import Path

import altair as alt
import pytest

from comet_async.charts import Picture

pytestmark = pytest.mark.once

EXAMPLES = Path(__file__).parents[2] / "examples"
LARGEST = 100_000


async def test_the_pictures_are_those_that_the_script_makes(tmp_path: Path) -> None:
    script = runpy.run_path(str(EXAMPLES / "make_pictures.py"))
    script["settings"].__globals__["RUNS"] = 60
    made: dict[str, Picture] = {
        **dict(await script["sample_pictures"]()),
        **dict(script["sweep_pictures"](tmp_path)),
    }
    for name, picture in made.items():
        path = EXAMPLES / "pictures" / f"{name}.png"
        assert path.read_bytes().startswith(b"\x89PNG")
        assert path.stat().st_size < LARGEST, name
        assert isinstance(picture.altair, (alt.LayerChart, alt.ConcatChart))
