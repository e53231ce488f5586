"""Tables of Domino: projects, jobs and their logs, environments, datasets, registered models."""

from __future__ import annotations

from comet_async.harvest.subjects import SubjectKind
from comet_async.harvest.table_schema import Column, TableSchema

__all__ = ["DOMINO_TABLES"]

_PROJECT = Column("project_id", "name", "Id of the project.")
_JOB = Column("job_id", "name", "Id of the job.")
_CREATED_BY = Column("creator_id", "name", "Id of the user who made it.")
_DESCRIPTION = Column("description", "string", "Its description.")


def _moment(name: str, meaning: str) -> tuple[Column, Column]:
    """Return the columns of a moment that the service sends as text."""
    return (
        Column(name, "timestamp", meaning),
        Column(f"{name}_text", "string", f"The same as sent, where `{name}` is not all of it."),
    )


def _listed(
    kind: SubjectKind, name: str, meaning: str, *columns: Column | tuple[Column, ...]
) -> TableSchema:
    return TableSchema(name, meaning, _flat(columns), 0, kind, listed=True)


def _read(
    kind: SubjectKind, name: str, size: int, meaning: str, *columns: Column | tuple[Column, ...]
) -> TableSchema:
    return TableSchema(name, meaning, _flat(columns), size, kind)


def _flat(columns: tuple[Column | tuple[Column, ...], ...]) -> tuple[Column, ...]:
    found: list[Column] = []
    for column in columns:
        found += column if isinstance(column, tuple) else (column,)
    return tuple(found)


