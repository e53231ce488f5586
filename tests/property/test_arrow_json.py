"""Rows made by Arrow are those that decoding into structs gives, bit for bit, or both refuse."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from comet_async import comet
from comet_async.comet.common import number
from comet_async.engine.decode import decode
from comet_async.errors import DecodeError
from comet_async.harvest import TABLES, arrow_chart, arrow_points
from comet_async.harvest.arrow import Batch, batch
from comet_async.harvest.arrow_document import arrow
from comet_async.harvest.arrow_json import chart_rows, point_rows
from comet_async.harvest.arrow_values import number_and_text, numbers_and_texts
from comet_async.harvest.columns import metric_columns

pa = arrow()
KEYS = ("a" * 32, "b/ +\"'\\\u00e9", "c")
PARAMETERS = ("lr", 'a b/+"\u20ac', "metricName")
Outcome: TypeAlias = Mapping[str, tuple[object, ...]] | str


def cells(rows: Batch) -> list[tuple[str, ...]]:
    """Return rows as texts that tell every bit; times as integers."""
    assert rows.validate(full=True) is None  # type: ignore[attr-defined]  # a record batch
    found: list[list[object]] = []
    for column in rows.columns:  # type: ignore[attr-defined]  # as above
        timed = pa.types.is_timestamp(column.type)
        found.append((column.view(pa.int64()) if timed else column).to_pylist())
    return [tuple(map(repr, row)) for row in zip(*found, strict=True)]


def outcome(make: Callable[[], Mapping[str, tuple[object, ...]]]) -> Outcome:
    try:
        return make()
    except DecodeError:
        return "refused"


def quick_chart(body: bytes, keys: Sequence[str], names: Sequence[str]) -> Outcome:
    return outcome(
        lambda: {
            key: (cells(rows.batch), rows.points, rows.parameters)
            for key, rows in chart_rows(body, keys, names).experiments.items()
        }
    )


def plain_chart(body: bytes, keys: Sequence[str], names: Sequence[str]) -> Outcome:
    return outcome(lambda: _plain_chart(body, keys, names))


def _plain_chart(
    body: bytes, keys: Sequence[str], names: Sequence[str]
) -> Mapping[str, tuple[object, ...]]:
    """Return what `chart_rows` should give, in the plainest way."""
    found: dict[str, tuple[object, ...]] = {}
    for key, entry in decode(body, comet.MultiMetricChart).experiments.items():
        if key not in keys or entry.experiment_key != key:
            raise DecodeError(key)
        rows: list[dict[str, object]] = []
        counts: dict[str, int] = {}
        for one in entry.metrics:
            size = len(one.values)
            lists = [one.steps, one.epochs, one.timestamps]
            if any(len(cells) not in {0, size} for cells in lists):
                raise DecodeError(key)
            counts[one.metric_name] = counts.get(one.metric_name, 0) + size
            for at, cell in enumerate(one.values):
                step, epoch, time = (cells[at] if cells else None for cells in lists)
                value, text = number(cell), None
                if isinstance(cell, str):
                    text = None if value is not None and repr(value) == cell else cell
                elif repr(value) in {"inf", "-inf"}:
                    text = repr(cell)
                row = {"experiment_key": key, "metric": one.metric_name, "step": step}
                rows.append(
                    row | {"epoch": epoch, "timestamp": time, "value": value, "value_text": text}
                )
        columns = {c.name: [row.get(c.name) for row in rows] for c in TABLES["metrics"].columns}
        told = {n: entry.params[n] for n in names if entry.params.get(n) is not None}
        texts = {n: c if isinstance(c, str) else json.dumps(c) for n, c in told.items()}
        found[key] = (cells(batch(TABLES["metrics"], columns)), counts, texts)
    return found


def shadowed(body: bytes) -> bool:
    """Return whether an entry, or all of them, come twice.

    Only the last one counts, so only that one is looked at; structs decode each of them.
    """

    def twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
        names = [name for name, _ in pairs]
        found.extend(name for name in {*KEYS, "experiments", "metrics"} if names.count(name) > 1)
        return dict(pairs)

    found: list[str] = []
    with contextlib.suppress(ValueError, RecursionError):
        json.loads(body.decode("utf-8-sig", "replace"), object_pairs_hook=twice)
    return bool(found)


def same(body: bytes, quick: Outcome, plain: Outcome) -> bool:
    return quick == plain or (plain == "refused" and shadowed(body))


def quick_points(body: bytes) -> Outcome:
    def make() -> Mapping[str, tuple[object, ...]]:
        rows = point_rows(body, "k")
        return {"k": (cells(rows.batch), rows.points)}

    return outcome(make)


def plain_points(body: bytes) -> Outcome:
    def make() -> Mapping[str, tuple[object, ...]]:
        answer = decode(body, comet.MetricSeries)
        counts: dict[str, int] = {}
        for point in answer.metrics:
            counts[point.metric_name] = counts.get(point.metric_name, 0) + 1
        return {"k": (cells(batch(TABLES["metrics"], metric_columns("k", answer))), counts)}

    return outcome(make)


@pytest.fixture(autouse=True, scope="module")
def _however_small() -> Iterator[None]:
    """Let Arrow parse bodies of any size."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(arrow_chart, "_LARGE", 0)
        patch.setattr(arrow_points, "_LARGE", 0)
        yield


