"""Which experiments the writes of the command line choose, and what they refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

from comet_async.server import LocalServer, SyntheticSpec
from tests.support.command_line import Run

SPEC = SyntheticSpec(experiments=2, points=2, metrics=1, parameters=1, assets=0)
KEY = "3d6b1f6e62ab4d8e9d9f5f7f0c1e2a3b"


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"folder"])
def test_a_file_of_keys_that_cannot_be_read_is_told_in_a_line(
    run: Run, tmp_path: Path, server: LocalServer, content: bytes | None
) -> None:
    file = tmp_path / "keys.txt"
    if content == b"folder":
        file.mkdir()
    elif content is not None:
        file.write_bytes(content)
    server.log.clear()
    ended = run("archive", "--keys-from", str(file))
    assert ended.code == 2
    assert "Traceback" not in ended.err
    assert "keys.txt" in ended.err
    assert len(server.log) == 0


def test_a_file_of_keys_and_a_project_are_not_both_chosen_from(
    run: Run, tmp_path: Path, server: LocalServer
) -> None:
    file = tmp_path / "keys.txt"
    file.write_text(KEY)
    server.log.clear()
    ended = run("delete", "synthetic/synthetic", "--all", "--keys-from", str(file), "--confirm=2")
    assert ended.code == 2
    assert "name keys, or one WORKSPACE/PROJECT" in ended.err
    assert len(server.log) == 0


def test_raw_tells_of_a_write_that_was_acknowledged_without_a_word(
    run: Run, server: LocalServer
) -> None:
    server.faults.add("no_content", match="experiment/archive")
    server.log.clear()
    ended = run("call", "archive_experiment", "--experiment-key", KEY, "--raw", "--yes")
    assert (ended.code, ended.out) == (0, "")
    assert len(server.log) == 1
    server.faults.clear()
