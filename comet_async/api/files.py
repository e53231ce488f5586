"""Files and archives that a call leaves in a folder."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from comet_async.api.core import Core
from comet_async.engine.fan_out import Failed, fan_out
from comet_async.engine.names import portable_path
from comet_async.engine.threads import undivided
from comet_async.errors import DestinationError
from comet_async.redaction import printable
from comet_async.request import Blob, Request

__all__ = ["home_of", "save_archive", "save_files"]

_WIDTH = 16


def home_of(folder: Path | str) -> Path:
    """Return a folder with `~` spelled out."""
    return Path(folder).expanduser()


async def save_archive(
    core: Core,
    request: Request[Blob],
    folder: Path | str,
    name: str,
    *,
    expand: bool,
    overwrite: bool = True,
) -> list[Path]:
    """Fetch a zip archive and leave its files, or itself, in a folder.

    Args:
        core: Sends the request.
        request: A request for the archive.
        folder: Made if it is missing; what else is in it stays.
        name: Of the archive, without ".zip".
        expand: Whether its files are wanted instead.
        overwrite: Whether files may be replaced.

    Returns:
        What was written, in order of name.

    Raises:
        ArchiveError: It cannot be expanded; nothing was written.
        DestinationError: A file exists already, or cannot be written.
        CometAsyncError: As `Session.download` does.
    """
    root = home_of(folder)
    await undivided(lambda: _make_folder(root))
    if not expand:
        target = root / portable_path(f"{name}.zip".replace("/", "_"))
        return [(await core.download(request, target, overwrite=overwrite)).path]
    staged = Path(await undivided(lambda: tempfile.mkdtemp(".part", ".", root)))
    try:
        archive = staged / "archive.zip"
        await core.download(request, archive)
        return await undivided(lambda: _expanded(archive, root, overwrite=overwrite))
    finally:
        await undivided(lambda: shutil.rmtree(staged, ignore_errors=True))


async def save_files(
    core: Core, pairs: Iterable[tuple[Path, Request[Blob]]], *, overwrite: bool
) -> list[Path]:
    """Fetch any number of files, many at a time; their folders are made.

    Returns:
        What was written, in the order of `pairs`.

    Raises:
        CometAsyncError: As `Session.download` does; the first failure stops the rest.
    """

    async def work(pair: tuple[Path, Request[Blob]]) -> Path:
        path, request = pair
        await undivided(lambda: _make_folder(path.parent))
        return (await core.download(request, path, overwrite=overwrite)).path

    written: list[Path] = []
    keyed = ((pair[0], pair) for pair in pairs)
    async with fan_out(work, keyed, concurrency=_WIDTH, ordered=True) as outcomes:
        async for outcome in outcomes:
            if isinstance(outcome, Failed):
                raise outcome.error
            written.append(outcome.value)
    return written


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _failed(folder, error) from None


def _expanded(archive: Path, root: Path, *, overwrite: bool) -> list[Path]:
    from comet_async.harvest.expanding import expand  # noqa: PLC0415  brings the whole harvest

    members = archive.with_name("members")
    expand(archive, members)
    moves = [
        (found, root / found.relative_to(members))
        for found in sorted(members.rglob("*"))
        if found.is_file()
    ]
    if not overwrite:
        for _, target in moves:
            if target.exists():
                raise DestinationError(f"{printable(str(target))} exists already")
    for found, target in moves:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            found.replace(target)
        except OSError as error:
            raise _failed(target, error) from None
    return [target for _, target in moves]


def _failed(path: Path, error: OSError) -> DestinationError:
    reason = error.strerror or type(error).__name__
    return DestinationError(f"cannot write {printable(str(path))}: {reason}")
