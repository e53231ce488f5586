"""What answers of Domino become in tables: moments, pairs, JSON, addresses without secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar, cast

import msgspec

from comet_async.domino import Job, MountedGitRepo, Project
from comet_async.domino.log_cursor import nanoseconds
from comet_async.harvest.links import unsigned
from comet_async.harvest.subjects import Subject

__all__ = [
    "ProjectEntry",
    "Row",
    "entry_of",
    "facts",
    "json_of",
    "moment",
    "without_secrets",
]

T = TypeVar("T")

Row = Mapping[str, object]

_MILLISECOND = 1_000_000


def entry_of(subject: Subject, kind: type[T]) -> T:
    """Return the entry in a listing that a subject was made of."""
    return msgspec.json.decode(subject.listed, type=kind, strict=False)


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


def facts(members: Mapping[str, str | None]) -> list[Row]:
    """Return members of an object as a list of pairs."""
    return [{"key": key, "value": value} for key, value in members.items()]


def json_of(value: object) -> str | None:
    """Return a value as JSON, structs without what is null or was not sent; None for what is empty.

    >>> json_of([MountedGitRepo(id="r", uri="git.example/code")]), json_of([])
    ('[{"id":"r","uri":"git.example/code"}]', None)
    """
    told = _told(value)
    return msgspec.json.encode(told).decode() if told else None


def _told(value: object) -> object:
    if isinstance(value, msgspec.Struct):
        names = zip(value.__struct_encode_fields__, value.__struct_fields__, strict=True)
        told = {wire: _told(getattr(value, name)) for wire, name in names}
        return {wire: member for wire, member in told.items() if member is not None}
    if isinstance(value, list):
        return [_told(item) for item in cast("list[object]", value)]
    return value


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
