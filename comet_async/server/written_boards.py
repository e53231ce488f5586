"""Views, chart templates, dashboards and panels that were written."""

from __future__ import annotations

from dataclasses import dataclass, field

from comet_async.server.records import JsonObject
from comet_async.server.upload_folder import DiskContent

__all__ = ["Dashboard", "Panel", "WrittenBoards", "WrittenView"]


@dataclass(frozen=True, slots=True)
class Panel:
    """An uploaded panel: its zip and the code in it."""

    template_id: str
    workspace: str
    name: str
    code: JsonObject
    archive: DiskContent
    revision: int
    created_ms: int
    user: str


@dataclass(frozen=True, slots=True)
class WrittenView:
    """A view of a project, or a chart template of an experiment."""

    template_id: str
    name: str
    project_id: str
    experiment_key: str | None
    members: JsonObject
    updated_ms: int
    user: str


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A dashboard template of a project."""

    template_id: str
    name: str
    project_id: str
    panels: tuple[str, ...]
    user: str


@dataclass(slots=True)
class WrittenBoards:
    """All of them by template id; whoever writes holds the store's lock."""

    panels: dict[str, Panel] = field(default_factory=dict[str, Panel])
    views: dict[str, WrittenView] = field(default_factory=dict[str, WrittenView])
    charts: dict[str, WrittenView] = field(default_factory=dict[str, WrittenView])
    dashboards: dict[str, Dashboard] = field(default_factory=dict[str, Dashboard])
