"""Progress views: what they count and what they write."""

from __future__ import annotations

import io
import sys
from collections.abc import AsyncIterator
from types import SimpleNamespace

import pytest
from rich.console import Console

from comet_async.engine.fan_out import Failed, Ok, Outcome
from comet_async.errors import NotFoundError
from comet_async.events import AttemptEnded, AttemptStarted, Paused
from comet_async.progress import (
    PlainProgress,
    RichProgress,
    TqdmProgress,
    View,
    can_move,
    told_size,
    track,
    view_for,
)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Bar:
    """Stands for a bar of tqdm's."""

    def __init__(self, **options: object) -> None:
        self.options = options
        self.total: int | None = None
        self.n = 0
        self.closed = False
        self.drawn: list[tuple[int, int | None]] = []
        self.told: list[str] = []

    def refresh(self) -> None:
        self.drawn.append((self.n, self.total))

    def close(self) -> None:
        self.closed = True

    def set_postfix_str(self, s: str, refresh: bool) -> None:
        self.told.append(s)


def ended(failure: str | None = None, received: int = 10) -> AttemptEnded:
    return AttemptEnded("comet", "GET", "/x", 1, 200, received, 0.1, failure)


def plain_bytes(text: str) -> bool:
    return not any((c < 0x20 and c != 0x0A) or 0x7F <= c <= 0x9F for c in map(ord, text))


def test_plain_progress_writes_one_line_in_each_interval() -> None:
    stream, clock = io.StringIO(), Clock()
    with PlainProgress(stream, interval=5.0, clock=clock) as view:
        view.planned("metrics", 3)
        for _ in range(2):
            clock.now += 3.0
            view.finished("metrics", 1, 1000)
        view.received(2_500_000)
        view.finished("metrics", 1, 0)
        view.failed("metrics", 1)
    assert stream.getvalue().splitlines() == [
        "metrics 2/3, 2,000 rows; about 3 s left after 6 s",
        "metrics 3/3, 2,000 rows, 1 failed; 2.5 MB after 6 s",
    ]


def test_plain_progress_is_silent_without_work_and_on_a_closed_stream() -> None:
    stream = io.StringIO()
    with PlainProgress(stream):
        pass
    assert stream.getvalue() == ""
    stream.close()
    with PlainProgress(stream, interval=0.0) as view:
        view.finished("requests", 1, 0)
    assert view.counts["requests"].done == 1


def test_events_count_answers_and_show_pauses() -> None:
    stream = io.StringIO()
    with PlainProgress(stream) as view:
        view(AttemptStarted("comet", "GET", "/x", 1))
        view(ended())
        view(ended(failure="ServerError"))
        view(Paused("comet", 12.0, "\x1b[31m429"))
    assert view.counts["requests"].done == 1
    assert view.size == 10
    lines = stream.getvalue().splitlines()
    assert lines[0] == r"waiting 12 s: the server asked for quiet (\x1b[31m429)"
    assert lines[1] == "requests 1; 10 bytes; the server asked for quiet: 12 s more after 0 s"
    assert plain_bytes(stream.getvalue())


def test_rich_progress_shows_the_last_numbers() -> None:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=100, color_system=None)
    with RichProgress(console) as view:
        view.planned("metrics", 2)
        view.finished("metrics", 2, 1234)
        view.download(1500, 3000)
        view.note("[bold]all \x9b31m quiet")
    written = stream.getvalue()
    assert "2/2, 1,234 rows" in written
    assert "1.5 kB" in written
    assert r"[bold]all \x9b31m quiet" in written
    view.finished("metrics", 1, 0)
    assert stream.getvalue() == written


def test_tqdm_progress_moves_one_bar_for_each_table() -> None:
    bars: list[Bar] = []

    def make(**options: object) -> Bar:
        bars.append(Bar(**options))
        return bars[-1]

    clock = Clock()
    with TqdmProgress(make, clock=clock) as view:
        view.planned("metrics", 4)
        view.finished("metrics", 1, 5)
        clock.now += 1.0
        view.finished("metrics", 1, 5)
        view.download(7, None)
        view.note("quiet")
    assert [bar.options["desc"] for bar in bars] == ["metrics", "bytes"]
    assert bars[0].drawn == [(0, 4), (2, 4), (2, 4)]
    assert bars[0].told == ["2/4, 10 rows", "2/4, 10 rows"]
    assert bars[1].told == ["quiet"]
    assert all(bar.closed for bar in bars)


def test_tqdm_itself_is_silent_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with TqdmProgress() as view:
        view.planned("metrics", 2)
        view.finished("metrics", 2, 0)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("environ", "stream", "moves"),
    [
        ({"TERM": "xterm", "COLUMNS": "80"}, Terminal(), True),
        ({"TERM": "xterm", "COLUMNS": "80", "NO_COLOR": "1"}, Terminal(), False),
        ({"TERM": "dumb", "COLUMNS": "80"}, Terminal(), False),
        ({"TERM": "xterm", "COLUMNS": "1"}, Terminal(), False),
        ({"TERM": "xterm", "COLUMNS": "80"}, io.StringIO(), False),
        ({"TERM": "xterm", "COLUMNS": "80"}, None, False),
    ],
)
def test_only_able_terminals_get_a_moving_cursor(
    environ: dict[str, str],
    stream: io.StringIO | None,
    moves: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert can_move(stream) is moves
    assert type(view_for(stream)) is (RichProgress if moves else PlainProgress)


@pytest.mark.parametrize("notebook", [True, False])
def test_notebooks_get_tqdm_and_shells_do_not(
    notebook: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = SimpleNamespace(kernel=object()) if notebook else SimpleNamespace()
    monkeypatch.setitem(sys.modules, "ipykernel", sys)  # loaded, as by whoever starts kernels
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    assert isinstance(view_for(None), TqdmProgress) is notebook


async def outcomes() -> AsyncIterator[Outcome[str, int]]:
    yield Ok("a", 1)
    yield Failed("b", NotFoundError("no"))


async def test_track_gives_the_same_items_and_counts_failures() -> None:
    view = View()
    seen = [outcome.key async for outcome in track(outcomes(), total=2, label="runs", view=view)]
    assert seen == ["a", "b"]
    count = view.counts["runs"]
    assert (count.planned, count.done, count.failed) == (2, 2, 1)


async def test_track_draws_by_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert [o.key async for o in track(outcomes(), total=2)] == ["a", "b"]
    assert capsys.readouterr().err.startswith("requests 2/2, 1 failed after ")


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1500, "1.5 kB"), (3e9, "3.0 GB"), (5e13, "50.0 TB")],
)
def test_sizes_are_told_in_decimal_units(size: float, text: str) -> None:
    assert told_size(size) == text
