"""Errors as a shell of IPython shows them: a stand-in of the shell takes note of what it is given."""

from __future__ import annotations

import asyncio
import pickle
import sys
import sysconfig
import traceback
from collections.abc import Callable
from pathlib import Path
from types import CoroutineType, SimpleNamespace, TracebackType
from typing import Any, cast

import pytest

from comet_async.engine.running import LOOP_RUNS
from comet_async.errors import CometAsyncError, NotFoundError, UsageError
from comet_async.notebook import load_ipython_extension, show, unload_ipython_extension
from comet_async.service import Quota
from comet_async.tracebacks import Formatter, own_frames, place_of, rendered

HERE = Path(__file__).name


class Shell:
    """Stands for IPython's shell."""

    def __init__(self) -> None:
        self.mode = "Context"
        self.InteractiveTB: Formatter = self
        self.compile = SimpleNamespace(format_code_name=self.format_code_name)
        self.given: list[tuple[type[BaseException], BaseException, TracebackType | None]] = []
        self.hooked: list[object] = []

    def format_code_name(self, name: str) -> tuple[str, str] | None:
        return ("Cell", "In[3]") if name == "<cell>" else None

    def structured_traceback(
        self,
        etype: type[BaseException],
        evalue: BaseException,
        etb: TracebackType | None,
        tb_offset: int | None = None,
    ) -> list[str]:
        assert tb_offset == 0
        frames = [Path(frame.filename).name for frame in traceback.extract_tb(etb)]
        notes = getattr(evalue, "__notes__", [])
        return [*frames, f"{etype.__name__}: {evalue}", *notes]

    def showtraceback(
        self, exc_tuple: tuple[type[BaseException], BaseException, TracebackType | None]
    ) -> None:
        self.given.append(exc_tuple)

    def set_custom_exc(self, exc_tuple: tuple[type[BaseException], ...], handler: object) -> None:
        self.hooked += [exc_tuple, handler]


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Shell:
    made = Shell()
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: made))
    monkeypatch.delenv("COMET_ASYNC_TRACEBACK", raising=False)
    return made


def raised(work: Callable[[], object]) -> Exception:
    with pytest.raises(Exception) as caught:  # noqa: PT011 whatever it is
        work()
    return caught.value


def wrong_quota() -> None:
    Quota(0, 1.0)


def lost() -> None:
    error = NotFoundError("no such run", status=404)
    error.add_note("as of today")
    raise error from KeyError("x")


def lines_of(error: BaseException) -> list[str]:
    assert isinstance(error, CometAsyncError)
    return error._render_traceback_()


def test_frames_from_inside_are_left_out(shell: Shell) -> None:
    error = raised(wrong_quota)
    frames = error.__traceback__
    lines = lines_of(error)
    assert lines[:2] == [HERE] * 2
    assert "service.py" not in " ".join(lines)
    assert "frames from inside are left out" in lines[-1]
    assert error.__traceback__ is frames


def test_notes_and_the_cause_are_kept(shell: Shell) -> None:
    lines = lines_of(raised(lost))
    assert lines[-3:] == [
        "NotFoundError: answered 404: no such run - check keys and names",
        "as of today",
        "caused by KeyError: 'x'",
    ]


