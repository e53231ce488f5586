"""The run of MLflow with what is of the workspace and of no experiment."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from comet_async.handover.mlflow_client import Client, send_file
from comet_async.handover.report import Tally
from comet_async.handover.source import Source
from comet_async.handover.workspace import workspace_digest, workspace_files, workspace_names

__all__ = ["write_workspace"]

_KIND = "comet.kind"
_DIGEST = "comet.handoverDigest"
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
        files = workspace_files(source, scratch, tally)
        if not files:
            return
        digest = workspace_digest(source)
        home = experiment_id(f"{workspace_names(source)} (workspace)")
        found = client.search_runs([home], f"tags.`{_KIND}` = '{_NAME}'")
        if found and found[0].data.tags.get(_DIGEST) == digest:
            return
        run = found[0] if found else client.create_run(home, None, {_KIND: _NAME}, _NAME)
        for path, place in files:
            told = send_file(client, run.info.run_id, path, place, scratch)
            if told != place:
                tally.rename(told, place)
            tally.add("files")
            tally.add("bytes", path.stat().st_size)
    client.set_terminated(run.info.run_id, "FINISHED", None)
    client.set_tag(run.info.run_id, _DIGEST, digest)
