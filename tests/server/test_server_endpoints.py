from __future__ import annotations

import json
import zipfile
from collections import Counter
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from comet_async.server.app import COMET_ROUTES, LOGGING_ROUTES
from comet_async.server.replies import Write

OTHER_ADDRESSES = {("GET", "/api/asset/download"), ("PUT", "/uploads/{request}/{part}")}
"""Addresses that answers hand out: of an asset, and of a part of an upload."""

CONFORMANCE = Path(__file__).parents[1] / "conformance"
KEY = "799e7164eb874c5c9fbb3d4979b41082"
RUN = {"experimentKey": KEY}
PROJECT = {"workspaceName": "demo", "projectName": "offline-demo"}
MODEL = {"workspaceName": "demo", "modelName": "toy-registry"}

EXPERIMENT = {
    *("experimentKey", "experimentName", "optimizationId", "userName", "projectId"),
    *("projectName", "workspaceName", "filePath", "fileName", "throttle", "durationMillis"),
    *("startTimeMillis", "endTimeMillis", "archived", "running", "hasCrashed"),
}
PROJECT_ROW = {
    *("projectId", "projectName", "ownerUserName", "projectDescription", "workspaceName"),
    *("numberOfExperiments", "lastUpdated", "public"),
}
POINT = {"metricName", "metricValue", "timestamp", "step", "epoch", "runContext", "offset"}
SUMMARY = {
    *("name", "valueMax", "valueMin", "valueCurrent", "timestampMax", "timestampMin"),
    *("timestampCurrent", "stepMax", "stepMin", "stepCurrent", "editable"),
}
ASSET = {
    *("fileName", "fileSize", "runContext", "step", "remote", "link", "compressedAssetLink"),
    *("s3Link", "createdAt", "dir", "canView", "audio", "video", "histogram", "image", "type"),
    *("metadata", "assetId", "tags", "curlDownload", "experimentKey", "items", "etag"),
}
SYSTEM = {
    *("experimentKey", "user", "pythonVersion", "pythonVersionVerbose", "pid", "osType", "os"),
    *("osRelease", "machine", "processor", "ip", "hostname", "env", "gpuStaticInfoList"),
    *("logAdditionalSystemInfoList", "systemMetricNames", "maxTotalMemory"),
    *("networkInterfaceIps", "command", "executable", "osPackages", "installedPackages"),
    "totalRam",
}
REGISTRY = {
    *("registryModelId", "modelName", "description", "isPublic", "createdAt", "lastUpdated"),
    *("userName", "numberOfVersions", "imagePath", "workspaceId"),
}
VERSION = {
    *("registryModelItemId", "experimentModel", "version", "comment", "stages", "userName"),
    *("createdAt", "lastUpdated", "restApiUrl"),
}
ITEM = {
    *("registryModelItemId", "version", "status", "tags", "comment", "experimentKey"),
    "createdAt",
}
ARTIFACT = {
    *("artifactId", "project", "type", "name", "description", "latestVersion", "tags"),
    *("isPublic", "emoji", "sizeInBytes", "versions"),
}
ARTIFACT_VERSION = {
    *("artifactVersionId", "version", "owner", "metadata", "createdFrom", "sizeInBytes", "state"),
    *("added", "alias", "tags"),
}
ARTIFACT_FILE = {
    *("artifactId", "artifactVersionId", "assetId", "fileName", "fileSize", "link", "dir"),
    *("type", "metadata"),
}
PAGE_ROW = {
    *("projectId", "userName", "projectName", "projectDesc", "generalProject", "totalRowCount"),
    *("filteredRowCount", "experimentCount", "imagePath", "isPublic", "teamId", "created_at"),
    *("lastUpdated", "lastUpdatedByUser", "isStarterProject", "teamName", "isInProjectTeam"),
    *("owner", "canEdit"),
}
PANEL_ROW = {
    *("templateId", "owner", "teamId", "templateName", "queryBuilderId", "scopeType"),
    *("revisionId", "createdAt"),
}
VIEW = {
    *("templateId", "templateName", "projectId", "experimentQueryState", "dashboardChartState"),
    *("reactGridTableState", "v2", "v3", "source", "current", "unsavedView", "createdBy"),
    *("lastUpdate", "pinnedExperiments", "codePanelTemplateIds"),
}

