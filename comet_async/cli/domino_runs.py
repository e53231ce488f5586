"""`comet-async domino run`, `follow`, `snapshot`: what is begun, and waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from comet_async.cli.asking import in_session, nothing_kept
from comet_async.cli.commands import Command
from comet_async.cli.domino_choosing import quiet_option
from comet_async.cli.exits import Exit
from comet_async.cli.listings import put_record
from comet_async.cli.output import PROGRAM, flush, note, put, put_json
from comet_async.redaction import printable

if TYPE_CHECKING:
    from comet_async.domino import JobDetails
    from comet_async.domino_bulk import Polling
    from comet_async.engine.session import Session

__all__ = ["RUNS"]

_SECONDS = click.FloatRange(min=0, min_open=True)
_every_option = click.option(
    "--every",
    type=_SECONDS,
    default=4.0,
    show_default=True,
    metavar="SECONDS",
    help="Time between two looks.",
)
_deadline_option = click.option(
    "--deadline", type=_SECONDS, metavar="SECONDS", help="Wait no longer; default: for good."
)


def _patience(every: float, deadline: float | None) -> Polling:
    from comet_async import domino_bulk  # noqa: PLC0415 aiohttp is slow to import

    return domino_bulk.Polling(
        first=every, factor=1.0, longest=every, jitter=0.1, deadline=deadline
    )


@click.command(cls=Command)
@click.argument("project")
@click.argument("command")
@click.option("--title", metavar="TITLE", help="Title of the job.")
@click.option("--tier", metavar="ID", help="Hardware tier; default: the project's.")
@click.option("--environment", metavar="ID", help="Environment; default: the project's.")
@click.option("--commit", metavar="ID", help="Commit of the project's files; default: the head.")
@click.option("--no-wait", is_flag=True, help="Start it, and print its id.")
@_every_option
@_deadline_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document, the job.")
@quiet_option
@click.pass_context
def run(
    ctx: click.Context,
    /,
    *,
    project: str,
    command: str,
    title: str | None,
    tier: str | None,
    environment: str | None,
    commit: str | None,
    no_wait: bool,
    every: float,
    deadline: float | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Start COMMAND as a job of PROJECT, and wait until it has ended.

    It is started once: it is not asked for again where an answer is lost. The id of the job is
    printed. Ctrl-C ends the waiting, not the job. Exit code 1: the job failed or was stopped.
    """
    del quiet  # `note` looks at it
    told = _Told()

    async def work(session: Session) -> int:
        from comet_async import domino, domino_bulk  # noqa: PLC0415 as above

        found = await domino_bulk.find_project(session, project)
        new = domino.NewJob(
            project_id=found.id,
            run_command=command,
            title=title,
            hardware_tier=tier,
            environment_id=environment,
            commit_id=commit,
        )
        told.asked = True
        if no_wait:
            job = (await session.send(domino.start_job(new))).job
            told(job)
        else:
            try:
                job = await domino_bulk.run_job(
                    session, new, polling=_patience(every, deadline), progress=told
                )
            except domino_bulk.JobFailed as error:
                _put_job(error.job, as_json=as_json)
                raise
        _put_job(job, as_json=as_json)
        return Exit.OK

    return in_session(ctx, work, stopped=lambda: told.stopped() or nothing_kept(ctx), domino=True)


run.examples = (
    "comet-async domino run forecasting 'python train.py'",
    "comet-async domino run ada/forecasting 'python train.py' --tier small-k8s --json",
    "comet-async domino run forecasting 'sh nightly.sh' --title nightly --no-wait",
)


class _Told:
    """Says each change of a job, once.

    Attributes:
        asked: Whether the job was asked for.
        job: The job, once it was accepted.
    """

    def __init__(self) -> None:
        self.asked = False
        self.job: JobDetails | None = None
        self._said = ""

    def __call__(self, job: JobDetails, /) -> None:
        """Take note of how the job stands."""
        self.job = job
        status = "" if job.status is None else job.status.execution_status or ""
        if status != self._said:
            number = "" if job.number is None else f" {job.number}"
            note(f"job{number} ({printable(job.id)}): {printable(status)}")
        self._said = status

    def stopped(self) -> str:
        """Return what is said when the waiting was stopped; "" where nothing was begun."""
        if self.job is not None:
            again = f"{PROGRAM} domino follow {printable(self.job.id)}"
            return f"stopped waiting: the job goes on; to see how it ends: {again}"
        told = "stopped: the job may have been started or not; to look: "
        return f"{told}{PROGRAM} domino jobs --state active" if self.asked else ""


def _put_job(job: JobDetails, *, as_json: bool) -> None:
    if as_json:
        put_json(job)
    else:
        put(job.id)
    flush()


@click.command(cls=Command)
@click.argument("job_id")
@click.option("--stream", default="complete", show_default=True, help="As stdOut or stdErr.")
@_every_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON lines, one for each line.")
@click.pass_context
def follow(ctx: click.Context, /, *, job_id: str, stream: str, every: float, as_json: bool) -> int:
    """Print the log of a job, from its first line until the job has ended."""

    async def work(session: Session) -> int:
        from comet_async import domino_bulk  # noqa: PLC0415 as above

        async for line in domino_bulk.follow_log(session, job_id, log_type=stream, interval=every):
            if as_json:
                kind = None if line.log_type is None else str(line.log_type)
                put_record({"time": line.timestamp, "stream": kind, "line": line.log})
            else:
                put((line.log or "").rstrip("\r\n"))
            flush()
        return Exit.OK

    return in_session(ctx, work, domino=True)


follow.examples = (
    "comet-async domino follow 65f0c1d2e3a4b5c6d7e8f901",
    "comet-async domino follow 65f0c1d2e3a4b5c6d7e8f901 --stream stdErr --json",
)


@click.command(cls=Command)
@click.argument("dataset_id")
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@_every_option
@_deadline_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document, the snapshot.")
@quiet_option
@click.pass_context
def snapshot(
    ctx: click.Context,
    /,
    *,
    dataset_id: str,
    paths: tuple[str, ...],
    every: float,
    deadline: float | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Take a snapshot of a dataset, of all of it or of PATHs, and wait until it is active.

    It is asked for once. Its id is printed. Ctrl-C ends the waiting, not the snapshot.
    """
    del quiet  # as above

    async def work(session: Session) -> int:
        from comet_async import domino_bulk  # noqa: PLC0415 as above

        note(f"waiting for a snapshot of {printable(dataset_id)}")
        found = await domino_bulk.take_snapshot(
            session, dataset_id, paths or (".",), polling=_patience(every, deadline)
        )
        if as_json:
            put_json(found)
        else:
            put(found.id)
        return Exit.OK

    def stopped() -> str:
        look = f"{PROGRAM} call --service domino get_dataset_snapshots --dataset-id {dataset_id}"
        return f"stopped waiting: the snapshot goes on if it was begun; to look: {look}"

    return in_session(ctx, work, stopped=stopped, domino=True)


snapshot.examples = (
    "comet-async domino snapshot 65f0c1d2e3a4b5c6d7e8f901",
    "comet-async domino snapshot 65f0c1d2e3a4b5c6d7e8f901 raw/2026 --deadline 600 --json",
)

RUNS: tuple[click.Command, ...] = (run, follow, snapshot)
"""Commands that begin something, and wait for it."""
