"""Audit exports: every event once, by time, whatever the server's ends mean and whoever kills us."""

from __future__ import annotations

import json
import random
import shutil
import sys
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import anyio
import pytest

from comet_async import Session, comet, domino, domino_bulk
from comet_async.engine.retry import RetryPolicy
from comet_async.engine.transport import HttpRequest
from comet_async.errors import (
    ClientError,
    DestinationError,
    LedgerError,
    PermissionDeniedError,
    ServerError,
    UsageError,
)
from comet_async.server.domino import DominoServer, DominoSpec
from comet_async.service import Limits
from comet_async.testing import LOCAL_KEY, FakeTransport, Reply, domino_server, reply

START = datetime(2024, 1, 1, tzinfo=UTC)
ONCE = RetryPolicy(attempts=1)
EXPORTS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "gateway": (domino_bulk.export_gateway_audit, domino.get_ai_gateway_audit_data),
    "sources": (domino_bulk.export_data_source_audit, domino.get_data_source_audit_data),
}
GATEWAY = "/api/aigateway/v1/audit"


def minutes(number: float) -> datetime:
    return START + timedelta(minutes=number)


@asynccontextmanager
async def connected(server: DominoServer) -> AsyncGenerator[Session, None]:
    service = domino.service(LOCAL_KEY, host=server.url, environ={}, limits=Limits())
    async with Session(service, retry=ONCE) as session:
        yield session


@asynccontextmanager
async def scripted(answer: Callable[[HttpRequest], Reply]) -> AsyncGenerator[Session, None]:
    """A session whose gateway audit is answered by a function."""
    fake = FakeTransport().on("GET", GATEWAY, answer)
    service = domino.service(LOCAL_KEY, host="https://d.example.com", environ={}, limits=Limits())
    async with Session(service, retry=ONCE, transport=fake) as session:
        yield session


