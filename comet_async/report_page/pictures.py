"""The pictures of the page: curves of the best runs, and parameters against the result."""

from __future__ import annotations

import base64
import re
import statistics
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, cast

import msgspec

from comet_async.errors import UsageError
from comet_async.redaction import shortened
from comet_async.report_page.questions import Questions, Row
from comet_async.report_page.runs import Ranking, Run

if TYPE_CHECKING:
    from comet_async.charts import Curve

__all__ = ["PictureTold", "Pictures", "pictures_of"]

_CURVES = 12
_PIECES = 500
_WIDTH = 520
_HEIGHT = 260
_WIDE = 900
_APART = 12
_UNSEEN = re.compile(r'<path [^<>]* opacity="0"/>')
_TOLD_ALOUD = re.compile(r' (?:aria-label|aria-roledescription|role)="[^"]*"')
_FINE = re.compile(r"(\d\.\d\d)\d+")
_ROOM = 40
_SIZE = re.compile(
    r'width="([\d.]+)" height="([\d.]+)" viewBox="0 0 \1 \2"><rect width="\1" height="\2"'
)
_SHAPE = re.compile(r' (?:d|transform)="[^"]*"')


class PictureTold(msgspec.Struct, frozen=True, kw_only=True):
    """A picture.

    Attributes:
        title: What it shows.
        note: What it leaves out, and where its values come from.
        uri: The picture itself, an SVG as a `data:` URI.
    """

    title: str
    note: str
    uri: str


class Pictures(msgspec.Struct, frozen=True, kw_only=True):
    """All pictures.

    Attributes:
        curves: Curves of metrics.
        parallel: Parameters against the result; None where no parameter differs.
        lacking: What was not drawn, and why.
    """

    curves: tuple[PictureTold, ...] = ()
    parallel: PictureTold | None = None
    lacking: tuple[str, ...] = ()


def pictures_of(ask: Questions, ranking: Ranking, across: Sequence[Run]) -> Pictures:
    """Return the pictures of a ranking.

    Args:
        ask: The lake.
        ranking: The best runs; the first 12 of them have curves.
        across: Runs from best to worst, for the parameters.
    """
    lacking: dict[str, None] = {}
    curves: list[PictureTold] = []
    names = () if ranking.metric is None else (ranking.metric, *ranking.metrics)
    if names and ask.has("metrics"):
        for metric in names:
            drawn = _tried(partial(_curves, ask, ranking, metric), lacking)
            curves += [] if drawn is None else [drawn]
    parallel = None
    if ranking.metric is not None and ranking.drawable and len(across) > 1:
        parallel = _tried(partial(_parallel, ranking, across), lacking)
    return Pictures(curves=tuple(curves), parallel=parallel, lacking=tuple(lacking))


def _tried(draw: Callable[[], PictureTold | None], lacking: dict[str, None]) -> PictureTold | None:
    try:
        return draw()
    except UsageError as error:
        lacking[error.message] = None
        return None


_POINTS = """
WITH points AS (
    SELECT experiment_key AS key, context, step, value, epoch_ms("timestamp") AS logged,
        row_number() OVER (PARTITION BY experiment_key, context
                           ORDER BY step, "timestamp", "offset") - 1 AS n,
        count(*) OVER (PARTITION BY experiment_key, context) AS total
    FROM ({source}) WHERE metric = ? AND list_contains(?, experiment_key) AND isfinite(value)
), chosen AS (
    SELECT * FROM points
    QUALIFY total <= {most}
        OR row_number() OVER (PARTITION BY key, context, n * {pieces} // total
                              ORDER BY value, n) = 1
        OR row_number() OVER (PARTITION BY key, context, n * {pieces} // total
                              ORDER BY value DESC, n) = 1
        OR n = 0 OR n = total - 1
)
SELECT key, context, any_value(total), list(step ORDER BY n), list(logged ORDER BY n),
    list(value ORDER BY n) FROM chosen GROUP BY key, context
"""
_COLUMNS = {
    "experiment_key": "VARCHAR", "metric": "VARCHAR", "context": "VARCHAR", "step": "BIGINT",
    "timestamp": "TIMESTAMPTZ", "value": "DOUBLE", "offset": "BIGINT",
}  # fmt: skip


