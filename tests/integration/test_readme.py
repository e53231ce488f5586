"""What README.md says is true: its code runs, its commands exist, its table is complete."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from comet_async import comet
from comet_async.cli.main import COMMANDS as KNOWN
from comet_async.cli.main import program
from comet_async.server import DominoServer, LocalServer, serve_in_thread

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
COMMANDS = re.findall(r"^\$ (comet-async [^#\n]*)", README, re.MULTILINE)


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_code_runs_against_the_sample_runs(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    code = compile(BLOCKS[number], f"README block {number}", "exec", flags=flags)
    names: dict[str, object] = {"__name__": "readme"}
    monkeypatch.chdir(tmp_path)
    with (
        serve_in_thread(LocalServer(sample=True)) as server,
        serve_in_thread(DominoServer()) as other,
    ):
        monkeypatch.setenv("DOMINO_API_HOST", other.url)
        monkeypatch.setenv("DOMINO_USER_API_KEY", "any-key")
        monkeypatch.setenv("COMET_URL_OVERRIDE", server.url)
        monkeypatch.setenv("COMET_API_KEY", "any-key")
        if code.co_flags & inspect.CO_COROUTINE:
            asyncio.run(eval(code, names))
        else:
            exec(code, names)
    if "curves" in names:
        assert len(names["curves"]) == 15  # type: ignore[arg-type]  # a dict of the block's
        assert names.get("missing", {}) == {}


def test_there_is_code_for_each_use() -> None:
    assert len(BLOCKS) == 8
    assert all(len(block.splitlines()) <= 17 for block in BLOCKS)


@pytest.mark.parametrize("command", COMMANDS)
def test_command_is_known(command: str) -> None:
    words = [word for word in shlex.split(command)[1:] if word != "--help"]
    name = words[0]
    assert name in KNOWN
    shown = CliRunner().invoke(program, [name, "--help"])
    if name in {"registry", "artifact"} or (words[1:] and words[1].startswith("get_")):
        shown = CliRunner().invoke(program, [name, words[1], "--help"])
    assert shown.exit_code == 0
    assert all(word in shown.output for word in words if word.startswith("-"))


def test_every_endpoint_is_in_the_table() -> None:
    rows = re.findall(r"^\| [A-Z][^|]+ \| ((?:`[a-z]\w*_\w+`(?:, )?)+) \|$", README, re.MULTILINE)
    listed = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert sorted(listed) == sorted(comet.ENDPOINTS)
