"""Charts: what goes into the picture for each option, and how a picture is saved."""

from __future__ import annotations

import html
import json
import math
import re
import stat
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import cast

import altair as alt
import pytest

from comet_async import charts
from comet_async.charts import Curve, Curves
from comet_async.charts.layers import spread
from comet_async.errors import DestinationError, UsageError
from tests.support.pictures import (
    CHROMIUM,
    curve,
    layers,
    lines,
    middles,
    notes,
    rendered,
    rows,
    texts,
    walk,
)

TWO = (curve("a", [3.0, 2.0, 1.0]), curve("b", [4.0, 5.0]))
OPTIMIZERS = (
    curve("a", [3.0, 2.0], parameters={"optimizer": "adam"}),
    curve("b", [4.0, 5.0], parameters={"optimizer": "sgd"}),
    curve("c", [5.0, 6.0], parameters={"optimizer": "adam"}),
    curve("d", [1.0, 1.0]),
)
NASTY = (
    "</script><script>alert(1)</script><img src=x onerror=alert(2)> ' \" \u2028 Δ 学习率 \x1b[31m"
)


def many(count: int, points: int = 500) -> Curves:
    return Curves(
        tuple(
            curve(
                f"k{n:04}",
                [n + math.exp(-at / 100) + (at * 7919 + n) % 13 / 50 for at in range(points)],
                parameters={"lr": str(10 ** -(n % 4))},
            )
            for n in range(count)
        )
    )


def encoding(layer: dict[str, object], channel: str) -> dict[str, object]:
    return cast("dict[str, dict[str, object]]", layer["encoding"])[channel]


def test_few_curves_have_all_their_points_and_their_names() -> None:
    picture = charts.chart(TWO)
    assert [(row["name"], row["x"], row["y"]) for row in lines(picture)] == [
        ("run a", [0, 1, 2], [3.0, 2.0, 1.0]),
        ("run b", [0, 1], [4.0, 5.0]),
    ]
    assert texts(picture) == ["run b", "run a"]  # from above
    assert notes(picture) == "2 curves"
    assert picture.title == "loss"
    assert repr(picture) == "<Picture loss>"
    assert len({str(row["colour"]) for row in lines(picture)}) == 2


PICTURES: dict[str, Callable[[], charts.Picture]] = {
    "plain": lambda: charts.chart(TWO),
    "log, smooth, best": lambda: charts.chart(
        TWO, log_x=True, log_y=True, smoothing=0.5, best="lowest"
    ),
    "time": lambda: charts.chart([curve("a", [1.0], timestamps=(5,))], x="time"),
    "band": lambda: charts.chart(OPTIMIZERS, group_by="optimizer", band="quantile"),
    "overlay": lambda: charts.chart([*TWO, curve("a", [1.0], metric="acc")], overlay=True),
    "several": lambda: charts.chart([*TWO, curve("a", [0.1], metric="acc")]),
    "crowd": lambda: charts.chart(many(51, 3), group_by="lr"),
    "parallel": lambda: charts.parallel_coordinates(
        OPTIMIZERS, ["optimizer"], "loss", best="lowest"
    ),
}


@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_is_sound_vega_lite(name: str) -> None:
    picture = PICTURES[name]()
    alt.Chart.from_dict(picture.spec)  # validates
    found = picture.altair.to_dict()
    assert len(found["datasets"]) == len([one for one in walk(picture.spec) if "data" in one])


@pytest.mark.parametrize(
    ("x", "title"),
    [
        ("step", "step"),
        ("epoch", "epoch"),
        ("duration", "duration (s)"),
        ("time", "time (UTC)"),
    ],
)
def test_the_x_axis(x: charts.XAxis, title: str) -> None:
    made = curve(
        "a", [1.0, 2.0], steps=(1, 2), epochs=(3, 4), durations=(5.5, 6.5), timestamps=(7, 8)
    )
    picture = charts.chart([made], x=x)
    places = {"step": [1, 2], "epoch": [3, 4], "duration": [5.5, 6.5], "time": [7, 8]}
    assert [row["x"] for row in lines(picture)] == [places[x]]
    (layer, *_) = layers(picture, "line")
    assert encoding(layer, "x")["title"] == title
    assert (encoding(layer, "x")["type"] == "temporal") == (x == "time")


