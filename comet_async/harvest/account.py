"""What the ledger of a folder tells, read without changing it, while a harvest may go on in it."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path

import msgspec

from comet_async.engine.observing import Counters
from comet_async.errors import LedgerError
from comet_async.harvest.ledger_file import LEDGER_VERSION
from comet_async.harvest.owners import owner_lives
from comet_async.harvest.scope import scope_text
from comet_async.redaction import bare_url, printable, shortened

__all__ = ["Account", "ItemsOf", "LargeFile", "RunOf", "Trouble", "read_account"]

_LEDGER = "ledger.sqlite"
_TRIES = 3
_REASON = 300
_EXAMPLES = 3
_KINDS_OF_TROUBLE = 1_000
_LARGEST = 10
_DIFFERS = re.compile(r"[0-9a-fA-F]{8,}|\d+")
_STATUS = re.compile(r"\b[1-5]\d\d\b")


class RunOf(msgspec.Struct, frozen=True, kw_only=True):
    """A run of a harvest in this folder.

    Attributes:
        number: Its number, from 1 up.
        state: `published`: it came to its end; `stopped`: a refused key or a failing disk ended it;
            `interrupted`: it was cancelled; `killed`: its process died; `running`.
        began: Seconds since 1970 UTC.
        ended: Seconds since 1970 UTC; None while it runs or where nobody saw its end.
        asked: What it was asked for, as options of the command; None where no release recorded it.
        spent: What it took on the wire; None where nobody recorded it.
    """

    number: int
    state: str
    began: float
    ended: float | None
    asked: tuple[str, ...] | None = None
    spent: Counters | None = None


class ItemsOf(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the items of a table, or of `files`.

    Attributes:
        table: Its name.
        stored: Items whose data is on disk.
        absent: Items that the service has no data for, or that lie elsewhere.
        failed: Items that failed.
        waiting: Items that no run has reached so far.
        rows: Rows on disk; 0 for files.
        bytes: Bytes on disk.
        files: Parts or files on disk.
    """

    table: str
    stored: int = 0
    absent: int = 0
    failed: int = 0
    waiting: int = 0
    rows: int = 0
    bytes: int = 0
    files: int = 0

    @property
    def planned(self) -> int:
        """All items."""
        return self.stored + self.absent + self.failed + self.waiting


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """Items of a table that have no data for one and the same reason.

    Attributes:
        table: The table, or `files`.
        state: `failed`, `absent`, `remote` or `planned`.
        reason: Why, printable; empty where nothing was said. Of reasons that differ in ids and
            numbers it is the first one.
        items: How many.
        examples: Keys of a few of them.
    """

    table: str
    state: str
    reason: str
    items: int
    examples: tuple[str, ...]


class LargeFile(msgspec.Struct, frozen=True):
    """A file on disk: its path below the folder, and its bytes."""

    path: str
    bytes: int


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """What a ledger tells of a harvest.

    Attributes:
        url: Root of the server, without what opens it.
        workspace: Workspace; empty for Domino.
        project: Project; None for all.
        running: Whether a run is under way.
        runs: The runs, the first one first.
        tables: What became of the items of each table, by name; `files` are the last.
        troubles: Why items have no data, the most frequent reason first.
        subjects: How many of each kind were listed, as `experiment`.
        largest: The largest files of assets.
    """

    url: str
    workspace: str
    project: str | None
    running: bool
    runs: tuple[RunOf, ...]
    tables: tuple[ItemsOf, ...]
    troubles: tuple[Trouble, ...]
    subjects: Mapping[str, int]
    largest: tuple[LargeFile, ...]

    @property
    def scope(self) -> str:
        """What was harvested, as the command takes it: `team/resnet`."""
        return scope_text(self.workspace, self.project)


def read_account(root: Path) -> Account | None:
    """Return what the ledger of a folder tells; None if it has none. Blocks.

    Nothing is changed or locked: a harvest may be writing.

    Raises:
        LedgerError: It is no ledger, of another release, damaged, or cannot be read.
    """
    path = root / _LEDGER
    if not path.exists():
        return None
    problem = ""
    for _ in range(_TRIES):
        try:
            return _read(path)
        except (sqlite3.Error, msgspec.MsgspecError) as error:
            problem = shortened(str(error))
    raise LedgerError(f"{printable(str(path))} cannot be read: {problem}")


def _read(path: Path) -> Account:
    # Without a log nobody writes, and the file can be read where nothing may be written.
    quiet = "" if path.with_name(f"{path.name}-wal").exists() else "&immutable=1"
    uri = f"{path.absolute().as_uri()}?mode=ro{quiet}"
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as db:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version != LEDGER_VERSION:
            raise LedgerError(
                f"{printable(str(path))} is of version {version},"
                f" this release reads {LEDGER_VERSION}"
            )
        db.execute("BEGIN")
        identity = db.execute("SELECT url, workspace, project FROM identity").fetchone()
        if identity is None:  # it is being made
            identity = ("", "", None)
        return Account(
            url=bare_url(str(identity[0])),
            workspace=str(identity[1]),
            project=identity[2],
            running=_running(db),
            runs=_runs(db),
            tables=_tables(db),
            troubles=_troubles(db),
            subjects=dict(db.execute("SELECT kind, count(*) FROM subject GROUP BY 1 ORDER BY 1")),
            largest=tuple(
                LargeFile(str(name), int(size))
                for name, size in db.execute(
                    "SELECT path, size FROM file WHERE state = 'stored' AND size IS NOT NULL"
                    " ORDER BY size DESC, path LIMIT ?",
                    (_LARGEST,),
                )
            ),
        )


