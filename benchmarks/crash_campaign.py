"""Harvests killed at every call that changes their folder, and the power lost there too.

    python -m benchmarks.crash_campaign             every call, about half an hour
    python -m benchmarks.crash_campaign --every 10  each tenth

Two tiny harvests are walked: the first one into a folder, and one that brings a folder up to date.
At each call the process is killed, and a copy of the folder loses in two ways what no sync had made
safe (see `crash_shim`). From each of these states a harvest goes on undisturbed: its rows and files
must be those of one that nobody killed, its counts add up, and `verify` finds nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pyarrow as pa  # type: ignore[import-untyped]  # it has no stubs
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # it has no stubs

from benchmarks.crash_shim import Crash, lose_power
from benchmarks.kill_campaign import contents, differences
from comet_async import Limits, RetryPolicy, Session, comet, harvest
from comet_async.errors import CometAsyncError
from comet_async.server import Changes, LocalServer, SyntheticSource, SyntheticSpec, serve_in_thread

SPEC = SyntheticSpec(
    experiments=3,
    points=5,
    metrics=2,
    parameters=2,
    assets=1,
    asset_bytes=300_000,
    odd_metrics=False,
)
TABLES = ("experiments", "metrics", "parameters", "tags", "assets")
LIMITS = Limits(concurrency=2)
PATIENT = RetryPolicy(attempts=3, base=0.01)
WAYS = ("killed", "ordered", "strict")
_PATIENCE = 60.0


class Outcome(msgspec.Struct):
    """What a walk found.

    Attributes:
        calls: Calls that change the folder, in an undisturbed harvest.
        points: Those at which a process was killed.
        states: Folders that a harvest went on from.
        lost: Names and files that losses of power took.
        wrong: What differed.
    """

    calls: int = 0
    points: int = 0
    states: int = 0
    lost: int = 0
    wrong: list[str] = msgspec.field(default_factory=list[str])


async def harvested(url: str, folder: Path, tables: Sequence[str] | None) -> harvest.Report:
    """Bring a folder up to date."""
    async with Session(comet.service("KEY", url=url, limits=LIMITS), retry=PATIENT) as session:
        plan = await harvest.plan(session, "synthetic", tables=tables, into=folder)
        return await harvest.run(session, plan, folder)


def doomed(url: str, folder: Path, tables: Sequence[str] | None, at: int, beside: Path) -> None:
    """Harvest in this process until the call `at`; an undisturbed one tells the count."""
    told = beside / "told"
    crash = Crash(folder, at, beside / "journal" if at else None)
    crash.install()
    report = asyncio.run(harvested(url, folder, tables))
    told.write_text(f"{crash.count} {report.exit_code}")


class Walk:
    """A walk over the calls of one harvest.

    Args:
        url: The server.
        root: A folder for everything.
        tables: Tables to harvest.
        before: A folder that holds an earlier harvest; None to begin with nothing.
    """

    def __init__(
        self, url: str, root: Path, tables: Sequence[str] | None, before: Path | None
    ) -> None:
        self._url = url
        self._root = root
        self._tables = tables
        self._before = before
        self._wanted: Mapping[str, str] = {}
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["benchmarks.crash_shim", "benchmarks.kill_campaign"])
        self.outcome = Outcome()

    def run(self, every: int, ways: Sequence[str] = WAYS) -> Outcome:
        """Kill at each `every`-th call, and look what becomes of it."""
        self.outcome.calls = self._undisturbed()
        first = 1 if every == 1 else 1 + self.outcome.calls % every
        for at in range(first, self.outcome.calls + 1, every):
            self._point(at, ways)
        return self.outcome

    def _undisturbed(self) -> int:
        folder = self._fresh("clean")
        told = self._die(folder, 0)
        calls, code = told.read_text().split()
        if code != "0":
            raise SystemExit("the undisturbed harvest failed")
        self._wanted = contents(folder)
        return int(calls)

    def _point(self, at: int, ways: Sequence[str]) -> None:
        """Kill one harvest; the order of calls may differ, so the last ones may not be reached."""
        folder = self._fresh("doomed")
        journal = self._root / "journal"
        journal.write_bytes(b"")
        if self._die(folder, at).exists():
            return
        self.outcome.points += 1
        self._torn(folder, at)
        # The inodes tell what is safe, so that a loss works on the folder itself, the last one
        # first: each way loses more than the one before.
        for way in ways:
            if way != "killed":
                chance = random.Random(at)
                self.outcome.lost += lose_power(folder, journal, chance, strict=way == "strict")
            trial = self._copy(folder, self._root / "trial")
            self._go_on(trial, f"{way} at {at}")

    def _fresh(self, name: str) -> Path:
        folder = self._root / name
        for old in (folder, folder.with_name(f"{name}.graves")):
            shutil.rmtree(old, ignore_errors=True)
        if self._before is not None:
            return self._copy(self._before, folder)
        folder.mkdir()
        return folder

    @staticmethod
    def _copy(source: Path, target: Path) -> Path:
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target, symlinks=True)
        return target

    def _die(self, folder: Path, at: int) -> Path:
        """Run a doomed process to its end, and return where a living one tells the count."""
        told = self._root / "told"
        told.unlink(missing_ok=True)
        process = self._context.Process(
            target=doomed, args=(self._url, folder, self._tables, at, self._root)
        )
        process.start()
        process.join(_PATIENCE)
        if process.exitcode is None:
            process.kill()
            self.outcome.wrong.append(f"hung at {at}")
        elif process.exitcode > 0:
            self.outcome.wrong.append(f"failed at {at}")
        return told

    def _torn(self, folder: Path, at: int) -> None:
        """See that what the tables show can be read at any time."""
        for path in (folder / "tables").rglob("*.parquet"):
            try:
                pq.read_table(path)
            except (OSError, pa.ArrowException) as error:
                self.outcome.wrong.append(f"at {at} {path.relative_to(folder)}: {error}")

    def _go_on(self, folder: Path, what: str) -> None:
        self.outcome.states += 1
        wrong: list[str] = []
        try:
            report = asyncio.run(harvested(self._url, folder, self._tables))
            wrong += [f"{one.table} {one.reason}" for one in report.failures]
            wrong += [
                f"{table.table} does not add up"
                for table in report.tables
                if table.planned != table.stored + table.absent + table.failed
            ]
            wrong += differences(folder, self._wanted)
            wrong += [f"file {path} altered" for path in report.altered]
            found = asyncio.run(harvest.verify(folder))
            wrong += [f"verify: {one.path} {one.what}" for one in found.problems]
        except (CometAsyncError, OSError) as error:
            wrong.append(f"{type(error).__name__}: {error}")
        self.outcome.wrong += [f"{what}: {one}" for one in wrong]


def change(changes: Changes) -> None:
    """Change what is served in every way that a harvest can see."""
    (project,) = changes.projects()
    first, second, third = (
        run.facts.key for run in changes.runs(project.project_id, archived=False)
    )
    changes.delete(first)
    changes.append(second, "loss", ["0.5", "NaN"])
    changes.set_parameter(second, "rate", "0.125")
    changes.put_asset(third, "more.bin", b"more" * 50_000)
    changes.rename(third, "another name")


def campaign(
    every: int,
    *,
    tables: Sequence[str] | None = TABLES,
    updates: Sequence[bool] = (False, True),
    ways: Sequence[str] = WAYS,
    progress: Callable[[str], None] = lambda _: None,
) -> Mapping[str, Outcome]:
    """Walk the first harvest, and one that brings up to date; return what each found."""
    found: dict[str, Outcome] = {}
    for update in updates:
        name = "an update" if update else "a first harvest"
        with ExitStack() as stack:
            root = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            changes = Changes(SyntheticSource(SPEC))
            server = LocalServer(sources=[changes], extras=False)
            stack.enter_context(serve_in_thread(server))
            before: Path | None = None
            if update:
                before = root / "before"
                asyncio.run(harvested(server.url, before, tables))
                change(changes)
            found[name] = Walk(server.url, root, tables, before).run(every, ways)
        progress(name)
    return found


def main() -> None:
    """Print what each walk found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--all-tables", action="store_true")
    options = parser.parse_args()
    began = time.monotonic()
    found = campaign(options.every, tables=None if options.all_tables else TABLES)
    for name, outcome in found.items():
        print(
            f"{name}: {outcome.calls} calls, killed at {outcome.points}, went on from"
            f" {outcome.states} states ({outcome.lost} names and files lost),"
            f" {len(outcome.wrong)} differences"
        )
        for line in outcome.wrong[:20]:
            print(f"    {line}")
    print(f"{time.monotonic() - began:.0f} s")
    sys.exit(any(outcome.wrong for outcome in found.values()))


if __name__ == "__main__":
    main()
