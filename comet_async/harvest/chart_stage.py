"""Series and parameters of many experiments at once, from charts in batches that fit."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import partial
from math import ceil

import msgspec

from comet_async import comet
from comet_async.engine.fan_out import Failed, Ok, fan_out
from comet_async.errors import (
    AuthenticationError,
    CometAsyncError,
    ConnectError,
    DestinationError,
    RateLimitError,
)
from comet_async.harvest.arrow import Batch, batch
from comet_async.harvest.arrow_json import ExperimentRows, chart_rows, parameter_rows
from comet_async.harvest.fidelity import SAMPLED_AT_MOST, Reading, series_columns
from comet_async.harvest.job import Found, Job, failures_of, stops
from comet_async.harvest.ledger import Due
from comet_async.harvest.planner import MAX_KEYS, TARGET_BYTES, batch_size
from comet_async.harvest.schema import TABLES
from comet_async.harvest.series_summary import summary_from_series

__all__ = ["ChartStage", "Names"]

_AT_ONCE = 2
_TOO_MUCH = 2
_LITTLE = 4
_UNDIVIDED = (AuthenticationError, DestinationError, RateLimitError, ConnectError)


class Names(msgspec.Struct, frozen=True):
    """What to ask of the experiments of a project, and a guess of what it takes."""

    metrics: Sequence[str]
    parameters: Sequence[str]
    bytes_each: float


class _Asked(msgspec.Struct, frozen=True):
    """A batch: experiments of one project."""

    project: str
    due: tuple[Due, ...]


class _Answer(msgspec.Struct):
    """What a batch has brought, the experiments that the answer left out, and those that failed."""

    rows: list[tuple[str, int, Batch | None]]
    missing: list[int]
    failed: list[tuple[Due, CometAsyncError]] = []


class ChartStage:
    """Fills tables from charts.

    An experiment that a chart leaves out is asked for once more, in another batch, before it counts
    as one that has nothing. One that no chart will give stays planned, for those who ask one by
    one; so do those of a project whose names are not known. Where nobody asks one by one, it fails.

    Args:
        job: The run.
        tables: Tables to fill.
        names: Gives the names to ask for by project; None where they are not known.
        last: Whether nobody asks afterwards for what no chart gives.
    """

    def __init__(
        self,
        job: Job,
        tables: Sequence[str],
        names: Callable[[str], Names | None],
        *,
        last: bool = False,
    ) -> None:
        self._job = job
        self._tables = tuple(tables)
        self._names_of = names
        self._last = last
        self._names: dict[str, Names | None] = {}
        self._sizes: dict[str, int] = {}
        self._limits: dict[str, int] = {}
        self._confirming = False
        self._series = "system_metrics" if "system_metrics" in tables else "metrics"

    async def run(self) -> None:
        """Ask for everything that is planned, then once more for what was left out.

        Raises:
            AuthenticationError: The key is refused; what had come is stored.
            DestinationError: The disk is full or failing; earlier parts are whole.
        """
        left = await self._pass(None)
        if left:
            self._confirming = True
            await self._pass(frozenset(left))

    async def _pass(self, chosen: frozenset[int] | None) -> set[int]:
        """Ask for what is planned, or for those chosen of it; return whom the answers left out."""
        left: set[int] = set()
        batches = ((asked, asked) async for asked in self._batches(chosen))
        async with fan_out(self._fetch, batches, concurrency=_AT_ONCE, buffer=0) as outcomes:
            async for outcome in outcomes:
                match outcome:
                    case Ok(_, answer):
                        left.update(answer.missing)
                        await self._job.take(Found(rows=answer.rows))
                        await self._failed(answer.failed)
                    case Failed(asked, error):
                        if stops(error):
                            raise error
                        await self._failed([(due, error) for due in asked.due])
        await self._job.flush()
        return left

    async def _failed(self, failed: Sequence[tuple[Due, CometAsyncError]]) -> None:
        """Record the failures, where nobody is left to ask."""
        if self._last:
            for due, error in failed:
                await self._job.take(failures_of(sorted(due.tables), due.id, error))

    async def _batches(self, chosen: frozenset[int] | None) -> AsyncIterator[_Asked]:
        """Give batches of what is planned, of one project each, in the plan's order."""
        waiting: deque[Due] = deque()
        after, more = 0, True
        while True:
            if more and len(waiting) < MAX_KEYS:
                ledger = self._job.lake.ledger
                chunk = await self._job.on_disk(partial(ledger.due, self._tables, after))
                more = bool(chunk)
                after = chunk[-1].id if chunk else after
                waiting.extend(due for due in chunk if chosen is None or due.id in chosen)
                continue
            if not waiting:
                return
            project = waiting[0].subject.project_id or ""
            size = self._size(project)
            taken: list[Due] = []
            while (
                waiting and len(taken) < size and ((waiting[0].subject.project_id or "") == project)
            ):
                taken.append(waiting.popleft())
            yield _Asked(project, tuple(taken))

    def _of(self, project: str) -> Names | None:
        if project not in self._names:
            self._names[project] = self._names_of(project)
        return self._names[project]

    def _size(self, project: str) -> int:
        if project not in self._sizes:
            names = self._of(project)
            self._sizes[project] = MAX_KEYS if names is None else batch_size(names.bytes_each)
        return min(self._sizes[project], self._limits.get(project, MAX_KEYS))

    def _adapt(self, project: str, keys: int, size: int) -> None:
        """Stay with the forecast's size as long as the answers are anywhere near it."""
        if size > _TOO_MUCH * TARGET_BYTES:
            self._sizes[project] = max(1, min(self._sizes[project], keys * TARGET_BYTES // size))
        elif size < TARGET_BYTES // _LITTLE and keys >= self._sizes[project]:
            self._sizes[project] = min(MAX_KEYS, self._sizes[project] * 2)

    async def _fetch(self, asked: _Asked) -> _Answer:
        """Return the answer for a batch; halve it when the server refuses or does not make it."""
        names = self._of(asked.project)
        if names is None:
            return _Answer([], [])
        wanted = {table for due in asked.due for table in due.tables}
        metrics = names.metrics if wanted - {"parameters"} else ()
        parameters = names.parameters if "parameters" in wanted else ()
        if not metrics and not parameters:
            return _Answer(self._rows(asked, {}, whole=False), [])
        count, limit = len(asked.due), self._limits.get(asked.project, MAX_KEYS)
        if count > limit:
            return await self._in_parts(asked, limit)
        try:
            return await self._ask(asked, metrics, parameters)
        except _UNDIVIDED:
            raise
        except CometAsyncError as error:
            if count == 1:
                return _Answer([], [], [(asked.due[0], error)])
        half = ceil(count / 2)
        answer = await self._in_parts(asked, half)
        if not answer.failed:  # else it may not have been their number that was too much
            self._limits[asked.project] = min(self._limits.get(asked.project, half), half)
        return answer

    async def _in_parts(self, asked: _Asked, size: int) -> _Answer:
        """Return the answers for a batch, asked `size` experiments at a time."""
        whole = _Answer([], [], [])
        for start in range(0, len(asked.due), size):
            due = asked.due[start : start + size]
            try:
                answer = await self._fetch(_Asked(asked.project, due))
            except _UNDIVIDED as error:
                if stops(error):
                    raise
                answer = _Answer([], [], [(one, error) for one in due])
            whole.rows += answer.rows
            whole.missing += answer.missing
            whole.failed += answer.failed
        return whole

    async def _ask(
        self, asked: _Asked, metrics: Sequence[str], parameters: Sequence[str]
    ) -> _Answer:
        keys = [due.subject.key for due in asked.due]
        request = comet.get_multi_metric_chart(
            keys,
            metrics=metrics,
            params=parameters or None,
            independent_metrics=True,
            fetch_full=True,
        )

        def read(body: bytes) -> _Answer:
            chart = chart_rows(body, keys, parameters).experiments
            missing: list[int] = []
            if not self._confirming:
                missing = [due.id for due in asked.due if due.subject.key not in chart]
            left = frozenset(missing)
            present = _Asked(asked.project, tuple(due for due in asked.due if due.id not in left))
            return _Answer(self._rows(present, chart, whole=_whole(chart)), missing)

        sized = partial(self._adapt, asked.project, len(keys))
        return await self._job.converted(self._charged(), request, read, sized=sized)

    def _charged(self) -> str:
        return self._series if self._series in self._tables else self._tables[0]

    def _rows(
        self, asked: _Asked, chart: Mapping[str, ExperimentRows], *, whole: bool
    ) -> list[tuple[str, int, Batch | None]]:
        """Return the rows of a batch; an experiment that is not in the chart has none."""
        rows: list[tuple[str, int, Batch | None]] = []
        for due in asked.due:
            key, series = due.subject.key, chart.get(due.subject.key)
            points: Mapping[str, int] = {} if series is None else series.points
            reading = Reading(source="chart", points=points, whole=whole)
            if self._series in due.tables:
                rows.append((self._series, due.id, None if series is None else series.batch))
            if "metric_series" in due.tables:
                columns = series_columns(key, reading)
                rows.append(("metric_series", due.id, batch(TABLES["metric_series"], columns)))
            if "metric_summaries" in due.tables and reading.complete:
                summaries = None
                if series is not None:
                    summaries = summary_from_series(key, series.batch, points)
                if summaries is not None or not points:
                    rows.append(("metric_summaries", due.id, summaries))
            if "parameters" in due.tables:
                columns = parameter_rows(key, {} if series is None else series.parameters)
                rows.append(("parameters", due.id, batch(TABLES["parameters"], columns)))
        return rows


def _whole(chart: Mapping[str, ExperimentRows]) -> bool:
    """Tell whether an answer is surely not sampled: a series in it is longer than any sample."""
    return any(
        points > SAMPLED_AT_MOST for found in chart.values() for points in found.points.values()
    )
