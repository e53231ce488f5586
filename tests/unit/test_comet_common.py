"""Shared parts of the Comet catalogue: texts that hold numbers, nulls, reprs, refusals."""

from __future__ import annotations

import math

import msgspec
import pytest

from comet_async import comet
from comet_async.comet.common import (
    Flat,
    NullableDict,
    NullableList,
    Wire,
    at_most_one,
    blob,
    exactly_one,
    json_object,
    no_items,
    no_members,
    number,
    page_numbers,
    project_address,
    read,
    read_by_post,
    twice_encoded,
)
from comet_async.errors import UsageError
from comet_async.request import Blob, Effect


class Sample(Wire, frozen=True, kw_only=True):
    main_rows: NullableList[int]
    more_rows: NullableList[str] = no_items()
    by_name: NullableDict[int] = no_members()
    text: str | None = None
    either: list[int] | str | None = None


def decoded(body: str) -> Sample:
    return msgspec.json.decode(body, type=Sample, strict=False)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("0.5", 0.5),
        ("8.63E-4", 0.000863),
        ("3.4359738368E10", 34359738368.0),
        ("-1", -1.0),
        ("Infinity", math.inf),
        ("-Infinity", -math.inf),
        ("1e999", math.inf),
        (7, 7.0),
        (0.25, 0.25),
        (10**400, math.inf),
        (-(10**400), -math.inf),
        ("adam", None),
        ("true", None),
        ("", None),
        ("1_000", None),
        ("٣", None),
        ("0x10", None),
        (None, None),
    ],
)
def test_number(given: str | float | None, expected: float | None) -> None:
    assert number(given) == expected


def test_number_of_nan_is_nan() -> None:
    found = number("NaN")
    assert found is not None
    assert math.isnan(found)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ('{"a": 1}', {"a": 1}),
        ({"a": 1}, {"a": 1}),
        ("[1]", None),
        ("", None),
        ("no JSON", None),
        ("[" * 100_000, None),
        (None, None),
    ],
)
def test_json_object(given: str | dict[str, object] | None, expected: object) -> None:
    assert json_object(given) == expected


def test_json_object_takes_the_tokens_that_python_writes() -> None:
    found = json_object('{"a": NaN}')
    assert found is not None
    assert math.isnan(found["a"])  # type: ignore[arg-type]  # a float, as the text says


def test_null_lists_and_dicts_are_empty_and_other_members_stay_null() -> None:
    found = decoded('{"mainRows": null, "moreRows": null, "byName": null, "text": null}')
    assert found == Sample(main_rows=[])
    assert (found.more_rows, found.by_name, found.text, found.either) == ([], {}, None, None)


def test_missing_main_member_is_an_error() -> None:
    with pytest.raises(msgspec.ValidationError, match="missing required field `mainRows`"):
        decoded('{"moreRows": []}')


def test_defaults_are_not_shared() -> None:
    one, other = decoded('{"mainRows": []}'), decoded('{"mainRows": []}')
    one.more_rows.append("x")
    assert other.more_rows == []


def test_repr_is_short_and_counts() -> None:
    shown = repr(Sample(main_rows=list(range(15_000)), by_name={"a": 1, "b": 2, "c": 3}))
    assert shown == (
        "Sample(main_rows=[0, 1, … 15000 in all], more_rows=[], "
        "by_name={'a': 1, 'b': 2, … 3 in all}, text=None, either=None)"
    )


def test_repr_escapes_what_a_terminal_would_obey() -> None:
    assert "\x1b" not in repr(Sample(main_rows=[], text="\x1b]52;c;AAAA\x07"))
    assert len(repr(Sample(main_rows=[], text="x" * 10_000))) < 300


def test_repr_masks_signed_links() -> None:
    asset = comet.Asset(
        asset_id="a1",
        link="https://user:pw@host/f?X-Amz-Signature=SECRET",
        s3_link="s3://bucket/key?sig=SECRET",
        compressed_asset_link="https://host/plain",
        metadata='see https://host/x?token=SECRET, or {"apiKey=SECRET"',
        items=[{"url": "https://host/y?token=SECRET"}],
    )
    shown = repr(asset)
    assert "SECRET" not in shown
    assert "pw" not in shown
    assert "link='https://host/f?***'" in shown
    assert "compressed_asset_link='https://host/plain'" in shown


