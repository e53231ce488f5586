"""The models of the Domino wire and our structs, both ways: fields, types, values, what is needed."""

from __future__ import annotations

import inspect
import json
import typing
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import pytest

from comet_async import domino
from comet_async.wire import Body, Flat, Open, Shared
from tests.conformance.domino_facts import (
    BY_MODEL,
    CLASSES,
    MODELS,
    OPEN,
    OPERATIONS,
    body_argument,
    body_model,
    calls,
    fields_of,
    model_told,
    shape,
    snake,
)

# Bodies of few members, which are arguments of the operation.
ARGUMENTS = {
    "BillingTagsSettingsV1",
    "DataSourceUpdateV1",
    "DatasetRwMetadataV1",
    "DatasetRwTagToAddV1",
    "DatasetToAddV1",
    "GoalToLinkV1",
    "KubecostLicenseV1",
    "ModelApiAccessTokenCreationRequest",
    "NewAsyncPredictionV1",
    "NewBillingTagsV1",
    "NewMetricValuesEnvelopeV1",
    "NewOrganizationV1",
    "NewProjectGoalV1",
    "NewRegisteredModelReviewResponseV1",
    "NewRegisteredModelReviewV1",
    "NewRegisteredModelVersionV1",
    "NewSnapshotV1",
    "NewWorkspaceSessionV1",
    "PatchRegisteredModelV1",
    "ProjectGoalForUpdateV1",
    "TagToAddV1",
    "UpdateEnvironmentRevisionV1",
    "UpdatedEndpointPermissionsV1",
    "UpdatedRegisteredModelReviewV1",
    "UpdatedRegisteredModelVersionV1",
}
# Bodies of which no document lists the members: any members are taken.
OPAQUE = {
    "ComputeProviderCreation",
    "ComputeTierCreation",
    "RegisteredModelVersionStageValidationV1",
    "RegisteredModelVersionStagesV1",
}
# A body that newer servers document in parts, of which each is a struct.
IN_PARTS = {"ModelDeploymentCreation"}
# Plain values under another name: a dict, a text, a bool.
PLAIN = {
    "AIGatewayAuditMetadataV1",
    "BillingTagsSettingNotificationsV1",
    "DataSourceAuditMetadataV1",
    "DataSourceAuthTypeV1",
    "DataSourceConfigV1",
    "DataSourceTypeV1",
    "DatasetRwTagsV1",
    "EnvironmentRevisionSpecV1",
    "ModelConfigV1",
    "RegisteredModelMetricsV1",
    "RegisteredModelTagsV1",
}
# Bodies of refusals, which `read_failure` turns into the message of an error.
REFUSALS: Mapping[str, dict[str, object]] = {
    "FailureEnvelopeV1": {"requestId": "r1", "errors": ["no such job"]},
    "InvalidBodyEnvelopeV1": {"message": "no such job"},
}
# No operation sends or answers them, not even inside another model.
UNUSED = {"HealthCheck", "StreamedResponseDTO"}

