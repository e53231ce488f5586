"""What expressions select: a plain evaluator against the embedded server, by query and by search.

The evaluator knows nothing of predicates: it compares values, and gives a comparison with something
that an experiment lacks no truth, but for `None`, `""` and tags.
"""

from __future__ import annotations

import math
import operator
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import anyio
import pytest
from hypothesis import given

from comet_async import Session, comet
from comet_async.api.query import Selected, as_expression, experiments_of, query, search
from comet_async.api.values import column_values
from comet_async.errors import UsageError
from comet_async.query import Expression, Metric, Tag
from comet_async.server import (
    Facts,
    LocalServer,
    Logged,
    Mark,
    MemorySource,
    Value,
    memory_project,
    series_of,
    serve_in_thread,
)
from comet_async.testing import local_server, local_service
from tests.support.expressions import FORMS, Form, expression, holds

PROJECT = memory_project("team", "runs")
ADDRESS: Mapping[str, Any] = {"workspace_name": "team", "project_name": "runs"}
START = 1_700_000_000_000
COUNT = 60


class Made(NamedTuple):
    """An experiment as it was logged."""

    key: str
    start_ms: int
    duration_ms: int
    logged: Mapping[tuple[str, str], Any]
    tags: tuple[str, ...]


def made(index: int) -> Made:
    """Return one of many experiments, which lack something now and then."""
    pick: Callable[..., Any] = lambda step, *values: values[index // step % len(values)]  # noqa: E731  short
    logged = {
        ("Metric", "loss"): pick(1, 0.05, 0.1, 0.5, 3.25, "NaN", None, -1),
        ("Metric", "accuracy"): pick(2, 1, 0.5, None),
        ("Parameter", "lr"): pick(3, 1e-05, 0.1, 2, None),
        ("Parameter", "optimizer"): pick(1, "adam", "sgd", "", None, "adamw"),
        ("Parameter", "augment"): pick(2, "true", "false", None),
        ("Other", "Name"): pick(4, "run 1", "run 2", "ü", None),
        ("Environment", "os"): pick(5, "linux", "darwin", None),
    }
    tags = tuple(tag for at, tag in enumerate(("best", "draft")) if index >> at & 1)
    return Made(f"{index:032x}", START + index * 250, (index % 4) * 500, logged, tags)


def values_of(run: Made, kind: str) -> tuple[Value, ...]:
    return tuple(
        Value.single(name, Mark(_text(value), run.start_ms))
        for (of, name), value in run.logged.items()
        if of == kind and value is not None
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else repr(value)


def as_logged(run: Made, *, archived: bool = False) -> Logged:
    end_ms = run.start_ms + run.duration_ms
    system = run.logged["Environment", "os"]
    return Logged(
        Facts(run.key, PROJECT, run.key, run.start_ms, end_ms, archived=archived),
        series={
            name: series_of(name, [_text(value)])
            for (kind, name), value in run.logged.items()
            if kind == "Metric" and value is not None
        },
        parameters=values_of(run, "Parameter"),
        others=values_of(run, "Other"),
        tags=run.tags,
        system={} if system is None else {"os": system},
    )


RUNS = [made(index) for index in range(COUNT)]
SIGNS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "contains": lambda found, part: part in found,
    "startswith": str.startswith,
    "endswith": str.endswith,
}


def value_of(run: Made, kind: str, name: str) -> Any:
    if name == "duration":
        return run.duration_ms / 1000
    if name == "start_server_timestamp":
        return datetime.fromtimestamp(run.start_ms / 1000, UTC)
    found = run.logged.get((kind, name))
    if name == "augment":
        return {"true": True, "false": False, None: None}[found]
    return math.nan if found == "NaN" else found


def is_true(run: Made, leaf: Form, wanted: bool) -> bool:
    """Tell whether a comparison holds for an experiment, or its opposite does."""
    kind: str = leaf[1]
    name: str = leaf[2]
    sign: str = leaf[3]
    values: tuple[Any, ...] = leaf[4]
    if kind == "Tag":
        return (name in run.tags) == wanted
    found = value_of(run, kind, name)
    if sign in {"==", "!="} and values in {(None,), ("",)}:
        is_there = found is not None and (values == (None,) or bool(found != ""))
        return bool(is_there) == ((sign == "!=") == wanted)
    if found is None or found != found:  # noqa: PLR0124  NaN
        return False
    if sign == "between":
        return bool(values[0] <= found <= values[1]) == wanted
    value = values[0]
    if isinstance(value, datetime) and value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    return SIGNS[sign](found, value) == wanted


def wanted_of(form: Form) -> set[str]:
    return {
        run.key
        for run in RUNS
        if holds(form, lambda leaf, wanted, run=run: is_true(run, leaf, wanted))
    }


@pytest.fixture(scope="module")
def listening() -> Any:
    archived = made(COUNT)
    logged = [*(as_logged(run) for run in RUNS), as_logged(archived, archived=True)]
    with serve_in_thread(local_server(sources=[MemorySource(logged)])) as server:
        yield server


@pytest.fixture
async def session(listening: LocalServer) -> AsyncIterator[Session]:
    async with Session(local_service(listening)) as opened:
        yield opened


def both(server: LocalServer, wanted: Expression, **more: Any) -> tuple[Selected, Selected]:
    """Return what query and search find."""

    async def ask() -> tuple[Selected, Selected]:
        async with Session(local_service(server)) as opened:
            queried = await query(opened, wanted, **ADDRESS, **more)
            return queried, await search(opened, wanted, page_size=25, **ADDRESS, **more)

    return anyio.run(ask)


@given(form=FORMS)
def test_query_and_search_find_what_the_expression_says(listening: LocalServer, form: Form) -> None:
    queried, searched = both(listening, expression(form))
    assert set(queried.keys) == set(searched.keys) == wanted_of(form)
    assert queried.experiments_in_project == COUNT


@pytest.mark.parametrize("size", [1, 7, 20, COUNT, 100])
async def test_a_search_reads_every_page_once(
    listening: LocalServer, session: Session, size: int
) -> None:
    expected = [run.key for run in RUNS if run.logged["Metric", "loss"] is not None]
    before = len(listening.log)
    found = await search(session, Metric("loss") != None, page_size=size, **ADDRESS)  # noqa: E711  it is the operator
    assert sorted(found.keys) == sorted(expected)
    asked = len(listening.log) - before - 2
    assert asked <= len(expected) // size + 9


async def test_archived_experiments_are_asked_by_themselves(session: Session) -> None:
    archived: dict[str, Any] = {"archived": True, **ADDRESS}
    for verb in (query, search):
        found = await verb(session, ~Tag("nobody"), **archived)
        assert found.keys == (f"{COUNT:032x}",)


async def test_a_project_by_its_id_and_an_expression_as_text(session: Session) -> None:
    project = await session.send(comet.get_project(**ADDRESS))
    for verb in (query, search):
        found = await verb(session, 'Metric("loss") < 0', project_id=project.project_id)
        assert set(found.keys) == {r.key for r in RUNS if r.logged["Metric", "loss"] == -1}


@pytest.mark.parametrize("verb", [query, search])
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('Parameter("loss") < 1', 'did you mean Metric("loss")?'),
        ('Parameter("lr2") < 1', 'did you mean Parameter("lr")?'),
        ('Metric("acc") > 1', 'did you mean Metric("accuracy")?'),
        ('Metadata("sst") == "a"', 'did you mean Metadata("start_server_timestamp")?'),
        ('Metric("los") < 1', 'did you mean Metric("loss")?'),
        ('Parameter("Optimizer") == "adam"', 'did you mean Parameter("optimizer")?'),
        ('Other("zzz") == "a"', "no column has a similar name"),
    ],
)
async def test_an_unknown_column_lists_what_may_be_meant(
    session: Session, verb: Any, text: str, told: str
) -> None:
    with pytest.raises(UsageError) as caught:
        await verb(session, text, **ADDRESS)
    assert "is unknown in this project" in caught.value.message
    assert told in caught.value.message
    loose = await verb(session, text, strict=False, **ADDRESS)
    assert loose.keys == ()
    assert len(loose.asked.unknown) == 1


