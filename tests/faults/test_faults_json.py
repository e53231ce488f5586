"""Documents that are not what they should be: rows C7 to C14, C17 and C19."""

from __future__ import annotations

import math

import msgspec
import pytest

from comet_async import Request, RetryPolicy, Session, comet
from comet_async.engine.decode import decode
from comet_async.engine.drift import unknown_members
from comet_async.errors import DecodeError, MessageInsteadOfData, NotJson, ResponseError
from comet_async.server import NON_FINITE_METRIC, TEXT_METRIC, SyntheticSource, SyntheticSpec
from tests.faults.answers_support import KEYS, SPEC, Scene, checked, scene, service
from tests.support.raw_server import answer, raw_server

ONE = comet.get_experiment_metadata(KEYS[0])
SERIES = comet.get_all_experiment_metrics(KEYS[0])
ASSETS = comet.get_experiment_asset_list(KEYS[0])
ALL: tuple[Request[object], ...] = (ONE, SERIES, ASSETS)


def with_value(token: str) -> bytes:
    """Return a series of one point with the given value, written as it stands."""
    return b'{"metrics": [{"metricName": "loss", "metricValue": %s}]}' % token.encode()


def once(url: str) -> Session:
    return Session(service(url), retry=RetryPolicy(unreadable_attempts=1))


async def served(body: bytes, request: Request[object] = SERIES) -> object:
    """Return what a session makes of a body."""
    async with raw_server(answer(body)) as server, once(server.url) as session:
        return await session.send(request)


async def value_of(token: str) -> comet.MetricPoint:
    """Return the point whose value a server writes as `token`."""
    found = await served(with_value(token))
    assert isinstance(found, comet.MetricSeries)
    return found.metrics[0]


async def recovers_once(tried: Scene, fault: str) -> list[DecodeError]:
    """See each request survive the fault once and end in an error when it stays."""
    errors: list[DecodeError] = []
    for request in ALL:
        tried.server.faults.clear()
        clean = await tried.clean(request)
        tried.server.faults.add(fault, times=1)
        assert await tried.session.send(request) == clean
        assert len(tried.server.log) == 2
        tried.server.faults.add(fault)
        error = await tried.refused(request, DecodeError)
        assert len(error.attempts) == 2
        assert len(tried.server.log) == 4
        errors.append(error)
    return errors


@pytest.mark.parametrize("fault", ["invalid_json", "truncated_json", "trailing_junk"])
async def test_c7_broken_json_is_retried_once_then_told_with_its_offset(fault: str) -> None:
    async with scene() as tried:
        for error in await recovers_once(tried, fault):
            assert "(byte " in error.message
            excerpt = error.message.partition("near ")[2]
            assert 0 < len(excerpt) <= 200


async def test_c7_the_excerpt_shows_the_place_and_escapes_what_a_terminal_obeys() -> None:
    body = b'{"a": "' + b"x" * 5000 + b'", "b": \x1b]52;c;QQ==\x07\xe2\x80\xae' + b"y" * 5000
    with pytest.raises(DecodeError) as caught:
        await served(body)
    assert caught.value.message.isprintable()
    text = str(checked(caught.value, SERIES))
    assert "\\x1b]52" in text
    assert "(byte 5015)" in text
    assert len(text) < 400


@pytest.mark.parametrize(
    ("fault", "member", "told"),
    [
        ("wrong_types", None, "`$.metrics[0].metricName`"),
        ("wrong_types", "metricValue", "`$.metrics[0].metricValue`"),
        ("null_fields", "metricName", "`$.metrics[0].metricName`"),
        ("missing_fields", "metricName", "`metricName` - at `$.metrics[0]`"),
    ],
)
async def test_c8_a_wrong_type_names_its_member_and_fails_alone(
    fault: str, member: str | None, told: str
) -> None:
    async with scene() as tried:
        pairs = [(key, comet.get_all_experiment_metrics(key)) for key in KEYS]
        clean = await tried.session.collect(pairs)
        tried.server.faults.add(fault, member, match=KEYS[5])
        found = await tried.session.collect(pairs)
        assert set(found.failed) == {KEYS[5]}
        assert all(found.ok[key] == clean.ok[key] for key in KEYS if key != KEYS[5])
        error = checked(found.failed[KEYS[5]], pairs[5][1])
        assert type(error) is DecodeError
        assert told in error.message


async def test_c8_nulls_in_optional_members_are_no_error() -> None:
    async with scene() as tried:
        tried.server.faults.add("null_fields", "metricValue")
        series = await tried.session.send(SERIES)
        assert {point.metric_value for point in series.metrics} == {None}
        assert len(series.metrics) == SPEC.metrics * SPEC.points


