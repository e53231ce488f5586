"""Dashboards, saved views and stored panel data.

Members that hold the state of the web page are JSON documents inside texts. Both spellings of a
name, camelCase and snake_case, occur in this chapter.
"""

from __future__ import annotations

import msgspec
from msgspec import field

from comet_async.comet.common import (
    Flat,
    NullableDict,
    NullableList,
    Wire,
    json_object,
    no_items,
    no_members,
    read,
)
from comet_async.request import Request

__all__ = [
    "Dashboard",
    "DashboardTemplateRow",
    "DashboardTemplates",
    "DashboardV2",
    "Toggle",
    "View",
    "Views",
    "VizStore",
    "download_dashboard_template",
    "get_chart_template_views",
    "get_dashboard_templates",
    "get_views",
    "get_viz_store",
]


class DashboardTemplateRow(Flat, frozen=True, kw_only=True):
    """One dashboard template in a listing.

    Attributes:
        template_id: Its id.
        template_name: Its name.
        project_id: Id of its project.
        project_name: Name of its project.
        created_by: User who made it.
    """

    template_id: str
    template_name: str | None = None
    project_id: str | None = None
    project_name: str | None = None
    created_by: str | None = None


class DashboardTemplates(Wire, frozen=True, kw_only=True):
    """Dashboard templates of a workspace.

    Attributes:
        dashboard_templates: One entry for each template.
    """

    dashboard_templates: NullableList[DashboardTemplateRow]


class Toggle(Flat, frozen=True, kw_only=True):
    """One part of a page that can be hidden.

    Attributes:
        is_visible: Whether it is shown.
        toggle_id: Its id.
    """

    is_visible: bool | None = None
    toggle_id: str | None = None


class DashboardV2(Wire, frozen=True, kw_only=True):
    """Newer state of a dashboard.

    Attributes:
        react_grid_table_state: JSON document in a text.
        toggles: Parts of the page by id.
    """

    react_grid_table_state: str | None = None
    toggles: NullableDict[Toggle] = no_members()


class Dashboard(Wire, frozen=True, kw_only=True):
    """One dashboard template with its state.

    Attributes:
        template_id: Its id.
        project_id: Id of its project.
        template_name: Its name.
        experiment_query_state: JSON document in a text.
        dashboard_chart_state: JSON document in a text.
        react_grid_table_state: JSON document in a text.
        v2: Newer state.
        source: Where it comes from.
        current: Whether it is in use.
        unsaved_view: Whether it holds changes that are not saved.
        created_by: User who made it.
        project_default: Whether it is the project's default.
        pinned_experiments: Experiment keys.
        code_panel_template_ids: Ids of panels on it.
        is_auto_refresh_enabled: Whether the page refreshes itself.
    """

    template_id: str = field(name="template_id")
    project_id: str | None = field(name="project_id", default=None)
    template_name: str | None = field(name="template_name", default=None)
    experiment_query_state: str | None = None
    dashboard_chart_state: str | None = None
    react_grid_table_state: str | None = None
    v2: DashboardV2 | None = None
    source: str | None = None
    current: bool | None = None
    unsaved_view: bool | None = field(name="unsaved_view", default=None)
    created_by: str | None = field(name="created_by", default=None)
    project_default: bool | None = field(name="project_default", default=None)
    pinned_experiments: NullableList[str] = no_items()
    code_panel_template_ids: NullableList[str] = no_items()
    is_auto_refresh_enabled: bool | None = None


