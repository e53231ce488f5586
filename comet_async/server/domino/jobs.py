"""Operations on jobs: listings, starting, tags and goals, logs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import msgspec

from comet_async.server.domino.calls import Call, Handler, Octets
from comet_async.server.domino.job import Job, Tag
from comet_async.server.domino.job_log import COMPLETE, read_log
from comet_async.server.domino.pages import cut
from comet_async.server.domino.refusing import missing
from comet_async.server.problems import ApiError
from comet_async.server.records import Json, JsonObject

__all__ = ["HANDLERS", "LOG_LIMIT"]

LOG_LIMIT = 10_000
"""Most lines of one answer of a log."""

_ACTIVE = {"queued", "running"}
_FILTERS = {"all", "queued", "running", "completed", "archived", "active"}


def _in_state(job: Job, wanted: str, now: float) -> bool:
    state = job.status(now).lower()
    if wanted == "archived":
        return job.archived
    if wanted == "active":
        return state in _ACTIVE
    if wanted == "completed":
        return job.is_over(now)
    return wanted in {"all", state}


def _order(call: Call, now: float) -> Callable[[Job], tuple[object, int]]:
    """Return the key that jobs are sorted by.

    Raises:
        ApiError: There is none of that name.
    """
    name, stat = call.text("sortBy"), call.text("dominoStatsSortFieldName")
    orders: dict[str, Callable[[Job], object]] = {
        "number": lambda job: job.number,
        "title": lambda job: job.title,
        "command": lambda job: job.command,
        "startedTime": lambda job: job.started,
        "duration": lambda job: min(now, job.completed) - job.started,
        "status": lambda job: job.status(now),
        "user": lambda job: job.user,
        "commentCount": lambda job: job.comments,
        "dominoStatsField": lambda job: dict(job.plan.stats).get(stat, ""),
    }
    if name not in orders:
        raise ApiError(400, f"Invalid value for sortBy: {name[:40]}")
    order = orders[name]
    return lambda job: (order(job), job.number)


def get_jobs(call: Call) -> JsonObject:
    """Return a page of the jobs of a project."""
    world, now, page = call.world, call.world.clock.now(), call.page()
    table = world.jobs(call.text("projectId"))
    state, tag = call.text("statusFilter").lower(), call.text("tagFilter")
    if state not in _FILTERS:
        raise ApiError(400, f"Invalid value for statusFilter: {state[:40]}")
    archived = call.flag("showArchived") or state == "archived"
    ascending, order = call.flag("ascending"), _order(call, now)

    def shown(job: Job) -> Json:
        return job.listed(now)

    unfiltered = state == "all" and not tag and (archived or not world.archived_jobs)
    if unfiltered and call.text("sortBy") == "number":
        size = len(table)
        rows = table.part(page.offset, page.stop(size), newest_first=not ascending)
        return call.listing("jobs", [shown(job) for job in rows], page, size)
    found = [
        job
        for job in table
        if (archived or not job.archived)
        and _in_state(job, state, now)
        and (not tag or any(item.name == tag for item in job.tags))
    ]
    found.sort(key=order, reverse=not ascending)
    return call.listing("jobs", cut(found, page, shown), page, len(found))


def get_job_details(call: Call) -> JsonObject:
    """Return one job."""
    job = call.world.job(call.path["jobId"])
    return call.one("job", job.detailed(call.world.clock.now()))


def start_job(call: Call) -> JsonObject:
    """Start a job."""
    body, git = call.body, call.body.get("mainRepoGitRef")
    job = call.world.start_job(
        call.member("projectId"),
        call.member("runCommand"),
        title=str(body.get("title") or ""),
        commit=str(body.get("commitId") or ""),
        git=git if isinstance(git, dict) else {},
    )
    return call.one("job", job.detailed(job.submitted))


def get_job_logs(call: Call) -> Octets:
    """Return lines of a job's log, from the cursor on."""
    world = call.world
    job, now = world.job(call.path["jobId"]), world.clock.now()
    kind = call.text("logType") or COMPLETE
    limit = call.integer("limit")
    limit = LOG_LIMIT if limit is None else min(limit, LOG_LIMIT)
    since = call.integer("latestTimeNano")
    if since is not None and not world.cursor_repeats:
        since += 1
    try:
        page = read_log(job, kind, since, limit, now)
    except KeyError:
        raise ApiError(400, f"Invalid value for logType: {kind[:40]}") from None
    told: JsonObject = {"limit": limit}
    if page.latest is not None:
        told["latestTimeNano"] = str(page.latest)
    logs = {"isComplete": job.is_over(now), "logContent": page.lines}
    metadata = {**call.metadata(), "pagination": told}
    body = msgspec.json.encode({"logs": logs, "metadata": metadata})
    return Octets(body, "application/json")


def _goal(call: Call, job: Job, goal_id: str) -> JsonObject:
    goal = call.world.goal(job.project_id, goal_id)
    return {
        "goalId": goal_id,
        "jobId": job.job_id,
        "projectId": job.project_id,
        "title": goal["title"],
        "description": goal.get("description", ""),
        "currentStage": "Ideation",
    }


def get_linked_goals_for_job(call: Call) -> JsonObject:
    """Return the goals that a job is linked to."""
    job = call.world.job(call.text("jobId"))
    return call.one("goals", [_goal(call, job, goal_id) for goal_id in job.goals])


def link_job_to_goal(call: Call) -> JsonObject:
    """Link a job to a goal of its project."""
    job, goal_id = call.world.job(call.text("jobId")), call.member("goalId")
    shown = _goal(call, job, goal_id)
    if goal_id not in job.goals:
        call.world.keep_job(replace(job, goals=(*job.goals, goal_id)))
    return call.one("goal", shown)


def unlink_job_from_goal(call: Call) -> JsonObject:
    """Take the link of a job to a goal away."""
    job, goal_id = call.world.job(call.text("jobId")), call.path["goalId"]
    if goal_id not in job.goals:
        raise missing("Goal", goal_id)
    call.world.keep_job(replace(job, goals=tuple(item for item in job.goals if item != goal_id)))
    return call.done()


def add_job_tag(call: Call) -> JsonObject:
    """Tag a job."""
    world, job, name = call.world, call.world.job(call.path["jobId"]), call.member("tagName")
    found = next((tag for tag in job.tags if tag.name == name), None)
    if found is None:
        found = Tag(world.new_id(), name, world.clock.now(), world.caller)
        world.keep_job(replace(job, tags=(*job.tags, found)))
    return call.one("tag", found.shown())


def remove_job_tag(call: Call) -> JsonObject:
    """Take a tag of a job away."""
    job, tag_id = call.world.job(call.path["jobId"]), call.path["tagId"]
    if all(tag.tag_id != tag_id for tag in job.tags):
        raise missing("Tag", tag_id)
    kept = tuple(tag for tag in job.tags if tag.tag_id != tag_id)
    call.world.keep_job(replace(job, tags=kept))
    return call.done()


HANDLERS: dict[str, Handler] = {
    "get_jobs": get_jobs,
    "get_job_details": get_job_details,
    "get_job_logs": get_job_logs,
    "start_job": start_job,
    "get_linked_goals_for_job": get_linked_goals_for_job,
    "link_job_to_goal": link_job_to_goal,
    "unlink_job_from_goal": unlink_job_from_goal,
    "add_job_tag": add_job_tag,
    "remove_job_tag": remove_job_tag,
}
"""Handler of each operation."""
