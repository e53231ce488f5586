"""Readers of what is not of one experiment: projects, boards, panels, registry, artifacts."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from comet_async import comet
from comet_async.errors import NotFoundError
from comet_async.harvest.artifact_reader import ArtifactReader
from comet_async.harvest.optional import optional
from comet_async.harvest.registry_reader import RegistryReader
from comet_async.harvest.rows import columns_of, text_of
from comet_async.harvest.subjects import Ask, Columns, Reader, Subject, SubjectKind

__all__ = ["WORKSPACE_READERS"]

Row = Mapping[str, object]


class ProjectReader:
    """Reads `projects` and `dashboards` of one project.

    Source: Comet REST v2, project/notes; dashboard-template/get-all and .../download; the vendor's
    Python client, views/get-all and views/chart-templates.
    """

    kind: SubjectKind = "project"
    tables = ("projects", "dashboards")
    requests = 5.0

    async def read(
        self, ask: Ask, subject: Subject, tables: frozenset[str]
    ) -> Mapping[str, Columns]:
        """Return the row of the project, and those of its boards."""
        found: dict[str, Columns] = {}
        if "projects" in tables:
            entry = msgspec.json.decode(subject.listed, type=comet.Project, strict=False)
            notes = await optional(ask, comet.get_project_notes(subject.key))
            row = {
                "project_id": subject.key,
                "project_name": entry.project_name,
                "workspace_name": entry.workspace_name or subject.workspace,
                "owner_user_name": entry.owner_user_name,
                "description": entry.project_description,
                "experiments": entry.number_of_experiments,
                "last_updated": entry.last_updated,
                "public": entry.open_to_all,
                "notes": None if notes is None else notes.notes,
            }
            found["projects"] = columns_of("projects", [row])
        if "dashboards" in tables:
            found["dashboards"] = columns_of("dashboards", await self._boards(ask, subject))
        return found

    async def _boards(self, ask: Ask, subject: Subject) -> list[Row]:
        project = subject.key
        views = await optional(ask, comet.get_views(project, include_workspace_views=True))
        charts = await optional(
            ask, comet.get_chart_template_views(project, include_workspace_views=True)
        )
        listed = await optional(ask, comet.get_dashboard_templates(subject.workspace))
        rows = [_view(project, "view", view) for view in ([] if views is None else views.views)]
        rows += [
            _view(project, "chart template", view)
            for view in ([] if charts is None else charts.views)
        ]
        known = {row["template_id"] for row in rows}
        for template in [] if listed is None else listed.dashboard_templates:
            if template.project_id == project and template.template_id not in known:
                rows.append(await _template(ask, template))
        return rows


def _view(project_id: str, kind: str, view: comet.View) -> Row:
    newer = {"v2": view.v2, "v3": view.v3}
    return {
        "project_id": project_id,
        "template_id": view.template_id,
        "template_name": view.template_name,
        "created_by": view.created_by,
        "last_update": view.last_update,
        "experiment_query_state": view.experiment_query_state,
        "dashboard_chart_state": view.dashboard_chart_state,
        "table_state": view.react_grid_table_state,
        "newer_state": text_of(newer) if any(newer.values()) else None,
        "pinned_experiments": list(view.pinned_experiments),
        "panels": list(view.code_panel_template_ids),
        "kind": kind,
        "view_project_id": view.project_id,
        "view_experiment_key": view.experiment_key,
        "source": view.source,
        "current": view.current,
        "unsaved": view.unsaved_view,
    }


async def _template(ask: Ask, listed: comet.DashboardTemplateRow) -> Row:
    """Return the row of a dashboard template, with why there is no more where it cannot be read."""
    about: Row = {
        "project_id": listed.project_id,
        "template_id": listed.template_id,
        "template_name": listed.template_name,
        "created_by": listed.created_by,
        "kind": "dashboard template",
        "view_project_id": listed.project_id,
    }
    request = comet.download_dashboard_template(listed.project_id or "", listed.template_id)
    try:
        board = await ask(request)
    except NotFoundError as error:
        return {**about, "problem": str(error)}
    return {
        **about,
        "experiment_query_state": board.experiment_query_state,
        "dashboard_chart_state": board.dashboard_chart_state,
        "table_state": board.react_grid_table_state,
        "newer_state": None if board.v2 is None else text_of({"v2": board.v2}),
        "pinned_experiments": list(board.pinned_experiments),
        "panels": list(board.code_panel_template_ids),
        "source": board.source,
        "current": board.current,
        "unsaved": board.unsaved_view,
        "default": board.project_default,
        "refreshes": board.is_auto_refresh_enabled,
    }


class PanelReader:
    """Reads `panels` of a workspace: code-panel/get-all, then code-panel/download for each."""

    kind: SubjectKind = "workspace"
    tables = ("panels",)
    requests = 1.0

    async def read(
        self, ask: Ask, subject: Subject, tables: frozenset[str]
    ) -> Mapping[str, Columns]:
        """Return a row for each panel."""
        del tables
        listed = await optional(ask, comet.get_panels(subject.key))
        panels = [] if listed is None else listed.code_panel_template_rows
        rows = [await _panel(ask, subject.key, panel) for panel in panels]
        return {"panels": columns_of("panels", rows)}


async def _panel(ask: Ask, workspace: str, panel: comet.PanelRow) -> Row:
    """Return the row of a panel, with why there is no code where it cannot be read."""
    about: Row = {
        "workspace_name": workspace,
        "template_id": panel.template_id,
        "template_name": panel.template_name,
        "owner": panel.owner,
        "scope": panel.scope_type,
        "revision": panel.revision_id,
        "created": panel.created_at,
        "workspace_id": panel.team_id,
        "query_builder_id": panel.query_builder_id,
    }
    try:
        code = (await ask(comet.get_panel(template_id=panel.template_id))).code
    except NotFoundError as error:
        return {**about, "problem": str(error)}
    return about if code is None else {**about, **_code(code)}


def _code(code: comet.PanelCode) -> Row:
    resources = {"internal": code.internal_resources, "user": code.user_resources}
    return {
        "language": code.type,
        "code": code.code,
        "python": code.py_code,
        "html": code.html,
        "css": code.css,
        "description": code.description,
        "config": code.py_config or code.default_config,
        "default_config": code.default_config,
        "resources": text_of(resources) if any(resources.values()) else None,
    }


WORKSPACE_READERS: tuple[Reader, ...] = (
    ProjectReader(),
    PanelReader(),
    RegistryReader(),
    ArtifactReader(),
)
"""One for each kind of subject that is no experiment."""