async def test_c9_optional_members_may_be_missing() -> None:
    async with scene() as tried:
        clean = await tried.clean(SERIES)
        tried.server.faults.add("missing_fields", "runContext")
        series = await tried.session.send(SERIES)
        assert series.metrics == [
            msgspec.structs.replace(point, run_context=None) for point in clean.metrics
        ]


async def test_c9_further_members_are_ignored_and_told_when_asked_for() -> None:
    async with scene() as tried:
        for request in ALL:
            tried.server.faults.clear()
            clean = await tried.clean(request)
            usual = unknown_members(
                await tried.session.send(request.returning(bytes)), request.answer
            )
            tried.server.faults.add("extra_fields")
            assert await tried.session.send(request) == clean
            body = await tried.session.send(request.returning(bytes))
            new = set(unknown_members(body, request.answer)) - set(usual)
            assert "$.unexpectedMember" in new
            assert all(path.endswith(".unexpectedMember") for path in new)
        assert new == {"$.unexpectedMember", "$.assets[].unexpectedMember"}


class Cat(msgspec.Struct, tag=True):
    name: str


class Dog(msgspec.Struct, tag=True, rename="camel"):
    name: str
    own_kennel: list[Cat | None] | None = None


class Zoo(msgspec.Struct):
    """Of every kind of member that an answer can have."""

    pets: dict[str, Cat | Dog]
    pairs: tuple[Cat, ...] = ()
    anything: object = None
    count: int | None = None


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"pets": {}}', ()),
        (b'{"pets": {"a": {"type": "Cat", "name": "x"}}, "count": 3}', ()),
        (b'{"pets": {"a": {"type": "Cat", "age": 3}}}', ("$.pets{}.age",)),
        (
            b'{"pets": {"a": {"ownKennel": [null, {"name": "x", "b": 1}, {"b": 2, "c": 3}]}}}',
            ("$.pets{}.ownKennel[].b", "$.pets{}.ownKennel[].c"),
        ),
        (b'{"pairs": [{"z": [1, {"y": 2}]}], "anything": {"free": [1]}}', ("$.pairs[].z",)),
        (b'\xef\xbb\xbf{"count": NaN, "b": [], "a": {}}', ("$.a", "$.b")),
        (b"[1, 2]", ()),
        (b'{"count": {"odd": 1}, "pairs": {"odd": 1}}', ()),
    ],
)
def test_c9_unknown_members(body: bytes, expected: tuple[str, ...]) -> None:
    assert unknown_members(body, Zoo) == expected


def test_c9_unknown_members_of_what_is_no_json() -> None:
    with pytest.raises(DecodeError):
        unknown_members(b"{", Zoo)


@pytest.mark.parametrize(
    ("token", "text", "number"),
    [
        ("NaN", "NaN", math.nan),
        ("Infinity", "Infinity", math.inf),
        ("-Infinity", "-Infinity", -math.inf),
    ],
)
async def test_c10_non_finite_tokens_stay_text_where_text_is_allowed(
    token: str, text: str, number: float
) -> None:
    for written in (token, f'"{token}"'):
        point = await value_of(written)
        assert point.metric_value == text
        assert repr(point.value) == repr(number)
        assert repr(decode(b"[%s]" % written.encode(), list[float])) == f"[{number}]"
    tail = f'{token}, "runContext": "says NaN, [Infinity]"'
    assert (await value_of(tail)).run_context == "says NaN, [Infinity]"


@pytest.mark.parametrize("fault", ["nan_token", "inf_token"])
async def test_c10_non_finite_tokens_are_an_error_where_an_integer_is_promised(fault: str) -> None:
    async with scene() as tried:
        tried.server.faults.add(fault, "step")
        error = await tried.refused(SERIES, DecodeError)
        assert "`$.metrics[0].step`" in error.message


@pytest.mark.parametrize("token", ["1e999", "-1e999", "1" * 400 + ".5", "1" * 5000])
async def test_c11_a_number_out_of_range_is_a_typed_error(token: str) -> None:
    with pytest.raises(DecodeError, match=r"metrics\[0\].metricValue"):
        await value_of(token)


async def test_c11_an_integer_of_40_digits_is_kept_exactly() -> None:
    digits = "1234567890123456789012345678901234567890"
    assert (await value_of(digits)).metric_value == int(digits)
    assert (await value_of(f'"{digits}"')).metric_value == digits
    async with scene() as tried:
        tried.server.faults.add("bigint", "timestamp")
        series = await tried.session.send(SERIES)
        assert series.metrics[0].timestamp == int(digits)


@pytest.mark.parametrize("fault", ["string_ints", "float_ints"])
async def test_c12_integers_as_text_or_with_a_point_are_taken_losslessly(fault: str) -> None:
    async with scene() as tried:
        for request in ALL:
            tried.server.faults.clear()
            clean = await tried.clean(request)
            planted = tried.server.faults.add(fault)
            assert await tried.session.send(request) == clean
            assert tried.server.faults.hits(planted) == 1


