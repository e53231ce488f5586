"""What users add to a harvest: readers with tables of their own, and sinks."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

import anyio
import pytest

from comet_async import Limits, RetryPolicy, Session, comet, harvest, open_lake
from comet_async.errors import DestinationError, UsageError
from comet_async.harvest import Ask, Column, Columns, Subject, TableSchema, job, schema
from comet_async.harvest.subjects import SubjectKind
from comet_async.server import LocalServer, SyntheticSpec

SPEC = SyntheticSpec(experiments=3, points=5, metrics=1, parameters=2, assets=1)
RUNTIMES = TableSchema(
    "runtimes",
    "One row per experiment: where it ran.",
    (
        Column("experiment_key", "name", "Experiment key."),
        Column("host", "string", "Name of the machine."),
        Column("python", "string", "Version of Python."),
    ),
    typical_bytes=2000,
)


class RuntimeReader:
    """Reads a table of one's own from an endpoint that a table of ours reads as well."""

    kind: SubjectKind = "experiment"
    tables = ("runtimes",)
    requests = 1.0

    async def read(
        self, ask: Ask, subject: Subject, tables: frozenset[str]
    ) -> Mapping[str, Columns]:
        """Return a row."""
        assert tables == {"runtimes"}
        details = await ask(comet.get_experiment_system_details(subject.key))
        row: Columns = {
            "experiment_key": [subject.key],
            "host": [details.hostname],
            "python": [details.python_version],
        }
        return {"runtimes": row}


class Shelf:
    """A sink that notes what it is given, and fails when it is told to."""

    name = "shelf"

    def __init__(self, problem: str | None = None) -> None:
        self.problem = problem
        self.seen: list[list[str]] = []

    async def bring(self, folder: Path, progress: harvest.HarvestProgress) -> None:
        """Note the tables."""
        progress.planned("shelf", 1)
        if self.problem:
            raise DestinationError(self.problem)
        self.seen.append(sorted(path.name for path in (folder / "tables").iterdir()))
        progress.finished("shelf", 1, 0)


@pytest.fixture
async def server() -> AsyncIterator[LocalServer]:
    async with LocalServer(synthetic=SPEC, extras=False) as started:
        yield started


@pytest.fixture
async def session(server: LocalServer) -> AsyncIterator[Session]:
    service = comet.service("KEY", url=server.url, limits=Limits(concurrency=4))
    async with Session(service, retry=RetryPolicy(attempts=2, base=0.001)) as opened:
        yield opened


@pytest.fixture
def runtimes() -> Iterator[None]:
    """Add the table for one test."""
    known = dict(schema._KNOWN)
    harvest.add_table(RUNTIMES)
    harvest.add_table(RUNTIMES)  # once more is no error
    yield
    schema._KNOWN.clear()
    schema._KNOWN.update(known)


@pytest.mark.usefixtures("runtimes")
async def test_a_reader_of_ones_own_fills_a_table_of_ones_own(
    server: LocalServer, session: Session, tmp_path: Path
) -> None:
    readers = [*harvest.READERS, RuntimeReader()]

    async def taken() -> harvest.Report:
        plan = await harvest.plan(
            session,
            "synthetic",
            tables=["tags", "runtimes"],
            readers=readers,
            selection=harvest.Selection(exact=True),
            into=tmp_path,
        )
        forecast = {table.table: table.requests for table in plan.forecast().tables}
        assert forecast in ({"tags": 3, "runtimes": 3}, {"tags": 0, "runtimes": 1})
        return await harvest.run(session, plan, tmp_path, readers=readers)

    rule = server.faults.add("status", 403, "system-details", times=1)
    first = await taken()
    assert server.faults.hits(rule) == 1
    (failure,) = first.failures
    assert (failure.table, first.exit_code) == ("runtimes", 3)
    server.log.clear()
    second = await taken()
    assert second.exit_code == 0
    assert server.log.counts()["/api/rest/v2/experiment/system-details"] == 1
    frame = open_lake(tmp_path)["runtimes"].to_pandas()
    assert len(frame) == 3
    assert frame["host"].notna().all()
    assert (await harvest.verify(tmp_path)).problems == ()


@pytest.mark.usefixtures("runtimes")
async def test_a_process_that_does_not_know_a_table_leaves_it_alone(
    server: LocalServer, session: Session, tmp_path: Path
) -> None:
    readers = [*harvest.READERS, RuntimeReader()]
    plan = await harvest.plan(session, "synthetic", tables=["tags", "runtimes"], readers=readers)
    await harvest.run(session, plan, tmp_path / "lake", readers=readers)
    program = (
        "import asyncio, sys\n"
        "from comet_async import Session, comet, harvest, open_lake\n"
        "async def main():\n"
        "    async with Session(comet.service('KEY', url=sys.argv[1])) as session:\n"
        "        plan = await harvest.plan(session, 'synthetic', tables=['tags'], into='lake')\n"
        "        report = await harvest.run(session, plan, 'lake')\n"
        "    assert report.exit_code == 0\n"
        "    assert (await harvest.verify('lake')).problems == ()\n"
        "    assert len(open_lake('lake')['runtimes'].to_pandas()) == 3\n"
        "asyncio.run(main())\n"
    )
    with anyio.fail_after(50):
        command = [sys.executable, "-c", program, server.url]
        ended = await anyio.run_process(command, cwd=tmp_path, check=False)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        (TableSchema("tags", "", RUNTIMES.columns, 1), "there is a table tags already"),
        (TableSchema("../x", "", RUNTIMES.columns, 1), "is no table"),
        (TableSchema("Files", "", RUNTIMES.columns, 1), "is no table"),
        (TableSchema("nothing", "", (), 1), "is no table"),
    ],
)
def test_a_table_that_cannot_be_is_refused(table: TableSchema, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        harvest.add_table(table)


async def test_sinks_are_given_what_is_published_and_one_that_fails_stops_no_other(
    session: Session, tmp_path: Path
) -> None:
    whole, broken = Shelf(), Shelf("the shelf is full")
    plan = await harvest.plan(session, "synthetic", tables=["tags"])
    report = await harvest.run(session, plan, tmp_path, sinks=[broken, whole])
    assert whole.seen == [["tags"]]
    assert report.exit_code == 5
    assert [(sink.name, sink.problem is None) for sink in report.sinks] == [
        ("shelf", False),
        ("shelf", True),
    ]
    assert "the shelf is full" in str(report.sinks[0].problem)
    assert report.stopped is None
    assert report.snapshot == 1
    again = await harvest.run(session, plan, tmp_path, sinks=[whole])
    assert (again.exit_code, again.snapshot, len(whole.seen)) == (0, None, 2)


async def test_a_sink_may_take_long(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "_PULSE", 0.0)  # as if the run had to say at each step that it lives
    plan = await harvest.plan(session, "synthetic", tables=["tags"])
    report = await harvest.run(session, plan, tmp_path, sinks=[Shelf()])
    assert report.exit_code == 0
    assert [sink.problem for sink in report.sinks] == [None]


async def test_a_run_that_was_stopped_brings_nothing(
    server: LocalServer, session: Session, tmp_path: Path
) -> None:
    server.faults.add("status", 401, "log-other")
    shelf = Shelf()
    plan = await harvest.plan(session, "synthetic", tables=["others"])
    report = await harvest.run(session, plan, tmp_path, sinks=[shelf])
    assert (report.exit_code, report.sinks, shelf.seen) == (4, (), [])
