"""The log of what a server received and how it answered, for tests and benchmarks."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import overload

__all__ = ["LoggedRequest", "RequestLog"]

_MAX_RECORDS = 100_000
_MAX_HEADER_SETS = 256
_SECRET_HEADERS = {
    "authorization",
    "comet-sdk-api",
    "cookie",
    "proxy-authorization",
    "x-api-key",
    "x-domino-api-key",
}


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request as it arrived.

    Attributes:
        time: Monotonic seconds at arrival.
        method: HTTP method.
        path: Path, still percent-encoded.
        query: Query text, still percent-encoded.
        headers: Name and value in order of arrival, keys included: a test may compare them.
        body: The first bytes of the body.
        status: Status sent; None while unanswered, or when no status line was sent.
        listener: api or storage.
        port: Local port.
        fault: Name of the fault that was applied, if any.
        template: Path template of the route, "" when there is none.
        applied: Whether it was a write that was done, even if its answer was lost.
    """

    time: float
    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""
    status: int | None = None
    listener: str = "api"
    port: int = 0
    fault: str | None = None
    template: str = ""
    applied: bool = False

    def header(self, name: str) -> str | None:
        """Return the first value of a header, whatever its letter case."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    def __repr__(self) -> str:
        shown = {
            key: "***" if key.lower() in _SECRET_HEADERS else value for key, value in self.headers
        }
        return f"<LoggedRequest {self.method} {self.path} {self.status} {self.listener} {shown}>"


class RequestLog(Sequence[LoggedRequest]):
    """The newest 100 000 records in order of arrival; readable from any thread."""

    def __init__(self, limit: int = _MAX_RECORDS) -> None:
        """Start empty.

        Args:
            limit: Records to keep; older ones are dropped.
        """
        self._limit = limit
        self._records: dict[int, LoggedRequest] = {}
        self._header_sets: dict[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]] = {}
        self._counts: Counter[str] = Counter()
        self._applied: Counter[str] = Counter()
        self._next = 0
        self._lock = threading.Lock()

    def open(self, record: LoggedRequest) -> int:
        """Add a record and return its number."""
        with self._lock:
            number = self._next
            self._next += 1
            self._counts[record.template] += 1
            self._records[number] = replace(record, headers=self._shared(record.headers))
            if len(self._records) > self._limit:
                del self._records[next(iter(self._records))]
        return number

    def _shared(self, headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        """Return one object for equal header sets: a client mostly repeats the same one."""
        if len(self._header_sets) >= _MAX_HEADER_SETS:
            self._header_sets.clear()
        return self._header_sets.setdefault(headers, headers)

    def update(
        self,
        number: int,
        *,
        body: bytes | None = None,
        status: int | None = None,
        fault: str | None = None,
    ) -> None:
        """Complete a record; what is None stays as it is."""
        with self._lock:
            record = self._records.get(number)
            if record is not None:
                self._records[number] = replace(
                    record,
                    body=record.body if body is None else body,
                    status=record.status if status is None else status,
                    fault=record.fault if fault is None else fault,
                )

    def clear(self) -> None:
        """Forget all records."""
        with self._lock:
            self._records.clear()
            self._header_sets.clear()
            self._counts.clear()
            self._applied.clear()

    @property
    def total(self) -> int:
        """Requests since the start, forgotten ones included."""
        return self._next

    def counts(self) -> dict[str, int]:
        """Return how many requests each path template had since the start or the last `clear`.

        Dropped records count too; requests for paths of no route are under "".
        """
        with self._lock:
            return dict(self._counts)

    def applied(self, number: int, template: str) -> None:
        """Note that the write of a record was done.

        Args:
            number: Of the record.
            template: Its path template.
        """
        with self._lock:
            self._applied[template] += 1
            record = self._records.get(number)
            if record is not None:
                self._records[number] = replace(record, applied=True)

    def applied_counts(self) -> dict[str, int]:
        """Return how many writes of each path template were done, answered or not.

        Since the start or the last `clear`; writes that were refused do not count.
        """
        with self._lock:
            return dict(self._applied)

    def matching(self, part: str, *, method: str | None = None) -> list[LoggedRequest]:
        """Return the records whose path and query hold a text.

        Args:
            part: Text to look for.
            method: Only of this method.
        """
        return [
            record
            for record in self
            if part in f"{record.path}?{record.query}" and method in (None, record.method)
        ]

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[LoggedRequest]:
        with self._lock:
            return iter(list(self._records.values()))

    @overload
    def __getitem__(self, at: int) -> LoggedRequest: ...
    @overload
    def __getitem__(self, at: slice) -> list[LoggedRequest]: ...
    def __getitem__(self, at: int | slice) -> LoggedRequest | list[LoggedRequest]:
        with self._lock:
            if isinstance(at, slice):
                return list(self._records.values())[at]
            if at < 0:
                at += len(self._records)
            for record in islice(self._records.values(), max(at, 0), None):
                return record
        raise IndexError(at)

    def __repr__(self) -> str:
        return f"<RequestLog {len(self)} records>"
