"""The lines of a log: each once, however a server reads its cursor and cuts its pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comet_async import domino
from comet_async.domino import LogReader, LogsEnvelope, paged_job_logs
from comet_async.errors import ResponseError
from comet_async.request import Request

START = 1_647_051_415_000_000_000


def shown(nanoseconds: int, digits: int) -> str:
    """Return a timestamp cut to so many digits of a second."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    whole = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{rest:09d}"[: 20 + digits].rstrip(".") + "Z"


class LogServer:
    """A log of (nanoseconds, text), read from its cursor or after it."""

    def __init__(
        self, lines: list[tuple[int, str]], *, cap: int, after: bool, digits: int = 3
    ) -> None:
        self.lines = lines
        self.cap = cap
        self.after = after
        self.digits = digits
        self.complete = True
        self.asked: list[dict[str, str]] = []

    def answer(self, request: Request[LogsEnvelope]) -> LogsEnvelope:
        query = dict(request.query)
        self.asked.append(query)
        cursor = int(query.get("latestTimeNano", "0"))
        limit = min(self.cap, int(query["limit"]))
        rows = [row for row in self.lines if row[0] > cursor or (row[0] == cursor > 0)]
        if self.after:
            rows = [row for row in rows if row[0] != cursor]
        rows = rows[:limit]
        pagination = {"limit": limit}
        body = {
            "logs": {
                "isComplete": self.complete,
                "logContent": [
                    {
                        "log": text,
                        "logType": "stdOut",
                        "size": len(text),
                        "timestamp": shown(when, self.digits),
                    }
                    for when, text in rows
                ],
            },
            "metadata": {
                "pagination": pagination | ({"latestTimeNano": str(rows[-1][0])} if rows else {})
            },
        }
        return msgspec.json.decode(msgspec.json.encode(body), type=LogsEnvelope)

    def read(self, limit: int = 10_000) -> list[str]:
        paged = paged_job_logs("j1", limit=limit)
        step, found = paged.begin(), list[str]()
        request: Request[LogsEnvelope] | None = paged.first
        while request is not None:
            fresh, request = step(request, self.answer(request))
            found += [line.log or "" for line in fresh]
        return found


def lines_of(gaps: list[tuple[int, str]]) -> list[tuple[int, str]]:
    now, made = START, list[tuple[int, str]]()
    for gap, text in gaps:
        now += gap
        made.append((now, text))
    return made


GAPS = st.lists(
    st.tuples(st.sampled_from([0, 0, 1, 300, 900_000, 2_000_000, 10**9]), st.sampled_from("ab")),
    max_size=40,
)


@given(gaps=GAPS, limit=st.integers(1, 12), after=st.booleans(), digits=st.sampled_from([0, 3, 9]))
def test_every_line_comes_once_in_order(
    gaps: list[tuple[int, str]], limit: int, after: bool, digits: int
) -> None:
    lines = lines_of(gaps)
    server = LogServer(lines, cap=10_000, after=after, digits=digits)
    assert server.read(limit) == [text for _, text in lines]


@pytest.mark.parametrize("after", [False, True])
def test_equal_lines_of_one_instant_are_counted(after: bool) -> None:
    server = LogServer([(START, "same")] * 7 + [(START + 10**9, "end")], cap=10_000, after=after)
    assert server.read(3) == ["same"] * 7 + ["end"]
    assert [query["limit"] for query in server.asked] == ["3", "3", "12", "12"]


def test_lines_just_before_the_last_instant_do_not_come_again() -> None:
    lines = [(START, "a"), (START, "a"), (START + 1, "b")]
    assert LogServer(lines, cap=10, after=False, digits=9).read() == ["a", "a", "b"]


def test_the_cursor_is_sent_as_text_and_not_at_first() -> None:
    server = LogServer([(START + 5, "a")], cap=10, after=False, digits=9)
    server.read()
    assert [query.get("latestTimeNano") for query in server.asked] == [None, str(START + 4)]
    assert server.asked[0]["logType"] == "complete"


def test_more_lines_of_one_instant_than_a_page_holds_are_an_error() -> None:
    server = LogServer([(START, "x")] * 9, cap=4, after=False)
    with pytest.raises(ResponseError, match="more than 4 lines of one instant"):
        server.read()


def test_a_log_of_no_lines_ends() -> None:
    server = LogServer([], cap=10, after=False)
    assert server.read() == []
    assert len(server.asked) == 1


def test_a_running_log_is_followed_until_it_is_complete() -> None:
    server = LogServer([(START, "a")], cap=10, after=True)
    server.complete = False
    reader = LogReader("j1")

    def take() -> list[str]:
        return [line.log or "" for line in reader.take(server.answer(reader.request))]

    assert take() == ["a"]
    assert take() == []
    assert (reader.caught_up, reader.finished) == (True, False)
    server.lines += [(START + 5, "a"), (START + 10**9, "b")]
    assert take() == ["a", "b"]
    assert (reader.caught_up, reader.finished) == (False, False)
    server.complete = True
    assert take() == []
    assert (reader.caught_up, reader.finished) == (True, True)


def test_a_cursor_that_is_no_number_goes_back_as_it_came() -> None:
    reader = LogReader("j1")
    line = domino.LogLine(log="a", timestamp="yesterday")
    metadata = domino.LogsMetadata(pagination=domino.LogsPagination(latest_time_nano="opaque"))
    page = LogsEnvelope(logs=domino.JobLogs(log_content=[line]), metadata=metadata)
    assert reader.take(page) == [line]
    assert dict(reader.request.query)["latestTimeNano"] == "opaque"
    assert reader.take(page) == []
    assert reader.caught_up


@given(
    texts=st.lists(
        st.tuples(st.sampled_from("xy"), st.sampled_from([None, "noon", "2"])), min_size=1
    ),
    more=st.integers(0, 20),
)
def test_a_server_that_begins_anew_whatever_it_is_asked_ends_too(
    texts: list[tuple[str, str | None]], more: int
) -> None:
    # A last line that nothing else equals, so that what comes first is no repetition by itself.
    first = [*texts, ("end", "2024-01-01T00:00:00Z")]
    later = [*first, *((f"later {at}", "3") for at in range(more))]
    told = {"pagination": {"limit": 10_000, "latestTimeNano": "1704067200000000000"}}

    def page(rows: Sequence[tuple[str, str | None]]) -> LogsEnvelope:
        content = [{"log": text, "timestamp": when} for text, when in rows]
        body = {"logs": {"isComplete": True, "logContent": content}, "metadata": told}
        return msgspec.convert(body, LogsEnvelope)

    reader = LogReader("j")
    assert len(reader.take(page(first))) == len(first)
    assert reader.take(page(first)) == []
    assert [line.log for line in reader.take(page(later))] == [f"later {at}" for at in range(more)]
    assert reader.take(page(later)) == []
    assert reader.finished
