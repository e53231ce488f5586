"""What answers of Domino become in tables: moments, pairs, JSON, addresses without secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from comet_async.domino import Job, JobStatus, MountedGitRepo, Project
from comet_async.domino.log_pages import nanoseconds
from comet_async.harvest.links import unsigned
from comet_async.harvest.rows import text_of
from comet_async.harvest.subjects import Subject

__all__ = [
    "ProjectEntry",
    "Row",
    "entry_of",
    "facts",
    "is_over",
    "json_of",
    "moment",
    "without_secrets",
]

T = TypeVar("T")

Row = Mapping[str, object]

_MILLISECOND = 1_000_000
_ENDS = frozenset({"succeeded", "failed", "stopped", "error"})


def entry_of(subject: Subject, kind: type[T]) -> T:
    """Return the entry in a listing that a subject was made of."""
    return msgspec.json.decode(subject.listed, type=kind, strict=False)


def is_over(status: JobStatus | None) -> bool:
    """Tell whether a job is over, with success or without; one that tells nothing is not.

    >>> is_over(JobStatus(execution_status="Failed")), is_over(None)
    (True, False)
    """
    if status is None:
        return False
    return status.is_completed is True or (status.execution_status or "").casefold() in _ENDS


def moment(name: str, text: str | None) -> Row:
    """Return the two columns of a moment: milliseconds, and the text where these are not all of it.

    >>> moment("made", "1970-01-01T00:00:01.5Z")
    {'made': 1500, 'made_text': None}
    >>> moment("made", "1970-01-01T00:00:01.0000005Z")
    {'made': 1000, 'made_text': '1970-01-01T00:00:01.0000005Z'}
    """
    found = nanoseconds(text)
    if found is None:
        return {name: None, f"{name}_text": text}
    millis, rest = divmod(found, _MILLISECOND)
    return {name: millis, f"{name}_text": text if rest else None}


def facts(members: Mapping[str, str]) -> list[Row]:
    """Return members of an object as a list of pairs."""
    return [{"key": key, "value": value} for key, value in members.items()]


def json_of(value: object) -> str | None:
    """Return a value as JSON, None for what is empty."""
    text = text_of(value)
    return None if text == "[]" else text


class ProjectEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """A project as it was listed.

    Attributes:
        project: Its entry.
        problem: Why its jobs could not be listed; None where they were.
    """

    project: Project
    problem: str | None = None


def without_secrets(entry: msgspec.Struct) -> msgspec.Struct:
    """Return an entry whose addresses of repositories have lost what opens them."""
    if isinstance(entry, ProjectEntry) and entry.project.main_repository is not None:
        repository = entry.project.main_repository
        bare = msgspec.structs.replace(repository, uri=unsigned(repository.uri))
        project = msgspec.structs.replace(entry.project, main_repository=bare)
        return msgspec.structs.replace(entry, project=project)
    if isinstance(entry, Job) and entry.git_repos:
        return msgspec.structs.replace(entry, git_repos=[_bare(repo) for repo in entry.git_repos])
    return entry


def _bare(repository: MountedGitRepo) -> MountedGitRepo:
    return msgspec.structs.replace(repository, uri=unsigned(repository.uri))