def test_log_axes_say_what_they_have_no_place_for() -> None:
    picture = charts.chart([curve("a", [1.0, 0.0, -1.0, 2.0])], log_y=True)
    (layer, *_) = layers(picture, "line")
    assert cast("dict[str, object]", encoding(layer, "y")["scale"])["type"] == "log"
    assert [row["y"] for row in lines(picture)] == [[1.0, None, None, 2.0]]
    assert notes(picture) == "1 curve 2 points not drawn: 2 of 0 or below on the log axis"
    picture = charts.chart([curve("a", [1.0, 0.0, 2.0])], log_x=True)
    (layer, *_) = layers(picture, "line")
    assert cast("dict[str, object]", encoding(layer, "x")["scale"])["type"] == "log"
    assert encoding(layer, "x")["title"] == "step, log scale"
    assert [row["x"] for row in lines(picture)] == [[1, 2]]


def test_what_is_not_drawn_is_said() -> None:
    made = [
        curve("a", [1.0, math.nan, math.inf], steps=(0, 2, 1)),
        curve("b", [math.nan, None], steps=(0, None)),
        curve("c", [2.0, 1.0]),
    ]
    told = notes(charts.chart(Curves(tuple(made), sampled=True)))
    assert told.startswith("3 curves 4 points not drawn: 2 NaN, 1 infinite, 1 without a step ")
    assert "1 curve has nothing to draw" in told
    assert "1 point logged at a smaller step than the one before" in told
    assert told.endswith("longer curves are the server's sample of about 500 points")


def test_nothing_to_draw_is_an_error_that_says_why() -> None:
    with pytest.raises(UsageError, match="over epoch: 5 without an epoch; try another x"):
        charts.chart(TWO, x="epoch")
    with pytest.raises(UsageError, match="over step: 1 NaN"):
        charts.chart([curve("a", [math.nan])])
    with pytest.raises(UsageError, match="there are no curves to draw"):
        charts.chart([])


def test_smoothing_keeps_the_curve_as_logged_behind_it() -> None:
    picture = charts.chart([curve("a", [1.0, 2.0])], smoothing=0.6)
    raw, smooth = lines(picture)
    assert raw["y"] == [1.0, 2.0]
    assert smooth["y"] == pytest.approx([1.0, 1.625])
    faint, strong = (cast("dict[str, float]", one["mark"]) for one in layers(picture, "line"))
    assert faint["strokeOpacity"] < strong["strokeOpacity"] / 2
    assert "smoothed by 0.6" in notes(picture)


def test_groups_have_a_legend_with_one_entry_each() -> None:
    picture = charts.chart(OPTIMIZERS, group_by="optimizer")
    assert [row["group"] for row in lines(picture)] == ["adam", "sgd", "adam", "(none)"]
    colour = encoding(layers(picture, "line")[0], "color")
    assert colour["title"] == "optimizer"
    assert cast("dict[str, object]", colour["scale"])["domain"] == ["(none)", "adam", "sgd"]
    assert texts(picture) == []
    assert notes(picture) == "4 curves by optimizer"


def test_long_values_that_differ_at_their_ends_are_two_groups() -> None:
    made = [curve(f"k{n}", [1.0], parameters={"who": "x" * 500 + f" {n}"}) for n in range(3)]
    made.append(curve("k3", [1.0], parameters={"who": "x" * 500 + "  0"}))
    groups = {str(row["group"]) for row in lines(charts.chart(made, group_by="who"))}
    assert len(groups) == 4
    assert max(map(len, groups)) < 220


