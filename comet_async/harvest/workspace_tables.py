"""Tables of what is not of one experiment: projects, dashboards, panels, registry, artifacts."""

from __future__ import annotations

from comet_async.harvest.table_schema import Column, TableSchema

__all__ = ["WORKSPACE_TABLES"]

_WORKSPACE = Column("workspace_name", "name", "Workspace.")
_PROJECT = Column("project_id", "name", "Id of the project.")
_MODEL = Column("model_name", "name", "Name of the registered model.")
_ARTIFACT = Column("artifact_id", "name", "Id of the artifact.")
_TAGS = Column("tags", "strings", "Its tags.")
_METADATA = Column("metadata", "string", "The user's data: a text as sent, else JSON.")

_PROJECTS = TableSchema(
    "projects",
    "One row per project, with its notes.",
    (
        _PROJECT,
        Column("project_name", "name", "Its name."),
        _WORKSPACE,
        Column("owner_user_name", "name", "User who owns it."),
        Column("description", "string", "Its description."),
        Column("experiments", "int64", "Experiments in it, as the server counts."),
        Column("last_updated", "timestamp", "When it last changed."),
        Column("public", "bool", "Whether everybody can read it."),
        Column("notes", "string", "Its notes."),
    ),
    500,
    "project",
)
_DASHBOARDS = TableSchema(
    "dashboards",
    "One row per saved view, chart template and dashboard template that a project shows.",
    (
        _PROJECT,
        Column("template_id", "string", "Its id."),
        Column("template_name", "string", "Its name."),
        Column("created_by", "name", "User who made it."),
        Column("last_update", "timestamp", "When it last changed."),
        Column("experiment_query_state", "string", "Filters and columns, JSON."),
        Column("dashboard_chart_state", "string", "Charts, JSON."),
        Column("table_state", "string", "Table, JSON."),
        Column("newer_state", "string", "State of newer servers, JSON."),
        Column("pinned_experiments", "strings", "Keys of pinned experiments."),
        Column("panels", "strings", "Template ids of its panels."),
        Column("kind", "name", "`view`, `chart template` or `dashboard template`."),
        Column("view_project_id", "string", "Project that it is of, if not of the workspace."),
        Column("view_experiment_key", "name", "Experiment that it is of, if of one."),
        Column("source", "name", "Where it comes from."),
        Column("current", "bool", "Whether it is in use."),
        Column("unsaved", "bool", "Whether it holds changes that are not saved."),
        Column("default", "bool", "Whether it is the project's default; templates only."),
        Column("refreshes", "bool", "Whether the page refreshes itself; templates only."),
        Column("problem", "string", "Why its state is not here, where it cannot be read."),
    ),
    20_000,
    "project",
)
_PANELS = TableSchema(
    "panels",
    "One row per panel of a workspace, with its code.",
    (
        _WORKSPACE,
        Column("template_id", "string", "Its id."),
        Column("template_name", "string", "Its name."),
        Column("owner", "name", "User who owns it."),
        Column("scope", "name", "`PUBLIC` or `PRIVATE`."),
        Column("revision", "int64", "Its revision."),
        Column("created", "timestamp", "When it was made."),
        Column("language", "name", "`py` for Python panels."),
        Column("code", "string", "JavaScript."),
        Column("python", "string", "Python."),
        Column("html", "string", "HTML."),
        Column("css", "string", "CSS."),
        Column("description", "string", "Its description."),
        Column("config", "string", "Its configuration, JSON."),
        Column("workspace_id", "string", "Id of its workspace."),
        Column("query_builder_id", "string", "Id of its query, if it has one."),
        Column("default_config", "string", "Configuration that it begins with, JSON."),
        Column("resources", "string", "Libraries: JSON with `internal` and `user`."),
        Column("problem", "string", "Why its code is not here, where it cannot be read."),
    ),
    8_000,
    "workspace",
)
_REGISTRY_MODELS = TableSchema(
    "registry_models",
    "One row per registered model, with its notes.",
    (
        _WORKSPACE,
        _MODEL,
        Column("registry_model_id", "string", "Its id."),
        Column("description", "string", "Its description."),
        Column("public", "bool", "Whether everybody can read it."),
        Column("user_name", "name", "User who registered it."),
        Column("versions", "int64", "Versions that it has."),
        Column("created", "timestamp", "When it was made."),
        Column("last_updated", "timestamp", "When it last changed."),
        Column("notes", "string", "Its notes."),
        Column("workspace_id", "string", "Id of its workspace."),
        Column("image", "string", "URL of its picture, without what opens it."),
    ),
    800,
    "registry_model",
)
_REGISTRY_VERSIONS = TableSchema(
    "registry_versions",
    "One row per version of a registered model.",
    (
        _WORKSPACE,
        _MODEL,
        Column("registry_model_item_id", "string", "Its id."),
        Column("version", "name", "As `1.0.0`."),
        Column("stages", "strings", "Its stages, as `Production`."),
        Column("comment", "string", "Its comment."),
        Column("user_name", "name", "User who registered it."),
        Column("created", "timestamp", "When it was registered."),
        Column("last_updated", "timestamp", "When it last changed."),
        Column("experiment_key", "name", "Experiment that it comes from."),
        Column("experiment_model_id", "string", "Model of that experiment."),
        Column("experiment_model_name", "name", "Its name there."),
        Column("files", "int64", "Files that it has."),
        Column("size", "int64", "Bytes of its files, as listed."),
        _METADATA,
        Column("status", "name", "As `Development`; null on servers that do not tell."),
        Column("tags", "strings", "Its tags; null on servers that do not tell."),
        Column("assets", "string", "Its files as the columns of `assets`, a JSON list."),
        Column("rest_api_url", "string", "URL of its download, without what opens it."),
    ),
    2_000,
    "registry_model",
)
_ARTIFACTS = TableSchema(
    "artifacts",
    "One row per artifact.",
    (
        _WORKSPACE,
        _ARTIFACT,
        Column("name", "name", "Its name."),
        Column("type", "name", "As `dataset`."),
        Column("project", "name", "Project that it is of."),
        Column("description", "string", "Its description."),
        Column("latest_version", "name", "Newest version."),
        _TAGS,
        Column("public", "bool", "Whether everybody can read it."),
        Column("size", "int64", "Bytes of its stored files."),
        Column("emoji", "name", "Its picture."),
    ),
    1_000,
    "artifact",
)
_ARTIFACT_VERSIONS = TableSchema(
    "artifact_versions",
    "One row per version of an artifact.",
    (
        _ARTIFACT,
        Column("artifact_version_id", "string", "Its id."),
        Column("version", "name", "As `1.0.0`."),
        Column("state", "name", "`OPEN`, `CLOSED` or `ERROR`."),
        Column("owner", "name", "User who made it."),
        Column("created_from", "string", "What it was made from."),
        Column("added", "timestamp", "When it was added."),
        Column("aliases", "strings", "Other names, as `Latest`."),
        _TAGS,
        Column("size", "int64", "Bytes of its stored files."),
        _METADATA,
    ),
    1_000,
    "artifact",
)
_FILE = (
    Column("state", "name", "`stored`, `absent`, `failed`, `remote` or `listed` (not asked)."),
    Column("local_path", "string", "File below the harvest's folder, `/` between folders."),
)
_HASH = (
    Column("sha256", "string", "Hash of the file, 64 hex digits; null unless stored."),
    Column("reason", "string", "Why there is no file, for failed and absent ones."),
)
_STORED_SIZE = "Bytes on disk; null unless stored."
_ARTIFACT_FILES = TableSchema(
    "artifact_files",
    "One row per file of a version of an artifact, and where it is now.",
    (
        _ARTIFACT,
        Column("artifact_version_id", "string", "Its version."),
        Column("version", "name", "As `1.0.0`."),
        Column("asset_id", "string", "Its id."),
        Column("name", "string", "Name as logged: not safe as a path."),
        Column("dir", "name", "Folder on the web page."),
        Column("type", "name", "As `unknown`."),
        Column("size", "int64", "Bytes, as listed."),
        Column("remote", "bool", "Whether the octets lie outside the service."),
        Column("link", "string", "URI of a remote file; a signature in it is left out."),
        _METADATA,
        *_FILE,
        Column("stored_size", "int64", _STORED_SIZE),
        *_HASH,
    ),
    2_000,
    "artifact",
)
_REGISTRY_ARCHIVES = TableSchema(
    "registry_archives",
    "One row per version of a registered model: its zip archive; where they are asked for.",
    (
        _WORKSPACE,
        _MODEL,
        Column("version", "name", "As `1.0.0`."),
        *_FILE,
        Column("size", "int64", _STORED_SIZE),
        *_HASH,
        Column("folder", "string", "Folder that it was expanded to; null unless it was."),
    ),
    2_000,
    "registry_model",
)
_ANSWERS = TableSchema(
    "answers",
    "One row per answer of the server as it came, JSON; where they are asked for.",
    (
        Column("asked_for", "name", "Table for which it was asked."),
        Column("experiment_key", "name", "Experiment key, if it was asked of one experiment."),
        Column("at", "timestamp", "When it came."),
        Column("method", "name", "HTTP method."),
        Column("endpoint", "name", "Path of the endpoint, its parameters by name."),
        Column("target", "string", "Path and query as they were sent."),
        Column("request", "string", "Body that was sent, JSON; null for none."),
        Column("answer", "string", "Body that came; signatures of links are masked."),
    ),
    0,
    "answers",
)
WORKSPACE_TABLES = (
    _PROJECTS,
    _DASHBOARDS,
    _PANELS,
    _REGISTRY_MODELS,
    _REGISTRY_VERSIONS,
    _REGISTRY_ARCHIVES,
    _ARTIFACTS,
    _ARTIFACT_VERSIONS,
    _ARTIFACT_FILES,
    _ANSWERS,
)
"""In the order of reports."""
