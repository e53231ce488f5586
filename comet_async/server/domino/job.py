"""One job: what it is, and in which state at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b

from comet_async.server.domino.clock import rfc3339
from comet_async.server.records import Json, JsonObject

__all__ = ["Job", "JobPlan", "Tag"]


_WAITING: JsonObject = {
    "expectedWait": "a few seconds",
    "explanation": "waiting for a machine",
    "helpText": "It starts by itself.",
}


@dataclass(frozen=True, slots=True)
class JobPlan:
    """How a job that is started goes.

    Attributes:
        queued: Seconds that it waits.
        running: Seconds that it runs.
        outcome: Its last state: Succeeded, Failed, Stopped or Error.
        log_lines: Lines that it writes while it runs, at equal distances.
        stats: Its statistics once it is over.
    """

    queued: float = 2.0
    running: float = 5.0
    outcome: str = "Succeeded"
    log_lines: int = 20
    stats: tuple[tuple[str, str], ...] = (("accuracy", "0.9"),)


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag of a job."""

    tag_id: str
    name: str
    created: float
    creator: str

    def shown(self) -> JsonObject:
        """Return the tag as an answer has it."""
        return {
            "id": self.tag_id,
            "name": self.name,
            "createdAt": rfc3339(self.created),
            "creatorId": self.creator,
        }


@dataclass(frozen=True, slots=True)
class Job:
    """A job.

    Attributes:
        job_id: Its id.
        project_id: Its project.
        number: Its number within the project, from 1.
        command: What it runs.
        user: Who started it.
        submitted: When, in seconds since 1970 UTC.
        plan: How it goes.
        title: Its title.
        ended: When it was stopped; None if nobody did.
        archived: Whether it is archived.
        tags: Its tags.
        goals: Ids of the goals that it is linked to.
        comments: Number of comments.
        commit: Commit that it starts from, "" for the newest one.
        git: Git reference that it was started with.
        ties: Consecutive lines of its log that share one time.
        parts: Further members that an answer shows: mounts, repositories, cluster.
    """

    job_id: str
    project_id: str
    number: int
    command: str
    user: str
    submitted: float
    plan: JobPlan
    title: str = ""
    ended: float | None = None
    archived: bool = False
    tags: tuple[Tag, ...] = ()
    goals: tuple[str, ...] = ()
    comments: int = 0
    commit: str = ""
    git: JsonObject = field(default_factory=dict[str, Json])
    ties: int = 1
    parts: JsonObject = field(default_factory=dict[str, Json])

    @property
    def started(self) -> float:
        """When it began to run, unless it was stopped before."""
        return self.submitted + self.plan.queued

    @property
    def planned_end(self) -> float:
        """When it ends by itself."""
        return self.started + self.plan.running

    @property
    def completed(self) -> float:
        """When it is over."""
        return self.planned_end if self.ended is None else min(self.ended, self.planned_end)

    def status(self, now: float) -> str:
        """Return the state at a time."""
        if now >= self.completed:
            return "Stopped" if self.completed < self.planned_end else self.plan.outcome
        return "Queued" if now < self.started else "Running"

    def is_over(self, now: float) -> bool:
        """Return whether it is over at a time."""
        return now >= self.completed

    def listed(self, now: float) -> JsonObject:
        """Return the job as a listing has it."""
        over, begun = self.is_over(now), min(now, self.completed) >= self.started
        times: JsonObject = {"submissionTime": rfc3339(self.submitted)}
        if begun:
            times["startTime"] = rfc3339(self.started)
        if over:
            times["completedTime"] = rfc3339(self.completed)
        commits: JsonObject = {"inputCommitId": self.commit or _commit(self.job_id, "in")}
        if over and begun:
            commits["outputCommitId"] = _commit(self.job_id, "out")
        shown: JsonObject = {
            "id": self.job_id,
            "number": self.number,
            "title": self.title,
            "runCommand": self.command,
            "startedById": self.user,
            "commitDetails": commits,
            "datasetMounts": [],
            "dominoStats": self._stats(now),
            "externalVolumeMounts": [],
            "gitRepos": [],
            "projects": [{"projectId": self.project_id, "commitId": str(commits["inputCommitId"])}],
            "stageTimes": times,
            "status": {
                "executionStatus": self.status(now),
                "isCompleted": over,
                "isArchived": self.archived,
                "isScheduled": False,
            },
        }
        if begun:
            shown["usage"] = {"cpuPercentage": 12.5, "memoryGiB": 0.75}
        if self.git:
            shown["mainRepoGitRef"] = self.git
        return {**shown, **self.parts}

    def _stats(self, now: float) -> list[Json]:
        if not self.is_over(now):
            return []
        return [{"name": name, "value": value} for name, value in self.plan.stats]

    def detailed(self, now: float) -> JsonObject:
        """Return the job as it is shown by itself, with tags, goals and comments."""
        waiting: JsonObject = {"queuedJobStatusDetails": _WAITING}
        return {
            **self.listed(now),
            **(waiting if self.status(now) == "Queued" else {}),
            "commentsCount": self.comments,
            "goalIds": list(self.goals),
            "tags": [tag.shown() for tag in self.tags],
        }


def _commit(*parts: str) -> str:
    return blake2b("/".join(parts).encode(), digest_size=20).hexdigest()
