"""Readers of what is asked of one subject at a time, over a double of `Ask`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TypeVar, cast

import msgspec
import pytest

from comet_async import comet
from comet_async.engine.decode import decode
from comet_async.errors import (
    CometAsyncError,
    EmptyAnswer,
    MessageInsteadOfData,
    NotFoundError,
    PermissionDeniedError,
)
from comet_async.harvest.arrow import batch
from comet_async.harvest.columns import AssetEnd, asset_row, value_columns
from comet_async.harvest.file_lists import COLUMNS
from comet_async.harvest.file_readers import LISTERS
from comet_async.harvest.links import unsigned
from comet_async.harvest.optional import LACKED
from comet_async.harvest.readers import READERS
from comet_async.harvest.schema import TABLES
from comet_async.harvest.subjects import Subject
from comet_async.request import Request

T = TypeVar("T")
BASE = "/api/rest/v2/"
NOT_FOUND = NotFoundError("gone", status=404)


class Answers:
    """Answers requests by the end of their path, and keeps what was asked."""

    def __init__(self, answers: Mapping[str, object]) -> None:
        self._answers = answers
        self.asked: list[str] = []

    async def __call__(self, request: Request[T], /) -> T:
        path = request.path.removeprefix(BASE)
        self.asked.append(path)
        answer = self._answers[path]
        if isinstance(answer, CometAsyncError):
            raise answer
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        if request.answer is bytes:
            return cast("T", body)
        return decode(body, request.answer)


def subject(kind: str, key: str, **listed: object) -> Subject:
    return Subject(kind, key, "team", None, json.dumps(listed).encode())  # type: ignore[arg-type]  # a kind


async def read(
    table: str, of: Subject, answers: Mapping[str, object]
) -> tuple[list[dict[str, object]], Answers]:
    """Return the rows of a table, as they are written, and what was asked."""
    ask = Answers(answers)
    if table in LISTERS:
        listed = await LISTERS[table](ask, of)
        ends = [AssetEnd(key=of.key, workspace="team", row=row, state="listed") for row in listed]
        columns = COLUMNS[table](ends)
    else:
        reader = next(found for found in READERS if table in found.tables)
        columns = (await reader.read(ask, of, frozenset({table})))[table]
    batch(TABLES[table], columns)
    names = [column.name for column in TABLES[table].columns]
    rows = zip(*(columns[name] for name in names), strict=True)
    return [dict(zip(names, row, strict=True)) for row in rows], ask


PROJECT = subject("project", "p", projectId="p", projectName="resnet")
MODEL = subject("registry_model", "net", registryModelId="m", modelName="net")
ARTIFACT = subject("artifact", "a", artifactId="a", name="data")
WORKSPACE = subject("workspace", "team")
RUN = subject("experiment", "k")
NO_VIEWS: dict[str, list[object]] = {"views": []}
VERSION = {"registryModelItemId": "i", "version": "1.0.0", "createdAt": 5}
DETAILS = {"registryModelId": "m", "versions": [VERSION]}


@pytest.mark.parametrize(
    ("table", "of", "path"),
    [
        ("projects", PROJECT, "project/notes"),
        ("registry_models", MODEL, "registry-model/notes"),
    ],
)
@pytest.mark.parametrize(
    "error", [NOT_FOUND, EmptyAnswer("nothing"), MessageInsteadOfData("no notes", code=200)]
)
async def test_notes_may_be_missing(
    table: str, of: Subject, path: str, error: CometAsyncError
) -> None:
    (row,), _ask = await read(table, of, {path: error})
    assert row["notes"] is None


@pytest.mark.parametrize(
    "error", [PermissionDeniedError("no", status=403), MessageInsteadOfData("no", code=403)]
)
async def test_a_refusal_is_no_missing_note(error: CometAsyncError) -> None:
    with pytest.raises(type(error)):
        await read("projects", PROJECT, {"project/notes": error})


@pytest.mark.parametrize(
    ("table", "of", "answers"),
    [
        ("artifacts", ARTIFACT, {"artifacts/get": NOT_FOUND}),
        ("artifact_versions", ARTIFACT, {"artifacts/get": NOT_FOUND}),
        (
            "artifact_files",
            ARTIFACT,
            {
                "artifacts/get": {
                    "artifactId": "a",
                    "versions": [{"artifactVersionId": "v", "version": "1.0.0"}],
                },
                "artifacts/version/files": NOT_FOUND,
            },
        ),
        ("registry_versions", MODEL, {"registry-model/details": NOT_FOUND}),
        ("git", RUN, {"experiment/git/metadata": NOT_FOUND}),
        (
            "git",
            RUN,
            {
                "experiment/git/metadata": {"branch": "main"},
                "experiment/git/patch": NOT_FOUND,
            },
        ),
        ("code", RUN, {"experiment/code": NOT_FOUND}),
    ],
)
async def test_what_was_listed_is_never_missing_in_silence(
    table: str, of: Subject, answers: Mapping[str, object]
) -> None:
    with pytest.raises(NotFoundError):
        await read(table, of, answers)


def test_every_endpoint_that_may_lack_is_one() -> None:
    paths = {
        request.path
        for request in (
            comet.get_panels("w"),
            comet.get_dashboard_templates("w"),
            comet.get_project_notes("p"),
            comet.get_registry_model_notes("w", "m"),
            comet.get_registry_model_item("w", "m", "1.0.0"),
            comet.get_registry_model_item_metadata("i"),
            comet.get_chart_template_views("p"),
            comet.get_views("p"),
        )
    }
    assert paths == LACKED


async def test_a_version_has_its_status_its_tags_its_metadata_and_its_files() -> None:
    asset = {
        "assetId": "x",
        "fileName": "model.bin",
        "fileSize": 64,
        "metadata": {"a": 1},
        "link": "https://comet.example.com/download?key=1",
        "curlDownload": "curl -H 'Authorization: KEY'",
    }
    version = {
        **VERSION,
        "assets": [asset],
        "stages": ["production"],
        "experimentModel": {"experimentModelId": "e", "experimentKey": "k"},
        "restApiUrl": "https://comet.example.com/download?version=1.0.0&apiKey=KEY",
    }
    (row,), _ask = await read(
        "registry_versions",
        MODEL,
        {
            "registry-model/details": {**DETAILS, "versions": [version]},
            "registry-model/item/details": {**VERSION, "status": "Production", "tags": ["t"]},
            "registry-model/item/{modelItemId}/metadata": {"metadata": [{"key": "a", "value": 1}]},
        },
    )
    assert (row["status"], row["tags"], row["stages"]) == ("Production", ["t"], ["production"])
    assert (row["files"], row["size"]) == (1, 64)
    assert json.loads(str(row["assets"])) == [
        {"asset_id": "x", "name": "model.bin", "listed_size": 64, "metadata": '{"a":1}'}
    ]
    assert json.loads(str(row["metadata"])) == [{"key": "a", "value": 1}]
    assert row["rest_api_url"] == "https://comet.example.com/download"


async def test_older_servers_tell_no_status() -> None:
    (row,), _ask = await read(
        "registry_versions",
        MODEL,
        {
            "registry-model/details": DETAILS,
            "registry-model/item/details": NOT_FOUND,
            "registry-model/item/{modelItemId}/metadata": NOT_FOUND,
        },
    )
    assert (row["version"], row["status"], row["tags"], row["metadata"]) == (
        "1.0.0",
        None,
        None,
        None,
    )


async def test_metadata_that_is_there_is_not_asked_for_again() -> None:
    version = {**VERSION, "metadata": ["a text"]}
    (row,), ask = await read(
        "registry_versions",
        MODEL,
        {
            "registry-model/details": {**DETAILS, "versions": [version]},
            "registry-model/item/details": VERSION,
        },
    )
    assert row["metadata"] == '["a text"]'
    assert ask.asked == ["registry-model/details", "registry-model/item/details"]


async def test_boards_are_views_chart_templates_and_dashboard_templates() -> None:
    template = {"templateId": "t", "templateName": "Overview", "projectId": "p"}
    rows, ask = await read(
        "dashboards",
        PROJECT,
        {
            "views/get-all": {
                "views": [
                    {"templateId": "v", "projectId": "p", "current": True, "v2": {"a": 1}},
                    {"template_id": "w", "template_name": "Of the workspace"},
                ]
            },
            "views/chart-templates": {"views": [{"templateId": "c", "experimentKey": "k"}]},
            "dashboard-template/get-all": {
                "dashboardTemplates": [
                    template,
                    {"templateId": "v", "projectId": "p"},
                    {"templateId": "other", "projectId": "q"},
                ]
            },
            "dashboard-template/download": {
                "template_id": "t",
                "dashboardChartState": "{}",
                "project_default": True,
                "v2": {"toggles": {"x": {"isVisible": True}}},
            },
        },
    )
    shown = [(row["template_id"], row["kind"], row["view_project_id"]) for row in rows]
    assert shown == [
        ("v", "view", "p"),
        ("w", "view", None),
        ("c", "chart template", None),
        ("t", "dashboard template", "p"),
    ]
    assert {row["project_id"] for row in rows} == {"p"}
    assert rows[0]["newer_state"] == '{"v2":{"a":1},"v3":null}'
    assert rows[2]["view_experiment_key"] == "k"
    assert (rows[3]["dashboard_chart_state"], rows[3]["default"]) == ("{}", True)
    assert json.loads(str(rows[3]["newer_state"]))["v2"]["toggles"]["x"]["isVisible"] is True
    assert ask.asked.count("dashboard-template/download") == 1


async def test_servers_without_boards_have_no_rows() -> None:
    paths = ("views/get-all", "views/chart-templates", "dashboard-template/get-all")
    rows, _ask = await read("dashboards", PROJECT, dict.fromkeys(paths, NOT_FOUND))
    assert rows == []


async def test_a_template_or_panel_that_cannot_be_read_says_why() -> None:
    template = {"templateId": "t", "templateName": "Overview", "projectId": "p"}
    (row,), _ask = await read(
        "dashboards",
        PROJECT,
        {
            "views/get-all": NO_VIEWS,
            "views/chart-templates": NO_VIEWS,
            "dashboard-template/get-all": {"dashboardTemplates": [template]},
            "dashboard-template/download": NOT_FOUND,
        },
    )
    assert (row["template_name"], row["problem"]) == ("Overview", str(NOT_FOUND))
    (row,), _ask = await read(
        "panels",
        WORKSPACE,
        {
            "code-panel/get-all": {"codePanelTemplateRows": [{"templateId": "t", "owner": "me"}]},
            "code-panel/download": NOT_FOUND,
        },
    )
    assert (row["owner"], row["code"], row["problem"]) == ("me", None, str(NOT_FOUND))


async def test_a_panel_keeps_both_configurations_and_its_libraries() -> None:
    code = {
        "type": "py",
        "pyCode": "print()",
        "pyConfig": "{1}",
        "defaultConfig": "{2}",
        "internalResources": [{"name": "lib"}],
        "userResources": ["https://cdn.example.com/a.js"],
    }
    (row,), _ask = await read(
        "panels",
        WORKSPACE,
        {
            "code-panel/get-all": {
                "codePanelTemplateRows": [{"templateId": "t", "queryBuilderId": "q"}]
            },
            "code-panel/download": {"templateId": "t", "code": code},
        },
    )
    assert (row["config"], row["default_config"], row["query_builder_id"]) == ("{1}", "{2}", "q")
    libraries = json.loads(str(row["resources"]))
    assert libraries["user"] == ["https://cdn.example.com/a.js"]
    assert libraries["internal"][0]["name"] == "lib"


async def artifact_links(*files: Mapping[str, object]) -> Sequence[object]:
    rows, _ask = await read(
        "artifact_files",
        ARTIFACT,
        {
            "artifacts/get": {
                "artifactId": "a",
                "versions": [{"artifactVersionId": "v", "version": "1.0.0"}],
            },
            "artifacts/version/files": {"files": list(files)},
        },
    )
    return [row["link"] for row in rows]


async def test_links_of_artifact_files_are_kept_unless_they_are_the_services() -> None:
    link = "https://user:pass@storage.example.com/a"
    assert await artifact_links(
        {"assetId": "x", "remote": True, "link": link},
        {"assetId": "y", "remote": False, "link": link},
        {"assetId": "z", "link": "s3://bucket/a"},
    ) == ["https://storage.example.com/a", None, "s3://bucket/a"]


async def test_the_origin_of_a_repository_keeps_no_token() -> None:
    (row,), _ask = await read(
        "git",
        RUN,
        {
            "experiment/git/metadata": {
                "branch": "main",
                "origin": "https://oauth2:ghp_SECRET@git.example.com/team/a.git",
            },
            "experiment/git/patch": b"diff --git a b",
        },
    )
    assert row["origin"] == "https://git.example.com/team/a.git"
    assert row["patch"] == "diff --git a b"


def test_links_of_remote_assets_keep_no_signature() -> None:
    asset = comet.Asset(
        asset_id="x", remote=True, link="https://b.s3.example.com/a?versionId=1&X-Amz-Signature=S"
    )
    assert asset_row(asset).link == "https://b.s3.example.com/a"


def test_extremes_of_parameters_keep_their_steps_and_contexts() -> None:
    value = {
        "name": "lr",
        "valueCurrent": "0.1",
        "stepMin": 1,
        "stepMax": 2,
        "runContextMin": "train",
        "runContextMax": "test",
    }
    answer = msgspec.convert({"values": [value]}, comet.ValueSummaries)
    columns = value_columns("k", answer)
    names = ("value_min_step", "value_min_context", "value_max_step", "value_max_context")
    assert [columns[name] for name in names] == [[1], ["train"], [2], ["test"]]


HARMLESS = [
    "https://host/a b?versionId=3#part",
    "s3://bucket/key?versionId=a@b",
    "git@github.com:team/repository.git",
    "ssh://git@github.com/team/repository.git",
    "abfss://container@account.dfs.core.windows.net/path",
    "file:///data/a@b:c",
    "/data/x@y:z/f",
    "https://host/a?author=me&page=2",
    "",
]
HOSTILE = {
    "https://SECRET@github.com/a.git": "https://github.com/a.git",
    "https://user:SECRET@host:8443/a?v=1": "https://host:8443/a?v=1",
    "https://a@SECRET@host/x": "https://host/x",
    "HTTPS://user:SECRET@host/": "HTTPS://host/",
    "//user:SECRET@host/x": "//host/x",
    "user:SECRET@host:team/a.git": "host:team/a.git",
    "ssh://git:SECRET@host/a": "ssh://host/a",
    "abfss://c:SECRET@account/p": "abfss://account/p",
    "https:\\\\user:SECRET@host\\a": "https:\\\\host\\a",
    "ht\ttps://user:SECRET@host/a": "https://host/a",
    " \nhttps://user:SECRET@host/a": "https://host/a",
    "https://h/a?versionId=1&X-Amz-Signature=SECRET": "https://h/a",
    "https://h/a?x-goog-credential=SECRET": "https://h/a",
    "https://h/a?sv=2020&SIG=SECRET": "https://h/a",
    "https://h/a?%58-Amz-Signature=SECRET": "https://h/a",
    "https://h/a?%2558-Amz-Signature=SECRET": "https://h/a",
    "https://h/a?Key-Pair-Id=K&Policy=SECRET": "https://h/a",
    "https://h/a#access_token=SECRET": "https://h/a",
    "https://h/a;jwt=SECRET/b": "https://h/a",
    "https://h/a?x=1;token=SECRET": "https://h/a",
    "https://h/a?private_token=SECRET": "https://h/a",
    "https://h/a?next=https%3A%2F%2Fu%3ASECRET%40i": "https://h/a",
    "https://h/proxy/https://u:SECRET@i/x": "https://h",
    "https://h/a%3Ftoken=SECRET": "https://h",
    "https://[::1/a?token=SECRET": "https://[::1/a",
}


@pytest.mark.parametrize("link", HARMLESS)
def test_a_harmless_link_stays_letter_for_letter(link: str) -> None:
    assert unsigned(link) == link


@pytest.mark.parametrize("link", HOSTILE)
def test_a_link_keeps_no_secret(link: str) -> None:
    assert unsigned(link) == HOSTILE[link]


def test_a_hostile_link_takes_no_time() -> None:
    assert unsigned("https://h/?" + "token" * 200_000) is not None
    assert unsigned("https://h/" + "://" * 100_000) is not None
    assert unsigned("https://h/" + "%25" * 100_000) is not None
