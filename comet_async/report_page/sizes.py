"""How much is on disk, and how true the series are to what was logged."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import cast

import msgspec

from comet_async.harvest.account import Account, LargeFile
from comet_async.harvest.schema import TABLES
from comet_async.lake.reader import LakeReader
from comet_async.report_page.questions import Questions

__all__ = ["FidelityTold", "SizeTold", "fidelity_of", "files_of", "largest_of", "sizes_of"]

_LARGEST = 10


class SizeTold(msgspec.Struct, frozen=True, kw_only=True):
    """A table on disk.

    Attributes:
        name: Its name.
        meaning: What a row of it is; empty for a table of one's own.
        rows: Rows that it shows.
        bytes: Bytes on disk.
        files: Parquet files.
    """

    name: str
    meaning: str
    rows: int
    bytes: int
    files: int


class FidelityTold(msgspec.Struct, frozen=True, kw_only=True):
    """Series that are alike in how true they are.

    Attributes:
        kind: As `full`.
        source: Where they were read, as `chart`.
        series: How many.
        points: Points of them.
        meaning: What the kind says.
    """

    kind: str
    source: str
    series: int
    points: int
    meaning: str


_MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        "full": "Every point that the service has.",
        "downsampled": "More than 15,000 points were logged, and the service keeps so many;"
        " `--exact` reads the whole series where it was stored as an asset.",
        "sampled": "A sample of the points; `--exact` reads all of them.",
        "unknown": "The answer may have been a sample; `--exact` settles it.",
        "complete": "The server says that no line will follow.",
        "incomplete": "Lines may follow; the next run asks again.",
    }
)


def sizes_of(lake: LakeReader) -> tuple[SizeTold, ...]:
    """Return the tables that a lake shows, the largest first.

    Raises:
        PartError: A part is damaged or gone.
    """
    found = [
        SizeTold(
            name=name,
            meaning=TABLES[name].meaning if name in TABLES else "",
            rows=lake[name].rows,
            bytes=lake[name].bytes,
            files=len(lake[name].parts),
        )
        for name in lake
    ]
    return tuple(sorted(found, key=lambda table: (-table.bytes, table.name)))


_FILE_TABLES = ("assets", "artifact_files", "model_archives", "registry_archives")


def _stored(ask: Questions) -> str:
    columns = {"local_path": "VARCHAR", "size": "BIGINT", "state": "VARCHAR"}
    arms = [f"({ask.some(table, columns)})" for table in _FILE_TABLES]
    whole = " UNION ALL ".join(f"SELECT * FROM {arm}" for arm in arms)
    return f"SELECT DISTINCT local_path, size FROM ({whole}) WHERE state = 'stored'"


def files_of(ask: Questions, account: Account | None) -> tuple[int, int]:
    """Return how many files of assets there are, and their bytes."""
    if account is not None:
        own = [table for table in account.tables if table.table == "files"]
        return (own[0].files, own[0].bytes) if own else (0, 0)
    row = ask.rows(f"SELECT count(*), coalesce(sum(size), 0) FROM ({_stored(ask)})")[0]
    return int(str(row[0])), int(str(row[1]))


def largest_of(ask: Questions, account: Account | None) -> tuple[LargeFile, ...]:
    """Return the largest files of assets."""
    if account is not None:
        return account.largest
    rows = ask.rows(
        f"SELECT local_path, size FROM ({_stored(ask)}) WHERE size IS NOT NULL"
        f" ORDER BY size DESC, local_path LIMIT {_LARGEST}"
    )
    return tuple(LargeFile(str(path), cast("int", size)) for path, size in rows)


def fidelity_of(ask: Questions, *, domino: bool) -> tuple[FidelityTold, ...]:
    """Return how true the series are, or how whole the logs of jobs."""
    if domino:
        columns = {"is_complete": "BOOLEAN", "lines": "BIGINT"}
        source = ask.some("domino_job_log_states", columns)
        query = (
            "SELECT CASE WHEN is_complete THEN 'complete' ELSE 'incomplete' END, 'logs of jobs',"
            f" count(*), coalesce(sum(lines), 0) FROM ({source}) GROUP BY ALL ORDER BY 3 DESC, 1"
        )
    else:
        columns = {"fidelity": "VARCHAR", "source": "VARCHAR", "points": "BIGINT"}
        source = ask.some("metric_series", columns)
        query = (
            "SELECT coalesce(fidelity, 'unknown'), coalesce(source, ''), count(*),"
            f" coalesce(sum(points), 0) FROM ({source}) GROUP BY ALL ORDER BY 3 DESC, 1, 2"
        )
    return tuple(
        FidelityTold(
            kind=str(kind),
            source=str(where),
            series=int(str(series)),
            points=int(str(points)),
            meaning=_MEANINGS.get(str(kind), ""),
        )
        for kind, where, series, points in ask.rows(query)
    )
