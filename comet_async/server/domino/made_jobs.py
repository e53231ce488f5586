"""Made-up jobs: each is made from its project and number."""

from __future__ import annotations

from comet_async.server.domino.ids import Kind, made_id, place_of
from comet_async.server.domino.job import Job, JobPlan, Tag
from comet_async.server.domino.spec import EPOCH, DominoSpec
from comet_async.server.domino.table import Table
from comet_async.server.records import JsonObject

__all__ = ["made_jobs"]

_QUEUED = 5.0
_EVERY = 60.0
_TAGS = ("baseline", "tuned", "nightly")
_OUTCOMES = ((7, 4, "Failed"), (11, 5, "Stopped"), (13, 6, "Error"))


def made_jobs(spec: DominoSpec, project: int, now: float) -> Table[Job]:
    """Return the jobs of a made-up project.

    Args:
        spec: How many.
        project: Number of the project, from 0.
        now: Where the jobs that are running still began.
    """

    def make(at: int) -> tuple[str, Job]:
        job = _job(spec, project, at, now)
        return job.job_id, job

    def position(job_id: str) -> int | None:
        place = place_of(Kind.JOB, job_id)
        return place[1] if place is not None and place[0] == project else None

    return Table(spec.jobs, make, position)


def _outcome(at: int) -> str:
    return next((name for every, rest, name in _OUTCOMES if at % every == rest), "Succeeded")


def _job(spec: DominoSpec, project: int, at: int, now: float) -> Job:
    running = at >= spec.jobs - spec.running
    outcome = "Succeeded" if running else _outcome(at)
    stats = (("accuracy", f"{1 - 1 / (at + 2):.4f}"), ("epochs", str(at % 10 + 1)))
    plan = JobPlan(_QUEUED, spec.job_seconds, outcome, spec.log_lines, stats)
    submitted = now - _QUEUED if running else EPOCH + _EVERY * at
    end = submitted + _QUEUED + spec.job_seconds
    user = made_id(Kind.USER, at % max(1, spec.users))
    tag = Tag(made_id(Kind.TAG, project, at % 3), _TAGS[at % 3], submitted, user)
    return Job(
        job_id=made_id(Kind.JOB, project, at),
        project_id=made_id(Kind.PROJECT, project),
        number=at + 1,
        command=f"python train.py --run {at + 1}",
        title=f"training {at + 1}",
        user=user,
        submitted=submitted,
        plan=plan,
        ended=end - _half_a_line(spec) if outcome == "Stopped" else None,
        tags=(tag,),
        goals=(made_id(Kind.GOAL, project, 0),) if spec.goals and at % 2 == 0 else (),
        comments=at % 4,
        ties=spec.log_ties,
        git={"refType": "branches", "value": "main"} if at % 3 == 1 else {},
        parts=_parts(spec, project, at),
    )


def _parts(spec: DominoSpec, project: int, at: int) -> JsonObject:
    """Return what a job has besides: every second one a dataset, some a cluster or more."""
    parts: JsonObject = {}
    if spec.datasets and at % 2 == 0:
        mount: JsonObject = {
            "id": made_id(Kind.DATASET, project, 0),
            "datasetName": f"dataset-{project + 1}-1",
            "isInput": True,
            "projectId": made_id(Kind.PROJECT, project),
            "containerPath": "/domino/datasets/local/data",
        }
        parts["datasetMounts"] = [mount]
    if at % 5 == 2:  # noqa: PLR2004  an arbitrary fifth of all
        parts["computeCluster"] = {
            "clusterType": "ray",
            "computeEnvironmentId": made_id(Kind.ENVIRONMENT, 0),
            "workerCount": 2,
            "workerHardwareTier": "small-k8s",
        }
        parts["externalVolumeMounts"] = [
            {"mountPath": "/mnt/shared", "name": "shared", "readOnly": True}
        ]
    if at % 4 == 3:  # noqa: PLR2004  an arbitrary quarter of all
        parts["gitRepos"] = [
            {
                "id": made_id(Kind.REPOSITORY, project, 0),
                "name": "code",
                "ref": "main",
                "serviceProvider": "Github",
                "uri": "https://github.com/example/code.git",
                "startingBranch": "main",
                "startingCommitId": f"{at:040x}",
            }
        ]
    return parts


def _half_a_line(spec: DominoSpec) -> float:
    """Return half the seconds between two lines: so much sooner, all lines are there."""
    return spec.job_seconds / (2 * max(1, spec.log_lines))
