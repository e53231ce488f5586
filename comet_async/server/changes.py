"""Changes of served data: experiments that come, go and change between two harvests."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from comet_async.server.columns import columns_of, union
from comet_async.server.in_memory import MemoryRun
from comet_async.server.logged import Logged, series_of
from comet_async.server.records import (
    Artifact,
    Asset,
    Column,
    Project,
    Registration,
    Run,
    Series,
    Source,
    stable_id,
)
from comet_async.server.small_content import SmallContent

__all__ = ["Changes", "Edit"]

Edit = Callable[[Logged], Logged]
"""A change of one experiment, as a function from what is logged to what will be."""

_SECOND_MS = 1000


class Changes:
    """A source over another one, in which experiments can be added, changed and deleted.

    All answers follow at once: lists, metadata, columns, queries, charts, points, assets and
    bytes. The source below is never written to. Safe to use from any thread.
    """

    def __init__(self, source: Source) -> None:
        """Change nothing yet.

        Args:
            source: What to change.
        """
        self._source = source
        self._runs: dict[str, MemoryRun | None] = {}
        self._touched: Counter[str] = Counter()
        self._listed: dict[tuple[str, bool, int], Sequence[Run]] = {}
        self._count = 0
        self._lock = threading.Lock()

    @property
    def revision(self) -> int:
        """A number that rises with every change, here or below."""
        return self._count + self._source.revision

    def add(self, logged: Logged) -> None:
        """Add an experiment; its project may be a new one.

        Args:
            logged: The experiment.

        Raises:
            ValueError: There is one of its key.
        """
        if self.run(logged.facts.key) is not None:
            raise ValueError(f"there is an experiment {logged.facts.key}")
        self._put(logged.facts.key, MemoryRun(logged), logged.facts.project)

    def delete(self, key: str) -> None:
        """Delete an experiment.

        Raises:
            KeyError: There is none of that key.
        """
        self._put(key, None, self._known(key).facts.project)

    def change(self, key: str, edit: Edit) -> None:
        """Change an experiment.

        Args:
            key: Experiment key.
            edit: Returns what it is to be; the methods of `Logged` are made for that.

        Raises:
            KeyError: There is none of that key.
        """
        run = self._known(key)
        logged = run.logged if isinstance(run, MemoryRun) else Logged.of(run)
        edited = edit(logged)
        self._put(key, MemoryRun(edited), edited.facts.project)

    def archive(self, key: str) -> None:
        """Archive an experiment."""
        self.change(key, lambda run: run.archived(archived=True))

    def restore(self, key: str) -> None:
        """Take an experiment out of the archive."""
        self.change(key, lambda run: run.archived(archived=False))

    def rename(self, key: str, name: str) -> None:
        """Give an experiment another name."""
        self.change(key, lambda run: run.renamed(name))

    def set_running(self, key: str) -> None:
        """Make an experiment one that goes on."""
        self.change(key, lambda run: run.running())

    def end(self, key: str, end_ms: int, *, crashed: bool = False) -> None:
        """End an experiment, or move its end.

        Args:
            key: Experiment key.
            end_ms: ms since 1970 UTC.
            crashed: Whether it broke off.
        """
        self.change(key, lambda run: run.ended(end_ms, crashed=crashed))

    def append(
        self,
        key: str,
        metric: str,
        values: Sequence[str | float],
        *,
        steps: Sequence[int | None] | None = None,
    ) -> None:
        """Append points, one second apart, after all that was logged; the end moves with them.

        Args:
            key: Experiment key.
            metric: An old name or a new one.
            values: Texts as they are to be served, or numbers.
            steps: By default they go on by one.
        """
        self.change(key, lambda run: run.appended(_next_points(run, metric, values, steps)))

    def set_parameter(self, key: str, name: str, text: str) -> None:
        """Give a parameter another value, or add it; its text decides the type of the column."""
        self.change(key, lambda run: run.with_parameter(name, text))

    def put_asset(
        self,
        key: str,
        name: str,
        data: bytes,
        *,
        type: str = "asset",
        asset_id: str | None = None,
    ) -> str:
        """Add an asset, or replace one, and return its id.

        Args:
            key: Experiment key.
            name: File name.
            data: The bytes.
            type: Asset type.
            asset_id: Of the asset to replace; None for a new one.
        """
        chosen = asset_id or stable_id("put", key, name, self._count)
        content = SmallContent(data)
        created = self._known(key).facts.start_ms + self._count
        asset = Asset(chosen, name, len(data), type, created, etag=content.etag)
        self.change(key, lambda run: run.with_asset(asset, content))
        return chosen

    def remove_asset(self, key: str, asset_id: str) -> None:
        """Remove an asset."""
        self.change(key, lambda run: run.without_asset(asset_id))

    def _known(self, key: str) -> Run:
        run = self.run(key)
        if run is None:
            raise KeyError(key)
        return run

    def _put(self, key: str, run: MemoryRun | None, project: Project) -> None:
        with self._lock:
            self._runs = {**self._runs, key: run}
            self._touched[project.project_id] += 1
            self._listed = {}
            self._count += 1

    def projects(self) -> Sequence[Project]:
        """Return all projects, new ones last; each change moves the time of the last one."""
        found = {item.project_id: item for item in self._source.projects()}
        for run in self._runs.values():
            if run is not None:
                found.setdefault(run.facts.project.project_id, run.facts.project)
        return [
            replace(item, last_updated_ms=item.last_updated_ms + self._touched[item.project_id])
            for item in found.values()
        ]

    def run(self, key: str) -> Run | None:
        """Return one run by its experiment key."""
        return self._runs[key] if key in self._runs else self._source.run(key)

    def runs(self, project_id: str, *, archived: bool) -> Sequence[Run]:
        """Return the runs of a project by start time, oldest first."""
        if not self._touched[project_id]:
            return self._source.runs(project_id, archived=archived)
        place = (project_id, archived, self.revision)
        listed = self._listed.get(place)
        if listed is None:
            listed = self._listed[place] = self._merged(project_id, archived=archived)
        return listed

    def _merged(self, project_id: str, *, archived: bool) -> Sequence[Run]:
        below = self._source.runs(project_id, archived=archived)
        kept = [run for run in below if run.facts.key not in self._runs]
        own = [run for run in self._own(project_id) if run.facts.archived == archived]
        return sorted([*kept, *own], key=_by_start)

    def _own(self, project_id: str) -> list[MemoryRun]:
        return [
            run
            for run in self._runs.values()
            if run is not None and run.facts.project.project_id == project_id
        ]

    def columns(self, project_id: str, *, without: Collection[str] = ()) -> Sequence[Column]:
        """Return the logged columns of a project; those of no run that is left are gone."""
        if not self._touched[project_id]:
            return self._source.columns(project_id, without=without)
        below = self._source.columns(project_id, without=frozenset([*self._runs, *without]))
        own = [run for run in self._own(project_id) if run.facts.key not in without]
        return union([below, *(columns_of(run) for run in own)])

    def registrations(self) -> Sequence[Registration]:
        """Return the registry model versions of experiments that are not deleted."""
        deleted = {key for key, run in self._runs.items() if run is None}
        found = self._source.registrations()
        return [item for item in found if item.experiment_key not in deleted]

    def artifacts(self, workspace: str) -> Sequence[Artifact]:
        """Return the artifacts of a workspace."""
        return self._source.artifacts(workspace)

    def __repr__(self) -> str:
        return f"<Changes {self._count} of {self._source!r}>"


def _by_start(run: Run) -> tuple[int, str]:
    return run.facts.start_ms, run.facts.key


def _next_points(
    run: Logged,
    metric: str,
    values: Sequence[str | float],
    steps: Sequence[int | None] | None,
) -> Series:
    old = run.found(metric) or series_of(metric, ())
    last = max([run.facts.end_ms or run.facts.start_ms, *old.timestamps])
    step = max((item for item in old.steps if item is not None), default=-1) + 1
    offset = max(old.offsets, default=-1) + 1
    return series_of(
        metric,
        values,
        steps=range(step, step + len(values)) if steps is None else steps,
        offsets=range(offset, offset + len(values)),
        start_ms=last + _SECOND_MS,
    )
