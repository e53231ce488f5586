"""Writes by name, each as a function from any client's `API` and one experiment of it.

The same table is used for the SDK, in a child, and for ours, whose coroutines are awaited: `calls`
gives what both return. `python api_writes.py URL FOLDER` runs it with the SDK.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

WORKSPACE, PROJECT, NAME = "synthetic", "synthetic", "written"
GPU = {"gpuIndex": 0, "name": "A100", "uuid": "u", "totalMemory": 80, "powerLimit": 300}
LOAD = {"gpuId": 0, "freeMemory": 1, "usedMemory": 2, "gpuUtilization": 3, "totalMemory": 4}
MODEL, VERSION = "synthetic-model", "1.0.0"

Write = Callable[[Any, Any, Path], Any]

RUN_WRITES: dict[str, Write] = {
    "log_metric": lambda api, run, folder: run.log_metric("m", 0.5, step=1, epoch=2, timestamp=17),
    "log_metric(nan)": lambda api, run, folder: run.log_metric("n", float("inf"), step=1),
    "log_metrics": lambda api, run, folder: run.log_metrics({"a": 1, "b": {"c": 2}}, step=3),
    "log_parameter": lambda api, run, folder: run.log_parameter("lr", 0.1, step=1),
    "log_parameters": lambda api, run, folder: run.log_parameters(
        {"flag": True, "none": None, "list": [1, 2], "deep": {"x": {"y": 1}}}
    ),
    "log_other": lambda api, run, folder: run.log_other("k", "v"),
    "set_name": lambda api, run, folder: run.set_name("another name"),
    "add_tag": lambda api, run, folder: run.add_tag("t"),
    "add_tags": lambda api, run, folder: run.add_tags(["u", "v"]),
    "delete_tags": lambda api, run, folder: run.delete_tags(["u"]),
    "delete_parameter": lambda api, run, folder: run.delete_parameter("lr"),
    "delete_parameters": lambda api, run, folder: run.delete_parameters(["flag", "list"]),
    "log_html": lambda api, run, folder: run.log_html("<b>1</b>"),
    "log_html(clear)": lambda api, run, folder: run.log_html("<b>2</b>", clear=True),
    "log_output": lambda api, run, folder: run.log_output("one\ntwo\n", stderr=True, timestamp=9),
    "log_cpu_metrics": lambda api, run, folder: run.log_cpu_metrics([1, 2], step=1),
    "log_gpu_metrics": lambda api, run, folder: run.log_gpu_metrics([LOAD]),
    "log_load_metrics": lambda api, run, folder: run.log_load_metrics(0.5, step=1),
    "log_ram_metrics": lambda api, run, folder: run.log_ram_metrics(10, 5, step=1),
    "log_additional_system_info": lambda api, run, folder: run.log_additional_system_info("k", "v"),
    "set_user": lambda api, run, folder: run.set_user("me"),
    "set_python_version": lambda api, run, folder: run.set_python_version("3.12"),
    "set_python_version_verbose": lambda api, run, folder: run.set_python_version_verbose("3.12 x"),
    "set_pid": lambda api, run, folder: run.set_pid(7),
    "set_os_type": lambda api, run, folder: run.set_os_type("Linux"),
    "set_os": lambda api, run, folder: run.set_os("Linux-6"),
    "set_os_release": lambda api, run, folder: run.set_os_release("6.1"),
    "set_ip": lambda api, run, folder: run.set_ip("10.0.0.1"),
    "set_hostname": lambda api, run, folder: run.set_hostname("h"),
    "set_gpu_static_info": lambda api, run, folder: run.set_gpu_static_info([GPU]),
    "set_network_interface_ips": lambda api, run, folder: run.set_network_interface_ips(["a"]),
    "set_command": lambda api, run, folder: run.set_command(["a.py", "--x"]),
    "set_executable": lambda api, run, folder: run.set_executable("/usr/bin/python"),
    "set_installed_packages": lambda api, run, folder: run.set_installed_packages(["numpy==2"]),
    "set_os_packages": lambda api, run, folder: run.set_os_packages(["apt=2"]),
    "set_processor": lambda api, run, folder: run.set_processor("x86"),
    "set_machine": lambda api, run, folder: run.set_machine("x86_64"),
    "set_filename": lambda api, run, folder: run.set_filename("/home/a.py"),
    "set_code": lambda api, run, folder: run.set_code("print(1)"),
    "set_model_graph": lambda api, run, folder: run.set_model_graph("graph {}"),
    "set_git_metadata": lambda api, run, folder: run.set_git_metadata("u", "r", "b", "p", "o"),
    "set_git_patch": lambda api, run, folder: run.set_git_patch("diff --git a b\n"),
    "set_start_time": lambda api, run, folder: run.set_start_time(1_700_000_000_000),
    "set_end_time": lambda api, run, folder: run.set_end_time(1_700_000_060_000),
    "set_state": lambda api, run, folder: run.set_state("crashed"),
    "set_state(finished)": lambda api, run, folder: run.set_state("finished"),
    "update_status": lambda api, run, folder: run.update_status(),
    "log_asset": lambda api, run, folder: run.log_asset(
        str(folder / "up.txt"), step=1, name="n.txt", context="train", metadata={"a": 1}
    ),
    "log_image": lambda api, run, folder: run.log_image(
        str(folder / "im.png"), image_name="im.png", step=2
    ),
    "log_video": lambda api, run, folder: run.log_video(
        str(folder / "v.mp4"), name="v.mp4", epoch=1
    ),
    "log_curve": lambda api, run, folder: run.log_curve("roc", [0, 1], [0.5, 1], step=1),
    "log_table": lambda api, run, folder: run.log_table(
        "t.csv", tabular_data=[[1, 2], [3, 4]], headers=["a", "b"]
    ),
    "archive": lambda api, run, folder: run.archive(),
}
"""What is written to the new experiment, in order."""

API_WRITES: dict[str, Write] = {
    "restore_experiment": lambda api, run, folder: api.restore_experiment(run.key),
    "create_project": lambda api, run, folder: api.create_project(
        WORKSPACE, "made", "described", public=True
    ),
    "set_project_notes": lambda api, run, folder: api.set_project_notes(WORKSPACE, "made", "notes"),
    "move_experiments": lambda api, run, folder: api.move_experiments(
        [run.key], WORKSPACE, "made", symlink=False
    ),
    "update_project": lambda api, run, folder: api.update_project(
        WORKSPACE, "made", new_project_name="renamed", description="anew", public=False
    ),
    "stop_experiment": lambda api, run, folder: api.stop_experiment(run.key),
    "archive_experiment": lambda api, run, folder: api.archive_experiment(run.key),
    "archive_experiments": lambda api, run, folder: api.archive_experiments([run.key]),
    "update_registry_model": lambda api, run, folder: api.update_registry_model(
        WORKSPACE, MODEL, description="anew", public=True
    ),
    "update_registry_model_notes": lambda api, run, folder: api.update_registry_model_notes(
        WORKSPACE, MODEL, "notes"
    ),
    "update_registry_model_version": lambda api, run, folder: api.update_registry_model_version(
        WORKSPACE, MODEL, VERSION, comment="said", stages=["staging"]
    ),
    "add_registry_model_version_stage": lambda api, run, folder: (
        api.add_registry_model_version_stage(WORKSPACE, MODEL, VERSION, "prod")
    ),
    "delete_registry_model_version_stage": lambda api, run, folder: (
        api.delete_registry_model_version_stage(WORKSPACE, MODEL, VERSION, "staging")
    ),
}
"""What is written besides, in order; the experiment is archived when it begins."""


def files(folder: Path) -> Path:
    """Write the files that are sent, and return the folder."""
    for name in ("up.txt", "im.png", "v.mp4"):
        (folder / name).write_bytes(name.encode() * 10)
    return folder


def run_writes(url: str, folder: Path) -> dict[str, str]:
    """Make every write with the SDK, and return what went wrong by name."""
    os.environ["COMET_URL_OVERRIDE"] = f"{url}/clientlib/"
    import comet_ml  # noqa: PLC0415  the child's import

    api: Any = comet_ml.API(  # type: ignore[no-untyped-call]  # the SDK's
        api_key="any-key-will-do-here", cache=False
    )
    run: Any = comet_ml.APIExperiment(  # type: ignore[no-untyped-call]  # the SDK's
        api=api, workspace=WORKSPACE, project_name=PROJECT, experiment_name=NAME
    )
    problems = {"key": str(run.key)}
    for name, write in {**RUN_WRITES, **API_WRITES}.items():
        try:
            write(api, run, folder)
        except Exception as error:  # noqa: BLE001  the parent judges
            problems[name] = f"{type(error).__name__}: {error}"
    return problems


if __name__ == "__main__":
    print("@@@" + json.dumps(run_writes(sys.argv[1], Path(sys.argv[2]))))