FLOATS = st.floats(allow_nan=False, allow_infinity=False)
ODD_TEXTS = st.sampled_from(
    [
        "NaN",
        "Infinity",
        "-Infinity",
        "nan",
        "inf",
        "8.63E-4",
        "1",
        "-0",
        "-0.0",
        "0.0",
        " 1.5",
        "",
        "+1",
        ".5",
        "5.",
        "1e999",
        "1_0",
        "\u0661",
        "nan(1)",
        "0x1p3",
        "1e-05",
        "0.00001",
        "good",
        "1e16",
        "10000000000000000.0",
        "007",
        "1E5",
        "-1e-400",
        "1.0\n",
        "true",
        "100000000000.0",
        "1e+16",
        "NaN ",
        "1E400",
        "-nan",
        "INF",
        "1e5",
        "1e05",
        "0.10",
        "123456789012.5",
        "9007199254740993",
        "0.1e1",
    ]
)
TEXTS = FLOATS.map(repr) | ODD_TEXTS | st.integers(-(2**63), 2**64).map(str) | st.text(max_size=5)
NUMBERS = FLOATS.map(repr) | st.integers(-(2**63), 2**63).map(str)
ODD_NUMBERS = st.sampled_from(
    [
        "-0",
        "-0.0",
        "-0e3",
        "1E5",
        "1e-400",
        "5e-324",
        "2.2250738585072011e-308",
        "9007199254740993",
        "1e400",
        "NaN",
        "-Infinity",
        "Inf",
        "-Inf",
        "true",
        "[1]",
        "1.",
        "{}",
        "01",
        "+1",
        "9" * 40,
        "9" * 400,
        "-" + "9" * 400,
    ]
)
WHOLE = st.integers(0, 2**31).map(str) | st.just("null")
ODD_WHOLE = st.sampled_from(
    [
        "7.0",
        "7.5",
        "1e3",
        "-0",
        "9223372036854775807",
        "-9223372036854775808",
        "9223372036854775808",
        "NaN",
        "true",
        "[]",
        '"7"',
        '"x"',
        '"-9223372036854775809"',
        "9" * 40,
    ]
)


def quoted(texts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(texts, st.booleans()).map(lambda t: json.dumps(t[0], ensure_ascii=t[1]))


def mostly(usual: st.SearchStrategy[str], odd: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.integers(0, 19).flatmap(lambda at: odd if at == 0 else usual)


def listed(items: Sequence[str]) -> str:
    return "[" + ",".join(items) + "]"


@st.composite
def objects(draw: st.DrawFn, members: Sequence[tuple[str, str]]) -> str:
    """Return an object, at times with odd spaces, members twice, missing or unknown."""
    pairs = list(members)
    odd = draw(st.integers(0, 39))
    if odd == 0 and pairs:
        pairs.append(draw(st.sampled_from(pairs)))
    elif odd == 1 and pairs:
        pairs.remove(draw(st.sampled_from(pairs)))
    elif odd == 2:
        pairs.append(("unknown", draw(st.sampled_from(["1", '[{"a":[null]}]', "NaN", "Inf"]))))
    elif odd == 3 and pairs:
        pairs.append((draw(st.sampled_from(pairs))[0], draw(st.sampled_from(["null", "{}", "[]"]))))
    space = draw(st.sampled_from(["", "", "", " ", "\n", "\t\r\n "]))
    return "{" + ",".join(f"{json.dumps(n)}{space}:{space}{v}{space}" for n, v in pairs) + "}"


@st.composite
def series(draw: st.DrawFn) -> str:
    size = draw(st.integers(0, 4))
    cell = draw(st.sampled_from([NUMBERS, NUMBERS, NUMBERS | st.just("null"), quoted(TEXTS)]))
    values = draw(st.lists(mostly(cell, ODD_NUMBERS), min_size=size, max_size=size))
    members = [("metricName", draw(quoted(st.text(max_size=3)))), ("values", listed(values))]
    for name in ("steps", "epochs", "timestamps", "durations"):
        length = size if draw(st.integers(0, 19)) else draw(st.integers(0, 4))
        parts = draw(st.lists(mostly(WHOLE, ODD_WHOLE), min_size=length, max_size=length))
        members.append((name, draw(st.sampled_from([listed(parts)] * 4 + ["null", "[]"]))))
    return draw(objects(members))


@st.composite
def entries(draw: st.DrawFn, key: str) -> str:
    told = key if draw(st.integers(0, 29)) else draw(st.sampled_from(KEYS))
    params = draw(st.lists(st.sampled_from(PARAMETERS), unique=True))
    cell = mostly(quoted(TEXTS), st.sampled_from(["1", "0.5", "null", "true", "[]"]))
    pairs = [(name, draw(cell)) for name in params]
    members = [
        ("experimentKey", json.dumps(told)),
        ("experimentName", draw(quoted(st.text(max_size=3)))),
        ("steps", "[]"),
        ("epochs", "null"),
        ("metrics", listed(draw(st.lists(series(), max_size=3)))),
        ("params", draw(st.just("null") | objects(pairs))),
    ]
    return draw(objects(members))


@st.composite
def charts(draw: st.DrawFn) -> bytes:
    keys = draw(st.lists(st.sampled_from(KEYS), unique=True))
    odd = st.sampled_from(["null", "[]", '"x"', "1"])
    pairs = [(key, draw(mostly(entries(key), odd))) for key in keys]
    members = [("experiments", draw(objects(pairs))), ("empty", "false")]
    text = draw(objects(members))
    return (draw(st.sampled_from(["", "", "\ufeff"])) + text).encode("utf-8", "surrogatepass")


@st.composite
def points(draw: st.DrawFn) -> bytes:
    found: list[str] = []
    for _ in range(draw(st.integers(0, 5))):
        members = [
            ("metricName", draw(quoted(st.text(max_size=2)))),
            ("metricValue", draw(mostly(quoted(TEXTS), st.just("null") | NUMBERS))),
            *((n, draw(mostly(WHOLE, ODD_WHOLE))) for n in ("timestamp", "step", "epoch")),
            ("runContext", draw(st.just("null") | quoted(st.text(max_size=2)))),
            ("offset", draw(st.integers(-(2**63), 2**63 - 1)).__str__()),
        ]
        found.append(draw(objects(members)))
    return draw(objects([("metrics", listed(found))])).encode("utf-8", "surrogatepass")


@st.composite
def mutated(draw: st.DrawFn, bodies: st.SearchStrategy[bytes]) -> bytes:
    """Return a body with some bytes changed, dropped, put in or cut off."""
    body = draw(bodies)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(body)))
        new = draw(
            st.sampled_from([b"", b"0", b"-", b'"', b"}", b"]", b",", b"\\", b"\xff", b"\0"])
        )
        more = draw(st.integers(0, 4) | st.just(len(body)))
        body = body[:at] + new + body[at + more :]
    return body


