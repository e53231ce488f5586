"""Every operation of the Domino catalogue under any arguments, and under wrong ones."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comet_async import domino
from comet_async.errors import UsageError
from comet_async.request import Effect, Request
from tests.conformance.domino_facts import OPERATIONS
from tests.support.endpoint_arguments import any_arguments, assert_round_trip

NAMES = sorted(domino.ENDPOINTS)
SEGMENTS = st.text(min_size=1, max_size=20).filter(
    lambda text: text.strip() and text not in {".", ".."}
)
LISTS = [
    (name, param["name"])
    for name, fact in OPERATIONS.items()
    for param in fact["params"]
    if param["type"] == "array"
]


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_arguments_give_a_sound_request_or_a_refusal(name: str, data: st.DataObject) -> None:
    endpoint = domino.ENDPOINTS[name]
    arguments = data.draw(any_arguments(endpoint))
    try:
        request = endpoint(**arguments)
    except UsageError as error:
        assert str(error).startswith(request_path(name))  # noqa: PT017 both ends are fine
        return
    assert request == endpoint(**arguments)
    assert (request.effect is Effect.READ) == (
        request.method == "GET" or name == "validate_model_version_stage"
    )
    assert pickle.loads(pickle.dumps(request)) == request
    assert hash(request) == hash(endpoint(**arguments))
    assert request.fingerprint == endpoint(**arguments).fingerprint
    assert_round_trip(request)
    assert "\n" not in repr(request)
    if request.body is not None:
        assert isinstance(json.loads(request.body, parse_constant=pytest.fail), dict)


def request_path(name: str) -> str:
    return str(OPERATIONS[name]["path"])


@pytest.mark.parametrize(
    ("ask", "parameter"),
    [
        (lambda text: domino.get_project_file_contents("p", "c", text), "path"),
        (lambda text: domino.get_project_file_contents_deprecated("p", "c", text), "path"),
        (domino.get_registered_model_by_name, "modelName"),
        (domino.get_billing_tag_by_name, "tag"),
        (domino.get_gateway_endpoint_by_name, "endpointName"),
        (lambda text: domino.get_model_api_collaborator("m", text), "collaborator"),
        (lambda text: domino.remove_dataset_tag("d", text), "tagName"),
    ],
)
@given(text=SEGMENTS)
def test_a_name_in_a_path_is_one_segment_and_decoded_once(
    ask: Callable[[str], Request[Any]], parameter: str, text: str
) -> None:
    request = ask(text)
    template, sent = request.path.split("/"), urlsplit(request.target).path.split("/")
    assert len(sent) == len(template)
    assert unquote(sent[template.index("{" + parameter + "}")]) == text


def test_slashes_of_a_file_and_escapes_in_its_name_are_encoded() -> None:
    request = domino.get_project_file_contents("p1", "c1", "data/100%2Fa b.csv")
    assert request.target == (
        "/api/projects/v1/projects/p1/files/c1/data%2F100%252Fa%20b.csv/content"
    )


@pytest.mark.parametrize(("name", "wire"), LISTS)
@given(values=st.lists(SEGMENTS, min_size=1, max_size=4))
def test_lists_in_a_query_repeat_the_name(name: str, wire: str, values: list[str]) -> None:
    argument = snake(wire)
    request = domino.ENDPOINTS[name](**{argument: iter(values)})
    pairs = parse_qsl(urlsplit(request.target).query)
    assert pairs == [(wire, value) for value in values]


def snake(wire: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in wire)


def any_call(function: Callable[..., Any], *arguments: Any, **named: Any) -> Request[Any]:
    """Call a function with arguments of which no type-checker would hear."""
    return function(*arguments, **named)  # type: ignore[no-any-return]  # the function is any


GRANT = domino.DatasetGrant(target_id="u1", target_role=domino.DatasetRole("DatasetRwReader"))


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda: domino.get_job_details(""), "jobId is empty; give a value"),
        (lambda: domino.get_job_details(".."), "jobId is '..'; give a name or an id"),
        (lambda: any_call(domino.get_job_details, 7), "jobId is of type int; give a text"),
        (lambda: any_call(domino.get_job_details, None), "jobId is None; give a text"),
        (lambda: domino.get_job_details("\ud800"), "give valid Unicode text"),
        (lambda: domino.get_jobs(" "), "projectId is empty; give a value"),
        (
            lambda: domino.get_datasets_v2(project_ids_to_include=[]),
            "projectIdsToInclude needs a list of at least 1",
        ),
        (
            lambda: domino.get_datasets_v2(project_ids_to_include=["p", " "]),
            "projectIdsToInclude holds an empty text",
        ),
        (
            lambda: any_call(domino.get_datasets_v2, project_ids_to_include=["p", 7]),
            "projectIdsToInclude holds what is no text; give a list of texts",
        ),
        (
            lambda: any_call(domino.get_datasets_v2, project_ids_to_include={"p": 1}),
            "projectIdsToInclude is of type dict; give a text, a number or a list",
        ),
        (
            lambda: domino.get_ai_gateway_audit_data(endpoint_ids=["\ud800"]),
            "give valid Unicode text",
        ),
        (lambda: domino.start_job(domino.NewJob(project_id="", run_command="x")), "projectId is"),
        (
            lambda: any_call(domino.start_job, domino.NewJob(project_id="p", run_command=7)),  # type: ignore[arg-type]  # wrong on purpose
            "Expected `str`, got `int` - at `$.runCommand`",
        ),
        (
            lambda: domino.create_org([domino.OrganizationMember(user_id="u1")], "o"),
            "/api/organizations/v1/organizations: OrganizationMember needs organization_role",
        ),
        (
            lambda: domino.create_dataset(
                domino.NewDataset(name="d", grants=[GRANT, domino.DatasetGrant(target_id="u2")])
            ),
            "DatasetGrant needs target_role",
        ),
        (lambda: any_call(domino.create_org, "abc", "o"), "members needs a list"),
        (
            lambda: domino.request_async_prediction("m", {"x": object()}),
            "no JSON can be made of the arguments",
        ),
    ],
)
def test_wrong_arguments_are_refused_with_what_to_do(ask: Callable[[], object], told: str) -> None:
    with pytest.raises(UsageError) as caught:
        ask()
    assert told in str(caught.value)
    assert str(caught.value).startswith("/api/")
    assert str(caught.value).count("/api/") == 1
