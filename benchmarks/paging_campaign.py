"""Listings that change at random while they are read: nothing twice, nothing that stays left out.

    python -m benchmarks.paging_campaign --cases 10000

A case is a listing of 0 to 400 rows in a fixed order, a server that caps its pages, counts them or
not, lays the count flat or nested, or pages by token, and up to 60 rows that come and go between
the requests: at random, at the end, at the front, or in bursts just before the next page.
"""

from __future__ import annotations

import argparse
import bisect
import random
import sys
import time
from collections.abc import Sequence

import msgspec

from comet_async.domino import (
    JobsPage,
    RegisteredModelsPage,
    paged_jobs,
    paged_registered_models,
)
from comet_async.paging import query_number
from comet_async.request import Request

__all__ = ["KINDS", "Listed", "Outcome", "campaign", "quiet_requests"]

KINDS = ("counted", "nested", "uncounted", "short", "token")
"""How a server pages: with a total, a nested one, none, pages cut at random, or by token."""
_PLACES = ("anywhere", "front", "end", "before")


class Outcome(msgspec.Struct):
    """What became of the cases.

    Attributes:
        cases: Listings that were read.
        changes: Rows that came or went while they were read.
        doubled: Rows that came twice.
        missing: Rows that were there all the time and did not come.
        requests: Requests in all.
        quiet: Requests for the same listings without a change.
        naive_missing: Rows that a walk by plain offsets would have missed.
    """

    cases: int = 0
    changes: int = 0
    doubled: int = 0
    missing: int = 0
    requests: int = 0
    quiet: int = 0
    naive_missing: int = 0


class Listed:
    """A listing on a server, by position in a fixed order.

    Args:
        rows: Rows at the beginning.
        kind: One of `KINDS`.
        cap: Most rows of a page, whatever is asked; at least 2.
        draw: Decides what comes and goes.
    """

    def __init__(self, rows: int, kind: str, cap: int, draw: random.Random) -> None:
        self.now = [draw.random() for _ in range(rows)]
        self.now.sort()
        self.stayed = set(self.now)
        self.kind = kind
        self.cap = cap
        self.draw = draw
        self.changes = 0

    def change(self, most: int, place: str, at: int) -> None:
        """Let up to `most` rows come and go before a request at offset `at`."""
        for _ in range(self.draw.randint(0, most)):
            self.changes += 1
            if self.now and self.draw.random() < 0.6:
                index = self._index(place, at)
                self.stayed.discard(self.now.pop(index))
            else:
                low, high = {"front": (0.0, 0.1), "end": (0.9, 1.0)}.get(place, (0.0, 1.0))
                bisect.insort(self.now, self.draw.uniform(low, high))

    def _index(self, place: str, at: int) -> int:
        last = len(self.now) - 1
        if place == "front":
            return 0
        if place == "end":
            return last
        if place == "before":
            return self.draw.randint(0, max(0, min(last, at - 1)))
        return self.draw.randint(0, last)

    def page(self, at: int, limit: int) -> tuple[list[str], int]:
        """Return the names of the rows at an offset, and how many rows there are."""
        size = min(limit, self.cap)
        if self.kind == "short":
            size = self.draw.randint(2, size)
        return [repr(row) for row in self.now[at : at + size]], len(self.now)


def _jobs_page(listed: Listed, request: Request[JobsPage]) -> JobsPage:
    at = query_number(request.query, "offset")
    rows, total = listed.page(at, query_number(request.query, "limit"))
    figures: dict[str, object] = {"offset": at}
    if listed.kind != "uncounted":
        figures["totalCount"] = total
    if listed.kind == "nested":
        figures = {"pagination": figures}
    body = {"jobs": [{"id": row} for row in rows], "metadata": figures}
    return msgspec.json.decode(msgspec.json.encode(body), type=JobsPage)


def _models_page(listed: Listed, request: Request[RegisteredModelsPage]) -> RegisteredModelsPage:
    at = int(dict(request.query).get("pageToken", "0"))
    rows, total = listed.page(at, query_number(request.query, "maxResults"))
    after = at + len(rows)
    body = {
        "items": [{"name": row} for row in rows],
        "metadata": {"nextPageToken": str(after) if after < total else None},
    }
    return msgspec.json.decode(msgspec.json.encode(body), type=RegisteredModelsPage)


class _Reader(msgspec.Struct):
    """One walk over one listing: what came, in how many requests."""

    names: list[str]
    requests: int = 0