@pytest.mark.parametrize("written", ["7.5", '"7.5"', '"seven"', "true", '""'])
async def test_c12_what_is_no_whole_number_is_an_error(written: str) -> None:
    assert decode(b'[7.0, "7", 7]', list[int]) == [7, 7, 7]
    with pytest.raises(DecodeError, match=r"at `\$.metrics\[0\].step`"):
        await served(b'{"metrics": [{"metricName": "a", "step": %s}]}' % written.encode())


async def test_c13_the_last_of_duplicate_members_counts() -> None:
    async with scene() as tried:
        clean = await tried.clean(SERIES)
        tried.server.faults.add("duplicate_keys")
        assert await tried.session.send(SERIES) == clean
    found = await served(b'{"experimentKey": "first", "experimentKey": "last"}', ONE)
    assert isinstance(found, comet.Experiment)
    assert found.experiment_key == "last"


NESTED = {
    "alone": "%s",
    "in_a_known_member": '{"metrics": %s}',
    "in_an_unknown_member": '{"metrics": [], "unknown": %s}',
    "in_a_message": '{"msg": %s, "code": 400}',
    "after_a_message": '{"msg": "no", "code": 400, "deep": %s}',
    "in_a_free_member": '{"assets": [{"assetId": "a", "items": %s}]}',
}


@pytest.mark.parametrize("frame", NESTED.values(), ids=NESTED)
@pytest.mark.parametrize(
    ("opening", "closing"), [("[", "]"), ('{"a":', "1}")], ids=["lists", "maps"]
)
@pytest.mark.parametrize("request_", [SERIES, ASSETS], ids=["series", "assets"])
async def test_c14_nesting_of_100_000_levels_is_a_typed_error(
    frame: str, opening: str, closing: str, request_: Request[object]
) -> None:
    closings = "}" * 99_999 if closing == "1}" else "]" * 99_999
    body = frame % (opening * 100_000 + closing + closings)
    async with raw_server(answer(body.encode())) as server, once(server.url) as session:
        with pytest.raises(ResponseError) as caught:
            await session.send(request_)
        assert len(str(checked(caught.value, request_))) < 400


async def test_c17_a_byte_order_mark_is_dropped() -> None:
    mark = b"\xef\xbb\xbf"
    async with scene() as tried:
        for request in ALL:
            tried.server.faults.clear()
            clean = await tried.clean(request)
            tried.server.faults.add("bom")
            assert await tried.session.send(request) == clean
    with pytest.raises(MessageInsteadOfData, match="no key"):
        await served(mark + b'{"msg": "no key", "code": 400}', ONE.returning(bytes))
    with pytest.raises(NotJson):
        await served(mark + b"<!DOCTYPE html><html></html>", ONE.returning(bytes))


@pytest.mark.parametrize("fault", ["bad_utf8", "lone_surrogate"])
async def test_c17_what_is_no_unicode_is_a_typed_error(fault: str) -> None:
    async with scene() as tried:
        tried.server.faults.add(fault, "metricName")
        error = await tried.refused(SERIES, DecodeError)
        place = 27 if fault == "bad_utf8" else 33
        assert f"(byte {place})" in error.message
        assert error.body_head.decode()


@pytest.mark.parametrize(
    ("sent", "text", "number"),
    [
        ('"NaN"', "NaN", math.nan),
        ('""', "", None),
        ('"adam"', "adam", None),
        ('"8.63E-4"', "8.63E-4", 8.63e-4),
        ('"1_000"', "1_000", None),
        ('"-Infinity"', "-Infinity", -math.inf),
        ("null", None, None),
    ],
)
async def test_c19_a_metric_value_keeps_its_text(
    sent: str, text: str | None, number: float | None
) -> None:
    point = await value_of(sent)
    assert point.metric_value == text
    assert repr(point.value) == repr(number)


async def test_c19_values_of_a_dataset_with_text_and_nan() -> None:
    spec = SyntheticSpec(experiments=1, metrics=10, points=40)
    key = SyntheticSource(spec).key(0)
    async with scene(spec=spec) as tried:
        odd = await tried.session.send(comet.get_experiment_metric(key, NON_FINITE_METRIC))
        texts = {str(point.metric_value) for point in odd.metrics if point.value is not None}
        assert {"NaN", "Infinity", "-Infinity"} < texts
        assert all(point.value is not None for point in odd.metrics)
        words = await tried.session.send(comet.get_experiment_metric(key, TEXT_METRIC))
        assert len(words.metrics) == 40
        assert all(isinstance(point.metric_value, str) for point in words.metrics)
        assert {point.value for point in words.metrics} == {None}
