"""Artifacts and their versions as commands need them: found, or near names where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from comet_async import comet
from comet_async.cli.addresses import Named, escaped
from comet_async.cli.finding import near
from comet_async.errors import BadRequestError, NotFoundError, UsageError
from comet_async.redaction import shortened

if TYPE_CHECKING:
    from comet_async.engine.session import Session

__all__ = ["artifact_details", "artifact_version"]

_LATEST = "latest"
_SHOWN = 8


async def artifact_details(session: Session, wanted: Named) -> comet.ArtifactDetails:
    """Return an artifact with its versions.

    Raises:
        UsageError: The workspace has no such artifact; near names are listed.
        CometAsyncError: As `Session.send` does.
    """
    try:
        return await session.send(
            comet.get_artifact(workspace=wanted.workspace, artifact_name=wanted.name)
        )
    except (BadRequestError, NotFoundError) as error:
        refused = error
    listed = (await session.send(comet.get_artifacts(wanted.workspace))).artifacts
    names = [entry.name for entry in listed if entry.name]
    if wanted.name in names:
        raise refused
    told = f"{escaped(wanted.workspace)} has no artifact '{shortened(wanted.name)}'"
    raise UsageError(told + near(wanted.name, names))


async def artifact_version(session: Session, wanted: Named) -> comet.ArtifactVersion:
    """Return the version that an address names by number or alias; without either, the latest.

    Raises:
        UsageError: There is no such artifact or version; what there is is listed.
        CometAsyncError: As `Session.send` does.
    """
    try:
        return await session.send(
            comet.get_artifact_version(
                workspace=wanted.workspace,
                artifact_name=wanted.name,
                version_or_alias=wanted.version or _LATEST,
            )
        )
    except (BadRequestError, NotFoundError) as error:
        refused = error
    details = await artifact_details(session, wanted)
    known: dict[str, None] = {}
    for version in details.versions:
        known.update(dict.fromkeys([version.version or "", *version.alias]))
    asked = (wanted.version or _LATEST).casefold()
    if asked in {name.casefold() for name in known}:
        raise refused
    there = ", ".join(shortened(name) for name in [*filter(None, known)][:_SHOWN]) or "none"
    name = Named(wanted.workspace, wanted.name)
    raise UsageError(f"{name} has no version '{shortened(asked)}'; it has {there}")
