"""Tables of Domino that the listings fill."""

from __future__ import annotations

from collections.abc import Mapping

from comet_async.comet.common import number
from comet_async.domino import DatasetDetails, Environment, Job, RegisteredModel
from comet_async.harvest.domino.values import ProjectEntry, Row, entry_of, facts, json_of, moment
from comet_async.harvest.listed_stage import FromListing
from comet_async.harvest.rows import columns_of
from comet_async.harvest.subjects import Columns, Subject

__all__ = ["FROM_LISTINGS"]


def _project(subject: Subject) -> Mapping[str, Columns]:
    found = entry_of(subject, ProjectEntry)
    entry = found.project
    row: dict[str, object] = {
        "project_id": entry.id,
        "project_name": entry.name,
        "owner_id": entry.owner_id,
        "owner_username": entry.owner_username,
        "description": entry.description,
        "visibility": entry.visibility,
        "internal_tags": list(entry.internal_tags),
        "collaborators": json_of(entry.collaborators),
        "problem": found.problem,
    }
    repository = entry.main_repository
    if repository is not None:
        reference = repository.default_ref
        row |= {
            "repository_id": repository.id,
            "repository_name": repository.name,
            "repository_uri": repository.uri,
            "repository_provider": repository.service_provider,
            "repository_ref_type": None if reference is None else reference.ref_type,
            "repository_ref": None if reference is None else reference.value,
        }
    return {"domino_projects": columns_of("domino_projects", [row])}


def _job(subject: Subject) -> Mapping[str, Columns]:
    entry = entry_of(subject, Job)
    times = entry.stage_times
    stages: Row = {"job_id": entry.id}
    if times is not None:
        stages = {
            **stages,
            **moment("submitted", times.submission_time),
            **moment("started", times.start_time),
            **moment("completed", times.completed_time),
        }
    statistics = [
        {
            "job_id": entry.id,
            "name": statistic.name,
            "value": statistic.value,
            "number": number(statistic.value),
        }
        for statistic in entry.domino_stats
    ]
    rows = [{"project_id": subject.project_id, **_job_row(entry)}]
    return {
        "domino_jobs": columns_of("domino_jobs", rows),
        "domino_job_stage_times": columns_of("domino_job_stage_times", [stages]),
        "domino_job_statistics": columns_of("domino_job_statistics", statistics),
    }


def _job_row(entry: Job) -> Row:
    status, usage = entry.status, entry.usage
    commits, reference = entry.commit_details, entry.main_repo_git_ref
    return {
        "job_id": entry.id,
        "number": entry.number,
        "title": entry.title,
        "command": entry.run_command,
        "started_by_id": entry.started_by_id,
        "launcher_id": entry.run_launcher_id,
        "execution_status": None if status is None else status.execution_status,
        "is_completed": None if status is None else status.is_completed,
        "is_archived": None if status is None else status.is_archived,
        "is_scheduled": None if status is None else status.is_scheduled,
        "input_commit_id": None if commits is None else commits.input_commit_id,
        "output_commit_id": None if commits is None else commits.output_commit_id,
        "git_ref_type": None if reference is None else reference.ref_type,
        "git_ref": None if reference is None else reference.value,
        "cpu_percentage": None if usage is None else usage.cpu_percentage,
        "memory_gib": None if usage is None else usage.memory_gib,
        "compute_cluster": json_of(entry.compute_cluster),
        "dataset_mounts": json_of(entry.dataset_mounts),
        "volume_mounts": json_of(entry.external_volume_mounts),
        "git_repos": json_of(entry.git_repos),
        "mounted_projects": json_of(entry.projects),
    }


def _environment(subject: Subject) -> Mapping[str, Columns]:
    entry = entry_of(subject, Environment)
    owner = entry.owner
    shown = {
        "latest": entry.latest_revision,
        "selected": entry.selected_revision,
        "restricted": entry.restricted_revision,
    }
    ids = {name: None if revision is None else revision.id for name, revision in shown.items()}
    row: Row = {
        "environment_id": entry.id,
        "environment_name": entry.name,
        "archived": entry.archived,
        "is_curated": entry.is_curated,
        "visibility": entry.visibility,
        "owner_id": None if owner is None else owner.id,
        "owner_type": None if owner is None else owner.owner_type,
        "owner_username": None if owner is None else owner.username,
        "internal_tags": list(entry.internal_tags),
        "active_revision_tags": list(entry.active_revision_tags),
        "supported_clusters": list(entry.supported_clusters),
        **{f"{name}_revision_id": found for name, found in ids.items()},
    }
    known = {revision.id: revision for revision in shown.values() if revision is not None}
    revisions = [
        {
            "environment_id": entry.id,
            "revision_id": revision.id,
            "number": revision.number,
            "status": revision.status,
            **{f"is_{name}": found == revision.id for name, found in ids.items()},
            "tools": json_of(revision.available_tools),
        }
        for revision in known.values()
    ]
    return {
        "domino_environments": columns_of("domino_environments", [row]),
        "domino_environment_revisions": columns_of("domino_environment_revisions", revisions),
    }


def _dataset(subject: Subject) -> Mapping[str, Columns]:
    entry = entry_of(subject, DatasetDetails)
    row = {
        "dataset_id": entry.id,
        "dataset_name": entry.name,
        "project_id": entry.project_id,
        "description": entry.description,
        **moment("created", entry.created_at),
        "snapshot_ids": list(entry.snapshot_ids),
        "tags": facts(entry.tags),
    }
    return {"domino_datasets": columns_of("domino_datasets", [row])}


def _model(subject: Subject) -> Mapping[str, Columns]:
    entry = entry_of(subject, RegisteredModel)
    project = entry.project
    row = {
        "model_name": entry.name,
        "project_id": None if project is None else project.id,
        "project_name": None if project is None else project.name,
        "project_owner": None if project is None else project.owner_username,
        "description": entry.description,
        "latest_version": entry.latest_version,
        "owner_username": entry.owner_username,
        **moment("created", entry.created_at),
        **moment("updated", entry.updated_at),
        "tags": facts(entry.tags),
    }
    return {"domino_registered_models": columns_of("domino_registered_models", [row])}


FROM_LISTINGS = (
    FromListing(("domino_projects",), _project),
    FromListing(("domino_jobs", "domino_job_stage_times", "domino_job_statistics"), _job),
    FromListing(("domino_environments", "domino_environment_revisions"), _environment),
    FromListing(("domino_datasets",), _dataset),
    FromListing(("domino_registered_models",), _model),
)
"""All of them, by kind of subject."""
