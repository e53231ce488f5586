"""Each field of a lake is carried to the other tracker, or named as lost: nothing is forgotten."""

from __future__ import annotations

from pathlib import Path

import pytest

import comet_async
from comet_async.handover import (
    ALTERED,
    MLFLOW_PLACES,
    NEPTUNE_PLACES,
    Places,
    decoded,
    encoded,
    places_as_markdown,
)
from comet_async.handover.made_files import JSON_TABLES
from comet_async.handover.places import Place, place_of
from comet_async.handover.workspace import WORKSPACE_TABLES
from comet_async.harvest.schema import TABLES

TARGETS = {"mlflow": MLFLOW_PLACES, "neptune": NEPTUNE_PLACES}


@pytest.mark.parametrize("places", TARGETS.values(), ids=TARGETS)
def test_each_column_of_each_table_is_carried_or_named_as_lost(places: Places) -> None:
    undecided = [
        f"{table.name}.{column.name}"
        for table in TABLES.values()
        for column in table.columns
        if place_of(places, table.name, column.name) is None
    ]
    assert undecided == [], "decide where they go in comet_async/handover, or why they are lost"


@pytest.mark.parametrize("places", TARGETS.values(), ids=TARGETS)
def test_no_place_is_of_a_column_that_no_table_has(places: Places) -> None:
    known = {(table.name, column.name) for table in TABLES.values() for column in table.columns}
    for table, found in places.items():
        if isinstance(found, Place):
            assert table == "domino_*" or table in TABLES
        else:
            assert {(table, column) for column in found} <= known


@pytest.mark.parametrize("places", TARGETS.values(), ids=TARGETS)
def test_a_place_says_where_or_why(places: Places) -> None:
    for found in places.values():
        for place in [found] if isinstance(found, Place) else found.values():
            assert (place.to is None) != (place.why is None)


@pytest.mark.parametrize("places", TARGETS.values(), ids=TARGETS)
def test_each_file_that_a_place_names_is_written(places: Places) -> None:
    for table, found in places.items():
        named = [] if isinstance(found, Place) else [place.to or "" for place in found.values()]
        if any(place.startswith("file comet/") and place.endswith(".json") for place in named):
            assert table in JSON_TABLES or table in {"metrics", "system_metrics"}
        if any(place.startswith("run of the workspace") for place in named):
            assert table in WORKSPACE_TABLES


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("loss", "loss"),
        ("val/loss 2.0-b_", "val/loss 2.0-b_"),
        ("a|b", "a_x7C_b"),
        ("a:b", "a_x3A_b"),
        ("日本/é", "日本/é"),
        ("a\n", "a_x0A_"),
        ("😀", "_x1F600_"),
        ("", "_x0_"),
        ("a//b", "a_x2F__x2F_b"),
        ("/a", "_x2F_a"),
        ("a/", "a_x2F_"),
        ("../a", "_x2E__x2E__x2F_a"),
        (".", "_x2E_"),
        ("_x7C_", "_x5F_x7C_"),
        ("grad_x1", "grad_x1"),
    ],
)
def test_names_come_back_as_they_were(name: str, key: str) -> None:
    assert encoded(name) == key
    assert decoded(key) == name


def test_long_names_are_cut_and_stay_apart() -> None:
    one, two = encoded("a" * 300), encoded("a" * 301)
    assert len(one) == len(two) == 250
    assert one != two
    assert len(encoded("|" * 300, limit=200)) <= 200


def guide_part(name: str) -> str:
    """Return what stands in the guide between the mark of a part and its end."""
    guide = Path(comet_async.__file__).parent / "docs" / "guides" / "other-trackers.md"
    part = guide.read_text("utf-8").partition(f"<!-- {name} -->\n")[2]
    return part.partition("\n<!-- end -->")[0]


@pytest.mark.parametrize("name", TARGETS)
def test_the_guide_tells_where_each_field_goes(name: str) -> None:
    assert guide_part(name) == places_as_markdown(TARGETS[name])
    assert guide_part(name).count("**lost**") >= 3


def test_the_guide_tells_all_that_is_changed() -> None:
    rows = [f"| `{name}` | {what} |" for name, what in ALTERED.items()]
    assert guide_part("altered") == "\n".join(["| Name | What |", "|---|---|", *rows])
