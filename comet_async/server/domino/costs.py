"""Operations on costs and billing tags."""

from __future__ import annotations

import re

from comet_async.server.domino.calls import Answered, Call, Handler
from comet_async.server.domino.clock import rfc3339
from comet_async.server.domino.ids import Kind, made_id
from comet_async.server.domino.refusing import missing
from comet_async.server.domino.shapes import example
from comet_async.server.domino.spec import EPOCH
from comet_async.server.domino.table import Table
from comet_async.server.domino.world import Rows, World
from comet_async.server.problems import ApiError
from comet_async.server.records import Json, JsonObject

__all__ = ["HANDLERS"]

_DAY = 86_400.0
_WINDOW = re.compile(
    r"\d+[dhm]|today|yesterday|week|month|lastweek|lastmonth|[\dT:Z.+-]+,[\dT:Z.+-]+"
)


def _tags(world: World) -> Rows:
    names = {f"team-{at + 1}": at for at in range(world.spec.billing_tags)}

    def make(at: int) -> tuple[str, JsonObject]:
        name = f"team-{at + 1}"
        return name, {"tag": name, "active": True, "tagId": made_id(Kind.OTHER, at, 2)}

    return world.rows("billing tags", make=lambda: Table(len(names), make, names.get))


def get_active_billing_tags(call: Call) -> JsonObject:
    """Return the billing tags that are in use."""
    return {"billingTags": [{"tag": row["tag"]} for row in _tags(call.world) if row["active"]]}


def upsert_billing_tags(call: Call) -> JsonObject:
    """Add billing tags, or take them into use again."""
    names = call.body["billingTags"]
    for name in names if isinstance(names, list) else []:
        old = _tags(call.world).get(str(name)) or {"tagId": call.world.new_id()}
        _tags(call.world).put(str(name), {**old, "tag": str(name), "active": True})
    return get_active_billing_tags(call)


def _tag(call: Call) -> JsonObject:
    found = _tags(call.world).get(call.path["tag"])
    if found is None:
        raise missing("Billing tag", call.path["tag"])
    return found


def get_billing_tag_by_name(call: Call) -> JsonObject:
    """Return one billing tag."""
    return {"billingTag": _tag(call)}


def deactivate_billing_tag(call: Call) -> JsonObject:
    """Take a billing tag out of use."""
    row: JsonObject = {**_tag(call), "active": False}
    _tags(call.world).put(call.path["tag"], row)
    return {"billingTag": row}


def get_billing_tag_settings(call: Call) -> JsonObject:
    """Return whether billing tags are wanted."""
    usual: JsonObject = {"mode": "optional", "notifications": False}
    return call.world.rows("billing settings").get("") or usual


def update_billing_tag_settings(call: Call) -> JsonObject:
    """Change whether billing tags are wanted."""
    call.world.rows("billing settings").put("", call.body)
    return call.body


def _checked_window(call: Call) -> None:
    window = call.text("window")
    if not _WINDOW.fullmatch(window):
        raise ApiError(400, f"Invalid window: {window[:40]}", shape="error")


def _labels(world: World, at: int) -> JsonObject:
    tags = max(1, world.spec.billing_tags)
    return {
        "billing_tag": f"team-{at % tags + 1}",
        "project": f"project-{at + 1}",
        "organization": "organization-1",
        "user": f"user-{at % max(1, world.spec.users) + 1}",
        "workload": "job",
    }


def _span() -> JsonObject:
    return {"start": rfc3339(EPOCH), "end": rfc3339(EPOCH + _DAY)}


def get_cost_allocation(call: Call) -> Answered:
    """Return the costs of each project."""
    _checked_window(call)
    rows: list[Json] = []
    for at in range(call.world.spec.projects):
        base = example("CostAllocationV1", at)
        row = base if isinstance(base, dict) else {}
        costs: JsonObject = {"cpuCost": 1.25 * (at + 1), "ramCost": 0.5, "totalCost": 2.0 * at + 3}
        named: JsonObject = {"name": f"project-{at + 1}", "labels": _labels(call.world, at)}
        shown: JsonObject = {**row, **named, **costs, "window": _span()}
        rows.append(_renamed(shown) if call.newest else shown)
    return {"data": rows}


def _renamed(row: JsonObject) -> JsonObject:
    """Return the costs under the names of later releases."""
    return {name.replace("gpucost", "gpuCost"): value for name, value in row.items()}


def get_cost_assets(call: Call) -> Answered:
    """Return the costs of each node."""
    _checked_window(call)
    rows: list[Json] = []
    for at in range(call.world.spec.hardware_tiers):
        named: JsonObject = {"name": f"node-{at + 1}", "type": "Node", "properties": {}}
        costs: JsonObject = {"cpuCost": 2.0, "gpuCost": 0.0, "ramCost": 1.0, "totalCost": 3.0}
        window: JsonObject = {**_span(), "minutes": 1440.0}
        rows.append({**named, **costs, "labels": {}, "window": window})
    return {"data": rows}


HANDLERS: dict[str, Handler] = {
    "get_active_billing_tags": get_active_billing_tags,
    "upsert_billing_tags": upsert_billing_tags,
    "get_billing_tag_by_name": get_billing_tag_by_name,
    "deactivate_billing_tag": deactivate_billing_tag,
    "get_billing_tag_settings": get_billing_tag_settings,
    "update_billing_tag_settings": update_billing_tag_settings,
    "get_cost_allocation": get_cost_allocation,
    "get_cost_assets": get_cost_assets,
    "set_athena_configs": lambda call: call.body,
    "add_kubecost_license_key": lambda call: {**call.body, "description": "valid"},
}
"""Handler of each operation."""
