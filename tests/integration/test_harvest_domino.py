"""A harvest of Domino from the local server, value by value as a plain client is answered."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest

from comet_async.server.domino import DominoServer, DominoSpec
from tests.support.domino_client import Domino
from tests.support.domino_client import domino as listening
from tests.support.domino_harvests import OF_JOBS, Row, rows, taken

SPEC = DominoSpec(projects=2, jobs=13, log_lines=60, models=2)


@pytest.fixture
async def client() -> AsyncIterator[Domino]:
    async with listening(DominoServer(SPEC)) as started:
        yield started


def parsed(value: object) -> object:
    """Return the list or object that a text is of, whose members have no order."""
    is_json = isinstance(value, str) and value[:1] in {"[", "{"}
    return json.loads(str(value)) if is_json else value


def same(found: list[Row], wanted: list[Row]) -> None:
    """See that two lists have the same rows, in whatever order."""

    def bag(given: list[Row]) -> Counter[str]:
        return Counter(
            json.dumps(
                {key: parsed(value) for key, value in row.items()}, sort_keys=True, default=str
            )
            for row in given
        )

    assert bag(found) == bag(wanted)


def given(**members: object) -> Row:
    """Return a row without what is null."""
    return {name: value for name, value in members.items() if value is not None}


def moment(name: str, text: str | None) -> Row:
    """Return the columns of a time; the server's are whole milliseconds or finer ones."""
    if text is None:
        return {}
    exact = datetime.fromisoformat(text).astimezone(UTC)
    whole = exact.replace(microsecond=exact.microsecond // 1000 * 1000)
    fraction = text.rstrip("Z").partition(".")[2]
    return {name: whole, **({f"{name}_text": text} if fraction[3:].strip("0") else {})}


def shown(value: object) -> str | None:
    """Return a list or an object as JSON, None for an empty one."""
    return json.dumps(value, separators=(",", ":")) if value else None


async def listed(client: Domino, name: str, path: str, **query: object) -> list[Row]:
    """Return the rows of all pages, as a plain client is answered them."""
    found: list[Row] = []
    while page := (await client.get(path, offset=len(found), limit=7, **query))[name]:
        found += page
    return found


async def projects_of(client: Domino) -> list[Row]:
    return await listed(client, "projects", "/api/projects/beta/projects")


async def jobs_of(client: Domino) -> list[Row]:
    """Return the jobs of all projects, each with the id of its project."""
    found: list[Row] = []
    for project in await projects_of(client):
        page = await listed(
            client, "jobs", "/api/jobs/beta/jobs", projectId=project["id"], showArchived="true"
        )
        found += [{**job, "projectId": project["id"]} for job in page]
    return found


async def lines_of(client: Domino, job_id: str) -> list[Row]:
    """Return the lines of a log that one answer holds."""
    answer = await client.get(f"/api/jobs/beta/jobs/{job_id}/logs", logType="complete")
    return list(answer["logs"]["logContent"])


def nanoseconds(text: str) -> int:
    whole, _, fraction = text.removesuffix("Z").partition(".")
    seconds = int(datetime.fromisoformat(whole + "+00:00").timestamp())
    return seconds * 10**9 + int(fraction.ljust(9, "0") or 0)


async def test_projects_and_goals_are_what_the_server_says(client: Domino, tmp_path: Path) -> None:
    report = await taken(client.server.url, tmp_path, tables=["domino_projects", "domino_goals"])
    projects = await projects_of(client)
    goals = [
        goal
        for project in projects
        for goal in (await client.get(f"/api/projects/v1/projects/{project['id']}/goals"))["goals"]
    ]
    assert report.exit_code == 0
    same(
        rows(tmp_path, "domino_projects"),
        [
            given(
                project_id=row["id"],
                project_name=row["name"],
                owner_id=row["ownerId"],
                owner_username=row["ownerUsername"],
                description=row["description"],
                visibility=row["visibility"].lower(),
                internal_tags=row["internalTags"],
                collaborators=shown(row["collaborators"]),
            )
            for row in projects
        ],
    )
    assert len(goals) == 2 * SPEC.goals
    same(
        rows(tmp_path, "domino_goals"),
        [
            given(
                project_id=row["projectId"],
                goal_id=row["id"],
                title=row["title"],
                description=row["description"],
                is_complete=row["isComplete"],
                creator_id=row["creatorId"],
                **moment("created", row["createdAt"]),
            )
            for row in goals
        ],
    )


async def test_jobs_times_and_statistics_are_what_the_server_says(
    client: Domino, tmp_path: Path
) -> None:
    report = await taken(client.server.url, tmp_path, tables=OF_JOBS[:3])
    jobs = await jobs_of(client)
    assert report.exit_code == 0
    assert report.requests == 3  # one for the projects, one for the jobs of each
    found = rows(tmp_path, "domino_jobs")
    mounts = {row["job_id"]: row.pop("mounted_projects", "[]") for row in found}
    same(found, [job_row(job) for job in jobs])
    assert {job["id"]: job.get("projects", []) for job in jobs} == {
        key: json.loads(text) for key, text in mounts.items()
    }
    stages = ("submission", "start", "completed")
    names = {"submission": "submitted", "start": "started", "completed": "completed"}
    same(
        rows(tmp_path, "domino_job_stage_times"),
        [
            given(
                job_id=job["id"],
                **{
                    name: value
                    for stage in stages
                    for name, value in moment(
                        names[stage], job["stageTimes"].get(f"{stage}Time")
                    ).items()
                },
            )
            for job in jobs
        ],
    )
    same(
        rows(tmp_path, "domino_job_statistics"),
        [
            given(
                job_id=job["id"],
                name=stat["name"],
                value=stat["value"],
                number=float(stat["value"]),
            )
            for job in jobs
            for stat in job["dominoStats"]
        ],
    )


def job_row(job: Row) -> Row:
    """Return the row of a job, what it mounts aside."""
    status, usage = job["status"], job.get("usage") or {}
    commits, git = job.get("commitDetails") or {}, job.get("mainRepoGitRef") or {}
    return given(
        job_id=job["id"],
        project_id=job["projectId"],
        number=job["number"],
        title=job["title"],
        command=job["runCommand"],
        started_by_id=job["startedById"],
        launcher_id=job.get("runLauncherId"),
        execution_status=status["executionStatus"],
        is_completed=status["isCompleted"],
        is_archived=status["isArchived"],
        is_scheduled=status["isScheduled"],
        input_commit_id=commits.get("inputCommitId"),
        output_commit_id=commits.get("outputCommitId"),
        git_ref_type=git.get("refType"),
        git_ref=git.get("value"),
        cpu_percentage=usage.get("cpuPercentage"),
        memory_gib=usage.get("memoryGiB"),
        compute_cluster=shown(job.get("computeCluster")),
        dataset_mounts=shown(job.get("datasetMounts")),
        volume_mounts=shown(job.get("externalVolumeMounts")),
        git_repos=shown(
            [
                {**repo, "serviceProvider": repo["serviceProvider"].lower()}
                for repo in job.get("gitRepos", [])
            ]
        ),
    )


async def test_details_and_logs_of_jobs_are_what_the_server_says(
    client: Domino, tmp_path: Path
) -> None:
    report = await taken(client.server.url, tmp_path, tables=OF_JOBS[3:])
    assert report.exit_code == 0
    jobs = [
        (await client.get(f"/api/jobs/beta/jobs/{job['id']}"))["job"]
        for job in await jobs_of(client)
    ]
    same(
        rows(tmp_path, "domino_job_tags"),
        [
            given(
                job_id=job["id"],
                tag_id=tag["id"],
                tag=tag["name"],
                creator_id=tag["creatorId"],
                **moment("created", tag["createdAt"]),
            )
            for job in jobs
            for tag in job["tags"]
        ],
    )
    linked = [given(job_id=job["id"], goal_id=goal) for job in jobs for goal in job["goalIds"]]
    assert linked
    same(rows(tmp_path, "domino_job_goals"), linked)
    same(
        rows(tmp_path, "domino_job_details"),
        [given(job_id=job["id"], comments_count=job["commentsCount"]) for job in jobs],
    )
    logs = {job["id"]: await lines_of(client, job["id"]) for job in jobs}
    same(
        rows(tmp_path, "domino_job_logs"),
        [
            given(
                job_id=key,
                line=number,
                time_ns=nanoseconds(line["timestamp"]),
                log_type=line["logType"],
                text=line["log"],
                size=line["size"],
            )
            for key, lines in logs.items()
            for number, line in enumerate(lines, 1)
        ],
    )
    assert {len(lines) for lines in logs.values()} == {SPEC.log_lines}
    same(
        rows(tmp_path, "domino_job_log_states"),
        [given(job_id=key, lines=len(lines), is_complete=True) for key, lines in logs.items()],
    )


async def test_environments_are_what_the_server_says(client: Domino, tmp_path: Path) -> None:
    tables = ["domino_environments", "domino_environment_revisions"]
    report = await taken(client.server.url, tmp_path, tables=tables)
    environments = await listed(client, "environments", "/api/environments/beta/environments")
    assert environments
    assert report.exit_code == 0
    roles = ("latest", "selected", "restricted")
    ids = {
        row["id"]: {role: (row.get(f"{role}Revision") or {}).get("id") for role in roles}
        for row in environments
    }
    same(
        rows(tmp_path, "domino_environments"),
        [
            given(
                environment_id=row["id"],
                environment_name=row["name"],
                archived=row["archived"],
                is_curated=row.get("isCurated"),
                visibility=row["visibility"].lower(),
                owner_id=(row.get("owner") or {}).get("id"),
                owner_type=((row.get("owner") or {}).get("ownerType") or "").lower() or None,
                owner_username=(row.get("owner") or {}).get("username"),
                internal_tags=row.get("internalTags") or [],
                active_revision_tags=row.get("activeRevisionTags") or [],
                supported_clusters=[name.lower() for name in row.get("supportedClusters") or []],
                **{f"{role}_revision_id": found for role, found in ids[row["id"]].items()},
            )
            for row in environments
        ],
    )
    revisions = {
        (row["id"], row[f"{role}Revision"]["id"]): row[f"{role}Revision"]
        for row in environments
        for role in roles
        if row.get(f"{role}Revision")
    }
    found = rows(tmp_path, "domino_environment_revisions")
    tools = {(row["environment_id"], row["revision_id"]): row.pop("tools", "[]") for row in found}
    assert {key: json.loads(text) for key, text in tools.items()} == {
        key: row.get("availableTools", []) for key, row in revisions.items()
    }
    same(
        found,
        [
            given(
                environment_id=key,
                revision_id=revision,
                number=row["number"],
                status=row["status"].lower(),
                **{f"is_{role}": found == revision for role, found in ids[key].items()},
            )
            for (key, revision), row in revisions.items()
        ],
    )


async def test_datasets_and_snapshots_are_what_the_server_says(
    client: Domino, tmp_path: Path
) -> None:
    tables = ["domino_datasets", "domino_snapshots"]
    report = await taken(client.server.url, tmp_path, tables=tables)
    found = await listed(client, "datasets", "/api/datasetrw/v2/datasets")
    datasets = [row["dataset"] for row in found]
    snapshots = [
        snapshot
        for row in datasets
        for snapshot in await listed(
            client, "snapshots", f"/api/datasetrw/v1/datasets/{row['id']}/snapshots"
        )
    ]
    assert report.exit_code == 0
    assert (len(datasets), len(snapshots)) == (4, 8)
    same(
        rows(tmp_path, "domino_datasets"),
        [
            given(
                dataset_id=row["id"],
                dataset_name=row["name"],
                project_id=row["projectId"],
                description=row["description"],
                snapshot_ids=row["snapshotIds"],
                tags=[{"key": key, "value": value} for key, value in row["tags"].items()],
                **moment("created", row["createdAt"]),
            )
            for row in datasets
        ],
    )
    same(
        rows(tmp_path, "domino_snapshots"),
        [
            given(
                dataset_id=row["datasetId"],
                snapshot_id=row["id"],
                status=row["status"],
                description=row.get("description"),
                creator_id=row["creatorId"],
                **moment("created", row["createdAt"]),
                **moment("last_mounted", row.get("lastMounted")),
            )
            for row in snapshots
        ],
    )


@pytest.mark.parametrize("newest", [False, True])
async def test_models_and_versions_are_what_the_server_says(tmp_path: Path, newest: bool) -> None:
    tables = ["domino_registered_models", "domino_model_versions"]
    async with listening(DominoServer(SPEC, newest=newest)) as client:
        report = await taken(client.server.url, tmp_path, tables=tables)
        models = (await client.get("/api/registeredmodels/v1", maxResults=100))["items"]
        versions = [
            await client.get(f"/api/registeredmodels/v1/{quote(row['name'])}/versions/{number}")
            for row in models
            for number in range(1, row["latestVersion"] + 1)
        ]
    assert report.exit_code == 0
    assert models
    same(
        rows(tmp_path, "domino_registered_models"),
        [
            given(
                model_name=row["name"],
                project_id=row["project"]["id"],
                project_name=row["project"]["name"],
                project_owner=row["project"]["ownerUsername"],
                description=row["description"],
                latest_version=row["latestVersion"],
                owner_username=row["ownerUsername"],
                tags=[{"key": key, "value": value} for key, value in row["tags"].items()],
                **moment("created", row["createdAt"]),
                **moment("updated", row["updatedAt"]),
            )
            for row in models
        ],
    )
    found = rows(tmp_path, "domino_model_versions")
    reviews = {(row["model_name"], row["version"]): row.pop("review", "null") for row in found}
    assert {key: json.loads(text) for key, text in reviews.items()} == {
        (row["modelName"], row["modelVersion"]): row.get("reviewSummary") for row in versions
    }
    same(
        found,
        [
            given(
                model_name=row["modelName"],
                version=row["modelVersion"],
                description=row["modelVersionDescription"],
                stage=row.get("currentStage"),
                experiment_run_id=row["experimentRunId"],
                owner_username=row["ownerUsername"],
                project_id=row["project"]["id"],
                tags=[{"key": key, "value": value} for key, value in row["tags"].items()],
                **moment("created", row["createdAt"]),
                **moment("updated", row["updatedAt"]),
            )
            for row in versions
        ],
    )
