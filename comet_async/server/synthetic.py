"""Synthetic projects of any size: nothing is stored, every row is computed when asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from typing import overload

from comet_async.server.numbers_text import java_double
from comet_async.server.records import (
    Artifact,
    Column,
    Project,
    Registration,
    Run,
    stable_id,
)
from comet_async.server.synthetic_artifacts import artifacts_at
from comet_async.server.synthetic_run import SyntheticRun
from comet_async.server.synthetic_series import NON_FINITE_METRIC, TEXT_METRIC
from comet_async.server.synthetic_spec import SyntheticSpec

__all__ = ["SyntheticSource", "SyntheticSpec"]

_KEY_TAIL = 10
_KEY_SIZE = 32


class SyntheticSource:
    """All synthetic projects of one specification.

    An experiment key is a hash of its index followed by the masked index itself: a key leads to
    its index, and a made-up key is refused, both without a table.
    """

    revision = 0

    def __init__(self, spec: SyntheticSpec) -> None:
        """Compute nothing but the list of projects.

        Args:
            spec: Sizes and seed.
        """
        self.spec = spec
        mask = hashlib.blake2b(f"mask:{spec.seed}".encode(), digest_size=_KEY_TAIL // 2)
        self._mask = int.from_bytes(mask.digest(), "big")
        self._projects = tuple(self._project(index) for index in range(spec.projects))
        self._registered: tuple[Registration, ...] | None = None
        self._artifacts: dict[str, tuple[Artifact, ...]] = {}
        self._position = {item.project_id: at for at, item in enumerate(self._projects)}

    def _project(self, index: int) -> Project:
        workspace = index % self.spec.workspaces
        name = "synthetic" if index == 0 else f"synthetic-{index}"
        return Project(
            project_id=stable_id("synthetic", self.spec.seed, index),
            name=name,
            workspace="synthetic" if workspace == 0 else f"synthetic-{workspace}",
            description=f"Synthetic data, seed {self.spec.seed}",
            public=index % 2 == 0,
            last_updated_ms=1_760_000_000_000,
        )

    def projects(self) -> Sequence[Project]:
        """Return all projects."""
        return self._projects

    def share(self, position: int) -> range:
        """Return the experiment indices of the project at a position."""
        total, count = self.spec.experiments, self.spec.projects
        return range(total * position // count, total * (position + 1) // count)

    def key(self, index: int) -> str:
        """Return the experiment key of an index."""
        head = stable_id("run", self.spec.seed, index, size=_KEY_SIZE - _KEY_TAIL)
        return f"{head}{index ^ self._mask:0{_KEY_TAIL}x}"

    def index(self, key: str) -> int | None:
        """Return the index of an experiment key, or None for a key of nobody."""
        try:
            index = int(key[-_KEY_TAIL:], 16) ^ self._mask
        except ValueError:
            return None
        if not 0 <= index < self.spec.experiments or self.key(index) != key:
            return None
        return index

    def at(self, index: int) -> SyntheticRun:
        """Return the run of an index."""
        count = self.spec.projects
        position = (index * count + count - 1) // max(1, self.spec.experiments)
        position = min(position, count - 1)
        while index not in self.share(position):
            position += 1 if index >= self.share(position).stop else -1
        archived = index >= self.share(position).stop - self.spec.archived
        return SyntheticRun(self.spec, self._projects[position], self.key(index), index, archived)

    def run(self, key: str) -> Run | None:
        """Return one run by its experiment key."""
        index = self.index(key)
        return None if index is None else self.at(index)

    def runs(self, project_id: str, *, archived: bool) -> Sequence[Run]:
        """Return the runs of a project by start time, as a sequence that computes its items."""
        position = self._position.get(project_id)
        if position is None:
            return ()
        share = self.share(position)
        split = max(share.start, share.stop - self.spec.archived)
        chosen = range(split, share.stop) if archived else range(share.start, split)
        return LazyRuns(self, chosen)

    def columns(self, project_id: str, *, without: Collection[str] = ()) -> Sequence[Column]:
        """Return the logged columns; all runs have the same."""
        position = self._position.get(project_id)
        if position is None or not self._is_left(self.share(position), without):
            return ()
        run = self.at(self.share(position).start)
        odd = {NON_FINITE_METRIC, TEXT_METRIC}
        metrics = [
            Column(name, "string" if name in odd - {NON_FINITE_METRIC} else "double", "metrics")
            for name in run.logged_names()
        ]
        parameters = [
            Column(row.name, run.parameter_type(row.name), "params") for row in run.parameters()
        ]
        others = [Column(row.name, "string", "log_other") for row in run.others()]
        tags = [Column(tag, "string", "tag") for tag in ("best", "synthetic", "v1")]
        return [*metrics, *parameters, *others, *tags]

    def _is_left(self, share: range, without: Collection[str]) -> bool:
        """Return whether a share has experiments besides those of some keys."""
        indices = {self.index(key) for key in without}
        return len(share) > sum(index is not None and index in share for index in indices)

    def registrations(self) -> Sequence[Registration]:
        """Return the registry models of each project, their versions from its oldest runs."""
        if self._registered is None:
            self._registered = tuple(
                self._registration(project, number, index, ordinal)
                for position, project in enumerate(self._projects)
                for number in range(self.spec.registry_models)
                for ordinal, index in enumerate(self._oldest(position))
                if self.at(index).model_names()
            )
        return self._registered

    def _oldest(self, position: int) -> range:
        return self.share(position)[: self.spec.registry_versions]

    def _registration(
        self, project: Project, number: int, index: int, ordinal: int
    ) -> Registration:
        run = self.at(index)
        models = run.model_names()
        name = f"{project.name}-model"
        return Registration(
            workspace=project.workspace,
            registry_name=f"{name}-{number}" if number else name,
            version=f"1.{ordinal}.0",
            experiment_key=run.key,
            model_name=models[number % len(models)],
            created_ms=run.facts.end_ms or run.facts.start_ms,
            user=run.facts.user or project.workspace,
            description="Synthetic registry model",
            comment=f"version number {ordinal + 1}",
            status=("Development", "QA", "Production")[ordinal % 3],
            tags=("candidate",) if ordinal else ("first", "candidate"),
            stages=("production",) if ordinal == 0 else (),
            metadata=(("accuracy", java_double(0.9)), ("runs", ordinal + 1)),
        )

    def artifacts(self, workspace: str) -> Sequence[Artifact]:
        """Return the artifacts of a workspace, from the runs of its first project in turn."""
        found = self._artifacts.get(workspace)
        if found is None:
            found = self._artifacts[workspace] = self._made(workspace)
        return found

    def _made(self, workspace: str) -> tuple[Artifact, ...]:
        for position, project in enumerate(self._projects):
            share = self.share(position)
            if project.workspace == workspace and share:
                keys = [self.key(index) for index in share[: max(1, self.spec.artifacts)]]
                return artifacts_at(self.spec, project, keys)
        return ()


class LazyRuns(Sequence[Run]):
    """A range of experiment indices that looks like a list of runs."""

    def __init__(self, source: SyntheticSource, indices: range) -> None:
        """Remember the range only.

        Args:
            source: Computes the runs.
            indices: The experiments, oldest first.
        """
        self._source = source
        self._indices = indices

    def __len__(self) -> int:
        return len(self._indices)

    @overload
    def __getitem__(self, at: int) -> Run: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Run]: ...
    def __getitem__(self, at: int | slice) -> Run | Sequence[Run]:
        if isinstance(at, slice):
            return LazyRuns(self._source, self._indices[at])
        return self._source.at(self._indices[at])
