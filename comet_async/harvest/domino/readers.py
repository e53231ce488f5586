"""Readers of what the listings of Domino do not tell: goals, details, snapshots, versions."""

from __future__ import annotations

from collections.abc import Mapping

from comet_async import domino
from comet_async.harvest.domino.asking import Moving, every
from comet_async.harvest.domino.values import Row, facts, json_of, moment
from comet_async.harvest.rows import columns_of
from comet_async.harvest.subjects import Ask, Columns, Reader, Subject, SubjectKind

__all__ = ["DOMINO_READERS"]


class GoalReader:
    """Reads `domino_goals` of one project."""

    kind: SubjectKind = "domino_project"
    tables = ("domino_goals",)
    requests = 1.0

    async def read(
        self, ask: Ask, subject: Subject, tables: frozenset[str]
    ) -> Mapping[str, Columns]:
        """Return a row for each goal."""
        del tables
        goals = (await ask(domino.get_project_goals(subject.key))).goals
        rows = [
            {
                "project_id": goal.project_id or subject.key,
                "goal_id": goal.id,
                "title": goal.title,
                "description": goal.description,
                "is_complete": goal.is_complete,
                **moment("created", goal.created_at),
                "creator_id": goal.creator_id,
            }
            for goal in goals
        ]
        return {"domino_goals": columns_of("domino_goals", rows)}


class JobReader:
    """Reads what only the full form of a job tells: tags, goals, comments, why it waits."""

    kind: SubjectKind = "domino_job"
    tables = ("domino_job_details", "domino_job_goals", "domino_job_tags")
    requests = 1.0

    async def read(
        self, ask: Ask, subject: Subject, tables: frozenset[str]
    ) -> Mapping[str, Columns]:
        """Return the rows of the job."""
        job = (await ask(domino.get_job_details(subject.key))).job
        waits = job.queued_job_status_details
        rows: dict[str, list[Row]] = {
            "domino_job_tags": [
                {
                    "job_id": subject.key,
                    "tag_id": tag.id,
                    "tag": tag.name,
                    **moment("created", tag.created_at),
                    "creator_id": tag.creator_id,
                }
                for tag in job.tags
            ],
            "domino_job_goals": [{"job_id": subject.key, "goal_id": goal} for goal in job.goal_ids],
            "domino_job_details": [
                {
                    "job_id": subject.key,
                    "comments_count": job.comments_count,
                    "expected_wait": None if waits is None else waits.expected_wait,
                    "explanation": None if waits is None else waits.explanation,
                    "help_text": None if waits is None else waits.help_text,
                }
            ],
        }
        return {table: columns_of(table, rows[table]) for table in tables}


class SnapshotReader:
    """Reads `domino_snapshots` of one dataset."""

    kind: SubjectKind = "domino_dataset"
    tables = ("domino_snapshots",)
    requests = 1.0

    async def read(
        self, ask: Ask, subject: Subject, tables: frozenset[str]
    ) -> Mapping[str, Columns]:
        """Return a row for each snapshot."""
        del tables
        rows = [
            {
                "dataset_id": snapshot.dataset_id or subject.key,
                "snapshot_id": snapshot.id,
                "status": snapshot.status,
                "description": snapshot.description,
                **moment("created", snapshot.created_at),
                "creator_id": snapshot.creator_id,
                **moment("last_mounted", snapshot.last_mounted),
            }
            for snapshot in await every(ask, domino.paged_dataset_snapshots(subject.key))
        ]
        return {"domino_snapshots": columns_of("domino_snapshots", rows)}


class VersionReader:
    """Reads `domino_model_versions` of one registered model: the list, then each in full."""

    kind: SubjectKind = "domino_model"
    tables = ("domino_model_versions",)
    requests = 3.0

    async def read(
        self, ask: Ask, subject: Subject, tables: frozenset[str]
    ) -> Mapping[str, Columns]:
        """Return a row for each version."""
        del tables
        moving = Moving(ask)
        listed = await every(moving, domino.paged_registered_model_versions(subject.key))
        numbers = [found.model_version for found in listed if found.model_version is not None]
        rows = [
            _version(
                subject.key,
                number,
                await moving(domino.get_registered_model_version(subject.key, number)),
            )
            for number in numbers
        ]
        return {"domino_model_versions": columns_of("domino_model_versions", rows)}


def _version(name: str, number: int, version: domino.RegisteredModelVersionDetails) -> Row:
    return {
        "model_name": name,
        "version": number,
        "description": version.model_version_description,
        "stage": version.current_stage,
        "experiment_run_id": version.experiment_run_id,
        "owner_username": version.owner_username,
        "project_id": None if version.project is None else version.project.id,
        **moment("created", version.created_at),
        **moment("updated", version.updated_at),
        "tags": facts(version.tags),
        "review": json_of(version.review_summary),
    }


DOMINO_READERS: tuple[Reader, ...] = (
    GoalReader(),
    JobReader(),
    SnapshotReader(),
    VersionReader(),
)
"""All of them, in the order in which they are asked."""
