"""`comet-async export`: a harvest for other trackers."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from comet_async.cli.commands import Command
from comet_async.cli.exits import Exit
from comet_async.cli.output import put, put_json, say
from comet_async.cli.tables import Table, put_table
from comet_async.progress import view_for
from comet_async.shown import told_size

if TYPE_CHECKING:
    from comet_async.handover import HandoverProgress, HandoverReport
    from comet_async.lake import LakeReader

__all__ = ["export"]

_SHOWN = 20


@click.command(cls=Command)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--to",
    "target",
    type=click.Choice(["mlflow", "neptune"]),
    required=True,
    help="mlflow: runs of MLflow. neptune: Parquet as neptune-exporter writes it.",
)
@click.option("--uri", metavar="URI", help="mlflow: tracking URI, as sqlite:///mlflow.db.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="neptune: where to write.",
)
@click.option(
    "--experiment-name",
    "pattern",
    default="{workspace}/{project}",
    show_default=True,
    metavar="NAME",
    help="mlflow: name of the experiment of a project.",
)
@click.option(
    "--artifacts",
    metavar="URI",
    help="mlflow: where new experiments keep their files; MLflow's own place by default.",
)
@click.option(
    "--replace",
    is_flag=True,
    help="mlflow: write runs anew that have changed in the harvest; MLflow can restore the older.",
)
@click.option(
    "--where", metavar="SQL", help="Only experiments that a condition on their table wants."
)
@click.option("--snapshot", type=int, metavar="N", help="Export this earlier state.")
@click.option("--dry-run", is_flag=True, help="Write nothing; tell what there is and what is lost.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document, the report.")
@click.option("-q", "--quiet", is_flag=True, help="No progress and no summary.")
def export(
    folder: Path,
    *,
    target: str,
    uri: str | None,
    output: Path | None,
    snapshot: int | None,
    as_json: bool,
    quiet: bool,
    **options: object,
) -> int:
    """Hand the harvest in DIR over to another tracker, and tell what is lost, by field.

    Run it again after a stop or a kill: it goes on, and writes nothing twice. What has changed on
    the way is counted; what has no place there is named with how many values it has.

    Exit codes: 0 all is over, 3 some runs failed or have changed since, 5 the disk is full or
    failing, 130 stopped, 1 anything else.
    """
    from comet_async.lake import open_lake  # noqa: PLC0415 only this command needs it

    if target == "mlflow" and (uri is None or output is not None):
        raise click.UsageError("--to mlflow wants --uri, as sqlite:///mlflow.db, and no -o.")
    if target == "neptune" and (output is None or uri is not None):
        raise click.UsageError("--to neptune wants -o FOLDER, and no --uri.")
    lake = open_lake(folder, snapshot=snapshot)
    view = None if quiet or options["dry_run"] else view_for(sys.stderr)
    try:
        with view or nullcontext():
            report = (
                _to_neptune(lake, output, view, options)
                if output is not None
                else _to_mlflow(lake, uri or "", view, options)
            )
    except KeyboardInterrupt:
        say("stopped; the same command goes on from here")
        return Exit.INTERRUPTED
    if as_json:
        put_json(report.to_dict())
    elif not quiet:
        _put_summary(report)
    for key, reason in list(report.failed.items())[:_SHOWN]:
        say(f"{key} failed: {reason}")
    return report.exit_code


export.examples = (
    "comet-async export lake --to mlflow --uri sqlite:///mlflow.db",
    "comet-async export lake --to mlflow --uri http://localhost:5000 --dry-run",
    "comet-async export lake --to neptune -o exports",
    "comet-async export lake --to neptune -o long --where 'duration_ms > 60000'",
)


def _to_mlflow(
    lake: LakeReader, uri: str, progress: HandoverProgress | None, options: dict[str, object]
) -> HandoverReport:
    from comet_async.handover import (  # noqa: PLC0415 only this command needs it
        checked_names,
        export_to_mlflow,
    )

    return export_to_mlflow(
        lake,
        uri,
        experiment_names=checked_names(str(options["pattern"])),
        artifact_location=_text(options["artifacts"]),
        where=_text(options["where"]),
        replace=bool(options["replace"]),
        dry_run=bool(options["dry_run"]),
        progress=progress,
    )


def _to_neptune(
    lake: LakeReader, folder: Path, progress: HandoverProgress | None, options: dict[str, object]
) -> HandoverReport:
    from comet_async.handover import export_to_neptune  # noqa: PLC0415 as above

    return export_to_neptune(
        lake,
        folder,
        where=_text(options["where"]),
        dry_run=bool(options["dry_run"]),
        progress=progress,
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _put_summary(report: HandoverReport) -> None:
    """Tell what went over, what was changed on the way, and what is lost."""
    from comet_async.handover import ALTERED  # noqa: PLC0415 as above

    there = f"{report.points:,} points, {report.parameters:,} parameters, {report.tags:,} tags"
    if report.dry_run:
        put(f"{report.experiments:,} experiments would go to {report.target}:")
        put(f"{there}, {report.files:,} files")
    else:
        put(
            f"{report.written:,} of {report.experiments:,} experiments written to {report.target},"
            f" {report.kept:,} were there"
        )
        put(f"{there}, {report.files:,} files with {told_size(report.bytes)}")
    for key in report.changed[:_SHOWN]:
        put(f"changed since, left as it was (--replace writes it anew): {key}")
    if report.altered:
        rows = [(f"{count:,}", ALTERED[name]) for name, count in sorted(report.altered.items())]
        put_table(Table(("times", "changed on the way"), rows, frozenset({"times"})))
    if report.lost:
        lost = [(f"{f.table}.{f.column}", f"{f.values:,}", f.why) for f in report.lost]
        put_table(Table(("lost", "values", "why"), lost, frozenset({"values"})))
    else:
        put("nothing is lost")
