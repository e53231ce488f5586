"""Files that appear whole or not at all (rows G8, G9, G14, J10)."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from comet_async.engine.part_file import PartFile, checked_folder
from comet_async.errors import DestinationError

BLOCKS = [[b"first ", b"second "], [b"third"]]
WHOLE = b"first second third"


def listed(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def store(path: Path, *, size: int | None = None, durable: bool = True) -> None:
    """Write a file as a download does, discarding the part when anything fails."""
    part = PartFile(path)
    try:
        part.open(size)
        for block in BLOCKS:
            part.write(block)
        part.finish(durable=durable)
    except BaseException:
        part.discard()
        raise


@pytest.mark.parametrize("durable", [True, False])
@pytest.mark.parametrize("size", [None, len(WHOLE)])
def test_a_file_appears_whole(tmp_path: Path, size: int | None, *, durable: bool) -> None:
    store(tmp_path / "model.bin", size=size, durable=durable)
    assert (tmp_path / "model.bin").read_bytes() == WHOLE
    assert listed(tmp_path) == ["model.bin"]


def test_the_part_has_a_name_of_its_own_beside_the_file(tmp_path: Path) -> None:
    parts = [PartFile(tmp_path / "x") for _ in range(3)]
    for part in parts:
        part.open(None)
        part.write([b"1"])
    names = listed(tmp_path)
    assert len(names) == 3
    assert all(name.startswith(".x.") and name.endswith(".part") for name in names)
    for part in parts:
        part.discard()
    assert listed(tmp_path) == []


def test_a_long_name_leaves_room_for_the_part(tmp_path: Path) -> None:
    path = tmp_path / ("漢" * 85)
    store(path)
    assert path.read_bytes() == WHOLE


def test_an_existing_file_is_replaced_at_the_end_only(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"old")
    part = PartFile(path)
    part.open(None)
    part.write([b"new"])
    assert path.read_bytes() == b"old"
    part.finish(durable=False)
    assert path.read_bytes() == b"new"


def test_short_writes_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, bytes(data[:4])))
    store(tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == WHOLE


def failing(
    monkeypatch: pytest.MonkeyPatch, owner: object, name: str, at: int, code: int
) -> list[int]:
    """Make the `at`-th call of a function fail; return the count of calls, which goes on."""
    real: Callable[..., Any] = getattr(owner, name)
    calls = [0]

    def planted(*args: Any, **kwargs: Any) -> Any:
        calls[0] += 1
        if calls[0] == at:
            raise OSError(code, os.strerror(code))
        return real(*args, **kwargs)

    monkeypatch.setattr(owner, name, planted)
    return calls


@pytest.mark.parametrize("at", [1, 2, 3])
@pytest.mark.parametrize(
    ("owner", "name", "times"),
    [(os, "open", 2), (os, "write", 2), (os, "fsync", 2), (os, "close", 2), (Path, "replace", 1)],
)
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EFBIG])
def test_any_failing_call_leaves_no_partial_file(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    owner: object,
    name: str,
    times: int,
    at: int,
    code: int,
) -> None:
    path = tmp_path / "x"
    with monkeypatch.context() as patch:
        calls = failing(patch, owner, name, at, code)
        if at > times:
            store(path)
            assert calls[0] == times
        else:
            with pytest.raises(DestinationError, match=os.strerror(code)) as caught:
                store(path)
            assert caught.value.__cause__ is None
            assert caught.value.__suppress_context__
    assert listed(tmp_path) in ([], ["x"])
    assert not path.exists() or path.read_bytes() == WHOLE


@pytest.mark.parametrize(("owner", "name"), [(os, "close"), (Path, "unlink")])
def test_a_part_that_cannot_be_removed_does_not_hide_the_first_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: object, name: str
) -> None:
    with monkeypatch.context() as patch:
        failing(patch, os, "write", 1, errno.ENOSPC)
        failing(patch, owner, name, 1, errno.EIO)
        with pytest.raises(DestinationError, match=os.strerror(errno.ENOSPC)):
            store(tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_a_full_disk_is_told_before_the_first_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=20 * 1024 * 1024))
    store(tmp_path / "fits", size=1024 * 1024)
    with pytest.raises(DestinationError, match="no room for 10000000 bytes"):
        store(tmp_path / "x", size=10_000_000)
    assert listed(tmp_path) == ["fits"]


def test_a_part_that_is_not_open_takes_nothing(tmp_path: Path) -> None:
    part = PartFile(tmp_path / "x")
    with pytest.raises(DestinationError, match="is not open"):
        part.write([b"1"])
    part.discard()


def test_discarding_twice_is_fine(tmp_path: Path) -> None:
    part = PartFile(tmp_path / "x")
    part.open(None)
    part.discard()
    part.discard()
    assert listed(tmp_path) == []


def test_a_link_planted_at_the_target_is_replaced_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"precious")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "x").symlink_to(outside)
    store(folder / "x")
    assert outside.read_bytes() == b"precious"
    assert not (folder / "x").is_symlink()


def test_a_system_without_folder_descriptors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "O_DIRECTORY")
    store(tmp_path / "x", durable=True)
    assert (tmp_path / "x").read_bytes() == WHOLE


def test_a_folder_is_checked_before_anything_is_asked(tmp_path: Path) -> None:
    checked_folder(tmp_path / "x")
    with pytest.raises(DestinationError, match="does not exist"):
        checked_folder(tmp_path / "none" / "x")
    with pytest.raises(DestinationError, match="is a folder"):
        checked_folder(tmp_path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(DestinationError, match="does not exist"):
        checked_folder(tmp_path / "file" / "x")


def test_a_folder_without_permission_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # the tests may run as root
    with pytest.raises(DestinationError, match="is not writable"):
        checked_folder(tmp_path / "x")


def test_names_are_shown_without_control_characters(tmp_path: Path) -> None:
    with pytest.raises(DestinationError) as caught:
        checked_folder(tmp_path / "a\x1b[2Jb" / "x")
    assert "\\x1b" in caught.value.message
    assert caught.value.message.isprintable()
