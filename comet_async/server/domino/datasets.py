"""Operations on datasets, their grants, tags and snapshots."""

from __future__ import annotations

from comet_async.server.domino.calls import Call, Handler
from comet_async.server.domino.clock import rfc3339
from comet_async.server.domino.ids import Kind, made_id, place_of
from comet_async.server.domino.keeping import Kept
from comet_async.server.domino.refusing import missing
from comet_async.server.domino.spec import EPOCH
from comet_async.server.domino.world import Rows, World
from comet_async.server.problems import ApiError
from comet_async.server.records import Json, JsonObject

__all__ = ["HANDLERS", "SNAPSHOT_SECONDS"]

SNAPSHOT_SECONDS = 3.0
"""Seconds of the server's clock that a new snapshot is pending, and then again copying."""

_DAY = 86_400.0

_DATASETS = Kept(
    "Dataset",
    "DatasetRwDetailsV1",
    lambda call: call.world.datasets,
    "dataset",
    "datasets",
    "datasetId",
    made=lambda call: {
        "createdAt": call.world.clock.text(),
        "snapshotIds": [],
        "tags": {},
        "description": "",
    },
)


def _in_project(call: Call, row: JsonObject) -> bool:
    return row["projectId"] == call.text("projectId") if call.text("projectId") else True


def _allowed(call: Call, row: JsonObject) -> bool:
    wanted, unwanted = call.texts("projectIdsToInclude"), call.texts("projectIdsToExclude")
    project_id = row["projectId"]
    return (not wanted or project_id in wanted) and project_id not in unwanted


def get_datasets_v2(call: Call) -> JsonObject:
    """Return a page of the datasets of some projects, with what the projects are called."""
    page = call.page()
    found = [row for row in call.world.datasets if _allowed(call, row)]
    rows: list[Json] = [
        _with_project(call, row) for row in found[page.offset : page.stop(len(found))]
    ]
    return call.listing("datasets", rows, page, len(found))


def _with_project(call: Call, row: JsonObject) -> JsonObject:
    project = call.world.projects.get(str(row["projectId"]))
    if project is None or not call.flag("includeProjectInfo"):
        return {"dataset": row}
    info: JsonObject = {
        "projectId": project["id"],
        "projectName": project["name"],
        "projectOwnerUsername": project["ownerUsername"],
    }
    return {"dataset": row, "projectInfo": info}


def create_dataset(call: Call) -> JsonObject:
    """Create a dataset, with its grants."""
    project_id = call.body.get("projectId")
    if project_id is not None:
        call.world.project(str(project_id))
    row = _DATASETS.new(call)
    if any(item["name"] == row["name"] for item in call.world.datasets):
        raise ApiError(400, f"Dataset {row['name']} exists already")
    grants = call.body.get("grants")
    for grant in grants if isinstance(grants, list) else []:
        if isinstance(grant, dict):
            _grants(call.world, str(row["id"])).put(str(grant["targetId"]), grant)
    return _DATASETS.put(call, row)


def _grants(world: World, dataset_id: str) -> Rows:
    def make() -> Rows:
        table = Rows()
        table.put(world.caller, {"targetId": world.caller, "targetRole": "DatasetRwOwner"})
        return table

    return world.rows("grants", dataset_id, make)


def _dataset_grants(call: Call) -> Rows:
    return _grants(call.world, str(_DATASETS.find(call)["id"]))


def get_dataset_grants(call: Call) -> JsonObject:
    """Return who may do what with a dataset."""
    rows: list[Json] = [_grant_details(call, grant) for grant in _dataset_grants(call)]
    return call.one("grantDetails", rows)


def _grant_details(call: Call, grant: JsonObject) -> JsonObject:
    user = call.world.users.get(str(grant["targetId"]))
    return {
        **grant,
        "isOrganization": user is None,
        "targetName": "organization" if user is None else user["userName"],
    }


def add_dataset_grant(call: Call) -> JsonObject:
    """Give a right."""
    table = _dataset_grants(call)
    grant: JsonObject = {
        "targetId": call.member("targetId"),
        "targetRole": call.member("targetRole"),
    }
    table.put(call.member("targetId"), grant)
    return call.one("grants", [*table])


def remove_dataset_grant(call: Call) -> JsonObject:
    """Take a right away."""
    table = _dataset_grants(call)
    found = table.get(call.member("targetId"))
    if found is None or found["targetRole"] != call.member("targetRole"):
        raise missing("Grant", call.member("targetId"))
    table.drop(call.member("targetId"))
    return call.one("grants", [*table])


