"""Operations on environments and hardware tiers."""

from __future__ import annotations

from comet_async.server.domino.calls import Answered, Call, Handler
from comet_async.server.domino.clock import rfc3339
from comet_async.server.domino.ids import Kind, made_id
from comet_async.server.domino.keeping import Kept
from comet_async.server.domino.refusing import missing
from comet_async.server.domino.shapes import example, fitted
from comet_async.server.domino.spec import EPOCH
from comet_async.server.domino.table import Table
from comet_async.server.domino.world import Rows, World, made
from comet_async.server.records import Json, JsonObject

__all__ = ["HANDLERS"]

_TIERS = ("small-k8s", "medium-k8s", "large-k8s")


def _environments(world: World) -> Rows:
    def make(at: int) -> JsonObject:
        revision: JsonObject = {
            "id": made_id(Kind.REVISION, at),
            "number": 1,
            "status": "succeeded",
            "availableTools": [],
        }
        return {
            "id": made_id(Kind.ENVIRONMENT, at),
            "name": f"environment-{at + 1}",
            "archived": False,
            "visibility": "Global",
            "supportedClusters": ["ray"] if at % 2 else [],
            "latestRevision": revision,
            "selectedRevision": revision,
            "owner": {
                "id": made_id(Kind.USER, 0),
                "username": "user-1",
                "ownerType": "individual",
            },
        }

    count = world.spec.environments
    return world.rows("environments", make=lambda: made(Kind.ENVIRONMENT, count, make))


_ENVIRONMENTS = Kept(
    "Environment",
    "EnvironmentV1",
    lambda call: _environments(call.world),
    "environment",
    "environments",
    "environmentId",
    made=lambda call: {
        "name": "unnamed",
        "archived": False,
        "visibility": "Private",
        "supportedClusters": [],
        "latestRevision": _revision(call, 1),
    },
)


def _revision(call: Call, number: int) -> JsonObject:
    tools = call.body.get("workspaceTools")
    return {
        "id": call.world.new_id(),
        "number": number,
        "status": "queued",
        "availableTools": tools if isinstance(tools, list) else [],
    }


def create_environment_revision(call: Call) -> JsonObject:
    """Add a revision to an environment."""
    row = _ENVIRONMENTS.find(call)
    latest = row.get("latestRevision")
    number = latest["number"] if isinstance(latest, dict) else 0
    revision = _revision(call, (number if isinstance(number, int) else 0) + 1)
    _ENVIRONMENTS.rows(call).put(str(row["id"]), {**row, "latestRevision": revision})
    return call.one("environmentRevision", revision)


def update_environment_revision_is_restricted(call: Call) -> JsonObject:
    """Restrict a revision, or lift that."""
    row, revision_id = _ENVIRONMENTS.find(call), call.path["revisionId"]
    latest = row.get("latestRevision")
    if not isinstance(latest, dict) or latest["id"] != revision_id:
        raise missing("Revision", revision_id)
    kept: JsonObject = {name: value for name, value in row.items() if name != "restrictedRevision"}
    if call.body.get("isRestricted"):
        kept["restrictedRevision"] = latest
    _ENVIRONMENTS.rows(call).put(str(row["id"]), kept)
    return {"id": revision_id}


def archive_environment(call: Call) -> JsonObject:
    """Archive an environment: it is there, but in no listing."""
    row: JsonObject = {**_ENVIRONMENTS.find(call), "archived": True}
    return _ENVIRONMENTS.put(call, row)


def _tiers(world: World) -> Rows:
    def make(at: int) -> tuple[str, JsonObject]:
        row = _tier(at)
        return str(row["id"]), row

    names = {str(_tier(at)["id"]): at for at in range(world.spec.hardware_tiers)}
    return world.rows("tiers", make=lambda: Table(len(names), make, names.get))


def _tier(at: int) -> JsonObject:
    base = example("HardwareTierV1", at)
    name = _TIERS[at] if at < len(_TIERS) else f"tier-{at + 1}"
    changes: JsonObject = {
        "id": name,
        "name": name.title(),
        "centsPerMinute": 0.5 * (at + 1),
        "creationTime": rfc3339(EPOCH),
        "updateTime": rfc3339(EPOCH),
        "flags": _flags({"isDefault": at == 0}),
        "resources": {
            "cores": 2.0**at,
            "memory": {"value": 4.0 * 2**at, "units": "GiB"},
            "allowSharedMemoryToExceedDefault": False,
        },
    }
    return fitted("HardwareTierV1", base if isinstance(base, dict) else {}, changes)


def _flags(given: Json) -> JsonObject:
    usual: JsonObject = {
        "isArchived": False,
        "isDataAnalystTier": False,
        "isDefault": False,
        "isDefaultForModelApi": False,
        "isGlobal": True,
        "isModelApiTier": False,
        "isVisible": True,
    }
    return {**usual, **(given if isinstance(given, dict) else {})}


_HARDWARE = Kept(
    "Hardware tier",
    "HardwareTierV1",
    lambda call: _tiers(call.world),
    "hardwareTier",
    "hardwareTiers",
    "hardwareTierId",
    made=lambda call: {
        "creationTime": call.world.clock.text(),
        "updateTime": call.world.clock.text(),
        "centsPerMinute": 0.0,
        "metadata": {},
        "podCustomization": {},
    },
)


def _is_archived(row: JsonObject) -> bool:
    flags = row["flags"]
    return isinstance(flags, dict) and bool(flags.get("isArchived"))


def create_hardware_tier(call: Call) -> Answered:
    """Add a hardware tier."""
    row = _HARDWARE.new(call)
    row["flags"] = _flags(call.body.get("flags"))
    return _HARDWARE.put(call, row)


def update_hardware_tier(call: Call) -> Answered:
    """Change the hardware tier that the body names."""
    old = _HARDWARE.rows(call).get(call.member("id"))
    if old is None:
        raise missing("Hardware tier", call.member("id"))
    row = fitted("HardwareTierV1", old, call.body)
    return _HARDWARE.put(call, row | {"updateTime": call.world.clock.text()})


def archive_hardware_tier(call: Call) -> Answered:
    """Archive a hardware tier: it is there, but in no listing unless asked for."""
    row = _HARDWARE.find(call)
    flags = row["flags"]
    shown = flags if isinstance(flags, dict) else {}
    return _HARDWARE.put(call, {**row, "flags": {**shown, "isArchived": True}})


HANDLERS: dict[str, Handler] = {
    "get_environments": _ENVIRONMENTS.lists(lambda _call, row: not row["archived"]),
    "create_environment": _ENVIRONMENTS.creates(),
    "get_environment": _ENVIRONMENTS.fetches(),
    "archive_environment": archive_environment,
    "create_environment_revision": create_environment_revision,
    "update_environment_revision_is_restricted": update_environment_revision_is_restricted,
    "get_all_hardware_tiers": _HARDWARE.lists(
        lambda call, row: call.flag("includeArchived") or not _is_archived(row)
    ),
    "create_hardware_tier": create_hardware_tier,
    "update_hardware_tier": update_hardware_tier,
    "get_hardware_tier_by_id": _HARDWARE.fetches(),
    "archive_hardware_tier": archive_hardware_tier,
}
"""Handler of each operation."""