READS: list[tuple[str, dict[str, str], str, set[str]]] = [
    ("workspaces", {}, "", {"workspaceNames"}),
    ("projects", {"workspaceName": "demo"}, "projects.0", PROJECT_ROW),
    ("projects/page", {"workspaceName": "demo"}, "", {"rows", "filteredRowCount", "totalRowCount"}),
    ("projects/page", {"workspaceName": "demo"}, "rows.0", PAGE_ROW),
    ("project", PROJECT, "", PROJECT_ROW),
    ("project/column-names", PROJECT, "columns.0", {"name", "id", "type", "source"}),
    ("experiments", PROJECT, "experiments.0", EXPERIMENT),
    ("experiment/metadata", RUN, "", EXPERIMENT),
    ("experiment/git/metadata", RUN, "", {"user", "root", "branch", "parent", "origin"}),
    ("experiment/html", RUN, "", {"html"}),
    ("experiment/code", RUN, "", {"code"}),
    ("experiment/output", RUN, "", {"output"}),
    ("experiment/graph", RUN, "", {"graph"}),
    ("experiment/cloud-details", RUN, "", {"experimentKey", "provider", "metadata"}),
    ("experiment/metrics/get-metric", {**RUN, "metricName": "loss"}, "metrics.0", POINT),
    ("experiment/metrics/get-all", RUN, "metrics.0", POINT),
    ("experiment/metrics/summary", RUN, "values.0", SUMMARY),
    ("experiment/parameters", RUN, "values.0", SUMMARY - {"stepMax", "stepMin", "stepCurrent"}),
    ("experiment/log-other", RUN, "values.0", SUMMARY - {"stepMax", "stepMin", "stepCurrent"}),
    ("experiment/tags", RUN, "", {"tags"}),
    ("experiment/system-details", RUN, "", SYSTEM),
    ("experiment/processing/status", RUN, "", {"processing"}),
    ("experiment/asset/list", RUN, "assets.0", ASSET),
    ("experiment/asset/get-by-name", {**RUN, "assetName": "roc"}, "assets.0", ASSET),
    (
        "experiment/asset/details",
        {**RUN, "assetId": "ec2818e208374e109deff00e2c3cfba6"},
        "",
        ASSET,
    ),
    (
        "experiment/model",
        RUN,
        "models.0",
        {"experimentModelId", "experimentKey", "modelName", "registryRecords"},
    ),
    ("experiment/model/asset/list", {**RUN, "modelName": "toy-model"}, "assets.0", ASSET),
    ("get/artifacts", RUN, "", {"artifacts"}),
    ("registry-model", {"workspaceName": "demo"}, "registryModels.0", REGISTRY | {"latestVersion"}),
    (
        "registry-model",
        {"workspaceName": "demo"},
        "registryModels.0.latestVersion",
        VERSION | {"metadata"},
    ),
    ("registry-model/count", {"workspaceName": "demo"}, "", {"registryModelCount"}),
    ("registry-model/details", MODEL, "", REGISTRY | {"versions"}),
    ("registry-model/details", MODEL, "versions.0", VERSION | {"assets"}),
    ("registry-model/details", MODEL, "versions.0.assets.0", ASSET),
    ("registry-model/latest_version", MODEL, "versions.0", VERSION | {"assets"}),
    ("registry-model/notes", MODEL, "", {"notes"}),
    ("registry-model/compact-details", MODEL, "", {"registryModelId", "modelName"}),
    ("registry-model/items", MODEL, "items.0", ITEM),
    ("registry-model/item/details", {**MODEL, "version": "1.0.0"}, "", ITEM),
    ("registry-model/item/download-instructions", MODEL, "", {"versions", "s3DownloadEnabled"}),
    ("registry-model/item/download-instructions", MODEL, "versions.0.assets.0", ASSET),
    ("registry-model/allowed_status_values", {"workspaceName": "demo"}, "", {"allowedStatus"}),
    ("artifacts/get-all", {"workspace": "demo"}, "artifacts.0", {"artifactId", "name", "type"}),
    ("artifacts/get", {"workspace": "demo", "artifactName": "training-data"}, "", ARTIFACT),
    (
        "artifacts/get",
        {"workspace": "demo", "artifactName": "training-data"},
        "versions.0",
        ARTIFACT_VERSION,
    ),
    (
        "artifacts/version/files",
        {"workspace": "demo", "artifactName": "training-data", "alias": "latest"},
        "files.0",
        ARTIFACT_FILE,
    ),
    ("account-details", {}, "", {"userName", "defaultWorkspaceName"}),
    ("code-panel/get-all", {"workspace": "demo"}, "codePanelTemplateRows.0", PANEL_ROW),
    (
        "dashboard-template/get-all",
        {"workspace": "demo"},
        "dashboardTemplates.0",
        {"templateId", "templateName", "projectId", "projectName", "createdBy"},
    ),
    (
        "webhooks/config",
        {"workspaceName": "demo", "modelName": "toy-registry"},
        "",
        {"workspaceName", "modelName", "webhookUrls"},
    ),
    ("/clientlib/isAlive/ver", {}, "", {"msg", "version"}),
]