# Structs that answer a member as an object of its own, without a name in any document.
NAMELESS: Mapping[str, tuple[str, str]] = {
    "CostAssetLabels": ("CostAssetsV1", "labels"),
    "CostAssetProperties": ("CostAssetsV1", "properties"),
    "CostLabels": ("CostAllocationV1", "labels"),
    "CostVolumes": ("CostAllocationV1", "pv"),
    "DeploymentCredentials": ("ModelDeploymentStatusOperation", "credentials"),
    "DeploymentExample": ("ModelDeploymentStatusOperation", "examples"),
    "DeploymentOperationMetadata": ("ModelDeploymentStatusOperation", "metadata"),
    "DeploymentType": ("ModelDeploymentConfiguration", "deploymentType"),
    "LogsMetadata": ("LogsEnvelopeV1", "metadata"),
}
# Structs that never travel: where a reader of a log stands.
OURS_ALONE = {"LogCursor", "LogStep"}
# Servers lay the figures of a page flat, nest them, or both.
BOTH_WAYS: Mapping[str, set[str]] = {
    "PaginationV1": {"nextPageToken"},
    "PaginatedMetadataV1": {"nextPageToken", "pagination"},
    "TokenPaginatedMetadataV1": {"pagination"},
}
# Ids of an answer under another name.
IDS = {
    ("AsyncPredictionEnvelopeV1", "asyncPredictionId"),
    ("AsyncPredictionRequestEnvelopeV1", "asyncPredictionId"),
    ("EndpointEnvelopeV1", "endpointId"),
}
# Envelopes without any data that an answer could lack.
BARE = {
    "AsyncPredictionEnvelopeV1",
    "AsyncPredictionRequestEnvelopeV1",
    "BillingTagsSettingsEnvelopeV1",
    "DataSourceEnvelopeV1",
    "DeleteEnvelopeV1",
    "EndpointEnvelopeV1",
    "EnvironmentRevisionUpdateEnvelopeV1",
    "RegisteredModelStageEnvelopeV1",
}
SIMPLE: Mapping[str, object] = {
    "string": str,
    "integer": int,
    "number": float,
    "boolean": bool,
    "object": object,
}
STRUCTS = sorted(name for name, kind in BY_MODEL.items() if issubclass(kind, Flat))
ANSWERED = [name for name in STRUCTS if not issubclass(BY_MODEL[name], (Body, Shared))]


def wire_name(field: Mapping[str, Any]) -> str:
    return str(field.get("wire_name", field["name"]))


def mentioned(models: Iterator[str] | list[str]) -> set[str]:
    """Return models and all that their fields are made of."""
    found: set[str] = set()
    waiting = list(models)
    while waiting:
        name = waiting.pop()
        if name in MODELS and name not in found:
            found.add(name)
            waiting.extend(MODELS[name].get("extends", ()))
            for field in MODELS[name]["fields"]:
                inner = [part["type"] for part in field.get("inline", ())]
                waiting.extend([field["type"], str(field.get("map_of")).split()[-1], *inner])
    return found


def test_every_model_has_a_struct_or_a_reason() -> None:
    reasons = [ARGUMENTS, OPAQUE, IN_PARTS, PLAIN, set(REFUSALS), UNUSED]
    assert len(MODELS) == 262
    assert sum(map(len, reasons)) + len(BY_MODEL) == 262
    assert set(MODELS) == set(BY_MODEL).union(*reasons)


def test_every_class_is_of_a_model() -> None:
    named = {name for name, kind in CLASSES.items() if model_told(kind) is not None}
    assert len(named) == len(BY_MODEL)
    assert all(model_told(CLASSES[name]) in MODELS for name in named)
    of_values = {kind.__name__ for kind in enumerations_of_fields()}
    assert set(CLASSES) == named | set(NAMELESS) | of_values | OURS_ALONE
    assert set(CLASSES) - OURS_ALONE <= set(domino.__all__)


@pytest.mark.parametrize("name", sorted(ARGUMENTS))
def test_members_of_small_bodies_are_arguments(name: str) -> None:
    users = [operation for operation in OPERATIONS if body_model(operation) == name]
    assert users
    assert len(MODELS[name]["fields"]) <= 4
    for operation in users:
        assert body_argument(operation) is None
        _, everything = calls(operation)
        members = set(json.loads(everything.body or b""))
        assert members == {field["name"] for field in MODELS[name]["fields"]}


@pytest.mark.parametrize("name", sorted(OPAQUE))
def test_opaque_bodies_take_any_members(name: str) -> None:
    users = [operation for operation in OPERATIONS if body_model(operation) == name]
    assert users
    assert (MODELS[name]["opaque"], MODELS[name]["fields"]) == (True, [])
    for operation in users:
        assert "no document lists them" in (inspect.getdoc(domino.ENDPOINTS[operation]) or "")


