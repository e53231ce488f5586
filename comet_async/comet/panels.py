"""Panels: small programs that draw on the web page."""

from __future__ import annotations

from comet_async.comet.common import (
    Flat,
    NullableList,
    Wire,
    blob,
    exactly_one,
    no_items,
    read,
)
from comet_async.request import Blob, Request

__all__ = [
    "Panel",
    "PanelCode",
    "PanelRank",
    "PanelResource",
    "PanelRow",
    "Panels",
    "download_panel_zip",
    "get_panel",
    "get_panels",
]


class PanelRow(Flat, frozen=True, kw_only=True):
    """One panel in a listing.

    Attributes:
        template_id: Its id.
        owner: User who owns it.
        team_id: Id of its workspace.
        template_name: Its name.
        query_builder_id: Id of its query, if it has one.
        scope_type: "PUBLIC" or "PRIVATE".
        revision_id: Number of its revision.
        created_at: Milliseconds since 1970 UTC.
    """

    template_id: str
    owner: str | None = None
    team_id: str | None = None
    template_name: str | None = None
    query_builder_id: str | None = None
    scope_type: str | None = None
    revision_id: int | None = None
    created_at: int | None = None


class Panels(Wire, frozen=True, kw_only=True):
    """Panels of a workspace.

    Attributes:
        code_panel_template_rows: One entry for each panel.
    """

    code_panel_template_rows: NullableList[PanelRow]


class PanelResource(Flat, frozen=True, kw_only=True):
    """A library that the service offers to panels.

    Attributes:
        name: Its name.
        version: Its version.
        enabled: Whether the panel uses it.
    """

    name: str | None = None
    version: str | None = None
    enabled: bool | None = None


class PanelCode(Wire, frozen=True, kw_only=True):
    """Source of a panel. Never run or show it unread.

    Attributes:
        code: JavaScript.
        css: Style sheet.
        description: Free text.
        html: Page.
        default_config: JSON document in a text.
        internal_resources: Libraries of the service.
        user_resources: Libraries of the user, of no documented form.
        py_code: Python, where `type` is "py".
        type: "py" for Python panels.
        py_config: Configuration of a Python panel.
    """

    code: str | None = None
    css: str | None = None
    description: str | None = None
    html: str | None = None
    default_config: str | None = None
    internal_resources: NullableList[PanelResource] = no_items()
    user_resources: NullableList[object] = no_items()
    py_code: str | None = None
    type: str | None = None
    py_config: str | None = None


class PanelRank(Flat, frozen=True, kw_only=True):
    """Votes for a panel.

    Attributes:
        template_id: Id of the panel.
        vote_count: Votes in all.
        user_vote_type: The caller's own vote.
    """

    template_id: str | None = None
    vote_count: int | None = None
    user_vote_type: str | None = None


class Panel(Flat, frozen=True, kw_only=True):
    """One panel with its source.

    Attributes:
        template_id: Its id.
        owner: User who owns it.
        team_id: Id of its workspace.
        template_name: Its name.
        query_builder_id: Id of its query, if it has one.
        code: Its source.
        rank: Its votes.
        scope_type: "PUBLIC" or "PRIVATE".
        revision_id: Number of its revision.
        created_at: Milliseconds since 1970 UTC.
        thumbnail_name: Name of its picture.
        editable: Whether the caller may change it.
    """

    template_id: str
    owner: str | None = None
    team_id: str | None = None
    template_name: str | None = None
    query_builder_id: str | None = None
    code: PanelCode | None = None
    rank: PanelRank | None = None
    scope_type: str | None = None
    revision_id: int | None = None
    created_at: int | None = None
    thumbnail_name: str | None = None
    editable: bool | None = None


def get_panels(workspace: str) -> Request[Panels]:
    """Return the panels of a workspace.

    Args:
        workspace: Name of the workspace.

    Returns:
        All panels in one answer, without source, in no promised order.

    Source: Comet REST v2, code-panel/get-all.
    """
    return read("/api/rest/v2/code-panel/get-all", Panels, query={"workspace": workspace})


def get_panel(*, template_id: str | None = None, instance_id: str | None = None) -> Request[Panel]:
    """Return one panel with its source.

    Args:
        template_id: Id of the panel.
        instance_id: Id of a panel placed on a page.

    Returns:
        One object.

    Raises:
        UsageError: Not exactly one of the two is given.

    Source: Comet REST v2, code-panel/download.
    """
    path = "/api/rest/v2/code-panel/download"
    exactly_one(path, template_id=template_id, instance_id=instance_id)
    return read(path, Panel, query={"templateId": template_id, "instanceId": instance_id})


def download_panel_zip(template_id: str) -> Request[Blob]:
    """Return one panel as a zip archive.

    Args:
        template_id: Id of the panel.

    Returns:
        Octets of a zip archive.

    Source: Comet REST v2, template/{templateId}/download.

    >>> download_panel_zip("t1").target
    '/api/rest/v2/template/t1/download'
    """
    return blob(
        "/api/rest/v2/template/{templateId}/download", path_params={"templateId": template_id}
    )