def test_everything_is_shown_on_demand(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    error = raised(wrong_quota)
    monkeypatch.setenv("COMET_ASYNC_TRACEBACK", "full")
    assert "service.py" in lines_of(error)
    monkeypatch.delenv("COMET_ASYNC_TRACEBACK")
    shell.mode = "Verbose"
    assert "service.py" in lines_of(error)


def test_without_a_shell_the_lines_are_those_of_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    error = raised(wrong_quota)
    lines = rendered(error)
    assert lines[0] == "Traceback (most recent call last):\n"
    assert HERE in "".join(lines)
    assert f"{Path('comet_async') / 'service.py'}" not in "".join(lines)
    assert place_of(own_frames(error)[-1]).startswith(f"{HERE}, line ")


def test_an_error_without_frames_is_its_message(shell: Shell) -> None:
    assert rendered(UsageError("no")) == ["UsageError: no"]


def test_frames_of_packages_and_of_python_are_inside() -> None:
    def nested() -> None:
        exec(compile("import json; json.loads('{')", "<cell>", "exec"))

    error = raised(nested)
    names = [frame.tb_frame.f_code.co_filename for frame in own_frames(error)]
    assert names[-1] == "<cell>"
    assert not any(name.startswith(sysconfig.get_paths()["stdlib"]) for name in names)


def test_a_cell_is_named_by_its_number(shell: Shell) -> None:
    error = raised(lambda: exec(compile("1 / 0", "<cell>", "exec")))
    assert place_of(own_frames(error)[-1]).startswith("Cell In[3], line 1: ")


def test_the_hook_comes_and_goes(shell: Shell) -> None:
    load_ipython_extension(shell)
    unload_ipython_extension(shell)
    kinds = (BaseExceptionGroup, RuntimeError, TypeError, AttributeError)
    assert shell.hooked == [kinds, show, (), None]


def shown(shell: Shell, error: BaseException) -> BaseException:
    show(shell, type(error), error, error.__traceback__)
    (given,) = shell.given
    assert given[0] is type(given[1])
    return given[1]


def test_a_group_is_a_line_for_each_of_the_first_ten(shell: Shell) -> None:
    inner = ExceptionGroup("inner", [raised(lost), ValueError("plain")])
    group = ExceptionGroup("outer", [inner, *(NotFoundError(f"run {n}") for n in range(11))])
    stand_in = shown(shell, group)
    lines = stand_in._render_traceback_()  # type: ignore[attr-defined]  # it has it
    assert lines[0] == "ExceptionGroup: outer (12 sub-exceptions)"
    assert lines[1].startswith("  1. NotFoundError: answered 404: no such run")
    assert f"({HERE}, line " in lines[1]
    assert lines[2] == "  2. ValueError: plain"
    assert lines[11:] == ["  … and 3 more", "(`%xmode Verbose` and then `%tb` show every frame)"]
    shell.mode = "Verbose"
    assert "NotFoundError" in "".join(stand_in._render_traceback_())  # type: ignore[attr-defined]  # as above


def test_a_short_group_tells_all(shell: Shell) -> None:
    stand_in = shown(shell, ExceptionGroup("two", [NotFoundError("a"), NotFoundError("b")]))
    assert "more" not in " ".join(stand_in._render_traceback_())  # type: ignore[attr-defined]  # as above


@pytest.mark.parametrize(
    "error", [ExceptionGroup("x", [ValueError("a")]), ValueError("a"), TypeError("b")]
)
def test_what_is_not_ours_is_shown_as_ever(shell: Shell, error: Exception) -> None:
    assert shown(shell, error) is error
    assert not hasattr(error, "__notes__")


async def test_asyncio_run_in_a_loop_says_what_to_write(shell: Shell) -> None:
    async def main() -> None: ...

    unrun = cast("CoroutineType[Any, Any, None]", main())
    error = raised(lambda: asyncio.run(unrun))
    assert shown(shell, error) is error
    assert error.__notes__ == [LOOP_RUNS]
    assert [frame.filename for frame in traceback.extract_tb(shell.given[0][2])][-1] == __file__
    assert unrun.cr_frame is None  # closed, so that nobody is told that it was never awaited
    show(shell, type(error), error, error.__traceback__)
    assert error.__notes__ == [LOOP_RUNS]


def test_a_forgotten_await_says_so(shell: Shell) -> None:
    async def verb() -> None: ...

    error = raised(lambda: verb().name)  # type: ignore[attr-defined]  # that is the point
    shell.mode = "Verbose"
    assert shown(shell, error).__notes__[0].endswith("write `await` in front of the call")
    assert shell.given[0][2] is error.__traceback__


def test_the_copy_that_is_shown_leaves_the_error_alone(shell: Shell) -> None:
    error = raised(lost)
    lines_of(error)
    assert isinstance(error.__cause__, KeyError)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