def test_steps_have_whole_ticks() -> None:
    axis = encoding(layers(charts.chart(TWO), "line")[0], "x")["axis"]
    assert cast("dict[str, object]", axis)["tickCount"] == 2


def test_numbers_are_groups_in_their_order() -> None:
    made = [
        curve(f"k{n}", [1.0], parameters={"lr": text})
        for n, text in enumerate(["0.1", "1.0E-5", "0.01", "10"])
    ]
    colour = encoding(layers(charts.chart(made, group_by="lr"), "line")[0], "color")
    domain = cast("dict[str, object]", colour["scale"])["domain"]
    assert domain == ["1.0E-5", "0.01", "0.1", "10"]


def test_many_numbers_are_a_scale_and_many_texts_are_gathered() -> None:
    made = [curve(f"k{n}", [1.0], parameters={"lr": str(10**-n), "who": f"w{n}"}) for n in range(9)]
    picture = charts.chart(made, group_by="lr")
    colour = encoding(layers(picture, "line")[0], "color")
    assert (colour["field"], cast("dict[str, object]", colour["scale"])["type"]) == (
        "number",
        "log",
    )
    assert [row["number"] for row in lines(picture)] == [10.0**-n for n in range(9)]
    picture = charts.chart(made, group_by="who")
    assert {str(row["group"]) for row in lines(picture)} == {
        *(f"w{n}" for n in range(7)),
        "(other: 2 values)",
    }
    assert "who: the 7 most frequent values, all others in one colour" in notes(picture)


def test_a_band_is_around_the_middle_of_each_group() -> None:
    picture = charts.chart(OPTIMIZERS, group_by="optimizer", band="minmax")
    found = {
        (row["group"], row["x"]): (row["low"], row["y"], row["high"]) for row in middles(picture)
    }
    assert found == {
        ("adam", 0): (3.0, 4.0, 5.0),
        ("adam", 1): (2.0, 4.0, 6.0),
        ("sgd", 0): (4.0, 4.0, 4.0),
        ("sgd", 1): (5.0, 5.0, 5.0),
        ("(none)", 0): (1.0, 1.0, 1.0),
        ("(none)", 1): (1.0, 1.0, 1.0),
    }
    assert notes(picture) == "4 curves by optimizer: mean, smallest and largest of each group"


def test_the_best_curve_stands_out_with_its_value() -> None:
    for best, name, value, place in (("lowest", "run a", 1.0, 2), ("highest", "run b", 5.0, 1)):
        picture = charts.chart(TWO, best=cast("charts.Best", best))
        assert texts(picture) == [f"{name}: {value:g}"]
        strong = layers(picture, "line")[-1]
        assert [row["name"] for row in rows(strong)] == [name]
        assert cast("dict[str, float]", strong["mark"])["strokeOpacity"] == 1
        (dot,) = rows(layers(picture, "circle")[-1])
        assert (dot["x"], dot["y"]) == ([place], [value])
        assert notes(picture) == f"2 curves; best: {best} loss"


def test_the_best_one_of_the_first_metric_is_shown_in_all() -> None:
    made = [*TWO, curve("a", [0.1], metric="acc"), curve("b", [0.9], metric="acc")]
    picture = charts.chart(made, best="lowest")
    assert texts(picture) == ["run a: 1", "run a: 0.1"]


def test_each_metric_has_a_plot_or_all_share_one() -> None:
    made = [*TWO, curve("a", [0.1, 0.2], metric="acc")]
    picture = charts.chart(made)
    plots = cast("list[dict[str, object]]", picture.spec["concat"])
    first = [cast("list[dict[str, object]]", plot["layer"])[0] for plot in plots]
    assert [encoding(layer, "y")["title"] for layer in first] == ["loss", "acc"]
    assert notes(picture) == "2 experiments"
    picture = charts.chart(made, overlay=True)
    assert "concat" not in picture.spec
    assert sorted(texts(picture)) == ["run a | acc", "run a | loss", "run b | loss"]
    assert [(row["name"], row["dash"]) for row in lines(picture)] == [
        ("run a | loss", 0),
        ("run b | loss", 0),
        ("run a | acc", 1),
    ]
    assert encoding(layers(picture, "line")[0], "strokeDash")["field"] == "dash"
    picture = charts.chart([made[0], made[2]], overlay=True)
    assert sorted(texts(picture)) == ["acc", "loss"]


