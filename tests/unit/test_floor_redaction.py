"""Texts that may be shown: masking, escaping, shortening (rows L1, L3, M1)."""

from __future__ import annotations

import base64
import json

import pytest

from comet_async.redaction import MASK, bare_url, mask, printable, shortened, without_signatures

KEY = "Zk9xW2+sentinel/Qp4v"


@pytest.mark.parametrize(
    "form",
    [
        KEY,
        base64.b64encode(KEY.encode()).decode(),
        base64.urlsafe_b64encode(KEY.encode()).decode(),
        base64.b64encode(KEY.encode()).decode().rstrip("="),
        "Zk9xW2%2Bsentinel%2FQp4v",
        KEY[:10],
        KEY[10:],
    ],
)
def test_every_spelling_of_a_key_is_masked(form: str) -> None:
    masked = mask(f"before {form} after", [KEY])
    assert masked.startswith("before ")
    assert masked.endswith(" after")
    assert form not in masked
    assert KEY[:10] not in masked
    assert KEY[10:] not in masked


def test_keys_too_short_to_be_told_from_words_stay() -> None:
    assert mask("the abc", ["abc"]) == "the abc"
    assert mask("abcdef", ["abcdef"]) == MASK


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("see https://s3.test/a/b?X-Amz-Signature=123&c=d now", "see https://s3.test/a/b?*** now"),
        ('{"url":"https:\\/\\/s3.test\\/a?sig=1"}', '{"url":"https:\\/\\/s3.test\\/a?***"}'),
        ("X-Amz-Credential=AKIA/2024 end", "X-Amz-Credential=*** end"),
        ("a=1&apiKey=s3cret&b=2", "a=1&apiKey=***&b=2"),
        ("api_key=s3cret", "api_key=***"),
        ("token%3ds3cret", "token%3d***"),
        ("Signature\\u003dabc", "Signature\\u003d***"),
        ("https://plain.test/a", "https://plain.test/a"),
        ("nothing here", "nothing here"),
    ],
)
def test_queries_and_signatures_are_masked_without_knowing_them(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("grün 漢字", "grün 漢字"),
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("a\nb\tc\x00", "a\\nb\\tc\\x00"),
        ("\x9b2J", "\\x9b2J"),
        ("a\u202eb", "a\\u202eb"),
        ("a\u2028b\ufeff", "a\\u2028b\\ufeff"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_printable_escapes_what_a_terminal_would_obey(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_shortened_is_one_line_with_a_bound() -> None:
    assert shortened("a  b\n c") == "a b c"
    assert shortened("x" * 200) == "x" * 200
    assert shortened("x" * 201) == "x" * 199 + "…"
    assert shortened("x" * 10, 4) == "xxx…"
    assert len(shortened("\x00" * 10_000_000, 50)) == 50


@pytest.mark.parametrize(
    ("url", "bare"),
    [
        ("https://user:pw@h.test:8443/a?b=c#d", "https://h.test:8443/a"),
        ("https://h.test", "https://h.test"),
        ("http://[::1]:80/x", "http://[::1]:80/x"),
        ("http://[::1", "<unreadable URL>"),
        ("http://h:notaport/", "<unreadable URL>"),
        ("/only/path?x", "/only/path"),
        ("", ""),
    ],
)
def test_a_bare_url_has_no_credentials_query_or_fragment(url: str, bare: str) -> None:
    assert bare_url(url) == bare


@pytest.mark.parametrize(
    "text",
    [
        '{"origin": "https://user:SECRET@host/a.git"}',
        '{"origin": "https://SECRET@host/a.git"}',
        '{"origin": "https:\\/\\/user:SECRET@host\\/a.git"}',
        '{"origin": "HTTP://a@b:SECRET@host/"}',
        '{"origin": "ssh://git:SECRET@host/a.git"}',
        '{"link": "https://host/a?X-Amz-Signature=SECRET"}',
        '{"link": "https://host/a?private_token=SECRET&b=1"}',
        '{"link": "https://host/a?user=me&password=SECRET"}',
        '{"link": "https://host/a#jwt=SECRET"}',
    ],
)
def test_an_answer_keeps_no_secret_of_a_link(text: str) -> None:
    kept = without_signatures(text)
    assert "SECRET" not in kept
    assert MASK in kept
    assert json.loads(kept)


@pytest.mark.parametrize(
    "text",
    [
        '{"origin": "git@host:team/a.git", "mail": "me@host", "time": "12:30@noon"}',
        '{"origin": "ssh://git@host/a.git", "link": "abfss://container@account/path"}',
        '{"link": "https://host/a?v=1@2", "token=": "a", "s": "password=x"}',
    ],
)
def test_an_answer_without_secrets_in_links_stays(text: str) -> None:
    assert without_signatures(text) == text
