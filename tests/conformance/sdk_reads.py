"""Everything that the unmodified SDK reads of a workspace: `python sdk_reads.py URL WORKSPACE ...`.

Run in a child, because importing the SDK takes seconds, patches other packages and warns. It prints
one JSON object after `@@@`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

READS: dict[str, Callable[[Any], Any]] = {
    "name": lambda run: run.get_name(),
    "metadata": lambda run: run.get_metadata(),
    "state": lambda run: run.get_state(),
    "metrics": lambda run: run.get_metrics(),
    "summaries": lambda run: run.get_metrics_summary(),
    "parameters": lambda run: run.get_parameters_summary(),
    "others": lambda run: run.get_others_summary(),
    "tags": lambda run: run.get_tags(),
    "system": lambda run: run.get_system_details(),
    "git": lambda run: run.get_git_metadata(),
    "patch": lambda run: _octets(run.get_git_patch()),
    "code": lambda run: run.get_code(),
    "output": lambda run: run.get_output(),
    "html": lambda run: run.get_html(),
    "graph": lambda run: run.get_model_graph(),
    "models": lambda run: run.get_model_names(),
    "assets": lambda run: [_asset(run, asset) for asset in run.get_asset_list()],
}
"""What is read of each experiment."""


def _octets(value: Any) -> Any:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def _asset(run: Any, asset: dict[str, Any]) -> dict[str, Any]:
    if asset["remote"]:
        return {**asset, "sha256": None}
    data = run.get_asset(asset["assetId"])
    return {**asset, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}


def _experiment(run: Any) -> dict[str, Any]:
    return {name: read(run) for name, read in READS.items()}


def _project(api: Any, workspace: str, name: str) -> dict[str, Any]:
    project = api.get_project(workspace, name)
    views = api.get_views(workspace, name, include_workspace_views=True)
    asked = {"projectId": project["projectId"], "includeWorkspaceViews": "true"}
    charts = api._client.get_from_endpoint("views/chart-templates", asked)["views"]
    return {
        **project,
        "notes": api.get_project_notes(workspace, name),
        "views": [
            *map(vars, views),
            *(vars(type(views[0]).from_payload_dict(row)) for row in charts),
        ],
    }


def _model(api: Any, workspace: str, name: str) -> dict[str, Any]:
    details, model = api.get_registry_model_details(workspace, name), api.get_model(workspace, name)
    for version in details["versions"]:
        number = version["version"]
        version["status"], version["tags"] = model.status(number), model.tags(number)
        version["metadata"] = model.get_registry_model_metadata(number)
    return {
        **details,
        "notes": api.get_registry_model_notes(workspace, name),
        "names": api.get_registry_model_versions(workspace, name),
    }


def _artifact(api: Any, artifact_id: str) -> dict[str, Any]:
    details = api.get_artifact_details(artifact_id=artifact_id)
    for version in details["versions"]:
        found = api.get_artifact_files(artifact_id=artifact_id, version=version["version"])
        version["files"] = found["files"]
    return dict(details)


def _panels(api: Any, workspace: str) -> list[dict[str, Any]]:
    """Return the panels by the SDK's transport: it has no call for them."""
    ask = api._client.get_from_endpoint
    rows = ask("code-panel/get-all", {"teamId": workspace, "workspace": workspace})
    panels = []
    for row in rows["codePanelTemplateRows"]:
        whole = ask("code-panel/download", {"templateId": row["templateId"]})
        panels.append({**row, **whole, **(whole.pop("code") or {})})
    return panels


def read_workspace(api: Any, workspace: str) -> dict[str, Any]:
    """Return what the SDK returns for everything in a workspace, as JSON can hold it."""
    runs = api.get_experiments(workspace)
    with ThreadPoolExecutor(4) as pool:
        experiments = dict(zip((run.key for run in runs), pool.map(_experiment, runs), strict=True))
    return {
        "experiments": experiments,
        "projects": [_project(api, workspace, name) for name in api.get_projects(workspace)],
        "panels": _panels(api, workspace),
        "models": [
            _model(api, workspace, name) for name in api.get_registry_model_names(workspace)
        ],
        "artifacts": [
            _artifact(api, row["artifactId"])
            for row in api.get_artifact_list(workspace)["artifacts"]
        ],
    }


def main() -> None:
    """Print what the SDK reads."""
    url, *workspaces = sys.argv[1:]
    os.environ["COMET_URL_OVERRIDE"] = f"{url}/clientlib/"
    import comet_ml  # noqa: PLC0415  the child's import

    api: Any = comet_ml.API(  # type: ignore[no-untyped-call]  # the SDK's
        api_key="any-key-will-do-here", cache=False
    )
    found = {workspace: read_workspace(api, workspace) for workspace in workspaces}
    print("@@@" + json.dumps(found, default=str))


if __name__ == "__main__":
    main()
