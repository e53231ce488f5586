"""`comet-async domino logs`, `files`, `audit`: what is brought to disk, and goes on."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from comet_async.cli.asking import in_session, shown_on
from comet_async.cli.choosing import lines_of
from comet_async.cli.commands import Command, same_command
from comet_async.cli.domino_choosing import (
    MOMENT,
    JobChoice,
    all_projects,
    job_choice,
    quiet_option,
    say_failed,
)
from comet_async.cli.exits import Exit
from comet_async.cli.listings import folder_option
from comet_async.cli.output import note, put_json
from comet_async.errors import UsageError

if TYPE_CHECKING:
    from comet_async.domino_bulk import AuditOptions, FilesReport, ListedJob, LogsReport
    from comet_async.engine.fan_out import Outcome
    from comet_async.engine.session import Session
    from comet_async.progress import View

__all__ = ["FILES"]

_report_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document, the report."
)


def _told(report: LogsReport | FilesReport, shown: View, *, as_json: bool) -> int:
    """Write a report, its failures and what it took; return the exit code."""
    if as_json:
        plain: Mapping[str, object] = msgspec.to_builtins(report, enc_hook=str)
        put_json({**plain, "exit_code": report.exit_code})
    code = say_failed([*report.failed.items()])
    note(f"{report}; {shown.pace.summary()}")
    return code


@click.command(cls=Command)
@click.argument("job_ids", metavar="[JOB_ID]...", nargs=-1)
@click.option(
    "--project", "projects", multiple=True, metavar="PROJECT", help="All jobs of it; repeat."
)
@click.option("--keys-from", metavar="FILE", help="File with a job id on each line; - for a pipe.")
@job_choice
@folder_option
@click.option(
    "--form",
    type=click.Choice(["text", "ndjson"]),
    default="text",
    show_default=True,
    help="Lines alone, or an object each with time and stream.",
)
@click.option("--stream", default="complete", show_default=True, help="As stdOut or stdErr.")
@_report_option
@quiet_option
@click.pass_context
def logs(
    ctx: click.Context,
    /,
    *,
    job_ids: tuple[str, ...],
    projects: tuple[str, ...],
    keys_from: str | None,
    folder: Path,
    form: str,
    stream: str,
    as_json: bool,
    quiet: bool,
    **chosen: object,
) -> int:
    """Write the logs of jobs to files, each line once, as DIR/JOB_ID.log.

    Run it again to go on: after a stop, and with jobs that were running. The options that choose
    go with --project. Exit code 3: some logs could not be read.
    """
    named = [*job_ids, *(lines_of(keys_from) if keys_from else ())]
    choice = msgspec.convert(chosen, JobChoice)
    if bool(named) == bool(projects):
        raise UsageError("name job ids, a file of them, or projects with --project")
    if named and choice != JobChoice():
        raise UsageError("what chooses among jobs goes with --project")
    shown = shown_on(ctx, quiet=quiet)

    async def work(session: Session) -> int:
        from comet_async import domino_bulk  # noqa: PLC0415 aiohttp is slow to import

        lines: dict[str, int] = {}

        def progress(job_id: str, read: int) -> None:
            if job_id not in lines:
                shown.finished("logs", 1, 0)
            shown.finished("logs", 0, read - lines.get(job_id, 0))
            lines[job_id] = read

        async with AsyncExitStack() as stack:
            stack.enter_context(shown)
            wanted: Iterable[str] | AsyncIterable[str] = named
            if named:
                shown.planned("logs", len({*named}))
            else:
                names = await all_projects(session, projects)
                listing = domino_bulk.list_jobs(session, names, only=choice.filter())
                wanted = _Ids(await stack.enter_async_context(listing))
            report = await domino_bulk.save_logs(
                session,
                wanted,
                folder,
                log_type=stream,
                form="ndjson" if form == "ndjson" else "text",
                progress=progress,
            )
        return _told(report, shown, as_json=as_json)

    return in_session(ctx, work, observers=[shown.watch], stopped=_goes_on(ctx), domino=True)


logs.examples = (
    "comet-async domino logs --project forecasting -o logs",
    "comet-async domino logs --project forecasting --status Failed -o logs",
    "comet-async domino logs --keys-from ids.txt -o logs",
    "comet-async domino logs 65f0c1d2e3a4b5c6d7e8f901 -o logs --form ndjson",
)


class _Ids(AsyncIterator[str]):
    """Gives the ids of the jobs of a listing.

    Args:
        outcomes: The listing.

    Raises:
        CometAsyncError: A project cannot be listed.
    """

    def __init__(self, outcomes: AsyncIterator[Outcome[str, ListedJob]]) -> None:
        self._outcomes = outcomes

    async def __anext__(self) -> str:
        from comet_async.engine.fan_out import Ok  # noqa: PLC0415 aiohttp is slow to import

        outcome = await anext(self._outcomes)
        if not isinstance(outcome, Ok):
            raise outcome.error
        return outcome.value.job.id


@click.command(cls=Command)
@click.argument("project")
@click.argument("commit")
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@click.option("--paths-from", metavar="FILE", help="File with a path on each line; - for a pipe.")
@folder_option
@click.option("--force", is_flag=True, help="Replace files that are there.")
@_report_option
@quiet_option
@click.pass_context
def files(
    ctx: click.Context,
    /,
    *,
    project: str,
    commit: str,
    paths: tuple[str, ...],
    paths_from: str | None,
    folder: Path,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Fetch files of PROJECT as they were at COMMIT.

    Run it again to go on: what came stays. The API cannot list the files of a project. Exit code
    3: some files could not be fetched.
    """
    wanted = [*paths, *(lines_of(paths_from) if paths_from else ())]
    if not wanted:
        raise UsageError("name paths, or a file of them with --paths-from")
    shown = shown_on(ctx, quiet=quiet)

    async def work(session: Session) -> int:
        from comet_async import domino_bulk  # noqa: PLC0415 as above

        before = 0

        def progress(over: int, total: int) -> None:
            nonlocal before
            if before == 0:
                shown.planned("files", total)
            shown.finished("files", over - before, 0)
            before = over

        found = await domino_bulk.find_project(session, project)
        with shown:
            report = await domino_bulk.download_project_files(
                session, found.id, commit, wanted, folder, overwrite=force, progress=progress
            )
        return _told(report, shown, as_json=as_json)

    return in_session(ctx, work, observers=[shown.watch], stopped=_goes_on(ctx), domino=True)


