"""What a harvest will ask, as a value: subjects, batches, requests, forecast. Nothing does I/O."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator, Mapping
from math import ceil
from types import MappingProxyType

import msgspec

from comet_async.errors import UsageError
from comet_async.harvest.answers import ANSWERS, Answer
from comet_async.harvest.forecasts import Forecast, TableForecast, forecast_table, seconds_for
from comet_async.harvest.schema import TABLES, checked_tables
from comet_async.harvest.scope import Scope, Selection
from comet_async.harvest.subjects import RUNS, Subject, SubjectKind, listing_tells
from comet_async.service import Limits
from comet_async.shown import Shown, Table

__all__ = [
    "ANSWER_KEPT",
    "ARCHIVE_TABLES",
    "BATCHED",
    "FILES",
    "FILE_TABLES",
    "FOLLOWS",
    "MAX_KEYS",
    "TARGET_BYTES",
    "Listed",
    "Plan",
    "ProjectFacts",
    "always_read",
    "batch_size",
    "charted",
    "options_of",
    "up_to_date",
    "with_implied",
]

TARGET_BYTES = 12 * 1024 * 1024
"""Bytes that a chart of many experiments should have: few requests, and four fit into memory."""
MAX_KEYS = 250
"""Experiments in one chart; so many are known to work."""
FILES = "files"
"""Name of the files of assets, where tables are named."""
ANSWER_KEPT = "+"
"""Ends the fingerprint of an item whose answers were kept."""
BATCHED = ("metrics", "metric_series", "parameters")
"""Tables that a chart fills for many experiments at once."""

_POINT_BYTES = 52
_TYPICAL_POINTS = 1000
_PARAMETER_BYTES = 30
_PAGE = 500
_IMPLIED: Mapping[str, str] = MappingProxyType(
    {
        "metrics": "metric_series",
        "system_metrics": "system_details",
        "artifact_files": "artifact_versions",
        "registry_archives": "registry_versions",
    }
)
ARCHIVE_TABLES = ("model_archives", "registry_archives")
"""Tables that tell of zip archives."""
FILE_TABLES = ("assets", "model_archives", "registry_archives", "artifact_files")
"""Tables that tell of files."""
FOLLOWS: Mapping[str, str] = MappingProxyType(
    {"artifact_files": "artifact_versions", "registry_archives": "registry_versions"}
)
"""Tables that are read again where the rows of another one have changed."""


def always_read(table: str) -> bool:
    """Tell whether a table is read in each run, for no listing tells of a change."""
    schema = TABLES[table]
    told = schema.listed or listing_tells(schema.subject)
    return not told and table not in FOLLOWS


def with_implied(tables: Iterable[str]) -> tuple[str, ...]:
    """Return tables with those that come with them, in the order of `TABLES`."""
    chosen = set(tables)
    chosen |= {_IMPLIED[table] for table in chosen if table in _IMPLIED}
    return tuple(table for table in TABLES if table in chosen)


class Listed:
    """Subjects in the order of the listings, packed: about 60 bytes for each experiment.

    Args:
        subjects: The subjects, each kind and key once.
    """

    def __init__(self, subjects: Iterable[Subject] = ()) -> None:
        self._pages: list[bytes] = []
        self._open: list[Subject] = []
        self._counts: dict[SubjectKind, int] = {}
        for subject in subjects:
            self.add(subject)

    def add(self, subject: Subject) -> None:
        """Append a subject."""
        self._open.append(subject)
        self._counts[subject.kind] = self._counts.get(subject.kind, 0) + 1
        if len(self._open) == _PAGE:
            self._pages.append(zlib.compress(msgspec.msgpack.encode(self._open)))
            self._open = []

    def __iter__(self) -> Iterator[Subject]:
        for page in self._pages:
            yield from msgspec.msgpack.decode(zlib.decompress(page), type=list[Subject])
        yield from self._open

    def count(self, kind: SubjectKind) -> int:
        """Return how many subjects of a kind there are."""
        return self._counts.get(kind, 0)


class ProjectFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a project before its experiments are asked.

    Attributes:
        project_id: Its id.
        metrics: Names of the metrics that are wanted.
        parameters: Names of all parameters.
        tags: Tags that its experiments have; None where the server does not tell.
        flags: Boolean columns of its experiments, as `hasHtml`.
        bytes_each: Bytes of a chart for one experiment, measured; None where it was not.
        measured: Requests for one experiment by table, of a few that were looked at; a table that
            takes the same for each is not among them. Files of assets count as `files`.
        sizes: Bytes of one answer on the wire by table, of those few; of charts, their bytes for
            one experiment.
        file_bytes: Bytes of the files of one experiment, of those few.
    """

    project_id: str
    metrics: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    tags: tuple[str, ...] | None = None
    flags: frozenset[str] = frozenset()
    bytes_each: float | None = None
    measured: Mapping[str, float] = MappingProxyType({})
    sizes: Mapping[str, float] = MappingProxyType({})
    file_bytes: float = 0.0

    @property
    def chart_bytes(self) -> float:
        """Bytes of a chart for one experiment, measured or typical."""
        if self.bytes_each is not None:
            return self.bytes_each
        points = len(self.metrics) * _TYPICAL_POINTS * _POINT_BYTES
        return 200 + points + len(self.parameters) * _PARAMETER_BYTES


