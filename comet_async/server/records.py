"""What the local server knows about runs, as frozen values and the protocols of their sources.

Archives and synthetic data both appear as `Run` objects; the route functions know nothing else,
so that every endpoint answers for either.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

__all__ = [
    "MAX_POINTS",
    "Artifact",
    "ArtifactVersion",
    "Asset",
    "Column",
    "Content",
    "Facts",
    "Json",
    "JsonObject",
    "Mark",
    "Project",
    "Registration",
    "Run",
    "Series",
    "Source",
    "Value",
    "stable_id",
]

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"
JsonObject: TypeAlias = "dict[str, Json]"

MAX_POINTS = 15_000
"""Stored points per metric name; more are sampled down (documented limit)."""


def stable_id(*parts: object, size: int = 32) -> str:
    """Return `size` lower-case hex digits that depend on `parts` alone."""
    text = "\x1f".join(str(part) for part in parts).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=(size + 1) // 2).hexdigest()[:size]


@dataclass(frozen=True, slots=True)
class Project:
    """One project of one workspace."""

    project_id: str
    name: str
    workspace: str
    description: str | None = None
    public: bool = False
    last_updated_ms: int = 0

    @property
    def workspace_id(self) -> str:
        """Id of the workspace, derived from its name."""
        return stable_id("workspace", self.workspace)


@dataclass(frozen=True, slots=True)
class Facts:
    """The metadata of one experiment; times in ms since 1970 UTC."""

    key: str
    project: Project
    name: str | None
    start_ms: int
    end_ms: int | None
    user: str | None = None
    file_name: str | None = None
    file_path: str | None = None
    optimization_id: str | None = None
    archived: bool = False
    running: bool = False
    crashed: bool = False
    throttled: bool = False

    @property
    def duration_ms(self) -> int:
        """Length of the run; 0 while it has no end."""
        return max(0, (self.end_ms or self.start_ms) - self.start_ms)


@dataclass(frozen=True, slots=True)
class Mark:
    """One extreme or the current value of something logged, with where it was logged."""

    value: str
    timestamp_ms: int | None = None
    step: int | None = None
    context: str | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """One summary row: of a metric, a parameter or an "other" value."""

    name: str
    maximum: Mark
    minimum: Mark
    current: Mark

    @classmethod
    def single(cls, name: str, mark: Mark) -> Value:
        """Return the row of something that has one value."""
        return cls(name, mark, mark, mark)


@dataclass(frozen=True, slots=True)
class Series:
    """The stored points of one metric, column by column, ordered by step.

    Attributes:
        name: Exact metric name.
        values: Texts; numbers in Python or Java notation, NaN, Infinity or free text.
        steps: Step of each point or None.
        epochs: Epoch of each point or None.
        timestamps: ms since 1970 UTC.
        contexts: Run context of each point or None.
        offsets: Signed 64-bit ordinals.
    """

    name: str
    values: Sequence[str]
    steps: Sequence[int | None]
    epochs: Sequence[int | None]
    timestamps: Sequence[int]
    contexts: Sequence[str | None]
    offsets: Sequence[int]

    def picked(self, chosen: Sequence[int]) -> Series:
        """Return the points at some positions."""
        return Series(
            self.name,
            [self.values[at] for at in chosen],
            [self.steps[at] for at in chosen],
            [self.epochs[at] for at in chosen],
            [self.timestamps[at] for at in chosen],
            [self.contexts[at] for at in chosen],
            [self.offsets[at] for at in chosen],
        )


@dataclass(frozen=True, slots=True)
class Column:
    """One queryable column of a project."""

    name: str
    type: str
    source: str


@dataclass(frozen=True, slots=True)
class Asset:
    """One asset of an experiment or one file of an artifact version.

    Attributes:
        link: Set for remote assets only: the user's own URI.
        group: Name of the experiment model that a model element belongs to.
        metadata: JSON document as text, "" or None, as the wire has it.
    """

    asset_id: str
    file_name: str
    size: int
    type: str
    created_ms: int
    directory: str | None = None
    step: int | None = None
    context: str | None = None
    metadata: str | None = None
    link: str | None = None
    group: str | None = None
    etag: str | None = None
    tags: tuple[str, ...] = ()


class Content(Protocol):
    """Bytes of an asset; any range in time proportional to the range."""

    @property
    def size(self) -> int:
        """Length in bytes."""
        ...

    @property
    def etag(self) -> str:
        """Entity tag without quotes: the MD5 of small contents, opaque for large ones."""
        ...

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes `start` to `stop`, the latter excluded."""
        ...


