"""The Comet profile: URL forms, key forms, limits by class, the message object."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path

import msgspec
import pytest

from comet_async import Session, comet
from comet_async.credentials import Secret, StaticKey
from comet_async.errors import UsageError
from comet_async.request import Effect, Request
from comet_async.service import Limits, Quota, Service
from comet_async.testing import FakeTransport, reply
from tests.support.virtual_time import run

KEY = "kZ7qPlanted0Key9forTests1"
URL = "https://comet.example.com"


def revealed(service: Service) -> str:
    assert service.credentials is not None
    secret = service.credentials()
    assert isinstance(secret, Secret)
    return secret.reveal()


def extended(base_url: str) -> str:
    tail = base64.b64encode(msgspec.json.encode({"baseUrl": base_url})).decode()
    return f"{KEY}*{tail}"


@pytest.mark.parametrize(
    ("given", "root"),
    [
        (URL, URL),
        (f"{URL}/", URL),
        (f"{URL}/clientlib", URL),
        (f"{URL}/clientlib/", URL),
        (f"{URL}/api/rest/v2", URL),
        (f"{URL}/api/rest/v2//", URL),
        (f"{URL}/ml/comet/clientlib/", f"{URL}/ml/comet"),
        (f"{URL}/ml/api/rest/v2/", f"{URL}/ml"),
        (f"  {URL}:8443 ", f"{URL}:8443"),
        ("http://127.0.0.1:8000/clientlib/", "http://127.0.0.1:8000"),
    ],
)
def test_all_forms_of_the_url_mean_the_root(given: str, root: str) -> None:
    assert comet.root_url(given) == root
    assert comet.service(KEY, url=given).base_url == root


@pytest.mark.parametrize(
    "given", ["", "comet.example.com", "ftp://host", "https://u:p@host", f"{URL}?a"]
)
def test_other_urls_are_refused(given: str) -> None:
    with pytest.raises(UsageError):
        comet.service(KEY, url=given)


def test_profile_of_the_service() -> None:
    service = comet.service(KEY, url=URL)
    assert service.name == "comet"
    assert (service.auth_header, service.auth_prefix) == ("Authorization", "")
    assert service.retry_after_headers == ("Retry-After", "Retry-After-Custom")
    assert service.proxy is None
    assert revealed(service) == KEY
    assert KEY not in repr(service)
    assert service.read_message is comet.read_message


def test_default_url(tmp_path: Path) -> None:
    service = comet.service(KEY, environ={}, cwd=tmp_path, home=tmp_path)
    assert service.base_url == "https://www.comet.com"


def test_key_and_url_given_read_nothing(tmp_path: Path) -> None:
    (tmp_path / ".comet.config").write_text("no INI")
    assert comet.service(KEY, url=URL, environ={}, cwd=tmp_path, home=tmp_path).base_url == URL
    with pytest.raises(UsageError, match="not an INI file"):
        comet.service(KEY, environ={}, cwd=tmp_path, home=tmp_path)


def test_everything_from_the_environment(tmp_path: Path) -> None:
    environ = {
        "COMET_API_KEY": KEY,
        "COMET_URL_OVERRIDE": f"{URL}/clientlib/",
        "COMET_ALLOW_HEADER_NAME": "X-Gateway",
        "COMET_ALLOW_HEADER_VALUE": "gatewaySecret",
        "https_proxy": "http://proxy.example.com:3128",
    }
    service = comet.service(environ=environ, cwd=tmp_path, home=tmp_path)
    assert (service.base_url, service.proxy) == (URL, None)
    assert service.headers == (("X-Gateway", "gatewaySecret"),)
    assert "gatewaySecret" not in repr(service)
    assert revealed(service) == KEY
    proxied = comet.service(environ=environ, cwd=tmp_path, home=tmp_path, proxy="environment")
    assert proxied.proxy == "http://proxy.example.com:3128"
    own = comet.service(
        environ=environ, cwd=tmp_path, home=tmp_path, headers={"X-Gateway": "mine", "X-B": "b"}
    )
    assert own.headers == (("X-Gateway", "mine"), ("X-B", "b"))


def test_no_key_names_the_places(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        comet.service(environ={"COMET_CONFIG": "x.ini"}, cwd=tmp_path, home=tmp_path)
    text = str(caught.value)
    for place in ("environment", "./.env", "COMET_CONFIG", "./.comet.config", "~/.comet_rest_key"):
        assert place in text
    assert "set COMET_API_KEY" in text


def test_a_hook_needs_no_key_elsewhere(tmp_path: Path) -> None:
    hook = StaticKey(KEY)
    service = comet.service(hook, environ={}, cwd=tmp_path, home=tmp_path)
    assert service.credentials is hook
    assert comet.service(hook, url=URL).base_url == URL
    assert revealed(comet.service(Secret(KEY), url=URL)) == KEY


def test_extended_key_is_sent_whole_and_names_the_server(tmp_path: Path) -> None:
    key = extended(f"{URL}/ml/")
    service = comet.service(key, environ={}, cwd=tmp_path, home=tmp_path)
    assert service.base_url == f"{URL}/ml"
    assert revealed(service) == key
    unpadded = key.rstrip("=")
    assert comet.service(unpadded, environ={}, cwd=tmp_path, home=tmp_path).base_url == f"{URL}/ml"


def test_configured_url_wins_over_the_extended_key(tmp_path: Path) -> None:
    key = extended("https://other.example.com")
    assert comet.service(key, url=URL).base_url == URL
    environ = {"COMET_API_KEY": key, "COMET_URL_OVERRIDE": URL}
    assert comet.service(environ=environ, cwd=tmp_path, home=tmp_path).base_url == URL


@pytest.mark.parametrize("tail", ["", "!!!", "bm8gSlNPTg==", "e30=", "/////w=="])
def test_a_broken_extended_key_goes_to_no_server(tmp_path: Path, tail: str) -> None:
    with pytest.raises(UsageError, match="unreadable end") as caught:
        comet.service(f"{KEY}*{tail}", environ={}, cwd=tmp_path, home=tmp_path)
    assert KEY not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_star_elsewhere_is_part_of_the_key(tmp_path: Path) -> None:
    service = comet.service("short*e30=", environ={}, cwd=tmp_path, home=tmp_path)
    assert (service.base_url, revealed(service)) == ("https://www.comet.com", "short*e30=")


CHART = comet.get_multi_metric_chart(["e1"], metrics=["loss"])
DOWNLOAD = comet.get_experiment_asset("a1", experiment_key="e1")
READ = comet.get_workspaces()
WRITE: Request[None] = Request(
    service="comet",
    method="GET",
    path="/api/rest/v2/write/experiment/archive",
    answer=type(None),
    effect=Effect.IDEMPOTENT,
)


def buckets(service: Service) -> list[str]:
    return [service.bucket_of(request) for request in (READ, DOWNLOAD, CHART, WRITE)]


def test_one_bucket_holds_the_hourly_quota() -> None:
    service = comet.service(KEY, url=URL)
    assert buckets(service) == ["default"] * 4
    assert service.limits_of("default") == Limits(
        quotas=(Quota(15_000, 3600.0),), rate=20.0, burst=200, concurrency=64
    )


@pytest.mark.parametrize(
    ("count", "seconds"),
    [
        pytest.param(51, 0.05, id="a listing of 50 projects"),
        pytest.param(200, 0.2, id="the whole burst"),
        pytest.param(400, 10.0, id="what is more, 20 a second"),
    ],
)
def test_default_limits_smooth_what_is_more_than_a_burst(count: int, seconds: float) -> None:
    async def elapsed() -> float:
        fake = FakeTransport(reply(json={"workspaceNames": []}, delay=0.05))
        async with Session(comet.service(KEY, url=URL), transport=fake) as session:
            began = asyncio.get_running_loop().time()
            await session.collect((number, comet.get_workspaces()) for number in range(count))
            return asyncio.get_running_loop().time() - began

    assert run(elapsed()) == pytest.approx(seconds, rel=0.05)


def test_limits_for_everything() -> None:
    service = comet.service(KEY, url=URL, limits=Limits(concurrency=3))
    assert buckets(service) == ["default"] * 4
    assert service.limits_of("default").concurrency == 3


def test_limits_by_class() -> None:
    own = {"download": Limits(concurrency=2), "write": Limits(concurrency=1)}
    service = comet.service(KEY, url=URL, limits=own)
    assert buckets(service) == ["default", "download", "default", "write"]
    assert service.limits_of("download").concurrency == 2
    assert service.limits_of("default") == comet.DEFAULT_LIMITS
    every = {name: Limits() for name in comet.BUCKETS}
    assert buckets(comet.service(KEY, url=URL, limits=every)) == [*comet.BUCKETS]


def test_limits_of_an_unknown_class_are_refused() -> None:
    with pytest.raises(UsageError, match="limits for uploads: the classes are default, download"):
        comet.service(KEY, url=URL, limits={"uploads": Limits()})


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"msg":"no","code":400,"data":null,"sdk_error_code":90211}', ("no", 90211, True)),
        ('{"msg":"no","code":200,"sdk_error_code":7}', ("no", 7, True)),
        ('{"msg":"no","code":403}', ("no", 403, True)),
        ('{"msg":"saved","code":200,"data":null,"sdk_error_code":0}', ("saved", 200, False)),
        ('{"msg":"x","sdk_error_code":0}', ("x", None, False)),
        ('{"msg":"x","sdk_error_code":"5"}', ("x", 5, True)),
        ('{"msg":null,"code":500}', ("", 500, True)),
        ('  {"code":404, "msg":"gone", "params":[{}]}', ("gone", 404, True)),
    ],
)
def test_messages(body: str, expected: tuple[str, int | None, bool]) -> None:
    found = comet.read_message(body.encode())
    assert found is not None
    assert (found.text, found.code, found.failed) == expected


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{}",
        '{"msg":"ok","version":"4.40.0"}',
        '{"msg":"Archived"}',
        '{"code":"print(1)"}',
        '{"code":400,"sdk_error_code":1}',
        '[{"msg":"x","code":400}]',
        '{"metrics":[{"msg":"x","code":400}]}',
        '{"msg":{"a":1},"code":400}',
        '{"msg":"x","code":"text"}',
        '{"msg":"x","code":400',
        '{"msg":' + "[" * 100_000,
        "<html>msg</html>",
    ],
)
def test_data_is_no_message(body: str) -> None:
    assert comet.read_message(body.encode()) is None


def test_messages_are_found_at_either_end_of_a_large_body() -> None:
    data = '"data":"' + "x" * 200_000 + '"'
    for body in (
        f'{{"msg":"no","code":400,{data}}}',
        f'{{{data},"code":400,"msg":"no"}}',
    ):
        found = comet.read_message(body.encode())
        assert found is not None
        assert (found.text, found.failed) == ("no", True)
    assert comet.read_message(f"{{{data}}}".encode()) is None


def test_octets_are_no_message() -> None:
    assert comet.read_message(b'\xff\xfe"msg"\x00') is None
    assert comet.read_message(b'{"msg":"\xff","code":400}') is None