def events(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def beside(path: Path) -> list[str]:
    return sorted(found.name for found in path.parent.iterdir() if found != path)


@pytest.mark.parametrize("name", EXPORTS)
@pytest.mark.parametrize("window", [60, 450, 3_600, 86_400])
async def test_every_event_comes_once_and_by_time(tmp_path: Path, name: str, window: float) -> None:
    """The local server takes both ends of a range as included."""
    export, request = EXPORTS[name]
    path = tmp_path / "audit.jsonl"
    spec = DominoSpec(audit_events=130)
    async with domino_server(spec) as server, connected(server) as session:
        report = await export(session, path, start=START, end=minutes(120), window=window)
        wanted = await session.send(request().returning(list[dict[str, Any]]))
    assert events(path) == wanted[:120]
    assert (report.events, report.halved, report.strays, report.earlier) == (120, 0, 0, None)
    assert (report.start, report.until) == ("2024-01-01T00:00:00.000Z", "2024-01-01T02:00:00.000Z")
    assert report.requests == -(-7_200 // window)
    assert beside(path) == [".audit.jsonl.audit.record"]
    assert str(report).startswith(("AI gateway: 120 events", "data sources: 120 events"))


async def test_only_what_the_filters_name_comes(tmp_path: Path) -> None:
    async with domino_server() as server, connected(server) as session:
        gateway = await domino_bulk.export_gateway_audit(
            session, tmp_path / "g", start=START, end=minutes(9), endpoint_names=["endpoint-2"]
        )
        sources = await domino_bulk.export_data_source_audit(
            session, tmp_path / "s", start=START, end=minutes(9), event_kinds=["CreateDataSource"]
        )
    assert [event["metadata"]["tokens"] for event in events(tmp_path / "g")] == ["1", "4", "7"]
    assert {event["eventKind"] for event in events(tmp_path / "s")} == {"CreateDataSource"}
    assert (gateway.events, sources.events) == (3, 3)


async def test_a_second_run_goes_on_from_the_end_of_the_first(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    export = domino_bulk.export_gateway_audit
    async with domino_server() as server, connected(server) as session:
        await export(session, path, start=START, end=minutes(20), window=300)
        first = path.read_bytes()
        second = await export(session, path, end=minutes(30), window=300)
        assert path.read_bytes().startswith(first)
        again = await export(session, path, start=START, end=minutes(30))
        server.log.clear()
        none = await export(session, path, end=minutes(10))
        assert list(server.log) == []
        rest = await export(session, path)
    assert [event["metadata"]["tokens"] for event in events(path)] == [str(at) for at in range(50)]
    assert (second.events, second.requests) == (10, 2)
    assert second.earlier == "2024-01-01T00:20:00.000Z"
    assert (again.events, again.until) == (0, second.until)
    assert (none.events, none.until) == (0, second.until)
    assert rest.events == 20


async def test_the_last_minutes_are_left_for_later(tmp_path: Path) -> None:
    """A server may record an event late, and nobody would come back for it."""
    path = tmp_path / "audit.jsonl"
    export = domino_bulk.export_gateway_audit
    async with domino_server() as server, connected(server) as session:
        now = minutes(10)
        early = await export(session, path, start=START, now=lambda: now)
        now = minutes(20)
        late = await export(session, path, end=minutes(40), settle=60, now=lambda: now)
    assert (early.events, early.until) == (5, "2024-01-01T00:05:00.000Z")
    assert (late.events, late.until) == (14, "2024-01-01T00:19:00.000Z")


@pytest.mark.parametrize("concurrency", [1, 3])
async def test_an_export_that_failed_goes_on_where_it_was(tmp_path: Path, concurrency: int) -> None:
    path = tmp_path / "audit.jsonl"
    export = domino_bulk.export_gateway_audit
    async with domino_server() as server, connected(server) as session:
        fault = server.faults.add("status", 403, r"startTime=2024-01-01T00%3A34", times=1)
        with pytest.raises(PermissionDeniedError):
            await export(session, path, start=START, end=minutes(50), window=300, concurrency=1)
        assert server.faults.hits(fault) == 1
        assert not path.exists()
        report = await export(
            session, path, start=START, end=minutes(50), window=300, concurrency=concurrency
        )
    assert [event["metadata"]["tokens"] for event in events(path)] == [str(at) for at in range(50)]
    assert (report.events, report.requests) == (15, 3)
    assert beside(path) == [".audit.jsonl.audit.record"]


async def test_a_process_may_be_killed_at_any_time(tmp_path: Path) -> None:
    """What lies on the disk after each window is gone on with, as if all else were lost."""
    path = tmp_path / "whole" / "audit.jsonl"
    path.parent.mkdir()
    export = domino_bulk.export_gateway_audit
    moments: list[Path] = []

    def killed(done: float, of: float) -> None:
        assert done <= of
        moments.append(tmp_path / f"killed-{len(moments)}")
        shutil.copytree(path.parent, moments[-1])

    async with domino_server() as server, connected(server) as session:
        await export(session, path, start=START, end=minutes(20), window=300, progress=killed)
        killed(0, 0)
        await export(session, path, end=minutes(50), window=300, progress=killed)
        killed(0, 0)
        for at, moment in enumerate(moments):
            found = moment / path.name
            part = moment / ".audit.jsonl.audit.part"
            if part.exists() and at % 2:
                with part.open("ab") as file:
                    file.write(b'{"timestamp": "2024-')  # a line that was not written whole
            await export(session, found, end=minutes(50), window=420)
            assert found.read_bytes() == path.read_bytes()
            assert beside(found) == [".audit.jsonl.audit.record"]
    assert len(moments) == 12


CHILD = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from comet_async import Session, domino, domino_bulk
from comet_async.service import Limits

async def main(key, url, path):
    service = domino.service(key, host=url, environ={}, limits=Limits())
    async with Session(service) as session:
        await domino_bulk.export_gateway_audit(
            session,
            Path(path),
            start=datetime(2024, 1, 1, tzinfo=UTC),
            window=60,
            end=datetime(2024, 1, 3, tzinfo=UTC),
            progress=lambda done, of: print(done, flush=True),
        )

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize("windows", [1, 7, 40])
async def test_a_process_that_was_killed_is_gone_on_with(tmp_path: Path, windows: int) -> None:
    path = tmp_path / "audit.jsonl"
    async with domino_server(DominoSpec(audit_events=2_000)) as server:
        command = [sys.executable, "-c", CHILD, LOCAL_KEY, server.url, str(path)]
        child = await anyio.open_process(command, stderr=None)
        assert child.stdout is not None
        heard = b""
        while heard.count(b"\n") < windows:
            heard += await child.stdout.receive()
        child.kill()
        await child.wait()
        await child.aclose()
        assert not path.exists()
        async with connected(server) as session:
            report = await domino_bulk.export_gateway_audit(session, path, end=minutes(2_880))
    assert report.earlier is not None
    assert report.events <= 2_000 - windows
    found = [event["metadata"]["tokens"] for event in events(path)]
    assert found == [str(at) for at in range(2_000)]
    assert beside(path) == [".audit.jsonl.audit.record"]


async def test_a_kill_between_renaming_and_noting_it(tmp_path: Path) -> None:
    path, record = tmp_path / "audit.jsonl", tmp_path / ".audit.jsonl.audit.record"
    export = domino_bulk.export_gateway_audit
    kept: list[bytes] = []

    def keep(_done: float, _of: float) -> None:
        kept.append(record.read_bytes())

    async with domino_server() as server, connected(server) as session:
        await export(session, path, start=START, end=minutes(20), progress=keep)
        record.write_bytes(kept[-1])
        again = await export(session, path, end=minutes(30), progress=keep)
        assert (again.events, len(events(path))) == (10, 30)
        record.write_bytes(kept[-1])
        await export(session, path, end=minutes(50))
    assert [event["metadata"]["tokens"] for event in events(path)] == [str(at) for at in range(50)]


@pytest.mark.parametrize("status", [408, 413, 500, 504])
async def test_a_window_that_is_refused_is_halved(tmp_path: Path, status: int) -> None:
    path = tmp_path / "audit.jsonl"
    async with domino_server() as server, connected(server) as session:
        server.faults.add("status", status, GATEWAY, times=3)
        report = await domino_bulk.export_gateway_audit(
            session, path, start=START, end=minutes(50), concurrency=1
        )
    assert report.halved == 3
    assert [event["metadata"]["tokens"] for event in events(path)] == [str(at) for at in range(50)]


async def test_a_window_that_times_out_is_halved(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    async with domino_server() as server, connected(server) as session:
        server.faults.add("stall_headers", 30.0, GATEWAY, times=1)
        report = await domino_bulk.export_gateway_audit(
            session, path, start=START, end=minutes(50), timeout=1.0
        )
    assert report.halved >= 1
    assert report.events == 50


async def test_a_window_whose_answer_is_too_large_is_halved(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    async with domino_server() as server:
        service = domino.service(LOCAL_KEY, host=server.url, environ={}, limits=Limits())
        async with Session(service, retry=ONCE, max_body_bytes=4_000) as session:
            report = await domino_bulk.export_gateway_audit(
                session, path, start=START, end=minutes(50), concurrency=1
            )
    assert report.halved >= 3
    assert [event["metadata"]["tokens"] for event in events(path)] == [str(at) for at in range(50)]


async def test_an_export_that_is_cancelled_goes_on_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    export = domino_bulk.export_gateway_audit
    async with domino_server() as server, connected(server) as session:
        with anyio.CancelScope() as scope:

            def cancel(done: float, _of: float) -> None:
                if done >= 1_200:
                    scope.cancel()

            await export(session, path, start=START, end=minutes(50), window=300, progress=cancel)
        assert scope.cancelled_caught
        assert not path.exists()
        report = await export(session, path, end=minutes(50), window=300)
    assert report.earlier is not None
    assert report.earlier >= "2024-01-01T00:20"
    assert [event["metadata"]["tokens"] for event in events(path)] == [str(at) for at in range(50)]
    assert beside(path) == [".audit.jsonl.audit.record"]


@pytest.mark.parametrize(("status", "kind"), [(413, ClientError), (503, ServerError)])
async def test_a_second_that_cannot_be_had_ends_it(
    tmp_path: Path, status: int, kind: type[Exception]
) -> None:
    path = tmp_path / "audit.jsonl"
    async with domino_server() as server, connected(server) as session:
        fault = server.faults.add("status", status, GATEWAY)
        with pytest.raises(kind):
            await domino_bulk.export_gateway_audit(
                session, path, start=START, end=minutes(50), window=3_600, concurrency=1
            )
        assert server.faults.hits(fault) == 12, "3,000 s halved eleven times is a second"
    assert beside(tmp_path / "none") == []


async def test_windows_grow_again_after_a_refusal(tmp_path: Path) -> None:
    spans: list[float] = []

    def answer(request: HttpRequest) -> Reply:
        begin, end = asked(request)
        spans.append(round((end - begin).total_seconds()))
        return reply(status=413) if len(spans) == 1 else reply(json=[])

    async with scripted(answer) as session:
        report = await domino_bulk.export_gateway_audit(
            session,
            tmp_path / "audit",
            start=START,
            end=START + timedelta(hours=40),
            window=7_200,
            concurrency=1,
        )
    assert spans[:4] == [7_200, 3_600, 3_600, 3_600]
    assert spans[20] == 7_200
    assert report.halved == 1


def asked(request: HttpRequest) -> tuple[datetime, datetime]:
    query = parse_qs(urlsplit(request.url).query)
    begin, end = (datetime.fromisoformat(query[name][0]) for name in ("startTime", "endTime"))
    return begin, end


class Audit:
    """Events at chance moments, many at the same one, some without a time, and what a server says.

    Args:
        seed: Of the chance.
    """

    def __init__(self, seed: int) -> None:
        chance = random.Random(seed)
        self.includes_start = chance.random() < 0.5
        self.includes_end = chance.random() < 0.5
        self.whole_seconds = chance.random() < 0.3
        self.most = chance.choice([5, 20, 1_000])
        self.seconds = chance.choice([3, 20, 90])
        self.rows: list[tuple[datetime, dict[str, object]]] = []
        for _ in range(60):
            steps = chance.randrange(self.seconds * 4)
            moment = START + timedelta(seconds=steps / 4)
            row: dict[str, object] = {"endpointId": chance.choice("ab"), "more": {"n": 1.5}}
            if chance.random() < 0.7:
                row["timestamp"] = moment.isoformat()
            elif chance.random() < 0.5:
                row["timestamp"] = "a while ago"
            self.rows.append((moment, row))
        self.shuffled = chance.random() < 0.5
        self.chance = chance

    def __call__(self, request: HttpRequest) -> Reply:
        begin, end = asked(request)
        if self.whole_seconds:
            begin, end = begin.replace(microsecond=0), end.replace(microsecond=0)
        found = [row for moment, row in self.rows if self._within(begin, moment, end)]
        if len(found) > self.most and end - begin > timedelta(seconds=2):
            return reply(status=413)
        if self.shuffled:
            self.chance.shuffle(found)
        return reply(json=found)

    def _within(self, begin: datetime, moment: datetime, end: datetime) -> bool:
        after = begin <= moment if self.includes_start else begin < moment
        return after and (moment <= end if self.includes_end else moment < end)


@pytest.mark.parametrize("seed", range(60))
async def test_no_event_is_lost_or_comes_twice_at_a_seam(tmp_path: Path, seed: int) -> None:
    audit, path = Audit(seed), tmp_path / "audit"
    chance = random.Random(-seed)
    stops = sorted(chance.uniform(0.1, audit.seconds) for _ in range(2))
    async with scripted(audit) as session:
        for stop in (*stops, audit.seconds + 1):
            await domino_bulk.export_gateway_audit(
                session,
                path,
                start=START,
                end=START + timedelta(seconds=stop),
                window=chance.choice([1, 1.5, 7, 60]),
                concurrency=chance.choice([1, 5]),
            )
    found = [json.dumps(event, sort_keys=True) for event in events(path)]
    assert Counter(found) == Counter(json.dumps(row, sort_keys=True) for _, row in audit.rows)
    times = [
        datetime.fromisoformat(told)
        for event in events(path)
        if (told := event.get("timestamp", "a while ago")) != "a while ago"
    ]
    assert times == sorted(times)


async def test_events_of_another_time_are_counted(tmp_path: Path) -> None:
    stray = {"timestamp": "2023-12-31T00:00:00Z"}
    async with scripted(lambda _: reply(json=[stray])) as session:
        report = await domino_bulk.export_gateway_audit(
            session, tmp_path / "audit", start=START, end=minutes(1)
        )
    assert (report.strays, report.events) == (1, 0)
    assert (tmp_path / "audit").read_bytes() == b""


async def test_a_file_of_something_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    export = domino_bulk.export_gateway_audit
    async with domino_server() as server, connected(server) as session:
        await export(session, path, start=START, end=minutes(5))
        before = path.read_bytes()
        with pytest.raises(LedgerError, match="is of another export: AI gateway at http"):
            await domino_bulk.export_data_source_audit(session, path, start=START)
        with pytest.raises(LedgerError, match="another export"):
            await export(session, path, endpoint_names=["endpoint-1"])
        with pytest.raises(UsageError, match=r"begins at 2024-01-01T00:00:00.000Z"):
            await export(session, path, start=minutes(1))
        assert path.read_bytes() == before
        path.write_bytes(before + b"\n")
        with pytest.raises(LedgerError, match="was changed or removed"):
            await export(session, path, end=minutes(9))
        assert path.read_bytes() == before + b"\n"
        (tmp_path / ".audit.jsonl.audit.record").write_text("{")
        with pytest.raises(LedgerError, match=r"the record of .* is damaged"):
            await export(session, path, end=minutes(9))
        other = tmp_path / "mine.txt"
        other.write_text("mine")
        with pytest.raises(DestinationError, match="exists already"):
            await export(session, other, start=START)
    assert other.read_text() == "mine"
    assert beside(path) == [".audit.jsonl.audit.record", "mine.txt"]


async def test_two_exports_to_one_file_do_not_meet(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    export = domino_bulk.export_gateway_audit
    refused: list[str] = []
    async with domino_server() as server, connected(server) as session:

        async def second() -> None:
            with pytest.raises(DestinationError) as caught:
                await export(session, path, start=START, end=minutes(50))
            refused.append(str(caught.value))

        async def answer(request: HttpRequest) -> Reply:
            await second()
            return reply(json=[])

        fake = FakeTransport().on("GET", GATEWAY, answer)
        service = domino.service(LOCAL_KEY, host=server.url, environ={}, limits=Limits())
        async with Session(service, transport=fake) as other:
            await export(other, path, start=START, end=minutes(5))
    assert len(refused) == 1
    assert "another process works on" in refused[0]
    assert path.exists()


async def test_what_cannot_be_meant_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    export = domino_bulk.export_gateway_audit
    path = tmp_path / "audit.jsonl"
    async with domino_server() as server, connected(server) as session:
        for match, options in {
            "start needs a time zone": {"start": datetime(2024, 1, 1)},  # noqa: DTZ001  on purpose
            "end needs a time zone": {"start": START, "end": datetime(2024, 1, 2)},  # noqa: DTZ001
            "ends after its start": {"start": START, "end": START},
            "has not begun: give its start": {},
            "a window is a second wide at least": {"start": START, "window": 0.5},
            "concurrency >= 1": {"start": START, "concurrency": 0},
        }.items():
            with pytest.raises(UsageError, match=match):
                await export(session, path, **options)  # type: ignore[arg-type]  # of many types
        with pytest.raises(DestinationError, match="does not exist"):
            await export(session, tmp_path / "no" / "audit", start=START)
        assert list(server.log) == []
    assert beside(tmp_path / "none") == []


async def test_a_session_without_domino_is_told_so(tmp_path: Path) -> None:
    comet_only = comet.service(LOCAL_KEY, url="https://c.example.com", environ={})
    async with Session(comet_only, transport=FakeTransport()) as session:
        with pytest.raises(UsageError, match="audits need a session with the service domino"):
            await domino_bulk.export_gateway_audit(session, tmp_path / "audit", start=START)
    assert beside(tmp_path / "none") == []
