"""What is of the workspace and of no experiment: artifacts, registry, dashboards, panels."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from comet_async.handover.files import place_below, write_rows
from comet_async.handover.report import Tally
from comet_async.handover.source import Source

__all__ = ["WORKSPACE_TABLES", "workspace_digest", "workspace_files", "workspace_names"]

WORKSPACE_TABLES = (
    *("projects", "dashboards", "panels", "registry_models", "registry_versions"),
    *("registry_archives", "artifacts", "artifact_versions", "artifact_files"),
)
_FILES = {"artifact_files": "artifacts", "registry_archives": "registry"}
_NAMED = ("experiments", "projects", "registry_models", "artifacts")


def workspace_files(source: Source, scratch: Path, tally: Tally) -> list[tuple[Path, str]]:
    """Return the files of a lake that are of no experiment, each with its place below the run.

    Args:
        source: The lake.
        scratch: Empty folder, where the tables are written as JSON.
        tally: Counts files that are not there.
    """
    for table in WORKSPACE_TABLES:
        write_rows(scratch / f"{table}.json", source.rows(table))
    files = [(path, f"comet/{path.name}") for path in sorted(scratch.iterdir())]
    for table, below in _FILES.items():
        for row in source.rows(table):
            if row.get("state") != "stored":
                continue
            found = source.file(row["local_path"])
            if found is None:
                tally.alter("missing_files")
                continue
            place = place_below(str(row["local_path"]), below, of_experiment=False)
            files.append((found, str(place)))
    return files


def workspace_digest(source: Source) -> str:
    """Return what tells the rows of these tables from others: a hash of them all."""
    told = hashlib.sha256()
    for table in WORKSPACE_TABLES:
        for row in source.rows(table):
            told.update(msgspec.json.encode([table, row]))
    return told.hexdigest()[:32]


def workspace_names(source: Source) -> str:
    """Return the names of a lake's workspaces."""
    names = {
        str(row["workspace_name"])
        for table in _NAMED
        if table in source.tables and "workspace_name" in source.columns(table)
        for row in source.rows(table, columns=["workspace_name"])
        if row["workspace_name"] is not None
    }
    return ", ".join(sorted(names)) or "comet"