_PROJECTS = (
    _listed(
        "domino_project",
        "domino_projects",
        "One row per project of Domino, as the listing shows it.",
        _PROJECT,
        Column("project_name", "name", "Its name; names may repeat among owners."),
        Column("owner_id", "name", "Id of its owner."),
        Column("owner_username", "name", "Name of its owner."),
        _DESCRIPTION,
        Column("visibility", "name", "`public`, `searchable` or `private`."),
        Column("internal_tags", "strings", "Internal tags."),
        Column("collaborators", "string", "Ids and roles of who works on it, JSON."),
        Column("repository_id", "string", "Id of its main git repository, if it has one."),
        Column("repository_name", "name", "Its name."),
        Column("repository_uri", "string", "Its address, without what opens it."),
        Column("repository_provider", "name", "As `github`."),
        Column("repository_ref_type", "name", "Kind of its default reference, as `branch`."),
        Column("repository_ref", "name", "Its default reference."),
        Column("problem", "string", "Why its jobs are not here, where the key may not see them."),
    ),
    _read(
        "domino_project",
        "domino_goals",
        1_000,
        "One row per goal of a project.",
        _PROJECT,
        Column("goal_id", "name", "Id of the goal."),
        Column("title", "string", "Its title."),
        _DESCRIPTION,
        Column("is_complete", "bool", "Whether it is done."),
        _moment("created", "When it was made."),
        _CREATED_BY,
    ),
)
_JOBS = (
    _listed(
        "domino_job",
        "domino_jobs",
        "One row per job, as the listing shows it.",
        _JOB,
        _PROJECT,
        Column("number", "int64", "Its number in the project."),
        Column("title", "string", "Its title."),
        Column("command", "string", "Command line."),
        Column("started_by_id", "name", "Id of the user who started it."),
        Column("launcher_id", "name", "Id of the launcher, if one was used."),
        Column("execution_status", "name", "How it stands, as `Succeeded` or `Failed`."),
        Column("is_completed", "bool", "Whether it is over, with success or without."),
        Column("is_archived", "bool", "Whether it is archived."),
        Column("is_scheduled", "bool", "Whether a schedule started it."),
        Column("input_commit_id", "name", "Commit of the project's files when it began."),
        Column("output_commit_id", "name", "Commit when it ended; null if nothing changed."),
        Column("git_ref_type", "name", "Kind of reference of the main repository."),
        Column("git_ref", "name", "Reference of the main repository."),
        Column("cpu_percentage", "float64", "Most CPU that it used, percent of what there was."),
        Column("memory_gib", "float64", "Most memory that it used, GiB."),
        Column("compute_cluster", "string", "Its cluster, JSON; null for none."),
        Column("dataset_mounts", "string", "Datasets that it mounted, JSON; null for none."),
        Column("volume_mounts", "string", "External volumes, JSON; null for none."),
        Column("git_repos", "string", "Repositories, JSON; null for none."),
        Column("mounted_projects", "string", "Other projects, JSON; null for none."),
    ),
    _listed(
        "domino_job",
        "domino_job_stage_times",
        "One row per job: when it reached its stages.",
        _JOB,
        _moment("submitted", "When it was submitted."),
        _moment("started", "When it began."),
        _moment("completed", "When it ended."),
    ),
    _listed(
        "domino_job",
        "domino_job_statistics",
        "One row per statistic of a job, as `dominoStats` tells them.",
        _JOB,
        Column("name", "name", "Its name."),
        Column("value", "string", "Its value as sent."),
        Column("number", "float64", "The value as a number; null when it is none."),
    ),
    _read(
        "domino_job",
        "domino_job_tags",
        2_000,
        "One row per tag of a job, as they were when the job was read.",
        _JOB,
        Column("tag_id", "name", "Id of the tag."),
        Column("tag", "name", "The tag."),
        _moment("created", "When it was made."),
        _CREATED_BY,
    ),
    _read(
        "domino_job",
        "domino_job_goals",
        2_000,
        "One row per goal that a job is linked to.",
        _JOB,
        Column("goal_id", "name", "Id of the goal; `domino_goals` has it."),
    ),
    _read(
        "domino_job",
        "domino_job_details",
        2_000,
        "One row per job: what no listing tells.",
        _JOB,
        Column("comments_count", "int64", "Comments on it."),
        Column("expected_wait", "string", "How long it is expected to wait, where it waits."),
        Column("explanation", "string", "Why it waits."),
        Column("help_text", "string", "What happens next."),
    ),
    _read(
        "domino_job",
        "domino_job_logs",
        100_000,
        "One row per line of a job's log, all streams, in the server's order.",
        _JOB,
        Column("line", "int64", "Number of the line in the job, from 1."),
        Column("time_ns", "int64", "When it was written, nanoseconds since 1970 UTC."),
        Column("log_type", "name", "Stream, as `stdOut`."),
        Column("text", "string", "The line."),
        Column("size", "int64", "Its length, as the server tells it."),
        Column("time_text", "string", "Its time as sent, where that is no time."),
    ),
    _read(
        "domino_job",
        "domino_job_log_states",
        0,
        "One row per job: how far its log is here.",
        _JOB,
        Column("lines", "int64", "Lines in `domino_job_logs`."),
        Column("is_complete", "bool", "Whether the server says that no line will follow."),
        Column("problem", "string", "What the server found wrong."),
        Column("help_link", "string", "Where it explains that, without what opens it."),
    ),
)
_ENVIRONMENTS = (
    _listed(
        "domino_environment",
        "domino_environments",
        "One row per environment that the key can see, in whatever project.",
        Column("environment_id", "name", "Id of the environment."),
        Column("environment_name", "name", "Its name."),
        Column("archived", "bool", "Whether it is archived."),
        Column("is_curated", "bool", "Whether it is curated for the deployment."),
        Column("visibility", "name", "`global`, `private` or `organization`."),
        Column("owner_id", "name", "Id of its owner."),
        Column("owner_type", "name", "`individual` or `organization`."),
        Column("owner_username", "name", "Name of its owner."),
        Column("internal_tags", "strings", "Internal tags, as `restricted`."),
        Column("active_revision_tags", "strings", "Tags of its active revision."),
        Column("supported_clusters", "strings", "Kinds of clusters that it allows."),
        Column("latest_revision_id", "name", "Its newest revision."),
        Column("selected_revision_id", "name", "Its selected revision."),
        Column("restricted_revision_id", "name", "Its restricted revision."),
    ),
    _listed(
        "domino_environment",
        "domino_environment_revisions",
        "One row per revision that an environment shows: newest, selected and restricted.",
        Column("environment_id", "name", "Id of the environment."),
        Column("revision_id", "name", "Id of the revision."),
        Column("number", "int64", "Its number, rising."),
        Column("status", "name", "How its build stands, as `succeeded`."),
        Column("is_latest", "bool", "Whether it is the newest one."),
        Column("is_selected", "bool", "Whether it is the selected one."),
        Column("is_restricted", "bool", "Whether it is the restricted one."),
        Column("tools", "string", "Tools that workspaces offer, JSON; null for none."),
    ),
)
_DATASETS = (
    _listed(
        "domino_dataset",
        "domino_datasets",
        "One row per dataset, as the listing shows it.",
        Column("dataset_id", "name", "Id of the dataset."),
        Column("dataset_name", "name", "Its name."),
        _PROJECT,
        _DESCRIPTION,
        _moment("created", "When it was made."),
        Column("snapshot_ids", "strings", "Ids of its snapshots."),
        Column("tags", "facts", "Its tags, each with the id of a snapshot."),
    ),
    _read(
        "domino_dataset",
        "domino_snapshots",
        3_000,
        "One row per snapshot of a dataset.",
        Column("dataset_id", "name", "Id of the dataset."),
        Column("snapshot_id", "name", "Id of the snapshot."),
        Column("status", "name", "How it stands, as `active` or `failed`."),
        _DESCRIPTION,
        _moment("created", "When it was taken."),
        _CREATED_BY,
        _moment("last_mounted", "When it was last mounted."),
    ),
)
_MODELS = (
    _listed(
        "domino_model",
        "domino_registered_models",
        "One row per registered model of Domino, as the listing shows it.",
        Column("model_name", "name", "Its name."),
        _PROJECT,
        Column("project_name", "name", "Name of its project."),
        Column("project_owner", "name", "Owner of its project."),
        _DESCRIPTION,
        Column("latest_version", "int64", "Number of its newest version."),
        Column("owner_username", "name", "Name of its owner."),
        _moment("created", "When it was made."),
        _moment("updated", "When it last changed."),
        Column("tags", "facts", "Its tags, with their values."),
    ),
    _read(
        "domino_model",
        "domino_model_versions",
        2_000,
        "One row per version of a registered model.",
        Column("model_name", "name", "Name of the registered model."),
        Column("version", "int64", "Its number."),
        _DESCRIPTION,
        Column("stage", "name", "Stage that it is in; null on servers without stages."),
        Column("experiment_run_id", "name", "Run that it comes from."),
        Column("owner_username", "name", "Name of its owner."),
        _PROJECT,
        _moment("created", "When it was made."),
        _moment("updated", "When it last changed."),
        Column("tags", "facts", "Its tags, with their values."),
        Column("review", "string", "The review that is open, JSON; null for none."),
    ),
)
DOMINO_TABLES = (*_PROJECTS, *_JOBS, *_ENVIRONMENTS, *_DATASETS, *_MODELS)
"""In the order of reports."""
