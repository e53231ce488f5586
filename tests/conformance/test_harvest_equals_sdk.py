"""Every value of a harvest equals what the unmodified SDK returns from the same server.

The SDK reads two workspaces in a child; they are harvested exactly and by charts. For each object
that the SDK returns, `MEMBERS` says which column holds which member and `LEFT_OUT` which members no
table holds, and why: a member in neither fails, so nothing can be dropped unseen.

The rules by which a value may differ in form are those of `told`, and:

- a list that the SDK returns as null is empty, and an empty text or null has no row in a table of
  texts;
- the SDK returns a patch as a zip, the table has its text;
- read exactly, `metrics` holds the metrics of the machine too, as the SDK's `get_metrics` does;
- dashboard templates are rows of `dashboards` too; the SDK has no call for them;
- metrics, parameters and summaries that are read by charts have what a chart tells: no context, no
  offset, and a number's value rather than its text.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import anyio
import pytest

from comet_async import Limits, Session, comet, harvest
from comet_async.harvest.schema import ON_DEMAND
from comet_async.harvest.sources import COMET
from comet_async.server import LocalServer, SyntheticSpec, serve_in_thread
from tests.integration.test_harvest_sample import number, same, table

SCRIPT = Path(__file__).with_name("sdk_reads.py")
WORKSPACES = ("samples", "synthetic")
SPEC = SyntheticSpec(
    experiments=5,
    points=40,
    assets=3,
    remote_assets=2,
    hostile_names=True,
    system_metrics=3,
    models=2,
    artifacts=1,
    projects=2,
)
TEMPLATE = "dashboard template"
Row = dict[str, Any]

MEMBERS: Mapping[str, Mapping[str, str]] = {
    "experiments": {
        "experimentKey": "experiment_key",
        "experimentName": "experiment_name",
        "workspaceName": "workspace_name",
        "projectId": "project_id",
        "projectName": "project_name",
        "userName": "user_name",
        "optimizationId": "optimization_id",
        "filePath": "file_path",
        "fileName": "file_name",
        "startTimeMillis": "start_time",
        "endTimeMillis": "end_time",
        "durationMillis": "duration_ms",
        "archived": "archived",
        "running": "running",
        "hasCrashed": "has_crashed",
        "throttle": "throttled",
    },
    "metrics": {
        "metricName": "metric",
        "metricValue": "value",
        "timestamp": "timestamp",
        "step": "step",
        "epoch": "epoch",
        "runContext": "context",
        "offset": "offset",
    },
    "metric_summaries": {
        "name": "metric",
        "valueMin": "min",
        "timestampMin": "min_timestamp",
        "stepMin": "min_step",
        "runContextMin": "min_context",
        "valueMax": "max",
        "timestampMax": "max_timestamp",
        "stepMax": "max_step",
        "runContextMax": "max_context",
        "valueCurrent": "last",
        "timestampCurrent": "last_timestamp",
        "stepCurrent": "last_step",
        "runContextCurrent": "last_context",
        "editable": "editable",
    },
    "parameters": {
        "name": "name",
        "valueCurrent": "value",
        "timestampCurrent": "timestamp",
        "stepCurrent": "step",
        "runContextCurrent": "context",
        "valueMin": "value_min",
        "timestampMin": "value_min_timestamp",
        "stepMin": "value_min_step",
        "runContextMin": "value_min_context",
        "valueMax": "value_max",
        "timestampMax": "value_max_timestamp",
        "stepMax": "value_max_step",
        "runContextMax": "value_max_context",
        "editable": "editable",
    },
    "system_details": {
        "experimentKey": "experiment_key",
        "user": "user",
        "hostname": "hostname",
        "ip": "ip",
        "networkInterfaceIps": "network_interface_ips",
        "os": "os",
        "osType": "os_type",
        "osRelease": "os_release",
        "machine": "machine",
        "processor": "processor",
        "totalRam": "total_ram",
        "maxTotalMemory": "max_total_memory",
        "gpuStaticInfoList": "gpus",
        "pythonVersion": "python_version",
        "pythonVersionVerbose": "python_version_verbose",
        "pid": "pid",
        "executable": "executable",
        "command": "command",
        "env": "env_json",
        "osPackages": "os_packages",
        "installedPackages": "installed_packages",
        "systemMetricNames": "system_metric_names",
        "logAdditionalSystemInfoList": "additional_info",
    },
    "git": {name: name for name in ("user", "root", "branch", "parent", "origin")},
    "assets": {
        "experimentKey": "experiment_key",
        "assetId": "asset_id",
        "fileName": "name",
        "type": "type",
        "fileSize": "listed_size",
        "remote": "remote",
        "runContext": "context",
        "step": "step",
        "createdAt": "created",
        "dir": "dir",
        "metadata": "metadata",
        "tags": "tags",
        "etag": "etag",
    },
    "projects": {
        "projectId": "project_id",
        "projectName": "project_name",
        "ownerUserName": "owner_user_name",
        "projectDescription": "description",
        "workspaceName": "workspace_name",
        "numberOfExperiments": "experiments",
        "lastUpdated": "last_updated",
        "public": "public",
        "notes": "notes",
    },
    "dashboards": {
        "name": "template_name",
        "template_id": "template_id",
        "project_id": "project_id",
        "query_state": "experiment_query_state",
        "chart_state": "dashboard_chart_state",
        "table_state": "table_state",
        "created_by": "created_by",
        "last_update": "last_update",
        "pinned_experiments": "pinned_experiments",
        "code_panel_template_ids": "panels",
        "experiment_key": "view_experiment_key",
        "source": "source",
        "current": "current",
        "unsaved_view": "unsaved",
    },
    "panels": {
        "templateId": "template_id",
        "owner": "owner",
        "templateName": "template_name",
        "scopeType": "scope",
        "revisionId": "revision",
        "createdAt": "created",
        "type": "language",
        "code": "code",
        "pyCode": "python",
        "html": "html",
        "css": "css",
        "description": "description",
        "teamId": "workspace_id",
        "queryBuilderId": "query_builder_id",
        "defaultConfig": "default_config",
    },
    "registry_models": {
        "registryModelId": "registry_model_id",
        "modelName": "model_name",
        "description": "description",
        "isPublic": "public",
        "createdAt": "created",
        "lastUpdated": "last_updated",
        "userName": "user_name",
        "numberOfVersions": "versions",
        "notes": "notes",
        "workspaceId": "workspace_id",
        "imagePath": "image",
    },
    "registry_versions": {
        "registryModelItemId": "registry_model_item_id",
        "version": "version",
        "comment": "comment",
        "stages": "stages",
        "userName": "user_name",
        "createdAt": "created",
        "lastUpdated": "last_updated",
        "experimentKey": "experiment_key",
        "experimentModelId": "experiment_model_id",
        "experimentModelName": "experiment_model_name",
        "restApiUrl": "rest_api_url",
        "status": "status",
        "tags": "tags",
    },
    "artifacts": {
        "artifactId": "artifact_id",
        "project": "project",
        "type": "type",
        "name": "name",
        "description": "description",
        "latestVersion": "latest_version",
        "tags": "tags",
        "isPublic": "public",
        "sizeInBytes": "size",
        "emoji": "emoji",
    },
    "artifact_versions": {
        "artifactVersionId": "artifact_version_id",
        "version": "version",
        "owner": "owner",
        "metadata": "metadata",
        "createdFrom": "created_from",
        "sizeInBytes": "size",
        "state": "state",
        "added": "added",
        "alias": "aliases",
        "tags": "tags",
    },
    "artifact_files": {
        "artifactId": "artifact_id",
        "artifactVersionId": "artifact_version_id",
        "assetId": "asset_id",
        "fileName": "name",
        "fileSize": "size",
        "dir": "dir",
        "type": "type",
        "metadata": "metadata",
    },
}
"""For each table: the SDK's name of a member, and the column that holds it."""

