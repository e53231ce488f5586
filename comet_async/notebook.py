"""`%load_ext comet_async`: short tracebacks also of errors that are not this package's own.

A `CometAsyncError` is short in a notebook by itself. The extension adds what only a hook of the
shell can: a group of errors, as `asyncio.TaskGroup` raises it, becomes a line for each of them; and
`asyncio.run(...)` in a cell, or a verb without `await`, says what to write instead. All other
errors look as ever. `%unload_ext comet_async` takes the hook away; an import hooks nothing.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Protocol, TypeAlias, cast

from comet_async.engine.running import LOOP_RUNS
from comet_async.errors import CometAsyncError
from comet_async.tracebacks import (
    Shell,
    chain,
    current_shell,
    formatted,
    own_frames,
    place_of,
    wants_all,
)

__all__ = ["load_ipython_extension", "unload_ipython_extension"]

_FORGOTTEN = "a call of an async function gives a coroutine: write `await` in front of the call"
_HOOKED = (BaseExceptionGroup, RuntimeError, TypeError, AttributeError)
_SHOWN = 10

Raised: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None]
Handler: TypeAlias = Callable[..., None]


class Hooked(Shell, Protocol):
    """What is used of IPython's shell besides."""

    def set_custom_exc(self, exc_tuple: tuple[type[BaseException], ...], handler: object) -> None:
        """Take a handler of errors."""
        ...

    def showtraceback(self, exc_tuple: Raised) -> None:
        """Show an error."""
        ...


class Failures(Exception):
    """Stands for a group of errors where a notebook shows one.

    Args:
        group: The group.
    """

    def __init__(self, group: BaseException) -> None:
        super().__init__(str(group))
        self.group = group

    def _render_traceback_(self) -> list[str]:
        return group_lines(self)


def load_ipython_extension(shell: Hooked) -> None:
    """Show errors of a shell as the module says; `%load_ext comet_async` calls it."""
    shell.set_custom_exc(_HOOKED, show)


def unload_ipython_extension(shell: Hooked) -> None:
    """Show errors of a shell as before; `%unload_ext comet_async` calls it."""
    shell.set_custom_exc((), None)


def show(
    shell: Hooked,
    kind: type[BaseException],
    error: BaseException,
    frames: TracebackType | None,
    tb_offset: int | None = None,
) -> None:
    """Show an error, as a handler of IPython's.

    Args:
        shell: The shell.
        kind: Class of the error.
        error: The error.
        frames: Its traceback.
        tb_offset: Of no use here.
    """
    del tb_offset
    hint = _hint(error)
    if any(isinstance(leaf, CometAsyncError) for leaf in leaves(error)):
        shell.showtraceback((Failures, Failures(error), frames))
    elif hint and hint not in getattr(error, "__notes__", ()):
        error.add_note(hint)
        shell.showtraceback((kind, error, frames if wants_all(shell) else _outside(error)))
    else:
        shell.showtraceback((kind, error, frames))


def group_lines(told: Failures) -> list[str]:
    """Return the lines that a notebook shows of a group of errors: one for each of the first."""
    shell, group = current_shell(), told.group
    if wants_all(shell):
        return formatted(None, group, group.__traceback__)
    found = [*leaves(group)]
    told_of = [f"  {number}. {_line(leaf)}" for number, leaf in enumerate(found[:_SHOWN], start=1)]
    more = len(found) - len(told_of)
    head = formatted(shell, told, chain(own_frames(group)), kind=type(group))
    rest = [f"  … and {more:,} more"] if more else []
    return [*head, *told_of, *rest, "(`%xmode Verbose` and then `%tb` show every frame)"]


def leaves(error: BaseException) -> Iterator[BaseException]:
    """Give the errors of a group and of the groups in it; none of what is no group."""
    exceptions = cast("tuple[BaseException, ...]", getattr(error, "exceptions", ()))
    for inner in exceptions if isinstance(error, BaseExceptionGroup) else ():
        yield from leaves(inner)
        if not isinstance(inner, BaseExceptionGroup):
            yield inner


def _line(error: BaseException) -> str:
    """Return an error in a line, with the user's own line that led to it, if any."""
    place = "".join(f"  ({place_of(frame)})" for frame in own_frames(error)[-1:])
    return f"{type(error).__name__}: {error}{place}"


def _hint(error: BaseException) -> str | None:
    """Return what to write instead, where an error comes from async code used as if it were not."""
    told = str(error)
    if isinstance(error, RuntimeError) and "run() cannot be called from a running" in told:
        _close_unrun(error)
        return LOOP_RUNS
    if isinstance(error, (TypeError, AttributeError)) and "'coroutine'" in told:
        _close(getattr(error, "obj", None))
        return _FORGOTTEN
    return None


def _close(value: object) -> None:
    if inspect.iscoroutine(value) and inspect.getcoroutinestate(value) == inspect.CORO_CREATED:
        value.close()


def _close_unrun(error: BaseException) -> None:
    """Close the coroutine that `asyncio.run` did not take, else Python tells of it much later."""
    frame = error.__traceback__
    while frame is not None:
        _close(frame.tb_frame.f_locals.get("main"))
        frame = frame.tb_next


def _outside(error: BaseException) -> TracebackType | None:
    return chain(own_frames(error)) or error.__traceback__