@dataclass(frozen=True, slots=True)
class Registration:
    """One version of a registry model and the experiment model that it points at."""

    workspace: str
    registry_name: str
    version: str
    experiment_key: str
    model_name: str
    created_ms: int
    user: str
    public: bool = False
    description: str | None = None
    comment: str | None = None
    status: str = "None"
    tags: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    metadata: tuple[tuple[str, Json], ...] = field(default=())
    own_model_id: str = ""
    own_item_id: str = ""
    updated_ms: int | None = None

    @property
    def model_id(self) -> str:
        """Id of the registry model."""
        made = stable_id("registry", self.workspace, self.registry_name, size=25)
        return self.own_model_id or made

    @property
    def item_id(self) -> str:
        """Id of this version."""
        made = stable_id("item", self.workspace, self.registry_name, self.version, size=25)
        return self.own_item_id or made


@dataclass(frozen=True, slots=True)
class ArtifactVersion:
    """One version of an artifact and its files.

    Attributes:
        experiment_key: Experiment that logged it; "" for that of the artifact.
        state: OPEN while files may be added, then CLOSED or ERROR.
    """

    version_id: str
    artifact_id: str
    version: str
    aliases: tuple[str, ...]
    tags: tuple[str, ...]
    added_ms: int
    metadata: str | None
    files: tuple[Asset, ...]
    experiment_key: str = ""
    state: str = "CLOSED"

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(item.size for item in self.files)


@dataclass(frozen=True, slots=True)
class Artifact:
    """One artifact with its versions, oldest first."""

    artifact_id: str
    workspace: str
    project: str
    project_id: str
    name: str
    type: str
    description: str | None
    tags: tuple[str, ...]
    versions: tuple[ArtifactVersion, ...]
    experiment_key: str

    @property
    def size(self) -> int:
        """Bytes of all versions together."""
        return sum(item.size for item in self.versions)


class Run(Protocol):
    """One experiment with everything that was logged."""

    @property
    def facts(self) -> Facts:
        """The metadata."""
        ...

    def tags(self) -> Sequence[str]:
        """Return the tags."""
        ...

    def others(self) -> Sequence[Value]:
        """Return the "other" values, the name among them."""
        ...

    def parameters(self) -> Sequence[Value]:
        """Return the parameters."""
        ...

    def metric_names(self) -> Sequence[str]:
        """Return the names of all metrics."""
        ...

    def metric_summary(self, name: str) -> Value | None:
        """Return minimum, maximum and current value of a metric."""
        ...

    def metric_current(self, name: str) -> str | None:
        """Return the last value of a metric, without reading all of its points."""
        ...

    def series(self, name: str) -> Series | None:
        """Return the stored points of a metric, at most `MAX_POINTS`."""
        ...

    def text(self, kind: str) -> str | None:
        """Return a text: html, code, output or graph."""
        ...

    def system(self) -> JsonObject:
        """Return the system details by wire name; absent members are null."""
        ...

    def git(self) -> JsonObject:
        """Return the git metadata by wire name; empty if none was logged."""
        ...

    def patch(self) -> bytes | None:
        """Return the git patch as zip bytes."""
        ...

    def cloud(self) -> tuple[str, JsonObject] | None:
        """Return cloud provider and metadata."""
        ...

    def assets(self) -> Sequence[Asset]:
        """Return all assets."""
        ...

    def content(self, asset_id: str) -> Content | None:
        """Return the bytes of a stored asset."""
        ...


class Source(Protocol):
    """A set of projects and runs."""

    @property
    def revision(self) -> int:
        """A number that rises with every change; 0 for what never changes."""
        ...

    def projects(self) -> Sequence[Project]:
        """Return all projects."""
        ...

    def run(self, key: str) -> Run | None:
        """Return one run by its experiment key."""
        ...

    def runs(self, project_id: str, *, archived: bool) -> Sequence[Run]:
        """Return the runs of a project by start time, oldest first."""
        ...

    def columns(self, project_id: str, *, without: Collection[str] = ()) -> Sequence[Column]:
        """Return the logged columns of a project: metrics, parameters, others, tags.

        Args:
            project_id: The project.
            without: Keys of experiments that do not count.
        """
        ...

    def registrations(self) -> Sequence[Registration]:
        """Return all registry model versions."""
        ...

    def artifacts(self, workspace: str) -> Sequence[Artifact]:
        """Return the artifacts of a workspace."""
        ...
