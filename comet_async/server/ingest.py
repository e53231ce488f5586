"""Writing of replayed archives into the database."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from comet_async.server.archive import ArchiveReader, find_archives, open_archive
from comet_async.server.database import Database, SqlValue
from comet_async.server.full_metric import full_metric
from comet_async.server.numbers_text import span, text_of
from comet_async.server.records import (
    MAX_POINTS,
    Json,
    JsonObject,
    Mark,
    Series,
    Value,
    stable_id,
)
from comet_async.server.replay import Point, ReplayedRun, replay

__all__ = ["invent_sweeps", "load", "load_archive", "sampled"]


def load(database: Database, paths: Sequence[Path]) -> int:
    """Store all archives found under some paths and return how many there were.

    Args:
        database: Receives the runs; an archive of a run that is there already replaces it,
            unless it resumes that run.
        paths: Zip files and directories of zip files.

    Raises:
        ArchiveError: A path does not exist, or an archive is not usable.
    """
    files = [file for path in paths for file in find_archives(path)]
    for file in files:
        with open_archive(file) as archive:
            load_archive(database, archive)
    return len(files)


def load_archive(database: Database, archive: ArchiveReader) -> str:
    """Store one archive and return its experiment key.

    Raises:
        ArchiveError: The archive is not usable; nothing of it is stored then.
    """
    run = replay(archive)
    with database.transaction():
        if run.header.resumed:
            _resume(database, run)
        else:
            _forget(database, run.header.key)
        _store_run(database, run)
        _store_values(database, run)
        _store_assets(database, run, archive)
        _store_registrations(database, run)
    return run.header.key


def invent_sweeps(database: Database) -> None:
    """Put the five oldest runs of each project without a parameter sweep into an invented one."""
    rows = database.rows("SELECT project FROM run GROUP BY project HAVING count(optimization) = 0")
    with database.transaction():
        for (project,) in rows:
            oldest = database.rows(
                "SELECT key FROM run WHERE project = ? ORDER BY start, key LIMIT 5", (project,)
            )
            for (key,) in oldest:
                database.rows(
                    "UPDATE run SET optimization = ? WHERE key = ?",
                    (stable_id("sweep", project), key),
                )


def _forget(database: Database, key: str) -> None:
    """Remove an older archive of the same run."""
    for table in ("tag", "text", "value", "point", "asset", "registration"):
        database.rows(f"DELETE FROM {table} WHERE run = ?", (key,))  # noqa: S608  own names


def _resume(database: Database, run: ReplayedRun) -> None:
    """Put what an earlier archive of the run logged in front of what this one did."""
    key = run.header.key
    earlier: dict[str, list[Point]] = {}
    rows = database.rows(
        "SELECT metric, value, time, step, epoch, context, offset FROM point WHERE run = ?"
        " ORDER BY metric, ordinal",
        (key,),
    )
    for metric, value, *rest in rows:
        moment, step, epoch, context, offset = rest
        point = Point(
            str(value),
            moment if isinstance(moment, int) else 0,
            step if isinstance(step, int) else None,
            epoch if isinstance(epoch, int) else None,
            context if isinstance(context, str) else None,
            offset if isinstance(offset, int) else 0,
        )
        earlier.setdefault(str(metric), []).append(point)
    for name, points in run.metrics.items():
        points[:0] = earlier.get(name, [])
    for row in database.rows("SELECT start, name FROM run WHERE key = ?", (key,)):
        start, called = row
        run.header = replace(run.header, start_ms=start if isinstance(start, int) else 0)
        if isinstance(called, str):
            run.others.setdefault("Name", Mark(called))


def _clean(value: SqlValue) -> SqlValue:
    """Replace lone surrogates, which archives can hold as escapes and UTF-8 can not."""
    if isinstance(value, str) and not value.isascii():
        return value.encode("utf-8", "replace").decode("utf-8")
    return value


def _row(*values: SqlValue) -> tuple[SqlValue, ...]:
    return tuple(map(_clean, values))


def _dump(value: Json) -> str:
    return json.dumps(value)


def _store_run(database: Database, run: ReplayedRun) -> None:
    header, name = run.header, run.others.get("Name")
    project = stable_id("project", header.workspace, header.project)
    stop = header.stop_ms or header.start_ms
    database.insert("project", [_row(project, header.project, header.workspace, stop)])
    optimization = run.others.get("optimizer_id")
    user = run.system.get("user")
    row = _row(
        header.key,
        project,
        name.value if name else None,
        header.start_ms,
        header.stop_ms,
        user if isinstance(user, str) else None,
        run.file_path,
        optimization.value if optimization else None,
        int(header.failed),
        _dump(run.system),
        _dump(run.git),
        _dump([run.cloud[0], run.cloud[1]]) if run.cloud else None,
    )
    database.insert("run", [row])
    database.insert("tag", (_row(header.key, tag) for tag in header.tags))
    texts = dict(run.texts)
    database.insert("text", (_row(header.key, kind, body) for kind, body in texts.items()))


def _value_row(key: str, source: str, ordinal: int, value: Value) -> tuple[SqlValue, ...]:
    marks = (value.maximum, value.minimum, value.current)
    cells = [cell for mark in marks for cell in _mark_cells(mark)]
    return _row(key, source, ordinal, value.name, *cells)


def _mark_cells(mark: Mark) -> tuple[SqlValue, ...]:
    return mark.value, mark.timestamp_ms, mark.step, mark.context


def _store_values(database: Database, run: ReplayedRun) -> None:
    key = run.header.key
    for name, points in run.metrics.items():
        stored = sampled(points)
        rows = (_point_row(key, name, at, point) for at, point in enumerate(stored))
        database.insert("point", rows)
    sources = {
        "metrics": [span(name, _marks(points)) for name, points in run.metrics.items()],
        "params": [span(name, marks) for name, marks in run.parameters.items()],
        "log_other": [Value.single(name, mark) for name, mark in run.others.items()],
    }
    for source, values in sources.items():
        rows = (_value_row(key, source, at, value) for at, value in enumerate(values))
        database.insert("value", rows)


def _marks(points: Sequence[Point]) -> list[Mark]:
    return [Mark(item.value, item.timestamp_ms, item.step, item.context) for item in points]


def _point_row(key: str, name: str, at: int, point: Point) -> tuple[SqlValue, ...]:
    return _row(
        key,
        name,
        at,
        point.value,
        point.step,
        point.epoch,
        point.timestamp_ms,
        point.context,
        point.offset,
    )


def sampled(points: Sequence[Point], limit: int = MAX_POINTS) -> Sequence[Point]:
    """Return at most `limit` points, evenly spread, the first and the last among them."""
    if len(points) <= limit:
        return points
    last, steps = len(points) - 1, limit - 1
    return [points[at * last // steps] for at in range(limit)]


def _store_assets(database: Database, run: ReplayedRun, archive: ArchiveReader) -> None:
    key, ordinal = run.header.key, 0
    for upload in run.uploads:
        body = None if upload.member is None else archive.asset(upload.member)
        if body is None and upload.member is not None:
            continue
        asset = upload.asset
        values = (asset.file_name, len(body or b""), asset.type, asset.created_ms, asset.directory)
        origin = (asset.step, asset.context, asset.metadata, asset.link, asset.group)
        _insert_asset(database, key, asset.asset_id, (*values, *origin), body)
        ordinal += 1
    for name, points in run.metrics.items():
        if len(points) > MAX_POINTS:
            _store_full_metric(database, run, name, points)


def _insert_asset(
    database: Database, key: str, asset: str, cells: Sequence[SqlValue], body: bytes | None
) -> None:
    md5 = None if body is None else hashlib.md5(body, usedforsecurity=False).hexdigest()
    database.insert("asset", [_row(None, key, asset, *cells, md5, body)])


def _store_full_metric(
    database: Database, run: ReplayedRun, name: str, points: Sequence[Point]
) -> None:
    """Keep all values of a sampled metric as the zipped CSV file that the server offers."""
    key = run.header.key
    series = Series(
        name,
        [point.value for point in points],
        [point.step for point in points],
        [point.epoch for point in points],
        [point.timestamp_ms for point in points],
        [point.context for point in points],
        [point.offset for point in points],
    )
    asset, content = full_metric(key, series)
    cells = (asset.file_name, asset.size, asset.type, asset.created_ms, asset.directory)
    rest = (None, None, None, None, None)
    _insert_asset(database, key, asset.asset_id, (*cells, *rest), content.data)


def _store_registrations(database: Database, run: ReplayedRun) -> None:
    for payload in run.registrations:
        model = text_of(payload.get("model_name"))
        version = payload.get("version")
        row = _row(
            text_of(payload.get("workspace") or run.header.workspace),
            _registry_name(text_of(payload.get("registry_name") or model)),
            version if isinstance(version, str) else "1.0.0",
            run.header.key,
            model,
            run.header.stop_ms or run.header.start_ms,
            text_of(run.system.get("user") or run.header.workspace),
            int(payload.get("public") is True),
            _optional(payload, "description"),
            _optional(payload, "comment"),
            text_of(payload.get("status") or "None"),
            _dump(_names(payload.get("tags"))),
            _dump(_names(payload.get("stages"))),
            _dump(_pairs(payload.get("metadata"))),
        )
        database.insert("registration", [row])


def _registry_name(name: str) -> str:
    """Return the name as the SDK normalises it: lower case, other characters to one dash."""
    return re.sub("[^a-z0-9]+", "-", name.lower()).strip("-") or "model"


def _optional(payload: JsonObject, member: str) -> str | None:
    value = payload.get(member)
    return value if isinstance(value, str) else None


def _names(value: Json) -> Json:
    return [text_of(item) for item in value] if isinstance(value, list) else []


def _pairs(value: Json) -> Json:
    return [[name, item] for name, item in value.items()] if isinstance(value, dict) else []
