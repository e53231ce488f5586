"""`comet-async chart`: a picture of metrics, from a server or out of a harvest."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from comet_async.cli.addresses import project_of
from comet_async.cli.asking import in_session
from comet_async.cli.commands import Command
from comet_async.cli.completing import complete_folders
from comet_async.cli.output import put, say
from comet_async.errors import UsageError
from comet_async.redaction import printable

if TYPE_CHECKING:
    from comet_async.charts import Band, Best, Curves, Picture, XAxis
    from comet_async.engine.session import Session

__all__ = ["chart"]

_UNFIT = re.compile(r"[^\w.-]+")
_NAME = 80


class _Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says.

    Attributes:
        metrics: Names or globs of metrics.
        parameters: Parameters that the picture needs.
        where: Expression that chooses experiments.
        limit: Most experiments; None for all.
        full: Whether a server is asked for all points.
        snapshot: An earlier state of a harvest.
    """

    metrics: tuple[str, ...]
    parameters: tuple[str, ...]
    where: str | None
    limit: int | None
    full: bool
    snapshot: int | None


def _drawing(command: Callable[..., int]) -> Callable[..., int]:
    """Give the command the options that say how to draw."""
    for decorate in (
        click.option("--title", metavar="TEXT", help="Title; default the metrics' names."),
        click.option(
            "--result", metavar="METRIC", help="With --parallel: the metric that lines end at."
        ),
        click.option(
            "--parallel",
            multiple=True,
            metavar="NAME,NAME,...",
            help="Draw parallel coordinates of these parameters instead of curves.",
        ),
        click.option("--overlay", is_flag=True, help="All metrics in one plot, by dashes."),
        click.option(
            "--best",
            type=click.Choice(["lowest", "highest"]),
            help="Mark the experiment with this value of the first metric.",
        ),
        click.option(
            "--band",
            type=click.Choice(["std", "minmax", "quantile"]),
            help="Shade around the middle of each group.",
        ),
        click.option("--group-by", metavar="NAME", help="Parameter that the colours tell."),
        click.option("--log-y", is_flag=True, help="Logarithmic value axis."),
        click.option("--log-x", is_flag=True, help="Logarithmic x axis."),
        click.option(
            "--smoothing",
            type=click.FloatRange(0, 1, max_open=True),
            default=0.0,
            metavar="WEIGHT",
            help="Moving average, 0 to below 1, as TensorBoard's.",
        ),
        click.option(
            "--x",
            type=click.Choice(["step", "epoch", "duration", "time"]),
            default="step",
            show_default=True,
            help="What the points stand over.",
        ),
    ):
        command = decorate(command)
    return command


@click.command(cls=Command)
@click.argument("source", metavar="WORKSPACE/PROJECT|DIR", shell_complete=complete_folders)
@click.option(
    "-m", "--metric", "metrics", multiple=True, metavar="NAME", help="Metric, or a glob as val_*."
)
@click.option("--where", metavar="EXPRESSION", help="Only experiments that an expression wants.")
@click.option(
    "--limit", type=click.IntRange(min=1), metavar="N", help="At most so many experiments."
)
@click.option("--full", is_flag=True, help="All points of a server, not a sample of about 500.")
@click.option("--snapshot", type=int, metavar="N", help="An earlier state of the harvest DIR.")
@_drawing
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="File ending in .html, .png or .svg, replaced if it is there; default METRIC.html.",
)
@click.pass_context
def chart(
    ctx: click.Context,
    /,
    *,
    source: str,
    metrics: tuple[str, ...],
    where: str | None,
    limit: int | None,
    full: bool,
    snapshot: int | None,
    x: XAxis,
    smoothing: float,
    log_x: bool,
    log_y: bool,
    group_by: str | None,
    band: Band | None,
    best: Best | None,
    overlay: bool,
    parallel: tuple[str, ...],
    result: str | None,
    title: str | None,
    output: Path | None,
) -> int:
    """Draw metrics of a project's experiments, or of a harvest, into a file.

    Each metric has a plot with a line for each experiment; more than 50 fade, and medians and
    quantiles of all carry the picture. An .html opens offline. Prints the file's name.
    """
    columns = tuple(name.strip() for text in parallel for name in text.split(",") if name.strip())
    _check_together(ctx, columns, result, metrics)
    named = metrics if result is None else (result,)
    target = output or Path(f"{_file_name(next(iter(named)))}.html")
    wanted = _Wanted(
        metrics=named,
        parameters=columns or ((group_by,) if group_by is not None else ()),
        where=where,
        limit=limit,
        full=full,
        snapshot=snapshot,
    )
    _check_target(target)

    def draw(curves: Curves) -> Picture:
        from comet_async import charts  # noqa: PLC0415 only this command needs it

        if result is not None:
            return charts.parallel_coordinates(curves, columns, result, best=best, title=title)
        return charts.chart(
            curves,
            x=x,
            smoothing=smoothing,
            log_x=log_x,
            log_y=log_y,
            group_by=group_by,
            band=band,
            best=best,
            overlay=overlay,
            title=title,
        )

    return _drawn(ctx, source, wanted, draw, target)


