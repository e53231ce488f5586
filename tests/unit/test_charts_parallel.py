"""Parallel coordinates: which axes, where lines cross them, and what is said."""

from __future__ import annotations

import math
import re
from typing import cast

import pytest

from comet_async import charts
from comet_async.charts.parallel_axes import LACKING, axis_of
from comet_async.errors import UsageError
from tests.support.pictures import curve, layers, notes, rows, texts

ROWS: list[dict[str, object]] = [
    {"experiment_name": "one", "lr": "0.001", "optimizer": "sgd", "loss": 0.5},
    {"experiment_name": "two", "lr": "1.0E-5", "optimizer": "adam", "loss": 0.25},
    {"experiment_name": "three", "lr": 0.1, "loss": 1.5},
]


def places(picture: charts.Picture) -> dict[str, list[float]]:
    return {
        str(row["name"]): cast("list[float]", row["place"])
        for layer in layers(picture, "line")
        for row in rows(layer)
    }


def test_lines_cross_axes_at_their_values() -> None:
    picture = charts.parallel_coordinates(ROWS, ["lr", "optimizer"], "loss")
    assert places(picture) == {
        "one": [0.5, 0.0, 0.2],
        "two": [0.0, 1.0, 0.0],
        "three": [1.0, LACKING, 1.0],
    }
    told = texts(picture)
    assert {"lr (log)", "optimizer", "loss", "0.001", "1e-05", "adam", "sgd", "(none)"} <= {*told}
    assert notes(picture) == "3 experiments"
    assert picture.title == "loss by lr, optimizer"
    line = rows(layers(picture, "line")[0])[0]
    assert (line["shown0"], line["shown1"], line["shown2"]) == ("0.001", "sgd", "0.5")


def test_numbers_in_a_narrow_range_are_linear() -> None:
    axis = axis_of("batch", ["16", "32", "64", None])
    assert axis.title == "batch"
    assert axis.places == pytest.approx((0.0, 1 / 3, 1.0, LACKING))
    assert [label for _, label in axis.ticks] == ["16", "32", "64"]
    assert axis.shown == ("16", "32", "64", "(none)")


def test_one_text_makes_categories_and_numbers_among_them_keep_their_order() -> None:
    axis = axis_of("size", ["10", "9", "auto", True])
    assert [label for _, label in axis.ticks] == ["9", "10", "auto", "true"]
    assert [place for place, _ in axis.ticks] == pytest.approx([1, 2 / 3, 1 / 3, 0])


def test_one_value_stands_in_the_middle() -> None:
    assert axis_of("lr", ["0.1", 0.1]).places == (0.5, 0.5)
    assert axis_of("who", ["a", "a"]).places == (0.5, 0.5)
    assert axis_of("nobody", [None, None]).places == (LACKING, LACKING)


def test_ticks_of_an_axis_never_touch() -> None:
    axis = axis_of("x", [n / 7 for n in range(100)])
    gaps = [b - a for (a, _), (b, _) in zip(axis.ticks, axis.ticks[1:], strict=False)]
    assert min(gaps) > 0.05
    assert (axis.ticks[0][1], axis.ticks[-1][1]) == ("0", "14.14")
    many = axis_of("names", [f"n{n}" for n in range(100)])
    assert len(many.ticks) <= 12


def test_curves_give_parameters_and_last_values() -> None:
    made = [
        curve("a", [3.0, 2.0, None], parameters={"lr": "0.1"}),
        curve("a", [0.9], metric="acc"),
        curve("b", [1.0], parameters={"lr": "0.2"}),
    ]
    picture = charts.parallel_coordinates(made, ["lr", "acc"], "loss")
    assert places(picture) == {"run a": [0.0, 0.5, 1.0], "run b": [1.0, LACKING, 0.0]}
    assert notes(picture) == "2 experiments; metrics: the last value of each curve"


@pytest.mark.parametrize(("best", "name"), [("lowest", "two: 0.25"), ("highest", "three: 1.5")])
def test_the_best_one_stands_out_with_its_name(best: charts.Best, name: str) -> None:
    picture = charts.parallel_coordinates(ROWS, "lr", "loss", best=best)
    assert name in texts(picture)
    strong = layers(picture, "line")[-1]
    assert [row["name"] for row in rows(strong)] == [name.partition(":")[0]]
    assert cast("dict[str, float]", strong["mark"])["strokeOpacity"] == 1
    assert notes(picture) == f"3 experiments; best: {best} loss"


def test_rows_without_a_result_are_grey_and_told() -> None:
    picture = charts.parallel_coordinates([*ROWS, {"lr": "1", "loss": math.nan}], "lr", "loss")
    grey, coloured = layers(picture, "line")
    assert [len(rows(grey)), len(rows(coloured))] == [1, 3]
    assert "1 without a finite loss, in grey" in notes(picture)


def test_of_very_many_rows_some_are_drawn_and_both_ends_are() -> None:
    many = [{"name": f"r{n}", "lr": n % 7, "loss": float(n)} for n in range(5_000)]
    picture = charts.parallel_coordinates(many, ["lr"], "loss")
    drawn = places(picture)
    assert len(drawn) <= 1_000
    assert {"r0", "r4999"} <= set(drawn)
    assert notes(picture) == f"5,000 experiments, {len(drawn):,} of them drawn"


@pytest.mark.parametrize(
    ("columns", "result", "told"),
    [
        (["lt"], "loss", "no column lt; did you mean lr?"),
        (["lr"], "los", "no column los; did you mean loss?"),
        (["lr"], "optimizer", "optimizer has no finite number in any row"),
        ([], "loss", "name at least one column"),
    ],
)
def test_what_is_not_there_is_told(columns: list[str], result: str, told: str) -> None:
    with pytest.raises(UsageError, match=re.escape(told)):
        charts.parallel_coordinates(ROWS, columns, result)


def test_wrong_rows_are_told() -> None:
    with pytest.raises(UsageError, match="there are no rows to draw"):
        charts.parallel_coordinates([], ["lr"], "loss")
    with pytest.raises(UsageError, match="give curves, or rows; not both"):
        charts.parallel_coordinates([curve("a", [1.0]), ROWS[0]], ["lr"], "loss")  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(UsageError, match="best is one of lowest, highest"):
        charts.parallel_coordinates(ROWS, ["lr"], "loss", best="max")  # type: ignore[arg-type]  # as above


def test_names_are_texts() -> None:
    nasty = [{"experiment_name": "</script>\x1b[31m" + "x" * 500, "lr": "<b>", "loss": 1.0}]
    picture = charts.parallel_coordinates(nasty, ["lr"], "loss", best="lowest")
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", repr(picture.spec))
    assert "<b>" in texts(picture)
    page = picture.to_html()
    assert page.lower().count("</script>") == 2
    assert picture.to_svg().startswith("<svg")
