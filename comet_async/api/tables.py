"""Tables as text, in the format that the ending of their name says."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import cast

from comet_async.errors import UsageError

__all__ = ["table_content"]

_ENDINGS = (".csv", ".tsv", ".json", ".md")


def table_content(
    name: str, data: object, headers: Sequence[str] | bool, options: Mapping[str, object]
) -> bytes:
    """Return a table as text.

    Args:
        name: Its name; the ending is one of .csv, .tsv, .json and .md.
        data: Rows, or a frame of pandas.
        headers: Names of the columns; True for those of a frame.
        options: For the frame's own writer.

    Raises:
        UsageError: There is no such ending, or the data is no table.
    """
    ending = PurePath(name).suffix.lower()
    if ending not in _ENDINGS:
        raise UsageError(f"the name of a table ends in one of {', '.join(_ENDINGS)}, not {name!r}")
    if hasattr(data, "to_csv"):
        return _of_frame(data, ending, headers, options)
    if options:
        raise UsageError(f"rows take no {', '.join(sorted(options))}; those are for frames")
    rows = _rows(data)
    names = None if isinstance(headers, bool) else list(headers)
    if ending == ".json":
        return json.dumps(rows if names is None else [names, *rows]).encode()
    if ending == ".md":
        return _markdown(rows, names).encode()
    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t" if ending == ".tsv" else ",")
    writer.writerows(rows if names is None else [names, *rows])
    return text.getvalue().encode()


def _of_frame(
    frame: object, ending: str, headers: Sequence[str] | bool, options: Mapping[str, object]
) -> bytes:
    wanted = dict(options)
    method = {".json": "to_json", ".md": "to_markdown"}.get(ending, "to_csv")
    if method == "to_csv":
        wanted.setdefault("index", False)
        wanted.setdefault("header", headers if isinstance(headers, bool) else list(headers))
        wanted.setdefault("sep", "\t" if ending == ".tsv" else ",")
    write = getattr(frame, method, None)
    if write is None:
        raise UsageError(f"this frame has no {method}")
    return str(write(**wanted)).encode()


def _rows(data: object) -> list[list[object]]:
    return [
        _sequence(row, "each row of tabular_data is a sequence of cells")
        for row in _sequence(data, "tabular_data is a sequence of rows, or a frame of pandas")
    ]


def _sequence(found: object, told: str) -> list[object]:
    if isinstance(found, (str, bytes)) or not isinstance(found, Iterable):
        raise UsageError(told)
    return list(cast("Iterable[object]", found))


def _markdown(rows: list[list[object]], names: list[str] | None) -> str:
    width = max(map(len, rows), default=0)
    head = names or [""] * width
    lines: list[Sequence[object]] = [head, ["---"] * len(head), *rows]
    cells = ([str(cell).replace("|", "\\|") for cell in line] for line in lines)
    return "".join(f"| {' | '.join(line)} |\n" for line in cells)
