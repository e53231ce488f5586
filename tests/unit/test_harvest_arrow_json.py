from __future__ import annotations

import array
import json
import math
import random
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from comet_async import comet
from comet_async.engine.decode import decode
from comet_async.errors import DecodeError
from comet_async.harvest import TABLES, arrow_chart, arrow_points
from comet_async.harvest.arrow import Batch, batch
from comet_async.harvest.arrow_document import arrow, document
from comet_async.harvest.arrow_json import ChartRows, chart_rows, parameter_rows, point_rows
from comet_async.harvest.columns import metric_columns

RECORDED = Path(__file__).parents[1] / "conformance" / "recorded"
pa = arrow()

Json = dict[str, object]


def column(rows: Batch, name: str) -> list[object]:
    found: list[object] = rows.column(name).to_pylist()  # type: ignore[attr-defined]  # a record batch
    return found


def metric(name: str = "m", values: Sequence[object] = (0.5,), **members: object) -> Json:
    size = len(values)
    usual: Json = {"steps": [*range(size)], "epochs": None, "timestamps": [1000] * size}
    return {"metricName": name, "values": values, **usual, **members}


def entry(key: str, *metrics: Json, params: object = None, **members: object) -> Json:
    usual: Json = {"experimentKey": key, "experimentName": "n", "steps": [], "epochs": None}
    return {**usual, "metrics": metrics, "params": params, **members}


def chart(*entries: Json) -> bytes:
    found = {str(one["experimentKey"]): one for one in entries}
    return json.dumps({"experiments": found, "empty": not found}).encode()


def series(*points: Json) -> bytes:
    return json.dumps({"metrics": points}).encode()


def point(value: object, name: str = "m", **members: object) -> Json:
    return {"metricName": name, "metricValue": value, **members}


@pytest.fixture(autouse=True)
def _however_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Arrow parse bodies of any size."""
    monkeypatch.setattr(arrow_chart, "_LARGE", 0)
    monkeypatch.setattr(arrow_points, "_LARGE", 0)


@pytest.fixture
def structless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail a test that decodes points into structs."""

    def never(body: bytes, answer: type[object]) -> object:
        assert answer.__name__ in {"_Split", "_Parameters"}
        return decode(body, answer)

    monkeypatch.setattr(arrow_chart, "decode", never)
    monkeypatch.setattr(arrow_points, "decode", never)