def test_a_body_that_is_documented_in_parts_has_a_struct_for_each() -> None:
    users = {
        operation: fact["newer_body"]
        for operation, fact in OPERATIONS.items()
        if fact["body"] in IN_PARTS
    }
    assert users == {
        "create_model_deployment": "NewModelDeployment",
        "update_model_deployment": "UpdatedModelDeployment",
    }
    for operation, model in users.items():
        whole = body_argument(operation)
        assert whole is not None
        assert whole[1] is BY_MODEL[model]


@pytest.mark.parametrize("name", sorted(PLAIN))
def test_plain_models_have_no_members(name: str) -> None:
    assert MODELS[name]["kind"] in {"alias", "map"}
    assert MODELS[name]["fields"] == []
    used = [field["type"] for model in STRUCTS for field in MODELS[model]["fields"]]
    bodies = [field["type"] for model in ARGUMENTS for field in MODELS[model]["fields"]]
    assert name in used or name in bodies


@pytest.mark.parametrize("name", sorted(REFUSALS))
def test_refusals_become_messages(name: str) -> None:
    body = REFUSALS[name]
    assert set(body) == {field["name"] for field in MODELS[name]["fields"]}
    message = domino.read_failure(json.dumps(body).encode())
    assert message is not None
    assert (message.text, message.request_id) == ("no such job", body.get("requestId"))


def test_unused_models_are_nowhere() -> None:
    roots = [
        model
        for fact in OPERATIONS.values()
        for model in (fact["body"], fact.get("newer_body"), fact["response"])
        if model is not None
    ]
    assert mentioned(roots) & (UNUSED | set(REFUSALS)) == set()


@pytest.mark.parametrize("name", STRUCTS)
def test_fields_agree(name: str) -> None:
    """Each field of the model by its wire name, in our words, and none besides."""
    fields = {field.encode_name: field for field in msgspec.structs.fields(BY_MODEL[name])}
    newer = {field["newer_name"] for field in MODELS[name]["fields"] if "newer_name" in field}
    known = {wire_name(field) for field in fields_of(name)}
    assert set(fields) == known | newer | BOTH_WAYS.get(name, set())
    for wire in known:
        assert fields[wire].name == snake(wire)


@pytest.mark.parametrize("name", STRUCTS)
def test_types_agree(name: str) -> None:
    kinds = {
        field.encode_name: shape(field.type) for field in msgspec.structs.fields(BY_MODEL[name])
    }
    for field in fields_of(name):
        assert kinds[wire_name(field)] == type_of(field), field
        if "newer_name" in field:
            assert kinds[field["newer_name"]] == type_of(field)


def type_of(field: Mapping[str, Any]) -> object:
    """Return the shape that a field of the facts has in our structs."""
    found: object
    if "map_of" in field:
        *many, item = str(field["map_of"]).split(" of ")
        one = SIMPLE.get(item) or BY_MODEL[item]
        found = {"*": [one] if many else one}
    elif "inline" in field:
        found = inline_struct(field)
    elif "values" in field:
        found = enumeration_of(field["values"])
    elif field["type"] in BY_MODEL:
        found = BY_MODEL[field["type"]]
    else:
        model = MODELS.get(field["type"], {"of": field["type"]})
        found = SIMPLE[model["of"]] if "of" in model else {"*": SIMPLE[model["value_type"]]}
    return [found] if field.get("list") else found


def inline_struct(field: Mapping[str, Any]) -> type[Any]:
    """Return the one struct that has the members of an object without a name of its own."""
    members = {part["name"] for part in field["inline"]}
    (found,) = [
        kind
        for kind in CLASSES.values()
        if issubclass(kind, Flat)
        and {inner.encode_name for inner in msgspec.structs.fields(kind)} == members
    ]
    return found


