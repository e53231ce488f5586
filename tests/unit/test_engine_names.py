"""Portable names by literals (rows G10 to G13); the properties are in tests/property."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from comet_async.engine.names import original_name, portable_path


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("model.bin", "model.bin"),
        ("a/b/c.txt", "a/b/c.txt"),
        ("grün 漢字.txt", "grün 漢字.txt"),
        ("", "%"),
        ("/etc/passwd", "%/etc/passwd"),
        ("a//b", "a/%/b"),
        ("a/", "a/%"),
        (".", "%2E"),
        ("..", ".%2E"),
        ("../../x", ".%2E/.%2E/x"),
        ("...", "..%2E"),
        (".hidden", ".hidden"),
        ("C:\\x", "C%3A%5Cx"),
        ("\\\\server\\share", "%5C%5Cserver%5Cshare"),
        ("x:stream", "x%3Astream"),
        ("100%", "100%25"),
        ("~user", "%7Euser"),
        ("trailing.", "trailing%2E"),
        ("trailing ", "trailing%20"),
        (" leading", "%20leading"),
        (" ", "%20"),
        ("con", "%63on"),
        ("CON.txt", "%43ON.txt"),
        ("aux", "%61ux"),
        ("com1.log", "%63om1.log"),
        ("lpt\u00b9", "%6Cpt\u00b9"),
        ("console", "console"),
        ("com10", "com10"),
        ("a\nb\x00c\x7f", "a%0Ab%00c%7F"),
        ("\x1b[31m", "%1B[31m"),
        ("a\u202eb", "a%E2%80%AEb"),
        ("\u200b", "%E2%80%8B"),
        ("e\u0301", "e%CC%81"),
        ("\u00e9", "\u00e9"),
        (":\u030a", "%3A%CC%8A"),
        ("\ud800", "%ED%A0%80"),
        ('<>"|?*', "%3C%3E%22%7C%3F%2A"),
    ],
)
def test_names_by_literal(name: str, path: str) -> None:
    found = portable_path(name)
    assert found == PurePosixPath(path)
    assert original_name(found) == name


def test_a_long_component_is_cut_and_ends_in_a_hash_of_all_of_it() -> None:
    one, two = portable_path("x" * 300 + ".txt"), portable_path("x" * 301 + ".txt")
    assert one != two
    for found in (one, two):
        assert len(found.name.encode()) == 200
        assert found.name.endswith(".txt")
        assert "~" in found.name


def test_a_cut_never_splits_a_character_or_an_escape() -> None:
    wide = portable_path("漢" * 100)
    assert len(wide.name.encode()) <= 200
    assert wide.name.startswith("漢" * 50)
    stem = portable_path("\n" * 300).name.partition("~")[0]
    assert stem == "%0A" * (len(stem) // 3)


@pytest.mark.parametrize("suffix", [".averyveryverylongsuffix", ".a b", "."])
def test_only_a_plain_suffix_is_kept_in_a_cut(suffix: str) -> None:
    name = portable_path("x" * 300 + suffix).name
    assert "." not in name
    assert len(name.rpartition("~")[2]) == 16


def test_a_name_of_many_levels_becomes_one_component() -> None:
    deep = portable_path("/".join("d" for _ in range(200)))
    assert len(deep.parts) == 1
    assert deep.parts[0].startswith("d%252Fd")
    assert len(deep.parts[0]) == 200


def test_a_long_path_of_few_levels_becomes_one_component() -> None:
    found = portable_path("/".join(["p" * 190] * 5))
    assert len(found.parts) == 1
    assert portable_path("/".join(["p" * 190] * 4)).parts == ("p" * 190,) * 4
