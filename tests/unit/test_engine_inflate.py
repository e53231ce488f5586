"""Decompression: complete, bounded, no silent acceptance (rows C3, C4, C15)."""

from __future__ import annotations

import gzip
import sys
import tracemalloc
import zlib
from collections.abc import Iterator

import pytest

from comet_async.engine import inflate
from comet_async.engine.inflate import inflated
from comet_async.errors import BodyTooLarge, BodyTruncated

TEXT = b"".join(b'{"step":%d,"value":"%d"},' % (i, i * 7919 % 10007) for i in range(20_000))
CAP = 64 * 1024 * 1024


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.fixture(params=["isal", "zlib"])
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Run with the optional accelerator, and as if it were not installed."""
    if request.param == "zlib":
        monkeypatch.setitem(sys.modules, "isal.isal_zlib", None)
    else:
        pytest.importorskip("isal")
    inflate._maker.cache_clear()
    chosen = inflate._maker()
    assert (chosen is zlib.decompressobj) == (request.param == "zlib")
    yield str(request.param)
    inflate._maker.cache_clear()


@pytest.mark.usefixtures("library")
class TestBothLibraries:
    @pytest.mark.parametrize("encoding", ["gzip", "x-gzip", " GZip "])
    def test_gzip(self, encoding: str) -> None:
        assert inflated(gzip.compress(TEXT), encoding, CAP) == TEXT

    def test_deflate_with_and_without_a_wrapper(self) -> None:
        assert inflated(zlib.compress(TEXT), "deflate", CAP) == TEXT
        assert inflated(raw_deflate(TEXT), "deflate", CAP) == TEXT

    def test_several_members(self) -> None:
        body = gzip.compress(TEXT) + gzip.compress(b"") + gzip.compress(b"end")
        assert inflated(body, "gzip", CAP) == TEXT + b"end"

    def test_larger_than_one_step(self) -> None:
        data = TEXT * 12
        assert inflated(gzip.compress(data), "gzip", CAP) == data

    def test_padding_after_the_end_mark_is_ignored(self) -> None:
        assert inflated(gzip.compress(TEXT) + b"\0" * 512, "gzip", CAP) == TEXT

    @pytest.mark.parametrize("missing", [1, 4, 8, 9, 100])
    def test_a_missing_end_is_an_error(self, missing: int) -> None:
        with pytest.raises(BodyTruncated):
            inflated(gzip.compress(TEXT)[:-missing], "gzip", CAP)

    def test_a_missing_end_of_deflate_is_an_error(self) -> None:
        with pytest.raises(BodyTruncated, match="before its end mark"):
            inflated(zlib.compress(TEXT)[:-3], "deflate", CAP)
        with pytest.raises(BodyTruncated):
            inflated(raw_deflate(TEXT)[:-3], "deflate", CAP)

    def test_a_second_member_cut_short_is_an_error(self) -> None:
        body = gzip.compress(TEXT) + gzip.compress(TEXT)[:-5]
        with pytest.raises(BodyTruncated):
            inflated(body, "gzip", CAP)

    def test_an_empty_deflate_body_is_an_error(self) -> None:
        with pytest.raises(BodyTruncated):
            inflated(b"", "deflate", CAP)

    def test_any_flipped_checksum_byte_is_found(self) -> None:
        packed = gzip.compress(TEXT)
        for place in range(len(packed) - 8, len(packed)):
            broken = bytearray(packed)
            broken[place] ^= 0x10
            with pytest.raises(BodyTruncated, match="corrupt"):
                inflated(bytes(broken), "gzip", CAP)

    def test_text_that_is_no_gzip_is_an_error(self) -> None:
        with pytest.raises(BodyTruncated, match="corrupt"):
            inflated(b'{"plain": true}', "gzip", CAP)

    def test_the_cap_holds_to_the_byte(self) -> None:
        packed = gzip.compress(TEXT)
        assert inflated(packed, "gzip", len(TEXT)) == TEXT
        with pytest.raises(BodyTooLarge, match="more than the cap"):
            inflated(packed, "gzip", len(TEXT) - 1)

    def test_the_cap_counts_all_members_together(self) -> None:
        body = gzip.compress(TEXT) * 2
        assert len(inflated(body, "gzip", 2 * len(TEXT))) == 2 * len(TEXT)
        with pytest.raises(BodyTooLarge):
            inflated(body, "gzip", 2 * len(TEXT) - 1)

    def test_a_bomb_is_given_up_early(self) -> None:
        bomb = gzip.compress(b"\0" * (64 * 1024 * 1024))
        tracemalloc.start()
        try:
            with pytest.raises(BodyTooLarge, match="implausibly more than sent"):
                inflated(bomb, "gzip", 1024 * 1024 * 1024)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak <= 32 * 1024 * 1024


@pytest.mark.parametrize("encoding", ["", "identity", "Identity "])
def test_no_encoding(encoding: str) -> None:
    assert inflated(b"as it is", encoding, 1) == b"as it is"


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "\x1b[2J"])
def test_an_unknown_encoding_is_an_error(encoding: str) -> None:
    with pytest.raises(BodyTruncated, match="unknown encoding") as caught:
        inflated(b"x", encoding, 100)
    assert str(caught.value).isprintable()


def test_an_empty_gzip_body_is_empty() -> None:
    assert inflated(b"", "gzip", CAP) == b""
