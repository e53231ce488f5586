"""Operations on model deployments, predictions, metrics, compute providers and workspaces."""

from __future__ import annotations

from functools import partial

from comet_async.server.domino.calls import Answered, Call, Handler
from comet_async.server.domino.clock import rfc3339
from comet_async.server.domino.ids import Kind, made_id
from comet_async.server.domino.keeping import Kept
from comet_async.server.domino.refusing import missing
from comet_async.server.domino.shapes import example, fitted
from comet_async.server.domino.spec import EPOCH
from comet_async.server.domino.world import Rows, World, made_in_projects
from comet_async.server.records import Json, JsonObject

__all__ = ["HANDLERS"]


def _made_deployment(project: int, at: int) -> JsonObject:
    base = example("ModelDeployment", at)
    changes: JsonObject = {
        "id": made_id(Kind.DEPLOYMENT, project, at),
        "name": f"deployment-{project + 1}-{at + 1}",
        "version": 1,
        "creationTimestamp": rfc3339(EPOCH),
        "creatorInfo": {"id": made_id(Kind.USER, 0), "username": "user-1"},
        "status": {"state": "RUNNING"},
        "isGloballyAccessible": False,
    }
    return fitted("ModelDeployment", base if isinstance(base, dict) else {}, changes)


def _deployments(world: World) -> Rows:
    make = partial(
        made_in_projects,
        Kind.DEPLOYMENT,
        world.spec.projects,
        world.spec.deployments,
        _made_deployment,
    )
    return world.rows("deployments", make=make)


_DEPLOYMENTS = Kept(
    "Model deployment",
    "ModelDeployment",
    lambda call: _deployments(call.world),
    members="items",
    parameter="modelDeploymentId",
    made=lambda call: {
        "name": "unnamed",
        "version": 1,
        "creationTimestamp": call.world.clock.text(),
        "creatorInfo": {"id": call.world.caller, "username": "user-1"},
        "status": {"state": "STARTING"},
    },
)


def _past(call: Call) -> Rows:
    return call.world.rows("deployment versions", str(_DEPLOYMENTS.find(call)["id"]))


def update_model_deployment(call: Call) -> JsonObject:
    """Change a deployment, which makes another version of it."""
    row = _DEPLOYMENTS.find(call)
    _past(call).put(str(row["version"]), row)
    number = row["version"]
    known = {name: value for name, value in call.body.items() if name not in {"id", "version"}}
    changed = fitted("ModelDeployment", row, known)
    return _DEPLOYMENTS.put(call, changed | {"version": int(str(number)) + 1})


def get_model_deployment_versions(call: Call) -> JsonObject:
    """Return a page of the versions of a deployment, oldest first."""
    found: list[Json] = [*_past(call), _DEPLOYMENTS.find(call)]
    page = call.page()
    rows = found[page.offset : page.stop(len(found))]
    return call.listing("items", rows, page, len(found))


def get_model_deployment_version_by_id(call: Call) -> JsonObject:
    """Return one version of a deployment."""
    row, number = _DEPLOYMENTS.find(call), call.path["version"]
    found = row if str(row["version"]) == number else _past(call).get(number)
    if found is None:
        raise missing("Version", number)
    return found


def request_async_prediction(call: Call) -> JsonObject:
    """Ask for a prediction, which is there the second time it is asked after."""
    prediction_id = call.world.new_id()
    row: JsonObject = {"parameters": call.body.get("parameters"), "asked": 0}
    call.world.rows("predictions", call.path["asyncModelId"]).put(prediction_id, row)
    return {"asyncPredictionId": prediction_id}


def retrieve_async_prediction_result(call: Call) -> JsonObject:
    """Return a prediction: first that it is being made, then what it is."""
    table = call.world.rows("predictions", call.path["asyncModelId"])
    prediction_id = call.path["asyncPredictionId"]
    row = table.get(prediction_id)
    if row is None:
        raise missing("Prediction", prediction_id)
    table.put(prediction_id, {**row, "asked": 1})
    shown: JsonObject = {"asyncPredictionId": prediction_id, "errors": []}
    if not row["asked"]:
        return {**shown, "status": "Processing"}
    return {**shown, "status": "Succeeded", "result": row["parameters"]}