def test_curves_that_share_a_colour_differ_in_dashes() -> None:
    picture = charts.chart(many(20, 3))
    looks = [(row["colour"], row["dash"]) for row in lines(picture)]
    assert len(set(looks)) == 20
    samples = rows(layers(picture, "rule")[0])
    assert {(row["colour"], row["dash"]) for row in samples} == set(looks)


def test_one_colour_means_one_experiment_in_all_plots() -> None:
    made = [*TWO, curve("b", [0.1, 0.2], metric="acc")]
    colours = {(str(row["name"]), str(row["colour"])) for row in lines(charts.chart(made))}
    assert len(colours) == 2


def test_a_crowd_fades_and_shows_middle_and_quantiles_of_all() -> None:
    crowd = many(1_000)
    picture = charts.chart(crowd, group_by="lr")
    drawn = lines(picture)
    assert len(drawn) <= 201
    assert {str(drawn[0]["name"]), str(drawn[-1]["name"])} == {"run k0000", "run k0999"}
    low = min(min(cast("list[float]", row["y"])) for row in drawn)
    high = max(max(cast("list[float]", row["y"])) for row in drawn)
    values = [value for one in crowd for value in one.values if value is not None]
    assert (low, high) == (min(values), max(values))
    assert {row["count"] for row in middles(picture)} == {250}
    assert all(
        cast("float", row["lowest"]) <= cast("float", row["low"]) for row in middles(picture)
    )
    told = notes(picture)
    assert told.startswith("1,000 curves by lr: median, quartiles, 5 % and 95 % of each group; ")
    assert f"{len(drawn)} of them as lines" in told
    assert texts(picture) == []


def test_a_page_of_a_thousand_curves_stays_small() -> None:
    page = charts.chart(many(1_000), group_by="lr", best="lowest").to_html()
    assert len(page.encode()) < 3_000_000


def test_a_lone_point_is_a_dot() -> None:
    picture = charts.chart([curve("a", [1.0]), curve("b", [1.0, None, 2.0, 3.0])])
    dots = layers(picture, "circle")[0]
    assert [(row["name"], row["x"]) for row in rows(dots)] == [("run a", [0]), ("run b", [0])]


def test_values_outside_the_axis_are_counted() -> None:
    picture = charts.chart(TWO, y_range=(0.0, 3.5))
    assert notes(picture) == "2 curves 2 points outside the value axis"
    scale = cast("dict[str, object]", encoding(layers(picture, "line")[0], "y")["scale"])
    assert scale["domain"] == [0.0, 3.5]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"x": "steps"}, "x is one of step, epoch, duration, time, not 'steps'"),
        ({"band": "iqr"}, "band is one of std, minmax, quantile, not 'iqr'"),
        ({"best": "max"}, "best is one of lowest, highest, not 'max'"),
        ({"smoothing": 1.0}, "smoothing is from 0 to below 1, not 1.0"),
        ({"smoothing": -0.1}, "smoothing is from 0"),
        ({"x": "time", "log_x": True}, "clock times have no log axis"),
        ({"y_range": (2.0, 1.0)}, "y_range is (lower, upper)"),
        ({"y_range": (0.0, 1.0), "log_y": True}, "y_range begins above 0"),
        ({"width": 0}, "width and height are from 1"),
        ({"group_by": "optimiser"}, "no parameter optimiser; did you mean optimizer?"),
    ],
)
def test_wrong_options(options: dict[str, object], told: str) -> None:
    with pytest.raises(UsageError, match=re.escape(told)):
        charts.chart(OPTIMIZERS, **options)  # type: ignore[arg-type]  # wrong on purpose