def at(document: Any, path: str) -> Any:
    for part in filter(None, path.split(".")):
        document = document[int(part)] if part.isdigit() else document[part]
    return document


@pytest.mark.parametrize(("path", "query", "place", "members"), READS)
async def test_a_read_has_exactly_the_members_of_the_wire(
    client: Any, path: str, query: dict[str, str], place: str, members: set[str]
) -> None:
    body = await client.get(path, **query)
    assert set(at(body, place)) == members


async def test_project_level_reads_by_id(client: Any) -> None:
    project = (await client.get("project", **PROJECT))["projectId"]
    by_id = {"projectId": project}
    assert (await client.get("project/notes", **by_id))["notes"].startswith("# offline-demo")
    assert len((await client.get("project/get-project-share-links", **by_id))["shareCodes"]) == 1
    views = (await client.get("views/get-all", **by_id))["views"]
    assert [set(view) for view in views] == [VIEW, VIEW]
    more = await client.get("views/get-all", **by_id, includeWorkspaceViews="true")
    assert len(more["views"]) == 3
    charts = await client.get("views/chart-templates", **by_id, experimentKey=KEY)
    assert set(charts["views"][0]) == VIEW | {"experimentKey"}
    store = await client.get("viz-instance/store/get", **by_id, instanceId="i1")
    assert store == {"store": f'{{"instanceId": "i1", "selected": ["{KEY}"]}}'}


async def test_dashboards_and_panels(client: Any) -> None:
    rows = (await client.get("dashboard-template/get-all", workspace="demo"))["dashboardTemplates"]
    names = {"projectId": rows[0]["projectId"], "templateId": rows[0]["templateId"]}
    board = await client.get("dashboard-template/download", **names)
    assert board["template_id"] == rows[0]["templateId"]
    assert set(board["v2"]) == {"reactGridTableState", "toggles"}
    panels = (await client.get("code-panel/get-all", workspace="demo"))["codePanelTemplateRows"]
    python = await client.get("code-panel/download", templateId=panels[1]["templateId"])
    assert (python["code"]["type"], python["code"]["pyCode"]) == ("py", "print('panel')\n")
    status, body = await client.answer("code-panel/download")
    assert (status, body["code"]) == (400, 400)
    path = f"template/{panels[0]['templateId']}/download"
    status, headers, data = await client.raw(path)
    assert (status, headers["Content-Type"]) == (200, "application/zip")
    assert zipfile.ZipFile(BytesIO(data)).namelist() == ["code.js", "code.py", "info.json"]