LEFT_OUT: Mapping[str, frozenset[str]] = {
    # Links of stored files are made anew for each answer, `curlDownload` holds the key, and the
    # booleans follow from the type. The last two are of this test.
    "assets": frozenset(
        {
            "link",
            "compressedAssetLink",
            "s3Link",
            "curlDownload",
            "items",
            "canView",
            "audio",
            "video",
            "histogram",
            "image",
            "sha256",
            "bytes",
        }
    ),
    "projects": frozenset({"views"}),
    # `v2` and `v3` are in `newer_state`; the server sends none of the others.
    "dashboards": frozenset(
        {
            "v2",
            "v3",
            "view_source",
            "created_from_template_id",
            "project_default",
            "project_personal_default",
            "auto_refresh_enabled",
        }
    ),
    # What the reader may do and how it voted; the libraries and the configuration are compared
    # by hand.
    "panels": frozenset(
        {
            "editable",
            "rank",
            "thumbnailName",
            "internalResources",
            "userResources",
            "pyConfig",
        }
    ),
    "registry_models": frozenset({"versions", "names"}),
    "registry_versions": frozenset({"assets", "experimentModel", "metadata"}),
    "artifacts": frozenset({"versions"}),
    "artifact_versions": frozenset({"files"}),
    "artifact_files": frozenset({"link", "remote"}),
}
"""For each table: members that none of its columns holds as they are."""


