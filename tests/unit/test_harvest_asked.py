"""What a run was asked for is kept as options that ask the very same."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import click
import msgspec
import pytest

from comet_async.cli.harvest import harvest as command
from comet_async.harvest.account import read_account
from comet_async.harvest.asked import options_asked, usual_tables
from comet_async.harvest.schema import TABLES
from comet_async.harvest.scope import Scope, Selection
from tests.support.harvests import make_plan, opened

MOMENT = datetime(2026, 1, 31, 12, 30, tzinfo=UTC)
PREDICATE = {"source": "tag", "query": {"condition": "AND", "rules": []}}
SELECTIONS = [
    Selection(),
    Selection(archived=True, remote=True, exact=True),
    Selection(keys=frozenset({"b", "a"}), tags=("best", "it's"), metrics=("val/*", "loss")),
    Selection(since=MOMENT, until=MOMENT, states=("running", "crashed")),
    Selection(where='Metric("loss") < 0.1 and Tag("a b")', predicates=(PREDICATE,)),
]


def read_back(options: list[str]) -> dict[str, object]:
    """Return what the command reads from options."""
    context = command.make_context("harvest", ["team", *options, "-o", "lake"])
    assert isinstance(context, click.Context)
    return context.params


@pytest.mark.parametrize("selection", SELECTIONS, ids=range(len(SELECTIONS)))
@pytest.mark.parametrize("project", [None, "resnet"])
def test_the_command_reads_the_same_selection(selection: Selection, project: str | None) -> None:
    scope = Scope("team", project)
    plan = make_plan(scope=scope, selection=selection, tables=tuple(usual_tables(scope)))
    found = read_back(options_asked(msgspec.structs.replace(plan, files=True)))
    for name in ("since", "until"):
        moment = found[name]
        found[name] = moment.replace(tzinfo=UTC) if isinstance(moment, datetime) else None
    chosen = {name: found[name] for name in Selection.__struct_fields__ if name in found}
    assert msgspec.convert(chosen, Selection) == selection
    assert found["tables"] == ()
    assert not found["no_assets"]


@pytest.mark.parametrize(
    ("tables", "expand", "wanted"),
    [
        (("metrics", "metric_series"), False, {"tables": ("metrics", "metric_series")}),
        (("tags", "model_archives"), False, {"tables": ("tags",), "archives": True}),
        (("tags", "model_archives"), True, {"tables": ("tags",), "expand": True}),
        (("tags", "answers"), False, {"tables": ("tags",), "answers": True}),
        (("assets",), False, {"tables": ("assets",), "no_assets": True}),
    ],
)
def test_the_command_reads_the_same_tables(
    tables: tuple[str, ...], expand: bool, wanted: dict[str, object]
) -> None:
    given = tuple(name for name in TABLES if name in tables)
    plan = make_plan(tables=given, selection=Selection(expand=expand))
    found = read_back(options_asked(msgspec.structs.replace(plan, files="assets" not in tables)))
    assert {name: found[name] for name in wanted} == wanted


def test_a_folder_keeps_what_each_run_was_asked_for(tmp_path: Path) -> None:
    for options in (["--exact"], ["--tag", "best"]):
        lake = opened(tmp_path, "k1")
        lake.ledger.asked(options)
        lake.close()
    account = read_account(tmp_path)
    assert account is not None
    assert [cast("tuple[str, ...]", run.asked) for run in account.runs] == [
        ("--exact",),
        ("--tag", "best"),
    ]
    assert [run.spent for run in account.runs] == [None, None]