@settings(max_examples=150, deadline=None)
@given(charts())
def test_a_chart_gives_the_same_rows_either_way(body: bytes) -> None:
    assert same(body, quick_chart(body, KEYS, PARAMETERS), plain_chart(body, KEYS, PARAMETERS))


@settings(max_examples=150, deadline=None)
@given(mutated(charts()))
def test_a_damaged_chart_gives_the_same_rows_or_none_either_way(body: bytes) -> None:
    assert same(body, quick_chart(body, KEYS, PARAMETERS), plain_chart(body, KEYS, PARAMETERS))


@settings(max_examples=100, deadline=None)
@given(charts())
def test_a_chart_with_unexpected_keys_is_refused(body: bytes) -> None:
    assert same(body, quick_chart(body, KEYS[:2], ()), plain_chart(body, KEYS[:2], ()))


@settings(max_examples=150, deadline=None)
@given(points())
def test_points_give_the_same_rows_either_way(body: bytes) -> None:
    assert same(body, quick_points(body), plain_points(body))


@settings(max_examples=150, deadline=None)
@given(mutated(points()))
def test_damaged_points_give_the_same_rows_or_none_either_way(body: bytes) -> None:
    assert same(body, quick_points(body), plain_points(body))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.none() | TEXTS | FLOATS.map(lambda v: f"{v:.17g}") | FLOATS.map("{:.4f}".format))
)
@example(["NaN", None, "1", "1.0", "0.5", "1e-05", "0.00001", "100000000000.0", "1e+16", "-0.0"])
def test_texts_are_read_as_python_reads_them(texts: list[str | None]) -> None:
    numbers, kept = numbers_and_texts(pa.array(texts, pa.string()))
    expected = [number_and_text(text) for text in texts]
    assert [repr(value) for value in numbers.to_pylist()] == [repr(value) for value, _ in expected]
    assert kept.to_pylist() == [text for _, text in expected]


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 2**53), st.integers(0, 66), st.integers(-1, 1))
@example(2**17 + 1, 17, 0)
@example(2**17 + 1, 17, 1)
def test_halfway_between_two_shortest_texts(number: int, power: int, by: int) -> None:
    """A dyadic fraction may lie halfway between two texts of the shortest length."""
    text = repr(number / 2**power)
    moved = text[:-1] + str((int(text[-1]) + by) % 10)
    numbers, kept = numbers_and_texts(pa.array([text, moved]))
    assert (numbers.to_pylist(), kept.to_pylist()) == (
        [number / 2**power, float(moved)],
        [None, None if repr(float(moved)) == moved else moved],
    )
