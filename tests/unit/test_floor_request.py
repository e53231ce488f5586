"""`Request[T]` and `build`: wire form, identity, options, and what is refused before any I/O."""

from __future__ import annotations

import pickle
from collections.abc import Mapping

import msgspec
import pytest

from comet_async.errors import UsageError
from comet_async.request import Blob, Effect, QueryValue, Request, build


def asked(
    path: str = "/api/things",
    *,
    path_params: Mapping[str, str] | None = None,
    query: Mapping[str, QueryValue] | None = None,
    json: object = None,
) -> Request[dict[str, int]]:
    return build(
        "comet",
        "GET",
        path,
        dict[str, int],
        Effect.READ,
        path_params=path_params,
        query=query,
        json=json,
    )


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("plain", "plain"),
        ("a/b", "a%2Fb"),
        ("a b", "a%20b"),
        ("a?b#c&d=e", "a%3Fb%23c%26d%3De"),
        ("%2F", "%252F"),
        ("grün", "gr%C3%BCn"),
        ("{other}", "%7Bother%7D"),
        ("..;", "..%3B"),
    ],
)
def test_a_path_parameter_is_one_quoted_segment(value: str, sent: str) -> None:
    request = asked("/api/jobs/{id}/runs", path_params={"id": value})
    assert request.target == f"/api/jobs/{sent}/runs"
    assert request.path == "/api/jobs/{id}/runs"
    assert request.path_params == (("id", value),)


def test_two_path_parameters_do_not_fill_each_other() -> None:
    request = asked("/a/{x}/{y}", path_params={"x": "{y}", "y": "1"})
    assert request.target == "/a/%7By%7D/1"


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_an_empty_or_dotted_path_parameter_is_refused(value: str) -> None:
    with pytest.raises(UsageError, match="give a name or an id"):
        asked("/api/jobs/{id}", path_params={"id": value})


def test_unknown_and_missing_path_parameters_are_refused() -> None:
    with pytest.raises(UsageError, match="has no parameter name"):
        asked("/api/jobs/{id}", path_params={"id": "1", "name": "2"})
    with pytest.raises(UsageError, match="lacks 1 of its parameters"):
        asked("/api/jobs/{id}")


def test_query_members_keep_order_types_and_repetition() -> None:
    request = asked(
        query={
            "name": "a&b",
            "none": None,
            "yes": True,
            "no": False,
            "count": 7,
            "ratio": 0.5,
            "tags": ["x", "y"],
            "empty": "",
        }
    )
    assert request.query == (
        ("name", "a&b"),
        ("yes", "true"),
        ("no", "false"),
        ("count", "7"),
        ("ratio", "0.5"),
        ("tags", "x"),
        ("tags", "y"),
        ("empty", ""),
    )
    assert request.target == (
        "/api/things?name=a%26b&yes=true&no=false&count=7&ratio=0.5&tags=x&tags=y&empty="
    )


def test_a_target_that_no_url_can_hold_is_a_usage_error() -> None:
    request = asked(query={"name": "\ud800"})
    with pytest.raises(UsageError, match="not valid Unicode"):
        _ = request.target


def test_json_bodies_are_encoded_once_with_nulls_kept() -> None:
    request = asked(json={"a": None, "b": [1, 2.5]})
    assert request.body == b'{"a":null,"b":[1,2.5]}'
    assert request.content_type == "application/json"
    bare = asked()
    assert bare.body is None
    assert bare.content_type is None


def test_an_empty_json_object_is_still_a_body() -> None:
    assert asked(json={}).body == b"{}"


def test_with_timeout_returns_a_changed_copy() -> None:
    request = asked()
    patient = request.with_timeout(600)
    assert patient.timeout == 600.0
    assert request.timeout is None
    assert msgspec.structs.replace(patient, timeout=None) == request


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_a_timeout_must_be_positive(seconds: float) -> None:
    with pytest.raises(UsageError, match="above 0 s"):
        asked().with_timeout(seconds)


def test_returning_changes_the_answer_type_only() -> None:
    request = asked(query={"a": "1"})
    raw = request.returning(bytes)
    assert raw.answer is bytes
    assert raw.query == request.query
    assert raw.fingerprint == request.fingerprint


def test_fingerprints_tell_requests_apart() -> None:
    requests = [
        asked(),
        asked("/api/other"),
        asked("/api/{x}", path_params={"x": "things"}),
        asked(query={"a": "1"}),
        asked(query={"a": "2"}),
        asked(query={"a1": ""}),
        asked(query={"a": "1", "b": "2"}),
        asked(query={"b": "2", "a": "1"}),
        asked(json={"a": 1}),
        msgspec.structs.replace(asked(), method="POST"),
        msgspec.structs.replace(asked(), service="other"),
    ]
    prints = [request.fingerprint for request in requests]
    assert len(set(prints)) == len(requests)
    assert all(len(found) == 32 and int(found, 16) >= 0 for found in prints)


def test_a_fingerprint_is_stable_across_releases() -> None:
    request = asked("/api/{x}", path_params={"x": "things"}, query={"a": "1"})
    assert request.fingerprint == "fbe28fa0efe5707a82b78bf2b357c534"
    assert request.with_timeout(5).fingerprint == request.fingerprint


def test_repr_shows_the_template_and_masks_urls() -> None:
    request = asked(
        "/api/{id}",
        path_params={"id": "x\ny"},
        query={"url": "https://s3/x?X-Amz-Signature=abcdef"},
        json={"k": "v"},
    )
    shown = repr(request)
    assert shown == "<Request GET /api/{id} id=x y url=https://s3/x?*** body 9 bytes (comet)>"


def test_a_request_is_hashable_comparable_and_pickles() -> None:
    request = asked(query={"a": "1"}, json=[1])
    assert pickle.loads(pickle.dumps(request)) == request
    assert {request: 1}[asked(query={"a": "1"}, json=[1])] == 1
    with pytest.raises(AttributeError):
        request.path = "/other"  # type: ignore[misc]  # frozen, which is the point


def test_a_blob_shows_its_size_not_its_bytes() -> None:
    assert repr(Blob(b"secret")) == "<Blob 6 bytes, no type>"
    assert repr(Blob(b"", "text/plain", '"x"')) == "<Blob 0 bytes, text/plain>"


def test_effects_are_three() -> None:
    assert [effect.value for effect in Effect] == ["read", "idempotent", "append"]


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (float("nan"), "step is nan; give a finite number"),
        (float("-inf"), "step is -inf"),
        (10**5000, "step is a number of too many digits"),
    ],
    ids=["nan", "infinity", "huge"],
)
def test_numbers_that_no_query_can_carry_are_refused(value: float, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        asked(query={"step": value})


@pytest.mark.parametrize(
    "value", [{"a": "\ud800"}, {"a": object()}, [10**5000]], ids=["surrogate", "object", "huge"]
)
def test_bodies_that_no_json_can_be_made_of_are_refused(value: object) -> None:
    with pytest.raises(UsageError, match="/api/things: no JSON can be made of the body"):
        asked(json=value)
