"""Addresses: whatever a name holds, its escaped form is read back as that name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comet_async.cli.addresses import Named, Version, escaped, is_key, read_named, read_path
from comet_async.errors import UsageError

PLAIN = st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters="%")
NAMES = st.text(PLAIN, min_size=1).filter(lambda name: bool(name.strip()))
WORKSPACES = NAMES.filter(lambda name: "/" not in name)


@given(st.lists(NAMES, min_size=1, max_size=4))
def test_parts_come_back_from_what_is_escaped(names: list[str]) -> None:
    assert read_path("/".join(map(escaped, names))) == tuple(names)


@given(WORKSPACES, NAMES, st.none() | NAMES.filter(lambda name: ":" not in name))
def test_a_named_thing_comes_back_from_what_is_shown(
    workspace: str, name: str, version: str | None
) -> None:
    named = Named(workspace, name, version)
    assert read_named(str(named), "NAME", version="may") == named


@given(st.text(), st.sampled_from(["none", "may", "must"]))
def test_any_text_is_read_or_refused(text: str, version: Version) -> None:
    refused = pytest.raises(UsageError, match="is no address; use WORKSPACE/NAME")
    whole = all(part.strip() for part in [text.partition("/")[0], *_named_parts(text)])
    if not whole or (":" in text.partition("/")[2]) not in ALLOWED[version]:
        with refused:
            read_named(text, "NAME", version=version)
        return
    found = read_named(text, "NAME", version=version)
    assert found.workspace.strip()
    assert found.name.strip()
    assert (found.version is not None) in ALLOWED[version]


ALLOWED = {"none": {False}, "may": {False, True}, "must": {True}}


def _named_parts(text: str) -> list[str]:
    rest = text.partition("/")[2]
    return rest.rsplit(":", 1)


@pytest.mark.parametrize(
    ("text", "key"),
    [("a" * 32, True), ("A9" * 25, True), ("a" * 30, False), ("a" * 52, False), ("é" * 32, False)],
)
def test_keys_are_letters_and_digits_of_a_certain_number(text: str, key: bool) -> None:
    assert is_key(text) == key
