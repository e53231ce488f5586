"""The files of a registered model's version: as the zip that they come in, or out of it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from comet_async import comet
from comet_async.cli.addresses import Named
from comet_async.cli.exits import Exit, Quit
from comet_async.cli.saving import make_folder, what_stands
from comet_async.engine.downloaded import Progress
from comet_async.engine.names import portable_path
from comet_async.engine.threads import undivided
from comet_async.errors import UsageError
from comet_async.redaction import printable

if TYPE_CHECKING:
    from comet_async.engine.session import Session

__all__ = ["Fetched", "Fetching", "fetch", "newest"]

_SECONDS = 600.0


class Fetched(msgspec.Struct, frozen=True):
    """What was written.

    Attributes:
        path: The zip, or the folder that it was expanded to.
        files: Files in the folder, 1 for the zip.
        size: Bytes of the zip.
        sha256: Hash of the zip.
    """

    path: Path
    files: int
    size: int
    sha256: str


class Fetching(msgspec.Struct, frozen=True, kw_only=True):
    """What to fetch, and how.

    Attributes:
        model: A version of a registered model.
        folder: Where to; made where it is missing.
        expand: Whether the files are wanted and not the zip.
        force: Whether what stands in its place is replaced.
    """

    model: Named
    folder: Path
    expand: bool
    force: bool

    @property
    def target(self) -> Path:
        """The zip, or the folder, to write."""
        name = f"{self.model.name}-{self.model.version}".replace("/", "%2F")
        return self.folder / portable_path(name if self.expand else f"{name}.zip")


async def newest(session: Session, model: Named, stage: str | None) -> Named:
    """Return the newest version of a model, or of one of its stages.

    Raises:
        UsageError: There is none.
        CometAsyncError: As `Session.send` does.
    """
    request = comet.get_registry_model_latest_version(model.workspace, model.name, stage=stage)
    for version in (await session.send(request)).versions:
        if version.version:
            return msgspec.structs.replace(model, version=version.version)
    told = "" if stage is None else f" of stage '{printable(stage)}'"
    raise UsageError(f"{model} has no version{told}")


async def fetch(session: Session, order: Fetching, progress: Progress) -> Fetched:
    """Fetch a version; nothing is left of one that does not arrive whole, or cannot be expanded.

    Raises:
        Quit: Something stands in its place.
        ArchiveError: The archive is damaged or dangerous.
        DestinationError: The disk is full or failing.
        CometAsyncError: As `Session.download` does.
    """
    from comet_async.harvest.expanding import expand  # noqa: PLC0415 brings the whole harvest

    target = order.target
    if not order.force and await undivided(partial(what_stands, target, None)) != "nothing":
        raise Quit(f"{printable(str(target))} exists; give --force to replace it", Exit.USAGE)
    await undivided(partial(make_folder, order.folder))
    model = order.model
    request = comet.download_registry_model_version(
        model.workspace, model.name, version=model.version
    ).with_timeout(_SECONDS)
    archive = target.with_name(f".{target.name}.zip") if order.expand else target
    done = await session.download(
        request, archive, overwrite=order.expand or order.force, resume=True, progress=progress
    )
    files = 1
    if order.expand:
        try:
            files = await undivided(partial(expand, archive, target))
        finally:
            await undivided(partial(archive.unlink, missing_ok=True))
    return Fetched(target, files, done.size, done.sha256)
