"""What each write of the Comet catalogue puts on the wire, as the vendor's clients were seen to."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from yarl import URL

from comet_async import Session, comet
from comet_async.errors import MessageInsteadOfData, UsageError
from comet_async.request import Effect, Request
from comet_async.testing import FakeTransport, reply
from tests.conftest import MockedClient
from tests.faults.support_client import KEY, here

W = "/api/rest/v2/write"
E = {"experimentKey": "exp1"}

# Nulls that the vendor's client sends besides are left out: they mean "not given".
JSON_WRITES: list[tuple[Request[Any], str, object]] = [
    (
        comet.create_experiment(
            comet.NewExperiment(workspace_name="ws", project_name="proj", experiment_name="run-1")
        ),
        "experiment/create",
        {"workspaceName": "ws", "projectName": "proj", "experimentName": "run-1"},
    ),
    (
        comet.move_experiments("ws2", "proj2", ["exp1", "exp2"], symlink=True),
        "experiment/move",
        {
            "targetWorkspaceName": "ws2",
            "targetProjectName": "proj2",
            "experimentKeys": ["exp1", "exp2"],
            "symlink": True,
        },
    ),
    (
        comet.update_experiment_status("exp1", is_alive=False, has_crashed=True),
        "experiment/update-status",
        {**E, "isAlive": False, "hasCrashed": True},
    ),
    (
        comet.set_experiment_start_end("exp1", start_time_millis=1_700_000_000_000),
        "experiment/set-start-end-time",
        {**E, "startTimeMillis": 1_700_000_000_000},
    ),
    (
        comet.set_experiment_start_end("exp1", end_time_millis=1_700_000_001_000),
        "experiment/set-start-end-time",
        {**E, "endTimeMillis": 1_700_000_001_000},
    ),
    (comet.mark_experiment_not_throttled("exp1"), "experiment/exp1/mark-not-throttled", {}),
    (
        comet.log_experiment_metric(
            comet.NewMetricPoint(
                experiment_key="exp1",
                metric_name="loss",
                metric_value=0.5,
                epoch=2,
                step=1,
                timestamp=1_700_000_000_000,
            )
        ),
        "experiment/metric",
        {
            **E,
            "metricName": "loss",
            "metricValue": 0.5,
            "epoch": 2,
            "step": 1,
            "timestamp": 1_700_000_000_000,
        },
    ),
    (
        comet.delete_experiment_metric("exp1", "loss"),
        "experiment/metric/delete",
        {**E, "metricName": "loss"},
    ),
    (
        comet.log_experiment_parameter(
            comet.NewParameter(
                experiment_key="exp1", parameter_name="lr", parameter_value=0.1, step=1
            )
        ),
        "experiment/parameter",
        {**E, "parameterName": "lr", "parameterValue": 0.1, "step": 1},
    ),
    (
        comet.log_experiment_parameter(
            comet.NewParameter(experiment_key="exp1", parameter_name="b", parameter_value=None)
        ),
        "experiment/parameter",
        {**E, "parameterName": "b", "parameterValue": None},
    ),
    (
        comet.log_experiment_parameter(
            comet.NewParameter(experiment_key="exp1", parameter_name="c", parameter_value=[1, 2])
        ),
        "experiment/parameter",
        {**E, "parameterName": "c", "parameterValue": [1, 2]},
    ),
    (
        comet.delete_experiment_parameter("exp1", "lr"),
        "experiment/parameter/delete",
        {**E, "parameterName": "lr"},
    ),
    (
        comet.delete_experiment_parameters(
            [comet.ParameterName(experiment_key="exp1", parameter_name=n) for n in ("lr", "b")]
        ),
        "experiments/parameters/delete",
        [{**E, "parameterName": "lr"}, {**E, "parameterName": "b"}],
    ),
    (
        comet.log_experiment_other("exp1", "k", "v"),
        "experiment/log-other",
        {**E, "key": "k", "value": "v"},
    ),
    (
        comet.log_experiment_other("exp1", "Name", None),
        "experiment/log-other",
        {**E, "key": "Name", "value": None},
    ),
    (
        comet.log_experiment_html("exp1", "<b>", override=True, timestamp=1_795_319_319_278_000),
        "experiment/html",
        {**E, "html": "<b>", "override": True, "timestamp": 1_795_319_319_278_000},
    ),
    (
        comet.log_experiment_output(
            "exp1",
            [
                comet.OutputLine(
                    output="line1\n", stderr=True, local_timestamp=1_331_129, offset=0
                ),
                comet.OutputLine(output="line2\n"),
            ],
        ),
        "experiment/output",
        {
            **E,
            "outputLines": [
                {"output": "line1\n", "stderr": True, "localTimestamp": 1_331_129, "offset": 0},
                {"output": "line2\n"},
            ],
        },
    ),
    (
        comet.add_experiment_tags("exp1", ("t", "u")),
        "experiment/tags",
        {**E, "addedTags": ["t", "u"]},
    ),
    (comet.delete_experiment_tags("exp1", ["t"]), "experiment/tags/delete", {**E, "tags": ["t"]}),
    (
        comet.log_experiment_dependency(
            "exp1",
            [comet.Dependency(name="numpy", version="1.0")],
            timestamp=1_795_319_323_042_000,
        ),
        "experiment/dependencies",
        {
            **E,
            "timestamp": 1_795_319_323_042_000,
            "logDependencies": [{"name": "numpy", "version": "1.0"}],
        },
    ),
    (comet.set_experiment_code("exp1", "print(1)"), "experiment/code", {**E, "code": "print(1)"}),
    (comet.set_experiment_graph("exp1", ""), "experiment/graph", {**E, "graph": ""}),
    (
        comet.set_experiment_file_path("exp1", "f.py"),
        "experiment/file-path",
        {**E, "filePath": "f.py"},
    ),
    (
        comet.set_experiment_git_metadata(
            comet.NewGitMetadata(
                experiment_key="exp1", user="u", root="r", branch="b", parent="p", origin="o"
            )
        ),
        "experiment/git/metadata",
        {**E, "user": "u", "root": "r", "branch": "b", "parent": "p", "origin": "o"},
    ),
    (
        comet.set_experiment_system_details(
            comet.NewSystemDetails(experiment_key="exp1", command=["a.py"], pid=1)
        ),
        "experiment/system-details",
        {**E, "command": ["a.py"], "pid": 1},
    ),
    (
        comet.set_experiment_system_details(
            comet.NewSystemDetails(
                experiment_key="exp1",
                log_additional_system_info_list=[comet.AdditionalSystemInfo(key="k", value="v")],
            )
        ),
        "experiment/system-details",
        {**E, "logAdditionalSystemInfoList": [{"key": "k", "value": "v"}]},
    ),
    (
        comet.log_experiment_cpu_metrics(
            comet.CpuMetrics(experiment_key="exp1", cpu_percent_utilization=[1, 2], step=1)
        ),
        "experiment/cpu-metrics",
        {**E, "cpuPercentUtilization": [1, 2], "step": 1},
    ),
    (
        comet.log_experiment_gpu_metrics(
            "exp1",
            [
                comet.GpuMetrics(
                    gpu_id=0, free_memory=1, used_memory=1, gpu_utilization=5, total_memory=2
                )
            ],
        ),
        "experiment/gpu-metrics",
        {
            **E,
            "gpus": [
                {
                    "gpuId": 0,
                    "freeMemory": 1,
                    "usedMemory": 1,
                    "gpuUtilization": 5,
                    "totalMemory": 2,
                }
            ],
        },
    ),
    (
        comet.log_experiment_load_metrics(
            comet.LoadMetrics(experiment_key="exp1", load_average=0.5)
        ),
        "experiment/load-metrics",
        {**E, "loadAverage": 0.5},
    ),
    (
        comet.log_experiment_ram_metrics(
            comet.RamMetrics(experiment_key="exp1", total_ram=10, used_ram=5)
        ),
        "experiment/ram-metrics",
        {**E, "totalRam": 10, "usedRam": 5},
    ),
    (
        comet.set_experiment_cloud_details("exp1", "AWS", {"a": 1}),
        "experiment/cloud-details",
        {**E, "provider": "AWS", "metadata": {"a": 1}},
    ),
    (
        comet.upload_experiment_asset_start(
            comet.StartUpload(num_of_file_parts=3), "exp1", file_name="f", metadata={"a": 1}
        ),
        "experiment/upload-asset-start",
        {
            "startUploadParams": {
                "cloudType": "AWS",
                "preSignUrlTimeoutSec": 10_800,
                "numOfFileParts": 3,
            },
            **E,
            "fileName": "f",
            "metadata": '{"a":1}',
        },
    ),
    (
        comet.upload_experiment_asset_complete(
            "r1", 10, succeed=True, uploaded_file_parts=[{"part": 1}]
        ),
        "experiment/upload-asset-complete",
        {"requestId": "r1", "succeed": True, "fileSize": 10, "uploadedFileParts": [{"part": 1}]},
    ),
    (
        comet.create_project("ws", "proj2", project_description="d", is_public=False),
        "project/create",
        {
            "workspaceName": "ws",
            "projectName": "proj2",
            "projectDescription": "d",
            "isPublic": False,
        },
    ),
    (
        comet.update_project(
            comet.ProjectUpdate(
                project_name="proj",
                workspace_name="ws",
                new_project_name="n",
                new_project_description="d",
                is_public=True,
            )
        ),
        "project/update",
        {
            "projectName": "proj",
            "workspaceName": "ws",
            "newProjectName": "n",
            "newProjectDescription": "d",
            "isPublic": True,
        },
    ),
    (
        comet.update_project(comet.ProjectUpdate(project_id="p1", new_project_name="n")),
        "project/update",
        {"projectId": "p1", "newProjectName": "n"},
    ),
    (
        comet.delete_project(
            workspace_name="ws", project_name="proj", delete_all_experiments=False
        ),
        "project/delete",
        {"workspaceName": "ws", "projectName": "proj", "deleteAllExperiments": False},
    ),
    (
        comet.set_project_notes("p1", ""),
        "project/notes",
        {"projectId": "p1", "notes": ""},
    ),
    (
        comet.set_project_owner("p1", "demo"),
        "project/update-owner",
        {"projectId": "p1", "userName": "demo"},
    ),
    (comet.create_workspace("ws", plan="x"), "workspace/new", {"name": "ws", "plan": "x"}),
    (
        comet.add_workspace_member("a@b.c", "ws", admin=True),
        "add-workspace-member",
        {"userEmail": "a@b.c", "workspaceName": "ws", "admin": True},
    ),
    (
        comet.create_registry_model(
            comet.NewRegistryModel(
                experiment_model_id="em1",
                registry_model_name="newreg",
                version="2.0.0",
                is_public=True,
                description="d",
                comment="c",
                stages=["staging"],
            )
        ),
        "registry-model",
        {
            "experimentModelId": "em1",
            "registryModelName": "newreg",
            "version": "2.0.0",
            "isPublic": True,
            "description": "d",
            "comment": "c",
            "stages": ["staging"],
        },
    ),
    (
        comet.create_registry_model_item(
            comet.NewRegistryModelItem(
                experiment_model_id="em1",
                registry_model_name="m",
                version="2.0.0",
                comment="c",
                stages=["staging"],
            )
        ),
        "registry-model/item",
        {
            "experimentModelId": "em1",
            "registryModelName": "m",
            "version": "2.0.0",
            "comment": "c",
            "stages": ["staging"],
        },
    ),
    (
        comet.register_model_item_v2(
            comet.NewModelVersion(
                experiment_key="exp1",
                experiment_model_name="m",
                registry_model_name="My Model",
                registry_model_description="d",
                version="1.0.0",
                version_comment="c",
                tags=["x"],
                status="Prod",
            )
        ),
        "registry-model/item/create",
        {
            **E,
            "experimentModelName": "m",
            "registryModelName": "My Model",
            "registryModelDescription": "d",
            "version": "1.0.0",
            "versionComment": "c",
            "tags": ["x"],
            "status": "Prod",
        },
    ),
    (
        comet.update_registry_model(
            "rm1", registry_model_name="m2", description="d", is_public=True
        ),
        "registry-model/update",
        {
            "registryModelId": "rm1",
            "registryModelName": "m2",
            "description": "d",
            "isPublic": True,
        },
    ),
    (
        comet.update_registry_model_item("rmi1", comment="c", stages=["staging"]),
        "registry-model/item/update",
        {"registryModelItemId": "rmi1", "comment": "c", "stages": ["staging"]},
    ),
    (
        comet.set_registry_model_notes("ws", "m", "notes"),
        "registry-model/notes",
        {"workspaceName": "ws", "registryModelName": "m", "notes": "notes"},
    ),
    (
        comet.set_registry_model_item_status("rmi1", "Prod"),
        "registry-model/item/status",
        {"status": "Prod", "modelItemId": "rmi1"},
    ),
    (
        comet.update_registry_model_item_metadata(
            "rmi1", [comet.NewMetadataEntry(key="a", value=1)]
        ),
        "registry-model/item/rmi1/metadata",
        {"metadata": [{"key": "a", "value": 1}]},
    ),
    (
        comet.update_registry_model_item_status_configuration(
            "rmi1",
            "Prod",
            [comet.NewStatusEntry(key="k", value="v")],
            is_review_required=True,
            comment="c",
        ),
        "registry-model/item/rmi1/status-configuration",
        {
            "status": "Prod",
            "isReviewRequired": True,
            "statusConfiguration": [{"key": "k", "value": "v"}],
            "comment": "c",
        },
    ),
    (
        comet.upsert_artifact(
            comet.NewArtifactVersion(
                artifact_name="ds",
                artifact_type="dataset",
                experiment_key="exp1",
                version="1.0.0",
                alias=["x"],
                version_tags=["y"],
                version_metadata={"a": 1},
            )
        ),
        "artifacts/upsert",
        {
            "artifactName": "ds",
            "artifactType": "dataset",
            **E,
            "versionMetadata": '{"a":1}',
            "version": "1.0.0",
            "alias": ["x"],
            "versionTags": ["y"],
        },
    ),
    (
        comet.update_artifact(comet.ArtifactUpdate(artifact_id="ar1", tags=["t"])),
        "artifacts/details",
        {"artifactId": "ar1", "tags": ["t"]},
    ),
    (
        comet.update_artifact_version("av1", alias=["x"], version_tags=[]),
        "artifacts/version/labels",
        {"artifactVersionId": "av1", "alias": ["x"], "versionTags": []},
    ),
    (
        comet.set_artifact_version_state("av1", "exp1", "CLOSED"),
        "artifacts/state",
        {"artifactVersionId": "av1", **E, "state": "CLOSED"},
    ),
    (
        comet.log_artifact_remote_assets("exp1", [{"uri": "s3://b/f"}]),
        "artifact/assets/remote/batch?experimentKey=exp1",
        {"remoteArtifactAssetRequests": [{"uri": "s3://b/f"}]},
    ),
    (
        comet.upsert_view(
            comet.NewView(project_id="p1", template_name="v", dashboard_chart_state="{}")
        ),
        "views/upsert",
        {"projectId": "p1", "templateName": "v", "dashboardChartState": "{}"},
    ),
    (
        comet.upsert_chart_template_view("p1", "v", "exp1"),
        "chart-templates/upsert",
        {"projectId": "p1", "templateName": "v", **E},
    ),
    (
        comet.create_dashboard_template("p1", "dash", code_panel_template_ids=["t"]),
        "dashboard-template/create",
        {"project_id": "p1", "template_name": "dash", "codePanelTemplateIds": ["t"]},
    ),
]
# By the whole target: they lie outside of /write/, or have no body.
OTHERS: list[tuple[Request[Any], str, object]] = [
    (
        comet.upsert_dashboard_template("p1", "tid"),
        "/api/rest/v2/dashboard-templates/project/upsert",
        {"project_id": "p1", "template_id": "tid"},
    ),
    (
        comet.log_experiment_remote_model(
            "exp1", "m", [{"fileName": "f", "remoteAssetUri": "s3://b/f"}]
        ),
        "/clientlib/asset/log-remote-model",
        {
            **E,
            "modelName": "m",
            "remoteEntities": [{"fileName": "f", "remoteAssetUri": "s3://b/f"}],
        },
    ),
    (comet.stop_experiment("exp1"), f"{W}/experiment/stop?experimentKey=exp1", None),
    (comet.archive_experiment("exp1"), f"{W}/experiment/archive?experimentKey=exp1", None),
    (comet.restore_experiment("exp1"), f"{W}/experiment/restore?experimentKey=exp1", None),
    (comet.delete_experiment("exp1"), f"{W}/experiment/delete?experimentKey=exp1", None),
    (comet.set_experiment_alive("exp1"), f"{W}/experiment/set-status?experimentKey=exp1", None),
    (
        comet.create_experiment_symlink("exp1", "proj2"),
        f"{W}/project/symlink?experimentKey=exp1&projectName=proj2",
        None,
    ),
    (
        comet.delete_experiment_asset("exp1", "a1"),
        f"{W}/experiment/asset/delete?experimentKey=exp1&assetId=a1",
        None,
    ),
    (
        comet.create_project_share_link("p1"),
        f"{W}/project/add-share-link?projectId=p1",
        None,
    ),
    (
        comet.delete_project_share_link("p1", "s1"),
        f"{W}/project/delete-project-share-link?projectId=p1&shareCode=s1",
        None,
    ),
    (
        comet.delete_registry_model("ws", "m"),
        f"{W}/registry-model/delete?workspaceName=ws&modelName=m",
        None,
    ),
    (
        comet.delete_registry_model_item("rmi1"),
        f"{W}/registry-model/item/delete?modelItemId=rmi1",
        None,
    ),
    (
        comet.add_registry_model_item_stage("rmi1", "x"),
        f"{W}/registry-model/item/stage?modelItemId=rmi1&stage=x",
        None,
    ),
    (
        comet.delete_registry_model_item_stage("rmi1", "x"),
        f"{W}/registry-model/item/stage/delete?modelItemId=rmi1&stage=x",
        None,
    ),
]
ROWS = [(request, f"{W}/{path}", body) for request, path, body in JSON_WRITES] + OTHERS
UPLOADS = {"set_experiment_git_patch", "upload_experiment_asset", "upload_panel_zip"}


@pytest.mark.parametrize(("request_", "target", "body"), ROWS)
async def test_on_the_wire(
    request_: Request[Any], target: str, body: object, mocked_http: MockedClient
) -> None:
    url = f"https://comet.test{target}"
    payload = {"msg": "saved", "code": 200, "sdk_error_code": 0}
    mocked_http.add(url, request_.method, payload=payload)
    async with Session(here("https://comet.test")) as session:
        await session.send(request_.returning(bytes))
    (((method, asked), (call,)),) = mocked_http.requests.items()
    assert (method, asked.path) == (request_.method, URL(url).path)
    assert dict(asked.query) == dict(URL(url).query)  # the mock sorts them
    assert request_.target == target
    sent, headers = call.kwargs["data"], dict(call.kwargs["headers"])
    assert headers["Authorization"] == KEY
    if body is None:
        assert sent is None
    else:
        assert headers["Content-Type"] == "application/json"
        keyed = {"apiKey": KEY} if request_.key_member else {}
        found = json.loads(sent or b"")
        assert found == ({**keyed, **body} if isinstance(body, dict) else body)


def test_every_write_is_in_the_table() -> None:
    wanted = {(endpoint.path, endpoint.method) for endpoint in (row[0] for row in ROWS)}
    assert len(wanted) == 70 - len(UPLOADS)


def test_the_key_is_in_no_request() -> None:
    request = comet.log_experiment_remote_model("e", "m", [{"fileName": "f"}])
    assert request.key_member == "apiKey"
    assert b"apiKey" not in (request.body or b"")
    assert request.effect is Effect.APPEND


@pytest.mark.parametrize(
    ("value", "text"),
    [(math.nan, "NaN"), (math.inf, "Infinity"), (-math.inf, "-Infinity"), (1e300, 1e300)],
)
def test_numbers_without_json_go_as_text(value: float, text: object) -> None:
    point = comet.NewMetricPoint(experiment_key="e", metric_name="m", metric_value=value)
    load = comet.LoadMetrics(experiment_key="e", load_average=value)
    nested = comet.NewParameter(
        experiment_key="e", parameter_name="p", parameter_value={"a": [value]}
    )
    found = [
        json.loads(request.body or b"")
        for request in (
            comet.log_experiment_metric(point),
            comet.log_experiment_load_metrics(load),
            comet.log_experiment_parameter(nested),
            comet.log_experiment_other("e", "k", value),
        )
    ]
    assert found[0]["metricValue"] == found[1]["loadAverage"] == found[3]["value"] == text
    assert found[2]["parameterValue"] == {"a": [text]}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: comet.archive_experiment(" "), "experimentKey is empty"),
        (lambda: comet.add_experiment_tags("e", "best"), "needs a list"),
        (lambda: comet.add_experiment_tags("e", []), "at least 1"),
        (lambda: comet.add_experiment_tags("e", [""]), "empty text"),
        (lambda: comet.move_experiments("w", "p", [], symlink=False), "at least 1"),
        (lambda: comet.delete_experiment_parameters([]), "at least 1"),
        (lambda: comet.log_experiment_output("e", []), "at least 1"),
        (lambda: comet.set_experiment_start_end("e"), "give start_time_millis"),
        (lambda: comet.update_project(comet.ProjectUpdate()), "name the project"),
        (comet.delete_project, "name the project"),
        (lambda: comet.delete_project(project_id="p", workspace_name="w"), "name the project"),
        (
            lambda: comet.create_registry_model_item(
                comet.NewRegistryModelItem(
                    experiment_model_id="e",
                    registry_model_name="m",
                    version="1.0.0",
                    stages="prod",  # type: ignore[arg-type]  # the refusal is tested
                )
            ),
            r"Expected `array \| null`, got `str` - at `\$.stages`",
        ),
        (lambda: comet.log_experiment_other("e", "k", object()), "no JSON can be made"),
        (lambda: comet.log_experiment_other("e", "k", "\ud800"), "no JSON|half a character"),
        (lambda: comet.upload_experiment_asset("e"), "exactly one of file, link"),
        (lambda: comet.upload_experiment_asset("e", file=b"", link="s3://b"), "exactly one"),
        (lambda: comet.upload_experiment_asset("e", link="s3://b", is_remote=False), "is remote"),
        (lambda: comet.upload_experiment_asset("e", file="/no/such/file"), "No such file"),
        (lambda: comet.upload_experiment_asset("e", file="/"), "no regular file"),
        (lambda: comet.upload_experiment_asset("e", file=b"", tags="x"), "needs a list"),
    ],
)
def test_calls_that_cannot_be_meant(call: Callable[[], Request[Any]], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        call()


def test_an_asset_goes_as_a_form() -> None:
    request = comet.upload_experiment_asset(
        "exp1",
        file=b"a,b",
        file_name="n.txt",
        step=1,
        overwrite=True,
        context="train",
        type="asset",
        metadata={"a": 1},
        extension="txt",
        tags=["x", "y"],
    )
    assert request.target == (
        f"{W}/experiment/upload-asset?experimentKey=exp1&fileName=n.txt&type=asset&step=1"
        "&overwrite=true&context=train&extension=txt"
    )
    assert request.upload is not None
    assert request.upload.fields == (("metadata", '{"a":1}'), ("tags", "x"), ("tags", "y"))
    assert (request.upload.part, request.upload.size) == ("file", 3)
    assert request.effect is Effect.IDEMPOTENT


def test_a_remote_asset_is_a_form_without_a_file() -> None:
    request = comet.upload_experiment_asset("exp1", link="s3://b/f", file_name="f")
    assert request.target == (
        f"{W}/experiment/upload-asset?experimentKey=exp1&fileName=f&isRemote=true"
    )
    assert request.upload is not None
    assert (request.upload.fields, request.upload.part) == ((("link", "s3://b/f"),), None)
    assert request.effect is Effect.APPEND


def test_a_patch_has_the_name_that_the_vendors_client_gives_it() -> None:
    request = comet.set_experiment_git_patch("exp1", b"PK")
    assert request.target == f"{W}/experiment/git/patch?experimentKey=exp1"
    assert request.upload is not None
    assert (request.upload.file_name, request.upload.media_type) == (
        "filename",
        "application/zip",
    )
    panel = comet.upload_panel_zip("ws", b"PK", template_id="t")
    assert panel.target == f"{W}/template/upload?teamName=ws&templateId=t"


async def test_what_writes_answer_is_read_beside_their_message() -> None:
    fake = FakeTransport()
    fake.on(
        "POST",
        f"{W}/workspace/new",
        reply(json={"msg": "saved", "workspace_name": "w", "workspace_id": "i", "code": 200}),
    )
    fake.on("POST", f"{W}/experiment/tags", reply(json={"msg": "no", "sdk_error_code": 90210}))
    fake.on("GET", f"{W}/project/add-share-link", reply(json={"shareCode": "secret-code"}))
    async with Session(here("https://comet.test"), transport=fake) as session:
        made = await session.send(comet.create_workspace("w"))
        assert (made.workspace_name, made.workspace_id) == ("w", "i")
        with pytest.raises(MessageInsteadOfData) as caught:
            await session.send(comet.add_experiment_tags("e", ["t"]))
        assert caught.value.code == 90210
        link = await session.send(comet.create_project_share_link("p"))
    assert link.share_code == "secret-code"
    assert "secret-code" not in repr(link)


def test_secrets_of_bodies_are_not_shown() -> None:
    details = comet.NewSystemDetails(
        experiment_key="e", env={"TOKEN": "s3cret"}, command="x s3cret"
    )
    assert "s3cret" not in repr(details)
    started = comet.StartedUpload(request_id="r", pre_sign_url=["https://s/?sig=s3cret"])
    assert "s3cret" not in repr(started)
    assert (
        msgspec.json.decode(
            b'{"requestId":"r","preSignUrl":null}', type=comet.StartedUpload
        ).pre_sign_url
        == []
    )