class Taken(NamedTuple):
    """What the SDK returned, and folders with what was harvested."""

    sdk: dict[str, Row]
    exact: Path
    charts: Path


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Taken]:
    """Let the SDK read everything in a child, and harvest it twice."""
    if importlib.util.find_spec("comet_ml") is None:
        pytest.skip("comet_ml is not installed")
    home = tmp_path_factory.mktemp("sdk")
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(home),
        "COMET_LOGGING_CONSOLE": "CRITICAL",
        "COMET_DISABLE_ANNOUNCEMENT": "1",
    }
    with serve_in_thread(LocalServer(sample=True, synthetic=SPEC)) as server:
        child = subprocess.run(
            [sys.executable, str(SCRIPT), server.url, *WORKSPACES],
            capture_output=True,
            check=False,
            cwd=home,
            env=environment,
            timeout=110,
        )
        assert child.returncode == 0, child.stderr.decode()[-2000:]
        sdk = json.loads(child.stdout.decode().rpartition("@@@")[2])
        exact, charts = home / "exact", home / "charts"
        anyio.run(_harvest, server.url, exact, harvest.Selection(exact=True))
        anyio.run(_harvest, server.url, charts, harvest.Selection())
        yield Taken(sdk, exact, charts)


async def _harvest(url: str, root: Path, selection: harvest.Selection) -> None:
    service = comet.service("any-key-will-do-here", url=url, limits=Limits(concurrency=8))
    async with Session(service) as session:
        for workspace in WORKSPACES:
            plan = await harvest.plan(session, workspace, selection=selection)
            report = await harvest.run(session, plan, root / workspace)
            assert report.exit_code == 0, report.failures[:3]


def told(column: str, row: Row) -> object:
    """Return a cell in the SDK's form: the text of a number, the object of a JSON text.

    A column beside a column `NAME_text` is a number whose text the two hold together.
    """
    value = row[column]
    if f"{column}_text" in row:
        return harvest.original_text(value, row[f"{column}_text"])
    if column == "env_json":
        return json.loads(value) if value else None
    return value


def differences(name: str, rows: Sequence[Row], sent: Sequence[Row]) -> Iterator[str]:
    """Name each value of a table that is not what the SDK returned, and each lost member."""
    members, left_out = MEMBERS[name], LEFT_OUT.get(name, frozenset())
    if len(rows) != len(sent):
        yield f"{name}: {len(rows)} rows of {len(sent)}"
    for place, (row, item) in enumerate(zip(rows, sent, strict=False)):
        for member in item.keys() - members.keys() - left_out:
            yield f"{name}: nothing holds {member}: {item[member]!r}"
        for member, column in members.items():
            ours, theirs = told(column, row), item.get(member)
            if ours != theirs and not (theirs is None and ours == []):
                yield f"{name}[{place}].{column}: {ours!r}, the SDK returns {theirs!r}"


def by(rows: Sequence[Row], *names: str) -> list[Row]:
    return sorted(rows, key=lambda row: [str(row[name]) for name in names])


def unpacked(patch: str | None) -> str | None:
    if patch is None:
        return None
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(patch))) as archive:
        return archive.read("git_diff.patch").decode()


