"""Writing the key: whole or not at all, for its owner alone, and nothing else touched."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from comet_async.comet import Settings, save_api_key
from comet_async.credentials import Secret
from comet_async.errors import DestinationError, UsageError

KEY = Secret("kZ7qPlanted0Key9forTests1")


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_new_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / ".comet.config"
    save_api_key(KEY, path)
    assert path.read_text() == f"[comet]\napi_key = {KEY.reveal()}\n"
    assert mode(path) == 0o600
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "# mine\n[comet]\nworkspace = team\nAPI_KEY: old\n\n[comet_logging]\nfile = x\n",
            "# mine\n[comet]\napi_key = NEW\nworkspace = team\n\n[comet_logging]\nfile = x\n",
        ),
        ("[other]\napi_key = theirs\n", "[other]\napi_key = theirs\n\n[comet]\napi_key = NEW\n"),
        (
            "[comet]\napi_key = old\n  continued\nworkspace = team",
            "[comet]\napi_key = NEW\nworkspace = team\n",
        ),
        (
            "[Comet]\n[x]\na = 1\n[comet]\napi_key=old\n",
            "[Comet]\napi_key = NEW\n[x]\na = 1\n[comet]\n",
        ),
    ],
)
def test_everything_else_stays(tmp_path: Path, before: str, after: str) -> None:
    path = tmp_path / ".comet.config"
    path.write_text(before)
    path.chmod(0o644)
    save_api_key(KEY, path)
    assert path.read_text() == after.replace("NEW", KEY.reveal())
    assert mode(path) == 0o600


def test_the_key_is_found_again(tmp_path: Path) -> None:
    save_api_key(KEY, tmp_path / ".comet.config")
    found = Settings.load(environ={}, cwd=tmp_path, home=tmp_path)
    assert found.required_api_key().value == KEY
    assert found.warnings == ()


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "real", tmp_path / ".comet.config"
    target.write_text("[comet]\nworkspace = team\n")
    link.symlink_to(target)
    save_api_key(KEY, link)
    assert link.is_symlink()
    assert KEY.reveal() in target.read_text()


@pytest.mark.parametrize("text", ["no INI at all", "[comet]\nbroken\n"])
def test_a_file_of_another_form_is_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / ".comet.config"
    path.write_text(text)
    with pytest.raises(UsageError, match="not an INI file"):
        save_api_key(KEY, path)
    assert path.read_text() == text


def test_a_form_that_cannot_be_edited_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / ".comet.config"
    text = "[comet]\n[comet_api]\nkey = old\n"
    path.write_text(text)
    with pytest.raises(UsageError, match="edit it by hand"):
        save_api_key(KEY, path)
    assert path.read_text() == text


def test_what_cannot_be_read_or_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / ".comet.config"
    path.write_bytes(b"\xff")
    with pytest.raises(DestinationError, match=r"cannot read .*: not UTF-8 text"):
        save_api_key(KEY, path)
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(DestinationError, match=r"cannot read .*: Is a directory"):
        save_api_key(KEY, folder)
    path.write_text("[comet]\nworkspace = team\n")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DestinationError, match=r"cannot write .*: No space left") as caught:
        save_api_key(KEY, path)
    assert KEY.reveal() not in str(caught.value)
    assert path.read_text() == "[comet]\nworkspace = team\n"
    assert sorted(found.name for found in tmp_path.iterdir()) == [".comet.config", "folder"]