def log_metric_values(call: Call) -> Answered:
    """Keep values of metrics."""
    values = call.body["newMetricValues"]
    for row in values if isinstance(values, list) else []:
        if isinstance(row, dict):
            owner = f"{row['modelMonitoringId']}/{row['metric']}"
            shown = fitted("MetricValueV1", {"tags": []}, row)
            call.world.rows("metric values", owner).put(call.world.new_id(), shown)
    return None


def retrieve_metric_values(call: Call) -> JsonObject:
    """Return the values of a metric between two times, both included."""
    first = call.text("startingReferenceTimestampInclusive")
    last = call.text("endingReferenceTimestampInclusive")
    table = call.world.rows(
        "metric values", f"{call.path['modelMonitoringId']}/{call.path['metric']}"
    )
    rows: list[Json] = [row for row in table if first <= str(row["referenceTimestamp"]) <= last]
    return call.one("metricValues", rows)


def create_workspace_session(call: Call) -> JsonObject:
    """Start a session of a workspace."""
    call.world.project(call.path["projectId"])
    new_id = call.world.new_id
    return call.one("workspaceSession", {"id": new_id(), "executionId": new_id()})


def _opaque(name: str, parameter: str) -> dict[str, Handler]:
    """Return the handlers of a kind of thing of which no model is known."""

    def rows(call: Call) -> Rows:
        return call.world.rows(name)

    def find(call: Call) -> JsonObject:
        found = rows(call).get(call.path[parameter])
        if found is None:
            raise missing(name, call.path[parameter])
        return found

    def create(call: Call) -> Answered:
        row: JsonObject = {**call.body, "id": call.world.new_id()}
        rows(call).put(str(row["id"]), row)
        return row

    def change(call: Call) -> Answered:
        row: JsonObject = {**find(call), **call.body, "id": call.path[parameter]}
        rows(call).put(call.path[parameter], row)
        return row

    def drop(call: Call) -> Answered:
        find(call)
        rows(call).drop(call.path[parameter])
        return None

    def listed(call: Call) -> Answered:
        found = [row for row in rows(call) if call.text("search") in str(row.get("name", ""))]
        page = call.page()
        shown: list[Json] = [*found[page.offset : page.stop(len(found))]]
        return shown

    return {"list": listed, "fetch": find, "create": create, "change": change, "drop": drop}


_PROVIDERS = _opaque("Compute provider", "computeProviderId")
_COMPUTE = _opaque("Compute tier", "computeTierId")

HANDLERS: dict[str, Handler] = {
    "get_model_deployments": _DEPLOYMENTS.lists(
        lambda call, row: call.text("name") in {"", str(row["name"])}
    ),
    "create_model_deployment": _DEPLOYMENTS.creates(),
    "get_model_deployment_by_id": _DEPLOYMENTS.fetches(),
    "update_model_deployment": update_model_deployment,
    "delete_model_deployment": _DEPLOYMENTS.drops(),
    "get_model_deployment_versions": get_model_deployment_versions,
    "get_model_deployment_version_by_id": get_model_deployment_version_by_id,
    "request_async_prediction": request_async_prediction,
    "retrieve_async_prediction_result": retrieve_async_prediction_result,
    "log_metric_values": log_metric_values,
    "retrieve_metric_values": retrieve_metric_values,
    "send_metric_alert": lambda _call: None,
    "create_workspace_session": create_workspace_session,
    "get_compute_provider_types": lambda _call: ["Kubernetes"],
    "get_compute_providers": _PROVIDERS["list"],
    "create_compute_provider": _PROVIDERS["create"],
    "update_compute_provider": _PROVIDERS["change"],
    "delete_compute_provider": _PROVIDERS["drop"],
    "get_compute_tiers": _COMPUTE["list"],
    "get_selectable_compute_tiers": _COMPUTE["list"],
    "create_compute_tier": _COMPUTE["create"],
    "get_compute_tier_details": _COMPUTE["fetch"],
    "update_compute_tier": _COMPUTE["change"],
    "delete_compute_tier": _COMPUTE["drop"],
}
"""Handler of each operation."""
