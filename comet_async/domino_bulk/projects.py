"""Projects by what people call them: id, name, or OWNER/NAME."""

from __future__ import annotations

from collections.abc import Sequence

from comet_async import domino
from comet_async.engine.session import Session
from comet_async.errors import BadRequestError, NotFoundError, UsageError
from comet_async.redaction import printable, shortened

__all__ = ["find_project", "named_projects", "only_project"]


def named_projects(projects: Sequence[domino.Project], wanted: str) -> list[domino.Project]:
    """Return the project of an id, or those of a name, with or without its owner.

    Args:
        projects: All that there are.
        wanted: An id, a name, or OWNER/NAME.
    """
    by_id = [row for row in projects if row.id == wanted]
    return by_id or [
        row for row in projects if wanted in (row.name, f"{row.owner_username}/{row.name}")
    ]


def only_project(found: Sequence[domino.Project], wanted: str) -> domino.Project:
    """Return the only one of the projects that were found.

    Raises:
        UsageError: There is none, or there are several.
    """
    shown = shortened(printable(wanted))
    if not found:
        raise UsageError(f"the key sees no project of Domino with the name or id {shown}")
    if len(found) > 1:
        owners = ", ".join(shortened(printable(str(row.owner_username))) for row in found)
        raise UsageError(f"several owners have a project {shown}; name one of them: {owners}")
    return found[0]


async def find_project(session: Session, wanted: str) -> domino.Project:
    """Return the project that an id, a name or OWNER/NAME means.

    Args:
        session: An open session with the Domino service.
        wanted: What it is called.

    Raises:
        UsageError: There is no such project, or several owners have one.
        CometAsyncError: The server said no, or does not answer.

    Source: Domino REST API, Projects.
    """
    projects = [row async for row in session.items(domino.paged_projects())]
    found = named_projects(projects, wanted)
    if not found and wanted:
        try:
            found = [(await session.send(domino.get_project_by_id(wanted))).project]
        except (BadRequestError, NotFoundError):
            found = []
    return only_project(found, wanted)
