"""Files of a run: those of the lake, and those that hold what has no place of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from comet_async.handover.files import place_below, write_rows
from comet_async.handover.places import Places, columns_in
from comet_async.handover.report import Tally
from comet_async.handover.source import Row, Source

__all__ = ["JSON_TABLES", "TEXTS", "stored_files", "write_made_files"]

JSON_TABLES = (
    *("parameters", "others", "metric_series", "metric_summaries", "system_details"),
    *("models", "assets", "model_archives"),
)
"""Tables whose rows of one experiment become a JSON file, as far as they go nowhere else."""
TEXTS = {
    "code": ("code", "code.txt"),
    "output": ("output", "output.txt"),
    "html": ("html", "page.html"),
    "graph": ("graph", "graph.txt"),
    "git": ("patch", "git.patch"),
}
"""Tables that hold a text for an experiment: the column, and the name of its file."""


def stored_files(source: Source, key: str, tally: Tally) -> Iterator[tuple[Path, PurePosixPath]]:
    """Give the files of an experiment that the lake holds, each with its place below the run.

    Args:
        source: The lake.
        key: The experiment.
        tally: Counts files that are listed and not there.
    """
    for table in ("assets", "model_archives"):
        for row in source.rows(table, key):
            if row.get("state") != "stored":
                continue
            path = source.file(row.get("local_path"))
            if path is None:
                tally.alter("missing_files")
                continue
            yield path, place_below(str(row["local_path"]), table, of_experiment=True)


def write_made_files(source: Source, key: str, places: Places, folder: Path) -> None:
    """Write the JSON files and texts of an experiment, as many as it has.

    Args:
        source: The lake.
        key: The experiment.
        places: Which columns go into a file.
        folder: Where they are written; it is there.
    """
    for table in JSON_TABLES:
        write_rows(folder / f"{table}.json", _kept(source, key, places, table))
    for table, (column, name) in TEXTS.items():
        for row in source.rows(table, key):
            text = row.get(column)
            if isinstance(text, str):
                (folder / name).write_text(text, "utf-8", "surrogatepass", "")


def _kept(source: Source, key: str, places: Places, table: str) -> Iterator[Row]:
    """Give the rows of a table without what went elsewhere, but with their names."""
    if table not in source.tables:
        return
    there = source.columns(table)
    wanted = columns_in(places, table, f"file comet/{table}.json", there)
    columns = [name for name in there if name in wanted or name == "name"]
    for row in source.rows(table, key, columns=columns):
        if any(row[name] is not None for name in wanted):
            yield row
