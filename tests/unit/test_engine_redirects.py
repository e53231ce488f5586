"""Redirects as a pure rule (rows F1 to F5, F7, F8)."""

from __future__ import annotations

import pytest

from comet_async.credentials import Secret
from comet_async.engine.addresses import is_private
from comet_async.engine.redirects import next_hop, origin
from comet_async.engine.transport import HttpRequest
from comet_async.errors import RedirectError

BASE = "https://api.test/rest/get?x=1"
HEADERS = (
    ("Accept", "*/*"),
    ("Accept-Encoding", "identity"),
    ("User-Agent", "comet_async"),
    ("Range", "bytes=5-"),
    ("If-Range", '"tag"'),
    ("Authorization", Secret("the-key-itself")),
    ("X-Domino-Api-Key", Secret("the-other-key")),
    ("Cookie", "session=1"),
    ("X-Custom", "mine"),
)


def hop(url: str = BASE, method: str = "GET", body: bytes | None = None) -> HttpRequest:
    return HttpRequest(method=method, url=url, headers=HEADERS, body=body)


def follow(
    location: str | None,
    *,
    request: HttpRequest | None = None,
    status: int = 302,
    allow_private: bool = False,
) -> HttpRequest:
    return next_hop(
        request or hop(), status, location, allow_private=allow_private, private=is_private
    )


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://Host.test/x", ("https", "host.test", 443)),
        ("http://host.test", ("http", "host.test", 80)),
        ("http://host.test:8080/", ("http", "host.test", 8080)),
        ("ws://host.test", ("ws", "host.test", 0)),
        ("nothing", ("", "", 0)),
    ],
)
def test_origins(url: str, found: tuple[str, str, int]) -> None:
    assert origin(url) == found


def test_an_unreadable_url_has_no_origin() -> None:
    with pytest.raises(RedirectError, match="unusable redirect target"):
        origin("http://host:99999/")


@pytest.mark.parametrize(
    "location", ["/other?y=2", "other?y=2", "https:///other?y=2", "https://api.test/other?y=2"]
)
def test_on_the_same_origin_every_header_goes_along(location: str) -> None:
    found = follow(location)
    assert found.url.startswith("https://api.test/")
    assert found.url.endswith("other?y=2")
    assert found.headers == HEADERS
    assert not found.public_only


@pytest.mark.parametrize(
    "location",
    [
        "https://storage.test/file",
        "https://api.test:444/file",
        "//storage.test/file",
        "https://api.test.evil.test/file",
        "https://sub.api.test/file",
    ],
)
def test_on_another_origin_only_neutral_headers_go_along(location: str) -> None:
    found = follow(location)
    assert [name for name, _ in found.headers] == [
        "Accept",
        "Accept-Encoding",
        "User-Agent",
        "Range",
        "If-Range",
    ]
    assert found.public_only


def test_a_signed_target_stays_as_sent_byte_for_byte() -> None:
    signed = "https://s3.test/b/k%2Fx%20y?X-Amz-Signature=ab%2Fc&e=%7E~&plus=a+b"
    assert follow(signed).url == signed


def test_a_fragment_is_not_sent() -> None:
    assert follow("/x#part").url == "https://api.test/x"


def test_user_name_and_password_in_a_target_are_dropped() -> None:
    assert follow("https://me:pw@storage.test:8443/x").url == "https://storage.test:8443/x"
    assert follow("https://me@[2606:4700::1]/x").url == "https://[2606:4700::1]/x"


def test_a_downgrade_to_plain_http_is_refused() -> None:
    with pytest.raises(RedirectError, match=r"from https to plain http refused: http://s\.test/x"):
        follow("http://s.test/x?signature=1")
    assert follow("http://s.test/x", request=hop("http://api.test/")).url == "http://s.test/x"


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "127.0.0.1", "localhost", "[::1]", "10.0.0.8", "127.1"]
)
def test_a_private_target_is_refused_unless_allowed(host: str) -> None:
    with pytest.raises(RedirectError, match="into a private network refused"):
        follow(f"https://{host}/latest")
    found = follow(f"https://{host}/latest", allow_private=True)
    assert found.url == f"https://{host}/latest"
    assert not found.public_only


def test_a_private_base_may_redirect_to_itself() -> None:
    found = follow("/x", request=hop("https://127.0.0.1:8443/a"))
    assert found.url == "https://127.0.0.1:8443/x"


@pytest.mark.parametrize("location", [None, ""])
def test_a_redirect_without_a_target(location: str | None) -> None:
    with pytest.raises(RedirectError, match="without a Location"):
        follow(location)


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "ftp://h/x",
        "javascript:alert(1)",
        "https://h:99999/",
        "https://h:port/",
        "http://[::1",
        "https://[zz]/",
        "https://a\u2100b/",
    ],
)
def test_unusable_targets(location: str) -> None:
    with pytest.raises(RedirectError, match="unusable"):
        follow(location)


@pytest.mark.parametrize(
    "location", ["/a b", "/a\r\nX-Evil: 1", "/a\nb", "/a\tb", "/\x00", "/\x7f", " /a"]
)
def test_white_space_and_control_characters_are_refused(location: str) -> None:
    with pytest.raises(RedirectError, match="white space or control characters") as caught:
        follow(location)
    assert "Evil" not in str(caught.value)


def test_encoded_line_breaks_stay_encoded() -> None:
    assert follow("/a%0d%0aX-Evil:1").url == "https://api.test/a%0d%0aX-Evil:1"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_body_never_goes_to_another_origin(status: int) -> None:
    request = hop(method="POST", body=b"{}")
    with pytest.raises(RedirectError, match=r"of a POST to https://other\.test/x refused"):
        follow("https://other.test/x?y=1", request=request, status=status)


@pytest.mark.parametrize("status", [307, 308])
def test_a_body_goes_along_on_the_same_origin(status: int) -> None:
    found = follow("/x", request=hop(method="POST", body=b"{}"), status=status)
    assert (found.method, found.body) == ("POST", b"{}")


@pytest.mark.parametrize("status", [301, 302])
def test_a_moved_post_is_refused_rather_than_turned_into_a_get(status: int) -> None:
    with pytest.raises(RedirectError, match="set that as the base URL"):
        follow("/x", request=hop(method="POST", body=b"{}"), status=status)


def test_see_other_fetches_the_result_by_get() -> None:
    found = follow("https://other.test/x", request=hop(method="POST", body=b"{}"), status=303)
    assert (found.method, found.body) == ("GET", None)
    assert follow("/x", request=hop(method="HEAD"), status=303).method == "HEAD"
