"""`comet-async artifact`: artifacts, their versions, and their files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from comet_async import comet
from comet_async.cli.addresses import read_named
from comet_async.cli.artifact_changes import CHANGES
from comet_async.cli.artifact_files import Download, download_files, file_rows
from comet_async.cli.artifact_versions import artifact_details, artifact_version
from comet_async.cli.asking import in_session, nothing_kept, shown_on
from comet_async.cli.commands import Command, Group, same_command
from comet_async.cli.listings import (
    Column,
    Row,
    document_option,
    folder_option,
    joined,
    json_option,
    limit_option,
    minutes,
    moment,
    put_fields,
    put_listing,
    sorted_rows,
)

if TYPE_CHECKING:
    from comet_async.engine.session import Session

__all__ = ["artifact"]

_ADDRESS = "WORKSPACE/NAME[:VERSION|:ALIAS]"
_ARTIFACTS = (Column("name"), Column("type"), Column("id"))
_ARTIFACT = (
    Column("name"),
    Column("id"),
    Column("type"),
    Column("project"),
    Column("description"),
    Column("latest"),
    Column("tags"),
    Column("public"),
    Column("size"),
    Column("versions"),
)
_VERSIONS = (
    Column("version"),
    Column("state"),
    Column("aliases", joined),
    Column("tags", joined),
    Column("added", minutes, falling=True),
    Column("size", falling=True),
    Column("owner"),
    Column("id"),
)
_VERSION = (
    Column("name"),
    Column("version"),
    Column("id"),
    Column("state"),
    Column("aliases"),
    Column("tags"),
    Column("added", minutes),
    Column("size"),
    Column("owner"),
    Column("experiment"),
    Column("metadata"),
    Column("note"),
)
_FILES = (
    Column("name"),
    Column("type"),
    Column("size", falling=True),
    Column("remote"),
    Column("link"),
    Column("id"),
)


@click.group(cls=Group, no_args_is_help=False)
def artifact() -> None:
    """Artifacts: list, show, download, and label versions.

    An artifact is WORKSPACE/NAME, a version of it WORKSPACE/NAME:VERSION, with an alias in place
    of a version as good; without either the latest version is meant. A colon in a name is %3A.
    """


artifact.examples = (
    "comet-async artifact ls team",
    "comet-async artifact files team/digits:1.0.0",
    "comet-async artifact download team/digits:1.0.0 -o digits",
    "comet-async artifact alias team/digits:1.0.0 production",
)


@click.command("ls", cls=Command)
@click.argument("workspace")
@click.option("--type", "kind", metavar="TYPE", help="Artifacts of this type, as dataset.")
@limit_option
@json_option
@click.pass_context
def list_artifacts(
    ctx: click.Context,
    /,
    *,
    workspace: str,
    kind: str | None,
    limit: int | None,
    as_json: bool,
) -> int:
    """List the artifacts of a workspace."""

    async def work(session: Session) -> int:
        found = (await session.send(comet.get_artifacts(workspace, type=kind))).artifacts
        rows: list[Row] = [[entry.name, entry.type, entry.artifact_id] for entry in found]
        rows = sorted_rows(_ARTIFACTS, rows, "name")
        put_listing(_ARTIFACTS, rows, as_json=as_json, what="artifacts", limit=limit)
        return 0

    return in_session(ctx, work)


list_artifacts.examples = (
    "comet-async artifact ls team",
    "comet-async artifact ls team --type dataset --json",
)


@click.command(cls=Command)
@click.argument("name", metavar=_ADDRESS)
@document_option
@click.pass_context
def show(ctx: click.Context, /, *, name: str, as_json: bool) -> int:
    """Show an artifact, or one version of it."""
    wanted = read_named(name, "NAME", version="may")

    async def work(session: Session) -> int:
        if wanted.version is None:
            details = await artifact_details(session, wanted)
            put_fields(_ARTIFACT, _artifact_fields(details), as_json=as_json)
        else:
            version = await artifact_version(session, wanted)
            put_fields(_VERSION, _version_fields(version), as_json=as_json)
        return 0

    return in_session(ctx, work)


show.examples = (
    "comet-async artifact show team/digits",
    "comet-async artifact show team/digits:latest --json",
)


def _artifact_fields(found: comet.ArtifactDetails) -> Row:
    return [
        found.name,
        found.artifact_id,
        found.type,
        found.project,
        found.description,
        found.latest_version,
        found.tags,
        found.is_public,
        found.size_in_bytes,
        [version.version for version in found.versions],
    ]


def _version_fields(found: comet.ArtifactVersion) -> Row:
    data = found.metadata_object
    return [
        None if found.artifact is None else found.artifact.artifact_name,
        found.artifact_version,
        found.artifact_version_id,
        found.state,
        found.alias,
        found.tags,
        moment(found.added),
        found.size_in_bytes,
        found.owner,
        found.experiment_key,
        found.metadata if data is None else data,
        found.note,
    ]


@click.command(cls=Command)
@click.argument("name", metavar="WORKSPACE/NAME")
@limit_option
@json_option
@click.pass_context
def versions(ctx: click.Context, /, *, name: str, limit: int | None, as_json: bool) -> int:
    """List the versions of an artifact, newest first."""
    wanted = read_named(name, "NAME", version="none")

    async def work(session: Session) -> int:
        details = await artifact_details(session, wanted)
        rows = sorted_rows(_VERSIONS, [_version_row(row) for row in details.versions], "added")
        put_listing(_VERSIONS, rows, as_json=as_json, what="versions", limit=limit)
        return 0

    return in_session(ctx, work)


versions.examples = ("comet-async artifact versions team/digits",)


def _version_row(found: comet.ArtifactVersionRow) -> Row:
    return [
        found.version,
        found.state,
        found.alias,
        found.tags,
        moment(found.added),
        found.size_in_bytes,
        found.owner,
        found.artifact_version_id,
    ]


@click.command(cls=Command)
@click.argument("name", metavar=_ADDRESS)
@limit_option
@json_option
@click.pass_context
def files(ctx: click.Context, /, *, name: str, limit: int | None, as_json: bool) -> int:
    """List the files of a version; a remote one with its link."""
    wanted = read_named(name, "NAME", version="may")

    async def work(session: Session) -> int:
        rows = sorted_rows(_FILES, await file_rows(session, wanted), "name")
        put_listing(_FILES, rows, as_json=as_json, what="files", limit=limit)
        return 0

    return in_session(ctx, work)


files.examples = (
    "comet-async artifact files team/digits",
    "comet-async artifact files team/digits:1.0.0 --json",
)


@click.command(cls=Command)
@click.argument("name", metavar=_ADDRESS)
@folder_option
@click.option("--force", is_flag=True, help="Fetch all, and replace what is there.")
@click.option("--dry-run", is_flag=True, help="Say what would be written, and fetch nothing.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@limit_option
@json_option
@click.pass_context
def download(ctx: click.Context, /, *, name: str, folder: Path, **how: object) -> int:
    """Fetch all files of a version, many at once, into names that every system takes.

    Run it again to go on: a file that is there with the size that is listed is whole and left, a
    large one goes on where it was stopped. Anything else in a file's place is left, too, and told
    as a failure, unless --force replaces it. Remote files are listed with their links.

    Exit code 3: some files failed.
    """
    wanted = read_named(name, "NAME", version="may")
    order = Download.of(wanted, folder, how, same_command(ctx))
    shown = shown_on(ctx, quiet=order.quiet)

    async def work(session: Session) -> int:
        return await download_files(session, order, shown)

    return in_session(
        ctx,
        work,
        observers=[shown.watch],
        stopped=lambda: "" if shown.counts else nothing_kept(ctx),
    )


download.examples = (
    "comet-async artifact download team/digits -o digits",
    "comet-async artifact download team/digits:1.0.0 -o digits --dry-run",
)

for _command in (list_artifacts, show, versions, files, download, *CHANGES):
    artifact.add_command(_command)