async def test_registry_items_by_id(client: Any) -> None:
    item = await client.get("registry-model/item/details", **MODEL, version="1.0.0")
    base = f"registry-model/item/{item['registryModelItemId']}"
    assert await client.get(f"{base}/metadata") == {"metadata": []}
    status = await client.get(f"{base}/status-configuration")
    assert (status["status"], status["isReviewRequired"]) == ("Development", False)
    body = {"registryModelItemId": item["registryModelItemId"], "groupedBy": "DAY"}
    history = await client.post("registry-model/history/item", body)
    assert list(history) == ["November 22, 2026"]
    actions = [entry["actionType"] for entry in history["November 22, 2026"]]
    assert actions == ["MODEL_VERSION_STATUS_CHANGED", "MODEL_VERSION_CREATED"]


async def test_synthetic_registry_has_versions_stages_and_metadata(client: Any) -> None:
    model = {"workspaceName": "synthetic", "modelName": "synthetic-model"}
    details = await client.get("registry-model/details", **model)
    assert [row["version"] for row in details["versions"]] == ["1.2.0", "1.1.0", "1.0.0"]
    item = details["versions"][0]["registryModelItemId"]
    metadata = await client.get(f"registry-model/item/{item}/metadata")
    assert metadata == {
        "metadata": [{"key": "accuracy", "value": "0.9"}, {"key": "runs", "value": 3}]
    }
    staged = await client.get("registry-model/latest_version", **model, stage="production")
    assert staged["versions"][0]["version"] == "1.0.0"
    minor = {"versionMajor": 1, "versionMinor": 1}
    older = await client.get("registry-model/latest_version", **model, **minor)
    assert older["versions"][0]["version"] == "1.1.0"
    found = await client.get("registry-model/items", **model, versionPrefix="1.2", tag="candidate")
    assert [row["version"] for row in found["items"]] == ["1.2.0"]


async def test_best_experiment_of_a_sweep(client: Any) -> None:
    sweep = (await client.get("experiment/metadata", **RUN))["optimizationId"]
    best = await client.get(
        "get-best-experiment", optimizationId=sweep, metricName="loss", goal="MIN"
    )
    assert best == {"experimentKey": KEY, "metricValue": 0.07914603074299226, "experimentCount": 1}
    none = await client.get(
        "get-best-experiment", optimizationId="no-sweep", metricName="loss", goal="max"
    )
    assert none == {"experimentKey": None, "metricValue": None, "experimentCount": 0}


async def test_artifact_names_are_decoded_until_stable(client: Any) -> None:
    once, twice = "my%20ds%2F1", "my%2520ds%252F1"
    for name in ("my ds/1", once, twice):
        body = await client.get("artifacts/get", workspace="demo", artifactName=name)
        assert body["name"] == "my ds/1"


async def test_artifact_versions_by_number_alias_and_id(client: Any) -> None:
    address = {"workspace": "demo", "artifactName": "training-data"}
    newest = await client.get("artifacts/version", **address, alias="latest")
    assert (newest["artifactVersion"], newest["state"]) == ("2.0.0", "CLOSED")
    old = await client.get("artifacts/version", **address, versionOrAlias="current-production")
    assert old["artifactVersion"] == "1.0.0"
    again = await client.get("artifacts/version", versionId=old["artifactVersionId"])
    assert again == old
    missing = await client.answer("artifacts/version", **address, version="9.9.9")
    assert (missing[0], missing[1]["sdk_error_code"]) == (400, 624523)
    unknown = await client.answer("artifacts/get", workspace="demo", artifactName="nobody")
    assert (unknown[0], unknown[1]["sdk_error_code"]) == (400, 624522)


async def test_lineage_names_what_a_run_wrote(client: Any) -> None:
    written = await client.get("get/artifacts", **RUN, filter="output")
    assert {row["artifactVersion"] for row in written["artifacts"]} == {"1.0.0", "2.0.0"}
    assert await client.get("get/artifacts", **RUN, filter="input") == {"artifacts": []}


