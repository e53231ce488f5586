"""What an address names on a server, or one clear line that lists what it could."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec

from comet_async import comet
from comet_async.cli.addresses import escaped, is_key, read_path
from comet_async.errors import BadRequestError, NotFoundError, PermissionDeniedError, UsageError
from comet_async.redaction import printable, shortened

if TYPE_CHECKING:
    from comet_async.engine.session import Session

__all__ = ["Place", "find_experiment", "find_place", "listed_experiments", "near"]

_SHOWN = 8
_NEAR = 3
_PROJECT_AND_EXPERIMENT = 3


class Place(msgspec.Struct, frozen=True):
    """A project, or one of its experiments.

    Attributes:
        workspace: Workspace of the project.
        project: Name of the project.
        experiment: The experiment, None for the project.
    """

    workspace: str
    project: str
    experiment: comet.Experiment | None = None

    def __str__(self) -> str:
        project = f"{escaped(self.workspace)}/{escaped(self.project)}"
        found = self.experiment
        return project if found is None else f"{project}/{found.experiment_key}"


async def find_place(session: Session, path: Sequence[str]) -> Place:
    """Return the project or the experiment that the parts of an address name.

    Names may hold slashes, so all ways to read the address are tried against what there is.

    Args:
        session: An open session with the Comet service.
        path: Workspace, project, and what follows.

    Raises:
        UsageError: There is none, or several; what matches, or is near, is listed.
        CometAsyncError: As `Session.send` does.
    """
    workspace, *rest = path
    if len(rest) == 1:
        return Place(workspace, rest[0])
    projects = await _project_names(session, workspace)
    readings = [("/".join(rest[:at]), "/".join(rest[at:])) for at in range(1, len(rest) + 1)]
    known = [reading for reading in readings if reading[0] in projects]
    if not known:
        told = f"{escaped(workspace)} has no project {_quoted(rest[0])}"
        raise UsageError(told + near(rest[0], projects))
    found: list[Place] = []
    names: list[str] = []
    for project, experiment in known:
        if not experiment:
            found.append(Place(workspace, project))
            continue
        place = Place(workspace, project)
        by_key = await _by_key(session, place, experiment)
        if by_key is not None:
            found.append(by_key)
            continue
        entries = await _all_experiments(session, place)
        names += [entry.experiment_name for entry in entries if entry.experiment_name]
        found += [
            Place(workspace, project, entry)
            for entry in entries
            if experiment in (entry.experiment_key, entry.experiment_name)
        ]
    return _only(found, "/".join(path), known, names)


def _only(
    found: Sequence[Place],
    address: str,
    known: Sequence[tuple[str, str]],
    names: Sequence[str],
) -> Place:
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"{_quoted(address)} is ambiguous; it can be {_several(found)}")
    project, experiment = known[0]
    told = f"the project {_quoted(project)} has no experiment {_quoted(experiment)}"
    raise UsageError(told + near(experiment, names))


def _several(places: Sequence[Place]) -> str:
    shown = ", ".join(str(place) for place in places[:_SHOWN])
    more = len(places) - _SHOWN
    return f"{shown}, and {more:,} more" if more > 0 else shown


async def find_experiment(session: Session, address: str) -> comet.Experiment:
    """Return the experiment that a key or `WORKSPACE/PROJECT/EXPERIMENT` names.

    Raises:
        UsageError: It is no such address, or names none or several.
        CometAsyncError: As `Session.send` does.
    """
    if is_key(address):
        return await session.send(comet.get_experiment_metadata(address))
    path = read_path(address)
    if len(path) >= _PROJECT_AND_EXPERIMENT:
        place = await find_place(session, path)
        if place.experiment is not None:
            return place.experiment
    raise UsageError(
        f"{_quoted(address)} is no experiment; use a key or WORKSPACE/PROJECT/EXPERIMENT"
    )


async def listed_experiments(
    session: Session, place: Place, *, archived: bool
) -> list[comet.Experiment]:
    """Return the experiments of a project.

    Raises:
        UsageError: The workspace has no such project; near names are listed.
        CometAsyncError: As `Session.send` does.
    """
    request = comet.get_experiments(
        workspace_name=place.workspace, project_name=place.project, archived=archived
    )
    try:
        return (await session.send(request)).experiments
    except (BadRequestError, NotFoundError) as error:
        refused = error
    projects = await _project_names(session, place.workspace)
    if place.project in projects:
        raise refused
    told = f"{escaped(place.workspace)} has no project {_quoted(place.project)}"
    raise UsageError(told + near(place.project, projects))


async def _by_key(session: Session, place: Place, key: str) -> Place | None:
    """Return the experiment of a key if it is of this project; no listing is needed then."""
    if not is_key(key):
        return None
    try:
        found = await session.send(comet.get_experiment_metadata(key))
    except (BadRequestError, NotFoundError, PermissionDeniedError):
        return None
    same = (found.workspace_name, found.project_name) == (place.workspace, place.project)
    return Place(place.workspace, place.project, found) if same else None


async def _all_experiments(session: Session, place: Place) -> list[comet.Experiment]:
    return [
        *await listed_experiments(session, place, archived=False),
        *await listed_experiments(session, place, archived=True),
    ]


async def _project_names(session: Session, workspace: str) -> list[str]:
    found = await session.send(comet.get_projects(workspace))
    return [entry.project_name for entry in found.projects if entry.project_name]


def near(wanted: str, names: Iterable[str]) -> str:
    """Return a question after the names that are near a wanted one, empty where none is.

    >>> near("resnte", ["resnet", "vit"])
    '; did you mean resnet?'
    """
    close = difflib.get_close_matches(wanted, list(names), n=_NEAR)
    return f"; did you mean {' or '.join(escaped(name) for name in close)}?" if close else ""


def _quoted(text: str) -> str:
    return f"'{shortened(printable(text), 80)}'"
