"""Portable names for any text: inside, portable, reversible, distinct (rows G10 to G13)."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

from hypothesis import given
from hypothesis import strategies as st

from comet_async.engine.names import original_name, portable_path

ANY = st.text(st.characters(), max_size=400)
NASTY = st.lists(
    st.one_of(
        st.sampled_from(["..", ".", "/", "\\", "//", "con", "AUX", ".txt", "C:", "~", "%", "%2F"]),
        st.sampled_from([" ", "\0", "e\u0301", "\u00e9", "\u212b", "\u030a", "\ud800", "\n", ":"]),
        st.sampled_from(["a" * 250, "漢" * 90]),
        st.text(st.characters(), max_size=4),
    ),
    max_size=40,
).map("".join)
NAMES = ANY | NASTY

RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9]|conin\$|conout\$)(\..*)?", re.IGNORECASE)


def cut(path: PurePosixPath) -> bool:
    return any(re.search(r"~[0-9a-f]{16}(\.\w+)?$", part) for part in path.parts)


@given(NAMES)
def test_the_path_stays_inside_its_folder(name: str) -> None:
    path = portable_path(name)
    assert not path.is_absolute()
    assert len(path.parts) >= 1
    assert ".." not in path.parts
    assert "." not in path.parts
    assert path == PurePosixPath(str(path))


@given(NAMES)
def test_every_component_is_portable(name: str) -> None:
    for part in portable_path(name).parts:
        assert 1 <= len(part.encode("utf-8")) <= 255
        assert not re.search(r'[\x00-\x1f\x7f<>:"|?*\\/]', part)
        assert part[-1] not in ". "
        assert part[0] != " "
        assert not RESERVED.fullmatch(part)
        assert unicodedata.normalize("NFC", part) == part


@given(NAMES)
def test_the_original_can_be_read_back_unless_it_was_cut(name: str) -> None:
    path = portable_path(name)
    if not cut(path):
        assert original_name(path) == name


@given(NAMES)
def test_the_same_name_gives_the_same_path(name: str) -> None:
    assert portable_path(name) == portable_path(name)


@given(NAMES, NAMES)
def test_different_names_give_different_paths(one: str, other: str) -> None:
    assert (portable_path(one) == portable_path(other)) is (one == other)


@given(ANY.filter(bool), st.sampled_from(["NFC", "NFD", "NFKC"]))
def test_normalised_variants_stay_apart_even_on_a_normalising_system(name: str, form: str) -> None:
    variant = unicodedata.normalize(form, name)  # type: ignore[arg-type]  # one of the four forms
    one, other = (
        unicodedata.normalize("NFC", str(portable_path(text))) for text in (name, variant)
    )
    assert (one == other) is (name == variant)


@given(st.lists(NAMES, max_size=3).map("/".join))
def test_folders_stay_folders(name: str) -> None:
    path = portable_path(name)
    assert cut(path) or len(path.parts) == name.count("/") + 1