@pytest.mark.parametrize(
    ("path", "query", "status", "code"),
    [
        ("experiment/metadata", {"experimentKey": "0" * 32}, 400, 90211),
        ("experiment/metadata", {}, 400, 90998),
        ("experiment/metrics/get-metric", RUN, 400, 0),
        ("project", {"projectId": "nobody"}, 404, 0),
        ("project", {"workspaceName": "demo", "projectName": "nobody"}, 404, 0),
        ("project", {}, 400, 0),
        ("projects", {"workspaceName": "nobody"}, 400, 90219),
        ("registry-model/details", {"workspaceName": "demo", "modelName": "nobody"}, 404, 42008),
        ("registry-model/item/details", {**MODEL, "version": "9.0.0"}, 404, 42006),
        ("registry-model/item/nobody/metadata", {}, 404, 42006),
        ("experiment/asset/get-asset", {**RUN, "assetId": "nobody"}, 400, 0),
        ("experiment/model/asset/list", {**RUN, "modelName": "nobody"}, 400, 0),
        ("dashboard-template/download", {"projectId": "x", "templateId": "y"}, 404, 0),
        ("get-best-experiment", {"optimizationId": "a", "metricName": "b", "goal": "c"}, 400, 0),
        ("experiments", {**PROJECT, "size": "minus one"}, 400, 0),
        ("no-such-path", {}, 404, 0),
    ],
)
async def test_unknown_things_get_the_error_document(
    client: Any, path: str, query: dict[str, str], status: int, code: int
) -> None:
    answered, body = await client.answer(path, **query)
    assert answered == status
    assert set(body) == {"msg", "code", "data", "sdk_error_code"}
    assert (body["code"], body["data"], body["sdk_error_code"]) == (status, None, code)
    assert body["msg"]


async def test_wrong_method_and_head_are_refused(client: Any) -> None:
    async with client.session.post(client.url("workspaces")) as response:
        assert response.status == 405
    async with client.session.head(client.url("workspaces")) as response:
        assert response.status == 405


async def test_experiment_pages_do_not_overlap_and_end_short(client: Any) -> None:
    address = {"workspaceName": "synthetic", "projectName": "synthetic"}
    everything = (await client.get("experiments", **address))["experiments"]
    assert [row["experimentName"] for row in everything] == [f"run-{at:06d}" for at in range(10)]
    paged: list[str] = []
    for page in (1, 2, 3, 4):
        rows = (await client.get("experiments", **address, page=page, size=4))["experiments"]
        paged += [row["experimentKey"] for row in rows]
    assert paged == [row["experimentKey"] for row in everything]


async def test_experiments_sort_by_start_and_end_in_both_directions(client: Any) -> None:
    address = {"workspaceName": "synthetic", "projectName": "synthetic"}
    for column, member in (("startTime", "startTimeMillis"), ("endTime", "endTimeMillis")):
        for order in ("asc", "desc"):
            body = await client.get("experiments", **address, sortBy=column, sortOrder=order)
            times = [row[member] for row in body["experiments"]]
            assert times == sorted(times, reverse=order == "desc")
            assert len(times) == 10


@pytest.mark.parametrize("spelling", ["true", "True"])
async def test_archived_is_understood_in_both_spellings(client: Any, spelling: str) -> None:
    address = {"workspaceName": "synthetic", "projectName": "synthetic"}
    rows = (await client.get("experiments", **address, archived=spelling))["experiments"]
    assert [row["experimentName"] for row in rows] == ["run-000010", "run-000011"]
    assert all(row["archived"] is True for row in rows)


async def test_projects_page_counts_as_texts_in_rows_only(client: Any) -> None:
    body = await client.get("projects/page", workspaceName="demo", offset=0, count=1)
    assert (body["totalRowCount"], body["filteredRowCount"]) == (1, 1)
    assert body["rows"][0]["totalRowCount"] == "1"
    empty = await client.get("projects/page", workspaceName="demo", offset=1, count=1)
    assert (empty["rows"], empty["totalRowCount"]) == ([], 1)
    searched = await client.get("projects/page", workspaceName="demo", search="nothing")
    assert (searched["filteredRowCount"], searched["totalRowCount"]) == (0, 1)


async def test_the_callers_key_is_in_curl_commands_as_on_the_wire(client: Any) -> None:
    asset = (await client.get("experiment/asset/list", **RUN))["assets"][0]
    assert '-H"Authorization: the-key-of-the-tests"' in asset["curlDownload"]


