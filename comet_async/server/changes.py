"""Changes of served data: experiments that come, go and change between two harvests."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from comet_async.server.columns import columns_of, union
from comet_async.server.in_memory import MemoryRun
from comet_async.server.live_run import LiveRun
from comet_async.server.logged import Logged, series_of
from comet_async.server.records import (
    Artifact,
    Asset,
    Column,
    Facts,
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

    Attributes:
        lock: Held while something changes; may be held over several changes.
    """

    def __init__(self, source: Source) -> None:
        """Change nothing yet.

        Args:
            source: What to change.
        """
        self._source = source
        self.lock = threading.RLock()
        self._runs: dict[str, Run | None] = {}
        self._homes: dict[str, str] = {}
        self._members: dict[str, dict[str, Run]] = {}
        self._links: dict[str, dict[str, None]] = {}
        self._projects: dict[str, Project | None] = {}
        self._touched: Counter[str] = Counter()
        self._listed: dict[tuple[str, bool, int], Sequence[Run]] = {}
        self._count = 0

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
        self._add(logged.facts, MemoryRun(logged))

    def create(self, facts: Facts) -> LiveRun:
        """Add an experiment of which nothing is logged yet, and return it.

        Args:
            facts: Its metadata.

        Raises:
            ValueError: There is one of its key.
        """
        run = LiveRun(facts, self.lock)
        self._add(facts, run)
        return run

    def _add(self, facts: Facts, run: Run) -> None:
        with self.lock:
            if self.run(facts.key) is not None:
                raise ValueError(f"there is an experiment {facts.key}")
            self._put(facts.key, run)

    def delete(self, key: str) -> None:
        """Delete an experiment.

        Raises:
            KeyError: There is none of that key.
        """
        with self.lock:
            self._known(key)
            self._put(key, None)
            for linked in self._links.values():
                linked.pop(key, None)

    def change(self, key: str, edit: Edit) -> None:
        """Change an experiment.

        Args:
            key: Experiment key.
            edit: Returns what it is to be; the methods of `Logged` are made for that.

        Raises:
            KeyError: There is none of that key.
        """
        with self.lock:
            run = self._known(key)
            logged = run.logged if isinstance(run, MemoryRun) else Logged.of(run)
            self._put(key, MemoryRun(edit(logged)))

    def write(self, key: str, edit: Callable[[LiveRun], object], *, listed: bool = False) -> None:
        """Change an experiment in place, in time that depends on the change alone.

        Args:
            key: Experiment key.
            edit: Changes it, or raises before it has changed anything.
            listed: Whether its place in lists may change: start, archive, project.

        Raises:
            KeyError: There is none of that key.
        """
        with self.lock:
            run = self._known(key)
            if isinstance(run, LiveRun) and not listed:
                edit(run)
                self._touch(run.facts.project.project_id)
                return
            live = run if isinstance(run, LiveRun) else LiveRun(run.facts, self.lock, run)
            edit(live)
            self._put(key, live)

    def move(self, key: str, project: Project) -> None:
        """Move an experiment to another project.

        Args:
            key: Experiment key.
            project: Its new place.

        Raises:
            KeyError: There is none of that key.
        """
        with self.lock:
            self.write(
                key,
                lambda run: run.set_facts(lambda facts: replace(facts, project=project)),
                listed=True,
            )
            self._links.get(project.project_id, {}).pop(key, None)

    def link(self, key: str, project_id: str) -> None:
        """Show an experiment in one more project.

        Args:
            key: Experiment key.
            project_id: The other project.

        Raises:
            KeyError: There is none of that key.
        """
        with self.lock:
            if self._known(key).facts.project.project_id != project_id:
                self._links.setdefault(project_id, {})[key] = None
            self._touch(project_id, listed=True)

    def put_project(self, project: Project) -> None:
        """Add a project, or change the one of its id."""
        with self.lock:
            self._projects[project.project_id] = project
            self._touch(project.project_id)

    def delete_project(self, project_id: str) -> None:
        """Delete a project and every experiment in it."""
        with self.lock:
            for archived in (False, True):
                for run in self._merged(project_id, archived=archived, linked=False):
                    self.delete(run.facts.key)
            self._projects[project_id] = None
            self._links.pop(project_id, None)
            self._touch(project_id, listed=True)

    def original(self, project: Project) -> Project:
        """Return a project as it was put, its time not yet moved by changes."""
        name = project.project_id
        moved = project.last_updated_ms - self._touched[name]
        return self._projects.get(name) or replace(project, last_updated_ms=moved)

    def project_now(self, project: Project) -> Project:
        """Return a project as it is called now."""
        return self._projects.get(project.project_id) or project

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

    def throttle(self, key: str) -> None:
        """Mark an experiment as one of which values were dropped."""
        self.write(key, lambda run: run.set_facts(lambda facts: replace(facts, throttled=True)))

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

    def _put(self, key: str, run: Run | None) -> None:
        """Put an experiment in its place; where it was before must still be known."""
        earlier = self._homes.pop(key, None)
        if earlier is None and (below := self._source.run(key)) is not None:
            earlier = below.facts.project.project_id
        if earlier is not None:
            self._members.get(earlier, {}).pop(key, None)
            self._touch(earlier, listed=True)
        self._runs[key] = run
        if run is not None:
            home = self._homes[key] = run.facts.project.project_id
            self._members.setdefault(home, {})[key] = run
            if home != earlier:
                self._touch(home, listed=True)

    def _touch(self, project_id: str, *, listed: bool = False) -> None:
        self._touched[project_id] += 1
        self._count += 1
        if listed:
            self._listed.clear()

    def projects(self) -> Sequence[Project]:
        """Return all projects, new ones last; each change moves the time of the last one."""
        with self.lock:
            found: dict[str, Project | None] = {
                item.project_id: item for item in self._source.projects()
            }
            for members in self._members.values():
                for run in members.values():
                    found.setdefault(run.facts.project.project_id, run.facts.project)
                    break
            found |= self._projects
            return [
                replace(item, last_updated_ms=item.last_updated_ms + self._touched[name])
                for name, item in found.items()
                if item is not None
            ]

    def run(self, key: str) -> Run | None:
        """Return one run by its experiment key."""
        return self._runs[key] if key in self._runs else self._source.run(key)

    def runs(self, project_id: str, *, archived: bool) -> Sequence[Run]:
        """Return the runs of a project by start time, oldest first, linked ones among them."""
        with self.lock:
            if not self._touched[project_id]:
                return self._source.runs(project_id, archived=archived)
            place = (project_id, archived, self._source.revision)
            listed = self._listed.get(place)
            if listed is None:
                listed = self._listed[place] = self._merged(project_id, archived=archived)
            return listed

    def _merged(self, project_id: str, *, archived: bool, linked: bool = True) -> Sequence[Run]:
        below = self._source.runs(project_id, archived=archived)
        kept = [run for run in below if run.facts.key not in self._runs]
        more = [*self._members.get(project_id, {}).values()]
        if linked:
            more += self._linked(project_id)
        own = [run for run in more if run.facts.archived == archived]
        return sorted([*kept, *own], key=_by_start)

    def _linked(self, project_id: str) -> list[Run]:
        found = [self.run(key) for key in self._links.get(project_id, ())]
        return [run for run in found if run is not None]

    def columns(self, project_id: str, *, without: Collection[str] = ()) -> Sequence[Column]:
        """Return the logged columns of a project; those of no run that is left are gone."""
        with self.lock:
            if not self._touched[project_id]:
                return self._source.columns(project_id, without=without)
            hidden = frozenset([*self._runs, *without])
            below = self._source.columns(project_id, without=hidden)
            more = [*self._members.get(project_id, {}).values(), *self._linked(project_id)]
            own = [run for run in more if run.facts.key not in without]
            return union([below, *(columns_of(run) for run in own)])

    def registrations(self) -> Sequence[Registration]:
        """Return the registry model versions of experiments that are not deleted."""
        found = self._source.registrations()
        return [item for item in found if self._runs.get(item.experiment_key, item) is not None]

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
