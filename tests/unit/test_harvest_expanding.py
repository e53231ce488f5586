"""G15 to G17: archives of strangers are expanded whole or not at all."""

from __future__ import annotations

import io
import stat
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comet_async.errors import ArchiveError, DestinationError
from comet_async.harvest.expanding import expand

Member = tuple[str, bytes]


def packed(*members: Member, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return an archive; a name that comes twice is there twice."""
    data = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(data, "w", method) as archive:
        warnings.simplefilter("ignore")
        for name, content in members:
            info = zipfile.ZipInfo("x")
            info.filename = name
            info.compress_type = method
            info.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(info, content)
    return data.getvalue()


def special(kind: int, target: bytes = b"/etc/passwd") -> bytes:
    """Return an archive with a member that is no plain file."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        info = zipfile.ZipInfo("link")
        info.external_attr = (kind | 0o777) << 16
        archive.writestr("good.txt", b"x")
        archive.writestr(info, target)
    return data.getvalue()


def tried(tmp_path: Path, data: bytes, **limits: float) -> int:
    """Expand an archive; whatever happens it stays, and nothing is beside it but the folder."""
    root = tmp_path / "a" / "b"
    root.mkdir(parents=True, exist_ok=True)
    archive = root / "m.zip"
    archive.write_bytes(data)
    try:
        return expand(archive, root / "m~", **limits)  # type: ignore[arg-type]  # as given
    finally:
        assert archive.read_bytes() == data
        assert {path.name for path in root.iterdir()} <= {"m.zip", "m~"}
        assert [path.name for path in (tmp_path / "a").iterdir()] == ["b"]
        assert [path.name for path in tmp_path.iterdir()] == ["a"]


def refused(tmp_path: Path, data: bytes, reason: str, **limits: float) -> None:
    with pytest.raises(ArchiveError, match=reason):
        tried(tmp_path, data, **limits)
    assert not (tmp_path / "a" / "b" / "m~").exists()


def test_members_come_whole_below_the_folder(tmp_path: Path) -> None:
    data = packed(("a/b.bin", b"1" * 3_000_000), ("c.txt", b""), ("a/", b""), ("2: e?.txt", b"2"))
    assert tried(tmp_path, data) == 3
    folder = tmp_path / "a" / "b" / "m~"
    assert (folder / "a" / "b.bin").read_bytes() == b"1" * 3_000_000
    assert (folder / "c.txt").read_bytes() == b""
    assert (folder / "2%3A e%3F.txt").read_bytes() == b"2"
    assert tried(tmp_path, packed(("new", b"n"))) == 1  # takes the place of what was there
    assert [path.name for path in folder.iterdir()] == ["new"]


OUTSIDE = [
    *("../x", "a/../../x", "/x", "//x", "a//b", "./x", "a/.", "..", ".", "", "/"),
    *("C:/x", "c:x", "..\\x", "\\\\host\\share", "a\\..\\..\\x", "\\x"),
]


@pytest.mark.parametrize("name", OUTSIDE)
def test_g15_a_member_that_leads_outside_refuses_the_archive(tmp_path: Path, name: str) -> None:
    refused(tmp_path, packed(("good.txt", b"1"), (name, b"2")), "leads outside")


@pytest.mark.parametrize(
    "kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK]
)
def test_g15_a_link_or_a_device_refuses_the_archive(tmp_path: Path, kind: int) -> None:
    refused(tmp_path, special(kind), "no plain file")


def test_g15_a_name_behind_a_nul_refuses_the_archive(tmp_path: Path) -> None:
    data = packed(("goodX../x", b"1")).replace(b"goodX", b"good\0")
    refused(tmp_path, data, "leads outside")


def test_g16_a_bomb_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    bomb = packed(*((f"{n}", bytes(40_000_000)) for n in range(3)))
    assert len(bomb) < 200_000
    refused(tmp_path, bomb, "it would have 120,000,000 bytes")
    assert tried(tmp_path, bomb, max_ratio=10_000) == 3
    refused_again = packed(("x", b"12345"))
    with pytest.raises(ArchiveError, match="5 bytes, 4 are allowed"):
        tried(tmp_path, refused_again, max_bytes=4)


def test_g16_too_many_members_are_refused(tmp_path: Path) -> None:
    many = packed(*((str(n), b"") for n in range(70_000)), method=zipfile.ZIP_STORED)
    refused(tmp_path, many, "it has 70,000 members")


def lying(data: bytes, size: int) -> bytes:
    """Return an archive whose first member says that it has another size."""
    at = data.index(b"PK\x01\x02") + 24
    return data[:at] + struct.pack("<I", size) + data[at + 4 :]


@pytest.mark.parametrize("size", [1, 4_999_999, 5_000_001])
def test_g16_a_member_that_lies_of_its_size_is_refused(tmp_path: Path, size: int) -> None:
    refused(tmp_path, lying(packed(("x", bytes(5_000_000))), size), "damaged|than it says")


def test_g16_an_archive_in_an_archive_stays_one(tmp_path: Path) -> None:
    inner = packed(("y", b"1"))
    assert tried(tmp_path, packed(("x.zip", inner))) == 1
    assert (tmp_path / "a" / "b" / "m~" / "x.zip").read_bytes() == inner


@pytest.mark.parametrize(
    "names",
    [
        ("a", "a"),
        ("a.txt", "A.TXT"),
        ("a", "a/b"),
        ("a/b", "A"),
        ("stra\u00dfe", "STRASSE"),
    ],
)
def test_g17_two_members_of_one_place_refuse_the_archive(
    tmp_path: Path, names: tuple[str, str]
) -> None:
    data = packed(*((name, b"1") for name in names))
    refused(tmp_path, data, "two members have the place")


@pytest.mark.parametrize("names", [("1:", "1%3A"), ("\u00e9", "e\u0301")])
def test_names_that_only_look_alike_are_told_apart(tmp_path: Path, names: tuple[str, str]) -> None:
    assert tried(tmp_path, packed(*((name, b"1") for name in names))) == 2


def flipped(data: bytes) -> bytes:
    at = len(data) // 2
    return data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :]


