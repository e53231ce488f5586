"""`Service`, `Limits` and `Quota`: what they accept, and what their texts show."""

from __future__ import annotations

import pytest

from comet_async.errors import UsageError
from comet_async.request import Effect, build
from comet_async.service import Limits, Quota, Service, checked_base_url


def test_a_profile_needs_a_name_and_a_root() -> None:
    service = Service(name="comet", base_url="https://example.test/clientlib")
    request = build("comet", "GET", "/x", bytes, Effect.READ)
    assert repr(service) == "<Service comet https://example.test/clientlib>"
    assert service.bucket_of(request) == "default"
    assert service.read_message(b'{"msg":"no"}') is None
    assert service.limits_of("default") == Limits()


def test_limits_fall_back_to_the_default_bucket_then_to_none() -> None:
    slow, usual = Limits(concurrency=1), Limits(concurrency=9)
    service = Service(name="x", base_url="http://h", limits={"slow": slow, "default": usual})
    assert service.limits_of("slow") is slow
    assert service.limits_of("other") is usual
    assert Service(name="x", base_url="http://h", limits={}).limits_of("other") == Limits()


def test_with_limits_replaces_every_bucket() -> None:
    limits = Limits(quotas=(Quota(5, 1.0),))
    service = Service(name="x", base_url="http://h", limits={"slow": Limits()})
    assert service.with_limits(limits).limits == {"default": limits}
    assert service.with_limits(limits).name == "x"


@pytest.mark.parametrize(
    "url",
    ["http://h", "https://h:8443/base", "https://[::1]:8080", "https://h/a%20b"],
)
def test_usable_base_urls(url: str) -> None:
    assert checked_base_url(url) == url


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "an empty text is no base URL"),
        ("ftp://h", "no base URL"),
        ("https://", "no base URL"),
        ("h.test/path", "no base URL"),
        ("http://[::1", "is not a URL"),
        ("http://h:99999", "is not a URL"),
        ("http://user@h", "leave credentials out"),
        ("http://:hunter2@h", "leave credentials out"),
        ("http://h?a=1", "no query or fragment"),
        ("http://h#a", "no query or fragment"),
    ],
)
def test_unusable_base_urls(url: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        checked_base_url(url)
    assert "hunter2" not in str(caught.value)
    with pytest.raises(UsageError):
        Service(name="x", base_url=url)


def test_a_slash_at_the_end_is_refused() -> None:
    with pytest.raises(UsageError, match="must not end with a slash"):
        Service(name="x", base_url="http://h/")


@pytest.mark.parametrize(("limit", "window"), [(0, 1.0), (1, 0.0), (1, -1.0), (1, float("nan"))])
def test_quotas_out_of_range(limit: int, window: float) -> None:
    with pytest.raises(UsageError, match="limit >= 1 and window > 0"):
        Quota(limit, window)


@pytest.mark.parametrize(
    "build_limits",
    [
        lambda: Limits(concurrency=0),
        lambda: Limits(burst=0),
        lambda: Limits(rate=0.0),
        lambda: Limits(rate=-1.0),
    ],
)
def test_limits_out_of_range(build_limits: type[Limits]) -> None:
    with pytest.raises(UsageError, match="concurrency >= 1"):
        build_limits()