def test_a_parameter_that_was_not_asked_for_is_told() -> None:
    with pytest.raises(UsageError, match=re.escape("give parameters=['lr'] where they are")):
        charts.chart(TWO, group_by="lr")


def test_overlay_is_for_few_curves_by_themselves() -> None:
    made = [*TWO, curve("a", [0.1], metric="acc")]
    with pytest.raises(UsageError, match="leave out group_by, band and best"):
        charts.chart(made, overlay=True, best="lowest")
    crowd = [*many(24, 2), curve("a", [0.1], metric="acc")]
    with pytest.raises(UsageError, match="25 curves are too many for one plot with overlay"):
        charts.chart(crowd, overlay=True)
    with pytest.raises(UsageError, match="25 metrics are too many"):
        charts.chart([curve("a", [0.1], metric=f"m{n}") for n in range(25)])


def test_constants_and_extremes_have_an_axis() -> None:
    for values in ([5.0, 5.0], [0.0, 0.0], [1e308, -1e308], [5e-324, 1e308]):
        for log in (False, True):
            if log and min(values) <= 0:
                continue
            picture = charts.chart([curve("a", values)], log_y=log)
            scale = cast("dict[str, object]", encoding(layers(picture, "line")[0], "y")["scale"])
            low, high = cast("list[float]", scale["domain"])
            assert low < high
            assert math.isfinite(high - low) or values == [1e308, -1e308]
            assert picture.to_svg().startswith("<svg")


def test_labels_never_overlap() -> None:
    places = [place for place, _ in spread([(100.0, n) for n in range(10)], 360)]
    assert all(b - a >= 13 for a, b in pairwise(places))
    assert max(places) <= 360
    assert spread([(359.0, 0), (1.0, 1), (360.0, 2)], 360) == [(1.0, 1), (347.0, 0), (360.0, 2)]


def test_curves_tell_what_they_are() -> None:
    curves = Curves((*TWO, curve("a", [1.0], metric="acc")))
    assert repr(curves) == "<Curves: 3 curves of loss, acc, 2 experiments, 6 points>"
    assert (curves.metrics, curves.experiments) == (("loss", "acc"), ("a", "b"))
    assert [one.experiment_key for one in curves.of("loss")] == ["a", "b"]
    assert curves[2].metric == "acc"
    assert curves[1:] == Curves(curves.curves[1:])
    with pytest.raises(UsageError, match=r"no metric los; did you mean loss\?"):
        curves.of("los")
    with pytest.raises(UsageError, match="2 steps for 1 values of loss"):
        Curve(experiment_key="k", metric="loss", values=(1.0,), steps=(1, 2))


def test_names_that_are_shared_get_their_keys_and_contexts_are_told() -> None:
    curves = Curves(
        (
            curve("a" * 32, [1.0], experiment_name="run"),
            curve("b" * 32, [1.0], experiment_name="run"),
            curve("c", [1.0], context="train"),
            curve("c", [1.0], context="val"),
            curve("d", [1.0], experiment_name=None),
        )
    )
    assert curves.labels() == [
        "run (aaaaaaaaa)",
        "run (bbbbbbbbb)",
        "run c | train",
        "run c | val",
        "d",
    ]


def test_each_ending_has_its_form(tmp_path: Path) -> None:
    picture = charts.chart(TWO)
    starts = {".png": b"\x89PNG", ".svg": b"<svg", ".html": b"<!DOCTYPE html>", ".HTML": b"<!D"}
    for ending, start in starts.items():
        path = tmp_path / f"picture{ending}"
        assert picture.save(path) == path
        assert path.read_bytes().startswith(start)
    before = (tmp_path / "picture.svg").read_bytes()
    charts.chart([TWO[0]]).save(tmp_path / "picture.svg")
    assert (tmp_path / "picture.svg").read_bytes() != before
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        f"picture{ending}" for ending in starts
    )
    assert stat.S_IMODE((tmp_path / "picture.svg").stat().st_mode) & 0o400