WHOLE = packed(("a", bytes(range(256)) * 400), ("b/c", b"x" * 1000), method=zipfile.ZIP_STORED)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[: len(data) // 2],
        lambda data: data[:-10],
        flipped,
        lambda data: b"",
        lambda data: data.replace(b"PK\x03\x04", b"PK\x03\x05", 1),
    ],
)
def test_g17_a_damaged_archive_is_refused(tmp_path: Path, spoil: Callable[[bytes], bytes]) -> None:
    refused(tmp_path, spoil(WHOLE), "is not expanded")


def changed(data: bytes, mark: bytes, offset: int, form: str, value: int) -> bytes:
    """Return an archive with a number in its end changed."""
    spoilt = bytearray(data)
    struct.pack_into(form, spoilt, spoilt.rindex(mark) + offset, value)
    return bytes(spoilt)


END, WIDE_END = b"PK\x05\x06", b"PK\x06\x06"


def wide(data: bytes) -> bytes:
    """Return an archive whose end is told in 64 bits as well."""
    at = data.rindex(END)
    told = struct.unpack_from("<4s4H2LH", data, at)
    record = struct.pack(
        "<4sQ2H2L4Q", WIDE_END, 44, 45, 45, 0, 0, told[4], told[4], told[5], told[6]
    )
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, at, 1)
    return data[:at] + record + locator + data[at:]


@pytest.mark.parametrize(
    "data",
    [
        changed(WHOLE, END, 16, "<L", 2 * len(WHOLE)),
        changed(WHOLE, END, 12, "<L", 0x7FFFFFFF),
        changed(wide(WHOLE), WIDE_END, 48, "<Q", 1 << 62),
        changed(WHOLE, b"PK\x01\x02", 42, "<L", 0xFFFFFFF0),
        WHOLE[:-22],
    ],
)
def test_g17_a_place_that_cannot_be_is_damage_and_no_fault_of_the_disk(
    tmp_path: Path, data: bytes
) -> None:
    refused(tmp_path, data, "is not expanded")


def test_an_archive_with_a_wide_end_is_one(tmp_path: Path) -> None:
    assert tried(tmp_path, wide(WHOLE)) == 2


@pytest.mark.parametrize("size", [50_001 * 256, 1 << 40])
def test_g16_a_list_of_members_that_is_too_long_is_not_read(tmp_path: Path, size: int) -> None:
    refused(tmp_path, changed(wide(WHOLE), WIDE_END, 40, "<Q", size), "its list of members has")
    refused(tmp_path, changed(wide(WHOLE), WIDE_END, 32, "<Q", 50_001), "it has 50,001 members")


def test_g17_an_encrypted_or_strangely_packed_member_is_refused(tmp_path: Path) -> None:
    data = bytearray(packed(("x", b"1")))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    refused(tmp_path, bytes(data), "is encrypted")
    refused(tmp_path, packed(("x", b"1"), method=zipfile.ZIP_BZIP2), "no plain file")


def test_a_disk_that_fails_is_told_as_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("comet_async.harvest.expanding.os.fsync", full)
    with pytest.raises(DestinationError, match="No space left"):
        tried(tmp_path, WHOLE)
    assert not (tmp_path / "a" / "b" / "m~").exists()


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255), st.integers(0, 2))
def test_whatever_byte_is_changed_nothing_is_half_there(
    tmp_path_factory: pytest.TempPathFactory, at: int, change: int, cut: int
) -> None:
    tmp_path = tmp_path_factory.mktemp("x")
    data = WHOLE[:at] + bytes([WHOLE[at] ^ change]) + WHOLE[at + 1 :]
    data = data[: len(data) - cut * 7]
    try:
        assert tried(tmp_path, data) == 2
    except ArchiveError:
        assert not (tmp_path / "a" / "b" / "m~").exists()
        return
    folder = tmp_path / "a" / "b" / "m~"
    found = sorted(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert found == sorted([bytes(range(256)) * 400, b"x" * 1000])
