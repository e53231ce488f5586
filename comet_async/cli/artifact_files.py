"""Files of an artifact's version: listed, and fetched into a folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Self

import msgspec

from comet_async import comet
from comet_async.cli.addresses import Named
from comet_async.cli.artifact_versions import artifact_version
from comet_async.cli.exits import Exit
from comet_async.cli.listings import Column, Row, counted, put_listing
from comet_async.cli.output import flush, note, say
from comet_async.cli.saving import Saved, Wanted, make_folder, save_all, what_stands
from comet_async.engine.names import portable_path
from comet_async.engine.threads import undivided
from comet_async.progress import View
from comet_async.redaction import printable, shortened

if TYPE_CHECKING:
    from comet_async.engine.session import Session

__all__ = ["Download", "download_files", "file_rows"]

_SHOWN = 5
_COLUMNS = tuple(
    Column(name) for name in ("name", "size", "state", "path", "sha256", "link", "problem")
)
_TABLE = ("name", "size", "state", "path")
_PLANS = {"nothing": "fetch", "whole": "leave", "another": "fail"}


class Download(msgspec.Struct, frozen=True, kw_only=True):
    """What to fetch, and how.

    Attributes:
        version: A version of an artifact.
        folder: Where to; made where it is missing.
        force: Whether all is fetched, and what stands in its place replaced.
        dry_run: Whether to say only what would be done.
        quiet: No progress.
        limit: Rows of the report, as for `put_listing`.
        as_json: The report as JSON.
        again: The command line that goes on with it.
    """

    version: Named
    folder: Path
    force: bool
    dry_run: bool
    quiet: bool
    limit: int | None
    as_json: bool
    again: str

    @classmethod
    def of(cls, version: Named, folder: Path, options: Mapping[str, object], again: str) -> Self:
        """Return the order that a command line gives."""
        told = {"version": version, "folder": folder, "again": again, **options}
        return msgspec.convert(told, cls)


class _Files(msgspec.Struct, frozen=True):
    version: comet.ArtifactVersion
    stored: Sequence[comet.ArtifactFile]
    remote: Sequence[comet.ArtifactFile]


async def _files(session: Session, wanted: Named) -> _Files:
    version = await artifact_version(session, wanted)
    found = await session.send(
        comet.get_artifact_version_files(
            workspace=wanted.workspace,
            artifact_name=wanted.name,
            version=version.artifact_version,
        )
    )
    stored = [file for file in found.files if not file.is_remote]
    return _Files(version, stored, [file for file in found.files if file.is_remote])


async def file_rows(session: Session, wanted: Named) -> list[Row]:
    """Return name, type, size, whether it is remote, link and id of each file of a version.

    Raises:
        UsageError: There is no such version.
        CometAsyncError: As `Session.send` does.
    """
    found = await _files(session, wanted)
    return [
        [file.file_name, file.type, _size(file), file.is_remote, _link(file), file.asset_id]
        for file in (*found.stored, *found.remote)
    ]


def _size(file: comet.ArtifactFile) -> int | None:
    return None if file.file_size is None else int(file.file_size)


def _link(file: comet.ArtifactFile) -> str | None:
    """Return the link of a remote file, without what opens it."""
    from comet_async.harvest.links import unsigned  # noqa: PLC0415 brings the whole harvest

    return unsigned(file.link) if file.is_remote else None


async def download_files(session: Session, order: Download, shown: View) -> int:
    """Fetch the files of a version, and tell what became of each.

    Args:
        session: An open session with the Comet service.
        order: What to fetch.
        shown: Where progress is shown.

    Returns:
        The exit code.

    Raises:
        UsageError: There is no such version, or a file stands where the folder is to be.
        CometAsyncError: As `save_all` does.
    """
    found = await _files(session, order.version)
    wanted = [_wanted(file, found.version) for file in found.stored]
    if order.dry_run:
        ends = await undivided(partial(_planned, order, wanted))
        _put(order, found, wanted, ends)
        note("nothing was fetched")
        return Exit.OK
    await undivided(partial(make_folder, order.folder))
    with shown:
        try:
            ends = await save_all(
                session, order.folder, wanted, force=order.force, progress=shown.download
            )
        except BaseException:
            shown.close()
            say(f"stopped before the end; to go on with what is missing: {order.again}")
            raise
    _put(order, found, wanted, ends)
    _say_ends(order, found, wanted, ends)
    note(shown.pace.summary())
    failed = any(end.state == "failed" for end in ends.values())
    return Exit.PARTIAL if failed else Exit.OK


def _wanted(file: comet.ArtifactFile, version: comet.ArtifactVersion) -> Wanted:
    version_id = file.artifact_version_id or version.artifact_version_id
    return Wanted(
        portable_path(file.file_name or file.asset_id),
        _size(file),
        comet.get_experiment_asset(file.asset_id, artifact_version_id=version_id),
    )


def _planned(order: Download, wanted: Sequence[Wanted]) -> Mapping[int, Saved]:
    ends: dict[int, Saved] = {}
    for number, item in enumerate(wanted):
        standing = what_stands(order.folder / item.place, item.size)
        replaced = "replace" if standing != "nothing" else "fetch"
        plan = replaced if order.force else _PLANS[standing]
        problem = "something else stands in its place" if plan == "fail" else None
        ends[number] = Saved(f"would {plan}", item.size, problem=problem)
    return ends


def _put(
    order: Download, found: _Files, wanted: Sequence[Wanted], ends: Mapping[int, Saved]
) -> None:
    rows: list[Row] = []
    for number, (file, item) in enumerate(zip(found.stored, wanted, strict=True)):
        end, path = ends[number], str(order.folder / item.place)
        size = item.size if end.size is None else end.size
        rows.append([file.file_name, size, end.state, path, end.sha256, None, end.problem])
    rows += [
        [file.file_name, None, "remote", None, None, _link(file), None] for file in found.remote
    ]
    shown = [
        at
        for at, column in enumerate(_COLUMNS)
        if order.as_json
        or column.name in _TABLE
        or (column.name in {"link", "problem"} and any(row[at] is not None for row in rows))
    ]
    put_listing(
        [_COLUMNS[at] for at in shown],
        [[row[at] for at in shown] for row in rows],
        as_json=order.as_json,
        what="files",
        limit=order.limit,
    )
    flush()


def _say_ends(
    order: Download, found: _Files, wanted: Sequence[Wanted], ends: Mapping[int, Saved]
) -> None:
    failed = [number for number, end in ends.items() if end.state == "failed"]
    for number in failed[:_SHOWN]:
        say(f"failed: {shortened(str(wanted[number].place))}: {ends[number].problem}")
    states = [end.state for end in ends.values()]
    size = sum(end.size or 0 for end in ends.values() if end.state == "stored")
    parts = [f"{counted(states.count('stored'), 'file')} stored ({size:,} bytes)"]
    for told, count in (
        ("there already", states.count("whole")),
        ("failed", len(failed)),
        ("remote, not fetched", len(found.remote)),
    ):
        parts += [f"{count:,} {told}"] if count else []
    name = msgspec.structs.replace(order.version, version=found.version.artifact_version)
    note(f"{name} in {printable(str(order.folder))}: {', '.join(parts)}")
