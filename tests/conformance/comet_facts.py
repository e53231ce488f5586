"""Facts of the Comet wire, and calls that use every argument that they name.

A write with a body of more than four members takes it as a struct: `STRUCTS` names it, and
`calls` fills its fields as it fills the arguments of a function elsewhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from comet_async import comet
from comet_async.comet.writing import Body
from comet_async.request import Request

HERE = Path(__file__).parent
FACTS: dict[str, dict[str, Any]] = {
    fact["name"]: fact for fact in json.loads((HERE / "comet-endpoints.json").read_text("utf-8"))
}
ALL = sorted(FACTS)
NAMES = [name for name in ALL if FACTS[name]["kind"] in {"read", "download"}]
WRITES = [name for name in ALL if FACTS[name]["kind"] in {"write", "upload"}]
DECODED = [name for name in NAMES if FACTS[name]["kind"] == "read"]

BY_ID_OR_NAME = (("project_id",), ("project_name", "workspace_name"))
VERSION_OR_STAGE = ((), ("version",), ("stage",))
ARTIFACT_VERSION = (
    ("version_id",),
    ("workspace", "artifact_name", "version"),
    ("workspace", "artifact_name", "alias"),
    ("artifact_id", "version_or_alias"),
)
# Arguments of which exactly one group can be meant in one call.
CHOICES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "download_artifact_version": ARTIFACT_VERSION,
    "download_registry_model_version": VERSION_OR_STAGE,
    "get_artifact": (("artifact_id",), ("workspace", "artifact_name")),
    "get_artifact_version": ARTIFACT_VERSION,
    "get_artifact_version_files": (
        ("artifact_id",),
        ("workspace", "artifact_name", "version"),
        ("workspace", "artifact_name", "alias"),
    ),
    "get_experiments": BY_ID_OR_NAME,
    "get_panel": (("template_id",), ("instance_id",)),
    "get_project": BY_ID_OR_NAME,
    "get_project_columns": BY_ID_OR_NAME,
    "get_registry_model_item_download_instructions": VERSION_OR_STAGE,
    "query_project": BY_ID_OR_NAME,
    "delete_project": BY_ID_OR_NAME,
    "update_project": BY_ID_OR_NAME,
    "set_experiment_start_end": (("start_time_millis",), ("end_time_millis",)),
    "upload_experiment_asset": (("file",), ("link", "is_remote")),
}
# Bodies of more than four members.
STRUCTS: Mapping[str, type[Body]] = {
    "create_experiment": comet.NewExperiment,
    "create_registry_model": comet.NewRegistryModel,
    "create_registry_model_item": comet.NewRegistryModelItem,
    "log_experiment_cpu_metrics": comet.CpuMetrics,
    "log_experiment_load_metrics": comet.LoadMetrics,
    "log_experiment_metric": comet.NewMetricPoint,
    "log_experiment_parameter": comet.NewParameter,
    "log_experiment_ram_metrics": comet.RamMetrics,
    "register_model_item_v2": comet.NewModelVersion,
    "set_experiment_git_metadata": comet.NewGitMetadata,
    "set_experiment_system_details": comet.NewSystemDetails,
    "update_artifact": comet.ArtifactUpdate,
    "update_project": comet.ProjectUpdate,
    "upsert_artifact": comet.NewArtifactVersion,
    "upsert_view": comet.NewView,
}
# Filled in as the request leaves: no argument of ours.
NEVER_ARGUMENTS = {"apiKey"}
# The vendor's client puts the first key of the metadata into the query too, to no use.
USELESS = {("upload_experiment_asset", "metadata", "query")}
# The body is a bare list.
WHOLE_LISTS = {"delete_experiment_parameters": "parameters"}
SAMPLES: Mapping[str, object] = {
    "experimentQueryState": "{}",
    "dashboardChartState": "{}",
    "reactGridTableState": "{}",
    "startUploadParams": comet.StartUpload(num_of_file_parts=2),
    "logDependencies": [comet.Dependency(name="numpy", version="2.1.0")],
    "outputLines": [comet.OutputLine(output="one\n", stderr=False, local_timestamp=1, offset=0)],
    "gpus": [comet.GpuMetrics(gpu_id=0, gpu_utilization=5)],
    "gpuStaticInfoList": [comet.Gpu(gpu_index=0, name="g")],
    "logAdditionalSystemInfoList": [comet.AdditionalSystemInfo(key="k", value="v")],
    "statusConfiguration": [comet.NewStatusEntry(key="k", value="v")],
    "remoteArtifactAssetRequests": [{"uri": "s3://b/f"}],
    "remoteEntities": [{"fileName": "f"}],
    "uploadedFileParts": [{"part": 1}],
    "[]": [comet.ParameterName(experiment_key="e", parameter_name="lr")],
    "isRemote": True,
    "metricValue": 0.5,
}


def params_of(name: str) -> list[dict[str, Any]]:
    """The wire parameters that are arguments of ours."""
    return [
        param
        for param in FACTS[name]["params"]
        if param["name"] not in NEVER_ARGUMENTS
        and (name, param["name"], param["in"]) not in USELESS
    ]


def snake(wire: str) -> str:
    if wire == "[]":
        return "parameters"
    return re.sub(r"([A-Z])", lambda found: "_" + found[1].lower(), wire)


def argument(param: Mapping[str, Any]) -> object:
    if param["name"] == "includeWorkspaceViews":
        return True
    if param["name"] in SAMPLES:
        return SAMPLES[param["name"]]
    kind = param["type"].split("|")[0]
    some: dict[str, object] = {
        "string": f"some {param['name']}",
        "int": 3,
        "int ms": 1_700_000_000_000,
        "float": 0.5,
        "file": b"some content",
        "json-str": {"a": 1},
        "list[int]": [1, 2],
        "list[{key,value}]": [comet.NewMetadataEntry(key="k", value=1)],
        "bool": True,
        "list": [{"source": "metrics"}],
        "list[str]": ["one", "two"],
        "object": {"condition": "AND"},
        "any": [1],
    }
    return some[kind]


def calls(name: str) -> Iterator[Request[Any]]:
    """The smallest call first, then calls that together use every argument."""
    params = {snake(param["name"]): param for param in params_of(name)}
    needed = {key for key, param in params.items() if param["required"]}
    groups = CHOICES.get(name, ((),))
    free = set(params) - {key for group in groups for key in group}
    for chosen in (needed | set(groups[0]), *(free | set(group) for group in groups)):
        yield called(name, {key: argument(params[key]) for key in chosen})


def called(name: str, arguments: Mapping[str, object]) -> Request[Any]:
    """Call an endpoint, with a struct in place of the arguments where it takes one."""
    kind = STRUCTS.get(name)
    endpoint = comet.ENDPOINTS[name]
    return endpoint(**arguments) if kind is None else endpoint(kind(**arguments))


def answer(name: str) -> Any:
    return next(calls(name)).answer
