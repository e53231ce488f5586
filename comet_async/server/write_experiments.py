"""Writes that make, end, move and delete experiments. Many are asked for by GET."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from comet_async.server.bodies import acknowledged, boolean, optional, some_texts, text, whole
from comet_async.server.live_run import LiveRun
from comet_async.server.records import Facts, JsonObject, Mark, Project, stable_id
from comet_async.server.replies import ApiError, Call, Handler, Reply, Write, json_reply
from comet_async.server.store import Store

__all__ = ["ROUTES", "create", "home_of", "set_alive", "written_key"]

_BEAT_MS = 10_000
_GPU_MS = 60_000
_CPU_MS = 68_000


def written_key(call: Call, key: str | None = None) -> str:
    """Return the key of the experiment that a body, or else the query, names.

    Args:
        call: The request.
        key: The key, where it stands elsewhere.

    Raises:
        ApiError: There is no such experiment.
    """
    named = key or optional(call.body, "experimentKey") or call.query.get("experimentKey", "")
    return call.known_run(named).facts.key


def home_of(store: Store, workspace: str, name: str) -> Project:
    """Return a project by its names; one that is not there is created."""
    found = store.named_project(workspace, name)
    if found is not None:
        return store.changes.project_now(found)
    number = store.revision
    project = Project(
        stable_id("project", workspace, name, number, store.new_id()),
        name,
        workspace,
        last_updated_ms=store.now_ms(),
    )
    store.changes.put_project(project)
    return project


def create(store: Store, workspace: str, project: str, key: str, name: str | None) -> LiveRun:
    """Create an experiment that goes on from now.

    Args:
        store: Where.
        workspace: There is one of this name.
        project: Created if it is not there.
        key: Of the experiment.
        name: None for one without a name.
    """
    start = store.now_ms()
    facts = Facts(
        key=key,
        project=home_of(store, workspace, project),
        name=None,
        start_ms=start,
        end_ms=None,
        user=store.account(),
        running=True,
    )
    run = store.changes.create(facts)
    if name:
        run.log_other("Name", Mark(name, start))
    return run


def _create(call: Call) -> Reply:
    workspace = call.known_workspace(text(call.body, "workspaceName"))
    project = optional(call.body, "projectName")
    if not project:
        raise ApiError(400, "Project name is missing", 98219)
    name = optional(call.body, "experimentName")
    key = call.store.new_id()
    run = create(call.store, workspace, project, key, name)
    if boolean(call.body, "disableHeartBeat"):
        run.set_facts(lambda facts: replace(facts, running=False, end_ms=facts.start_ms))
    row: JsonObject = {
        "experimentKey": key,
        "workspaceName": workspace,
        "projectName": project,
        "link": f"{call.root}/{workspace}/{project}/{key}",
    }
    return json_reply(row | ({"name": name} if name else {}))


def _edit(call: Call, key: str, edit: Callable[[Facts], Facts], *, listed: bool = False) -> None:
    call.store.changes.write(key, lambda run: run.set_facts(edit), listed=listed)


def _ended(facts: Facts, now_ms: int, *, crashed: bool) -> Facts:
    """Return a run as one that is over; an end that there is stays."""
    end = facts.end_ms if facts.end_ms is not None else max(now_ms, facts.start_ms)
    return replace(facts, running=False, crashed=crashed, end_ms=end)


def set_alive(store: Store, key: str, *, alive: bool, crashed: bool = False) -> None:
    """Say whether an experiment goes on.

    Args:
        store: Where it is.
        key: Experiment key.
        alive: Whether it goes on; the end of one that does not is now.
        crashed: Whether it broke off.
    """
    now = store.now_ms()
    run = store.run(key)
    facts = run.facts if run else None
    if facts is not None and alive and facts.running and not facts.crashed:
        return

    def edit(facts: Facts) -> Facts:
        if alive:
            return replace(facts, running=True, crashed=False, end_ms=None)
        return _ended(facts, now, crashed=crashed)

    store.changes.write(key, lambda run: run.set_facts(edit))


def _stop_by_get(call: Call) -> Reply:
    set_alive(call.store, written_key(call), alive=False)
    return acknowledged("Stop Requested")


def _archive_by_get(call: Call) -> Reply:
    _edit(call, written_key(call), lambda facts: replace(facts, archived=True), listed=True)
    return acknowledged("Archived")


def _restore_by_get(call: Call) -> Reply:
    _edit(call, written_key(call), lambda facts: replace(facts, archived=False), listed=True)
    return acknowledged("Restored")


def _delete_by_get(call: Call) -> Reply:
    call.store.changes.delete(written_key(call))
    return acknowledged("Deleted")


def _alive_by_get(call: Call) -> Reply:
    set_alive(call.store, written_key(call), alive=True)
    return json_reply(
        {
            "isAliveBeatDurationMillis": _BEAT_MS,
            "gpuMonitorIntervalMillis": _GPU_MS,
            "cpuMonitorIntervalMillis": _CPU_MS,
        }
    )


def _update_status(call: Call) -> Reply:
    key = written_key(call)
    alive = boolean(call.body, "isAlive")
    if alive is None:
        raise ApiError(400, "isAlive is required")
    crashed = bool(boolean(call.body, "hasCrashed"))
    optional(call.body, "error")
    set_alive(call.store, key, alive=alive, crashed=crashed)
    return acknowledged()


def _set_start_end(call: Call) -> Reply:
    key = written_key(call)
    start, end = whole(call.body, "startTimeMillis"), whole(call.body, "endTimeMillis")

    def edit(facts: Facts) -> Facts:
        moved = facts if start is None else replace(facts, start_ms=start)
        return moved if end is None else replace(moved, end_ms=end)

    _edit(call, key, edit, listed=True)
    return acknowledged()


def _mark_not_throttled(call: Call) -> Reply:
    key = written_key(call, call.path["experimentKey"])
    _edit(call, key, lambda facts: replace(facts, throttled=False))
    return acknowledged()


def _move(call: Call) -> Reply:
    workspace = call.known_workspace(text(call.body, "targetWorkspaceName"))
    name = text(call.body, "targetProjectName")
    linked = boolean(call.body, "symlink")
    keys = [written_key(call, key) for key in some_texts(call.body, "experimentKeys")]
    project = home_of(call.store, workspace, name)
    for key in keys:
        if linked:
            call.store.changes.link(key, project.project_id)
        else:
            call.store.changes.move(key, project)
    return acknowledged()


def _symlink_by_get(call: Call) -> Reply:
    key, name = written_key(call), call.need("projectName")
    workspace = call.known_run(key).facts.project.workspace
    project = home_of(call.store, workspace, name)
    call.store.changes.link(key, project.project_id)
    return json_reply({"link": f"{call.root}/{workspace}/{name}/{key}"})


_BASE = "/api/rest/v2/write"
ROUTES: dict[tuple[str, str], Handler] = {
    ("POST", f"{_BASE}/experiment/create"): Write(_create),
    ("GET", f"{_BASE}/experiment/stop"): Write(_stop_by_get),
    ("GET", f"{_BASE}/experiment/archive"): Write(_archive_by_get),
    ("GET", f"{_BASE}/experiment/restore"): Write(_restore_by_get),
    ("GET", f"{_BASE}/experiment/delete"): Write(_delete_by_get),
    ("GET", f"{_BASE}/experiment/set-status"): Write(_alive_by_get),
    ("POST", f"{_BASE}/experiment/update-status"): Write(_update_status),
    ("POST", f"{_BASE}/experiment/set-start-end-time"): Write(_set_start_end),
    ("POST", f"{_BASE}/experiment/{{experimentKey}}/mark-not-throttled"): Write(
        _mark_not_throttled
    ),
    ("POST", f"{_BASE}/experiment/move"): Write(_move),
    ("GET", f"{_BASE}/project/symlink"): Write(_symlink_by_get),
}