def charted(tables: Iterable[str]) -> tuple[str, ...]:
    """Return the tables that charts of many experiments fill, of those that are wanted.

    >>> charted(("experiments", "metrics", "metric_series", "metric_summaries", "tags"))
    ('metrics', 'metric_series', 'metric_summaries')
    """
    wanted = tuple(tables)
    batched = tuple(table for table in wanted if table in BATCHED)
    summed = "metrics" in batched and "metric_summaries" in wanted
    return (*batched, "metric_summaries") if summed else batched


def batch_size(bytes_each: float) -> int:
    """Return how many experiments to ask in one chart.

    >>> batch_size(52 * 10_000), batch_size(10.0), batch_size(1e9)
    (24, 250, 1)
    """
    return max(1, min(MAX_KEYS, int(TARGET_BYTES / max(bytes_each, 1.0))))


def options_of(selection: Selection, table: str, *, files: bool, answers: bool) -> str:
    """Return what of a selection decides the rows of a table, short.

    An item that was stored under other options is read again; so is one whose answer was not kept
    and is to be, which the last letter tells.
    """
    chosen: list[object] = [selection.exact]
    if table in ("metrics", "metric_series", "metric_summaries"):
        chosen.append(selection.metrics)
    if table in FILE_TABLES:
        chosen += (files, selection.remote)
    if table in ARCHIVE_TABLES:
        chosen.append(selection.expand)
    digest = hashlib.blake2b(repr(chosen).encode(), digest_size=4).hexdigest()
    return f"/{digest}{ANSWER_KEPT if answers else ''}"


def up_to_date(stored: str, wanted: str) -> bool:
    """Tell whether an item that was stored with one fingerprint need not be read for another.

    >>> up_to_date("ab/12+", "ab/12"), up_to_date("ab/12", "ab/12+"), up_to_date("ab/1", "ab/2")
    (True, False, False)
    """
    return stored.removesuffix(ANSWER_KEPT) == wanted.removesuffix(ANSWER_KEPT) and (
        stored.endswith(ANSWER_KEPT) or not wanted.endswith(ANSWER_KEPT)
    )