def test_every_endpoint_of_the_facts_has_its_route() -> None:
    facts = json.loads((CONFORMANCE / "comet-endpoints.json").read_bytes())
    assert Counter(fact["kind"] for fact in facts) == {
        "read": 60,
        "download": 6,
        "write": 65,
        "upload": 5,
    }
    named = {(fact["verb"], fact["path"]) for fact in facts}
    twins = {(fact["verb"], path) for fact in facts for path in fact.get("alt_paths", ())}
    assert set(COMET_ROUTES) - set(LOGGING_ROUTES) == named | twins | OTHER_ADDRESSES
    changing = {"write", "upload"}
    writes = {(fact["verb"], fact["path"]) for fact in facts if fact["kind"] in changing}
    marked = {key for key in named if isinstance(COMET_ROUTES[key], Write)}
    assert marked == writes


RECORDED: list[tuple[str, str, dict[str, str], str]] = [
    ("workspaces", "workspaces", {}, ""),
    ("projects", "projects", {"workspaceName": "demo"}, "projects.0"),
    ("experiments", "experiments", PROJECT, "experiments.0"),
    ("experiment-metadata", "experiment/metadata", RUN, ""),
    ("project-column-names", "project/column-names", PROJECT, "columns.0"),
    ("metrics-get-all-first-1000", "experiment/metrics/get-all", RUN, "metrics.0"),
    (
        "metrics-get-metric-acc-510",
        "experiment/metrics/get-metric",
        {**RUN, "metricName": "accuracy"},
        "metrics.0",
    ),
    ("metrics-summary-java-notation", "experiment/metrics/summary", RUN, "values.0"),
    ("parameters-one", "experiment/parameters", RUN, "values.0"),
    ("log-other-with-editable", "experiment/log-other", RUN, "values.0"),
    ("asset-list-2025", "experiment/asset/list", RUN, "assets.0"),
    ("system-details-2025", "experiment/system-details", RUN, ""),
    (
        "artifact-details",
        "artifacts/get",
        {"workspace": "demo", "artifactName": "training-data"},
        "",
    ),
    (
        "artifact-details",
        "artifacts/get",
        {"workspace": "demo", "artifactName": "training-data"},
        "versions.0",
    ),
    (
        "artifact-version-files",
        "artifacts/version/files",
        {"workspace": "demo", "artifactName": "training-data"},
        "files.0",
    ),
    (
        "registry-item-assets",
        "registry-model/item/download-instructions",
        MODEL,
        "versions.0.assets.0",
    ),
]


@pytest.mark.parametrize(("name", "path", "query", "place"), RECORDED)
async def test_members_and_types_are_those_of_a_recorded_body(
    client: Any, name: str, path: str, query: dict[str, str], place: str
) -> None:
    recorded = at(json.loads((CONFORMANCE / "recorded" / f"{name}.json").read_bytes()), place)
    ours = at(await client.get(path, **query), place)
    assert set(recorded) <= set(ours)
    for member, value in recorded.items():
        if value is not None and ours[member] is not None:
            assert type(ours[member]) is type(value), member


async def test_history_entries_are_those_of_a_recorded_body(client: Any) -> None:
    text = (CONFORMANCE / "recorded" / "registry-item-history.json").read_bytes()
    recorded = json.loads(text)["November 16, 2023"][1]
    item = await client.get("registry-model/item/details", **MODEL, version="1.0.0")
    body = {"registryModelItemId": item["registryModelItemId"], "groupedBy": "DAY"}
    (entries,) = (await client.post("registry-model/history/item", body)).values()
    assert set(entries[0]) == set(recorded)
    assert set(entries[0]["newValue"]) == set(recorded["newValue"])


async def test_the_link_of_an_asset_leads_to_its_bytes(client: Any) -> None:
    asset = (await client.get("experiment/asset/list", **RUN))["assets"][0]
    async with client.session.get(asset["link"]) as response:
        assert (response.status, len(await response.read())) == (200, asset["fileSize"])
