"""Domino's own Python client against the local server: each public operation that it calls.

Its exact pins clash with those of the test tools, so it is in no extra: install it beside them
with `pip install --no-deps dominodatalab beautifulsoup4 soupsieve frozendict polling2 retry py
decorator`. Most of what it does is not public, and not served.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from comet_async.server import serve_in_thread
from comet_async.server.domino import DominoServer
from comet_async.server.domino.ids import Kind, made_id

if TYPE_CHECKING:
    from pathlib import Path

sdk: Any = pytest.importorskip("domino", reason="needs the dominodatalab package")
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::bs4.XMLParsedAsHTMLWarning"),
]

KEY = "the-key-of-the-tests"
PROJECT = "user-1/project-1"


@pytest.fixture
def server() -> Iterator[DominoServer]:
    """A server that takes one key and one token."""
    with serve_in_thread(DominoServer(api_keys={KEY}, tokens={"token-1"})) as found:
        yield found


@pytest.fixture
def client(server: DominoServer, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The real client, signed in with a key."""
    for name in ("DOMINO_API_PROXY", "DOMINO_TOKEN_FILE", "DOMINO_USER_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    return sdk.Domino(PROJECT, api_key=KEY, host=server.url)


def asked(server: DominoServer) -> list[str]:
    """Return method and template of every request but those that any client starts with."""
    known = {"/version", "/v4/gateway/projects/findProjectByOwnerAndName"}
    return [f"{item.method} {item.template}" for item in server.log if item.template not in known]


def test_an_environment_from_its_making_to_its_archive(client: Any, server: DominoServer) -> None:
    made = client.create_environment("mine", "Private", base_image="image:1")["environment"]
    revision = client.create_environment_revision(made["id"], base_image="image:2")
    client.restrict_environment_revision(made["id"], revision["environmentRevision"]["id"])
    read = client.get_environment(made["id"])["environment"]
    client.archive_environment(made["id"])
    assert read["name"] == "mine"
    assert read["restrictedRevision"] == revision["environmentRevision"]
    assert client.get_environment(made["id"])["environment"]["archived"] is True
    base = "/api/environments/beta/environments"
    one = "/api/environments/v1/environments/{environmentId}"
    assert asked(server) == [
        f"POST {base}",
        f"POST {base}/{{environmentId}}/revisions",
        f"PATCH {base}/{{environmentId}}/revisions/{{revisionId}}",
        f"GET {one}",
        f"DELETE {one}",
        f"GET {one}",
    ]


def test_a_file_at_a_commit(client: Any, server: DominoServer) -> None:
    answer = client.blobs_get_v2("src%2Ftrain.py", "a" * 40, client.project_id)
    whole = answer.read()
    assert len(whole) == 2_000
    assert asked(server) == [
        "GET /api/projects/v1/projects/{projectId}/files/{commitId}/{path}/content"
    ]


@pytest.mark.parametrize("generated", [True, False])
def test_values_of_metrics_and_an_alert(
    client: Any,
    server: DominoServer,
    monkeypatch: pytest.MonkeyPatch,
    generated: bool,
) -> None:
    """It has two ways to send; the generated one reads nothing from any server since Python 3.10."""
    monkeypatch.setattr(client, "_CUSTOM_METRICS_USE_GEN", generated)
    metrics = client.custom_metrics_client()
    metrics.log_metric("m1", "auc", 0.5, "2024-01-02T00:00:00Z", {"k": "v"})
    metrics.log_metrics(
        [
            {
                "modelMonitoringId": "m1",
                "metric": "auc",
                "value": 0.75,
                "timestamp": "2024-01-03T00:00:00Z",
            }
        ]
    )
    monkeypatch.setattr(client, "_CUSTOM_METRICS_USE_GEN", False)
    found = client.custom_metrics_client().read_metrics(
        "m1", "auc", "2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z"
    )
    metrics.trigger_alert(
        "m1", "auc", 0.1, condition="between", lower_limit=0.2, upper_limit=0.5, description="low"
    )
    assert [item["value"] for item in found["metricValues"]] == [0.5, 0.75]
    assert found["metricValues"][0]["tags"] == {"k": "v"}
    assert asked(server) == [
        "POST /api/metricValues/v1",
        "POST /api/metricValues/v1",
        "GET /api/metricValues/v1/{modelMonitoringId}/{metric}",
        "POST /api/metricAlerts/v1",
    ]


def test_a_job_is_stopped_and_started_once_more(client: Any, server: DominoServer) -> None:
    job = server.world.start_job(client.project_id, "python train.py")
    client.job_stop(job.job_id)
    again = client.job_restart(job.job_id).json()
    now = server.clock.now()
    assert server.world.job(job.job_id).status(now) == "Stopped"
    assert again["number"] == job.number + 1


def test_a_token_file_is_read_again_when_it_rotates(server: DominoServer, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("token-1\n", "utf-8")
    client = sdk.Domino(PROJECT, domino_token_file=str(file), host=server.url)
    before = client.get_environment(made_id(Kind.ENVIRONMENT, 0))
    server.access.rotate("token-1", "token-2")
    file.write_text("token-2\n", "utf-8")
    after = client.get_environment(made_id(Kind.ENVIRONMENT, 0))
    assert after["environment"] == before["environment"]
    sent = {item.header("Authorization") for item in server.log}
    assert sent == {"Bearer token-1", "Bearer token-2"}


def test_the_proxy_within_a_run_is_used_without_a_key(server: DominoServer) -> None:
    with serve_in_thread(DominoServer(proxy=True)) as proxy:
        client = sdk.Domino(PROJECT, host=server.url, api_proxy=proxy.url)
        found = client.get_environment(made_id(Kind.ENVIRONMENT, 0))
        sent = {item.header("X-Domino-Api-Key") for item in proxy.log}
    assert found["environment"]["name"] == "environment-1"
    assert (sent, server.log.total) == ({None}, 0)


def test_what_is_refused_is_an_error_of_the_client(client: Any, server: DominoServer) -> None:
    server.access.revoke(KEY)
    with pytest.raises(Exception, match="401"):
        client.get_environment("none")