def enumeration_of(values: list[str]) -> type[Open]:
    """Return the one enumeration that has these values and no name in the facts."""
    (found,) = [kind for kind in OPEN.values() if [*kind] == values and model_told(kind) is None]
    return found


def enumerations_of_fields() -> Iterator[type[Open]]:
    for name in STRUCTS:
        for field in MODELS[name]["fields"]:
            for part in (field, *field.get("inline", ())):
                if "values" in part:
                    yield enumeration_of(part["values"])


@pytest.mark.parametrize("name", sorted(NAMELESS))
def test_nameless_objects_agree(name: str) -> None:
    model, wire = NAMELESS[name]
    (field,) = [field for field in MODELS[model]["fields"] if field["name"] == wire]
    assert inline_struct(field) is CLASSES[name]
    kinds = {
        inner.encode_name: shape(inner.type) for inner in msgspec.structs.fields(CLASSES[name])
    }
    assert kinds == {part["name"]: type_of(part) for part in field["inline"]}


@pytest.mark.parametrize("name", [n for n in sorted(OPEN) if model_told(OPEN[n])])
def test_values_agree(name: str) -> None:
    kind = OPEN[name]
    assert [*kind] == MODELS[str(model_told(kind))]["values"]


@pytest.mark.parametrize("name", STRUCTS)
def test_what_is_needed_agrees(name: str) -> None:
    """A body needs what the facts require; an answer may lack all but its id and its data."""
    kind = BY_MODEL[name]
    required = {field.encode_name for field in msgspec.structs.fields(kind) if field.required}
    told = {wire_name(field) for field in fields_of(name) if field.get("required")}
    if issubclass(kind, Body):
        assert required == told
    elif issubclass(kind, Shared):
        names = {field.name: field.encode_name for field in msgspec.structs.fields(kind)}
        assert required == set()
        assert {names[field] for field in kind.needed} == told
    else:
        ids = {wire for wire in told if wire == "id" or (name, wire) in IDS}
        assert required == ids | data_of(name)


def data_of(name: str) -> set[str]:
    """Return the member of an envelope or a page that holds its data."""
    held = "Envelope" in name or "Paginated" in name
    if not held or name in BARE or "Metadata" in name:
        return set()
    (data,) = [
        field["name"]
        for field in MODELS[name]["fields"]
        if field.get("required") and field["name"] != "metadata"
    ]
    return {data}


@pytest.mark.parametrize("name", STRUCTS)
def test_docstrings_name_every_field(name: str) -> None:
    kind = BY_MODEL[name]
    text = inspect.getdoc(kind) or ""
    own = typing.get_type_hints(kind).keys() & vars(kind).get("__annotations__", {}).keys()
    for field in msgspec.structs.fields(kind):
        assert field.name not in own or f"    {field.name}: " in text
    if field_gone := [field["name"] for field in MODELS[name]["fields"] if "gone_in" in field]:
        assert "6.3.0" in text, field_gone


@pytest.mark.parametrize("name", sorted(OPEN))
def test_enumerations_are_open_and_have_no_casing(name: str) -> None:
    kind = OPEN[name]
    members = list(kind)
    assert members
    for member in members:
        for written in (
            member.value,
            member.value.lower(),
            member.value.upper(),
            member.value.title(),
        ):
            found = msgspec.json.decode(json.dumps(written), type=kind)
            assert found is member
            assert json.loads(msgspec.json.encode(found)) == member.value
    other = msgspec.json.decode(b'"Quite new"', type=kind)
    assert (other, other.value, isinstance(other, kind)) == ("Quite new", "Quite new", True)
    assert msgspec.json.encode(other) == b'"Quite new"'
    assert list(kind) == members


@pytest.mark.parametrize("name", sorted(OPEN))
def test_casings_that_servers_use_are_known(name: str) -> None:
    kind = OPEN[name]
    seen = MODELS.get(model_told(kind) or "", {}).get("wire_values_seen", ())
    assert [kind(value) for value in seen] == [*kind][: len(seen)]
