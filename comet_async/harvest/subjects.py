"""What a harvest lists, and how tables are read of it: two small protocols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol, TypeAlias, TypeVar

import msgspec

from comet_async.request import Request

__all__ = ["RUNS", "Ask", "Columns", "Reader", "Subject", "SubjectKind", "listing_tells"]

T = TypeVar("T")

SubjectKind: TypeAlias = Literal[
    "experiment",
    "project",
    "workspace",
    "registry_model",
    "artifact",
    "answers",
    "domino_project",
    "domino_job",
    "domino_environment",
    "domino_dataset",
    "domino_model",
]
Columns: TypeAlias = Mapping[str, Sequence[object]]


RUNS: frozenset[SubjectKind] = frozenset({"experiment", "domino_job"})
"""Kinds of what runs and then is over: a harvest is counted by them."""


def listing_tells(kind: SubjectKind) -> bool:
    """Tell whether the entry in a listing shows that something of a subject has changed.

    That of an experiment or a job does. Of the others it says too little: new notes of a project,
    panels of a workspace or versions of an artifact may leave it as it was.
    """
    return kind in RUNS


class Subject(msgspec.Struct, frozen=True):
    """Something that was listed and of which tables are read.

    Attributes:
        kind: What it is.
        key: Experiment key, project id, name of a workspace or a model, id of anything else.
        workspace: Workspace that holds it; empty where a service has none.
        project_id: Project that holds it, if one does.
        listed: Its entry in the listing, JSON.
    """

    kind: SubjectKind
    key: str
    workspace: str
    project_id: str | None
    listed: bytes


class Ask(Protocol):
    """Sends a request for a reader, and counts it."""

    async def __call__(self, request: Request[T], /) -> T:
        """Return the answer; raise as `Session.send` does."""
        ...


class Reader(Protocol):
    """Reads one or more tables of one subject.

    Attributes:
        kind: Of which subjects.
        tables: Names of the tables that it can fill.
        requests: Requests that one subject typically takes.
    """

    @property
    def kind(self) -> SubjectKind:
        """Of which subjects."""
        ...

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of the tables that it can fill."""
        ...

    @property
    def requests(self) -> float:
        """Requests that one subject typically takes."""
        ...

    async def read(
        self, ask: Ask, subject: Subject, tables: frozenset[str]
    ) -> Mapping[str, Columns]:
        """Return the rows of those of its tables that are in `tables`."""
        ...