def _running(db: sqlite3.Connection) -> bool:
    now = time.time()
    found = db.execute("SELECT owner, pulse FROM run WHERE state = 'running'").fetchall()
    return any(owner_lives(str(owner), now - float(pulse)) for owner, pulse in found)


def _runs(db: sqlite3.Connection) -> tuple[RunOf, ...]:
    about: dict[int, tuple[str, str | None]] = {}
    if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'about'").fetchone():
        for run, asked, spent in db.execute("SELECT run, asked, spent FROM about"):
            about[int(run)] = asked, spent
    now = time.time()
    found: list[RunOf] = []
    for number, state, began, ended, owner, pulse in db.execute(
        "SELECT id, state, began, ended, owner, pulse FROM run ORDER BY id"
    ):
        dead = state == "running" and not owner_lives(str(owner), now - float(pulse))
        asked, spent = about.get(number, (None, None))
        found.append(
            RunOf(
                number=number,
                state="killed" if dead else str(state),
                began=began,
                ended=ended,
                asked=None if asked is None else msgspec.json.decode(asked, type=tuple[str, ...]),
                spent=None if spent is None else msgspec.json.decode(spent, type=Counters),
            )
        )
    return tuple(found)


_ENDS = {"stored": "stored", "absent": "absent", "remote": "absent", "failed": "failed"}


def _tables(db: sqlite3.Connection) -> tuple[ItemsOf, ...]:
    counts: dict[str, dict[str, int]] = {}
    for table, state, items in db.execute(
        "SELECT tbl, state, count(*) FROM item GROUP BY 1, 2"
        " UNION ALL SELECT 'files', state, count(*) FROM file"
        " WHERE state NOT IN ('listed', 'gone') GROUP BY 2"
    ):
        own = counts.setdefault(str(table), {})
        end = _ENDS.get(str(state), "waiting")
        own[end] = own.get(end, 0) + int(items)
    sizes = _sizes(db)
    names = sorted({*counts, *sizes}, key=lambda name: (name == "files", name))
    return tuple(
        msgspec.convert({"table": name, **counts.get(name, {}), **sizes.get(name, {})}, ItemsOf)
        for name in names
        if name in counts or sizes[name]["files"]
    )


def _sizes(db: sqlite3.Connection) -> dict[str, dict[str, int]]:
    rows: Iterable[tuple[str, int, int, int]] = db.execute(
        "SELECT tbl, sum(live), sum(bytes), count(*) FROM (SELECT p.tbl, p.bytes,"
        " (SELECT coalesce(sum(i.rows), 0) FROM item i WHERE i.part = p.id) AS live"
        " FROM part p WHERE p.sha256 IS NOT NULL) GROUP BY 1"
        " UNION ALL SELECT 'files', 0, coalesce(sum(size), 0), count(*)"
        " FROM file WHERE state = 'stored'"
    )
    return {
        str(table): {"rows": live, "bytes": size, "files": files}
        for table, live, size, files in rows
    }


class _Group:
    """Items that have one reason, up to ids and numbers in it."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        self.items = 0
        self.examples: list[str] = []

    def add(self, items: int, example: str) -> None:
        self.items += items
        if len(self.examples) < _EXAMPLES and example not in self.examples:
            self.examples.append(example)


def _troubles(db: sqlite3.Connection) -> tuple[Trouble, ...]:
    groups: dict[tuple[str, str, str], _Group] = {}
    for table, state, reason, items, *examples in db.execute(
        "SELECT i.tbl, i.state, coalesce(i.reason, ''), count(*), min(s.key), max(s.key)"
        " FROM item i JOIN subject s ON s.id = i.subject WHERE i.state NOT IN ('stored')"
        " GROUP BY 1, 2, 3 UNION ALL"
        " SELECT 'files', f.state, coalesce(f.reason, ''), count(*), min(s.key), max(s.key)"
        " FROM file f JOIN subject s ON s.id = f.subject"
        " WHERE f.state NOT IN ('stored', 'listed', 'gone') GROUP BY 2, 3"
    ):
        told = shortened(str(reason), _REASON)
        known = "planned" if state == "listed" else str(state)
        place = (str(table), known, _pattern(told))
        if len(groups) >= _KINDS_OF_TROUBLE and place not in groups:
            place, told = (str(table), known, ""), "other reasons"
        group = groups.setdefault(place, _Group(told))
        group.add(int(items), shortened(str(examples[0])))
        group.add(0, shortened(str(examples[1])))
    found = [
        Trouble(
            table=table,
            state=state,
            reason=group.reason,
            items=group.items,
            examples=tuple(group.examples),
        )
        for (table, state, _), group in groups.items()
    ]
    return tuple(sorted(found, key=lambda one: (-one.items, one.table, one.state, one.reason)))


def _pattern(reason: str) -> str:
    """Return a reason without the ids and numbers in which others may differ.

    An HTTP status stays what it is.

    >>> _pattern("404 of 0a1b2c3d4e after 3 tries") == _pattern("404 of ff00ff00ff after 2 tries")
    True
    >>> _pattern("500 of k") == _pattern("503 of k")
    False
    """
    return _DIFFERS.sub(lambda found: found[0] if _STATUS.fullmatch(found[0]) else "#", reason)