files.examples = (
    "comet-async domino files forecasting 0123456789abcdef train.py data/a.csv -o code",
    "comet-async domino files ada/forecasting 0123456789abcdef --paths-from paths.txt -o code",
)


@click.command(cls=Command)
@click.argument("what", type=click.Choice(["gateway", "sources"]))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE")
@click.option("--since", type=MOMENT, metavar="TIME", help="First time (UTC) of a new file.")
@click.option("--until", type=MOMENT, metavar="TIME", help="End (UTC), not included; default now.")
@click.option("--id", "ids", multiple=True, metavar="ID", help="Only of these ids; repeat.")
@click.option("--name", "names", multiple=True, metavar="NAME", help="Only of these; repeat.")
@click.option(
    "--kind", "kinds", multiple=True, metavar="KIND", help="Only such events of sources; repeat."
)
@_report_option
@quiet_option
@click.pass_context
def audit(
    ctx: click.Context,
    /,
    *,
    what: str,
    file: Path,
    since: datetime | None,
    until: datetime | None,
    ids: tuple[str, ...],
    names: tuple[str, ...],
    kinds: tuple[str, ...],
    as_json: bool,
    quiet: bool,
) -> int:
    """Write the audit events of the AI gateway, or of data sources, to FILE, by time.

    FILE has a JSON object on each line. Run it again, every day, to add what came since.
    """
    if kinds and what == "gateway":
        raise UsageError("--kind is of events of sources")
    shown = shown_on(ctx, quiet=quiet)

    async def work(session: Session) -> int:
        from comet_async import domino_bulk  # noqa: PLC0415 as above

        options = _audit_options(shown)
        start, end = (None if time is None else time.replace(tzinfo=UTC) for time in (since, until))
        with shown:
            if what == "gateway":
                report = await domino_bulk.export_gateway_audit(
                    session,
                    file,
                    start=start,
                    end=end,
                    endpoint_ids=ids or None,
                    endpoint_names=names or None,
                    **options,
                )
            else:
                report = await domino_bulk.export_data_source_audit(
                    session,
                    file,
                    start=start,
                    end=end,
                    data_source_ids=ids or None,
                    data_source_names=names or None,
                    event_kinds=kinds or None,
                    **options,
                )
        if as_json:
            put_json(msgspec.to_builtins(report, enc_hook=str))
        note(f"{report}; {shown.pace.summary()}")
        return Exit.OK

    return in_session(ctx, work, observers=[shown.watch], stopped=_goes_on(ctx), domino=True)


audit.examples = (
    "comet-async domino audit gateway audit.jsonl --since 2026-01-01",
    "comet-async domino audit gateway audit.jsonl",
    "comet-async domino audit sources sources.jsonl --since 2026-01-01 --name warehouse",
)


def _audit_options(shown: View) -> AuditOptions:
    before = 0

    def progress(over: float, total: float) -> None:
        nonlocal before
        if not shown.counts:
            shown.planned("seconds", round(total))
        shown.finished("seconds", round(over) - before, 0)
        before = round(over)

    return {"progress": progress}


def _goes_on(ctx: click.Context) -> Callable[[], str]:
    return lambda: f"stopped: what came is kept; to go on: {same_command(ctx)}"


FILES: tuple[click.Command, ...] = (logs, files, audit)
"""Commands that bring something to disk."""
