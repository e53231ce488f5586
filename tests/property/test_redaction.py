"""No key survives masking in any spelling, whatever surrounds it (rows L1, L2, M1)."""

from __future__ import annotations

import base64
import unicodedata
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from comet_async.credentials import Secret
from comet_async.redaction import MASK, bare_url, mask, printable, shortened

VISIBLE = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in "*\"'")
KEYS = st.text(VISIBLE, min_size=4, max_size=60)
AROUND = st.text(st.characters(), max_size=60)


def spellings(key: str) -> list[str]:
    raw = key.encode()
    return [
        key,
        base64.b64encode(raw).decode(),
        base64.b64encode(raw).decode().rstrip("="),
        base64.urlsafe_b64encode(raw).decode(),
        quote(key, safe=""),
    ]


@given(KEYS, st.lists(st.tuples(AROUND, st.integers(0, 4)), min_size=1, max_size=4))
def test_no_spelling_of_a_key_survives(key: str, pieces: list[tuple[str, int]]) -> None:
    text = "".join(before + spellings(key)[form] for before, form in pieces)
    masked = mask(text, [key])
    for form in spellings(key):
        assert form not in masked
        half = len(form) // 2
        for part in (form[:half], form[half:]):
            assert len(part) < 4 or part not in masked


@given(KEYS.filter(lambda key: len(key) >= 12), AROUND, AROUND, st.data())
def test_no_run_of_six_survives_a_cut_anywhere(
    key: str, before: str, after: str, data: st.DataObject
) -> None:
    text = before + key + after
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    masked = mask(text[start:end], [key])
    assert not any(key[at : at + 6] in masked for at in range(len(key) - 5))


@given(AROUND, st.lists(KEYS, max_size=3))
def test_masking_twice_changes_nothing_more(text: str, keys: list[str]) -> None:
    once = mask(text, keys)
    assert mask(once, keys) == once


@given(st.text("abc /:.-_", max_size=100))
def test_a_text_without_a_secret_stays(text: str) -> None:
    assert mask(text, ["ZZZZ9999ZZZZ"]) == text


@given(st.text("abcXYZ019%&=/+~-", min_size=1, max_size=80))
def test_no_query_of_a_url_survives(query: str) -> None:
    masked = mask(f"GET https://storage.test/a/b?{query} failed")
    assert masked == f"GET https://storage.test/a/b?{MASK} failed"


@given(st.text(st.characters(), max_size=300))
def test_printable_text_has_nothing_that_a_terminal_obeys(text: str) -> None:
    shown = printable(text)
    hidden = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    assert not any(unicodedata.category(char) in hidden for char in shown)
    assert shown.encode("utf-8").decode("utf-8") == shown


@given(st.text(st.characters(), max_size=3000), st.integers(2, 500))
def test_shortened_text_is_one_line_within_its_bound(text: str, limit: int) -> None:
    shown = shortened(text, limit)
    assert len(shown) <= limit
    assert "\n" not in shown
    assert "\r" not in shown


@given(st.text(st.characters(), max_size=200))
def test_any_text_has_a_bare_form(text: str) -> None:
    found = bare_url(text)
    assert "?" not in found or "?" in text.partition("?")[0]
    assert printable(found) == found


@given(st.text(VISIBLE, min_size=8, max_size=60))
def test_a_secret_shows_nothing_of_itself(key: str) -> None:
    secret = Secret.header(key)
    assert [repr(secret), str(secret), f"{secret:>9}"] == ["<Secret ***>"] * 3
