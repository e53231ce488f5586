"""The files of neptune-exporter: names, columns and the order in which they appear.

    data/<project>/<run>_part_<n>.parquet   rows of one run, a new part after 50 MB
    files/<project>/<run>/...               what the column file_value points to

Names of projects and runs have a hash at their end, and their other characters than letters,
digits, `_` and `-` are `_`. A run is whole when its part 0 is there: it gets its name last.

Source: neptune-exporter, README, Data layout on disk, Parquet schema.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import shutil
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, cast

from comet_async.extras import extra
from comet_async.handover.report import HandoverError
from comet_async.redaction import printable

__all__ = ["RunFile", "neptune_schema", "path_part", "place_file", "told_digest"]

_PART_BYTES = 50 * 1024 * 1024
_ROWS = 5_000
_DIGEST = b"comet_async.handover_digest"
_VALUES = {
    "int": "int_value",
    "float": "float_value",
    "string": "string_value",
    "bool": "bool_value",
    "datetime": "datetime_value",
    "string_set": "string_set_value",
    "float_series": "float_value",
    "string_series": "string_value",
    "file": "file_value",
}
_LARGEST_STEP = 10**12


class _Writer(Protocol):
    def write_batch(self, batch: object, /) -> None: ...

    def close(self) -> None: ...


class _Schema(Protocol):
    names: list[str]
    metadata: Mapping[bytes, bytes] | None

    def with_metadata(self, metadata: object, /) -> _Schema: ...


def neptune_schema() -> _Schema:
    """Return the columns of a file, a pyarrow schema.

    Raises:
        UsageError: pyarrow is missing.
    """
    arrow = extra("pyarrow")
    moment = arrow.timestamp("ms", tz="UTC")
    numbers = arrow.list_(arrow.float64())
    histogram = [("type", arrow.string()), ("edges", numbers), ("values", numbers)]
    columns = {
        "project_id": arrow.string(),
        "run_id": arrow.string(),
        "attribute_path": arrow.string(),
        "attribute_type": arrow.string(),
        "step": arrow.decimal128(18, 6),
        "timestamp": moment,
        "int_value": arrow.int64(),
        "float_value": arrow.float64(),
        "string_value": arrow.string(),
        "bool_value": arrow.bool_(),
        "datetime_value": moment,
        "string_set_value": arrow.list_(arrow.string()),
        "file_value": arrow.struct([("path", arrow.string())]),
        "histogram_value": arrow.struct(histogram),
    }
    return cast("_Schema", arrow.schema([*columns.items()]))


def path_part(name: str) -> str:
    """Return the name of a project or run as a part of a path.

    >>> path_part("team/resnet")
    'team_resnet-f411720b59bf55b2'
    """
    plain = "".join(char if char.isalnum() or char in "_-" else "_" for char in name)
    told = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return f"{plain}-{told}"


class RunFile:
    """The parts of one run, which appear together when it is left without an error.

    Args:
        folder: Folder of the data.
        project: The project's id.
        run: The run's id.
        digest: What tells this state of the run from others; kept in each part.
    """

    def __init__(
        self, folder: Path, project: str, run: str, digest: str, *, part_bytes: int = _PART_BYTES
    ) -> None:
        self._home = folder / path_part(project)
        self._prefix = path_part(run)
        self._ids = (project, run)
        self._schema = neptune_schema().with_metadata({_DIGEST: digest.encode()})
        self._part_bytes = part_bytes
        self._parts: list[Path] = []
        self._writer: _Writer | None = None
        self._rows: list[tuple[str, str, Decimal | None, dt.datetime | None, object]] = []

    def __enter__(self) -> Self:
        self._home.mkdir(parents=True, exist_ok=True)
        # Part 0 goes first: without it nobody takes what is left for a whole run.
        (self._home / f"{self._prefix}_part_0.parquet").unlink(missing_ok=True)
        for pattern in ("parquet", "parquet.tmp"):
            for path in self._home.glob(f"{self._prefix}_part_*.{pattern}"):
                path.unlink()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._flush(last=True)
        finally:
            if self._writer is not None:
                self._writer.close()
        if kind is None:
            for path in reversed(self._parts):
                path.replace(path.with_suffix(""))

    def add(
        self,
        path: str,
        kind: str,
        value: object,
        *,
        step: int | None = None,
        timestamp: dt.datetime | None = None,
    ) -> bool:
        """Add a row, and tell whether its step could be kept: it has twelve digits at most.

        Args:
            path: Path of the attribute.
            kind: Its type, as "float_series".
            value: Its value.
            step: Step of a point.
            timestamp: Time of a point.
        """
        fits = step is None or abs(step) < _LARGEST_STEP
        decimal = None if step is None or not fits else Decimal(step)
        self._rows.append((path, kind, decimal, timestamp, value))
        if len(self._rows) >= _ROWS:
            self._flush()
        return fits

    def _flush(self, *, last: bool = False) -> None:
        if not self._rows and not (last and not self._parts):
            return
        if self._writer is None:
            path = self._home / f"{self._prefix}_part_{len(self._parts)}.parquet.tmp"
            self._writer = cast(
                "_Writer",
                extra("pyarrow.parquet").ParquetWriter(path, self._schema, compression="snappy"),
            )
            self._parts.append(path)
        self._writer.write_batch(self._batch())
        self._rows.clear()
        if not last and self._parts[-1].stat().st_size > self._part_bytes:
            self._writer.close()
            self._writer = None

    def _batch(self) -> object:
        arrow = extra("pyarrow")
        rows = self._rows
        columns: dict[str, Sequence[object]] = {
            "project_id": [self._ids[0]] * len(rows),
            "run_id": [self._ids[1]] * len(rows),
            "attribute_path": [row[0] for row in rows],
            "attribute_type": [row[1] for row in rows],
            "step": [row[2] for row in rows],
            "timestamp": [row[3] for row in rows],
        }
        for name in self._schema.names[len(columns) :]:
            columns[name] = [row[4] if _VALUES[row[1]] == name else None for row in rows]
        return cast("object", arrow.record_batch(columns, schema=self._schema))


def told_digest(folder: Path, project: str, run: str) -> str | None:
    """Return what a whole run says of the state that it was made from, None where none is there.

    Raises:
        HandoverError: There is a run that another program wrote.
    """
    path = folder / path_part(project) / f"{path_part(run)}_part_0.parquet"
    if not path.is_file():
        return None
    try:
        schema = cast("_Schema", extra("pyarrow.parquet").read_schema(path))
    except (OSError, ValueError):
        return ""
    metadata = schema.metadata or {}
    if _DIGEST not in metadata:
        raise HandoverError(
            f"{printable(str(path))} is there already, and another program wrote it"
        )
    return metadata[_DIGEST].decode()


def place_file(source: Path, target: Path) -> int:
    """Copy a file to its place, where it appears whole, and return its bytes."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    shutil.copyfile(source, part)
    os.replace(part, target)  # noqa: PTH105  beside the copy, whose name it changes
    return target.stat().st_size
