"""One run in the files of neptune-exporter, written from one experiment of a lake."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path, PurePosixPath
from typing import cast

import msgspec

from comet_async.handover.made_files import stored_files, write_made_files
from comet_async.handover.neptune_files import RunFile, path_part, place_file
from comet_async.handover.neptune_places import NEPTUNE_PLACES
from comet_async.handover.report import Tally
from comet_async.handover.source import Row, Source

__all__ = ["NeptuneRun", "typed"]

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,18})")
_FLOAT = re.compile(r"-?[0-9]{1,40}(?:\.[0-9]{0,40})?(?:[eE][+-]?[0-9]{1,3})?")
_WORDS: dict[str, tuple[str, object]] = {
    "true": ("bool", True),
    "false": ("bool", False),
    "True": ("bool", True),
    "False": ("bool", False),
    "NaN": ("float", float("nan")),
    "Infinity": ("float", float("inf")),
    "-Infinity": ("float", float("-inf")),
}
_INT64 = range(-(2**63), 2**63)
_EXPERIMENT = {
    "experiment_key": ("sys/custom_run_id", "string"),
    "experiment_name": ("sys/name", "string"),
    "user_name": ("sys/owner", "string"),
    "start_time": ("sys/creation_time", "datetime"),
    "end_time": ("sys/modification_time", "datetime"),
    "archived": ("sys/trashed", "bool"),
    "has_crashed": ("sys/failed", "bool"),
    "running": ("comet/running", "bool"),
    "throttled": ("comet/throttled", "bool"),
    "duration_ms": ("comet/duration_ms", "int"),
    "project_id": ("comet/project_id", "string"),
    "optimization_id": ("comet/optimization_id", "string"),
    "file_path": ("comet/file_path", "string"),
    "file_name": ("comet/file_name", "string"),
}
_GIT = ("user", "root", "branch", "parent", "origin", "patch_problem")
_POINT = ("metric", "context", "step", "timestamp", "value", "value_text")
_ORDER = ("metric", "context", "step", "timestamp", "offset")
_SERIES = {"metrics": "metrics", "system_metrics": "monitoring"}


class NeptuneRun:
    """Writes what a lake has of one experiment as a run.

    Args:
        file: The parts of the run, open.
        folder: Folder of all files.
        project: The project's id.
        source: The lake.
        experiment: The experiment's row.
        tally: Counts what is written and changed.
        scratch: Empty folder for the files that are made.
    """

    def __init__(
        self,
        file: RunFile,
        folder: Path,
        project: str,
        source: Source,
        experiment: Row,
        *,
        tally: Tally,
        scratch: Path,
    ) -> None:
        self._file = file
        self._folder = folder
        self._key = str(experiment["experiment_key"])
        self._below = PurePosixPath(path_part(project), path_part(self._key))
        self._source = source
        self._experiment = experiment
        self._tally = tally
        self._scratch = scratch
        self._contexts: list[dict[str, object]] = []

    def write(self) -> None:
        """Write all of it."""
        self._head()
        for table in ("parameters", "others"):
            self._values(table)
        for table in _SERIES:
            self._points(table)
        for path, place in stored_files(self._source, self._key, self._tally):
            self._send(path, place)
        self._made_files()

    def _head(self) -> None:
        for column, (path, kind) in _EXPERIMENT.items():
            value = self._experiment.get(column)
            if value is not None:
                self._file.add(path, kind, value)
        tags = [str(row["tag"]) for row in self._source.rows("tags", self._key, order="tag")]
        if tags:
            self._file.add("sys/tags", "string_set", tags)
            self._tally.add("tags", len(tags))
        for row in self._source.rows("git", self._key):
            for name in _GIT:
                if row.get(name) is not None:
                    self._file.add(f"git/{name}", "string", row[name])

    def _values(self, table: str) -> None:
        taken: set[str] = set()
        for row in self._source.rows(table, self._key, order="name, context"):
            path = f"{table}/{row['name']}"
            if path in taken:
                self._tally.alter("several_values")
                continue
            taken.add(path)
            text = row["value"]
            kind, value = typed("" if text is None else str(text))
            self._tally.alter("respelled", kind == "float" and repr(value) != text)
            self._file.add(path, kind, value)
            self._tally.add("parameters" if table == "parameters" else "tags")

    def _points(self, table: str) -> None:
        paths = self._paths(table)
        if not paths:
            return
        there = self._source.columns(table)
        order = ", ".join(f'"{name}" NULLS FIRST' for name in _ORDER if name in there)
        columns = [name for name in _POINT if name in there]
        for row in self._source.rows(table, self._key, columns=columns, order=order):
            if row["metric"] is None:
                self._tally.alter("no_number")
                continue
            path = paths[str(row["metric"]), cast("str | None", row.get("context"))]
            kind, value = "float_series", row["value"]
            if value is None:
                path, kind, value = f"texts/{path}", "string_series", row.get("value_text")
                self._tally.alter("texts")
            fits = self._file.add(
                path,
                kind,
                value,
                step=cast("int | None", row.get("step")),
                timestamp=cast("dt.datetime | None", row.get("timestamp")),
            )
            self._tally.alter("no_step", not fits)
            self._tally.add("points")

    def _paths(self, table: str) -> dict[tuple[str, str | None], str]:
        """Return the path of each series; a context is part of it where a metric has several."""
        found: dict[tuple[str, str | None], str] = {}
        series = self._source.series(table, self._key)
        taken = {f"{_SERIES[table]}/{metric}" for metric, _ in series}
        for metric, contexts in series:
            for context in contexts:
                path = f"{_SERIES[table]}/{metric}"
                if len(contexts) > 1 and context is not None:
                    path = f"{path}/{context}"
                    while path in taken:
                        path += "_"
                    taken.add(path)
                found[metric, context] = path
                if context is not None:
                    self._contexts.append({"path": path, "metric": metric, "context": context})
        return found

    def _made_files(self) -> None:
        made = self._scratch / "comet"
        made.mkdir(parents=True, exist_ok=True)
        write_made_files(self._source, self._key, NEPTUNE_PLACES, made)
        if self._contexts:
            (made / "contexts.json").write_bytes(msgspec.json.encode(self._contexts))
        for path in sorted(made.iterdir()):
            self._send(path, PurePosixPath("comet", path.name))

    def _send(self, path: Path, place: PurePosixPath) -> None:
        below = self._below / place
        size = place_file(path, self._folder / below)
        self._file.add(str(place), "file", {"path": str(below)})
        self._tally.add("files")
        self._tally.add("bytes", size)


def typed(text: str) -> tuple[str, object]:
    """Return the type and the value of a parameter that the service keeps as text.

    >>> [typed(text) for text in ("32", "1E-4", "true", "007", "adam")]
    [('int', 32), ('float', 0.0001), ('bool', True), ('string', '007'), ('string', 'adam')]
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return ("int", int(text)) if int(text) in _INT64 else ("string", text)
    leading_zero = re.match(r"-?0[0-9]", text)
    if _FLOAT.fullmatch(text) and leading_zero is None:
        return "float", float(text)
    return "string", text
