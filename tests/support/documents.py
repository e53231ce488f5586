"""Runs the code blocks of a Markdown document, in order, as its reader would.

- `python` without a title runs in the document's one namespace, also with top-level `await`. With a
  title that is a file name it is saved, for a command of the document to run; with another title it
  runs as a script in a process of its own.
- `console` runs its commands, those after `$ `, in one shell. The lines below a command are what it
  prints, on either stream, and 0 is its exit code unless `echo $?` comes next. What `pip` installs
  and the files that the project's own check names are looked up; `comet-async serve` runs until it
  listens.
- `text` directly below Python is what that prints; `pycon` is Python with what it shows.
- Whatever is shown, `...` stands for any text. A block whose title begins with "Not run" is not run,
  and says why. Other languages but those of data are refused, so that no block gets past this.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import doctest
import inspect
import io
import os
import re
import shlex
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

__all__ = ["Block", "Reader", "blocks", "documents", "same"]

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^( *)```(\w*)([^\n`]*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
DATA = {"json", "text", "toml", "yaml", "sql", "ini", "xml", "markdown"}
UNTESTED = "Not run"
_LOOKED_UP = re.compile(r"pip |python3 -m venv|git clone|ruff |pytest .*\btests/|python -m mkdocs ")
_SCRIPTS = {
    "comet-async": 'exec "{python}" -m comet_async "$@"',
    "python": 'exec "{python}" "$@"',
    "pytest": 'exec "{python}" -m pytest -p no:cacheprovider "$@"',
}


class Block(NamedTuple):
    """A fenced block.

    Attributes:
        line: Of the document, where its text begins.
        language: As "python".
        title: What stands above it, "" for nothing.
        text: Its lines, without their common indentation.
        adjacent: Whether nothing but empty lines stands between it and the block before.
    """

    line: int
    language: str
    title: str
    text: str
    adjacent: bool


def documents() -> list[Path]:
    """Return README and every page of the documentation."""
    return [ROOT / "README.md", *sorted((ROOT / "comet_async" / "docs").rglob("*.md"))]


def blocks(text: str) -> list[Block]:
    """Return the fenced blocks of a document, in order."""
    found: list[Block] = []
    end = -1
    for match in FENCE.finditer(text):
        title = re.search(r'title="([^"]*)"', match[3])
        indent = match[1]
        body = "".join(line.removeprefix(indent) for line in match[4].splitlines(keepends=True))
        adjacent = end >= 0 and not text[end : match.start()].strip()
        line = text.count("\n", 0, match.start()) + 2
        found.append(Block(line, match[2], title[1] if title else "", body, adjacent))
        end = match.end()
    return found


def same(shown: str, printed: str) -> bool:
    """Tell whether something was printed as a document shows it."""
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    return doctest.OutputChecker().check_output(shown.strip(), printed.strip(), flags)


class Reader:
    """Reads a document in a folder of its own, and does what it says.

    Args:
        path: The document.
        folder: Where its files are written.
    """

    def __init__(self, path: Path, folder: Path) -> None:
        self._path = path
        self._folder = folder
        self._bin = folder / ".bin"
        self._bin.mkdir()
        for name, line in _SCRIPTS.items():
            script = self._bin / name
            script.write_text(f"#!/bin/sh\n{line.format(python=sys.executable)}\n", "utf-8")
            script.chmod(0o755)
        self._names: dict[str, object] = {"__name__": "document"}
        self._saved: set[str] = set()

    def read(self) -> int:
        """Run every block, and return how many ran.

        Raises:
            AssertionError: One fails or prints something else, or a saved file is not used.
        """
        found = blocks(self._path.read_text("utf-8"))
        ran = 0
        with asyncio.Runner() as runner:
            for at, block in enumerate(found):
                below = found[at + 1] if at + 1 < len(found) else None
                shown = below.text if below and below.adjacent and below.language == "text" else ""
                ran += self._one(block, shown, runner)
        assert not self._saved, f"{self._path.name}: no command runs {self._saved}"
        return ran

    def _one(self, block: Block, shown: str, runner: asyncio.Runner) -> bool:
        where = f"{self._path.name}:{block.line}"
        if block.title.startswith(UNTESTED):
            assert len(block.title) > len(UNTESTED) + 10, f"{where}: say why it is not run"
            return False
        if block.language == "console":
            self._console(block, where)
        elif block.language == "pycon":
            self._session(block, where)
        elif block.language == "python":
            printed = self._python(block, runner)
            assert not shown or same(shown, printed), f"{where} printed\n{printed}"
        else:
            assert block.language in DATA, f"{where}: a block of {block.language or 'no language'}"
            return False
        return True

    def _python(self, block: Block, runner: asyncio.Runner) -> str:
        if block.title:
            path = self._folder / (block.title if block.title.endswith(".py") else "script.py")
            path.write_text(block.text, "utf-8")
            if path.name == block.title:
                self._saved.add(path.name)
                return ""
            done = self._process([sys.executable, str(path)])
            assert done.returncode == 0, f"{self._path.name}:{block.line}\n{done.stderr}"
            return done.stdout
        # Empty lines above let a traceback tell the line of the document.
        source = "\n" * (block.line - 1) + block.text
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        code = compile(source, str(self._path), "exec", flags=flags, dont_inherit=True)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            if code.co_flags & inspect.CO_COROUTINE:
                runner.run(eval(code, self._names))
            else:
                exec(code, self._names)
        return printed.getvalue()

    def _session(self, block: Block, where: str) -> None:
        example = doctest.DocTestParser().get_doctest(
            block.text, self._names, where, str(self._path), block.line
        )
        found = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, clear_globs=False)
        assert found.attempted > 0, f"{where}: no line begins with >>>"
        assert found.failed == 0, f"{where} shows something else"

    def _process(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command],
            cwd=self._folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def _environment(self) -> dict[str, str]:
        path = f"{self._bin}{os.pathsep}{os.environ.get('PATH', '')}"
        return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "COLUMNS": "100"}

    def _console(self, block: Block, where: str) -> None:
        commands = [command for command in commands_of(block.text) if not looked_up(command.text)]
        if any(command.text.startswith("comet-async serve") for command in commands):
            assert len(commands) == 1, f"{where}: a server needs a block of its own"
            self._serve(commands[0].text)
            return
        kept = self._folder / ".kept"
        kept.mkdir(exist_ok=True)
        script = "".join(
            f"{{ {command.text}\n}} >'{kept}/{at}.out' 2>'{kept}/{at}.err'\n"
            f"code=$?; echo $code >'{kept}/{at}.code'; (exit $code)\n"
            for at, command in enumerate(commands)
        )
        self._process(["bash", "-c", script])
        after = [command.text for command in commands[1:]] + [""]
        for at, command in enumerate(commands):
            out, err, code = (
                (kept / f"{at}.{name}").read_text("utf-8") for name in ("out", "err", "code")
            )
            told = f"{where}: {command.text}\n{out}{err}"
            assert int(code) == 0 or after[at] == "echo $?", f"exit code {code}{told}"
            either = (out, err, out + err, err + out)
            assert not command.shown or any(same(command.shown, text) for text in either), told
            self._saved -= set(shlex.split(command.text))

    def _serve(self, command: str) -> None:
        words = shlex.split(command)
        with subprocess.Popen(
            words, cwd=self._folder, env=self._environment(), stdout=subprocess.PIPE, text=True
        ) as child:
            try:
                assert child.stdout is not None
                assert "http://127.0.0.1:" in child.stdout.readline()
            finally:
                child.send_signal(signal.SIGINT)
                child.communicate()


class Command(NamedTuple):
    """A command, and what a document shows that it prints."""

    text: str
    shown: str


def commands_of(text: str) -> Iterator[Command]:
    """Yield the commands of a `console` block; comments are left out."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        while command.endswith("\\"):
            more, _, shown = shown.partition("\n")
            command = f"{command[:-1]}{more.strip()}"
        bare = re.sub(r"\s{2,}# .*$", "", command).strip()
        if not bare.startswith("#"):
            yield Command(bare, shown)


def looked_up(command: str) -> bool:
    """Tell whether a command is for a checkout, and check that what it names exists.

    Raises:
        AssertionError: There is no such extra or file.
    """
    if not _LOOKED_UP.search(command):
        return False
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for names in re.findall(r"\.\[([\w,]+)\]|\w\[([\w,]+)\]", command):
        named = set("".join(names).split(","))
        assert named <= set(project["optional-dependencies"]), command
    for word in shlex.split(command):
        path = re.search(r"^(?:tests|comet_async|benchmarks|examples)/\S*", word)
        assert path is None or (ROOT / path[0]).exists(), f"{command}: no {path[0]}"
    return True
