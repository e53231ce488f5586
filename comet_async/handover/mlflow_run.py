"""One run of MLflow, written from one experiment of a lake."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import cast

import msgspec

from comet_async.handover.files import json_value
from comet_async.handover.made_files import stored_files, write_made_files
from comet_async.handover.mlflow_client import Client, entity, send_file
from comet_async.handover.mlflow_names import MAX_NAME, encoded
from comet_async.handover.mlflow_places import MLFLOW_PLACES
from comet_async.handover.report import Tally
from comet_async.handover.source import Row, Source

__all__ = ["MAX_PARAMETER", "MAX_TAG", "RunWriter", "milliseconds", "text_of"]

MAX_PARAMETER = 6_000
MAX_TAG = 8_000
_POINTS = 1_000
_VALUES = 50
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MS = dt.timedelta(milliseconds=1)
_POINT = ("metric", "context", "step", "timestamp", "value")
_ORDER = ("metric", "context", "step", "timestamp", "offset")
_EXPERIMENT_TAGS = {
    "user_name": "mlflow.user",
    "file_path": "mlflow.source.name",
    "file_name": "comet.fileName",
    "workspace_name": "comet.workspace",
    "project_name": "comet.project",
    "project_id": "comet.projectId",
    "optimization_id": "comet.optimizationId",
    "duration_ms": "comet.durationMs",
    "archived": "comet.archived",
    "has_crashed": "comet.hasCrashed",
    "throttled": "comet.throttled",
}
_GIT_TAGS = {
    "parent": "mlflow.source.git.commit",
    "branch": "mlflow.source.git.branch",
    "origin": "mlflow.source.git.repoURL",
    "user": "comet.git.user",
    "root": "comet.git.root",
    "patch_problem": "comet.git.patchProblem",
}


class RunWriter:
    """Writes what a lake has of one experiment into a run.

    Args:
        client: MLflow's client.
        run_id: The run.
        source: The lake.
        experiment: The experiment's row.
        tally: Counts what is written and changed.
        scratch: Empty folder for the files that are made.
    """

    def __init__(
        self,
        client: Client,
        run_id: str,
        source: Source,
        experiment: Row,
        *,
        tally: Tally,
        scratch: Path,
    ) -> None:
        self._client = client
        self._run = run_id
        self._source = source
        self._experiment = experiment
        self._key = str(experiment["experiment_key"])
        self._tally = tally
        self._scratch = scratch
        self._long: dict[str, str] = {}
        self._names: dict[str, dict[str, object]] = {}

    def write(self) -> None:
        """Write all of it; what is there already from an earlier attempt stays as it is."""
        self._parameters()
        self._tags()
        self._points("metrics", "")
        self._points("system_metrics", "system/")
        for path, place in stored_files(self._source, self._key, self._tally):
            self._send(path, place)
        self._made_files()

    def _parameters(self) -> None:
        found: dict[str, str] = {}
        for row in self._source.rows("parameters", self._key, order="name, context"):
            name = str(row["name"])
            key = self._named("parameters", name, encoded(name))
            if key in found:
                self._tally.alter("several_values")
                continue
            value = text_of(row["value"])
            found[key] = self._cut(f"parameters/{key}", value, MAX_PARAMETER)
        self._log("params", [entity("Param", *pair) for pair in found.items()])
        self._tally.add("parameters", len(found))

    def _tags(self) -> None:
        entries: list[tuple[str, str, object]] = []
        for column, tag in _EXPERIMENT_TAGS.items():
            entries.append(("", tag, self._experiment.get(column)))
        for row in self._source.rows("git", self._key):
            entries += [("", tag, row.get(column)) for column, tag in _GIT_TAGS.items()]
        for row in self._source.rows("others", self._key, order="name, context"):
            entries.append(("comet.other.", str(row["name"]), text_of(row["value"])))
        for row in self._source.rows("tags", self._key, order="tag"):
            entries.append(("comet.tag.", str(row["tag"]), row["tag"]))
        found: dict[str, str] = {}
        for prefix, name, value in entries:
            if value is None:
                continue
            key = name
            if prefix:
                key = prefix + encoded(name, limit=MAX_NAME - len(prefix))
                self._named("tags", prefix + name, key)
            if key in found:
                self._tally.alter("several_values")
                continue
            found[key] = self._cut(f"tags/{key}", text_of(value), MAX_TAG)
        self._log("tags", [entity("RunTag", *pair) for pair in found.items()])
        self._tally.add("tags", len(found))

    def _points(self, table: str, prefix: str) -> None:
        keys = self._series_keys(table, prefix)
        if not keys:
            return
        there = self._source.columns(table)
        order = ", ".join(f'"{name}" NULLS FIRST' for name in _ORDER if name in there)
        rows = self._source.rows(
            table, self._key, columns=[name for name in _POINT if name in there], order=order
        )
        started = milliseconds(self._experiment.get("start_time")) or 0
        batch: list[object] = []
        series = ""
        seen: set[tuple[object, int, int]] = set()
        for row in rows:
            value = row["value"]
            if value is None or row["metric"] is None:
                self._tally.alter("no_number")
                continue
            key = keys[str(row["metric"]), cast("str | None", row.get("context"))]
            if key != series:
                series = key
                seen.clear()
            point = self._point(row, cast("float", value), started)
            if point in seen:
                self._tally.alter("duplicates")
                continue
            seen.add(point)
            batch.append(entity("Metric", key, value, point[2], point[1]))
            if len(batch) == _POINTS:
                self._client.log_batch(self._run, metrics=batch)
                self._tally.add("points", len(batch))
                batch = []
        if batch:
            self._client.log_batch(self._run, metrics=batch)
            self._tally.add("points", len(batch))

    def _point(self, row: Row, value: float, started: int) -> tuple[object, int, int]:
        """Return what tells a point from others of its series: value, step and time."""
        step = cast("int | None", row.get("step"))
        time = milliseconds(row.get("timestamp"))
        self._tally.alter("no_step", step is None)
        self._tally.alter("no_time", time is None or time < 0)
        self._tally.alter("infinities", math.isinf(value))
        at = started if time is None or time < 0 else time
        return "NaN" if math.isnan(value) else value, step or 0, at

    def _series_keys(self, table: str, prefix: str) -> dict[tuple[str, str | None], str]:
        """Return the key of each series; a context is part of it where a metric has several."""
        found: dict[tuple[str, str | None], str] = {}
        taken: set[str] = set()
        series = self._source.series(table, self._key)
        plain = {encoded(metric, limit=MAX_NAME - len(prefix)) for metric, _ in series}
        for metric, contexts in series:
            for context in contexts:
                apart = len(contexts) > 1 and context is not None
                key = encoded(metric, limit=MAX_NAME - len(prefix))
                if apart:
                    key = encoded(f"{metric}/{context}", limit=MAX_NAME - len(prefix) - 1)
                    while key in taken or key in plain:
                        key += "_"
                taken.add(key)
                found[metric, context] = prefix + key
                if context is not None:
                    self._note("metrics", prefix + key, {"name": metric, "context": context})
                if prefix + key != prefix + metric and not apart:
                    self._named("metrics", metric, prefix + key, context)
        return found

    def _made_files(self) -> None:
        """Write the files that hold what has no place of its own in MLflow."""
        made = self._scratch / "comet"
        made.mkdir(parents=True, exist_ok=True)
        write_made_files(self._source, self._key, MLFLOW_PLACES, made)
        for name, content in (("names", self._names), ("long_values", self._long)):
            if content:
                body = msgspec.json.encode(json_value(content))
                (made / f"{name}.json").write_bytes(msgspec.json.format(body, indent=1))
        for path in sorted(made.iterdir()):
            self._send(path, PurePosixPath("comet", path.name))

    def _send(self, path: Path, place: PurePosixPath) -> None:
        told = send_file(self._client, self._run, path, str(place), self._scratch)
        self._named("files", str(place), told)
        self._tally.add("files")
        self._tally.add("bytes", path.stat().st_size)

    def _log(self, kind: str, entities: Sequence[object]) -> None:
        for start in range(0, len(entities), _VALUES):
            chosen = entities[start : start + _VALUES]
            if kind == "params":
                self._client.log_batch(self._run, params=chosen)
            else:
                self._client.log_batch(self._run, tags=chosen)

    def _cut(self, name: str, value: str, limit: int) -> str:
        if len(value) <= limit:
            return value
        self._tally.alter("cut")
        self._long[name] = value
        return value[:limit]

    def _named(self, kind: str, name: str, key: str, context: str | None = None) -> str:
        """Return a key; take note of it where it is not the name."""
        if key != name:
            self._tally.rename(key, name)
            self._note(kind, key, {"name": name, "context": context})
        return key

    def _note(self, kind: str, key: str, names: Mapping[str, object]) -> None:
        self._names.setdefault(kind, {})[key] = names


def milliseconds(moment: object) -> int | None:
    """Return a moment in milliseconds since 1970 UTC."""
    return (moment - _EPOCH) // _MS if isinstance(moment, dt.datetime) else None


def text_of(value: object) -> str:
    """Return a value as a text, booleans as JSON has them, nothing as an empty one."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