def _changed(listed: Listed, budget: int, place: str, at: int) -> None:
    if listed.changes < budget:
        most = 20 if place == "before" else 4
        listed.change(min(most, budget - listed.changes), place, at)


def _walked(listed: Listed, limit: int, budget: int, place: str) -> _Reader:
    found = _Reader([])
    if listed.kind == "token":
        models = paged_registered_models(max_results=limit)
        step = models.begin()
        request: Request[RegisteredModelsPage] | None = models.first
        while request is not None:
            fresh, following = step(request, _models_page(listed, request))
            found.names += [row.name or "" for row in fresh]
            found.requests += 1
            request = following
            at = 0 if request is None else int(dict(request.query).get("pageToken", "0"))
            _changed(listed, budget, place, at)
        return found
    jobs = paged_jobs("p", limit=limit)
    walk = jobs.begin()
    asked: Request[JobsPage] | None = jobs.first
    while asked is not None:
        rows, asked = walk(asked, _jobs_page(listed, asked))
        found.names += [row.id for row in rows]
        found.requests += 1
        at = 0 if asked is None else query_number(asked.query, "offset")
        _changed(listed, budget, place, at)
    return found


def _naively(listed: Listed, limit: int, budget: int, place: str) -> _Reader:
    """Walk by plain offsets to an empty page, leaving out what came already."""
    found: dict[str, None] = {}
    at = requests = 0
    while True:
        rows, _ = listed.page(at, limit)
        requests += 1
        if not rows:
            return _Reader(list(found), requests)
        found.update(dict.fromkeys(rows))
        at += len(rows)
        _changed(listed, budget, place, at)


def _one(seed: int, kind: str, outcome: Outcome) -> None:
    draw = random.Random(seed)
    rows = draw.choice((0, 1, 2, 3, 7, 20, 100, 400))
    cap = draw.choice((2, 3, 5, 10, 50, 1000))
    limit = draw.choice((2, 3, 5, 10, 50, 100))
    place = draw.choice(_PLACES)
    budget = draw.choice((0, 1, 3, 20, 60)) if kind != "token" else draw.choice((0, 1, 3, 8))

    def fresh_listing() -> Listed:
        return Listed(rows, kind, cap, random.Random(seed + 1))

    listed = fresh_listing()
    found = _walked(listed, limit, budget, place)
    outcome.cases += 1
    outcome.changes += listed.changes
    outcome.requests += found.requests
    outcome.doubled += len(found.names) - len(set(found.names))
    outcome.missing += len({repr(row) for row in listed.stayed} - set(found.names))
    outcome.quiet += _walked(fresh_listing(), limit, 0, place).requests
    again = fresh_listing()
    plain = _naively(again, limit, budget, place)
    outcome.naive_missing += len({repr(row) for row in again.stayed} - set(plain.names))


def campaign(cases: int, seed: int = 1, kinds: Sequence[str] = KINDS) -> dict[str, Outcome]:
    """Return the outcome by kind of server, over `cases` listings in all."""
    found = {kind: Outcome() for kind in kinds}
    for number in range(cases):
        kind = kinds[number % len(kinds)]
        _one(seed * 1_000_003 + number * 7, kind, found[kind])
    return found


def quiet_requests(rows: int, limit: int, kind: str) -> int:
    """Return the requests for a listing that nobody changes, on a server without a cap."""
    listed = Listed(rows, kind, 1_000_000, random.Random(0))
    return _walked(listed, limit, 0, "end").requests


def main() -> None:
    """Print the outcome; exit with 1 when a row came twice or is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    began = time.monotonic()
    found = campaign(options.cases, options.seed)
    for kind, outcome in found.items():
        print(
            f"{kind:>9}: {outcome.cases:,} listings, {outcome.changes:,} changes while reading, "
            f"{outcome.doubled} twice, {outcome.missing} missing (by plain offsets "
            f"{outcome.naive_missing:,}); {outcome.requests:,} requests, {outcome.quiet:,} without "
            "changes"
        )
    for rows, limit in ((100, 100), (1_000, 100), (10_000, 100)):
        told = ", ".join(f"{kind} {quiet_requests(rows, limit, kind)}" for kind in KINDS)
        print(f"{rows:>9,} rows that stay, {limit} a page: {told} requests")
    print(f"{time.monotonic() - began:.0f} s")
    sys.exit(any(outcome.doubled or outcome.missing for outcome in found.values()))


if __name__ == "__main__":
    main()
