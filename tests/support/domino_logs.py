"""A small Domino that has jobs and their logs, by the wire facts alone."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

from tests.support.raw_server import Action, Heard, answer

__all__ = ["LogServer", "line"]


def line(nano: int, text: str, stream: str = "stdOut") -> tuple[int, str, str]:
    """Return a line of a log."""
    return nano, text, stream


class LogServer:
    """Answers requests on jobs; give its `act` to `raw_server`.

    Args:
        logs: Lines by job, each with its time in ns.
        again: Whether a page begins with the line at the cursor, or after it.
        cap: Lines that it sends at most.
        digits: Digits behind the second in the times of lines.
    """

    def __init__(
        self,
        logs: dict[str, list[tuple[int, str, str]]],
        *,
        again: bool = True,
        cap: int = 10_000,
        digits: int = 3,
    ) -> None:
        self.logs = logs
        self.again = again
        self.cap = cap
        self.digits = digits
        self.jobs: dict[str, list[dict[str, object]]] = {}
        self.complete: set[str] = set(logs)
        self.statuses: dict[str, list[str]] = {}
        self.faults: list[Action] = []
        self.asked: list[str] = []
        self._came = asyncio.Condition()

    async def until(self, count: int) -> None:
        """Wait until so many requests have come."""
        async with self._came:
            await self._came.wait_for(lambda: len(self.asked) >= count)

    async def act(self, heard: Heard, writer: asyncio.StreamWriter) -> None:
        """Answer one request; a fault that waits comes first."""
        self.asked.append(heard.line)
        async with self._came:
            self._came.notify_all()
        if self.faults:
            await self.faults.pop(0)(heard, writer)
            return
        await answer(json.dumps(self._answer(heard.line)).encode())(heard, writer)

    def _answer(self, line: str) -> object:
        method, target, _ = line.split(" ")
        parts = urlsplit(target)
        if method == "POST":
            return {"job": {"id": "new", "status": {"isCompleted": False}}}
        names = parts.path.split("/")
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if names[-1] == "jobs":
            offset, limit = int(query["offset"]), int(query["limit"])
            rows = self.jobs[query["projectId"]]
            page = {"offset": offset, "limit": limit, "totalCount": len(rows)}
            return {"jobs": rows[offset : offset + limit], "metadata": page}
        if names[-1] == "logs":
            return self._page(names[-2], query)
        return {"job": {"id": names[-1], "status": self._status(names[-1])}}

    def _status(self, job_id: str) -> dict[str, object]:
        states = self.statuses.get(job_id, ["Running"])
        state = states.pop(0) if len(states) > 1 else states[0]
        return {"isCompleted": state != "Running", "executionStatus": state}

    def _page(self, job_id: str, query: dict[str, str]) -> dict[str, object]:
        limit = min(int(query["limit"]), self.cap)
        since = int(query.get("latestTimeNano", "-1"))
        found = [
            row for row in self.logs[job_id] if row[0] > since or (self.again and row[0] == since)
        ][:limit]
        pagination: dict[str, object] = {"limit": limit}
        if found:
            pagination["latestTimeNano"] = str(found[-1][0])
        rows = [
            {"timestamp": self._time(nano), "log": text, "logType": stream, "size": len(text)}
            for nano, text, stream in found
        ]
        logs = {"logContent": rows, "isComplete": job_id in self.complete}
        return {"logs": logs, "metadata": {"requestId": "r", "pagination": pagination}}

    def _time(self, nano: int) -> str:
        second, rest = divmod(nano, 10**9)
        whole = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return f"{whole}.{rest:09d}"[: 20 + self.digits] + "Z"
