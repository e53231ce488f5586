"""An expression as the scope of a harvest, in one project and over a workspace."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
import pytest

from comet_async import Session, harvest
from comet_async.errors import UsageError
from comet_async.harvest import Selection
from comet_async.query import Expression, Metric, Parameter, Tag
from comet_async.server import Facts, Logged, Mark, MemorySource, Value, memory_project, series_of
from comet_async.testing import local_server, local_service


def run(
    key: str, project: str, *, archived: bool = False, loss: float | None = None, lr: str = ""
) -> Logged:
    facts = Facts(key * 32, memory_project("team", project), key, 1000, 2000, archived=archived)
    return Logged(
        facts,
        series={} if loss is None else {"loss": series_of("loss", [loss])},
        parameters=(Value.single("lr", Mark(lr, 1000)),) if lr else (),
        tags=("best",) if key == "a" else (),
    )


RUNS = [
    run("a", "first", loss=0.05, lr="0.1"),
    run("b", "first", loss=0.5, lr="0.2"),
    run("c", "first", archived=True, loss=0.01),
    run("d", "second", loss=0.07),
    run("e", "third", lr="0.1"),
]


@pytest.fixture
async def session() -> AsyncIterator[Session]:
    async with (
        local_server(sources=[MemorySource(RUNS)]) as server,
        Session(local_service(server)) as opened,
    ):
        yield opened


async def planned(session: Session, scope: str, **chosen: object) -> str:
    """Return the first letters of the keys that a plan has."""
    selection = msgspec.convert(chosen, Selection)
    plan = await harvest.plan(session, scope, tables=["parameters"], selection=selection)
    return "".join(
        sorted(subject.key[0] for subject in plan.listed if subject.kind == "experiment")
    )


SMALL = 'Metric("loss") < 0.1'


@pytest.mark.parametrize(
    ("scope", "chosen", "keys"),
    [
        ("team/first", {"where": SMALL}, "a"),
        ("team/first", {"where": f"not {SMALL}"}, "b"),
        ("team/first", {"where": SMALL, "archived": True}, "ac"),
        ("team/first", {"where": 'Metric("loss") < 1', "tags": ["best"]}, "a"),
        ("team", {"where": SMALL}, "ad"),
        ("team", {"where": 'Parameter("lr") == 0.1'}, "ae"),
        ("team", {"where": f'{SMALL} or Parameter("lr") == 0.2'}, "abd"),
        ("team", {"where": 'Tag("nobody")'}, ""),
    ],
)
async def test_only_what_the_expression_wants_is_harvested(
    session: Session, scope: str, chosen: dict[str, object], keys: str
) -> None:
    assert await planned(session, scope, **chosen) == keys


@pytest.mark.parametrize(
    ("scope", "where"),
    [
        ("team/second", 'Parameter("lr") == 0.1'),
        ("team", 'Parameter("lrs") == 0.1'),
        ("team", 'Metric("loss").contains("x")'),
        ("team/first", 'Metric("loss") == "low"'),
    ],
)
async def test_a_column_that_is_nowhere_is_an_error(
    session: Session, scope: str, where: str
) -> None:
    with pytest.raises(UsageError, match=r"is unknown in this project|is of type double"):
        await planned(session, scope, where=where)


@pytest.mark.parametrize(
    "wanted", [Metric("loss") < 0.1, ~((Parameter("lr") > 1) & Tag("a")), Tag("é\n")]
)
def test_a_selection_keeps_the_text_of_an_expression(wanted: Expression) -> None:
    selection = Selection(where=wanted)
    assert selection == Selection(where=str(wanted))
    assert selection.asks_server
    assert selection.expression is not None
    assert selection.expression.same_as(wanted)
    assert Selection().expression is None


def test_a_selection_refuses_what_is_no_expression() -> None:
    with pytest.raises(UsageError, match="column 5: one = does not compare"):
        Selection(where="1234= 1")
