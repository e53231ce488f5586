"""Readers of what is not of one experiment: projects, boards, panels, registry, artifacts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from comet_async import comet
from comet_async.errors import EmptyAnswer, MessageInsteadOfData, NotFoundError
from comet_async.harvest.columns import unsigned
from comet_async.harvest.rows import columns_of, text_of, whole
from comet_async.harvest.subjects import Ask, Columns, Reader, Subject, SubjectKind
from comet_async.request import Request

__all__ = ["WORKSPACE_READERS"]

T = TypeVar("T")
Row = Mapping[str, object]

_REFUSED = 400


async def _optional(ask: Ask, request: Request[T]) -> T | None:
    """Return an answer, None where the service says that there is nothing."""
    try:
        return await ask(request)
    except (EmptyAnswer, NotFoundError):
        return None
    except MessageInsteadOfData as error:
        if (error.code or 0) >= _REFUSED:
            raise
        return None


class ProjectReader:
    """Reads `projects` (project/notes) and `dashboards` (views/get-all) of one project."""

    kind: SubjectKind = "project"
    tables = ("projects", "dashboards")
    requests = 2.0

    async def read(
        self, ask: Ask, subject: Subject, tables: frozenset[str]
    ) -> Mapping[str, Columns]:
        """Return the row of the project, and those of its views."""
        found: dict[str, Columns] = {}
        if "projects" in tables:
            entry = msgspec.json.decode(subject.listed, type=comet.Project, strict=False)
            notes = await _optional(ask, comet.get_project_notes(subject.key))
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
            views = await _optional(ask, comet.get_views(subject.key))
            rows = [] if views is None else [_view(subject.key, view) for view in views.views]
            found["dashboards"] = columns_of("dashboards", rows)
        return found


def _view(project_id: str, view: comet.View) -> Row:
    newer = {"v2": view.v2, "v3": view.v3}
    return {
        "project_id": project_id,
        "template_id": view.template_id or view.snake_template_id,
        "template_name": view.template_name or view.snake_template_name,
        "created_by": view.created_by or view.snake_created_by,
        "last_update": view.last_update,
        "experiment_query_state": view.experiment_query_state,
        "dashboard_chart_state": view.dashboard_chart_state,
        "table_state": view.react_grid_table_state,
        "newer_state": text_of(newer) if any(newer.values()) else None,
        "pinned_experiments": list(view.pinned_experiments),
        "panels": list(view.code_panel_template_ids),
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
        rows: list[Row] = []
        listed = await _optional(ask, comet.get_panels(subject.key))
        for panel in [] if listed is None else listed.code_panel_template_rows:
            whole_panel = await _optional(ask, comet.get_panel(template_id=panel.template_id))
            code = None if whole_panel is None else whole_panel.code
            rows.append(
                {
                    "workspace_name": subject.key,
                    "template_id": panel.template_id,
                    "template_name": panel.template_name,
                    "owner": panel.owner,
                    "scope": panel.scope_type,
                    "revision": panel.revision_id,
                    "created": panel.created_at,
                    **({} if code is None else _code(code)),
                }
            )
        return {"panels": columns_of("panels", rows)}


def _code(code: comet.PanelCode) -> Row:
    return {
        "language": code.type,
        "code": code.code,
        "python": code.py_code,
        "html": code.html,
        "css": code.css,
        "description": code.description,
        "config": code.py_config or code.default_config,
    }


class RegistryReader:
    """Reads `registry_models` (registry-model/notes) and `registry_versions` (.../details)."""

    kind: SubjectKind = "registry_model"
    tables = ("registry_models", "registry_versions")
    requests = 2.0

    async def read(
        self, ask: Ask, subject: Subject, tables: frozenset[str]
    ) -> Mapping[str, Columns]:
        """Return the row of the model, and those of its versions."""
        found: dict[str, Columns] = {}
        if "registry_models" in tables:
            notes = await _optional(
                ask, comet.get_registry_model_notes(subject.workspace, subject.key)
            )
            text = None if notes is None else notes.notes
            found["registry_models"] = columns_of("registry_models", [_model(subject, text)])
        if "registry_versions" in tables:
            details = await ask(comet.get_registry_model_details(subject.workspace, subject.key))
            rows = [_version(subject, version) for version in details.versions]
            found["registry_versions"] = columns_of("registry_versions", rows)
        return found


def _model(subject: Subject, notes: str | None) -> Row:
    entry = msgspec.json.decode(subject.listed, type=comet.RegistryModel, strict=False)
    return {
        "workspace_name": subject.workspace,
        "model_name": subject.key,
        "registry_model_id": entry.registry_model_id,
        "description": entry.description,
        "public": entry.is_public,
        "user_name": entry.user_name,
        "versions": entry.number_of_versions,
        "created": entry.created_at,
        "last_updated": entry.last_updated,
        "notes": notes,
    }


def _version(subject: Subject, version: comet.RegistryVersion) -> Row:
    model = version.experiment_model
    sizes = [whole(asset.file_size) or 0 for asset in version.assets]
    return {
        "workspace_name": subject.workspace,
        "model_name": subject.key,
        "registry_model_item_id": version.registry_model_item_id,
        "version": version.version,
        "stages": list(version.stages),
        "comment": version.comment,
        "user_name": version.user_name,
        "created": version.created_at,
        "last_updated": version.last_updated,
        "experiment_key": None if model is None else model.experiment_key,
        "experiment_model_id": None if model is None else model.experiment_model_id,
        "experiment_model_name": None if model is None else model.experiment_model_name,
        "files": len(sizes),
        "size": sum(sizes),
        "metadata": text_of(version.metadata) if version.metadata else None,
    }


class ArtifactReader:
    """Reads the artifact tables: artifacts/get, and artifacts/version/files for each version."""

    kind: SubjectKind = "artifact"
    tables = ("artifacts", "artifact_versions", "artifact_files")
    requests = 3.0

    async def read(
        self, ask: Ask, subject: Subject, tables: frozenset[str]
    ) -> Mapping[str, Columns]:
        """Return the row of the artifact, those of its versions and of their files."""
        entry = msgspec.json.decode(subject.listed, type=comet.ArtifactRow, strict=False)
        if entry.artifact_id:
            request = comet.get_artifact(artifact_id=entry.artifact_id)
        else:
            request = comet.get_artifact(workspace=subject.workspace, artifact_name=entry.name)
        details = await ask(request)
        files: list[Row] = []
        if "artifact_files" in tables:
            for version in details.versions:
                files += await self._files(ask, details.artifact_id, version.version)
        row = {
            "workspace_name": subject.workspace,
            "artifact_id": details.artifact_id,
            "name": details.name,
            "type": details.type,
            "project": details.project,
            "description": details.description,
            "latest_version": details.latest_version,
            "tags": list(details.tags),
            "public": details.is_public,
            "size": whole(details.size_in_bytes),
        }
        versions = [_artifact_version(details.artifact_id, found) for found in details.versions]
        return {
            "artifacts": columns_of("artifacts", [row]),
            "artifact_versions": columns_of("artifact_versions", versions),
            "artifact_files": columns_of("artifact_files", files),
        }

    async def _files(self, ask: Ask, artifact_id: str, version: str | None) -> list[Row]:
        request = comet.get_artifact_version_files(artifact_id=artifact_id, version=version)
        answer = await _optional(ask, request)
        return [
            {
                "artifact_id": artifact_id,
                "artifact_version_id": file.artifact_version_id,
                "version": version,
                "asset_id": file.asset_id,
                "name": file.file_name,
                "dir": file.dir,
                "type": file.type,
                "size": whole(file.file_size),
                "remote": file.remote,
                "link": unsigned(file.link) if file.remote else None,
                "metadata": text_of(file.metadata),
            }
            for file in ([] if answer is None else answer.files)
        ]


def _artifact_version(artifact_id: str, version: comet.ArtifactVersionRow) -> Row:
    return {
        "artifact_id": artifact_id,
        "artifact_version_id": version.artifact_version_id,
        "version": version.version,
        "state": version.state,
        "owner": version.owner,
        "created_from": version.created_from,
        "added": version.added,
        "aliases": list(version.alias),
        "tags": list(version.tags),
        "size": whole(version.size_in_bytes),
        "metadata": text_of(version.metadata),
    }


WORKSPACE_READERS: tuple[Reader, ...] = (
    ProjectReader(),
    PanelReader(),
    RegistryReader(),
    ArtifactReader(),
)
"""One for each kind of subject that is no experiment."""
