"""What no public document has, but clients cannot do without: its paths may change any day.

The public API can start a job and cannot stop one, and cannot find a project by its name.
"""

from __future__ import annotations

from comet_async.server.domino.calls import Answered, Call, Handler
from comet_async.server.domino.facts import Operation
from comet_async.server.domino.refusing import missing
from comet_async.server.records import JsonObject

__all__ = ["PRIVATE"]


def _version(call: Call) -> JsonObject:
    """Return the release."""
    return {"version": "6.3.0" if call.newest else "5.11.0", "buildId": "local"}


def _find_project(call: Call) -> JsonObject:
    """Return a project by its owner and name."""
    owner, name = call.text("ownerName"), call.text("projectName")
    for row in call.world.projects:
        if (row["ownerUsername"], row["name"]) == (owner, name):
            return row
    raise missing("Project", f"{owner}/{name}")


def _stop(call: Call) -> Answered:
    """Stop a job."""
    job = call.world.stop_job(call.member("jobId"))
    return {"id": job.job_id, "number": job.number}


def _restart(call: Call) -> Answered:
    """Start a job once more."""
    job = call.world.restart_job(call.member("jobId"))
    return {"id": job.job_id, "number": job.number}


_FIND = Operation(
    "find_project",
    "GET",
    "/v4/gateway/projects/findProjectByOwnerAndName",
    query={"ownerName": "string!", "projectName": "string!"},
)

PRIVATE: tuple[tuple[Operation, Handler], ...] = (
    (Operation("version", "GET", "/version"), _version),
    (_FIND, _find_project),
    (Operation("stop_job", "POST", "/v4/jobs/stop", body="object"), _stop),
    (Operation("restart_job", "POST", "/v4/jobs/restart", body="object"), _restart),
)
"""Operation and handler of each; they count as no part of the facts."""