@pytest.fixture
def kinds(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what is decoded into structs."""
    found: list[str] = []
    monkeypatch.setattr(arrow_chart, "decode", noting(found))
    monkeypatch.setattr(arrow_points, "decode", noting(found))
    return found


def noting(found: list[str]) -> Callable[[bytes, type[object]], object]:
    def noted(body: bytes, answer: type[object]) -> object:
        found.append(answer.__name__)
        return decode(body, answer)

    return noted


@pytest.mark.usefixtures("structless")
def test_a_plain_chart_is_read_without_structs() -> None:
    body = chart(
        entry(
            "a", metric("loss", [0.5, -0.0, 7, None]), metric("acc", [1e-05]), params={"lr": "0.1"}
        ),
        entry("b", metric("loss", [], steps=None), metric("loss", [2.5], timestamps=None)),
    )
    found = chart_rows(body, ["a", "b", "a"], ["lr", "depth"]).experiments

    assert list(found) == ["a", "b"]
    rows = found["a"].batch
    assert column(rows, "experiment_key") == ["a"] * 5
    assert column(rows, "metric") == ["loss"] * 4 + ["acc"]
    assert [repr(value) for value in column(rows, "value")] == [
        "0.5",
        "-0.0",
        "7.0",
        "None",
        "1e-05",
    ]
    assert column(rows, "step") == [0, 1, 2, 3, 0]
    assert column(rows, "timestamp")[0].timestamp() == 1.0  # type: ignore[attr-defined]  # a datetime
    for name in ("context", "epoch", "value_text", "offset"):
        assert column(rows, name) == [None] * 5
    assert (found["a"].points, found["a"].parameters) == ({"loss": 4, "acc": 1}, {"lr": "0.1"})
    assert column(found["b"].batch, "timestamp") == [None]
    assert (found["b"].points, found["b"].parameters) == ({"loss": 1}, {})


@pytest.mark.usefixtures("structless")
def test_columns_and_types_are_those_of_the_table() -> None:
    chart_batch = chart_rows(chart(entry("a", metric())), ["a"], []).experiments["a"].batch
    plain = batch(TABLES["metrics"], {c.name: [] for c in TABLES["metrics"].columns})
    for rows in (chart_batch, point_rows(series(point("1")), "a").batch):
        assert rows.schema == plain.schema  # type: ignore[attr-defined]  # a record batch


@pytest.mark.usefixtures("structless")
def test_names_may_hold_anything() -> None:
    names = ["a/b", 'q"q', "+ \t", "\u20ac\U0001f600", "\0", "", "metricName"]
    body = chart(*(entry(n, metric(n), params=dict.fromkeys(names, n)) for n in names))
    found = chart_rows(body, names, names).experiments
    for name in names:
        assert column(found[name].batch, "metric") == [name]
        assert found[name].parameters == dict.fromkeys(names, name)


@pytest.mark.usefixtures("structless")
def test_a_list_may_be_missing_from_some_series() -> None:
    body = chart(entry("a", metric("x", [1, 2], epochs=[3, None]), metric("y", [1, 2])))
    rows = chart_rows(body, ["a"], []).experiments["a"].batch
    assert column(rows, "epoch") == [3, None, None, None]


def test_an_experiment_that_is_missing_is_no_null_entry(kinds: list[str]) -> None:
    assert list(chart_rows(chart(entry("a", metric())), ["a", "b"], []).experiments) == ["a"]
    assert kinds == ["_Split", "_Parameters"]
    with pytest.raises(DecodeError, match=r"experiment b: .*object.*null"):
        chart_rows(b'{"experiments": {"b": null}}', ["a", "b"], [])
    for body in (b'{"experiments": {}, "empty": true}', b'{"experiments": null}'):
        assert chart_rows(body, ["a", "b"], []) == ChartRows({})


def test_texts_in_one_experiment_leave_the_others_quick(kinds: list[str]) -> None:
    cells = ["NaN", 0.5, "8.63E-4", "good", 3, None, "1.0", 10**400]
    body = chart(
        entry("a", metric(), params={"lr": "1"}),
        entry("b", metric("m", cells), params={"lr": True, "n": 3}),
        entry("c", metric(), params={"n": None}),
    )
    found = chart_rows(body, ["a", "b", "c"], ["lr", "n"]).experiments

    assert kinds.count("ChartExperiment") == 1
    rows = found["b"].batch
    values = ["nan", "0.5", "0.000863", "None", "3.0", "None", "1.0", "inf"]
    assert [repr(value) for value in column(rows, "value")] == values
    texts = ["NaN", None, "8.63E-4", "good", None, None, None, "1" + "0" * 400]
    assert column(rows, "value_text") == texts
    assert found["b"].parameters == {"lr": "true", "n": "3"}
    assert (found["a"].parameters, found["c"].parameters) == ({"lr": "1"}, {})


def test_bare_nan_is_the_text_that_it_stands_for() -> None:
    body = chart(entry("a", metric("m", [math.nan, -math.inf])))
    rows = chart_rows(body, ["a"], []).experiments["a"].batch
    assert [repr(value) for value in column(rows, "value")] == ["nan", "-inf"]
    assert column(rows, "value_text") == ["NaN", "-Infinity"]


def test_an_integer_zero_has_no_sign() -> None:
    body = chart(entry("a", metric("m", [0.5, -0.0]))).replace(b"0.5", b"-0")
    rows = chart_rows(body, ["a"], []).experiments["a"].batch
    assert [repr(value) for value in column(rows, "value")] == ["0.0", "-0.0"]


def test_unknown_members_cost_no_structs(kinds: list[str]) -> None:
    body = chart(entry("a", metric("m", [0.5], tags=["x", 1]), new={"deep": [[]]}))
    rows = chart_rows(body, ["a"], []).experiments["a"].batch
    assert column(rows, "value") == [0.5]
    assert kinds == ["_Split", "_Parameters"]
    assert column(point_rows(series(point("0.5", new=[{}])), "a").batch, "value") == [0.5]
    assert kinds[2:] == ["_Checked"]


def test_many_parameters_are_not_parsed_with_the_points(kinds: list[str]) -> None:
    names = [f"p{at}" for at in range(10_001)]
    body = chart(*(entry(key, metric(), params=dict.fromkeys(names, "1")) for key in "ab"))
    found = chart_rows(body, ["a", "b"], names).experiments
    assert len(found["b"].parameters) == 10_001
    assert kinds == ["_Split", "_Parameters", "_Parameters"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (chart(entry("b", metric())), "experiment b: it was not asked for"),
        (
            chart(entry("a", metric("x\ny", [1, 2], steps=[1]))),
            "experiment a: x y: 2 values and 1 ",
        ),
        (chart(entry("a", metric("x", ["w"], epochs=[1, 2]))), "experiment a: x: 1 values and 2 "),
        (b'{"experiments": {"a": 7}}', "experiment a: Expected `object`"),
        (b'{"experiments": {"a": {"experimentKey": "b"}}}', "experiment a: its entry says b"),
        (b'{"experiments": {"a": {"metrics": []}}}', "experiment a: .*experimentKey"),
        (chart(entry("a", {"metricName": "m"})), "experiment a: .*values"),
        (chart(entry("a", metric("m", steps=[2**63]))), "experiment a: metrics.step"),
        (chart(entry("a", metric("m", durations=["x"]))), "experiment a: .*durations"),
        (b"{}", "experiments"),
        (b"[1]", "Expected `object`"),
        (b'{"experiments": {}} {}', "trailing"),
        (b'{"experiments": {}}\0', "trailing"),
        (b"", "truncated"),
        (chart(entry("a", metric()))[:-9], "truncated"),
        (b'{"experiments": {"a": ' + b"[" * 100_000, "nested too deeply"),
    ],
)
def test_what_a_chart_must_not_be(body: bytes, told: str) -> None:
    with pytest.raises(DecodeError, match=told):
        chart_rows(body, ["a"], ["lr"])


@pytest.mark.usefixtures("structless")
def test_plain_points_are_read_without_structs() -> None:
    body = series(
        point("0.5", step=1, epoch=2, timestamp=1000, runContext="train", offset=-(2**63)),
        point("NaN", "n"),
        point("8.63E-4"),
        point("1"),
        point(None),
        point("good"),
    )
    for marked in (body, b"\xef\xbb\xbf" + body.replace(b", ", b" ,\n")):
        found = point_rows(marked, "k")
        assert found.points == {"m": 5, "n": 1}
        values = ["0.5", "nan", "0.000863", "1.0", "None", "None"]
        assert [repr(value) for value in column(found.batch, "value")] == values
        assert column(found.batch, "value_text") == [None, "NaN", "8.63E-4", "1", None, "good"]
        assert column(found.batch, "context") == ["train", *[None] * 5]
        assert column(found.batch, "offset")[0] == -(2**63)
    assert point_rows(b'{"metrics": []}', "k").points == {}


@pytest.mark.parametrize("name", sorted(path.name for path in RECORDED.glob("metrics-get-*.json")))
def test_recorded_points_give_the_same_rows(name: str) -> None:
    body = (RECORDED / name).read_bytes()
    expected = batch(TABLES["metrics"], metric_columns("k", decode(body, comet.MetricSeries)))
    assert point_rows(body, "k").batch == expected


def test_the_recorded_chart_holds_nothing() -> None:
    body = (RECORDED / "multi-metric-chart-empty.json").read_bytes()
    assert chart_rows(body, ["a"], ["lr"]) == ChartRows({})


@pytest.mark.parametrize(
    "points", [[point(7)], [point("1", step="7")], [point("1", step=7.0)], [point(0.5), point("1")]]
)
def test_points_that_arrow_refuses_are_decoded(points: list[Json]) -> None:
    body = series(*points)
    expected = batch(TABLES["metrics"], metric_columns("k", decode(body, comet.MetricSeries)))
    assert point_rows(body, "k").batch == expected


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"{}", "metrics"),
        (b'{"metrics": [null]}', r"metrics\[0\]"),
        (b'{"metrics": [{}]}', "metricName"),
        (b'{"metrics": [{"metricName": "\xff"}]}', "UTF-8"),
        (series(point("1", step=2**63)), "metrics.step"),
        (b'{"metrics": [], "more": Inf}', "malformed"),
        (b'{"metrics": [], "more": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested"),
    ],
)
def test_what_points_must_not_be(body: bytes, told: str) -> None:
    with pytest.raises(DecodeError, match=told):
        point_rows(body, "k")
    assert point_rows(b'{"metrics": null}', "k").points == {}


def test_a_document_longer_than_a_block_is_not_tried() -> None:
    class Long(bytes):
        def __len__(self) -> int:
            return 2**31

    assert document(Long(b'{"a": 1}'), {"a": pa.int64()}, only_known=True) is None
    found = document(b'{"a": 1}', {"a": pa.int64()}, only_known=True)
    assert found is not None
    assert found["a"].to_pylist() == [1]


def test_small_answers_are_decoded_into_structs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.undo()
    kinds: list[str] = []
    monkeypatch.setattr(arrow_chart, "decode", noting(kinds))
    monkeypatch.setattr(arrow_points, "decode", noting(kinds))
    values = [at / 7 for at in range(10_000)]
    small, large = entry("a", metric("m", values[:10])), entry("b", metric("m", values))

    assert chart_rows(chart(small), ["a"], []).experiments["a"].points == {"m": 10}
    assert kinds == ["_Split", "_Parameters", "ChartExperiment"]
    assert chart_rows(chart(large), ["b"], []).experiments["b"].points == {"m": 10_000}
    assert kinds[3:] == ["_Split", "_Parameters"]
    kinds.clear()
    assert point_rows(series(point("1")), "a").points == {"m": 1}
    assert kinds == ["MetricSeries"]
    assert point_rows(series(*[point("0.5")] * 3000), "a").points == {"m": 3000}
    assert len(kinds) == 1


def test_parameters_become_rows() -> None:
    columns = parameter_rows("k", {"lr": "8.63E-4", "name": "adam", "deep": "true"})
    rows = batch(TABLES["parameters"], columns)
    assert column(rows, "experiment_key") == ["k"] * 3
    assert column(rows, "name") == ["lr", "name", "deep"]
    assert column(rows, "value") == ["8.63E-4", "adam", "true"]
    assert column(rows, "number") == [0.000863, None, None]
    for name in ("timestamp", "step", "context", "value_min", "value_max", "editable"):
        assert column(rows, name) == [None] * 3


def finite(seed: int, number: int) -> list[float]:
    """Return floats of any size, each bit by chance."""
    chance = random.Random(seed)
    drawn = struct.unpack(
        f"={number + number // 50}d", chance.randbytes(8 * (number + number // 50))
    )
    return [value for value in drawn if math.isfinite(value)][:number]


def test_a_million_points_come_bit_by_bit() -> None:
    values = finite(7, 1_000_000)
    parts = [values[at : at + 50_000] for at in range(0, len(values), 50_000)]
    cells = [f'{{"metricName": "{at}", "values": {part}}}' for at, part in enumerate(parts)]
    body = f'{{"experiments": {{"a": {{"experimentKey": "a", "metrics": [{",".join(cells)}]}}}}}}'
    rows = chart_rows(body.encode(), ["a"], []).experiments["a"].batch

    assert rows.num_rows == 1_000_000
    found: Any = rows.column("value")
    assert bytes(found.buffers()[1])[: 8 * len(values)] == array.array("d", values).tobytes()


def java(value: float) -> str:
    return repr(value).replace("e", "E").replace("E+", "E")


@pytest.mark.parametrize("write", [repr, java, "{:.6f}".format, "{:.17g}".format])
def test_texts_in_every_notation_come_bit_by_bit(write: Callable[[float], str]) -> None:
    chance = random.Random(8)
    small = [chance.uniform(-2, 2) * 10.0 ** chance.randrange(-6, 7) for _ in range(20_000)]
    values = [*finite(8, 5_000), *small]
    body = series(*(point(write(value)) for value in values))
    expected = batch(TABLES["metrics"], metric_columns("k", decode(body, comet.MetricSeries)))
    rows = point_rows(body, "k").batch
    assert column(rows, "value_text") == column(expected, "value_text")
    assert [repr(v) for v in column(rows, "value")] == [repr(v) for v in column(expected, "value")]