@pytest.mark.parametrize("name", ["x.pdf", "x", "x.htm"])
def test_other_endings_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"a picture ends in \.png, \.svg or \.html, not in "):
        charts.chart(TWO).save(tmp_path / name)
    assert [*tmp_path.iterdir()] == []


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere: no such folder"):
        charts.chart(TWO).save(tmp_path / "nowhere" / "x.svg")
    (tmp_path / "x.svg").mkdir()
    with pytest.raises(DestinationError, match=r"cannot write .*x\.svg: "):
        charts.chart(TWO).save(tmp_path / "x.svg")
    assert [path.name for path in tmp_path.iterdir()] == ["x.svg"]


def test_a_notebook_gets_an_image_and_the_interactive_form() -> None:
    data, metadata = charts.chart(TWO)._repr_mimebundle_()
    assert set(data) == {"application/vnd.vegalite.v6+json", "image/png", "text/plain"}
    assert metadata == {}
    assert str(data["image/png"]).startswith("iVBOR")
    json.dumps(data)


def test_altair_gets_the_same_picture() -> None:
    picture = charts.chart(TWO)
    found = cast("alt.LayerChart", picture.altair)
    assert isinstance(found, alt.LayerChart)
    assert cast("list[dict[str, object]]", found.to_dict()["datasets"]["rows0"])[0]["y"] == [
        3,
        2,
        1,
    ]
    assert isinstance(charts.chart([*TWO, curve("a", [1.0], metric="m")]).altair, alt.ConcatChart)


@pytest.mark.parametrize("module", ["altair", "vl_convert"])
def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    monkeypatch.setitem(__import__("sys").modules, module, None)
    picture = charts.chart(TWO)
    with pytest.raises(UsageError, match=r"pip install 'comet_async\[charts\]'"):
        _ = picture.altair if module == "altair" else picture.to_svg()


def nasty() -> charts.Picture:
    made = [
        curve("a", [1.0, 2.0], experiment_name=NASTY, metric=NASTY, parameters={NASTY: NASTY}),
        curve("b", [2.0, 1.0], experiment_name="long " * 400, metric=NASTY),
    ]
    return charts.chart(made, title=NASTY)


def test_a_page_loads_nothing_and_no_name_is_markup() -> None:
    page = nasty().to_html()
    assert page.lower().count("<script>") == page.lower().count("</script>") == 2
    assert "<script " not in page.lower()
    markup = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    assert not re.search(r"<[^>]*\b(src|href)=", markup)
    assert html.escape(NASTY.replace("\x1b", "\\x1b").replace("\u2028", "\\u2028")) in markup
    assert "default-src &#x27;none&#x27;" in page
    assert "<img" not in markup
    assert "\x1b" not in page
    assert "学习率" in page


def test_names_in_an_image_are_texts() -> None:
    made = [
        curve(key, [1.0, 2.0], experiment_name=NASTY + key, parameters={NASTY: NASTY + key})
        for key in "abc"
    ]
    for picture in (charts.chart(made), charts.chart(made, group_by=NASTY, best="lowest")):
        image = picture.to_svg()
        assert "<script" not in image
        assert "<img" not in image
        assert "学习率" in image


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")
def test_a_page_is_drawn_by_a_browser_without_a_network(tmp_path: Path) -> None:
    page = nasty().save(tmp_path / "x.html")
    document, console = rendered(page, tmp_path / "profile")
    assert console == ""
    shown = document.partition('<div id="picture"')[2].partition("<script>")[0]
    assert "<canvas" in shown
    assert "Error" not in shown
