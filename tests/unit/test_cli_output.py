"""What reaches a terminal: escaped, aligned, and with the right exit code."""

from __future__ import annotations

import errno
import io
import json
import os
import sys

import pytest

from comet_async.cli.exits import Exit, Quit, code_of, code_of_os_error
from comet_async.cli.output import flush, json_text, put, safe_json, say
from comet_async.cli.tables import Table, cell, plain_lines, put_table, table_of
from comet_async.comet import MetricPoint, MetricSeries, Workspaces
from comet_async.errors import (
    AuthenticationError,
    CometAsyncError,
    DestinationError,
    NotFoundError,
    UsageError,
)
from comet_async.server import HOSTILE_NAMES
from tests.support.command_line import control_bytes

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
    assert len(cell(["x" * 500])) == 60
    assert control_bytes(cell([NASTY.replace("\ud800", "")])) == []


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
    assert len(stream.getvalue().splitlines()) == len(HOSTILE_NAMES) + 1
