"""What the unmodified SDK writes, as a child process: `python sdk_written.py URL`.

A child, because importing the SDK takes seconds, patches other packages and warns. It prints the
value or the error of each step as JSON after `@@@`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

WORKSPACE = "default"
GPU = ("gpuId", "freeMemory", "usedMemory", "gpuUtilization", "totalMemory")
Step = Callable[[Any, dict[str, Any]], Any]


def _folder() -> Path:
    """Write the files that are uploaded, in the working directory of the child."""
    Path("up.txt").write_text("hello")
    Path("up.png").write_bytes(b"\x89PNG-not-really")
    return Path.cwd()


def _create(api: Any, world: dict[str, Any]) -> Any:
    from comet_ml.api import APIExperiment  # noqa: PLC0415  the child's import

    world["e"] = APIExperiment(  # type: ignore[no-untyped-call]  # the SDK's
        workspace=WORKSPACE, project_name="api", experiment_name="made", api=api
    )
    return [world["e"].get_name(), world["e"].get_state()]


def _values(api: Any, world: dict[str, Any]) -> Any:
    experiment = world["e"]
    experiment.log_metric("loss", 0.5, step=1, epoch=2)
    experiment.log_metric("loss", float("nan"), step=2)
    experiment.log_metrics({"a": 1, "b": {"c": 2}}, step=3)
    experiment.log_parameters({"flag": True, "nothing": None, "list": [1, 2], "deep": {"x": 1}})
    experiment.log_other("k", "v")
    experiment.set_name("renamed")
    return {
        "metrics": sorted({row["metricName"] for row in experiment.get_metrics()}),
        "loss": [row["metricValue"] for row in experiment.get_metrics("loss")],
        "parameters": {
            row["name"]: row["valueCurrent"] for row in experiment.get_parameters_summary()
        },
        "others": {row["name"]: row["valueCurrent"] for row in experiment.get_others_summary()},
        "name": experiment.get_name(),
    }


def _deleted(api: Any, world: dict[str, Any]) -> Any:
    world["e"].delete_parameter("flag")
    world["e"].delete_parameters(["nothing", "list"])
    return [row["name"] for row in world["e"].get_parameters_summary()]


def _texts(api: Any, world: dict[str, Any]) -> Any:
    experiment = world["e"]
    experiment.log_html("<b>")
    experiment.log_html("<i>")
    first = experiment.get_html()
    experiment.log_html("<x>", clear=True)
    experiment.log_output("one\ntwo\n")
    experiment.set_code("print(1)")
    experiment.set_model_graph("a -> b")
    return [
        first,
        experiment.get_html(),
        experiment.get_output(),
        experiment.get_code(),
        experiment.get_model_graph(),
    ]


def _tags(api: Any, world: dict[str, Any]) -> Any:
    world["e"].add_tags(["t", "u"])
    world["e"].add_tag("v")
    world["e"].delete_tags(["t"])
    return world["e"].get_tags()


def _system(api: Any, world: dict[str, Any]) -> Any:
    experiment = world["e"]
    experiment.set_command(["a.py"])
    experiment.set_os("Linux")
    experiment.set_pid(7)
    experiment.set_installed_packages(["a==1"])
    experiment.log_additional_system_info("k", "v")
    experiment.log_cpu_metrics([1, 2], step=1)
    experiment.log_gpu_metrics([dict(zip(GPU, (0, 3, 1, 5, 4), strict=True))])
    experiment.log_load_metrics(0.5)
    experiment.log_ram_metrics(10, 5)
    experiment.set_git_metadata("u", "r", "b", "p", "o")
    experiment.set_git_patch("diff --git")
    return [
        experiment.get_command(),
        experiment.get_os(),
        experiment.get_pid(),
        experiment.get_installed_packages(),
        experiment.get_additional_system_info(),
        len(experiment.get_system_metric_names()),
        experiment.get_git_metadata()["branch"],
        experiment.get_git_patch()[:2].decode(),
    ]


def _assets(api: Any, world: dict[str, Any]) -> Any:
    experiment = world["e"]
    answer = experiment.log_asset("up.txt", name="n.txt", step=1, metadata={"a": 1})
    experiment.log_image("up.png", image_name="im")
    experiment.log_curve("roc", [0, 1], [0, 1])
    experiment.log_table("t.csv", tabular_data=[[1, 2]], headers=["a", "b"])
    listed = {row["fileName"]: row for row in experiment.get_asset_list()}
    found = [
        {name: (row["type"], row["step"], row["metadata"]) for name, row in listed.items()},
        experiment.get_asset(answer["assetId"]).decode(),
        experiment.get_asset_by_name("n.txt").decode(),
        experiment.get_curve(listed["roc"]["assetId"])["name"],
    ]
    experiment.delete_asset(answer["assetId"])
    return [*found, sorted(row["fileName"] for row in experiment.get_asset_list())]


def _states(api: Any, world: dict[str, Any]) -> Any:
    experiment = world["e"]
    states = []
    for state in ("crashed", "running", "finished"):
        experiment.set_state(state)
        states.append(experiment.get_state())
    beat = experiment.update_status()
    api.stop_experiment(experiment.key)
    experiment.set_start_time(1_700_000_000_000)
    experiment.set_end_time(1_700_000_001_000)
    return [states, sorted(beat), experiment.get_metadata()["durationMillis"]]


def _projects(api: Any, world: dict[str, Any]) -> Any:
    made = api.create_project(WORKSPACE, "fresh", project_description="d")
    project = made["projectId"]
    api.update_project(WORKSPACE, "fresh", new_project_name="named")
    api.set_project_notes(WORKSPACE, "named", "notes")
    api.set_project_owner(project, "ann")
    code = api.create_project_share_key(project)
    shared = code in api.get_project_share_keys(project)
    api.delete_project_share_key(project, code)
    found = [
        api.get_project_by_id(project)["projectName"],
        api.get_project_by_id(project)["ownerUserName"],
        api.get_project_notes(WORKSPACE, "named"),
        shared,
        code in api.get_project_share_keys(project),
    ]
    api.delete_project(WORKSPACE, "named")
    return [*found, "named" in api.get_projects(WORKSPACE)]


def _lists(api: Any, world: dict[str, Any]) -> Any:
    key = world["e"].key

    def where() -> list[bool]:
        live = [item.key for item in api.get_experiments(WORKSPACE, "api")]
        gone = [item.key for item in api.get_archived_experiments(WORKSPACE, "api")]
        moved = [item.key for item in api.get_experiments(WORKSPACE, "elsewhere") or ()]
        return [key in live, key in gone, key in moved]

    api.create_project(WORKSPACE, "elsewhere")
    found = [where()]
    api.archive_experiments([key])
    found.append(where())
    api.restore_experiment(key)
    api.move_experiments([key], WORKSPACE, "elsewhere", symlink=True)
    found.append(where())
    api.move_experiments([key], WORKSPACE, "elsewhere")
    found.append(where())
    api.delete_experiment(key)
    return [*found, where(), api.get_experiment_by_key(key)]


def _live(api: Any, world: dict[str, Any]) -> Any:
    import comet_ml  # noqa: PLC0415  the child's import

    experiment: Any = comet_ml.Experiment(
        workspace=WORKSPACE, project_name="live", log_code=False, auto_output_logging="simple"
    )
    for step in range(60):
        experiment.log_metric("loss", 1 / (step + 1), step=step)
    experiment.log_metric("bad", float("inf"), step=59)
    experiment.log_parameters({"lr": 0.1, "deep": {"x": 1}})
    experiment.log_other("k", "v")
    experiment.add_tag("live")
    experiment.set_name("live run")
    experiment.log_asset("up.txt")
    experiment.log_text("some text")
    experiment.log_html("<b>")
    experiment.log_model("net", "up.txt")
    experiment.log_remote_asset("s3://bucket/x.bin")
    experiment.log_remote_model("far", "s3://bucket/far.bin", sync_mode=False)
    world["live"] = experiment.get_key()
    logged = experiment.log_artifact(_artifact(comet_ml))
    experiment.end()
    return [str(logged.version), sorted(logged.aliases)]


def _artifact(comet_ml: Any) -> Any:
    artifact = comet_ml.Artifact(
        "ds", "dataset", aliases=["x"], version_tags=["y"], metadata={"rows": 2}
    )
    artifact.add("up.txt", "data/up.txt")
    artifact.add_remote("s3://bucket/r.bin", sync_mode=False)
    return artifact


def _read_live(api: Any, world: dict[str, Any]) -> Any:
    experiment = api.get_experiment_by_key(world["live"])
    loss = sorted(experiment.get_metrics("loss"), key=lambda row: row["step"])
    parameters = {row["name"]: row["valueCurrent"] for row in experiment.get_parameters_summary()}
    kinds = sorted((row["type"], bool(row["remote"])) for row in experiment.get_asset_list("all"))
    return {
        "name": experiment.get_name(),
        "state": experiment.get_state(),
        "tags": experiment.get_tags(),
        "loss": [*[row["metricValue"] for row in loss[:3]], len(loss)],
        "bad": [row["metricValue"] for row in experiment.get_metrics("bad")],
        "parameters": [parameters["lr"], parameters["deep|x"]],
        "assets": kinds,
        "models": sorted(experiment.get_model_names()),
        "html": experiment.get_html(),
    }


def _artifacts(api: Any, world: dict[str, Any]) -> Any:
    artifact = api.get_artifact(WORKSPACE, "ds")
    artifact.update_aliases(["stable"])
    artifact.update_artifact_tags(["tagged"])
    again = api.get_artifact(WORKSPACE, "ds", alias="stable")
    again.download("art")
    return [
        str(artifact.version),
        artifact.metadata,
        sorted((asset.logical_path, asset.size, asset.remote) for asset in artifact.assets),
        Path("art/data/up.txt").read_text(),
        sorted(again.aliases),
        sorted(again.artifact_tags),
    ]


def _registry(api: Any, world: dict[str, Any]) -> Any:
    experiment = api.get_experiment_by_key(world["live"])
    experiment.register_model(
        "net", version="1.0.0", registry_name="my-net", tags=["t"], status="QA", metadata={"a": 1}
    )
    experiment.register_model("net", version="1.1.0", registry_name="my-net")
    model = api.get_model(WORKSPACE, "my-net")
    model.set_status("1.0.0", "Production")
    model.add_tag("1.1.0", "new")
    model.delete_tag("1.0.0", "t")
    api.update_registry_model_notes(WORKSPACE, "my-net", "notes")
    api.update_registry_model_version(WORKSPACE, "my-net", "1.1.0", comment="c", stages=["s"])
    model.download("1.0.0", "model")
    found = [
        model.get_details("1.0.0")["status"],
        model.tags("1.0.0"),
        model.get_registry_model_metadata("1.0.0"),
        model.find_versions(),
        api.get_registry_model_notes(WORKSPACE, "my-net"),
        api.get_registry_model_details(WORKSPACE, "my-net", "1.1.0")["comment"],
        sorted(item.name for item in Path("model").rglob("*") if item.is_file()),
    ]
    api.update_registry_model(WORKSPACE, "my-net", new_name="other", description="d", public=True)
    api.delete_registry_model_version(WORKSPACE, "other", "1.0.0")
    left = api.get_registry_model_versions(WORKSPACE, "other")
    api.delete_registry_model(WORKSPACE, "other")
    return [*found, left, api.get_registry_model_names(WORKSPACE)]


def _offline(api: Any, world: dict[str, Any]) -> Any:
    import comet_ml  # noqa: PLC0415  the child's import

    experiment: Any = comet_ml.OfflineExperiment(
        workspace=WORKSPACE, project_name="offline", offline_directory="off", log_code=False
    )
    for step in range(30):
        experiment.log_metric("loss", step, step=step)
    experiment.log_parameter("lr", 0.1)
    experiment.add_tag("offline")
    experiment.log_asset("up.txt")
    experiment.end()
    [archive] = Path("off").glob("*.zip")
    command = [str(Path(sys.executable).with_name("comet")), "upload", str(archive)]
    done = subprocess.run(command, capture_output=True, check=False)
    found = api.get_experiment_by_key(experiment.get_key())
    return [
        done.returncode,
        found.get_state(),
        len(found.get_metrics("loss")),
        found.get_tags(),
        [row["fileName"] for row in found.get_asset_list()],
        found.get_metadata()["durationMillis"] > 0,
    ]


STEPS: list[tuple[str, Step]] = [
    ("create", _create),
    ("values", _values),
    ("deleted parameters", _deleted),
    ("texts", _texts),
    ("tags", _tags),
    ("system", _system),
    ("assets", _assets),
    ("states", _states),
    ("projects", _projects),
    ("lists", _lists),
    ("live logging", _live),
    ("live run", _read_live),
    ("artifacts", _artifacts),
    ("registry", _registry),
    ("offline upload", _offline),
]
"""Name of each step and what it does with `comet_ml.API` and what earlier steps left."""


def run_steps(url: str) -> dict[str, Any]:
    """Return the value or the error of each step by its name."""
    os.environ["COMET_URL_OVERRIDE"] = f"{url}/clientlib/"
    os.environ["COMET_API_KEY"] = "any-key-will-do-here"
    import comet_ml  # noqa: PLC0415  the child's import

    _folder()
    api: Any = comet_ml.API(cache=False)  # type: ignore[no-untyped-call]  # the SDK's
    world: dict[str, Any] = {}
    values: dict[str, Any] = {}
    for name, step in STEPS:
        try:
            values[name] = {"value": step(api, world)}
        except Exception as error:  # noqa: BLE001  the parent judges
            values[name] = {"error": f"{type(error).__name__}: {error}"}
    return values


if __name__ == "__main__":
    print("@@@" + json.dumps(run_steps(sys.argv[1])))