def add_dataset_tag(call: Call) -> JsonObject:
    """Name a snapshot."""
    row, snapshot_id = _DATASETS.find(call), call.member("snapshotId")
    ids, tags = row["snapshotIds"], row["tags"]
    if not isinstance(ids, list) or snapshot_id not in ids:
        raise missing("Snapshot", snapshot_id)
    known = tags if isinstance(tags, dict) else {}
    return _DATASETS.put(call, {**row, "tags": {**known, call.member("tagName"): snapshot_id}})


def remove_dataset_tag(call: Call) -> JsonObject:
    """Take the name of a snapshot away."""
    row, name = _DATASETS.find(call), call.path["tagName"]
    tags = row["tags"]
    if not isinstance(tags, dict) or name not in tags:
        raise missing("Tag", name)
    kept = {key: value for key, value in tags.items() if key != name}
    return _DATASETS.put(call, {**row, "tags": kept})


def _snapshot(world: World, snapshot_id: str) -> JsonObject:
    """Return a snapshot by its id.

    Raises:
        ApiError: There is none.
    """
    written = world.rows("snapshots").get(snapshot_id)
    if written is not None:
        return _in_progress(world, written)
    place = place_of(Kind.SNAPSHOT, snapshot_id)
    dataset_id = "" if place is None else made_id(Kind.DATASET, place[0] >> 16, place[0] & 0xFFFF)
    dataset = world.datasets.get(dataset_id) if dataset_id else None
    ids = None if dataset is None else dataset["snapshotIds"]
    if place is None or not isinstance(ids, list) or snapshot_id not in ids:
        raise missing("Snapshot", snapshot_id)
    return {
        "id": snapshot_id,
        "datasetId": dataset_id,
        "creatorId": made_id(Kind.USER, 0),
        "createdAt": rfc3339(EPOCH + _DAY * place[1]),
        "description": f"Made-up snapshot {place[1] + 1}",
        "status": "active",
    }


def _in_progress(world: World, row: JsonObject) -> JsonObject:
    """Return a written snapshot with the status that it has by now."""
    began = row["began"]
    age = world.clock.now() - (began if isinstance(began, (int, float)) else 0)
    done = "copying" if age < 2 * SNAPSHOT_SECONDS else "active"
    status = "pending" if age < SNAPSHOT_SECONDS else done
    return {**{name: value for name, value in row.items() if name != "began"}, "status": status}


def get_dataset_snapshots(call: Call) -> JsonObject:
    """Return a page of the snapshots of a dataset."""
    ids, page = _DATASETS.find(call)["snapshotIds"], call.page()
    known = ids if isinstance(ids, list) else []
    wanted = known[page.offset : page.stop(len(known))]
    rows: list[Json] = [_snapshot(call.world, str(item)) for item in wanted]
    return call.listing("snapshots", rows, page, len(known))


def get_snapshot(call: Call) -> JsonObject:
    """Return one snapshot."""
    return call.one("snapshot", _snapshot(call.world, call.path["snapshotId"]))


def create_snapshot(call: Call) -> JsonObject:
    """Make a snapshot, which is not there at once."""
    world, dataset = call.world, _DATASETS.find(call)
    snapshot_id = world.new_id()
    row: JsonObject = {
        "id": snapshot_id,
        "datasetId": dataset["id"],
        "creatorId": world.caller,
        "createdAt": world.clock.text(),
        "description": "",
        "began": world.clock.now(),
    }
    world.rows("snapshots").put(snapshot_id, row)
    ids = dataset["snapshotIds"]
    known = ids if isinstance(ids, list) else []
    _DATASETS.put(call, {**dataset, "snapshotIds": [*known, snapshot_id]})
    return call.one("snapshot", _snapshot(world, snapshot_id))


HANDLERS: dict[str, Handler] = {
    "get_datasets": _DATASETS.lists(_in_project),
    "get_datasets_v2": get_datasets_v2,
    "create_dataset": create_dataset,
    "get_dataset": _DATASETS.fetches(),
    "update_dataset": _DATASETS.changes(),
    "delete_dataset": _DATASETS.drops(shown=True),
    "get_dataset_grants": get_dataset_grants,
    "add_dataset_grant": add_dataset_grant,
    "remove_dataset_grant": remove_dataset_grant,
    "add_dataset_tag": add_dataset_tag,
    "remove_dataset_tag": remove_dataset_tag,
    "get_dataset_snapshots": get_dataset_snapshots,
    "create_snapshot": create_snapshot,
    "get_snapshot": get_snapshot,
}
"""Handler of each operation."""
