"""The series of one experiment at a time: with context and offset, whole where it can be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

import anyio

from comet_async import comet
from comet_async.harvest.arrow import Batch, batch, joined, only, sorted_by
from comet_async.harvest.arrow_json import PointRows, point_rows
from comet_async.harvest.fidelity import STORED_AT_MOST, Reading, series_columns
from comet_async.harvest.full_metrics import full_metric_parts, full_metric_rows
from comet_async.harvest.job import Found, Job
from comet_async.harvest.ledger import Due
from comet_async.harvest.one_by_one import one_by_one
from comet_async.harvest.schema import TABLES

__all__ = ["SeriesStage"]

_TABLES = ("metrics", "metric_series")
_TYPE = "ASSET_TYPE_FULL_METRIC"
_FIRST_AT_ONCE = 2
_BYTES_AT_ONCE = 48 * 1024 * 1024
_SECONDS = 600.0
_TRIES = 2


class SeriesStage:
    """Reads what is planned of `metrics`, an experiment at a time.

    A series of as many points as the service keeps was longer: it is read from its full-metric
    assets, where there are any.

    Args:
        job: The run.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._places = anyio.CapacityLimiter(_FIRST_AT_ONCE)
        self._largest = 1

    async def run(self) -> None:
        """Read everything that is planned.

        Raises:
            AuthenticationError: The key is refused; what had come is stored.
            DestinationError: The disk is full or failing; earlier parts are whole.
        """
        await one_by_one(self._job, _TABLES, self._read, self._take)

    async def _take(self, due: Due, found: Found) -> None:
        del due
        await self._job.take(found)

    async def _read(self, due: Due) -> Found:
        request = comet.get_all_experiment_metrics(due.subject.key)
        read = partial(point_rows, key=due.subject.key)
        async with self._places:
            found = await self._job.converted(
                "metrics", request, read, sized=self._adapt, tries=_TRIES
            )
        wanted = {name for name in found.points if self._job.plan.selection.has_metric(name)}
        cut = {name for name in wanted if found.points[name] >= STORED_AT_MOST}
        full = await self._full(due, cut, found.points)
        return await anyio.to_thread.run_sync(_rows, due, found, wanted, full)

    def _adapt(self, size: int) -> None:
        """Bound the bytes in memory: fewer answers at once where one was large."""
        self._largest = max(self._largest, size)
        fitting = _BYTES_AT_ONCE // self._largest
        self._places.total_tokens = max(1, min(self._job.width, fitting))

    async def _full(self, due: Due, metrics: set[str], known: Iterable[str]) -> Mapping[str, Batch]:
        """Return the whole series of those metrics that have full-metric assets."""
        if not metrics:
            return {}
        key = due.subject.key
        listing = comet.get_experiment_asset_list(key, type=_TYPE).with_timeout(_SECONDS)
        assets = (await self._job.ask("metrics", listing)).assets
        found: dict[str, Batch] = {}
        for metric, parts in full_metric_parts(assets, known).items():
            if metric not in metrics:
                continue
            bodies: list[bytes] = []
            for asset in parts:
                request = comet.get_experiment_asset(asset, experiment_key=key)
                body = request.with_timeout(_SECONDS).returning(bytes)
                bodies.append(await self._job.ask("metrics", body))
            columns = await anyio.to_thread.run_sync(full_metric_rows, key, metric, bodies)
            found[metric] = batch(TABLES["metrics"], columns)
        return found


def _rows(due: Due, found: PointRows, wanted: set[str], full: Mapping[str, Batch]) -> Found:
    key, table = due.subject.key, TABLES["metrics"]
    stored = only(found.batch, "metric", wanted - full.keys())
    rows = sorted_by(joined(table, [stored, *full.values()]), "metric")
    points = {name: found.points[name] for name in found.points if name in wanted}
    points |= {name: whole.num_rows for name, whole in full.items()}
    reading = Reading(source="get-all", points=points, whole=True, full=frozenset(full))
    ends: list[tuple[str, int, Batch | None]] = []
    if "metrics" in due.tables:
        ends.append(("metrics", due.id, rows))
    if "metric_series" in due.tables:
        columns = series_columns(key, reading)
        ends.append(("metric_series", due.id, batch(TABLES["metric_series"], columns)))
    return Found(rows=ends)
