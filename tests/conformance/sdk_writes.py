"""Writes through the unmodified SDK: `python sdk_writes.py URL FILE`. Run in a child, as reads are.

Each call is one of the vendor's own; what it sends is kept by the server at URL.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from typing import Any


def writes(api: Any, run: Any, file: str) -> None:
    """Make each call once; what the SDK makes of the answers does not matter here."""
    client = api._client
    gpu = {"gpuId": 0, "freeMemory": 1, "usedMemory": 1, "gpuUtilization": 5, "totalMemory": 2}
    for call in (
        lambda: client.create_experiment("ws", "proj", "run-1"),
        lambda: api.stop_experiment("exp1"),
        lambda: api.archive_experiment("exp1"),
        lambda: api.restore_experiment("exp1"),
        lambda: api.delete_experiment("exp1"),
        lambda: api.move_experiments(["exp1", "exp2"], "ws2", "proj2", symlink=True),
        lambda: api.create_project("ws", "proj2", project_description="d", public=False),
        lambda: api.update_project(
            "ws", "proj", new_project_name="n", description="d", public=True
        ),
        lambda: api.update_project_by_id("p1", new_project_name="n"),
        lambda: api.set_project_owner("p1", "demo"),
        lambda: api.delete_project("ws", "proj"),
        lambda: api.create_project_share_key("p1"),
        lambda: api.delete_project_share_key("p1", "s1"),
        lambda: api.update_registry_model_notes("ws", "m", "notes"),
        lambda: api.delete_registry_model("ws", "m"),
        lambda: client.set_experiment_not_throttled("exp1"),
        lambda: client.set_experiment_cloud_details("exp1", "AWS", {"a": 1}),
        lambda: client.log_experiment_remote_model(
            "exp1", "m", [{"fileName": "f", "remoteAssetUri": "s3://b/f"}], None, None
        ),
        lambda: client.update_artifact("ar1", tags=["t"]),
        lambda: client.upsert_artifact(
            artifact_name="ds",
            artifact_type="dataset",
            experiment_key="exp1",
            metadata={"a": 1},
            version="1.0.0",
            aliases=["x"],
            version_tags=["y"],
        ),
        lambda: run.add_tags(["t", "u"]),
        lambda: run.delete_tags(["t"]),
        lambda: run.log_metric("loss", 0.5, step=1, epoch=2, timestamp=1_700_000_000),
        lambda: run.log_parameter("lr", 0.1, step=1),
        lambda: run.delete_parameter("lr"),
        lambda: run.delete_parameters(["lr", "b"]),
        lambda: run.log_other("k", "v"),
        lambda: run.set_code("print(1)"),
        lambda: run.set_filename("f.py"),
        lambda: run.set_git_metadata("u", "r", "b", "p", "o"),
        lambda: run.set_start_time(1_700_000_000_000),
        lambda: run.set_end_time(1_700_000_001_000),
        lambda: run.set_state("crashed"),
        run.update_status,
        lambda: run.log_cpu_metrics([1, 2], step=1),
        lambda: run.log_gpu_metrics([gpu]),
        lambda: run.log_load_metrics(0.5),
        lambda: run.log_ram_metrics(10, 5),
        lambda: run.log_additional_system_info("k", "v"),
        lambda: run.create_symlink("proj2"),
        lambda: run.delete_asset("a1"),
        lambda: run.set_git_patch("diff --git"),
        lambda: run.log_asset(
            file,
            step=1,
            name="n.txt",
            overwrite=True,
            context="train",
            ftype="asset",
            metadata={"a": 1},
        ),
    ):
        with contextlib.suppress(Exception):
            call()


def main(url: str, file: str) -> None:
    """Point the SDK at the server and make the calls."""
    os.environ["COMET_URL_OVERRIDE"] = f"{url}/clientlib/"
    sdk: Any = importlib.import_module("comet_ml")  # reads its settings as it is imported

    api = sdk.API(api_key="KEY", cache=False)
    run = sdk.APIExperiment(previous_experiment="exp1", api=api)
    writes(api, run, file)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
