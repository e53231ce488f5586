"""Commands on a terminal of some width, and what they leave on it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import NamedTuple

from rich.cells import cell_len

from tests.support.command_line import PYTHON

HEIGHT = 24
_SETTINGS = ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE")
_TAKES_TERMINAL = (
    "import fcntl, os, sys, termios;"
    " fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)
"""Makes the terminal that of the session, so that Ctrl-C becomes a signal, and starts the rest."""
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_MOVES = re.compile(r"\x1b\[(\d*)([AK])|\x1b\[2K|\r\n|\n|\r|\x1b\[[0-9;?]*[A-Za-z]")


class Shown(NamedTuple):
    """What a command wrote to a terminal."""

    code: int
    raw: str

    @property
    def lines(self) -> list[str]:
        """Every line that was ever drawn, without colours and moves."""
        text = _CONTROL.sub("", self.raw.replace("\r\n", "\n").replace("\r", "\n"))
        return text.split("\n")

    @property
    def screen(self) -> list[str]:
        """The lines that are left at the end, as far as nothing has wrapped."""
        lines, row, at = [""], 0, 0
        for found in _MOVES.finditer(self.raw):
            lines[row] += self.raw[at : found.start()]
            at = found.end()
            piece = found[0]
            if piece.endswith("\n"):
                row += 1
                if row == len(lines):
                    lines.append("")
            elif piece.endswith("A"):
                row = max(0, row - int(found[1] or 1))
            elif piece == "\x1b[2K" or (piece == "\r" and lines[row].endswith("^C")):
                lines[row] = ""
            elif piece == "\r":
                lines[row] = lines[row] if not self.raw.startswith("\x1b[2K", at) else ""
        lines[row] += self.raw[at:]
        return [line.rstrip() for line in lines]

    def wider_than(self, width: int) -> list[str]:
        """Return the lines that do not fit; sentences may wrap, tables and bars may not."""
        return [
            line
            for line in self.lines
            if cell_len(line) > width and not line.startswith("comet-async: ")
        ]


class Terminal:
    """A command that runs on a terminal of its own; the terminal sends it what is typed.

    Args:
        arguments: Of `comet-async`.
        env: Its environment; COLUMNS is taken out.
        cwd: Its folder.
        width: Cells of a line.
        keep: Settings of colours that the environment may have.
    """

    def __init__(
        self,
        *arguments: str,
        env: Mapping[str, str],
        cwd: Path,
        width: int = 80,
        keep: Collection[str] = (),
    ) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, width, 0, 0))
        hidden = {*_SETTINGS} - {*keep}
        settings = {name: value for name, value in env.items() if name not in hidden}
        self.process = subprocess.Popen(
            [sys.executable, "-c", _TAKES_TERMINAL, *PYTHON, *arguments],
            env={"TERM": "xterm-256color", **settings},
            cwd=cwd,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self._written = b""

    def until(self, seen: Callable[[str], bool]) -> str:
        """Read until what was written satisfies a condition."""
        while not seen(self._written.decode("utf-8", "replace")):
            assert self._read(), self._written
        return self._written.decode("utf-8", "replace")

    def type(self, keys: bytes) -> None:
        """Type keys, as b"\\x03" for Ctrl-C."""
        os.write(self._ours, keys)

    def ended(self) -> Shown:
        """Read to the end and return what was shown."""
        while self._read():
            pass
        os.close(self._ours)
        code = self.process.wait()
        return Shown(code, self._written.decode("utf-8", "replace"))

    def _read(self) -> bool:
        try:
            piece = os.read(self._ours, 65_536)
        except OSError:  # how Linux says that the other side is closed
            return False
        self._written += piece
        return bool(piece)
