"""What there is on a Domino server: made-up things, and what was written since."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TypedDict, Unpack

from comet_async.server.domino.clock import Clock, rfc3339
from comet_async.server.domino.ids import Kind, Names, made_id, place_of
from comet_async.server.domino.job import Job, JobPlan
from comet_async.server.domino.made_jobs import made_jobs
from comet_async.server.domino.refusing import missing
from comet_async.server.domino.spec import EPOCH, DominoSpec
from comet_async.server.domino.table import Table
from comet_async.server.records import Json, JsonObject

__all__ = ["Rows", "World", "made", "made_in_projects", "made_within"]

Rows = Table[JsonObject]
"""Rows that are kept as answers have them."""


class JobMembers(TypedDict, total=False):
    """What may be said of a job that is started."""

    title: str
    commit: str
    git: JsonObject


class World:
    """All things of one server.

    Attributes:
        spec: What was made up.
        clock: The server's time.
        lock: Held while something is written.
        new_id: Gives ids to what is written.
        plan: How jobs go that are started from now on.
        users: Users; the first is the caller.
        projects: Projects.
        datasets: Datasets of all projects.
        archived_jobs: Ids of the jobs that are archived.
        cursor_repeats: Whether a log cursor stands for the last line that was sent, which then
            comes again; else for the time after it.
    """

    def __init__(self, spec: DominoSpec, clock: Clock) -> None:
        """Make nothing yet.

        Args:
            spec: What to make up.
            clock: The server's time.
        """
        self.spec = spec
        self.clock = clock
        self.lock = threading.RLock()
        self.new_id = Names()
        self.plan = JobPlan()
        self.users = made(Kind.USER, spec.users, _user)
        self.projects = made(Kind.PROJECT, spec.projects, self._project)
        self.datasets = made_in_projects(
            Kind.DATASET,
            spec.projects,
            spec.datasets,
            lambda project, at: _dataset(project, at, spec.snapshots),
        )
        self.archived_jobs: set[str] = set()
        self.cursor_repeats = True
        self._rows: dict[tuple[str, str], Rows] = {}
        self._jobs: dict[str, Table[Job]] = {}
        self._job_places: dict[str, str] = {}
        self._began = clock.now()

    @property
    def caller(self) -> str:
        """Id of the user who asks."""
        return made_id(Kind.USER, 0)

    def project(self, project_id: str) -> JsonObject:
        """Return a project by its id.

        Raises:
            ApiError: There is none.
        """
        found = self.projects.get(project_id)
        if found is None:
            raise missing("Project", project_id)
        return found

    def jobs(self, project_id: str) -> Table[Job]:
        """Return the jobs of a project.

        Raises:
            ApiError: There is no such project.
        """
        self.project(project_id)
        found = self._jobs.get(project_id)
        if found is None:
            place = place_of(Kind.PROJECT, project_id)
            made = made_jobs(self.spec, place[0], self._began) if place else Table[Job]()
            found = self._jobs[project_id] = made
        return found

    def job(self, job_id: str) -> Job:
        """Return a job by its id.

        Raises:
            ApiError: There is none.
        """
        place = place_of(Kind.JOB, job_id)
        made = "" if place is None else made_id(Kind.PROJECT, place[0])
        project_id = self._job_places.get(job_id, made)
        known = project_id and self.projects.get(project_id) is not None
        found = self.jobs(project_id).get(job_id) if known else None
        if found is None:
            raise missing("Job", job_id)
        return found

    def keep_job(self, job: Job) -> None:
        """Add a job, or replace one."""
        self.jobs(job.project_id).put(job.job_id, job)
        self._job_places[job.job_id] = job.project_id

    def rows(self, name: str, owner: str = "", make: Callable[[], Rows] = Rows) -> Rows:
        """Return the table of one kind of thing, of one owner.

        Args:
            name: Kind of thing.
            owner: Whose they are, "" for a kind that has no owners.
            make: Makes the table where it was not asked for before.
        """
        key = name, owner
        if key not in self._rows:
            self._rows[key] = make()
        return self._rows[key]

    def stop_job(self, job_id: str) -> Job:
        """Stop a job now, as its page does, and return it."""
        job = replace(self.job(job_id), ended=self.clock.now())
        self.keep_job(job)
        return job

    def start_job(self, project_id: str, command: str, **more: Unpack[JobMembers]) -> Job:
        """Start a job, which goes as planned, and return it.

        Args:
            project_id: Its project.
            command: What it runs.
            more: Title, commit and git reference.

        Raises:
            ApiError: There is no such project.
        """
        newest = self.jobs(project_id).part(0, 1, newest_first=True)
        job = Job(
            job_id=self.new_id(),
            project_id=project_id,
            number=max((job.number for job in newest), default=0) + 1,
            command=command,
            user=self.caller,
            submitted=self.clock.now(),
            plan=self.plan,
            **more,
        )
        self.keep_job(job)
        return job

    def restart_job(self, job_id: str) -> Job:
        """Start a job once more, and return the new one."""
        old = self.job(job_id)
        return self.start_job(
            old.project_id, old.command, title=old.title, commit=old.commit, git=old.git
        )

    def archive_job(self, job_id: str) -> None:
        """Archive a job: listings leave it out unless archived ones are asked for."""
        self.keep_job(replace(self.job(job_id), archived=True))
        self.archived_jobs.add(job_id)

    def goals(self, project_id: str) -> Rows:
        """Return the goals of a project.

        Raises:
            ApiError: There is no such project.
        """
        self.project(project_id)
        place = place_of(Kind.PROJECT, project_id)
        if place is None:
            return self.rows("goals", project_id)
        make = partial(made_within, Kind.GOAL, place[0], self.spec.goals, _goal)
        return self.rows("goals", project_id, make)

    def goal(self, project_id: str, goal_id: str) -> JsonObject:
        """Return a goal of a project.

        Raises:
            ApiError: There is none.
        """
        found = self.goals(project_id).get(goal_id)
        if found is None:
            raise missing("Goal", goal_id)
        return found

    def _project(self, at: int) -> JsonObject:
        users = max(1, self.spec.users)
        owner = at % users
        member: JsonObject = {"id": made_id(Kind.USER, (at + 1) % users), "role": "contributor"}
        return {
            "id": made_id(Kind.PROJECT, at),
            "name": f"project-{at + 1}",
            "description": f"Made-up project {at + 1}",
            "ownerId": made_id(Kind.USER, owner),
            "ownerUsername": f"user-{owner + 1}",
            "visibility": ("Private", "Public", "Searchable")[at % 3],
            "collaborators": [member] if users > 1 else [],
            "internalTags": [],
        }


def made(kind: Kind, count: int, make: Callable[[int], JsonObject]) -> Rows:
    """Return the table of made-up rows of one kind, which carry their `id`."""

    def numbered(at: int) -> tuple[str, JsonObject]:
        return made_id(kind, at), make(at)

    def position(row_id: str) -> int | None:
        place = place_of(kind, row_id)
        return place[0] if place is not None and not place[1] else None

    return Table(count, numbered, position)


def made_in_projects(
    kind: Kind, projects: int, each: int, make: Callable[[int, int], JsonObject]
) -> Rows:
    """Return the table of the made-up rows of one kind: those of the first project, and so on.

    Args:
        kind: What they are.
        projects: Number of projects.
        each: How many each project has.
        make: Returns the row of a project and a number, which carries its `id`.
    """

    def numbered(at: int) -> tuple[str, JsonObject]:
        project, number = divmod(at, each)
        return made_id(kind, project, number), make(project, number)

    def position(row_id: str) -> int | None:
        place = place_of(kind, row_id)
        return place[0] * each + place[1] if place is not None and place[1] < each else None

    return Table(projects * each, numbered, position)


def made_within(kind: Kind, owner: int, count: int, make: Callable[[int, int], JsonObject]) -> Rows:
    """Return the table of the made-up rows of one kind that one owner has.

    Args:
        kind: What they are.
        owner: Number of the owner.
        count: How many.
        make: Returns the row of an owner and a number, which carries its `id`.
    """

    def numbered(at: int) -> tuple[str, JsonObject]:
        return made_id(kind, owner, at), make(owner, at)

    def position(row_id: str) -> int | None:
        place = place_of(kind, row_id)
        return place[1] if place is not None and place[0] == owner else None

    return Table(count, numbered, position)


def _dataset(project: int, at: int, snapshots: int) -> JsonObject:
    owner = project << 16 | at
    return {
        "id": made_id(Kind.DATASET, project, at),
        "name": f"dataset-{project + 1}-{at + 1}",
        "description": f"Made-up dataset {at + 1}",
        "projectId": made_id(Kind.PROJECT, project),
        "createdAt": rfc3339(EPOCH),
        "snapshotIds": [made_id(Kind.SNAPSHOT, owner, item) for item in range(snapshots)],
        "tags": {"latest": made_id(Kind.SNAPSHOT, owner, snapshots - 1)} if snapshots else {},
    }


def _goal(project: int, at: int) -> JsonObject:
    return {
        "id": made_id(Kind.GOAL, project, at),
        "projectId": made_id(Kind.PROJECT, project),
        "title": f"goal {at + 1}",
        "description": f"Made-up goal {at + 1}",
        "isComplete": False,
        "creatorId": made_id(Kind.USER, 0),
        "createdAt": rfc3339(EPOCH),
    }


def _user(at: int) -> JsonObject:
    name = f"user-{at + 1}"
    shown: dict[str, Json] = {
        "id": made_id(Kind.USER, at),
        "userName": name,
        "firstName": "User",
        "lastName": str(at + 1),
        "fullName": f"User {at + 1}",
        "email": f"{name}@example.com",
        "avatarUrl": f"https://example.com/{name}.png",
    }
    return shown
