"""Writes of views, chart templates, dashboards and panels."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from typing import cast

from comet_async.server.bodies import json_text, optional, text, texts
from comet_async.server.records import Json, JsonObject, Project
from comet_async.server.replies import ApiError, Call, Handler, Reply, Takes, Write, json_reply
from comet_async.server.upload_folder import DiskContent
from comet_async.server.write_experiments import written_key
from comet_async.server.written_boards import Dashboard, Panel, WrittenView

__all__ = ["ROUTES"]

_ID_LENGTH = 25
_MEMBER_LIMIT = 8 << 20
_TEMPLATE = "tempVisualizationTemplate.json"
_STATES = ("experimentQueryState", "dashboardChartState", "reactGridTableState")
_VERSIONED = ("v2", "v3")


def _project(call: Call, name: str) -> Project:
    return call.project({"projectId": text(call.body, name)})


def _view(call: Call, key: str | None, known: Mapping[str, WrittenView]) -> WrittenView:
    """Return the view that a body describes; what it leaves out stays as it was."""
    project, name = _project(call, "projectId"), text(call.body, "templateName")
    template_id = optional(call.body, "templateId") or call.store.new_id()[:_ID_LENGTH]
    earlier = known.get(template_id)
    if earlier is not None and earlier.project_id != project.project_id:
        raise ApiError(404, "No such template")
    members: JsonObject = {}
    for state in _STATES:
        if call.body.get(state) is not None:
            members[state] = json_text(call.body, state)
    members |= {name: call.body[name] for name in _VERSIONED if name in call.body}
    return WrittenView(
        template_id,
        name,
        project.project_id,
        key,
        members if earlier is None else {**earlier.members, **members},
        call.store.now_ms(),
        call.store.account(),
    )


def _upsert_view(call: Call) -> Reply:
    view = _view(call, None, call.store.boards.views)
    call.store.boards.views[view.template_id] = view
    return json_reply(_named(view))


def _upsert_chart(call: Call) -> Reply:
    key = written_key(call, text(call.body, "experimentKey"))
    view = _view(call, key, call.store.boards.charts)
    call.store.boards.charts[view.template_id] = view
    return json_reply(_named(view) | {"experimentKey": key})


def _named(view: WrittenView) -> JsonObject:
    return {
        "templateId": view.template_id,
        "templateName": view.name,
        "projectId": view.project_id,
    }


def _create_dashboard(call: Call) -> Reply:
    project, name = _project(call, "project_id"), text(call.body, "template_name")
    template_id = optional(call.body, "template_id") or call.store.new_id()[:_ID_LENGTH]
    return _put_dashboard(call, project, template_id, name)


def _upsert_dashboard(call: Call) -> Reply:
    project, template_id = _project(call, "project_id"), text(call.body, "template_id")
    name = optional(call.body, "template_name")
    return _put_dashboard(call, project, template_id, name)


def _put_dashboard(call: Call, project: Project, template_id: str, name: str | None) -> Reply:
    panels = texts(call.body, "codePanelTemplateIds")
    earlier = call.store.boards.dashboards.get(template_id)
    if earlier is not None and earlier.project_id != project.project_id:
        raise ApiError(404, "No such dashboard template")
    kept = earlier.panels if earlier else ()
    call.store.boards.dashboards[template_id] = Dashboard(
        template_id,
        name or (earlier.name if earlier else template_id),
        project.project_id,
        kept if panels is None else tuple(panels),
        call.store.account(),
    )
    return json_reply({"template_id": template_id})


def _upload_panel(call: Call) -> Reply:
    """Add a panel from its zip, or replace the one of a template id."""
    workspace = call.known_workspace(call.need("teamName"))
    archive = call.form.files.get("file")
    if archive is None:
        raise ApiError(400, "file is required")
    name, code = _read_panel(archive)
    template_id = call.query.get("templateId") or call.store.new_id()[:_ID_LENGTH]
    earlier = call.store.boards.panels.get(template_id)
    if earlier is not None and earlier.workspace != workspace:
        raise ApiError(404, "No such template")
    call.store.boards.panels[template_id] = Panel(
        template_id,
        workspace,
        name,
        code,
        archive,
        1 if earlier is None else earlier.revision + 1,
        call.store.now_ms(),
        call.store.account(),
    )
    return json_reply({"templateId": template_id})


def _read_panel(archive: DiskContent) -> tuple[str, JsonObject]:
    """Return name and code of a panel's zip.

    Raises:
        ApiError: It is no zip of a panel.
    """
    try:
        with zipfile.ZipFile(archive.path) as members:
            names = members.namelist()
            member = _TEMPLATE if _TEMPLATE in names else "info.json"
            if member not in names or members.getinfo(member).file_size > _MEMBER_LIMIT:
                raise ApiError(400, "file is no zip of a panel")
            document = cast("Json", json.loads(members.read(member)))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError, OSError):
        raise ApiError(400, "file is no zip of a panel") from None
    if not isinstance(document, dict):
        raise ApiError(400, "file is no zip of a panel")
    code = document.get("code")
    named = document.get("templateName")
    name = named if isinstance(named, str) and named else "Panel"
    return name, code if isinstance(code, dict) else document


_BASE = "/api/rest/v2"
ROUTES: dict[tuple[str, str], Handler] = {
    ("POST", f"{_BASE}/write/views/upsert"): Write(_upsert_view),
    ("POST", f"{_BASE}/write/chart-templates/upsert"): Write(_upsert_chart),
    ("POST", f"{_BASE}/write/template/upload"): Write(_upload_panel, Takes.FORM),
    ("POST", f"{_BASE}/write/dashboard-template/create"): Write(_create_dashboard),
    ("POST", f"{_BASE}/dashboard-templates/project/upsert"): Write(_upsert_dashboard),
}
