"""Answers of the Comet catalogue against documented and recorded bodies."""

from __future__ import annotations

import json
import types
import typing
from typing import Any, Literal

import msgspec
import pytest

from comet_async import comet
from tests.conformance.comet_facts import DECODED, FACTS, HERE, answer

MAIN_MEMBER = {
    "get_all_experiment_metrics": "metrics",
    "get_artifact": "versions",
    "get_artifact_version_files": "files",
    "get_artifacts": "artifacts",
    "get_dashboard_templates": "dashboardTemplates",
    "get_experiment_asset_list": "assets",
    "get_experiment_assets_by_name": "assets",
    "get_experiment_metric": "metrics",
    "get_experiment_metrics_summary": "values",
    "get_experiment_model_assets": "assets",
    "get_experiment_models": "models",
    "get_experiment_others": "values",
    "get_experiment_parameters": "values",
    "get_experiment_tags": "tags",
    "get_experiments": "experiments",
    "get_multi_metric_chart": "experiments",
    "get_panels": "codePanelTemplateRows",
    "get_project_columns": "columns",
    "get_project_share_links": "shareCodes",
    "get_projects": "projects",
    "get_projects_page": "rows",
    "get_registry_model_allowed_statuses": "allowedStatus",
    "get_registry_model_details": "versions",
    "get_registry_model_item_download_instructions": "versions",
    "get_registry_model_item_metadata": "metadata",
    "get_registry_model_items": "items",
    "get_registry_model_latest_version": "versions",
    "get_registry_models": "registryModels",
    "get_views": "views",
    "get_chart_template_views": "views",
    "get_webhook_config": "webhookUrls",
    "get_workspaces": "workspaceNames",
    "query_project": "experimentKeys",
    "search_experiments": "experiments",
}


Mode = Literal["full", "null", "missing"]
UNKNOWN = {"unknownMember": {"deep": [1, None]}}


def unwrapped(kind: object) -> tuple[Any, bool]:
    """Return a member's type without None, and whether null stands for an empty list or dict."""
    arms = typing.get_args(kind) if isinstance(kind, types.UnionType) else (kind,)
    rest = [arm for arm in arms if arm is not types.NoneType]
    first = rest[0] if len(rest) == 1 else kind
    return first, len(arms) > 1 and typing.get_origin(first) in {list, dict}


def text_sample(told: str, kind: object) -> object:
    choices: tuple[tuple[str, object], ...] = (
        ("numstr", 12 if kind is int else "8.63E-4"),
        ("int (64", -227196944980285895),
        ("int", 7),
        ("float", 0.5),
        ("bool", True),
        ("json-str", '{"epochs": 3}'),
        ("list[str]", ["one", "two"]),
        ("list", []),
        ("object", {"epochs": 3}),
        ("any", {"epochs": [3, None]}),
        ("PUBLIC", "PUBLIC"),
        ("OPEN", "CLOSED"),
    )
    return next((value for head, value in choices if told.startswith(head)), f"text é {told}")


def body(shape: Any, kind: Any, mode: Mode) -> Any:
    kind, _ = unwrapped(kind)
    if shape == "see get_views":
        shape = FACTS["get_views"]["response"]["shape"]["views"][0]
    if isinstance(shape, str):
        return text_sample(shape, kind)
    if isinstance(shape, list):
        return [body(shape[0], typing.get_args(kind)[0], mode)]
    if next(iter(shape)).startswith("<"):
        value = typing.get_args(kind)[1] if typing.get_origin(kind) is dict else kind
        return {"some key": body(next(iter(shape.values())), value, mode)}
    return members(shape, kind, mode)


def members(shape: dict[str, Any], kind: Any, mode: Mode) -> dict[str, Any]:
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    assert set(shape) - set(fields) <= {"curlDownload"}, "a documented member has no field"
    found: dict[str, Any] = dict(UNKNOWN)
    for name, told in shape.items():
        field = fields.get(name)
        if field is None:
            found[name] = "curl -H 'Authorization: PLANTED'"
            continue
        _, nullable = unwrapped(field.type)
        if mode == "full" or (field.required and not (mode == "null" and nullable)):
            found[name] = body(told, field.type, mode)
        elif mode == "null":
            found[name] = None
    return found


