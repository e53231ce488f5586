"""What reaches a terminal: escaped, aligned, and with the right exit code."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import sys
from collections import Counter

import pytest
from rich.cells import cell_len

from comet_async.cli.exits import Exit, Quit, code_of, code_of_os_error
from comet_async.cli.output import flush, json_text, put, safe_json, say
from comet_async.cli.tables import Table, cell, column_widths, plain_lines, put_table, table_of
from comet_async.comet import MetricPoint, MetricSeries, Workspaces
from comet_async.errors import (
    AuthenticationError,
    CometAsyncError,
    DestinationError,
    NotFoundError,
    UsageError,
)
from comet_async.redaction import printable
from comet_async.server import HOSTILE_NAMES
from tests.support.command_line import control_bytes

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
NASTY = "a\x1b[31m\x9b31m\u202eb\x7f\u2066\U000e0041\n\t\r\ud800"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("name", [*HOSTILE_NAMES, "plain", "é日本"])
def test_json_of_any_name_is_safe_and_equal(name: str) -> None:
    text = json_text({"name": name})
    assert control_bytes(text) == []
    assert json.loads(text) == {"name": name}


def test_raw_bodies_stay_the_same_document() -> None:
    body = '{"a":\t"\x9b\u202e\x7f",\r\n "b": "\U000e0041"}'.encode()
    text = safe_json(body)
    assert control_bytes(text) == []
    assert json.loads(text) == json.loads(body)
    assert safe_json(b'{"a":\t1}\r\n') == '{"a": 1} \n'


def test_wire_names_and_order() -> None:
    point = MetricPoint(metric_name="loss", metric_value="NaN", step=1)
    lines = json_text(MetricSeries(metrics=[point])).splitlines()
    assert [line.strip() for line in lines][:4] == [
        "{",
        '"metrics": [',
        "{",
        '"metricName": "loss",',
    ]


def test_lines_are_escaped_on_both_streams(capsys: pytest.CaptureFixture[str]) -> None:
    put(NASTY)
    say(NASTY)
    found = capsys.readouterr()
    assert control_bytes(found.out + found.err) == []
    assert found.out.startswith(r"a\x1b[31m\x9b31m\u202eb")
    assert found.err.startswith(r"comet-async: a\x1b")


def test_say_survives_a_closed_stderr(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stderr", closed)
    say("nobody hears it")
    monkeypatch.setattr(sys, "stderr", None)
    say("nobody hears it")


def test_a_full_disk_behind_stdout_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.StringIO):
        def flush(self) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(sys, "stdout", Full())
    with pytest.raises(Quit, match="cannot write to standard output: No space left") as raised:
        flush()
    assert raised.value.code is Exit.DISK


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (AuthenticationError("no"), 4),
        (DestinationError("no"), 5),
        (UsageError("no"), 2),
        (NotFoundError("no"), 1),
    ],
)
def test_exit_codes_of_errors(error: CometAsyncError, code: int) -> None:
    assert code_of(error) == code


def test_exit_codes_of_the_system() -> None:
    assert code_of_os_error(OSError(errno.ENOSPC, "full")) == 5
    assert code_of_os_error(OSError(errno.ECONNRESET, "reset")) == 1


def test_tables_of_listings_objects_and_values() -> None:
    series = MetricSeries(
        metrics=[
            MetricPoint(metric_name="loss", metric_value="0.5", step=9),
            MetricPoint(metric_name="loss", metric_value="0.25", step=10),
        ]
    )
    assert plain_lines(table_of(series)) == [
        "metricName  metricValue  step",
        "loss        0.5             9",
        "loss        0.25           10",
    ]
    assert table_of(Workspaces(workspace_names=["a", "b"])).rows == [["a"], ["b"]]
    assert table_of({"x": 1, "y": {"z": [True]}}).rows == [["x", "1"], ["y", '{"z":[true]}']]
    assert table_of([{"a": None}, {"b": []}]).columns == []
    assert table_of(3).rows == [["3"]]


def test_cells_are_one_printable_line() -> None:
    assert [cell(value) for value in (None, True, False, 1.5, "a\nb")] == [
        "",
        "true",
        "false",
        "1.5",
        r"a\nb",
    ]
    assert len(cell(["x" * 500])) == 504
    assert control_bytes(cell([NASTY.replace("\ud800", "")])) == []


def test_nested_values_are_cut_where_a_person_reads_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert cell(["x" * 500]) == '["' + "x" * 57 + "…"


WIDE = "日本語の実験" * 12
NAMES = [WIDE, "🦄" * 50, "e\u0301" * 90, "a\u200db\ud800\x1b[31m", *HOSTILE_NAMES, "x" * 300]
TABLES = [
    Table(("key", "name"), [[f"{at:032x}", name] for at, name in enumerate(NAMES)]),
    Table(
        ("name", "size", *"abcdefgh"),
        [[name, "123,456,789", *["some words"] * 8] for name in NAMES],
        frozenset({"size"}),
    ),
    Table(("size", "日" * 60), [["1", "2"]], frozenset({"size", "日" * 60})),
    Table([], [[], []]),
]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("width", [80, 40, 20])
@pytest.mark.parametrize("settings", [{"TERM": "xterm"}, {"TERM": "dumb"}, {"NO_COLOR": "1"}])
def test_no_table_is_wider_than_a_terminal_and_nothing_of_it_is_lost(
    table: Table, width: int, settings: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = Terminal()
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in {"COLUMNS": str(width), **settings}.items():
        monkeypatch.setenv(name, value)
    put_table(table)
    text = ESCAPE.sub("", stream.getvalue())
    assert [line for line in text.splitlines() if cell_len(line) > width] == []
    if settings != {"TERM": "xterm"} or width < 40:
        assert control_bytes(stream.getvalue()) == []
    shown = Counter(text)
    for row in table.rows:
        for cell_text in row:
            wanted = Counter("".join(printable(cell_text).split()))
            assert wanted <= shown


def test_columns_share_the_room_and_keys_stay_whole() -> None:
    names = ("key", "name", "state", "started", "size")
    row = ["f" * 32, "a long name of an experiment", "finished", "2026-01-01 10:00", "1,234"]
    table = Table(names, [row], frozenset({"size"}))
    assert column_widths(table, 120) == [32, 28, 8, 16, 5]
    assert column_widths(table, 81) == [32, 16, 8, 16, 5]
    assert column_widths(table, 80) == [32, 15, 8, 15, 5]
    assert column_widths(table, 40) is None


def test_a_pipe_gets_every_cell_whole(capsys: pytest.CaptureFixture[str]) -> None:
    put_table(TABLES[1])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(NAMES) + 1
    assert "x" * 300 in lines[-1]


def test_force_color_colours_no_pipe(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "CLICOLOR_FORCE"):
        monkeypatch.setenv(name, "1")
    put_table(TABLES[0])
    assert control_bytes(capsys.readouterr().out) == []


def test_wide_characters_are_aligned() -> None:
    assert plain_lines(Table(("k", "v"), [["日本", "1"], ["ab", "2"]])) == [
        "k     v",
        "日本  1",
        "ab    2",
    ]


def test_terminals_get_boxes_and_no_foreign_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    table = table_of([{"name": name, "size": 1} for name in HOSTILE_NAMES[10:]])
    put_table(table)
    written = stream.getvalue()
    assert "─" in written
    assert "\x1b[31m" not in written
    assert not {"\x07", "\x9b", "\u202e", "\0"} & set(written)
    assert r"\x1b[31mred" in written


def test_no_color_gets_plain_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setenv("NO_COLOR", "1")
    put_table(table_of([{"name": name} for name in HOSTILE_NAMES]))
    assert control_bytes(stream.getvalue()) == []
    assert stream.getvalue().splitlines()[0].rstrip() == "name"
    assert len(stream.getvalue().splitlines()) > len(HOSTILE_NAMES)
