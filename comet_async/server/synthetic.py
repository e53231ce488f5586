"""Synthetic projects of any size: nothing is stored, every row is computed when asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import overload

from comet_async.server.numbers_text import java_double
from comet_async.server.records import (
    MAX_POINTS,
    Column,
    Project,
    Registration,
    Run,
    stable_id,
)
from comet_async.server.synthetic_run import SyntheticRun
from comet_async.server.synthetic_series import (
    NON_FINITE_METRIC,
    TEXT_METRIC,
)

__all__ = ["SyntheticSource", "SyntheticSpec"]

_KEY_TAIL = 10
_KEY_SIZE = 32
_VERSIONS = 3


@dataclass(frozen=True, slots=True)
class SyntheticSpec:
    """What synthetic data to serve.

    Attributes:
        experiments: Experiments in all projects together; project `p` has a consecutive share.
        metrics: Metric names per experiment; the first ten include names with `/`, blanks and
            non-ASCII letters and series with NaN, Infinity, text and negative offsets.
        points: Points per metric, at most 15 000.
        parameters: Parameters per experiment.
        assets: Stored assets per experiment.
        asset_bytes: Size of an asset, or several sizes that the assets of a run take in turn.
        remote_assets: Further assets that are links to foreign storage.
        hostile_names: Whether assets have names that are dangerous to write to disk or show.
        projects: Number of projects.
        workspaces: Number of workspaces; projects are dealt to them in turn.
        archived: How many experiments of each project, the newest ones, are archived.
        odd_metrics: False names all metrics plainly and gives all finite values.
        seed: Everything depends on it.
    """

    experiments: int = 10
    metrics: int = 10
    points: int = 100
    parameters: int = 8
    assets: int = 2
    asset_bytes: int | tuple[int, ...] = 4096
    remote_assets: int = 0
    hostile_names: bool = False
    projects: int = 1
    workspaces: int = 1
    archived: int = 0
    odd_metrics: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.points <= MAX_POINTS:
            raise ValueError(f"points must be 0 to {MAX_POINTS}")
        if self.projects < 1 or not 1 <= self.workspaces <= self.projects:
            raise ValueError("there must be a project, and a project for each workspace")

    @property
    def sizes(self) -> tuple[int, ...]:
        """The asset sizes to take in turn."""
        return self.asset_bytes if isinstance(self.asset_bytes, tuple) else (self.asset_bytes,)


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
            for name in run.metric_names()
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
        """Return one registry model per project, with a version from each of its oldest runs."""
        return [
            self._registration(project, index, ordinal)
            for position, project in enumerate(self._projects)
            for ordinal, index in enumerate(self.share(position)[:_VERSIONS])
            if self.at(index).model_names()
        ]

    def _registration(self, project: Project, index: int, ordinal: int) -> Registration:
        run = self.at(index)
        return Registration(
            workspace=project.workspace,
            registry_name=f"{project.name}-model",
            version=f"1.{ordinal}.0",
            experiment_key=run.key,
            model_name=run.model_names()[0],
            created_ms=run.facts.end_ms or run.facts.start_ms,
            user=run.facts.user or project.workspace,
            description="Synthetic registry model",
            comment=f"version number {ordinal + 1}",
            status=("Development", "QA", "Production")[ordinal % 3],
            tags=("candidate",) if ordinal else ("first", "candidate"),
            stages=("production",) if ordinal == 0 else (),
            metadata=(("accuracy", java_double(0.9)), ("runs", ordinal + 1)),
        )


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