def assert_holds(got: Any, given: Any, at: str = "$") -> None:
    """Assert that a decoded answer holds what was sent, member by member."""
    if isinstance(given, dict):
        for name, value in given.items():
            if name not in {"unknownMember", "curlDownload"}:
                assert_holds(got[name], value, f"{at}.{name}")
    elif isinstance(given, list):
        assert len(got) == len(given), at
        for index, value in enumerate(given):
            assert_holds(got[index], value, f"{at}[{index}]")
    elif given is None:
        assert got is None or got in ([], {}), at
    else:
        assert got == given, at
        assert type(got) is type(given), at


@pytest.mark.parametrize("mode", ["full", "null", "missing"])
@pytest.mark.parametrize("name", DECODED)
def test_documented_bodies_decode(name: str, mode: Mode) -> None:
    given = body(FACTS[name]["response"]["shape"], answer(name), mode)
    raw = json.dumps(given).encode()
    decoded = msgspec.json.decode(raw, type=answer(name), strict=False)
    assert_holds(msgspec.to_builtins(decoded), given)
    assert "PLANTED" not in repr(decoded)
    assert "PLANTED" not in json.dumps(msgspec.to_builtins(decoded))


@pytest.mark.parametrize(("name", "member"), sorted(MAIN_MEMBER.items()))
def test_the_main_member_of_a_listing_may_be_null_but_not_missing(name: str, member: str) -> None:
    given = body(FACTS[name]["response"]["shape"], answer(name), "missing")
    null = msgspec.json.decode(
        json.dumps({**given, member: None}).encode(), type=answer(name), strict=False
    )
    assert msgspec.to_builtins(null)[member] in ([], {})
    del given[member]
    with pytest.raises(msgspec.ValidationError, match=f"missing required field `{member}`"):
        msgspec.json.decode(json.dumps(given).encode(), type=answer(name), strict=False)


def test_every_listing_names_its_main_member() -> None:
    listings = {
        name
        for name in DECODED
        if any(
            unwrapped(field.type)[1] and field.required
            for field in (
                msgspec.structs.fields(answer(name))
                if hasattr(answer(name), "__struct_fields__")
                else ()
            )
        )
    }
    assert listings == set(MAIN_MEMBER)


RECORDED = {
    "artifact-details": "get_artifact",
    "artifact-version-files": "get_artifact_version_files",
    "asset-list-2025": "get_experiment_asset_list",
    "asset-list-images": "get_experiment_asset_list",
    "experiment-metadata": "get_experiment_metadata",
    "experiments": "get_experiments",
    "log-other-minimal": "get_experiment_others",
    "log-other-with-editable": "get_experiment_others",
    "metrics-get-all-context-7": "get_all_experiment_metrics",
    "metrics-get-all-first-1000": "get_all_experiment_metrics",
    "metrics-get-all-negative-offset": "get_all_experiment_metrics",
    "metrics-get-metric-acc-510": "get_experiment_metric",
    "metrics-summary-2021-part": "get_experiment_metrics_summary",
    "metrics-summary-entry": "get_experiment_metrics_summary",
    "metrics-summary-java-notation": "get_experiment_metrics_summary",
    "multi-metric-chart-empty": "get_multi_metric_chart",
    "parameters-one": "get_experiment_parameters",
    "project-column-names": "get_project_columns",
    "projects": "get_projects",
    "registry-item-assets": "get_registry_model_item_download_instructions",
    "registry-item-history": "get_registry_model_item_history",
    "system-details-2025": "get_experiment_system_details",
    "workspaces": "get_workspaces",
}


def recorded(file: str) -> Any:
    raw = (HERE / "recorded" / f"{file}.json").read_bytes()
    return msgspec.json.decode(raw, type=answer(RECORDED[file]), strict=False)


@pytest.mark.parametrize("file", sorted(RECORDED))
def test_recorded_bodies_decode_without_loss(file: str) -> None:
    given = json.loads((HERE / "recorded" / f"{file}.json").read_bytes())
    assert_holds(msgspec.to_builtins(recorded(file)), given)