def mine(rows: Sequence[Row], key: str) -> list[Row]:
    return [row for row in rows if row["experiment_key"] == key]


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("workspace", WORKSPACES)
def test_every_value_of_experiments_is_what_the_sdk_returns(taken: Taken, workspace: str) -> None:
    runs = taken.sdk[workspace]["experiments"]
    root = taken.exact / workspace
    usual = [name for name in harvest.TABLES if COMET.has(name) and name not in ON_DEMAND]
    tables = {name: table(root, name) for name in usual}
    found: list[str] = []
    assert {row["experiment_key"] for row in tables["experiments"]} == runs.keys()
    for key, run in runs.items():
        of = {
            name: mine(rows, key)
            for name, rows in tables.items()
            if harvest.TABLES[name].subject == "experiment"
        }
        found += differences("experiments", of["experiments"], [run["metadata"]])
        found += differences(
            "metrics", by(of["metrics"], "metric"), by(run["metrics"], "metricName")
        )
        found += differences("metric_summaries", of["metric_summaries"], run["summaries"])
        found += differences("parameters", of["parameters"], run["parameters"])
        found += differences("parameters", of["others"], run["others"])
        found += differences("system_details", of["system_details"], [run["system"]])
        assert [row["tag"] for row in of["tags"]] == run["tags"]
        for name in ("code", "output", "html", "graph"):
            assert [row[name] for row in of[name]] == ([run[name]] if run[name] else []), name
        git = run["git"] if run["git"] and any(run["git"].values()) else None
        found += differences("git", of["git"], [git] if git else [])
        assert [row["patch"] for row in of["git"]] == ([unpacked(run["patch"])] if git else [])
        names = [row["value"] for row in of["others"] if row["name"] == "Name"]
        assert names == ([run["name"]] if run["name"] else [])
        assert sorted({row["model_name"] for row in of["models"]}) == sorted(run["models"])
        counts = {row["metric"]: row["points"] for row in of["metric_series"]}
        assert sum(counts.values()) == len(run["metrics"])
    assert found == []


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("which", ["exact", "charts"])
@pytest.mark.parametrize("workspace", WORKSPACES)
def test_every_asset_and_its_octets_are_what_the_sdk_returns(
    taken: Taken, workspace: str, which: str
) -> None:
    root = getattr(taken, which) / workspace
    rows = table(root, "assets")
    sent = [
        asset for run in taken.sdk[workspace]["experiments"].values() for asset in run["assets"]
    ]
    rows, sent = by(rows, "asset_id"), by(sent, "assetId")
    assert list(differences("assets", rows, sent)) == []
    for row, asset in zip(rows, sent, strict=True):
        if asset["remote"]:
            assert (row["state"], row["local_path"], row["link"]) == (
                "remote",
                None,
                asset["link"].partition("?X-Amz-")[0],
            )
            continue
        data = (root / row["local_path"]).read_bytes()
        told_of = (asset["sha256"], asset["bytes"])
        assert (hashlib.sha256(data).hexdigest(), len(data)) == told_of
        assert (row["sha256"], row["size"]) == told_of


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("which", ["exact", "charts"])
@pytest.mark.parametrize("workspace", WORKSPACES)
def test_every_value_of_a_workspace_is_what_the_sdk_returns(
    taken: Taken, workspace: str, which: str
) -> None:
    root, sdk = getattr(taken, which) / workspace, taken.sdk[workspace]
    found: list[str] = []

    def check(name: str, sent: Sequence[Row], *keys: str) -> list[tuple[Row, Row]]:
        columns = [MEMBERS[name][key] for key in keys]
        rows = [row for row in table(root, name) if row.get("kind") != TEMPLATE]
        rows, sent = by(rows, *columns), by(sent, *keys)
        found.extend(differences(name, rows, sent))
        return list(zip(rows, sent, strict=True))

    check("projects", sdk["projects"], "projectId")
    views = [view for project in sdk["projects"] for view in project["views"]]
    boards = check("dashboards", views, "project_id", "template_id")
    assert {row["kind"] for row, _view in boards} == {"view", "chart template"}
    assert all(json.loads(row["newer_state"] or "null") is None for row, _view in boards)
    for row, panel in check("panels", sdk["panels"], "templateId"):
        libraries = {"internal": panel["internalResources"], "user": panel["userResources"]}
        assert json.loads(row["resources"]) == libraries
        assert row["config"] == (panel["pyConfig"] or panel["defaultConfig"])
    models = check("registry_models", sdk["models"], "registryModelId")
    assert {row["workspace_name"] for row, _model in models} <= {workspace}
    versions = [
        {**version, **version["experimentModel"]}
        for model in sdk["models"]
        for version in model["versions"]
    ]
    for row, version in check("registry_versions", versions, "registryModelItemId"):
        sizes = [asset["fileSize"] for asset in version["assets"]]
        assert (row["files"], row["size"]) == (len(sizes), sum(sizes))
        assert json.loads(row["metadata"] or "[]") == version["metadata"]
        names = {"asset_id": "assetId", "name": "fileName", "listed_size": "fileSize"}
        assert [{name: asset[name] for name in names} for asset in json.loads(row["assets"])] == [
            {name: asset[member] for name, member in names.items()} for asset in version["assets"]
        ]
    check("artifacts", sdk["artifacts"], "artifactId")
    releases = [version for artifact in sdk["artifacts"] for version in artifact["versions"]]
    check("artifact_versions", releases, "artifactVersionId")
    files = [file for version in releases for file in version["files"]]
    for row, file in check("artifact_files", files, "artifactVersionId", "assetId"):
        assert (row["link"], bool(row["remote"])) == (file.get("link"), bool(file.get("remote")))
    assert found == []


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("workspace", WORKSPACES)
def test_charts_tell_the_values_that_the_sdk_returns(taken: Taken, workspace: str) -> None:
    root = taken.charts / workspace
    metrics, summaries = table(root, "metrics"), table(root, "metric_summaries")
    machine, parameters = table(root, "system_metrics"), table(root, "parameters")
    for key, run in taken.sdk[workspace]["experiments"].items():
        of_machine = set(run["system"]["systemMetricNames"])
        points = [point for point in run["metrics"] if point["metricName"] not in of_machine]
        check_points(mine(metrics, key), points)
        points = [point for point in run["metrics"] if point["metricName"] in of_machine]
        check_points(mine(machine, key), points)
        values = {value["name"]: value["valueCurrent"] for value in run["parameters"]}
        assert {row["name"]: row["value"] for row in mine(parameters, key)} == values
        told_of = {value["name"]: value for value in run["summaries"]}
        for row in mine(summaries, key):
            check_summary(row, told_of.pop(row["metric"]))
        assert told_of.keys() <= of_machine