class View(Wire, frozen=True, kw_only=True):
    """One saved view; members are filled from either spelling of their name.

    Attributes:
        template_id: Its id; None for a view that is not saved.
        template_name: Its name.
        project_id: Id of its project.
        experiment_key: Experiment to which it belongs, if to one.
        experiment_query_state: JSON document in a text.
        dashboard_chart_state: JSON document in a text.
        react_grid_table_state: JSON document in a text.
        v2: Newer state, of no documented form.
        v3: Newest state, of no documented form.
        source: Where it comes from.
        current: Whether it is in use.
        unsaved_view: Whether it holds changes that are not saved.
        created_by: User who made it.
        last_update: Milliseconds since 1970 UTC.
        pinned_experiments: Experiment keys.
        code_panel_template_ids: Ids of panels on it.
        snake_template_id: `template_id` under the other spelling, as are the next five.
        snake_template_name: As above.
        snake_project_id: As above.
        snake_experiment_key: As above.
        snake_unsaved_view: As above.
        snake_created_by: As above.
    """

    template_id: str | None = None
    template_name: str | None = None
    project_id: str | None = None
    experiment_key: str | None = None
    experiment_query_state: str | None = None
    dashboard_chart_state: str | None = None
    react_grid_table_state: str | None = None
    v2: object = None
    v3: object = None
    source: str | None = None
    current: bool | None = None
    unsaved_view: bool | None = None
    created_by: str | None = None
    last_update: int | None = None
    pinned_experiments: NullableList[str] = no_items()
    code_panel_template_ids: NullableList[str] = no_items()
    snake_template_id: str | None = field(name="template_id", default=None)
    snake_template_name: str | None = field(name="template_name", default=None)
    snake_project_id: str | None = field(name="project_id", default=None)
    snake_experiment_key: str | None = field(name="experiment_key", default=None)
    snake_unsaved_view: bool | None = field(name="unsaved_view", default=None)
    snake_created_by: str | None = field(name="created_by", default=None)

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in self.__struct_fields__:
            plain = name.removeprefix("snake_")
            if plain != name and getattr(self, plain) is None:
                msgspec.structs.force_setattr(self, plain, getattr(self, name))


class Views(Wire, frozen=True, kw_only=True):
    """Saved views.

    Attributes:
        views: One entry for each view.
    """

    views: NullableList[View]


class VizStore(Flat, frozen=True, kw_only=True):
    """What a panel stored.

    Attributes:
        store: JSON document in a text; `store_object` reads it.
    """

    store: str | None = None

    @property
    def store_object(self) -> dict[str, object] | None:
        """The stored document; None when it is no object."""
        return json_object(self.store)


def get_dashboard_templates(workspace: str) -> Request[DashboardTemplates]:
    """Return the dashboard templates of a workspace.

    Args:
        workspace: Name of the workspace.

    Returns:
        All templates in one answer, in no promised order.

    Source: Comet REST v2, dashboard-template/get-all.
    """
    return read(
        "/api/rest/v2/dashboard-template/get-all",
        DashboardTemplates,
        query={"workspace": workspace},
    )


def download_dashboard_template(project_id: str, template_id: str) -> Request[Dashboard]:
    """Return one dashboard template with its state.

    A read in spite of its name: the answer is JSON.

    Args:
        project_id: Id of the project.
        template_id: Id of the template.

    Returns:
        One object, which mixes both spellings on the wire.

    Source: Comet REST v2, dashboard-template/download.
    """
    return read(
        "/api/rest/v2/dashboard-template/download",
        Dashboard,
        query={"projectId": project_id, "templateId": template_id},
    )


def get_views(
    project_id: str,
    *,
    experiment_key: str | None = None,
    include_workspace_views: bool | None = None,
) -> Request[Views]:
    """Return the saved views of a project or of one experiment.

    Args:
        project_id: Id of the project.
        experiment_key: Views of this experiment instead.
        include_workspace_views: True for the workspace's views as well; the wire knows no false,
            so False is not sent.

    Returns:
        All views in one answer, in no promised order.

    Source: the vendor's Python client, views/get-all.
    """
    return read(
        "/api/rest/v2/views/get-all",
        Views,
        query={
            "projectId": project_id,
            "experimentKey": experiment_key,
            "includeWorkspaceViews": include_workspace_views or None,
        },
    )


def get_chart_template_views(
    project_id: str,
    *,
    experiment_key: str | None = None,
    include_workspace_views: bool | None = None,
) -> Request[Views]:
    """Return the chart templates of a project or of one experiment, in the form of views.

    Args:
        project_id: Id of the project.
        experiment_key: Chart templates of this experiment instead.
        include_workspace_views: True for the workspace's as well; False is not sent.

    Returns:
        All of them in one answer, in no promised order.

    Source: the vendor's Python client, views/chart-templates.
    """
    return read(
        "/api/rest/v2/views/chart-templates",
        Views,
        query={
            "projectId": project_id,
            "experimentKey": experiment_key,
            "includeWorkspaceViews": include_workspace_views or None,
        },
    )


def get_viz_store(instance_id: str, project_id: str) -> Request[VizStore]:
    """Return what a panel stored.

    Args:
        instance_id: Id of the panel placed on a page.
        project_id: Id of the project.

    Returns:
        A JSON document inside a text.

    Source: Comet REST v2, viz-instance/store/get.
    """
    return read(
        "/api/rest/v2/viz-instance/store/get",
        VizStore,
        query={"instanceId": instance_id, "projectId": project_id},
    )
