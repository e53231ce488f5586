"""Every endpoint of the Comet catalogue under any arguments."""

from __future__ import annotations

import json
import math
import pickle
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comet_async import comet
from comet_async.errors import UsageError
from comet_async.request import Effect
from tests.support.endpoint_arguments import JSON_OBJECTS, WORDS, any_arguments, assert_round_trip

READS = {
    name for name in comet.ENDPOINTS if name.startswith(("get_", "download_", "query_", "search_"))
}


@pytest.mark.parametrize("name", sorted(comet.ENDPOINTS))
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_arguments_give_a_sound_request_or_a_refusal(name: str, data: st.DataObject) -> None:
    endpoint = comet.ENDPOINTS[name]
    arguments = data.draw(any_arguments(endpoint))
    try:
        request = endpoint(**arguments)
    except UsageError:
        return
    assert request == endpoint(**arguments)
    assert (request.effect is Effect.READ) == (name in READS)
    assert pickle.loads(pickle.dumps(request)) == request
    assert request.fingerprint == endpoint(**arguments).fingerprint
    assert hash(request) == hash(endpoint(**arguments))
    assert_round_trip(request)
    if request.body is not None:
        body = json.loads(request.body, parse_constant=pytest.fail)
        assert isinstance(body, list if request.path.endswith("parameters/delete") else dict)
    assert "\n" not in repr(request)
    assert "/write/" not in request.path or name not in READS


@given(name=WORDS.filter(lambda text: text.strip()))
def test_artifact_names_survive_two_decodings(name: str) -> None:
    target = comet.get_artifact(workspace="ws", artifact_name=name).target
    assert unquote(dict(parse_qsl(urlsplit(target).query))["artifactName"]) == name


@given(st.floats())
def test_numbers_survive_as_text(value: float) -> None:
    found = comet.number(repr(value).replace("inf", "Infinity").replace("nan", "NaN"))
    assert found is not None
    assert found == value or (math.isnan(found) and math.isnan(value))


@given(st.text() | st.integers() | st.floats() | st.none())
def test_number_never_fails(value: str | float | None) -> None:
    found = comet.number(value)
    assert found is None or isinstance(found, float)


@given(st.text() | JSON_OBJECTS.map(json.dumps))
def test_json_object_never_fails(text: str) -> None:
    found = comet.json_object(text)
    assert found is None or json.loads(text) == found


@given(st.binary() | JSON_OBJECTS.map(lambda found: json.dumps({"msg": "x", **found}).encode()))
def test_read_message_never_fails_and_never_takes_data(body: bytes) -> None:
    message = comet.read_message(body)
    if message is not None:
        found = json.loads(body)
        assert {"code", "sdk_error_code"} & set(found)
        assert message.text == (found["msg"] or "")