class Plan(Shown, msgspec.Struct, frozen=True, kw_only=True):
    """What a harvest will ask. `harvest.plan` makes it, `harvest.run` carries it out.

    Attributes:
        url: Root of the service.
        scope: Workspace, and project if one was named.
        selection: Which experiments, and how they are read.
        tables: Names of the tables, in the order of reports.
        listed: All subjects.
        due: Subjects that are to be read, by table and project; those of a harvest that is there
            already and up to date are not.
        projects: What is known of each project that has something to be read.
        requests: Requests that the plan took.
        limits: Limits of the service, for the forecast.
        requests_each: Requests that a table takes for one subject, by table.
        files: Whether the files of assets are to be fetched.
        answers: Answers to the questions of the plan itself, where they are to be kept.
    """

    url: str
    scope: Scope
    selection: Selection
    tables: tuple[str, ...]
    listed: Listed
    due: Mapping[str, Mapping[str, int]]
    projects: Mapping[str, ProjectFacts]
    requests: int
    limits: Limits
    requests_each: Mapping[str, float]
    files: bool = False
    answers: tuple[Answer, ...] = ()

    def __post_init__(self) -> None:
        if self.tables != checked_tables(self.tables):
            raise UsageError("a plan has each table once, in the order of TABLES")

    @property
    def experiments(self) -> int:
        """How many experiments there are; of Domino, jobs."""
        return sum(self.listed.count(kind) for kind in RUNS)

    @property
    def keeps_answers(self) -> bool:
        """Whether the answers are kept as they come."""
        return ANSWERS in self.tables

    @property
    def charts(self) -> tuple[str, ...]:
        """The tables that charts of many experiments fill."""
        return () if self.selection.exact else charted(self.tables)

    def by_tag(self, project: ProjectFacts) -> bool:
        """Tell whether asking for each tag of a project takes fewer requests than for each run."""
        if self.selection.exact or project.tags is None or not project.tags:
            return False
        flags = len(self.selection.flags)
        return len(project.tags) * flags < self._due("tags", project)

    def _due(self, table: str, project: ProjectFacts | None = None) -> int:
        by_project = self.due.get(table, {})
        if project is None:
            return sum(by_project.values())
        return by_project.get(project.project_id, 0)

    def by_flag(self, project: ProjectFacts, flag: str) -> bool:
        """Tell whether the server can tell at once which experiments have something."""
        return not self.selection.exact and flag in project.flags

    def forecast(self) -> Forecast:
        """Return the requests, bytes and seconds that `harvest.run` will take for the tables."""
        tables = tuple(self._of_table(table) for table in self.tables)
        files, uncounted = self._of_files()
        if files is not None:
            tables = (*tables, files)
        requests = sum(table.requests for table in tables)
        total = sum(table.bytes for table in tables)
        seconds = seconds_for(requests, self.limits)
        return Forecast(
            requests, total, seconds, tables, self.requests, self.experiments, uncounted
        )

    def _of_files(self) -> tuple[TableForecast | None, bool]:
        """Return the files of projects where a few were looked at, and whether there are others."""
        due = [facts for facts in self.projects.values() if self._due("assets", facts)]
        if not self.files or not due:
            return None, False
        known = [facts for facts in due if FILES in facts.measured]
        requests = round(sum(self._due("assets", f) * f.measured[FILES] for f in known))
        size = int(sum(self._due("assets", facts) * facts.file_bytes for facts in known))
        return TableForecast(FILES, requests, size), len(known) < len(due)

    def _of_table(self, table: str) -> TableForecast:
        if table == "system_metrics" or (table == "metrics" and not self.selection.exact):
            return self._of_charts(table)
        if table in self.charts:
            alone = table == "parameters" and "metrics" not in self.tables
            return self._of_charts(table) if alone else TableForecast(table, 0, 0)
        typical = TABLES[table].typical_bytes
        if TABLES[table].subject == "experiment":
            each = [(self._in(table, of), of.sizes.get(table)) for of in self.projects.values()]
            size = sum(count * (typical if told is None else told) for count, told in each)
            return TableForecast(table, round(sum(count for count, _ in each)), int(size))
        requests = round(self._due(table) * self.requests_each.get(table, 0.0))
        return TableForecast(table, requests, requests * typical)

    def _of_charts(self, table: str) -> TableForecast:
        requests = size = 0
        for project in self.projects.values():
            count = max(self._due(name, project) for name in self._together(table))
            each = project.chart_bytes
            if table == "system_metrics":
                each = TABLES[table].typical_bytes
            requests += ceil(count / batch_size(each))
            size += int(count * project.sizes.get(table, each))
        return TableForecast(table, requests, size)

    def _together(self, table: str) -> tuple[str, ...]:
        return (table, "parameters") if table == "metrics" else (table,)

    def _in(self, table: str, project: ProjectFacts) -> float:
        """Return the requests that a table takes in one project."""
        due, flags = self._due(table, project), len(self.selection.flags)
        if table == "tags" and self.by_tag(project):
            return len(project.tags or ()) * flags
        each = project.measured.get(table, self.requests_each.get(table, 0.0))
        if table == "html" and due and self.by_flag(project, "hasHtml"):
            return flags + due * each
        return due * each

    def __repr__(self) -> str:
        return (
            f"<Plan {self.scope}: {self.experiments} experiments, tables {', '.join(self.tables)}>"
        )

    def _table(self) -> Table:
        told = self.forecast()
        return forecast_table(
            told, f"Plan of {self.scope}, {self.experiments:,} experiments: {told}"
        )