def test_repr_masks_webhooks_and_share_codes() -> None:
    hook = comet.Webhook(url="https://hooks.example.com/T0/SECRET", header={"X-Auth": "SECRET"})
    config = comet.WebhookConfig(webhook_urls=[hook], workspace_name="team")
    assert repr(config) == (
        "WebhookConfig(webhook_urls=[Webhook(url=***, header=***)], workspace_name='team', "
        "model_name=None)"
    )
    assert repr(comet.ProjectShareLinks(share_codes=["SECRET"])) == (
        "ProjectShareLinks(share_codes=***)"
    )


def test_no_answer_has_the_member_that_holds_the_key() -> None:
    kinds = [kind for name in comet.__all__ if isinstance(kind := getattr(comet, name), type)]
    structs = [kind for kind in kinds if issubclass(kind, Flat)]
    assert len(structs) > 60
    for kind in structs:
        assert "curlDownload" not in kind.__struct_encode_fields__


def test_read_and_blob() -> None:
    request = read("/a/{key}", int, path_params={"key": "x/y"}, query={"flag": True, "no": None})
    assert request.target == "/a/x%2Fy?flag=true"
    assert (request.service, request.method, request.effect) == ("comet", "GET", Effect.READ)
    assert blob("/b", query={"n": 3}).answer is Blob


def test_read_by_post_sends_nulls() -> None:
    request = read_by_post("/a", int, json={"key": "x", "none": None})
    assert request.body == b'{"key":"x","none":null}'
    assert (request.method, request.effect) == ("POST", Effect.READ)
    assert request.content_type == "application/json"


@pytest.mark.parametrize("empty", ["", "  ", "\t"])
def test_empty_texts_are_refused(empty: str) -> None:
    with pytest.raises(UsageError, match="/a: key is empty"):
        read("/a", int, query={"key": empty})
    with pytest.raises(UsageError, match="/a: key is empty"):
        read_by_post("/a", int, json={"key": empty})
    assert read("/a", int, query={"key": empty}, may_be_empty=("key",)).query == (("key", empty),)


def test_half_characters_are_refused() -> None:
    for call in (
        lambda: read("/a", int, query={"key": "x\udc80"}),
        lambda: read_by_post("/a", int, json={"key": "x\udc80"}),
        lambda: comet.get_artifact(workspace="ws", artifact_name="x\udc80"),
    ):
        with pytest.raises(UsageError, match="half a character"):
            call()


@pytest.mark.parametrize("value", [object(), ["x\udc80"], {"deep": {1j}}])
def test_what_has_no_json_form_is_refused(value: object) -> None:
    with pytest.raises(UsageError, match="/a: no JSON can be made of the body"):
        read_by_post("/a", int, json={"key": value})


def test_exclusive_arguments() -> None:
    exactly_one("/a", one=1, two=None)
    at_most_one("/a", one=None, two=None)
    with pytest.raises(UsageError, match="/a: give exactly one of one, two"):
        exactly_one("/a", one=1, two=2)
    with pytest.raises(UsageError, match="/a: give exactly one of one, two"):
        exactly_one("/a", one=None, two=None)
    with pytest.raises(UsageError, match="/a: one and two exclude each other"):
        at_most_one("/a", one=1, two=2)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (("p1", None, None), {"projectId": "p1"}),
        ((None, "vision", "team"), {"projectName": "vision", "workspaceName": "team"}),
        (("p1", "vision", "team"), None),
        (("p1", None, "team"), None),
        ((None, "vision", None), None),
        ((None, None, "team"), None),
        ((None, None, None), None),
    ],
)
def test_project_address(
    given: tuple[str | None, str | None, str | None], expected: dict[str, str] | None
) -> None:
    if expected is not None:
        assert project_address("/a", *given) == expected
        return
    with pytest.raises(UsageError, match="by project_id, or by project_name and workspace_name"):
        project_address("/a", *given)


def test_page_numbers_count_from_one() -> None:
    page_numbers("/a", page=1, size=None)
    with pytest.raises(UsageError, match="/a: size is 0"):
        page_numbers("/a", page=1, size=0)


def test_twice_encoded() -> None:
    assert twice_encoded("plain-name_1.0~x") == "plain-name_1.0~x"
    assert twice_encoded("100% é") == "100%25%20%C3%A9"
    assert twice_encoded(None) is None
