"""A part in spans: what counts of it, what does not, and what stands in its place."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from comet_async.engine import span_part
from comet_async.engine.span_part import SpanPart
from comet_async.errors import DestinationError

TOTAL = 3000
STARTS = [0, 1000, 2000]
PRINT = "ab" * 16


@pytest.fixture
def part(tmp_path: Path) -> Iterator[SpanPart]:
    made = SpanPart(tmp_path / "f", PRINT)
    assert made.start('"e"', STARTS, TOTAL)
    yield made
    made.drop()


def again(path: Path, fingerprint: str = PRINT) -> SpanPart | None:
    """Return what another attempt finds."""
    found = SpanPart(path, fingerprint)
    return found if found.found() else None


def files(folder: Path) -> set[str]:
    return {path.suffix for path in folder.iterdir()}


def test_spans_grow_by_themselves_and_the_file_is_whole_at_the_end(
    part: SpanPart, tmp_path: Path
) -> None:
    for span, letter in ((2, b"c"), (0, b"a"), (1, b"b")):
        part.write(span, memoryview(letter * 600))
        part.write(span, memoryview(letter.upper() * 400))
    assert part.spans() == [(1000, 1000), (2000, 2000), (3000, 3000)]
    assert b"".join(part.blocks()) == b"".join(
        x * 600 + x.upper() * 400 for x in (b"a", b"b", b"c")
    )
    part.finish(durable=True)
    assert [path.name for path in tmp_path.iterdir()] == ["f"]
    assert (tmp_path / "f").stat().st_size == TOTAL


def test_what_was_written_counts_for_another_attempt(part: SpanPart, tmp_path: Path) -> None:
    part.write(1, memoryview(b"x" * 10))
    assert again(tmp_path / "f") is None  # it is in use
    part.keep()
    assert again(tmp_path / "f", "cd" * 16) is None
    found = again(tmp_path / "f")
    assert found is not None
    assert (found.etag, found.total, found.received) == ('"e"', TOTAL, 10)
    assert found.spans() == [(0, 1000), (1010, 2000), (2000, 3000)]
    found.drop()
    assert files(tmp_path) == set()


def test_a_part_of_nothing_is_not_kept(part: SpanPart, tmp_path: Path) -> None:
    part.keep()
    part.keep()
    assert files(tmp_path) == set()


def test_another_process_keeps_what_it_has(part: SpanPart, tmp_path: Path) -> None:
    other = SpanPart(tmp_path / "f", PRINT)
    assert not other.start('"e"', STARTS, TOTAL)
    other.drop()
    assert files(tmp_path) == {".part", ".record"}
    with pytest.raises(DestinationError, match="is not open"):
        other.finish(durable=False)
    assert files(tmp_path) == {".part", ".record"}


@pytest.mark.parametrize("link", [os.symlink, os.link])
@pytest.mark.parametrize("name", ["record", "part"])
def test_a_link_in_its_place_is_not_written_through(
    part: SpanPart, tmp_path: Path, name: str, link: Callable[[Path, Path], None]
) -> None:
    part.write(0, memoryview(b"x"))
    part.keep()
    (place,) = tmp_path.glob(f".*.{name}")
    outside = tmp_path / "outside"
    outside.mkdir()
    victim = outside / "victim"
    victim.write_bytes(place.read_bytes())
    before = victim.read_bytes()
    place.unlink()
    link(victim, place)
    assert again(tmp_path / "f") is None
    fresh = SpanPart(tmp_path / "f", PRINT)
    if fresh.start('"e"', STARTS, TOTAL):
        fresh.write(2, memoryview(b"y" * 100))
    fresh.drop()
    assert victim.read_bytes() == before


def test_too_many_spans_and_a_disk_that_fails_are_told(
    part: SpanPart, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part.write(0, memoryview(b"x"))
    other = SpanPart(tmp_path / "g", PRINT)
    assert not other.start('"' + "e" * 5000 + '"', STARTS, TOTAL)

    def full(descriptor: int, data: bytes, place: int) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("comet_async.engine.span_part.os.pwrite", full)
    with pytest.raises(DestinationError, match="No space left"):
        part.write(0, memoryview(b"x"))
    with pytest.raises(DestinationError, match="No space left"):
        other.start('"e"', STARTS, TOTAL)
    other.drop()
    assert {path.name[:3] for path in tmp_path.iterdir()} == {".f."}


def test_bytes_are_made_safe_now_and_then(
    part: SpanPart, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(span_part, "_SAFE_EVERY", 300)
    part.write(0, memoryview(b"x" * 200))
    part.write(1, memoryview(b"x" * 350))
    part.write(0, memoryview(b"x" * 50))
    (record,) = tmp_path.glob(".*.record")
    numbers = record.read_bytes()[4096:]
    told = [int.from_bytes(numbers[at : at + 8], "little") for at in range(0, len(numbers), 8)]
    assert told == [250, 350, 0, 200, 350, 0]
