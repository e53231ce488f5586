"""One write of each endpoint with what is read back after it, and one that is refused.

A text that begins with `$` stands for an id of the world in which a case happens. A member of
`sent` goes where the facts have it: into the path, the query, the body or the form.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

ABSENT = object()
"""What a place leads to that is not there."""
UNKNOWN = "0" * 32


@dataclass(frozen=True)
class Read:
    """One value that a read must show."""

    path: str
    query: dict[str, str]
    place: str
    expected: Any


@dataclass(frozen=True)
class Case:
    """A write by the name of its endpoint, and what it must lead to."""

    name: str
    sent: dict[str, Any]
    reads: list[Read] = field(default_factory=list)
    answer: dict[str, Any] = field(default_factory=dict)
    refused: dict[str, Any] = field(default_factory=dict)
    """Members to send instead; None leaves one out."""
    status: int = 400
    code: int = 0

    def __repr__(self) -> str:
        return self.name


RUN = {"experimentKey": "$key"}
UNKNOWN_RUN = {"experimentKey": UNKNOWN}
LAB = {"workspaceName": "team", "projectName": "lab"}
OTHER = {"workspaceName": "team", "projectName": "other"}
MODEL = {"workspaceName": "team", "modelName": "net"}
VERSION = {**MODEL, "version": "1.0.0"}
ARTIFACT = {"workspace": "team", "artifactName": "data"}
KEYS = "experiments experimentKey=$key experimentKey"


def of_run(path: str, place: str, expected: Any, **query: str) -> Read:
    return Read(f"experiment/{path}", {**RUN, **query}, place, expected)


def value(source: str, name: str, expected: Any) -> Read:
    return of_run(source, f"values name={name} valueCurrent", expected)


def point(name: str, member: str, expected: Any) -> Read:
    return of_run("metrics/get-metric", f"metrics 0 {member}", expected, metricName=name)


def column(name: str, expected: Any) -> Read:
    return Read("project/column-names", LAB, f"columns name={name} source", expected)


def listed(address: dict[str, str], expected: Any, **query: str) -> Read:
    return Read("experiments", {**address, **query}, KEYS, expected)


EXPERIMENTS = [
    Case(
        "create_experiment",
        {**LAB, "experimentName": "made"},
        [
            Read("experiments", LAB, "experiments experimentName=made running", True),
            Read("project", LAB, "numberOfExperiments", 2),
        ],
        answer={"name": "made", "workspaceName": "team", "projectName": "lab"},
        refused={"workspaceName": "nobody"},
        code=90219,
    ),
    Case(
        "stop_experiment",
        RUN,
        [of_run("metadata", "running", False), of_run("metadata", "hasCrashed", False)],
        answer={"msg": "Stop Requested"},
        refused=UNKNOWN_RUN,
        code=90211,
    ),
    Case(
        "archive_experiment",
        RUN,
        [
            of_run("metadata", "archived", True),
            listed(LAB, ABSENT),
            listed(LAB, "$key", archived="true"),
        ],
        answer={"msg": "Archived"},
        refused={"experimentKey": None},
        code=90998,
    ),
    Case(
        "restore_experiment",
        {"experimentKey": "$archived"},
        [
            Read("experiments", LAB, "experiments experimentKey=$archived archived", False),
            Read("experiments", {**LAB, "archived": "true"}, "experiments", []),
        ],
        refused=UNKNOWN_RUN,
        code=90211,
    ),
    Case(
        "delete_experiment",
        RUN,
        [listed(LAB, ABSENT), of_run("metadata", "sdk_error_code", 90211)],
        answer={"msg": "Deleted"},
        refused=UNKNOWN_RUN,
        code=90211,
    ),
    Case(
        "move_experiments",
        {
            "targetWorkspaceName": "team",
            "targetProjectName": "other",
            "experimentKeys": ["$key"],
            "symlink": False,
        },
        [
            listed(LAB, ABSENT),
            listed(OTHER, "$key"),
            of_run("metadata", "projectName", "other"),
        ],
        refused={"experimentKeys": ["$key", UNKNOWN]},
        code=90211,
    ),
    Case(
        "create_experiment_symlink",
        {**RUN, "projectName": "other"},
        [listed(LAB, "$key"), listed(OTHER, "$key"), of_run("metadata", "projectName", "lab")],
        refused={"projectName": None},
    ),
    Case(
        "delete_experiment_asset",
        {**RUN, "assetId": "$asset"},
        [
            of_run("asset/list", "assets assetId=$asset", ABSENT),
            of_run("asset/get-asset", "code", 400, assetId="$asset"),
        ],
        refused={"assetId": "nobody"},
    ),
    Case(
        "set_experiment_alive",
        {"experimentKey": "$ended"},
        [
            Read("experiment/metadata", {"experimentKey": "$ended"}, "running", True),
            Read("experiment/metadata", {"experimentKey": "$ended"}, "endTimeMillis", None),
        ],
        answer={
            "isAliveBeatDurationMillis": 10000,
            "gpuMonitorIntervalMillis": 60000,
            "cpuMonitorIntervalMillis": 68000,
        },
        refused=UNKNOWN_RUN,
        code=90211,
    ),
    Case(
        "update_experiment_status",
        {**RUN, "isAlive": False, "error": None, "hasCrashed": True},
        [of_run("metadata", "running", False), of_run("metadata", "hasCrashed", True)],
        refused={"isAlive": "no"},
    ),
    Case(
        "set_experiment_start_end",
        {**RUN, "startTimeMillis": 1_700_000_000_000, "endTimeMillis": 1_700_000_001_500},
        [
            of_run("metadata", "startTimeMillis", 1_700_000_000_000),
            of_run("metadata", "durationMillis", 1500),
        ],
        refused={"startTimeMillis": "soon"},
    ),
    Case(
        "mark_experiment_not_throttled",
        {"experimentKey": "$throttled"},
        [Read("experiment/metadata", {"experimentKey": "$throttled"}, "throttle", False)],
        refused=UNKNOWN_RUN,
        code=90211,
    ),
]

VALUES = [
    Case(
        "log_experiment_metric",
        {**RUN, "metricName": "val/f1", "metricValue": 0.000863, "step": 3, "epoch": 1},
        [
            point("val/f1", "metricValue", "8.63E-4"),
            point("val/f1", "step", 3),
            point("val/f1", "epoch", 1),
            value("metrics/summary", "val/f1", "8.63E-4"),
            column("val/f1", "metrics"),
        ],
        refused={"metricName": None},
    ),
    Case(
        "delete_experiment_metric",
        {**RUN, "metricName": "loss"},
        [
            of_run("metrics/get-metric", "metrics", [], metricName="loss"),
            value("metrics/summary", "loss", ABSENT),
            column("loss", ABSENT),
        ],
        refused={"metricName": "nothing"},
    ),
    Case(
        "log_experiment_parameter",
        {**RUN, "parameterName": "n|x", "parameterValue": True},
        [value("parameters", "n|x", "true"), column("n|x", "params")],
        refused={"parameterName": ""},
    ),
    Case(
        "delete_experiment_parameter",
        {**RUN, "parameterName": "lr"},
        [value("parameters", "lr", ABSENT), column("lr", ABSENT)],
        refused={"parameterName": "nothing"},
    ),
    Case(
        "delete_experiment_parameters",
        {
            "[]": [
                {"experimentKey": "$key", "parameterName": "lr"},
                {"experimentKey": "$key", "parameterName": "batch"},
            ]
        },
        [of_run("parameters", "values", [])],
        refused={"[]": [{"experimentKey": "$key"}]},
    ),
    Case(
        "log_experiment_other",
        {**RUN, "key": "Name", "value": "renamed"},
        [value("log-other", "Name", "renamed"), of_run("metadata", "experimentName", "renamed")],
        refused={"key": None},
    ),
    Case(
        "log_experiment_html",
        {**RUN, "html": "<b>more</b>", "override": False, "timestamp": 1_795_319_319_278_000},
        [of_run("html", "html", "<i>first</i><b>more</b>")],
        refused={"html": 3},
    ),
    Case(
        "log_experiment_output",
        {
            **RUN,
            "runContext": None,
            "outputLines": [
                {"output": "one\n", "stderr": False, "localTimestamp": 12, "offset": 0},
                {"output": "two\n", "stderr": True, "localTimestamp": 13, "offset": 1},
            ],
        },
        [of_run("output", "output", "one\ntwo\n")],
        refused={"outputLines": "one"},
    ),
    Case(
        "add_experiment_tags",
        {**RUN, "addedTags": ["first", "new"]},
        [of_run("tags", "tags", ["first", "new"]), column("new", "tag")],
        refused={"addedTags": None},
    ),
    Case(
        "delete_experiment_tags",
        {**RUN, "tags": ["first"]},
        [of_run("tags", "tags", []), column("first", ABSENT)],
        refused={"tags": [1]},
    ),
    Case(
        "log_experiment_dependency",
        {**RUN, "timestamp": 1, "logDependencies": [{"name": "numpy", "version": "1.0"}]},
        [of_run("system-details", "installedPackages", ["numpy==1.0"])],
        refused={"logDependencies": [{"name": "numpy"}]},
    ),
    Case(
        "set_experiment_code",
        {**RUN, "code": "print(1)"},
        [of_run("code", "code", "print(1)")],
        refused={"code": None},
    ),
    Case(
        "set_experiment_graph",
        {**RUN, "graph": "a -> b"},
        [of_run("graph", "graph", "a -> b")],
        refused={"graph": ["a"]},
    ),
    Case(
        "set_experiment_file_path",
        {**RUN, "filePath": "src/train.py"},
        [
            of_run("metadata", "filePath", "src/train.py"),
            of_run("metadata", "fileName", "train.py"),
        ],
        refused={"filePath": None},
    ),
    Case(
        "set_experiment_git_metadata",
        {**RUN, "user": "ann", "root": "r" * 40, "branch": "main", "parent": "p", "origin": "o"},
        [of_run("git/metadata", "user", "ann"), of_run("git/metadata", "branch", "main")],
        refused={"user": 1},
    ),
    Case(
        "set_experiment_git_patch",
        {**RUN, "file": b"PK-patch"},
        [of_run("git/patch", "", b"PK-patch")],
        refused=UNKNOWN_RUN,
        code=90211,
    ),
    Case(
        "set_experiment_system_details",
        {
            **RUN,
            "os": "Linux",
            "pid": 7,
            "command": ["train.py"],
            "logAdditionalSystemInfoList": [{"key": "k", "value": "v"}],
        },
        [
            of_run("system-details", "os", "Linux"),
            of_run("system-details", "pid", 7),
            of_run("system-details", "command", ["train.py"]),
            of_run("system-details", "logAdditionalSystemInfoList key=k value", "v"),
        ],
        refused={"logAdditionalSystemInfoList": "k"},
    ),
    Case(
        "log_experiment_cpu_metrics",
        {**RUN, "cpuPercentUtilization": [10, 30], "step": 2},
        [
            point("sys.cpu.percent.01", "metricValue", "10.0"),
            point("sys.cpu.percent.avg", "metricValue", "20.0"),
            of_run("system-details", "systemMetricNames 2", "sys.cpu.percent.avg"),
        ],
        refused={"cpuPercentUtilization": ["all"]},
    ),
    Case(
        "log_experiment_gpu_metrics",
        {**RUN, "gpus": [{"gpuId": 1, "usedMemory": 5, "gpuUtilization": 50, "totalMemory": 9}]},
        [
            point("sys.gpu.1.used_memory", "metricValue", "5"),
            point("sys.gpu.1.gpu_utilization", "metricValue", "50"),
        ],
        refused={"gpus": [{"usedMemory": 5}]},
    ),
    Case(
        "log_experiment_load_metrics",
        {**RUN, "loadAverage": 0.5, "context": "train"},
        [
            point("sys.load.avg", "metricValue", "0.5"),
            point("sys.load.avg", "runContext", "train"),
        ],
        refused={"loadAverage": "high"},
    ),
    Case(
        "log_experiment_ram_metrics",
        {**RUN, "totalRam": 10, "usedRam": 4},
        [
            point("sys.ram.used", "metricValue", "4"),
            of_run("system-details", "totalRam", 10),
        ],
        refused={"usedRam": None},
    ),
    Case(
        "set_experiment_cloud_details",
        {**RUN, "provider": "AWS", "metadata": {"zone": "a"}},
        [
            of_run("cloud-details", "provider", "AWS"),
            of_run("cloud-details", "metadata zone", "a"),
        ],
        refused={"metadata": "zone a"},
    ),
]

ASSETS = [
    Case(
        "upload_experiment_asset",
        {
            **RUN,
            "fileName": "plots/a.csv",
            "type": "asset",
            "step": 4,
            "extension": "csv",
            "metadata": '{"a":1}',
            "tags": "t1",
            "file": b"1,2\n",
        },
        [
            of_run("asset/list", "assets fileName=plots/a.csv step", 4),
            of_run("asset/list", "assets fileName=plots/a.csv metadata", '{"a":1}'),
            of_run("asset/list", "assets fileName=plots/a.csv tags", ["t1"]),
            of_run("asset/get-asset", "", b"1,2\n", assetId="$answer.assetId"),
            of_run("asset/details", "fileSize", 4, assetId="$answer.assetId"),
        ],
        refused={"file": None},
    ),
    Case(
        "upload_experiment_asset_start",
        {
            **RUN,
            "startUploadParams": {
                "cloudType": "AWS",
                "preSignUrlTimeoutSec": 60,
                "numOfFileParts": 2,
            },
            "fileName": "big.bin",
        },
        refused={"startUploadParams": {"numOfFileParts": 0}},
    ),
    Case(
        "upload_experiment_asset_complete",
        {
            "requestId": "$request",
            "succeed": True,
            "fileSize": 6,
            "uploadedFileParts": [
                {"PartNumber": 1, "ETag": "$etag1"},
                {"PartNumber": 2, "ETag": "$etag2"},
            ],
        },
        [
            of_run("asset/list", "assets fileName=parts.bin fileSize", 6),
            of_run("asset/get-asset", "", b"abcdef", assetId="$answer.assetId"),
        ],
        refused={"fileSize": 7},
    ),
    Case(
        "log_experiment_remote_model",
        {
            **RUN,
            "apiKey": "the-key-of-the-tests",
            "modelName": "far",
            "remoteEntities": [{"fileName": "w.bin", "remoteAssetUri": "s3://b/w.bin"}],
        },
        [
            of_run("model", "models modelName=far experimentKey", "$key"),
            of_run("model/asset/list", "assets 0 link", "s3://b/w.bin", modelName="far"),
            of_run("model/asset/list", "assets 0 remote", True, modelName="far"),
        ],
        refused={"remoteEntities": [{"fileName": "w.bin"}]},
    ),
]

PROJECTS = [
    Case(
        "create_project",
        {
            "workspaceName": "team",
            "projectName": "new",
            "projectDescription": "d",
            "isPublic": True,
        },
        [
            Read("project", {"projectId": "$answer.projectId"}, "projectName", "new"),
            Read("project", {"projectId": "$answer.projectId"}, "projectDescription", "d"),
            Read("project", {"projectId": "$answer.projectId"}, "public", True),
        ],
        refused={"projectName": "lab"},
    ),
    Case(
        "update_project",
        {**LAB, "newProjectName": "renamed", "newProjectDescription": "d2"},
        [
            Read("project", {"projectId": "$project"}, "projectName", "renamed"),
            Read("project", {"projectId": "$project"}, "projectDescription", "d2"),
            of_run("metadata", "projectName", "renamed"),
            Read("project", LAB, "code", 404),
        ],
        refused={"newProjectName": "other"},
    ),
    Case(
        "delete_project",
        {"projectId": "$project", "deleteAllExperiments": True},
        [
            Read("project", {"projectId": "$project"}, "code", 404),
            of_run("metadata", "sdk_error_code", 90211),
        ],
        refused={"projectId": "nobody"},
        status=404,
    ),
    Case(
        "set_project_notes",
        {"projectId": "$project", "notes": "# Notes"},
        [Read("project/notes", {"projectId": "$project"}, "notes", "# Notes")],
        answer={"msg": "saved", "code": 200, "data": None, "sdk_error_code": 0},
        refused={"projectId": "nobody"},
        status=404,
    ),
    Case(
        "set_project_owner",
        {"projectId": "$project", "userName": "ann"},
        [Read("project", {"projectId": "$project"}, "ownerUserName", "ann")],
        refused={"userName": None},
    ),
    Case(
        "create_project_share_link",
        {"projectId": "$project"},
        [
            Read(
                "project/get-project-share-links",
                {"projectId": "$project"},
                "shareCodes 1",
                "$answer.shareCode",
            )
        ],
        refused={"projectId": None},
    ),
    Case(
        "delete_project_share_link",
        {"projectId": "$project", "shareCode": "$share"},
        [Read("project/get-project-share-links", {"projectId": "$project"}, "shareCodes", [])],
        refused={"shareCode": "nobody"},
    ),
    Case(
        "create_workspace",
        {"name": "fresh"},
        [Read("workspaces", {}, "workspaceNames", ["team", "fresh"])],
        answer={"msg": "saved", "workspace_name": "fresh", "code": 200},
        refused={"name": "team"},
    ),
    Case(
        "add_workspace_member",
        {"userEmail": "ann@example.com", "workspaceName": "team", "admin": True},
        refused={"workspaceName": "nobody"},
        code=90219,
    ),
]

REGISTRY = [
    Case(
        "create_registry_model",
        {
            "experimentModelId": "$model",
            "registryModelName": "My Model!",
            "version": "1.0.0",
            "isPublic": True,
            "description": "d",
            "comment": "c",
            "stages": ["staging"],
        },
        [
            Read("registry-model/count", {"workspaceName": "team"}, "registryModelCount", 2),
            Read(
                "registry-model/details",
                {"workspaceName": "team", "modelName": "my-model"},
                "versions 0 stages",
                ["staging"],
            ),
            Read(
                "registry-model/details",
                {"workspaceName": "team", "modelName": "my-model"},
                "isPublic",
                True,
            ),
        ],
        refused={"version": "one"},
        code=42001,
    ),
    Case(
        "create_registry_model_item",
        {"experimentModelId": "$model", "registryModelName": "net", "version": "1.1.0"},
        [
            Read("registry-model/details", MODEL, "numberOfVersions", 2),
            Read("registry-model/details", MODEL, "versions 0 version", "1.1.0"),
            Read("registry-model/details", MODEL, "versions 0 assets 0 fileName", "model.bin"),
        ],
        refused={"registryModelName": "unknown"},
        code=42008,
    ),
    Case(
        "register_model_item_v2",
        {
            **RUN,
            "experimentModelName": "m",
            "registryModelName": "net",
            "version": None,
            "versionComment": "c",
            "tags": ["x"],
            "status": "QA",
            "publicModel": None,
        },
        [
            Read("registry-model/items", MODEL, "items version=2.0.0 status", "QA"),
            Read("registry-model/items", MODEL, "items version=2.0.0 tags", ["x"]),
        ],
        refused={"experimentModelName": "unknown"},
        code=42006,
    ),
    Case(
        "update_registry_model",
        {
            "registryModelId": "$registry",
            "registryModelName": "Net 2",
            "description": "d2",
            "isPublic": True,
        },
        [
            Read(
                "registry-model/details",
                {"workspaceName": "team", "modelName": "net-2"},
                "registryModelId",
                "$registry",
            ),
            Read("registry-model/details", MODEL, "sdk_error_code", 42008),
        ],
        refused={"registryModelId": "nobody"},
        code=42008,
    ),
    Case(
        "update_registry_model_item",
        {"registryModelItemId": "$item", "comment": "c2", "stages": ["prod"]},
        [
            Read("registry-model/details", MODEL, "versions 0 comment", "c2"),
            Read("registry-model/details", MODEL, "versions 0 stages", ["prod"]),
        ],
        refused={"registryModelItemId": "nobody"},
        code=42006,
    ),
    Case(
        "delete_registry_model",
        MODEL,
        [
            Read("registry-model", {"workspaceName": "team"}, "registryModels", []),
            of_run("model", "models 0 registryRecords", []),
        ],
        refused={"modelName": "unknown"},
        code=42008,
    ),
    Case(
        "delete_registry_model_item",
        {"modelItemId": "$item"},
        [Read("registry-model/count", {"workspaceName": "team"}, "registryModelCount", 0)],
        refused={"modelItemId": "nobody"},
        code=42006,
    ),
    Case(
        "set_registry_model_notes",
        {"workspaceName": "team", "registryModelName": "net", "notes": "n"},
        [Read("registry-model/notes", MODEL, "notes", "n")],
        refused={"registryModelName": "unknown"},
        code=42008,
    ),
    Case(
        "add_registry_model_item_stage",
        {"modelItemId": "$item", "stage": "prod"},
        [
            Read("registry-model/details", MODEL, "versions 0 stages", ["staging", "prod"]),
            Read("registry-model/latest_version", {**MODEL, "stage": "prod"}, "modelName", "net"),
        ],
        refused={"stage": None},
    ),
    Case(
        "delete_registry_model_item_stage",
        {"modelItemId": "$item", "stage": "staging"},
        [Read("registry-model/details", MODEL, "versions 0 stages", [])],
        refused={"stage": "unknown"},
    ),
    Case(
        "set_registry_model_item_status",
        {"modelItemId": "$item", "status": "Production"},
        [Read("registry-model/item/details", VERSION, "status", "Production")],
        refused={"status": "Wonderful"},
    ),
    Case(
        "update_registry_model_item_metadata",
        {"modelItemId": "$item", "metadata": [{"key": "a", "value": 1}]},
        [Read("registry-model/item/$item/metadata", {}, "metadata", [{"key": "a", "value": 1}])],
        refused={"metadata": [{"key": "a"}]},
    ),
    Case(
        "update_registry_model_item_status_configuration",
        {
            "modelItemId": "$item",
            "status": "QA",
            "isReviewRequired": True,
            "statusConfiguration": [{"key": "reviewer", "value": "ann"}],
            "comment": "please",
        },
        [
            Read("registry-model/item/$item/status-configuration", {}, "status", "QA"),
            Read("registry-model/item/$item/status-configuration", {}, "comment", "please"),
            Read(
                "registry-model/item/$item/status-configuration",
                {},
                "statusConfiguration key=reviewer value",
                "ann",
            ),
        ],
        refused={"isReviewRequired": None},
    ),
]

ARTIFACTS = [
    Case(
        "upsert_artifact",
        {
            **RUN,
            "artifactName": "data",
            "artifactType": "dataset",
            "version": None,
            "alias": ["x"],
            "versionTags": ["y"],
            "versionMetadata": '{"rows":2}',
        },
        [
            Read("artifacts/get", ARTIFACT, "versions version=2.0.0 state", "OPEN"),
            Read("artifacts/get", ARTIFACT, "versions version=2.0.0 alias", ["x"]),
            Read("artifacts/get", ARTIFACT, "versions version=2.0.0 metadata", '{"rows":2}'),
            Read("artifacts/version", {**ARTIFACT, "alias": "x"}, "sdk_error_code", 90402),
        ],
        answer={"artifactId": "$artifact", "previousVersion": "1.5.0", "currentVersion": "2.0.0"},
        refused={"version": "1.0.0"},
        code=90399,
    ),
    Case(
        "update_artifact",
        {"artifactId": "$artifact", "artifactType": None, "tags": ["t"]},
        [
            Read("artifacts/get", ARTIFACT, "tags", ["t"]),
            Read("artifacts/get", ARTIFACT, "type", "dataset"),
        ],
        refused={"artifactId": "nobody"},
        code=624522,
    ),
    Case(
        "update_artifact_version",
        {"artifactVersionId": "$version", "alias": ["stable"], "versionTags": None},
        [
            Read("artifacts/version", {**ARTIFACT, "alias": "Stable"}, "artifactVersion", "1.0.0"),
            Read("artifacts/version", {"versionId": "$version"}, "alias", ["stable"]),
            Read("artifacts/version", {"versionId": "$version"}, "tags", ["first"]),
        ],
        refused={"artifactVersionId": "nobody"},
        code=624523,
    ),
    Case(
        "set_artifact_version_state",
        {**RUN, "artifactVersionId": "$open", "state": "CLOSED"},
        [
            Read("artifacts/version", {**ARTIFACT, "alias": "latest"}, "artifactVersion", "1.5.0"),
            Read("artifacts/version", {"versionId": "$version"}, "alias", []),
            Read("artifacts/version", {"versionId": "$open"}, "state", "CLOSED"),
        ],
        refused={"state": "AJAR"},
        code=90410,
    ),
    Case(
        "log_artifact_remote_assets",
        {
            **RUN,
            "remoteArtifactAssetRequests": [
                {"artifactVersionId": "$open", "fileName": "d/r.bin", "link": "s3://b/r.bin"}
            ],
        },
        [
            Read("artifacts/version/files", {"versionId": "$open"}, "files 0 fileName", "d/r.bin"),
            Read("artifacts/version/files", {"versionId": "$open"}, "files 0 link", "s3://b/r.bin"),
            Read("artifacts/version/files", {"versionId": "$open"}, "files 0 remote", True),
        ],
        refused={
            "remoteArtifactAssetRequests": [
                {"artifactVersionId": "$version", "fileName": "r", "link": "s3://b/r"}
            ]
        },
        code=90401,
    ),
]

BOARDS = [
    Case(
        "upsert_view",
        {"projectId": "$project", "templateName": "v", "dashboardChartState": '{"charts":[1]}'},
        [
            Read(
                "views/get-all",
                {"projectId": "$project"},
                "views templateName=v dashboardChartState",
                '{"charts":[1]}',
            )
        ],
        answer={"templateName": "v", "projectId": "$project"},
        refused={"templateName": None},
    ),
    Case(
        "upsert_chart_template_view",
        {"projectId": "$project", "templateName": "c", **RUN},
        [
            Read(
                "views/chart-templates",
                {"projectId": "$project", **RUN},
                "views templateName=c experimentKey",
                "$key",
            )
        ],
        answer={"templateName": "c", "experimentKey": "$key"},
        refused=UNKNOWN_RUN,
        code=90211,
    ),
    Case(
        "upload_panel_zip",
        {"teamName": "team", "file": "$panel"},
        [
            Read(
                "code-panel/get-all",
                {"workspace": "team"},
                "codePanelTemplateRows templateName=Mine revisionId",
                1,
            ),
            Read(
                "code-panel/download", {"templateId": "$answer.templateId"}, "code pyCode", "pass"
            ),
            Read("template/$answer.templateId/download", {}, "", "$panel"),
        ],
        refused={"file": b"no zip"},
    ),
    Case(
        "create_dashboard_template",
        {"project_id": "$project", "template_name": "dash"},
        [
            Read(
                "dashboard-template/get-all",
                {"workspace": "team"},
                "dashboardTemplates templateName=dash projectId",
                "$project",
            ),
            Read(
                "dashboard-template/download",
                {"projectId": "$project", "templateId": "$answer.template_id"},
                "template_name",
                "dash",
            ),
        ],
        refused={"project_id": "nobody"},
        status=404,
    ),
    Case(
        "upsert_dashboard_template",
        {"project_id": "$project", "template_id": "T1", "codePanelTemplateIds": ["P1"]},
        [
            Read(
                "dashboard-template/download",
                {"projectId": "$project", "templateId": "T1"},
                "codePanelTemplateIds",
                ["P1"],
            )
        ],
        answer={"template_id": "T1"},
        refused={"template_id": None},
    ),
]

CASES = [*EXPERIMENTS, *VALUES, *ASSETS, *PROJECTS, *REGISTRY, *ARTIFACTS, *BOARDS]