def check_points(rows: Sequence[Row], points: Sequence[Row]) -> None:
    """Compare what a chart tells of each point."""
    rows, points = by(rows, "metric"), by(points, "metricName")
    assert len(rows) == len(points)
    for row, point in zip(rows, points, strict=True):
        assert row["metric"] == point["metricName"]
        assert same(row["value"], number(point["metricValue"]))
        for member in ("step", "epoch", "timestamp"):
            assert row[member] == point[member], (row, point)


def check_summary(row: Row, value: Row) -> None:
    """Compare a summary that was computed of the points, or the service's own."""
    if row["source"] == "server":
        assert list(differences("metric_summaries", [row], [value])) == []
        return
    for name, suffix in {"min": "Min", "max": "Max", "last": "Current"}.items():
        assert same(row[name], number(value[f"value{suffix}"]))


@pytest.mark.parametrize(
    ("row", "sent", "found"),
    [
        ({"user": "a"}, {"user": "a"}, []),
        ({"user": "a"}, {"user": "b"}, ["git[0].user: 'a', the SDK returns 'b'"]),
        ({"user": "a"}, {"user": "a", "new": 1}, ["git: nothing holds new: 1"]),
    ],
)
def test_the_comparison_sees_what_differs(row: Row, sent: Row, found: list[str]) -> None:
    others = dict.fromkeys(("root", "branch", "parent", "origin"))
    assert list(differences("git", [{**others, **row}], [sent])) == found


def test_a_number_is_compared_by_its_text() -> None:
    assert told("value", {"value": 1.0, "value_text": "1"}) == "1"
    assert told("value", {"value": 1e-05, "value_text": "1.0E-5"}) == "1.0E-5"
    assert told("env_json", {"env_json": '{"A":"b"}'}) == {"A": "b"}