@pytest.mark.parametrize("verb", [query, search])
async def test_what_is_no_expression_is_refused_before_anything_is_asked(
    listening: LocalServer, session: Session, verb: Any
) -> None:
    before = len(listening.log)
    with pytest.raises(UsageError, match="column 1: "):
        await verb(session, "loss < 1", **ADDRESS)
    assert len(listening.log) == before


async def test_experiments_and_values_of_what_was_found(session: Session) -> None:
    text = 'Metric("loss") < 3 and Parameter("augment") == True and Environment("os") != None'
    found = await query(session, as_expression(text + ' and Metadata("duration") >= 0'), **ADDRESS)
    wanted = [run for run in RUNS if run.key in found.keys]
    assert len(wanted) > 4
    entries = await experiments_of(session, found.keys, **ADDRESS)
    assert [entry.experiment_key for entry in entries] == list(found.keys)
    values = await column_values(session, entries, found.asked.columns)
    for run in wanted:
        assert values[run.key] == {
            "loss--metrics": run.logged["Metric", "loss"],
            "augment--params": True,
            "os--env_details": run.logged["Environment", "os"],
            "duration--metadata": run.duration_ms / 1000,
        }


@pytest.mark.parametrize("count", [1, 30])
async def test_an_experiment_that_is_gone_leaves_its_key(session: Session, count: int) -> None:
    keys = [*(run.key for run in RUNS[:count]), "f" * 32]
    entries = await experiments_of(session, keys, **ADDRESS)
    assert [entry.experiment_key for entry in entries] == keys
    assert [entry.start_time_millis is None for entry in entries] == [False] * count + [True]


async def test_many_experiments_take_one_listing(listening: LocalServer, session: Session) -> None:
    before = len(listening.log)
    await experiments_of(session, [run.key for run in RUNS], **ADDRESS)
    assert len(listening.log) == before + 1
