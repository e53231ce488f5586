"""Errors as a notebook shows them: the user's own lines, the message, and nothing from inside.

IPython asks an exception for `_render_traceback_`; every `CometAsyncError` answers with `rendered`.
`%xmode Verbose` and then `%tb` show everything, and so does the environment variable
`COMET_ASYNC_TRACEBACK=full`. Without IPython nothing of this is called.
"""

from __future__ import annotations

import copy
import os
import sys
import sysconfig
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType, TracebackType
from typing import Protocol, cast

__all__ = [
    "FULL",
    "Shell",
    "chain",
    "current_shell",
    "formatted",
    "own_frames",
    "place_of",
    "rendered",
    "wants_all",
]

FULL = "COMET_ASYNC_TRACEBACK"
"""Environment variable: `full` for whole tracebacks."""

_HINT = "({count} frames from inside are left out; `%xmode Verbose` and then `%tb` show them)"
_PATHS = sysconfig.get_paths()
_INSIDE = tuple(
    {
        f"{folder}{os.sep}"
        for folder in (
            str(Path(__file__).parent),
            *(_PATHS[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")),
        )
    }
)


class Formatter(Protocol):
    """What is used of IPython's formatter of tracebacks."""

    mode: str

    def structured_traceback(
        self,
        etype: type[BaseException],
        evalue: BaseException,
        etb: TracebackType | None,
        tb_offset: int | None = None,
    ) -> list[str]:
        """Return the lines."""
        ...


class Shell(Protocol):
    """What is used of IPython's shell."""

    InteractiveTB: Formatter


def current_shell() -> Shell | None:
    """Return the shell of IPython that this process is, None if it is none."""
    found = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return cast("Shell | None", found)


def wants_all(shell: Shell | None) -> bool:
    """Tell whether somebody has asked for whole tracebacks."""
    return os.environ.get(FULL) == "full" or (
        shell is not None and shell.InteractiveTB.mode == "Verbose"
    )


def rendered(error: BaseException) -> list[str]:
    """Return the lines that a notebook shows of an error.

    Args:
        error: An error that was raised.
    """
    shell = current_shell()
    if wants_all(shell):
        return formatted(shell, error, error.__traceback__)
    own = own_frames(error)
    lines = formatted(shell, _alone(error), chain(own))
    if error.__cause__ is not None:
        lines.append(f"caused by {type(error.__cause__).__name__}: {error.__cause__}")
    left = len([*_frames(error.__traceback__)]) - len(own)
    return [*lines, _HINT.format(count=left)] if left else lines


def own_frames(error: BaseException) -> list[TracebackType]:
    """Return the user's own frames of an error, outermost first."""
    return [frame for frame in _frames(error.__traceback__) if not _is_inside(frame)]


def place_of(frame: TracebackType) -> str:
    """Return where a frame is, in words, and its line of source."""
    (summary,) = traceback.extract_tb(chain([frame]))
    name = _cell_of(frame.tb_frame) or Path(summary.filename).name
    return f"{name}, line {summary.lineno}: {summary.line}"


def _cell_of(frame: FrameType) -> str | None:
    """Return the cell that a frame is of, as "Cell In[3]"."""
    compiler = getattr(current_shell(), "compile", None)
    told_by = cast(
        "Callable[[str], tuple[str, str] | None] | None",
        getattr(compiler, "format_code_name", None),
    )
    told = told_by(frame.f_code.co_filename) if told_by is not None else None
    return None if told is None else " ".join(told)


def formatted(
    shell: Shell | None,
    error: BaseException,
    frames: TracebackType | None,
    *,
    kind: type[BaseException] | None = None,
) -> list[str]:
    """Return the lines of an error, as the shell writes them.

    Args:
        shell: The shell; None for the lines of Python itself.
        error: The error.
        frames: The frames that are wanted.
        kind: Class that it is shown as; None for its own.
    """
    if shell is None:
        return traceback.format_exception(kind or type(error), error, frames)
    return shell.InteractiveTB.structured_traceback(kind or type(error), error, frames, 0)


def _alone(error: BaseException) -> BaseException:
    """Return a copy of an error without those that it was raised from."""
    alone = copy.copy(error)
    for note in getattr(error, "__notes__", ()):
        alone.add_note(note)
    return alone


def _frames(first: TracebackType | None) -> Iterator[TracebackType]:
    while first is not None:
        yield first
        first = first.tb_next


def _is_inside(frame: TracebackType) -> bool:
    name = frame.tb_frame.f_code.co_filename
    return name.startswith(_INSIDE) or name.startswith("<frozen ")


def chain(frames: list[TracebackType]) -> TracebackType | None:
    """Return frames as one traceback; that of the error stays as it is."""
    whole: TracebackType | None = None
    for frame in reversed(frames):
        whole = TracebackType(whole, frame.tb_frame, frame.tb_lasti, frame.tb_lineno)
    return whole
