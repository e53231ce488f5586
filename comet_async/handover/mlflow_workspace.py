"""The run of MLflow with what is of the workspace: artifacts, registry, dashboards, panels."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from comet_async.handover.files import place_below, write_rows
from comet_async.handover.mlflow_client import Client, send_file
from comet_async.handover.report import Tally
from comet_async.handover.source import Source

__all__ = ["WORKSPACE_TABLES", "write_workspace"]

WORKSPACE_TABLES = (
    *("projects", "dashboards", "panels", "registry_models", "registry_versions"),
    *("registry_archives", "artifacts", "artifact_versions", "artifact_files"),
)
_FILES = {"artifact_files": "artifacts", "registry_archives": "registry"}
_KIND = "comet.kind"
_NAME = "workspace"


def write_workspace(
    client: Client, source: Source, experiment_id: Callable[[str], str], tally: Tally
) -> None:
    """Write the tables and files that are of no experiment; nothing where there are none.

    Args:
        client: MLflow's client.
        source: The lake.
        experiment_id: Returns the id of an experiment of MLflow by its name.
        tally: Counts what is written.
    """
    with tempfile.TemporaryDirectory(prefix="comet_async-") as folder:
        scratch = Path(folder)
        for table in WORKSPACE_TABLES:
            write_rows(scratch / f"{table}.json", source.rows(table))
        made = sorted(scratch.iterdir())
        if not made:
            return
        run_id = _run(client, experiment_id(f"{_workspaces(source)} (workspace)"))
        files = [(path, f"comet/{path.name}") for path in made]
        for table, below in _FILES.items():
            for row in source.rows(table):
                if row.get("state") != "stored":
                    continue
                found = source.file(row["local_path"])
                if found is None:
                    tally.alter("missing_files")
                    continue
                below_run = place_below(str(row["local_path"]), below, of_experiment=False)
                files.append((found, str(below_run)))
        for path, place in files:
            told = send_file(client, run_id, path, place, scratch)
            if told != place:
                tally.rename(told, place)
            tally.add("files")
            tally.add("bytes", path.stat().st_size)
    client.set_terminated(run_id, "FINISHED", None)


def _run(client: Client, home: str) -> str:
    """Return the run of the workspace, an earlier one where there is one."""
    found = client.search_runs([home], f"tags.`{_KIND}` = '{_NAME}'")
    if found:
        return found[0].info.run_id
    return client.create_run(home, None, {_KIND: _NAME}, _NAME).info.run_id


def _workspaces(source: Source) -> str:
    """Return the names of the lake's workspaces."""
    names = {
        str(row["workspace_name"])
        for table in ("experiments", "projects", "registry_models", "artifacts")
        if table in source.tables and "workspace_name" in source.columns(table)
        for row in source.rows(table, columns=["workspace_name"])
        if row["workspace_name"] is not None
    }
    return ", ".join(sorted(names)) or "comet"
