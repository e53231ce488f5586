"""Runs that are held in memory: exact values for tests, and copies of runs to be changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from comet_async.server.columns import columns_of, union
from comet_async.server.logged import Logged
from comet_async.server.numbers_text import span
from comet_async.server.records import (
    Artifact,
    Asset,
    Column,
    Content,
    Facts,
    JsonObject,
    Mark,
    Project,
    Registration,
    Run,
    Series,
    Value,
    stable_id,
)

__all__ = ["MemoryRun", "MemorySource", "memory_project"]


def memory_project(workspace: str, name: str) -> Project:
    """Return a project whose id depends on its two names."""
    return Project(stable_id("project", workspace, name), name, workspace)


class MemoryRun:
    """What was logged, as a run."""

    def __init__(self, logged: Logged) -> None:
        """Copy nothing.

        Args:
            logged: The run's data.
        """
        self.logged = logged

    @property
    def facts(self) -> Facts:
        """The metadata."""
        return self.logged.facts

    def tags(self) -> Sequence[str]:
        """Return the tags."""
        return self.logged.tags

    def others(self) -> Sequence[Value]:
        """Return the "other" values."""
        return self.logged.others

    def parameters(self) -> Sequence[Value]:
        """Return the parameters."""
        return self.logged.parameters

    def metric_names(self) -> Sequence[str]:
        """Return the names of all metrics, those of the base first."""
        base = self.logged.base
        return [*dict.fromkeys([*(base.metric_names() if base else ()), *self.logged.series])]

    def metric_summary(self, name: str) -> Value | None:
        """Return minimum, maximum and current value of a metric."""
        own = self.logged.series.get(name)
        if own is None:
            base = self.logged.base
            return base.metric_summary(name) if base else None
        columns = zip(own.values, own.timestamps, own.steps, own.contexts, strict=True)
        marks = [Mark(text, time, step, context) for text, time, step, context in columns]
        return span(name, marks) if marks else None

    def metric_current(self, name: str) -> str | None:
        """Return the last value of a metric."""
        own = self.logged.series.get(name)
        if own is not None:
            return own.values[-1] if own.values else None
        return self.logged.base.metric_current(name) if self.logged.base else None

    def series(self, name: str) -> Series | None:
        """Return the points of a metric, all that were given."""
        return self.logged.found(name)

    def text(self, kind: str) -> str | None:
        """Return a text: html, code, output or graph."""
        if kind in self.logged.texts:
            return self.logged.texts[kind]
        return self.logged.base.text(kind) if self.logged.base else None

    def system(self) -> JsonObject:
        """Return the system details by wire name."""
        if self.logged.system is not None or self.logged.base is None:
            return self.logged.system or {}
        return self.logged.base.system()

    def git(self) -> JsonObject:
        """Return the git metadata by wire name."""
        if self.logged.git is not None or self.logged.base is None:
            return self.logged.git or {}
        return self.logged.base.git()

    def patch(self) -> bytes | None:
        """Return the git patch as zip bytes."""
        if self.logged.patch is not None or self.logged.base is None:
            return self.logged.patch
        return self.logged.base.patch()

    def cloud(self) -> tuple[str, JsonObject] | None:
        """Return cloud provider and metadata."""
        if self.logged.cloud is not None or self.logged.base is None:
            return self.logged.cloud
        return self.logged.base.cloud()

    def assets(self) -> Sequence[Asset]:
        """Return all assets."""
        return self.logged.assets

    def content(self, asset_id: str) -> Content | None:
        """Return the bytes of a stored asset; of one that was taken away, nothing."""
        if asset_id not in {item.asset_id for item in self.logged.assets}:
            return None
        own = self.logged.contents.get(asset_id)
        if own is not None or self.logged.base is None:
            return own
        return self.logged.base.content(asset_id)

    def __repr__(self) -> str:
        return f"<MemoryRun {self.facts.key}>"


class MemorySource:
    """Runs given as values, which are served unchanged."""

    revision = 0

    def __init__(
        self,
        runs: Iterable[Logged],
        *,
        registrations: Iterable[Registration] = (),
        artifacts: Iterable[Artifact] = (),
    ) -> None:
        """Index the runs.

        Args:
            runs: Their facts name key and project; in any order.
            registrations: Registry model versions, oldest first.
            artifacts: Artifacts; the bytes of their files are made up.
        """
        self._registrations = tuple(registrations)
        self._artifacts = tuple(artifacts)
        ordered = sorted((MemoryRun(item) for item in runs), key=_by_start)
        self._runs = {run.facts.key: run for run in ordered}

    def projects(self) -> Sequence[Project]:
        """Return the projects of all runs."""
        return [
            *{
                run.facts.project.project_id: run.facts.project for run in self._runs.values()
            }.values()
        ]

    def run(self, key: str) -> Run | None:
        """Return one run by its experiment key."""
        return self._runs.get(key)

    def runs(self, project_id: str, *, archived: bool) -> Sequence[Run]:
        """Return the runs of a project by start time, oldest first."""
        return [run for run in self._of(project_id) if run.facts.archived == archived]

    def _of(self, project_id: str) -> list[MemoryRun]:
        return [run for run in self._runs.values() if run.facts.project.project_id == project_id]

    def columns(self, project_id: str, *, without: Collection[str] = ()) -> Sequence[Column]:
        """Return the logged columns of a project."""
        runs = self._of(project_id)
        return union(columns_of(run) for run in runs if run.facts.key not in without)

    def registrations(self) -> Sequence[Registration]:
        """Return all registry model versions."""
        return self._registrations

    def artifacts(self, workspace: str) -> Sequence[Artifact]:
        """Return the artifacts of a workspace."""
        return [item for item in self._artifacts if item.workspace == workspace]


def _by_start(run: MemoryRun) -> tuple[int, str]:
    return run.facts.start_ms, run.facts.key
