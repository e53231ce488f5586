"""Registered models as commands need them: found, or near names where there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from comet_async import comet
from comet_async.cli.addresses import Named, escaped
from comet_async.cli.finding import near
from comet_async.errors import BadRequestError, NotFoundError, UsageError
from comet_async.redaction import shortened

if TYPE_CHECKING:
    from comet_async.engine.session import Session

__all__ = ["model_details", "version_items", "version_of"]

_SHOWN = 8


async def model_details(session: Session, wanted: Named) -> comet.RegistryModelDetails:
    """Return a registered model with its versions.

    Raises:
        UsageError: The workspace has no such model; near names are listed.
        CometAsyncError: As `Session.send` does.
    """
    try:
        return await session.send(comet.get_registry_model_details(wanted.workspace, wanted.name))
    except (BadRequestError, NotFoundError) as error:
        refused = error
    listed = (await session.send(comet.get_registry_models(wanted.workspace))).registry_models
    names = [model.model_name for model in listed if model.model_name]
    if wanted.name in names:
        raise refused
    told = f"{escaped(wanted.workspace)} has no registered model '{shortened(wanted.name)}'"
    raise UsageError(told + near(wanted.name, names))


def version_of(model: comet.RegistryModelDetails, wanted: Named) -> comet.RegistryVersion:
    """Return the version of a model that an address names.

    Raises:
        UsageError: It has no such version; the newest are listed.
    """
    for version in model.versions:
        if version.version == wanted.version:
            return version
    ordered = sorted(model.versions, key=lambda version: version.created_at or 0, reverse=True)
    known = [version.version for version in ordered[:_SHOWN] if version.version]
    more = ", ..." if len(ordered) > _SHOWN else ""
    there = f"it has {', '.join(known)}{more}" if known else "it has none"
    name = Named(wanted.workspace, wanted.name)
    raise UsageError(f"{name} has no version '{shortened(wanted.version or '')}'; {there}")


async def version_items(
    session: Session, wanted: Named, versions: Sequence[comet.RegistryVersion]
) -> Mapping[str, comet.RegistryItem]:
    """Return status and tags of versions, by version; older servers do not have them.

    Raises:
        CometAsyncError: As `Session.send` does.
    """
    numbers = dict.fromkeys(version.version for version in versions if version.version)
    found = await session.collect(
        (number, comet.get_registry_model_item(wanted.workspace, wanted.name, number))
        for number in numbers
    )
    for error in found.failed.values():
        if not isinstance(error, (BadRequestError, NotFoundError)):
            raise error
    return found.ok
