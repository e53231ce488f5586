"""A small world that was written over HTTP, and a client that writes by the facts."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import aiohttp

from comet_async.server import LocalServer
from tests.server.write_cases import ABSENT

FACTS: dict[str, Any] = {
    fact["name"]: fact
    for fact in json.loads(
        (Path(__file__).parents[1] / "conformance" / "comet-endpoints.json").read_bytes()
    )
}
KEY = "the-key-of-the-tests"


def panel_zip(code: str = "pass") -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        document = {"templateName": "Mine", "code": {"pyCode": code, "type": "py"}}
        archive.writestr("tempVisualizationTemplate.json", json.dumps(document))
    return sink.getvalue()


def at(document: Any, place: str) -> Any:
    """Follow blanks from member to member: names, positions, and `member=value` for the item that has it."""
    for part in filter(None, place.split(" ")):
        document = _step(document, part)
        if document is ABSENT:
            return ABSENT
    return document


def _step(document: Any, part: str) -> Any:
    if isinstance(document, list) and part.isdigit():
        return document[int(part)] if int(part) < len(document) else ABSENT
    if isinstance(document, list):
        name, _, wanted = part.partition("=")
        return next((item for item in document if item.get(name) == wanted), ABSENT)
    return document.get(part, ABSENT)


class World:
    """A server with some things in it, their ids by name, and raw HTTP to write more."""

    def __init__(self, server: LocalServer, session: aiohttp.ClientSession) -> None:
        self.server = server
        self.session = session
        self.ids: dict[str, Any] = {}

    def filled(self, value: Any) -> Any:
        """Put ids in the place of their names."""
        if isinstance(value, dict):
            return {self.filled(key): self.filled(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.filled(item) for item in value]
        if not isinstance(value, str) or "$" not in value:
            return value
        if value.removeprefix("$") in self.ids:
            return self.ids[value.removeprefix("$")]
        for name in sorted(self.ids, key=len, reverse=True):
            if isinstance(self.ids[name], str):
                value = value.replace(f"${name}", self.ids[name])
        return value

    async def write(self, name: str, sent: dict[str, Any]) -> tuple[int, Any]:
        """Send a write as the facts have it; return status and JSON body."""
        fact = FACTS[name]
        path, query, body, form = fact["path"], {}, {}, aiohttp.FormData()
        filled, upload = self.filled(sent), False
        for parameter in fact["params"]:
            key, where = parameter["name"], parameter["in"]
            upload = upload or where == "form"
            if key not in filled:
                continue
            value = filled[key]
            if where == "path":
                path = path.replace(f"{{{key}}}", value)
            elif where == "query" and (key != "metadata" or "file" not in filled):
                query[key] = str(value)
            elif where == "form" and value is not None:
                form.add_field(key, value, filename="file" if key == "file" else None)
            elif where == "body":
                body[key] = value
        payload: dict[str, Any] = {}
        if upload:
            form.add_field("metadata", filled.get("metadata", ""))
            payload = {"data": form}
        elif fact["verb"] != "GET":
            payload = {"json": body.get("[]", body)}
        url = self.server.url + path
        async with self.session.request(fact["verb"], url, params=query, **payload) as response:
            assert response.headers["Content-Type"] == "application/json"
            return response.status, json.loads(await response.read())

    async def done(self, name: str, sent: dict[str, Any]) -> Any:
        """Send a write that must succeed; return its answer."""
        status, answer = await self.write(name, sent)
        assert status == 200, answer
        return answer

    async def read(self, path: str, query: dict[str, Any]) -> Any:
        """Return the JSON or the bytes of a read, whatever its status."""
        url = f"{self.server.url}/api/rest/v2/{self.filled(path)}"
        async with self.session.get(url, params=self.filled(query)) as response:
            data = await response.read()
            plain = response.headers["Content-Type"] == "application/json"
            return json.loads(data) if plain else data

    async def snapshot(self) -> list[Any]:
        """Return what the main lists show."""
        runs = {"workspaceName": "team", "projectName": "lab"}
        return [
            await self.read("workspaces", {}),
            await self.read("projects", {"workspaceName": "team"}),
            await self.read("experiments", runs),
            await self.read("experiments", {**runs, "archived": "true"}),
            await self.read("experiment/metadata", {"experimentKey": "$key"}),
            await self.read("experiment/parameters", {"experimentKey": "$key"}),
            await self.read("experiment/metrics/get-all", {"experimentKey": "$key"}),
            await self.read("experiment/asset/list", {"experimentKey": "$key"}),
            await self.read("registry-model", {"workspaceName": "team"}),
            await self.read("artifacts/get", {"workspace": "team", "artifactName": "data"}),
            await self.read("views/get-all", {"projectId": "$project"}),
        ]

    async def build(self) -> None:
        """Write an experiment with something of each kind."""
        self.server.store.accounts.workspaces["team"] = "team-id"
        lab = {"workspaceName": "team", "projectName": "lab"}
        made = [await self.done("create_experiment", lab) for _ in range(4)]
        names = ("key", "archived", "ended", "throttled")
        self.ids |= {name: row["experimentKey"] for name, row in zip(names, made, strict=True)}
        other = {"workspaceName": "team", "projectName": "other"}
        await self.done("create_project", other)
        projects = (await self.read("projects", {"workspaceName": "team"}))["projects"]
        self.ids["project"] = at(projects, "projectName=lab projectId")
        await self._experiment()
        await self._states()
        await self._registry()
        await self._artifact()
        await self._parts()
        links = await self.done("create_project_share_link", {"projectId": "$project"})
        self.ids |= {"share": links["shareCode"], "panel": panel_zip()}

    async def _experiment(self) -> None:
        run = {"experimentKey": "$key"}
        await self.done("log_experiment_metric", {**run, "metricName": "loss", "metricValue": 1})
        for name in ("lr", "batch"):
            row = {**run, "parameterName": name, "parameterValue": 0.1}
            await self.done("log_experiment_parameter", row)
        await self.done("add_experiment_tags", {**run, "addedTags": ["first"]})
        await self.done("log_experiment_html", {**run, "html": "<i>first</i>"})
        stored = await self.done("upload_experiment_asset", {**run, "fileName": "a", "file": b"a"})
        self.ids["asset"] = stored["assetId"]
        model = {**run, "fileName": "model.bin", "groupingName": "m", "file": b"weights"}
        await self.done("upload_experiment_asset", model)
        models = await self.read("experiment/model", run)
        self.ids["model"] = models["models"][0]["experimentModelId"]

    async def _states(self) -> None:
        await self.done("archive_experiment", {"experimentKey": "$archived"})
        await self.done("stop_experiment", {"experimentKey": "$ended"})
        self.server.changes.throttle(self.ids["throttled"])
        # The lists of the tests count the experiments that go on in the lab.
        for name in ("ended", "throttled"):
            move = {"targetWorkspaceName": "team", "targetProjectName": "third", "symlink": False}
            await self.done("move_experiments", {**move, "experimentKeys": [f"${name}"]})

    async def _registry(self) -> None:
        sent = {"experimentModelId": "$model", "registryModelName": "net", "version": "1.0.0"}
        made = await self.done("create_registry_model", {**sent, "stages": ["staging"]})
        self.ids |= {"registry": made["registryModelId"], "item": made["registryModelItemId"]}

    async def _artifact(self) -> None:
        sent = {"experimentKey": "$key", "artifactName": "data", "artifactType": "dataset"}
        made = await self.done("upsert_artifact", {**sent, "versionTags": ["first"]})
        self.ids |= {"artifact": made["artifactId"], "version": made["artifactVersionId"]}
        closed = {"experimentKey": "$key", "artifactVersionId": "$version", "state": "CLOSED"}
        await self.done("set_artifact_version_state", closed)
        made = await self.done("upsert_artifact", {**sent, "version": "1.5.0"})
        self.ids["open"] = made["artifactVersionId"]

    async def _parts(self) -> None:
        start = {
            "experimentKey": "$key",
            "fileName": "parts.bin",
            "startUploadParams": {"cloudType": "AWS", "numOfFileParts": 2},
        }
        begun = await self.done("upload_experiment_asset_start", start)
        self.ids["request"] = begun["requestId"]
        for number, data in enumerate((b"abc", b"def"), 1):
            url = begun["preSignUrl"][number - 1]
            # As the vendor's client does: a plain PUT that carries no key.
            async with aiohttp.ClientSession() as bare, bare.put(url, data=data) as response:
                assert response.status == 200
                self.ids[f"etag{number}"] = response.headers["ETag"].strip('"')
