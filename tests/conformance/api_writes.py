"""Writes by name, each as a function from any client's `API` and one experiment of it.

The same table is used for the SDK, in a child, and for ours, whose coroutines are awaited: `calls`
gives what both return. `python api_writes.py URL FOLDER` runs it with the SDK.
"""

from __future__ import annotations

import inspect
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

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
    "log_asset(tensorflow)": lambda api, run, folder: run.log_asset(
        str(folder / "up.txt"), name="logs/train/events.out", ftype="tensorflow-file"
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


class Around(NamedTuple):
    """What the calls of the second table are about, each found by its own client."""

    api: Any
    run: Any
    other: Any
    model: Any
    view: Any
    configuration: Any
    confirmed: dict[str, bool]
    model_name: str
    asset_id: str
    project_id: str
    keys: list[str]


Call = Callable[[Around], Any]


def then(found: Any, act: Callable[[Any], Any]) -> Any:
    """Do something with what a call returned, when it is there."""
    if not inspect.isawaitable(found):
        return act(found)

    async def later() -> Any:
        made = act(await found)
        return await made if inspect.isawaitable(made) else made

    return later()


def saved(save: Callable[[str], Any]) -> Any:
    """Return names and sizes of the files that a call writes to a folder."""
    folder = Path(tempfile.mkdtemp(dir="."))
    return then(
        save(str(folder)),
        lambda _: {
            str(path.relative_to(folder)): path.stat().st_size
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        },
    )


READS: dict[str, Call] = {
    "gen_experiments": lambda a: a.api.gen_experiments(WORKSPACE, PROJECT),
    "get_archived_experiment": lambda a: a.api.get_archived_experiment(
        WORKSPACE, PROJECT, a.keys[0]
    ),
    "get_experiment_by_id": lambda a: a.api.get_experiment_by_id(a.keys[0]),
    "get_metrics_df": lambda a: a.api.get_metrics_df(a.keys[:3], ["loss", "accuracy"]),
    "get_metrics_df(raw)": lambda a: a.api.get_metrics_df(
        a.keys[:3], ["loss", "accuracy"], interpolate=False
    ),
    "get_metrics_df(duration)": lambda a: a.api.get_metrics_df(a.keys[:3], ["loss"], "duration"),
    "get_panel_metrics_names": lambda a: a.api.get_panel_metrics_names(),
    "get_panel_experiment_keys": lambda a: a.api.get_panel_experiment_keys(),
    "get_panel_experiments": lambda a: a.api.get_panel_experiments(),
    "get_panel_project_id": lambda a: a.api.get_panel_project_id(),
    "get_panel_project_name": lambda a: a.api.get_panel_project_name(),
    "get_panel_workspace": lambda a: a.api.get_panel_workspace(),
    "server_url": lambda a: a.api.server_url,
    "APIExperiment.name": lambda a: a.other.name,
    "APIExperiment.key": lambda a: a.other.key,
    "APIExperiment.url": lambda a: a.other.url,
    "APIExperiment.to_json": lambda a: a.other.to_json(),
    "APIExperiment.get_model_data": lambda a: a.other.get_model_data(a.model_name),
    "APIExperiment.get_others_summary(name)": lambda a: a.other.get_others_summary("Name"),
    "APIExperiment.get_metric_total_df": lambda a: a.other.get_metric_total_df("loss"),
    "APIExperiment.get_metric_total_df(sampled)": lambda a: a.run.get_metric_total_df("m"),
    "APIExperiment.download_tensorflow_folder": lambda a: saved(a.run.download_tensorflow_folder),
    "Model.name": lambda a: a.model.name,
}
"""Reads that the other tables lack."""

MORE_WRITES: dict[str, Call] = {
    "register_model": lambda a: a.other.register_model(
        a.model_name, version="9.0.0", registry_name="fresh", comment="c", tags=["t"]
    ),
    "create_project(links)": lambda a: a.api.create_project(WORKSPACE, "links"),
    "create_symlink": lambda a: a.other.create_symlink("links"),
    "update_project_by_id": lambda a: a.api.update_project_by_id(
        a.project_id, description="told by id"
    ),
    "set_project_owner": lambda a: a.api.set_project_owner(a.project_id, "somebody"),
    "create_project_share_key": lambda a: a.api.create_project_share_key(a.project_id),
    "create_project_share_key(again)": lambda a: a.api.create_project_share_key(a.project_id),
    "delete_project_share_key": lambda a: then(
        a.api.get_project_share_keys(a.project_id),
        lambda keys: a.api.delete_project_share_key(a.project_id, keys[0]),
    ),
    "create_view": lambda a: a.api.create_view(WORKSPACE, PROJECT, a.view),
    "APIExperiment.create_view": lambda a: a.other.create_view(a.view),
    "Model.add_tag": lambda a: a.model.add_tag(VERSION, "added"),
    "Model.delete_tag": lambda a: a.model.delete_tag(VERSION, "prod"),
    "Model.set_status": lambda a: a.model.set_status(VERSION, "QA"),
    "Model.update_registry_model_metadata": lambda a: a.model.update_registry_model_metadata(
        {"a": 1}, VERSION
    ),
    "Model.update_registry_model_status_configuration": lambda a: (
        a.model.update_registry_model_status_configuration(a.configuration, VERSION)
    ),
    "register_model(gone)": lambda a: a.other.register_model(a.model_name, registry_name="gone"),
    "delete_registry_model": lambda a: a.api.delete_registry_model(WORKSPACE, "gone"),
    "delete_registry_model_version": lambda a: a.api.delete_registry_model_version(
        WORKSPACE, MODEL, "1.1.0"
    ),
    "delete_asset": lambda a: a.other.delete_asset(a.asset_id),
    "delete_experiment": lambda a: a.api.delete_experiment(a.keys[-1]),
    "delete_experiments": lambda a: a.api.delete_experiments(a.keys[-3:-1], **a.confirmed),
    "delete_project": lambda a: a.api.delete_project(WORKSPACE, "links"),
}
"""What is written after all that was read."""


def plain(value: Any) -> Any:
    """Return what a client of the vendor's returned, as JSON can hold it."""
    if hasattr(value, "get_metadata"):
        return value.key
    if hasattr(value, "columns"):
        return frame(value)
    return [plain(item) for item in value] if isinstance(value, Iterator | list) else value


def frame(found: Any) -> Any:
    """Return the columns of a frame, numbers to nine digits, in order of experiments and rows."""
    told = json.loads(
        found.reset_index(drop=True).to_json(orient="split", double_precision=9, date_format="iso")
    )
    return {"columns": told["columns"], "data": told["data"]}


def files(folder: Path) -> Path:
    """Write the files that are sent, and return the folder."""
    for name in ("up.txt", "im.png", "v.mp4"):
        (folder / name).write_bytes(name.encode() * 10)
    return folder


def run_all(url: str, folder: Path) -> dict[str, Any]:
    """Make every call with the SDK; return what was read, and what went wrong, by name."""
    os.environ["COMET_URL_OVERRIDE"] = f"{url}/clientlib/"
    import comet_ml  # noqa: PLC0415  the child's import
    from comet_ml.api_objects.model.status_configuration import (  # noqa: PLC0415  as above
        ModelStatusConfiguration,
        StatusConfigurationItem,
    )
    from comet_ml.api_objects.view import View  # noqa: PLC0415  as above

    api: Any = comet_ml.API(  # type: ignore[no-untyped-call]  # the SDK's
        api_key="any-key-will-do-here", cache=False
    )
    run: Any = comet_ml.APIExperiment(  # type: ignore[no-untyped-call]  # the SDK's
        api=api, workspace=WORKSPACE, project_name=PROJECT, experiment_name=NAME
    )
    problems: dict[str, str] = {}
    values: dict[str, Any] = {}

    def attempt(name: str, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except Exception as error:  # noqa: BLE001  the parent judges
            problems[name] = f"{type(error).__name__}: {error}"
            return None

    for name, write in {**RUN_WRITES, **API_WRITES}.items():
        attempt(name, partial(write, api, run, folder))
    keys = sorted(found.key for found in api.get_experiments(WORKSPACE, PROJECT))
    other = api.get_experiment_by_key(keys[0])
    around = Around(
        api=api,
        run=run,
        other=other,
        model=api.get_model(WORKSPACE, MODEL),
        view=View(name="mine", chart_state="{}"),
        configuration=ModelStatusConfiguration(
            status="QA",
            is_review_required=True,
            status_configuration_items=[StatusConfigurationItem("approver", "me")],
            comment="to be seen",
        ),
        confirmed={},
        model_name=other.get_model_names()[0],
        asset_id=other.get_asset_list()[0]["assetId"],
        project_id=other.project_id,
        keys=keys,
    )
    for name, read in READS.items():
        values[name] = plain(attempt(name, partial(read, around)))
    for name, more in MORE_WRITES.items():
        attempt(name, partial(more, around))
    return {"key": run.key, "values": values, "problems": problems}


if __name__ == "__main__":
    print("@@@" + json.dumps(run_all(sys.argv[1], Path(sys.argv[2])), default=str))
