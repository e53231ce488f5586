"""Harvests of the local Domino, and what their tables hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq  # type: ignore[import-untyped]  # it has no stubs

from comet_async import Limits, RetryPolicy, Session, domino, harvest
from tests.support.domino_client import KEY

__all__ = ["OF_JOBS", "QUICK", "Row", "rows", "taken"]

LIMITS = Limits(concurrency=8)
QUICK = RetryPolicy(attempts=2, base=0.001, unreadable_attempts=1)
OF_JOBS = [name for name, schema in harvest.TABLES.items() if schema.subject == "domino_job"]
Row = dict[str, Any]


async def taken(
    url: str,
    root: Path,
    scope: str = "domino:*",
    *,
    retry: RetryPolicy = QUICK,
    **chosen: Any,
) -> harvest.Report:
    async with Session(domino.service(KEY, host=url, limits=LIMITS), retry=retry) as session:
        plan = await harvest.plan(session, scope, into=root, **chosen)
        return await harvest.run(session, plan, root)


def rows(root: Path, table: str) -> list[Row]:
    """Return the rows of a table, whose columns are null where they are not given."""
    found: list[Row] = []
    for path in sorted((root / "tables" / table).glob("*.parquet")):
        found += [
            {name: value for name, value in row.items() if value is not None}
            for row in pq.read_table(path).to_pylist()
        ]
    return found
