"""Audit exports of any length to one file: cut by time, many windows at once, resumed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypedDict, Unpack

import msgspec

from comet_async import domino
from comet_async.domino_bulk.audit_file import AuditFile, AuditHead
from comet_async.domino_bulk.audit_windows import (
    Cutter,
    Event,
    Lines,
    Window,
    lines_of,
    milliseconds,
    rfc3339,
    undated,
    without,
)
from comet_async.domino_bulk.servers import url_of
from comet_async.engine.fan_out import Failed, fan_out
from comet_async.engine.session import Session
from comet_async.engine.threads import undivided
from comet_async.errors import (
    BodyTooLarge,
    CometAsyncError,
    RequestTimeout,
    ServerError,
    StatusError,
    UsageError,
)
from comet_async.request import Request

__all__ = ["AuditOptions", "AuditReport", "export_data_source_audit", "export_gateway_audit"]

_DAY = 86_400.0
_SETTLED = 300.0
_CONCURRENCY = 4
_TOO_MUCH = frozenset({408, 413})


class AuditOptions(TypedDict, total=False):
    """What every audit export can be told.

    Attributes:
        window: Seconds of one request's range, from 1; a day unless told. A range that the server
            cannot answer is halved, down to a second.
        concurrency: Requests under way at once, from 1; 4 unless told. Up to twice as many windows
            are held in memory.
        settle: Seconds before the present that are left for a later run, since a server may record
            an event late; 300 unless told.
        timeout: Seconds for one answer, after which its range is halved; unless told those of the
            session.
        progress: Called with the seconds of the range that are exported, and all of them.
        now: Tells the present.
    """

    window: float
    concurrency: int
    settle: float
    timeout: float
    progress: Callable[[float, float], None] | None
    now: Callable[[], datetime]


class AuditReport(msgspec.Struct, frozen=True, kw_only=True):
    """What an export has brought.

    Attributes:
        source: What the events are of.
        path: Where they are: one JSON object a line, by time.
        start: From when on, an RFC 3339 text.
        until: Up to when, not included; the next export begins there.
        earlier: Up to when earlier runs had come, where there were any.
        events: How many this run has added.
        requests: Requests of this run, without repetitions.
        halved: Windows that the server could not answer as a whole.
        strays: Events that came with an answer though their time is more than a second off what was
            asked for; they are not in the file. None is expected.
        seconds: Time that it took.
    """

    source: str
    path: Path
    start: str
    until: str
    earlier: str | None
    events: int
    requests: int
    halved: int
    strays: int
    seconds: float

    def __str__(self) -> str:
        told = f"{self.source}: {self.events:,} events more, up to {self.until}"
        return f"{told}; {self.requests:,} requests, {self.seconds:.1f} s"


class _Source(msgspec.Struct, frozen=True):
    """What can be exported."""

    name: str
    filters: dict[str, list[str]]
    request: Callable[[str, str], Request[list[Event]]]


async def export_gateway_audit(
    session: Session,
    path: Path | str,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    endpoint_ids: Sequence[str] | None = None,
    endpoint_names: Sequence[str] | None = None,
    **options: Unpack[AuditOptions],
) -> AuditReport:
    """Write the audit events of the AI gateway to a file, each once, by time.

    The same call again goes on where the last one ended, or was stopped: call it every day.

    Args:
        session: An open session with the Domino service.
        path: File of JSON lines; its folder must exist. A record is kept beside it.
        start: Time of the first event, in a time zone; None to go on with the file.
        end: Time up to which, not included, to the second; None, or what is later than that, for
            the present.
        endpoint_ids: Only events of these endpoints.
        endpoint_names: Only events of endpoints of these names.
        **options: As in `AuditOptions`.

    Raises:
        UsageError: A time has no zone, there is no start, or it is not that of the file; or an
            option is out of range.
        LedgerError: The file is of another export, or was changed since.
        DestinationError: It cannot be written, or another process works on it.
        CometAsyncError: The server said no, or cannot answer for a single second. What has come
            before is kept for the next call.

    Source: Domino REST API, AIGateway, get_ai_gateway_audit_data.
    """

    def request(start_time: str, end_time: str) -> Request[list[Event]]:
        return domino.get_ai_gateway_audit_data(
            endpoint_ids=endpoint_ids,
            endpoint_names=endpoint_names,
            start_time=start_time,
            end_time=end_time,
        ).returning(list[Event])

    filters = _given(endpointIds=endpoint_ids, endpointNames=endpoint_names)
    source = _Source("AI gateway", filters, request)
    return await _export(session, source, Path(path), (start, end), options)


async def export_data_source_audit(
    session: Session,
    path: Path | str,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    data_source_ids: Sequence[str] | None = None,
    data_source_names: Sequence[str] | None = None,
    event_kinds: Sequence[str] | None = None,
    **options: Unpack[AuditOptions],
) -> AuditReport:
    """Write the audit events of data sources to a file, each once, by time.

    The same call again goes on where the last one ended, or was stopped: call it every day.

    Args:
        session: An open session with the Domino service.
        path: File of JSON lines; its folder must exist. A record is kept beside it.
        start: Time of the first event, in a time zone; None to go on with the file.
        end: Time up to which, not included, to the second; None, or what is later than that, for
            the present.
        data_source_ids: Only events of these data sources.
        data_source_names: Only events of data sources of these names.
        event_kinds: Only events of these kinds, of `DataSourceAuditEventKind`.
        **options: As in `AuditOptions`.

    Raises:
        UsageError: A time has no zone, there is no start, or it is not that of the file; or an
            option is out of range.
        LedgerError: The file is of another export, or was changed since.
        DestinationError: It cannot be written, or another process works on it.
        CometAsyncError: The server said no, or cannot answer for a single second. What has come
            before is kept for the next call.

    Source: Domino REST API, DataSource, get_data_source_audit_data.
    """

    def request(start_time: str, end_time: str) -> Request[list[Event]]:
        return domino.get_data_source_audit_data(
            data_source_ids=data_source_ids,
            data_source_names=data_source_names,
            event_kinds=event_kinds,
            start_time=start_time,
            end_time=end_time,
        ).returning(list[Event])

    filters = _given(
        dataSourceIds=data_source_ids, dataSourceNames=data_source_names, eventKinds=event_kinds
    )
    source = _Source("data sources", filters, request)
    return await _export(session, source, Path(path), (start, end), options)


def _given(**filters: Sequence[str] | None) -> dict[str, list[str]]:
    return {name: sorted(values) for name, values in filters.items() if values is not None}


async def _export(
    session: Session,
    source: _Source,
    path: Path,
    span: tuple[datetime | None, datetime | None],
    options: AuditOptions,
) -> AuditReport:
    """Export a source up to the end that is wanted, or to the present."""
    began = time.perf_counter()
    start, end = span
    now = options.get("now", _now)()
    settle = options.get("settle", _SETTLED)
    until_ms = milliseconds(now, "now") - int(settle * 1_000)
    if end is not None:
        until_ms = min(until_ms, milliseconds(end, "end"))
        if start is not None and end <= start:
            raise UsageError("an export ends after its start")
    start_ms = None if start is None else milliseconds(start, "start")
    file = AuditFile(path, AuditHead(url_of(session, "audits"), source.name, source.filters))
    try:
        await undivided(partial(file.open, start_ms))
        run = _Run(session, source, file, until_ms, options)
        await run.all()
        await undivided(file.finish)
    finally:
        await undivided(file.close)
    return run.report(path, time.perf_counter() - began)


def _now() -> datetime:
    return datetime.now(UTC)


class _Run:
    """One run of an export."""

    def __init__(
        self,
        session: Session,
        source: _Source,
        file: AuditFile,
        until_ms: int,
        options: AuditOptions,
    ) -> None:
        self._session = session
        self._source = source
        self._file = file
        self._began_ms = file.until_ms
        self._cutter = Cutter(file.until_ms, until_ms, options.get("window", _DAY))
        self._seconds = max(0, until_ms - file.until_ms) / 1_000
        self._concurrency = options.get("concurrency", _CONCURRENCY)
        self._timeout = options.get("timeout")
        self._progress = options.get("progress")
        self._requests = 0
        self._halved = 0
        self._events = 0
        self._strays = 0

    async def all(self) -> None:
        """Fetch all windows, many at a time, and write them one after the other."""
        windows = ((window.end_ms, window) for window in self._cutter)
        width = self._concurrency
        async with fan_out(self._lines, windows, concurrency=width, ordered=True) as outcomes:
            async for outcome in outcomes:
                if isinstance(outcome, Failed):
                    raise outcome.error
                for lines in outcome.value:
                    self._events += lines.count
                    self._strays += lines.strays
                content = b"".join(lines.content for lines in outcome.value)
                await undivided(partial(self._file.append, content, outcome.key))
                if self._progress is not None:
                    done = (outcome.key - self._began_ms) / 1_000
                    self._progress(done, self._seconds)

    async def _lines(self, window: Window) -> list[Lines]:
        """Return the lines of a window, which is halved where it is too wide for the server."""
        try:
            events = await self._events_of(window)
        except CometAsyncError as error:
            halves = window.halves()
            if halves is None or not _is_too_much(error):
                raise
            self._halved += 1
            self._cutter.refused(window)
            first = await self._lines(halves[0])
            return [*first, *await self._lines(halves[1])]
        self._cutter.answered()
        return [await undivided(partial(lines_of, window, events))]

    async def _events_of(self, window: Window) -> list[Event]:
        """Return what the server has for a window, and around it.

        An event without a time that is at the seam with the window before is in that one.
        """
        events = await self._ask(window.asked)
        if window.start_ms > self._file.start_ms and undated(events):
            events = without(events, await self._ask(window.seam))
        return events

    async def _ask(self, asked: tuple[str, str]) -> list[Event]:
        self._requests += 1
        request = self._source.request(*asked)
        if self._timeout is not None:
            request = request.with_timeout(self._timeout)
        return await self._session.send(request)

    def report(self, path: Path, seconds: float) -> AuditReport:
        """Return what came of it."""
        began, start = self._began_ms, self._file.start_ms
        return AuditReport(
            source=self._source.name,
            path=path,
            start=rfc3339(start),
            until=rfc3339(self._file.until_ms),
            earlier=None if began == start else rfc3339(began),
            events=self._events,
            requests=self._requests,
            halved=self._halved,
            strays=self._strays,
            seconds=seconds,
        )


def _is_too_much(error: CometAsyncError) -> bool:
    """Tell whether a server may have failed for the size of what was asked for."""
    if isinstance(error, StatusError):
        return isinstance(error, ServerError) or error.status in _TOO_MUCH
    return isinstance(error, (BodyTooLarge, RequestTimeout))