chart.examples = (
    "comet-async chart team/resnet --metric loss",
    "comet-async chart team/resnet -m loss -m accuracy --x epoch -o curves.png",
    "comet-async chart team/resnet -m loss --group-by optimizer --log-y -o loss.html",
    "comet-async chart lake -m 'val_*' --smoothing 0.6 --best lowest",
    "comet-async chart team/resnet -m loss --where 'Metric(\"loss\") < 1'",
    "comet-async chart lake --parallel lr,optimizer --result loss --best lowest",
)


def _check_together(
    ctx: click.Context, columns: tuple[str, ...], result: str | None, metrics: tuple[str, ...]
) -> None:
    """See that options go together.

    Raises:
        UsageError: Some do not, or one is missing.
    """
    if bool(columns) != (result is not None):
        raise UsageError("--parallel NAME,NAME and --result METRIC go together")
    if result is None:
        if not metrics:
            raise UsageError("name a metric: --metric NAME")
        return
    given = click.core.ParameterSource.COMMANDLINE
    curves_only = ("metrics", "x", "smoothing", "log_x", "log_y", "group_by", "band", "overlay")
    wrong = [name for name in curves_only if ctx.get_parameter_source(name) is given]
    if wrong:
        option = {"metrics": "metric"}.get(wrong[0], wrong[0]).replace("_", "-")
        raise UsageError(f"--{option} is of curves; --parallel draws none")


def _file_name(metric: str) -> str:
    return _UNFIT.sub("-", metric).strip("-._")[:_NAME] or "chart"


def _check_target(target: Path) -> None:
    """See that the picture can be drawn and saved, before anything is asked.

    Raises:
        UsageError: It cannot, and why.
    """
    from comet_async.charts.picture import check_target  # noqa: PLC0415 as above
    from comet_async.extras import extra  # noqa: PLC0415 as above

    check_target(target)
    extra("vl_convert")


def _drawn(
    ctx: click.Context,
    source: str,
    wanted: _Wanted,
    draw: Callable[[Curves], Picture],
    target: Path,
) -> int:
    """Draw curves of a lake or of a project, and return the exit code."""
    if Path(source).is_dir():
        _save(_of_lake(source, wanted), draw, target)
        return 0
    if wanted.snapshot is not None:
        raise UsageError(f"--snapshot is of a harvest; {printable(source)} is no folder")
    if project_of(source) is None:
        raise UsageError(
            f"{printable(source)!r} is no folder of a harvest, and no WORKSPACE/PROJECT"
        )

    async def work(session: Session) -> int:
        _save(await _of_project(session, source, wanted), draw, target)
        return 0

    return in_session(ctx, work)


def _of_lake(folder: str, wanted: _Wanted) -> Curves:
    from comet_async.charts import read_curves  # noqa: PLC0415 as above
    from comet_async.lake import open_lake  # noqa: PLC0415 as above

    if wanted.full:
        raise UsageError("--full is of a server; a harvest has all its points anyway")
    lake = open_lake(folder, snapshot=wanted.snapshot)
    return read_curves(
        lake,
        wanted.metrics,
        where=wanted.where,
        parameters=wanted.parameters,
        limit=wanted.limit,
    )


async def _of_project(session: Session, project: str, wanted: _Wanted) -> Curves:
    from comet_async.api.api import API  # noqa: PLC0415 aiohttp is slow to import
    from comet_async.charts import fetch_curves  # noqa: PLC0415 as above

    async with API(session=session) as api:
        return await fetch_curves(
            api,
            project,
            wanted.metrics,
            where=wanted.where,
            parameters=wanted.parameters,
            full=wanted.full,
            limit=wanted.limit,
        )


def _save(curves: Curves, draw: Callable[[Curves], Picture], target: Path) -> None:
    say(curves.told)
    put(str(draw(curves).save(target)))
