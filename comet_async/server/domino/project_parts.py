"""Operations on the parts of a project: members, goals, repositories, settings, files, copies."""

from __future__ import annotations

import mimetypes
from hashlib import blake2b

from comet_async.server.domino.calls import Call, Handler, Octets
from comet_async.server.domino.ids import Kind, place_of
from comet_async.server.domino.keeping import Kept
from comet_async.server.domino.refusing import missing
from comet_async.server.domino.world import Rows
from comet_async.server.problems import ApiError
from comet_async.server.records import Json, JsonObject

__all__ = ["FILES", "HANDLERS", "file_bytes"]

_COMMIT = 40
FILES = ("README.md", "data/input file.csv", "src/train.py", "results/plots/loss.png")
"""Paths of the first made-up files of a project; further ones are `data/part-N.bin`."""


def _project_id(call: Call) -> str:
    return str(call.world.project(call.path["projectId"])["id"])


def _repositories(call: Call) -> Rows:
    return call.world.rows("repositories", _project_id(call))


_GOALS = Kept(
    "Goal",
    "ProjectGoalV1",
    lambda call: call.world.goals(_project_id(call)),
    "goal",
    "goals",
    "goalId",
    made=lambda call: {
        "projectId": _project_id(call),
        "creatorId": call.world.caller,
        "createdAt": call.world.clock.text(),
        "isComplete": False,
        "description": "",
    },
)
_REPOSITORIES = Kept(
    "Repository",
    "ProjectGitRepositoryV1",
    _repositories,
    "repository",
    "repositories",
    "repositoryId",
    made=lambda _call: {
        "defaultRef": {"refType": "Head"},
        "serviceProvider": "Unknown",
    },
)


def get_project_goals(call: Call) -> JsonObject:
    """Return the goals of a project."""
    return call.one("goals", [*call.world.goals(_project_id(call))])


def _collaborators(call: Call) -> list[Json]:
    members = call.world.project(call.path["projectId"])["collaborators"]
    return members if isinstance(members, list) else []


def _put_collaborators(call: Call, members: list[Json]) -> None:
    row = call.world.project(call.path["projectId"])
    call.world.projects.put(str(row["id"]), {**row, "collaborators": members})


def _other_members(call: Call, member_id: str) -> list[Json]:
    return [
        item for item in _collaborators(call) if isinstance(item, dict) and item["id"] != member_id
    ]


def add_collaborator_to_project(call: Call) -> JsonObject:
    """Add a member, or change the role of one."""
    member: JsonObject = {"id": call.member("id"), "role": call.member("role")}
    if call.world.users.get(call.member("id")) is None:
        raise missing("User", call.member("id"))
    _put_collaborators(call, [*_other_members(call, call.member("id")), member])
    return call.one("collaborator", member)


def remove_collaborator_from_project(call: Call) -> JsonObject:
    """Take a member out."""
    member_id = call.path["collaboratorId"]
    kept = _other_members(call, member_id)
    if len(kept) == len(_collaborators(call)):
        raise missing("Collaborator", member_id)
    _put_collaborators(call, kept)
    return call.done()


def _setting(call: Call, name: str, default: JsonObject) -> JsonObject:
    return call.world.rows(name).get(_project_id(call)) or default


def get_project_result_settings(call: Call) -> JsonObject:
    """Return where results go."""
    return call.one("resultsSettings", _setting(call, "results", {"branch": "isolated"}))


def update_project_result_settings(call: Call) -> JsonObject:
    """Change where results go."""
    row: JsonObject = {"branch": call.member("branch")}
    call.world.rows("results").put(_project_id(call), row)
    return call.one("resultsSettings", row)


def update_project_status(call: Call) -> JsonObject:
    """Change the status."""
    call.world.rows("status").put(_project_id(call), call.body)
    return call.one("status", call.body)


def copy_project(call: Call) -> JsonObject:
    """Copy a project under another name."""
    world, row = call.world, call.world.project(call.path["projectId"])
    name = str(call.body.get("name") or f"{row['name']}-copy")
    if any(item["name"] == name for item in world.projects):
        raise ApiError(400, f"Project {name} exists already")
    copied: JsonObject = {**row, "id": world.new_id(), "name": name, "collaborators": []}
    copied["visibility"] = call.body.get("visibility") or row["visibility"]
    world.projects.put(str(copied["id"]), copied)
    return {**call.one("project", copied), "datasetsNotCopied": []}


def _shared(call: Call) -> Rows:
    return call.world.rows("shared datasets", _project_id(call))


def list_project_shared_datasets(call: Call) -> JsonObject:
    """Return the datasets of others that a project uses."""
    ids: list[Json] = [row["id"] for row in _shared(call)]
    return call.one("dataset", {"projectId": _project_id(call), "sharedDatasetIds": ids})


def link_project_to_dataset(call: Call) -> JsonObject:
    """Let a project use a dataset."""
    dataset_id = call.member("datasetId")
    if call.world.datasets.get(dataset_id) is None:
        raise missing("Dataset", dataset_id)
    _shared(call).put(dataset_id, {"id": dataset_id})
    return list_project_shared_datasets(call)


def unlink_dataset_from_project(call: Call) -> JsonObject:
    """Let a project use a dataset no more."""
    if not _shared(call).drop(call.path["datasetId"]):
        raise missing("Dataset", call.path["datasetId"])
    return call.done()


def _paths(count: int) -> list[str]:
    more = [f"data/part-{at}.bin" for at in range(len(FILES), count)]
    return [*FILES[:count], *more]


def file_bytes(project_id: str, commit: str, path: str, size: int) -> bytes:
    """Return the bytes of a made-up file.

    Args:
        project_id: Its project.
        commit: Commit, of 40 hex digits.
        path: Its path.
        size: Number of bytes.
    """
    seed = blake2b(f"{project_id}/{commit}/{path}".encode(), digest_size=32).digest()
    return (seed * (size // len(seed) + 1))[:size]


def get_project_file_contents(call: Call) -> Octets:
    """Return a file at a commit."""
    project_id, spec = _project_id(call), call.world.spec
    commit, path = call.path["commitId"], call.path["path"]
    if len(commit) != _COMMIT or set(commit) - set("0123456789abcdef"):
        raise missing("Commit", commit)
    made = place_of(Kind.PROJECT, project_id) is not None
    if not made or path not in _paths(spec.files):
        raise missing("File", path)
    kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
    return Octets(file_bytes(project_id, commit, path, spec.file_bytes), kind)


HANDLERS: dict[str, Handler] = {
    "get_project_goals": get_project_goals,
    "add_goal_to_project": _GOALS.creates(),
    "update_project_goal": _GOALS.changes(),
    "delete_project_goal": _GOALS.drops(),
    "get_imported_repos": _REPOSITORIES.lists(),
    "add_repo_to_project": _REPOSITORIES.creates(),
    "remove_repo_from_project": _REPOSITORIES.drops(),
    "add_collaborator_to_project": add_collaborator_to_project,
    "remove_collaborator_from_project": remove_collaborator_from_project,
    "get_project_result_settings": get_project_result_settings,
    "update_project_result_settings": update_project_result_settings,
    "update_project_status": update_project_status,
    "copy_project": copy_project,
    "copy_project_beta": copy_project,
    "list_project_shared_datasets": list_project_shared_datasets,
    "link_project_to_dataset": link_project_to_dataset,
    "unlink_dataset_from_project": unlink_dataset_from_project,
    "get_project_file_contents": get_project_file_contents,
    "get_project_file_contents_deprecated": get_project_file_contents,
}
"""Handler of each operation."""