def _curves(ask: Questions, ranking: Ranking, metric: str) -> PictureTold | None:
    """Draw the curves of a metric of the best runs; None where they have no points."""
    from comet_async import charts  # noqa: PLC0415 an extra that is slow to import

    runs = ranking.runs[:_CURVES]
    order = {run.key: place for place, run in enumerate(runs)}
    source = ask.some("metrics", _COLUMNS)
    query = _POINTS.format(source=source, pieces=_PIECES, most=2 * _PIECES)
    rows = ask.rows(query, metric, [*order])
    rows.sort(key=lambda row: (order[str(row[0])], str(row[1] or "")))
    if not rows:
        return None
    stepped = any(step is not None for row in rows for step in cast("list[object]", row[3]))
    drawn = [_curve(row, metric, runs[order[str(row[0])]]) for row in rows]
    picture = charts.chart(
        drawn,
        x="step" if stepped else "duration",
        log_x=_apart(drawn) if stepped else False,
        title=shortened(metric, 80),
        width=_WIDTH,
        height=_HEIGHT,
    )
    told = len({str(row[0]) for row in rows})
    note = f"{told:,} of the {len(runs):,} best runs" if told != len(runs) else f"{told:,} runs"
    thinned = any(cast("int", row[2]) > 2 * _PIECES for row in rows)
    if thinned:
        note += (
            f"; of a curve with more than {2 * _PIECES:,} points the smallest and the largest value"
            f" of each of {_PIECES:,} pieces are drawn"
        )
    return PictureTold(title=metric, note=note + ".", uri=_uri(picture.to_svg()))


def _curve(row: Row, metric: str, run: Run) -> Curve:
    from comet_async.charts import Curve  # noqa: PLC0415 as above

    key, context, _, steps, logged, values = row
    times = cast("list[int | None]", logged)
    first = None if run.started is None else run.started * 1000
    begin = first if first is not None else next((ms for ms in times if ms is not None), 0)
    return Curve(
        experiment_key=str(key),
        experiment_name=run.name,
        metric=metric,
        context=cast("str | None", context),
        steps=tuple(cast("list[int | None]", steps)),
        timestamps=tuple(times),
        durations=tuple(None if ms is None else (ms - begin) / 1000 for ms in times),
        values=tuple(cast("list[float | None]", values)),
    )


def _apart(curves: Sequence[Curve]) -> bool:
    """Tell whether the longest curve is so long that most others would be hard to see."""
    ends = [max((step for step in curve.steps if step is not None), default=0) for curve in curves]
    return max(ends) > _APART * max(1, statistics.median(ends))


def _parallel(ranking: Ranking, across: Sequence[Run]) -> PictureTold:
    from comet_async.charts import parallel_coordinates  # noqa: PLC0415 as above

    result = f"{shortened(str(ranking.metric), 80)} ({ranking.best})"
    columns = [f"{name} " if name == result else name for name in ranking.drawable]
    rows: list[dict[str, object]] = [
        {
            **{
                column: value
                for column, value in zip(columns, run.parameters, strict=True)
                if value is not None
            },
            "experiment_key": run.key,
            "experiment_name": run.name,
            result: run.best,
        }
        for run in across
    ]
    picture = parallel_coordinates(
        rows, columns, result, best=ranking.best, title="Parameters and result", width=_WIDE
    )
    note = f"{len(across):,} runs"
    if len(across) < ranking.ranked:
        note = f"{len(across):,} of {ranking.ranked:,} runs, evenly drawn from best to worst"
    return PictureTold(title=result, note=note + ".", uri=_uri(picture.to_svg()))


def _uri(svg: str) -> str:
    """Return an SVG for an `img`, without what only a pointer finds or only a larger one shows."""
    plain = _TOLD_ALOUD.sub("", _UNSEEN.sub("", svg))
    plain = _SHAPE.sub(lambda found: _FINE.sub(r"\1", found[0]), plain)
    plain = _SIZE.sub(_wider, plain, count=1)
    return "data:image/svg+xml;base64," + base64.b64encode(plain.encode()).decode()


def _wider(found: re.Match[str]) -> str:
    """Leave room at the right: a browser may have wider letters than those that were measured."""
    width, height = float(found[1]) + _ROOM, found[2]
    box = f'width="{width:g}" height="{height}"'
    return f'{box} viewBox="0 0 {width:g} {height}"><rect {box}'
