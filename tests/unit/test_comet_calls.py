"""What single endpoints of the Comet catalogue send, refuse and page through."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from comet_async import comet
from comet_async.errors import UsageError
from comet_async.request import Blob, Request

RULES: dict[str, object] = {"condition": "AND", "rules": [], "valid": True}


def body_of(request: Request[Any]) -> object:
    assert request.body is not None
    return json.loads(request.body)


def test_chart_sends_what_the_known_client_sends() -> None:
    assert body_of(comet.get_multi_metric_chart(["e1", "e2"], metrics=["loss"])) == {
        "targetedExperiments": ["e1", "e2"],
        "metrics": ["loss"],
        "params": None,
        "independentMetrics": True,
        "fetchFull": False,
    }
    assert body_of(
        comet.get_multi_metric_chart(
            ("e1",), params=["lr"], independent_metrics=False, fetch_full=True
        )
    ) == {
        "targetedExperiments": ["e1"],
        "metrics": [],
        "params": ["lr"],
        "independentMetrics": False,
        "fetchFull": True,
    }


def test_search_sends_what_the_known_client_sends() -> None:
    assert body_of(comet.search_experiments("p1", RULES)) == {
        "projectId": "p1",
        "viewId": None,
        "rulesTree": RULES,
        "limit": 100,
        "page": 1,
        "deleted": False,
        "ignorePinnedExperimentsFirst": True,
        "pinnedOnly": None,
        "multipleSort": None,
        "chainsQueryRules": None,
    }


def test_query_sends_what_the_known_client_sends() -> None:
    predicates = [{"source": "tag", "query": RULES}]
    sent = comet.query_project(predicates, workspace_name="ws", project_name="proj")
    assert body_of(sent) == {
        "workspaceName": "ws",
        "projectName": "proj",
        "predicates": predicates,
        "archived": False,
    }


@pytest.mark.parametrize(
    ("request_", "target"),
    [
        (
            comet.get_artifact(workspace="ws", artifact_name="my ds/1"),
            "/api/rest/v2/artifacts/get?workspace=ws&artifactName=my%2520ds%252F1",
        ),
        (
            comet.get_artifact_version_files(workspace="ws", artifact_name="ds", version="1.0.0"),
            "/api/rest/v2/artifacts/version/files?workspace=ws&artifactName=ds&version=1.0.0",
        ),
        (
            comet.get_artifact_version(workspace="ws", artifact_name="ä", alias="latest"),
            "/api/rest/v2/artifacts/version?workspace=ws&artifactName=%25C3%25A4&alias=latest",
        ),
        (
            comet.download_artifact_version(version_id="v1"),
            "/api/rest/v2/artifacts/version/download?versionId=v1",
        ),
        (
            comet.get_experiment_asset("a1", artifact_version_id="av1"),
            (
                "/api/rest/v2/experiment/asset/get-asset"
                "?assetId=a1&experimentKey=&artifactVersionId=av1"
            ),
        ),
        (
            comet.get_experiment_asset("a1", experiment_key="e1", allow301=False),
            "/api/rest/v2/experiment/asset/get-asset?assetId=a1&experimentKey=e1&allow301=false",
        ),
        (
            comet.get_experiment_asset("a1"),
            "/api/rest/v2/experiment/asset/get-asset?assetId=a1",
        ),
        (
            comet.get_registry_model_items("ws", "m", tag="best"),
            (
                "/api/rest/v2/registry-model/items"
                "?workspaceName=ws&modelName=m&tag=best&versionPrefix="
            ),
        ),
        (
            comet.get_views("p1", include_workspace_views=True),
            "/api/rest/v2/views/get-all?projectId=p1&includeWorkspaceViews=true",
        ),
        (
            comet.get_chart_template_views("p1", include_workspace_views=False),
            "/api/rest/v2/views/chart-templates?projectId=p1",
        ),
        (
            comet.get_registry_model_item_metadata("a/b"),
            "/api/rest/v2/registry-model/item/a%2Fb/metadata",
        ),
        (comet.get_backend_version(), "/clientlib/isAlive/ver"),
    ],
)
def test_targets(request_: Request[Any], target: str) -> None:
    assert request_.target == target


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: comet.get_multi_metric_chart([]), "at least one key"),
        (lambda: comet.get_multi_metric_chart("e1"), "needs a list"),
        (lambda: comet.get_experiments(project_id="p1", page=1), "page needs size"),
        (lambda: comet.get_experiments(project_id="p1", page=0, size=1), "page is 0"),
        (comet.get_experiments, "name the project"),
        (lambda: comet.get_projects_page("ws", offset=-1), "offset is -1"),
        (lambda: comet.get_projects_page("ws", count=0), "count is 0"),
        (lambda: comet.get_projects(""), "workspaceName is empty"),
        (lambda: comet.get_project(project_id="p1", workspace_name="ws"), "name the project"),
        (lambda: comet.query_project([], project_name="x"), "name the project"),
        (lambda: comet.search_experiments("p1", RULES, limit=0), "limit is 0"),
        (lambda: comet.search_experiments("", RULES), "projectId is empty"),
        (comet.get_panel, "exactly one of template_id, instance_id"),
        (lambda: comet.get_panel(template_id="t", instance_id="i"), "exactly one"),
        (lambda: comet.download_panel_zip(""), "templateId is empty"),
        (lambda: comet.download_panel_zip(".."), r"templateId is '\.\.'"),
        (
            lambda: comet.download_registry_model_version("ws", "m", version="1", stage="s"),
            "version and stage exclude each other",
        ),
        (
            lambda: comet.get_registry_model_item_download_instructions(
                "ws", "m", version="1", stage="s"
            ),
            "version and stage exclude each other",
        ),
        (comet.get_artifact, "name the artifact"),
        (lambda: comet.get_artifact(workspace="ws"), "need each other"),
        (lambda: comet.get_artifact(artifact_name="x"), "need each other"),
        (
            lambda: comet.get_artifact(artifact_id="a", workspace="ws", artifact_name="x"),
            "exclude each other",
        ),
        (lambda: comet.get_artifact(workspace="ws", artifact_name=""), "artifactName is empty"),
        (
            lambda: comet.get_artifact_version(artifact_id="a", version="1", alias="latest"),
            "version and alias exclude each other",
        ),
        (
            lambda: comet.get_artifact_version_files(artifact_id="a", version="1", alias="b"),
            "version and alias exclude each other",
        ),
        (lambda: comet.download_artifact_version(project="p"), "name the artifact"),
        (lambda: comet.get_experiment_asset("a1", experiment_key=""), "experimentKey is empty"),
    ],
)
def test_calls_that_cannot_be_meant(call: Callable[[], Request[Any]], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        call()


def test_empty_key_is_refused_beside_an_artifact_version_too() -> None:
    with pytest.raises(UsageError, match="experimentKey is empty"):
        comet.get_experiment_asset("a1", experiment_key=" ", artifact_version_id="av1")


def test_paged_experiments() -> None:
    listing = comet.paged_experiments(project_id="p1", size=2, sort_by="startTime")
    assert listing.first.target == (
        "/api/rest/v2/experiments?projectId=p1&page=1&size=2&sortBy=startTime"
    )
    full = comet.Experiments(
        experiments=[comet.Experiment(experiment_key=key) for key in ("a", "b")]
    )
    second = listing.next_page(listing.first, full)
    assert second is not None
    assert ("page", "2") in second.query
    assert listing.next_page(second, comet.Experiments(experiments=[])) is None
    assert [listing.key(item) for item in listing.items(full)] == ["a", "b"]


def test_paged_projects() -> None:
    listing = comet.paged_projects("ws", count=2, search="x")
    assert listing.first.target == (
        "/api/rest/v2/projects/page?workspaceName=ws&offset=0&count=2&search=x"
    )
    page = comet.ProjectsPage(rows=[comet.ProjectRow(project_id=key) for key in ("a", "b")])
    second = listing.next_page(listing.first, page)
    assert second is not None
    assert ("offset", "2") in second.query
    assert listing.next_page(second, comet.ProjectsPage(rows=[])) is None
    assert [listing.key(item) for item in listing.items(page)] == ["a", "b"]


def test_paged_search_pages_in_the_body() -> None:
    listing = comet.paged_search("p1", RULES, limit=1, deleted=True)
    hit = comet.FoundExperiments(experiments=[comet.FoundExperiment(experiment_key="a")])
    second = listing.next_page(listing.first, hit)
    assert second is not None
    first_body, second_body = body_of(listing.first), body_of(second)
    assert isinstance(first_body, dict)
    assert second_body == {**first_body, "page": 2}
    assert (first_body["page"], first_body["limit"], first_body["deleted"]) == (1, 1, True)
    assert second.fingerprint != listing.first.fingerprint
    assert listing.next_page(second, comet.FoundExperiments(experiments=[])) is None
    assert [listing.key(item) for item in listing.items(hit)] == ["a"]


def test_views_are_read_in_either_spelling() -> None:
    snake = comet.View(snake_template_id="t1", snake_created_by="me", created_by="you")
    assert (snake.template_id, snake.created_by) == ("t1", "you")


def test_artifact_file_without_a_flag_is_remote_by_its_link() -> None:
    assert comet.ArtifactFile(asset_id="a", link="s3://b/f").is_remote
    assert not comet.ArtifactFile(asset_id="a", link="s3://b/f", remote=False).is_remote
    assert not comet.ArtifactFile(asset_id="a").is_remote


def test_values_read_as_numbers() -> None:
    assert comet.BestExperiment(experiment_key="a", metric_value=0.5).value == 0.5
    assert comet.ValueSummary(name="x", value_current="2", value_max="3").current == 2.0
    assert comet.ValueSummary(name="x", value_max="3").maximum == 3.0
    assert comet.ChartMetric(metric_name="x", values=[1, "2", "a", None]).numbers == [
        1.0,
        2.0,
        None,
        None,
    ]
    assert comet.VizStore(store='{"a": 1}').store_object == {"a": 1}
    assert comet.CloudDetails(metadata={"zone": "b"}).metadata_object == {"zone": "b"}
    for kind in (comet.ArtifactVersion, comet.ArtifactVersionRow):
        assert kind(artifact_version_id="v", metadata='{"a": 1}').metadata_object == {"a": 1}
    assert comet.ArtifactFile(asset_id="a", metadata="").metadata_object is None


def test_endpoints_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        comet.ENDPOINTS["new"] = comet.get_workspaces  # type: ignore[index]  # the refusal is tested
    assert comet.ENDPOINTS["get_workspaces"] is comet.get_workspaces
    assert comet.download_experiment_model("e1", "m").answer is Blob
