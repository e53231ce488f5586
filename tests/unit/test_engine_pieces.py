from __future__ import annotations

import tracemalloc

import pytest

from comet_async.engine.pieces import Pieces


@pytest.mark.parametrize(
    "pieces", [[], [b"one"], [b"one", b"two"], [b"a", b"", b"b", b"c"], [b"", b"late"]]
)
def test_the_whole_is_the_pieces_in_order(pieces: list[bytes]) -> None:
    built = Pieces()
    for piece in pieces:
        built.add(piece)
    assert built.whole() == b"".join(pieces)


def test_one_piece_is_not_copied() -> None:
    piece = b"x" * 1000
    built = Pieces()
    built.add(piece)
    assert built.whole() is piece


def test_a_body_is_not_held_twice() -> None:
    piece = b"x" * 65_536
    tracemalloc.start()
    try:
        built = Pieces()
        for _ in range(128):
            built.add(piece)
        whole = built.whole()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(whole) == 128 * 65_536
    assert peak < 1.3 * len(whole)
