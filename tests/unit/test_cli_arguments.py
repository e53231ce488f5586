"""Options from signatures and docstrings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import pytest

from comet_async import comet, domino
from comet_async.cli.arguments import JSON_DOCUMENT, options_of, values_of
from comet_async.cli.call import call
from comet_async.cli.catalogues import COMET, SERVICES, catalogue
from comet_async.cli.docstrings import documentation
from comet_async.cli.endpoints import command_line, endpoint_rows, near_names, standing
from tests.conformance.domino_facts import OPERATIONS


def endpoint(
    first_name: str,
    count: int,
    rules: Mapping[str, object],
    *,
    names: Sequence[str] | None = None,
    rate: float | None = None,
    archived: bool | None = None,
    predicates: Sequence[Mapping[str, object]] | None = None,
) -> str:
    """Return what was given.

    More of it
    here.

    Args:
        first_name: A name: with a colon,
            on two lines.
        count: How many.

    Returns:
        One text,
        short.

    Source: nowhere.

    >>> 1
    1
    """
    return f"{first_name}{count}{rules}{names}{rate}{archived}{predicates}"


def test_docstrings_come_apart() -> None:
    told = documentation(endpoint)
    assert told.summary == "Return what was given."
    assert told.detail == "More of it\nhere."
    assert told.arguments == {
        "first_name": "A name: with a colon, on two lines.",
        "count": "How many.",
    }
    assert told.returns == "One text, short."
    assert told.source == "nowhere."


def test_an_endpoint_without_docstring_has_an_empty_summary() -> None:
    assert documentation(lambda: None).summary == ""


def test_options_follow_the_signature() -> None:
    found = {option.name: option for option in options_of(endpoint)}
    assert [(o.opts, o.required) for o in found.values()][:3] == [
        (["--first-name"], True),
        (["--count"], True),
        (["--rules"], True),
    ]
    assert found["archived"].secondary_opts == ["--no-archived"]
    assert found["names"].multiple
    assert found["count"].type is click.INT
    assert found["rate"].type is click.FLOAT
    assert found["predicates"].type is JSON_DOCUMENT
    assert found["rules"].type.convert('{"a": [1]}', None, None) == {"a": [1]}
    with pytest.raises(click.BadParameter, match="Expected `object`, got `array`"):
        found["rules"].type.convert("[1]", None, None)
    assert found["count"].help == "How many."


def test_values_leave_out_what_was_not_given() -> None:
    given = {"first_name": "a", "names": ("x", "y"), "archived": False, "rate": None, "other": 1}
    assert values_of(endpoint, given) == {
        "first_name": "a",
        "names": ["x", "y"],
        "archived": False,
    }
    assert values_of(endpoint, {"names": ()}) == {}


def test_a_default_in_words_makes_an_option_optional() -> None:
    option = options_of(endpoint, {"first_name": "the configured one"})[0]
    assert not option.required
    assert option.help == "A name: with a colon, on two lines. Default: the configured one."


def test_documents_come_as_text_or_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "rules.json"
    file.write_text('{"a": [1, null]}')
    assert JSON_DOCUMENT.convert('[{"b": "ü"}]', None, None) == [{"b": "ü"}]
    assert JSON_DOCUMENT.convert(f"@{file}", None, None) == {"a": [1, None]}
    with pytest.raises(click.BadParameter, match="missing: No such file"):
        JSON_DOCUMENT.convert(f"@{tmp_path}/missing", None, None)
    with pytest.raises(click.BadParameter, match="not JSON"):
        JSON_DOCUMENT.convert("{", None, None)
    with pytest.raises(click.BadParameter, match="not JSON"):
        JSON_DOCUMENT.convert("[" * 100_000, None, None)


def option_of(endpoint: Any, name: str) -> click.Option:
    return next(option for option in options_of(endpoint) if option.name == name)


def test_bodies_are_json_with_known_members() -> None:
    option = option_of(comet.create_experiment, "experiment")
    assert option.help is not None
    assert "Members of it: workspaceName, projectName; optional experimentName" in option.help
    text = '{"workspaceName": "w", "projectName": "p"}'
    made = comet.NewExperiment(workspace_name="w", project_name="p")
    assert option.type.convert(text, option, None) == made
    with pytest.raises(click.BadParameter, match="unknown field `projectname`"):
        option.type.convert('{"workspaceName": "w", "projectname": "p"}', option, None)
    with pytest.raises(click.BadParameter, match="missing required field `projectName`"):
        option.type.convert('{"workspaceName": "w"}', option, None)


def test_lists_of_objects_are_json_lists() -> None:
    option = option_of(comet.log_experiment_gpu_metrics, "gpus")
    assert option.help is not None
    assert "Members of each: gpuId; optional freeMemory" in option.help
    assert option.type.convert('[{"gpuId": 1}]', option, None) == [comet.GpuMetrics(gpu_id=1)]
    with pytest.raises(click.BadParameter, match="Expected `array`"):
        option.type.convert('{"gpuId": 1}', option, None)


def test_files_are_paths(tmp_path: Path) -> None:
    file = tmp_path / "patch.zip"
    file.write_bytes(b"PK")
    option = option_of(comet.set_experiment_git_patch, "file")
    assert option.required
    assert option.type.convert(str(file), option, None) == file
    with pytest.raises(click.BadParameter, match="does not exist"):
        option.type.convert(str(tmp_path / "none"), option, None)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("get_workspaces", None),
        ("archive_experiment", "the same again leaves it the same"),
        ("create_experiment", "adds to the server's state"),
    ],
)
def test_help_tells_the_effect(name: str, told: str | None) -> None:
    command = call.get_command(click.Context(call), name)
    assert command is not None
    shown = " ".join(command.get_help(click.Context(command, info_name=name)).split())
    assert ("Effect: " in shown) == ("--yes" in shown) == (told is not None)
    assert told is None or told in shown


@pytest.mark.parametrize(
    ("service", "name"),
    [(service, name) for service in SERVICES for name in sorted(catalogue(service).endpoints)],
)
def test_every_endpoint_is_a_command_with_its_parameters(service: str, name: str) -> None:
    context = click.Context(call)
    context.params["service"] = service
    endpoint = catalogue(service).endpoints[name]
    command = call.get_command(context, name.replace("_", "-"))
    assert command is not None
    names = [parameter.name for parameter in command.params]
    assert len(set(names)) == len(names), "a parameter collides with an option of every command"
    flags = [flag for option in command.params for flag in (*option.opts, *option.secondary_opts)]
    assert len(set(flags)) == len(flags)
    assert all(isinstance(p, click.Option) and p.help for p in command.params), name
    shown = command.get_help(click.Context(command, info_name=name))
    joined = " ".join(shown.replace(" \\\n", " ").split())
    assert command_line(endpoint, catalogue(service)) in joined
    assert documentation(endpoint).summary.split()[0] in shown


def test_listing_knows_method_and_kind_of_every_endpoint() -> None:
    rows = {row.name: row for row in endpoint_rows(COMET)}
    assert list(rows) == sorted(comet.ENDPOINTS)
    assert rows["get_multi_metric_chart"].method == "POST"
    assert rows["get_multi_metric_chart"].kind == "read"
    assert rows["get_experiment_asset"].kind == "download"
    assert rows["archive_experiment"].kind == rows["update_project"].kind == "write"
    assert rows["archive_experiment"].method == "GET"
    assert rows["upload_panel_zip"].kind == "upload"
    assert {row.method for row in rows.values()} == {"GET", "POST", "PUT"}
    assert all(row.summary.endswith(".") for row in rows.values())


def test_command_lines_name_what_is_needed() -> None:
    assert command_line(comet.get_experiments, COMET) == (
        "comet-async call get_experiments --project-id PROJECT_ID"
    )
    assert command_line(domino.update_billing_tag_settings, catalogue("domino")) == (
        "comet-async call --service domino update_billing_tag_settings --mode MODE --notifications"
    )


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("get_experimet_metric", "get_experiment_metric"),
        ("get-workspace", "get_workspaces"),
        ("lineage", "get_experiment_artifact_lineage"),
    ],
)
def test_near_names(name: str, first: str) -> None:
    assert near_names(name, COMET)[0] == first
    assert near_names("", COMET) == []


@pytest.mark.parametrize("service", SERVICES)
def test_listings_of_several_pages_are_endpoints(service: str) -> None:
    known = catalogue(service)
    assert known.service == service
    assert set(known.paged) <= set(known.endpoints)


def test_needed_members_of_what_travels_both_ways_are_told() -> None:
    option = option_of(domino.set_athena_configs, "configs")
    assert option.help is not None
    assert option.help.endswith(
        " Members of it: athenaBucketName, athenaDatabase, athenaRegion, athenaTable, projectID, "
        "serviceKeyName, serviceKeySecret."
    )


def test_no_endpoint_of_comet_stands_anywhere_else() -> None:
    assert {standing(endpoint) for endpoint in comet.ENDPOINTS.values()} == {""}


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_the_listing_tells_where_an_operation_of_domino_stands(name: str) -> None:
    fact = OPERATIONS[name]
    wanted = {
        "beta": fact.get("beta", False),
        "deprecated": fact.get("deprecated", False) or "deprecated_in" in fact,
        "removed": "gone_in" in fact,
        "moved": "newer_path" in fact,
        "inferred": fact.get("inferred", False),
    }
    assert standing(domino.ENDPOINTS[name]) == ", ".join(
        word for word, is_so in wanted.items() if is_so
    )