def test_recorded_offset_keeps_all_64_bits() -> None:
    first = recorded("metrics-get-all-negative-offset").metrics[0]
    last = recorded("metrics-get-all-negative-offset").metrics[-1]
    assert {first.offset, last.offset} >= {-227196944980285894}
    assert float(last.offset) != last.offset


def test_recorded_numbers_keep_their_text() -> None:
    entry = recorded("metrics-summary-java-notation").values[0]
    assert entry.value_min == "8.63224093336612E-4"
    assert entry.minimum == 0.000863224093336612
    assert (entry.step_min, entry.run_context_min, entry.editable) == (9829, None, False)
    ram = recorded("metrics-summary-2021-part").values[1]
    assert (ram.name, ram.value_max, ram.maximum) == ("sys.ram.total", "3.4359738368E10", 2.0**35)


def test_recorded_text_is_no_number() -> None:
    entry = recorded("parameters-one").values[0]
    assert entry.value_current.startswith("/run/user/1000/jupyter/kernel-")
    assert entry.current is None
    first = recorded("log-other-minimal").values[0]
    assert (first.name, first.value_current, first.current) == ("Name", "last", None)


def test_recorded_parameter_values_are_numbers_or_booleans_as_text() -> None:
    rows = json.loads((HERE / "recorded" / "parameter-values-41-experiments.json").read_bytes())
    assert len(rows) == 41
    assert [comet.number(text) for text in rows[1]] == [100, None, 128, 28, 0.01, 10, 2, 2, 28]


def test_recorded_series_are_whole() -> None:
    series = recorded("metrics-get-metric-acc-510").metrics
    assert len(series) == 510
    assert {point.metric_name for point in series} == {"acc"}
    assert (series[1].value, series[1].step, series[1].offset) == (0.30000001192092896, 11, 25)
    mixed = recorded("metrics-get-all-first-1000").metrics
    assert len(mixed) == 1000
    assert all(point.value is not None for point in mixed)


def test_recorded_assets_show_no_secret() -> None:
    new, other = recorded("asset-list-2025").assets
    assert (new.file_size, new.step, new.remote, new.etag) == (538211, 12000, False, None)
    assert other.metadata_object == {"model_type": "sklearn", "version": "1.0"}
    assert other.tags == ["model", "production"]
    assert new.s3_link.endswith(".ipynb?...")
    assert ".ipynb?***'" in repr(new)
    assert "Authorization" not in repr(new) + json.dumps(msgspec.to_builtins(new))


def test_recorded_nulls_become_empty_lists() -> None:
    details = recorded("system-details-2025")
    assert details.network_interface_ips == []
    assert details.env == {}
    assert details.total_ram == 13608370176.0
    assert "kernel-f5346775" not in repr(details)


def test_recorded_project_flag_and_remote_file() -> None:
    project = recorded("projects").projects[0]
    assert (project.public, project.is_public, project.open_to_all) == (True, None, True)
    remote, stored = recorded("registry-item-assets").versions[0].assets
    assert (remote.remote, remote.link, remote.metadata_object) == (
        True,
        "s3://bucket/dir/file",
        None,
    )
    assert (stored.remote, stored.file_size) == (False, 49)


def test_recorded_history_is_by_day() -> None:
    history = recorded("registry-item-history")
    assert next(iter(history)) == "November 16, 2023"
    event = history["November 16, 2023"][0]
    assert event.new_value == {"changedBy": "user2", "registryModelStatus": "Development"}


def test_recorded_empty_chart() -> None:
    chart = recorded("multi-metric-chart-empty")
    assert (chart.experiments, chart.empty) == ({}, True)


def test_recorded_acknowledgements_are_told_from_data() -> None:
    known = json.loads((HERE / "recorded" / "acknowledgements.json").read_bytes())
    nothing = comet.read_message(json.dumps(known["no_data_on_binary_endpoint"]).encode())
    assert nothing is not None
    assert (nothing.text, nothing.code, nothing.failed) == ("no patch for experiment", 200, False)
    for name in ("stop_experiment", "update_status"):
        assert comet.read_message(json.dumps(known[name]).encode()) is None
