"""Views, dashboards and panels: make and change."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from comet_async.comet.common import Flat
from comet_async.comet.writing import Body, appends_unless, listed, upload, write
from comet_async.request import Effect, Request
from comet_async.upload import FileSource, form

__all__ = [
    "DashboardId",
    "NewView",
    "UploadedPanel",
    "UpsertedChartView",
    "UpsertedView",
    "create_dashboard_template",
    "upload_panel_zip",
    "upsert_chart_template_view",
    "upsert_dashboard_template",
    "upsert_view",
]


class NewView(Body, frozen=True, kw_only=True):
    """A view of a project to make or to change.

    Attributes:
        project_id: Id of the project.
        template_name: Its name.
        template_id: Its id; without one the server makes a view.
        experiment_query_state: JSON in a text.
        dashboard_chart_state: JSON in a text.
        react_grid_table_state: JSON in a text.
        v2: State of newer servers, of no documented form.
        v3: State of the newest servers, of no documented form.
    """

    project_id: str
    template_name: str
    template_id: str | None = None
    experiment_query_state: str | None = None
    dashboard_chart_state: str | None = None
    react_grid_table_state: str | None = None
    v2: object = None
    v3: object = None


class UpsertedView(Flat, frozen=True, kw_only=True):
    """A view that was stored.

    Attributes:
        template_id: Its id.
        template_name: Its name.
        project_id: Id of its project.
    """

    template_id: str
    template_name: str | None = None
    project_id: str | None = None


class UpsertedChartView(Flat, frozen=True, kw_only=True):
    """A view of one experiment that was stored.

    Attributes:
        template_id: Its id.
        template_name: Its name.
        project_id: Id of its project.
        experiment_key: Its experiment.
    """

    template_id: str
    template_name: str | None = None
    project_id: str | None = None
    experiment_key: str | None = None


class UploadedPanel(Flat, frozen=True, kw_only=True):
    """A panel that was stored.

    Attributes:
        template_id: Its id.
    """

    template_id: str


class DashboardId(Flat, frozen=True, kw_only=True):
    """A dashboard that was stored.

    Attributes:
        template_id: Its id, spelled template_id on the wire.
    """

    template_id: str = msgspec.field(name="template_id")


def upsert_view(view: NewView) -> Request[UpsertedView]:
    """Make a view of a project, or change one.

    Idempotent where the view is named by its id, appends elsewhere.

    Args:
        view: What to store.

    Returns:
        Its id.

    Source: the vendor's Python client, write/views/upsert.
    """
    path = "/api/rest/v2/write/views/upsert"
    empty = ("experimentQueryState", "dashboardChartState", "reactGridTableState", "v2", "v3")
    effect = appends_unless(view.template_id)
    return write("POST", path, UpsertedView, effect, json=view, may_be_empty=empty)


def upsert_chart_template_view(
    project_id: str, template_name: str, experiment_key: str
) -> Request[UpsertedChartView]:
    """Make a view of one experiment.

    Appends: each call can make another view.

    Args:
        project_id: Id of the project.
        template_name: Its name.
        experiment_key: Experiment key.

    Returns:
        Its id.

    Source: the vendor's Python client, write/chart-templates/upsert.
    """
    body = {
        "projectId": project_id,
        "templateName": template_name,
        "experimentKey": experiment_key,
    }
    path = "/api/rest/v2/write/chart-templates/upsert"
    return write("POST", path, UpsertedChartView, Effect.APPEND, json=body)


def upload_panel_zip(
    team_name: str, file: FileSource, *, template_id: str | None = None
) -> Request[UploadedPanel]:
    """Store a panel from a zip archive.

    Idempotent where the panel is named by its id, appends elsewhere.

    Args:
        team_name: Name of the workspace.
        file: The archive, as `download_panel_zip` gives it: a path, content, or a binary file that
            is open at its beginning.
        template_id: Panel to replace.

    Returns:
        Its id.

    Raises:
        UsageError: The file cannot be read.

    Source: the vendor's cometx, write/template/upload.
    """
    return upload(
        "/api/rest/v2/write/template/upload",
        UploadedPanel,
        appends_unless(template_id),
        query={"teamName": team_name, "templateId": template_id},
        form=form(source=file),
    )


def create_dashboard_template(
    project_id: str,
    template_name: str,
    *,
    template_id: str | None = None,
    code_panel_template_ids: Sequence[str] | None = None,
) -> Request[DashboardId]:
    """Make a dashboard of a project.

    Appends: each call makes another dashboard.

    Args:
        project_id: Id of the project.
        template_name: Its name.
        template_id: Dashboard to begin from.
        code_panel_template_ids: Ids of the panels on it.

    Returns:
        Its id.

    Source: the vendor's cometx, write/dashboard-template/create; the body is in snake case.
    """
    path = "/api/rest/v2/write/dashboard-template/create"
    body = _dashboard(path, project_id, template_id, template_name, code_panel_template_ids)
    return write("POST", path, DashboardId, Effect.APPEND, json=body)


def upsert_dashboard_template(
    project_id: str,
    template_id: str,
    *,
    template_name: str | None = None,
    code_panel_template_ids: Sequence[str] | None = None,
) -> Request[DashboardId]:
    """Change a dashboard of a project.

    A write whose path does not say so. Idempotent: the dashboard is named by its id.

    Args:
        project_id: Id of the project.
        template_id: Id of the dashboard.
        template_name: Another name.
        code_panel_template_ids: Ids of the panels on it.

    Returns:
        Its id.

    Source: the vendor's cometx, dashboard-templates/project/upsert; the body is in snake case.
    """
    path = "/api/rest/v2/dashboard-templates/project/upsert"
    body = _dashboard(path, project_id, template_id, template_name, code_panel_template_ids)
    return write("POST", path, DashboardId, Effect.IDEMPOTENT, json=body)


def _dashboard(
    path: str,
    project_id: str,
    template_id: str | None,
    template_name: str | None,
    panels: Sequence[str] | None,
) -> dict[str, object]:
    name = "code_panel_template_ids"
    return {
        "project_id": project_id,
        "template_id": template_id,
        "template_name": template_name,
        "codePanelTemplateIds": None if panels is None else listed(path, name, panels, least=0),
    }
