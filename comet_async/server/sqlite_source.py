"""Archived runs, read from the database."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import cast

from comet_async.server.columns import column_type
from comet_async.server.database import Database, Row
from comet_async.server.numbers_text import number
from comet_async.server.records import (
    Artifact,
    Asset,
    Column,
    Content,
    Facts,
    Json,
    JsonObject,
    Mark,
    Project,
    Registration,
    Run,
    Series,
    Value,
)

__all__ = ["SqliteRun", "SqliteSource"]

_RUN = (
    "SELECT r.key, r.name, r.start, r.stop, r.user, r.file_path, r.optimization, r.crashed,"
    " p.id, p.name, p.workspace, p.updated FROM run r JOIN project p ON p.id = r.project "
)


class SqliteSource:
    """All archived runs of a database."""

    revision = 0

    def __init__(self, database: Database) -> None:
        """Read nothing yet.

        Args:
            database: Holds the runs.
        """
        self._database = database

    def projects(self) -> Sequence[Project]:
        """Return all projects by workspace and name."""
        rows = self._database.rows(
            "SELECT id, name, workspace, updated FROM project ORDER BY workspace, name"
        )
        return [_project(row) for row in rows]

    def run(self, key: str) -> Run | None:
        """Return one run by its experiment key."""
        rows = self._database.rows(f"{_RUN} WHERE r.key = ?", (key,))
        return SqliteRun(self._database, _facts(rows[0])) if rows else None

    def runs(self, project_id: str, *, archived: bool) -> Sequence[Run]:
        """Return the runs of a project by start time; none of an archive counts as archived."""
        if archived:
            return ()
        rows = self._database.rows(
            f"{_RUN} WHERE r.project = ? ORDER BY r.start, r.key", (project_id,)
        )
        return [SqliteRun(self._database, _facts(row)) for row in rows]

    def columns(self, project_id: str, *, without: Collection[str] = ()) -> Sequence[Column]:
        """Return the logged columns of a project, each name and source once."""
        rows = self._database.rows(
            "SELECT v.source, v.name, v.last, v.max, r.key"
            " FROM value v JOIN run r ON r.key = v.run"
            " WHERE r.project = ? ORDER BY v.source, v.name",
            (project_id,),
        )
        texts: dict[tuple[str, str], list[str]] = {}
        for source, name, last, largest, key in rows:
            if key not in without:
                texts.setdefault((str(source), str(name)), []).extend((str(last), str(largest)))
        logged = [
            Column(name, column_type(source, seen), source)
            for (source, name), seen in texts.items()
        ]
        tags = self._database.rows(
            "SELECT DISTINCT t.name, r.key FROM tag t JOIN run r ON r.key = t.run"
            " WHERE r.project = ? ORDER BY t.name",
            (project_id,),
        )
        names = dict.fromkeys(str(name) for name, key in tags if key not in without)
        return [*logged, *(Column(name, "string", "tag") for name in names)]

    def registrations(self) -> Sequence[Registration]:
        """Return all registry model versions."""
        rows = self._database.rows(
            "SELECT workspace, name, version, run, model, created, user, public, description,"
            " comment, status, tags, stages, metadata FROM registration ORDER BY created, version"
        )
        return [_registration(row) for row in rows]

    def artifacts(self, workspace: str) -> Sequence[Artifact]:
        """Return nothing: archives hold no artifact."""
        del workspace
        return ()


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _int(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _loads(value: object) -> Json:
    return cast("Json", json.loads(str(value)))


def _object(value: object) -> JsonObject:
    data = _loads(value)
    return data if isinstance(data, dict) else {}


def _list(value: object) -> list[Json]:
    data = _loads(value)
    return data if isinstance(data, list) else []


def _project(row: Row) -> Project:
    return Project(
        project_id=str(row[0]),
        name=str(row[1]),
        workspace=str(row[2]),
        last_updated_ms=_int(row[3]) or 0,
    )


def _facts(row: Row) -> Facts:
    path = _text(row[5])
    return Facts(
        key=str(row[0]),
        project=_project(row[8:12]),
        name=_text(row[1]),
        start_ms=_int(row[2]) or 0,
        end_ms=_int(row[3]),
        user=_text(row[4]),
        file_name=path.replace("\\", "/").rpartition("/")[2] if path else None,
        file_path=path,
        optimization_id=_text(row[6]),
        crashed=bool(row[7]),
    )


def _registration(row: Row) -> Registration:
    pairs = [pair for pair in _list(row[13]) if isinstance(pair, list)]
    return Registration(
        workspace=str(row[0]),
        registry_name=str(row[1]),
        version=str(row[2]),
        experiment_key=str(row[3]),
        model_name=str(row[4]),
        created_ms=_int(row[5]) or 0,
        user=str(row[6]),
        public=bool(row[7]),
        description=_text(row[8]),
        comment=_text(row[9]),
        status=str(row[10]),
        tags=tuple(str(item) for item in _list(row[11])),
        stages=tuple(str(item) for item in _list(row[12])),
        metadata=tuple((str(pair[0]), pair[1]) for pair in pairs),
    )


@dataclass(frozen=True, slots=True)
class _Blob:
    """The stored bytes of an asset, read range by range."""

    database: Database
    row: int
    size: int
    etag: str

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes `start` to `stop`, the latter excluded."""
        stop = min(stop, self.size)
        return self.database.blob(self.row, start, stop) if start < stop else b""


