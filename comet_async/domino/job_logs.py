"""Logs of jobs."""

from __future__ import annotations

from typing import ClassVar

from comet_async.wire import Flat, NullableList, Open, Wire, no_items

__all__ = ["JobLogs", "LogLine", "LogType", "LogsEnvelope", "LogsMetadata", "LogsPagination"]


class LogType(Open):
    """Streams of a log; `complete` means all of them.

    Wire model: LogTypeV1.
    """

    STD_OUT = "stdOut"
    STD_ERR = "stdErr"
    PREPARE_OUTPUT = "prepareOutput"
    COMPLETE = "complete"


class LogLine(Flat, frozen=True, kw_only=True):
    """One line of a log.

    Attributes:
        log: Its text.
        log_type: Stream that it was written to.
        size: Its length.
        timestamp: When it was written, an RFC 3339 text.

    Wire model: LogContentV1.
    """

    log: str | None = None
    log_type: LogType | None = None
    size: int | None = None
    timestamp: str | None = None


class JobLogs(Wire, frozen=True, kw_only=True):
    """Lines of a job's logs.

    Attributes:
        help_link: Help link for the problem.
        is_complete: Whether no further lines will come.
        log_content: One entry for each line.
        problem: Problem found by the server.

    Wire model: JobLogsV1.
    """

    link_members: ClassVar[frozenset[str]] = frozenset({"help_link"})

    help_link: str | None = None
    is_complete: bool | None = None
    log_content: NullableList[LogLine] = no_items()
    problem: str | None = None


class LogsPagination(Flat, frozen=True, kw_only=True):
    """The cursor of a log.

    Attributes:
        latest_time_nano: Nanoseconds since 1970 UTC of the last line, as text: the next cursor.
            None on a page without lines.
        limit: Most rows of a page, as used.

    Wire model: LogsPaginationV1.
    """

    latest_time_nano: str | None = None
    limit: int | None = None


class LogsMetadata(Wire, frozen=True, kw_only=True):
    """What stands beside the lines; the cursor is nested.

    Attributes:
        notices: Notices for the caller.
        pagination: The cursor.
        request_id: Id of the exchange, for the vendor's support.
    """

    notices: NullableList[str] = no_items()
    pagination: LogsPagination | None = None
    request_id: str | None = None


class LogsEnvelope(Flat, frozen=True, kw_only=True):
    """One page of a job's logs.

    Attributes:
        logs: The lines.
        metadata: Request id, notices and the cursor.

    Wire model: LogsEnvelopeV1.
    """

    logs: JobLogs
    metadata: LogsMetadata | None = None
