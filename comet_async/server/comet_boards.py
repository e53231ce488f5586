"""Routes of the account, panels, dashboards, views, webhooks and the visualisation store."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable

from comet_async.server.extras import first_run
from comet_async.server.records import Json, JsonObject, Project, stable_id
from comet_async.server.replies import (
    ApiError,
    Call,
    FileReply,
    Handler,
    Reply,
    json_reply,
)
from comet_async.server.small_content import SmallContent
from comet_async.server.written_boards import Dashboard, Panel, WrittenView

__all__ = ["ROUTES"]

_CREATED_MS = 1_750_000_000_000
_PANELS = ("Loss overview", "Python table")
_VERSION = "4.40.0"
_EMPTY_CODE: JsonObject = {
    "code": "",
    "css": "",
    "description": "",
    "html": "",
    "defaultConfig": "{}",
    "internalResources": [],
    "userResources": [],
    "pyCode": "",
    "type": "js",
    "pyConfig": "",
}


def _version(_call: Call) -> Reply:
    return json_reply({"msg": "ok", "version": _VERSION})


def _account(call: Call) -> Reply:
    name = call.store.account()
    return json_reply({"userName": name, "defaultWorkspaceName": name})


def _panel_ids(call: Call, workspace: str) -> dict[str, str]:
    """Return names by template id; Python panels come second."""
    if not call.store.extras:
        return {}
    return {stable_id("panel", workspace, name, size=25): name for name in _PANELS}


def _panel_row(workspace: str, template_id: str, name: str) -> JsonObject:
    return {
        "templateId": template_id,
        "owner": workspace,
        "teamId": stable_id("workspace", workspace),
        "templateName": name,
        "queryBuilderId": stable_id("query-builder", template_id, size=25),
        "scopeType": "PRIVATE",
        "revisionId": 1,
        "createdAt": _CREATED_MS,
    }


def _panels(call: Call) -> Reply:
    workspace = call.workspace("workspace")
    invented = _panel_ids(call, workspace)
    rows = {key: _panel_row(workspace, key, name) for key, name in invented.items()}
    for panel in call.store.boards.panels.values():
        if panel.workspace == workspace:
            rows[panel.template_id] = _written_row(panel)
    return json_reply({"codePanelTemplateRows": [*rows.values()]})


def _written_row(panel: Panel) -> JsonObject:
    return _panel_row(panel.workspace, panel.template_id, panel.name) | {
        "owner": panel.user,
        "revisionId": panel.revision,
        "createdAt": panel.created_ms,
    }


def _find_panel(call: Call, template_id: str) -> tuple[str, str]:
    """Return workspace and name of a panel template."""
    for workspace in call.store.workspaces():
        found = _panel_ids(call, workspace)
        if template_id in found:
            return workspace, found[template_id]
    raise ApiError(404, "No such template")


def _code(name: str) -> JsonObject:
    python = name == _PANELS[1]
    return {
        "code": "" if python else "class Panel extends Comet.Panel {}\n",
        "css": "",
        "description": f"{name}, invented",
        "html": "<div></div>",
        "defaultConfig": "{}",
        "internalResources": [{"name": "comet-utils", "version": "latest", "enabled": True}],
        "userResources": [],
        "pyCode": "print('panel')\n" if python else "",
        "type": "py" if python else "js",
        "pyConfig": "{}" if python else "",
    }


def _panel(call: Call) -> Reply:
    template, instance = call.query.get("templateId", ""), call.query.get("instanceId", "")
    if bool(template) == bool(instance):
        raise ApiError(400, "exactly one of templateId and instanceId is required")
    template_id = template or instance
    written = call.store.boards.panels.get(template_id)
    if written is not None:
        row = _written_row(written)
        row["code"] = _EMPTY_CODE | written.code
    else:
        workspace, name = _find_panel(call, template_id)
        row = _panel_row(workspace, template_id, name)
        row["code"] = _code(name)
    row["rank"] = {"templateId": template_id, "voteCount": 0, "userVoteType": "NONE"}
    return json_reply(row | {"thumbnailName": "", "editable": True})


def _panel_zip(call: Call) -> Reply:
    written = call.store.boards.panels.get(call.path["templateId"])
    if written is not None:
        return FileReply(written.archive, "application/zip")
    _workspace, name = _find_panel(call, call.path["templateId"])
    code = _code(name)
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        members = {"code.js": code["code"], "code.py": code["pyCode"], "info.json": code}
        for member, text in members.items():
            entry = zipfile.ZipInfo(member, (2025, 1, 1, 0, 0, 0))
            archive.writestr(entry, text if isinstance(text, str) else json.dumps(text))
    return FileReply(SmallContent(sink.getvalue()), "application/zip")


def _dashboards(call: Call) -> Reply:
    rows: list[Json] = []
    for project in call.store.projects(call.workspace("workspace")):
        rows += [_board_row(project, board) for board in _boards_of(call, project).values()]
    return json_reply({"dashboardTemplates": rows})


def _board_row(project: Project, board: Dashboard) -> JsonObject:
    return {
        "templateId": board.template_id,
        "templateName": board.name,
        "projectId": project.project_id,
        "projectName": project.name,
        "createdBy": board.user,
    }


def _boards_of(call: Call, project: Project) -> dict[str, Dashboard]:
    """Return the dashboards of a project by id: an invented one, and those written."""
    found: dict[str, Dashboard] = {}
    if call.store.extras:
        template_id = _dashboard_id(project)
        found[template_id] = Dashboard(
            template_id,
            "Overview",
            project.project_id,
            tuple(_panel_ids(call, project.workspace)),
            project.workspace,
        )
    written = call.store.boards.dashboards.values()
    mine = {item.template_id: item for item in written if item.project_id == project.project_id}
    return found | mine


def _dashboard_id(project: Project) -> str:
    return stable_id("dashboard", project.project_id, size=25)


def _table_state() -> str:
    return json.dumps({"columns": ["Name", "duration"]})


def _dashboard(call: Call) -> Reply:
    project = call.project({"projectId": call.need("projectId")})
    template_id = call.need("templateId")
    board = _boards_of(call, project).get(template_id)
    if board is None:
        raise ApiError(404, "No such dashboard template")
    invented = template_id == _dashboard_id(project)
    charts: list[Json] = [{"metricNames": ["loss"]}] if invented else []
    return json_reply(
        {
            "project_id": project.project_id,
            "template_name": board.name,
            "template_id": template_id,
            "experimentQueryState": json.dumps({"predicates": []}),
            "dashboardChartState": json.dumps({"charts": charts}),
            "reactGridTableState": _table_state(),
            "v2": {
                "reactGridTableState": _table_state(),
                "toggles": {"t1": {"isVisible": True, "toggleId": "t1"}},
            },
            "source": "user",
            "current": True,
            "unsaved_view": False,
            "created_by": board.user,
            "project_default": invented,
            "pinnedExperiments": [],
            "codePanelTemplateIds": [*board.panels],
            "isAutoRefreshEnabled": False,
        }
    )


def _view(call: Call, project: Project, name: str, key: str | None) -> JsonObject:
    row: JsonObject = {
        "templateId": stable_id("view", project.project_id, name, size=25),
        "templateName": name,
        "projectId": project.project_id,
        "experimentKey": key,
        "experimentQueryState": None,
        "dashboardChartState": json.dumps({"charts": []}),
        "reactGridTableState": _table_state(),
        "v2": None,
        "v3": None,
        "source": None,
        "current": name == "Default",
        "unsavedView": False,
        "createdBy": project.workspace,
        "lastUpdate": _CREATED_MS,
        "pinnedExperiments": [],
        "codePanelTemplateIds": [*_panel_ids(call, project.workspace)],
    }
    if key is None:
        del row["experimentKey"]
    return row


def _written_view(call: Call, project: Project, view: WrittenView) -> JsonObject:
    row = _view(call, project, view.name, view.experiment_key)
    named: JsonObject = {
        "templateId": view.template_id,
        "dashboardChartState": None,
        "reactGridTableState": None,
        "current": False,
        "createdBy": view.user,
        "lastUpdate": view.updated_ms,
        "codePanelTemplateIds": [],
    }
    return row | named | view.members


def _with_written(
    call: Call, project: Project, rows: list[JsonObject], written: Iterable[WrittenView]
) -> Reply:
    """Return views, those that were written in the place of invented ones of their id."""
    by_id: dict[Json, Json] = {row["templateId"]: row for row in rows}
    for view in written:
        if view.project_id == project.project_id:
            by_id[view.template_id] = _written_view(call, project, view)
    return json_reply({"views": [*by_id.values()]})


def _views(call: Call) -> Reply:
    project = call.project({"projectId": call.need("projectId")})
    key = call.query.get("experimentKey") or None
    rows: list[JsonObject] = []
    if call.store.extras:
        rows = [_view(call, project, name, key) for name in ("Default", "Mine")]
        if call.flag("includeWorkspaceViews"):
            rows.append(_view(call, project, "Workspace view", key))
    return _with_written(call, project, rows, call.store.boards.views.values())


def _chart_views(call: Call) -> Reply:
    project = call.project({"projectId": call.need("projectId")})
    key = call.query.get("experimentKey") or None
    rows = [_view(call, project, "Charts", key)] if call.store.extras else []
    written = call.store.boards.charts.values()
    mine = [view for view in written if key in (None, view.experiment_key)]
    return _with_written(call, project, rows, mine)


def _webhooks(call: Call) -> Reply:
    workspace, model = call.workspace(), call.query.get("modelName")
    urls: list[Json] = [
        {
            "url": "https://hooks.example.com/comet",
            "header": {"Authorization": "Bearer invented-webhook-token"},
        }
    ]
    return json_reply(
        {
            "workspaceName": workspace,
            "modelName": model,
            "webhookUrls": urls if call.store.extras else [],
        }
    )


def _viz_store(call: Call) -> Reply:
    project = call.project({"projectId": call.need("projectId")})
    instance = call.need("instanceId")
    run = first_run(call.store, project.workspace) if call.store.extras else None
    pinned: list[Json] = [] if run is None else [run.facts.key]
    return json_reply({"store": json.dumps({"instanceId": instance, "selected": pinned})})


_BASE = "/api/rest/v2"
ROUTES: dict[tuple[str, str], Handler] = {
    ("GET", "/clientlib/isAlive/ver"): _version,
    ("GET", f"{_BASE}/account-details"): _account,
    ("GET", f"{_BASE}/code-panel/get-all"): _panels,
    ("GET", f"{_BASE}/code-panel/download"): _panel,
    ("GET", f"{_BASE}/template/{{templateId}}/download"): _panel_zip,
    ("GET", f"{_BASE}/dashboard-template/get-all"): _dashboards,
    ("GET", f"{_BASE}/dashboard-template/download"): _dashboard,
    ("GET", f"{_BASE}/views/get-all"): _views,
    ("GET", f"{_BASE}/views/chart-templates"): _chart_views,
    ("GET", f"{_BASE}/webhooks/config"): _webhooks,
    ("GET", f"{_BASE}/viz-instance/store/get"): _viz_store,
}
