"""Files that a handover makes: rows as JSON, texts, and where the files of a lake belong."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import cast

import msgspec

__all__ = ["json_value", "place_below", "write_rows"]

_OF_EXPERIMENT = 3
"""Folders before what is of one experiment: files, project, experiment."""


def write_rows(path: Path, rows: Iterable[Mapping[str, object]]) -> int:
    """Write rows as a JSON list, one row on a line, and return how many there were.

    No file is made where there are none.
    """
    count = 0
    file = None
    try:
        for row in rows:
            if file is None:
                path.parent.mkdir(parents=True, exist_ok=True)
                file = path.open("wb")
            file.write(b",\n" if count else b"[\n")
            file.write(msgspec.json.encode(json_value(row)))
            count += 1
        if file is not None:
            file.write(b"\n]\n")
    finally:
        if file is not None:
            file.close()
    return count


def json_value(value: object) -> object:
    """Return a value as JSON has it, with NaN and infinities as texts."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Mapping):
        found = cast("Mapping[object, object]", value)
        return {str(name): json_value(member) for name, member in found.items()}
    if isinstance(value, (list, tuple)):
        return [json_value(item) for item in cast("Iterable[object]", value)]
    return value


def place_below(local_path: str, folder: str, *, of_experiment: bool) -> PurePosixPath:
    """Return where a file of a lake belongs below a folder of a run's files.

    >>> str(place_below("files/project/key/a/b.png", "assets", of_experiment=True))
    'assets/a/b.png'
    >>> str(place_below("files/@artifacts/data/1.0.0/b.csv", "artifacts", of_experiment=False))
    'artifacts/data/1.0.0/b.csv'
    """
    parts = PurePosixPath(local_path).parts
    before = _OF_EXPERIMENT if of_experiment and len(parts) > _OF_EXPERIMENT else 1
    rest = parts[before:]
    if not of_experiment and len(rest) > 1 and rest[0].startswith("@"):
        rest = rest[1:]
    return PurePosixPath(folder, *rest)