class SqliteRun:
    """One archived run."""

    def __init__(self, database: Database, facts: Facts) -> None:
        """Remember where to read.

        Args:
            database: Holds the run.
            facts: Its metadata.
        """
        self._database = database
        self._facts = facts

    @property
    def facts(self) -> Facts:
        """The metadata."""
        return self._facts

    def _rows(self, statement: str, *values: str) -> list[Row]:
        return self._database.rows(statement, (self._facts.key, *values))

    def tags(self) -> Sequence[str]:
        """Return the tags by name."""
        return [str(row[0]) for row in self._rows("SELECT name FROM tag WHERE run = ?")]

    def _values(self, source: str) -> list[Value]:
        rows = self._rows(
            "SELECT name, max, max_time, max_step, max_context, min, min_time, min_step,"
            " min_context, last, last_time, last_step, last_context FROM value"
            " WHERE run = ? AND source = ? ORDER BY ordinal",
            source,
        )
        return [_value(row) for row in rows]

    def others(self) -> Sequence[Value]:
        """Return the "other" values in logging order."""
        return self._values("log_other")

    def parameters(self) -> Sequence[Value]:
        """Return the parameters in logging order."""
        return self._values("params")

    def metric_names(self) -> Sequence[str]:
        """Return the names of all metrics in logging order."""
        return [row.name for row in self._values("metrics")]

    def metric_summary(self, name: str) -> Value | None:
        """Return minimum, maximum and current value of a metric."""
        return next((row for row in self._values("metrics") if row.name == name), None)

    def metric_current(self, name: str) -> str | None:
        """Return the last value of a metric."""
        rows = self._rows(
            "SELECT last FROM value WHERE run = ? AND source = 'metrics' AND name = ?", name
        )
        return str(rows[0][0]) if rows else None

    def series(self, name: str) -> Series | None:
        """Return the stored points of a metric."""
        rows = self._rows(
            "SELECT value, step, epoch, time, context, offset FROM point"
            " WHERE run = ? AND metric = ? ORDER BY step, ordinal",
            name,
        )
        if not rows:
            return None
        columns = list(zip(*rows, strict=True))
        return Series(
            name=name,
            values=[str(item) for item in columns[0]],
            steps=[_int(item) for item in columns[1]],
            epochs=[_int(item) for item in columns[2]],
            timestamps=[_int(item) or 0 for item in columns[3]],
            contexts=[_text(item) for item in columns[4]],
            offsets=[_int(item) or 0 for item in columns[5]],
        )

    def text(self, kind: str) -> str | None:
        """Return a text; code is that of the uploaded script."""
        rows = self._rows("SELECT body FROM text WHERE run = ? AND kind = ?", kind)
        if rows:
            return str(rows[0][0])
        return self._code() if kind == "code" else None

    def _code(self) -> str | None:
        rows = self._rows(
            "SELECT body FROM asset WHERE run = ? AND type = 'source_code' AND body IS NOT NULL"
            " ORDER BY name = 'Default' DESC, id DESC LIMIT 1"
        )
        body = rows[0][0] if rows else None
        return body.decode("utf-8", "replace") if isinstance(body, bytes) else None

    def _document(self, column: str) -> object:
        return self._rows(f"SELECT {column} FROM run WHERE key = ?")[0][0]  # noqa: S608  own name

    def system(self) -> JsonObject:
        """Return the logged system details, memory from the system metric."""
        details = _object(self._document("system"))
        total = self.metric_summary("sys.ram.total")
        if total is not None:
            details["totalRam"] = number(total.maximum.value)
        return details

    def git(self) -> JsonObject:
        """Return the git metadata; empty if none was logged."""
        return _object(self._document("git"))

    def patch(self) -> bytes | None:
        """Return the git patch: an asset of that type."""
        rows = self._rows(
            "SELECT body FROM asset WHERE run = ? AND type = 'git-patch' ORDER BY id LIMIT 1"
        )
        body = rows[0][0] if rows else None
        return body if isinstance(body, bytes) else None

    def cloud(self) -> tuple[str, JsonObject] | None:
        """Return cloud provider and metadata."""
        document = self._document("cloud")
        if document is None:
            return None
        provider, metadata = _list(document)
        return str(provider), metadata if isinstance(metadata, dict) else {}

    def assets(self) -> Sequence[Asset]:
        """Return all assets in logging order."""
        rows = self._rows(
            "SELECT asset, name, size, type, created, directory, step, context, metadata, link,"
            " model, md5 FROM asset WHERE run = ? ORDER BY id"
        )
        return [_asset(row) for row in rows]

    def content(self, asset_id: str) -> Content | None:
        """Return the bytes of a stored asset."""
        rows = self._rows(
            "SELECT id, size, md5 FROM asset WHERE run = ? AND asset = ? AND body IS NOT NULL",
            asset_id,
        )
        if not rows:
            return None
        row, size, md5 = rows[0]
        return _Blob(self._database, _int(row) or 0, _int(size) or 0, str(md5))


def _mark(cells: Sequence[object]) -> Mark:
    return Mark(str(cells[0]), _int(cells[1]), _int(cells[2]), _text(cells[3]))


def _value(row: Row) -> Value:
    return Value(str(row[0]), _mark(row[1:5]), _mark(row[5:9]), _mark(row[9:13]))


def _asset(row: Row) -> Asset:
    return Asset(
        asset_id=str(row[0]),
        file_name=str(row[1]),
        size=_int(row[2]) or 0,
        type=str(row[3]),
        created_ms=_int(row[4]) or 0,
        directory=_text(row[5]),
        step=_int(row[6]),
        context=_text(row[7]),
        metadata=_text(row[8]),
        link=_text(row[9]),
        group=_text(row[10]),
        etag=_text(row[11]),
    )
