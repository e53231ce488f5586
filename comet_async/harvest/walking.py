"""What the listings of a scope bring, whichever service it is of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import TypeVar, cast

import msgspec

from comet_async.engine.session import Session
from comet_async.engine.threads import undivided
from comet_async.errors import UsageError
from comet_async.harvest.answers import ANSWERS, Answer
from comet_async.harvest.earlier import Earlier
from comet_async.harvest.lake import LEDGER, PARTS_FOLDER
from comet_async.harvest.ledger import print_of
from comet_async.harvest.planner import Listed, ProjectFacts, always_read, options_of, up_to_date
from comet_async.harvest.schema import TABLES
from comet_async.harvest.scope import Scope, Selection
from comet_async.harvest.subjects import Reader, Subject, SubjectKind
from comet_async.redaction import printable, shortened
from comet_async.request import Request

__all__ = ["Walk"]

T = TypeVar("T")

_SHOWN = 5


class Walk:
    """One walk over the listings of a scope: a source asks, and adds what it finds.

    Args:
        session: What to ask through.
        scope: What is listed.
        selection: Which of it, and how it is read.
        tables: Tables that are wanted.
        readers: What reads the tables that no listing fills.
        files: Whether files are to be fetched.

    Attributes:
        listed: All subjects so far.
        due: Subjects that are to be read, by table and project.
        projects: What is known of each project that has something to be read.
        answers: Answers that are to be kept.
    """

    def __init__(
        self,
        session: Session,
        scope: Scope,
        selection: Selection,
        tables: tuple[str, ...],
        readers: Sequence[Reader],
        *,
        files: bool,
    ) -> None:
        self.session = session
        self.scope = scope
        self.selection = selection
        self.tables = tables
        self.readers = readers
        self.files = files
        self.listed = Listed()
        self.due: dict[str, dict[str, int]] = {}
        self.projects: dict[str, ProjectFacts] = {}
        self.answers: list[Answer] = []
        self._earlier: Earlier | None = None
        self._keeping = ANSWERS in tables
        self._options = {
            table: options_of(selection, table, files=files, answers=self._keeping)
            for table in tables
        }

    @property
    def kinds(self) -> frozenset[SubjectKind]:
        """Kinds of subjects of which the tables are."""
        return frozenset(TABLES[table].subject for table in self.tables)

    async def walk(
        self, listing: Callable[[Walk], Awaitable[None]], into: Path | str | None
    ) -> None:
        """List everything that the tables need, and see what a folder has of it.

        Args:
            listing: Asks for the listings, and adds what they show.
            into: Folder of an earlier harvest.
        """
        if into is None:
            await listing(self)
            return
        root = Path(into)
        self._earlier = await undivided(lambda: Earlier(root / LEDGER, root / PARTS_FOLDER))
        try:
            await listing(self)
        finally:
            await undivided(self._earlier.close)

    async def ask(self, table: str, request: Request[T], /) -> T:
        """Return an answer that is worth keeping as it came, where answers are kept."""
        if not self._keeping:
            return await self.session.send(request)
        asked = cast("Request[object]", request)

        def keep(body: bytes) -> None:
            self.answers.append(Answer.now(table, asked, body))

        return await self.session.send(request.tapped(keep))

    def add(self, kind: SubjectKind, key: str, entry: object) -> None:
        """Add a subject by its entry in a listing; a project is of itself."""
        project = key if kind == "project" else None
        listed = msgspec.json.encode(entry)
        self.take(Subject(kind, key, self.scope.workspace, project, listed))

    def refuse_missing(self, what: str, keys: AbstractSet[str]) -> None:
        """See that every subject that was named is there.

        Args:
            what: What they are.
            keys: Those that no listing has.

        Raises:
            UsageError: There are such.
        """
        if not keys:
            return
        shown = ", ".join(shortened(printable(key)) for key in sorted(keys)[:_SHOWN])
        more = f" and {len(keys) - _SHOWN:,} more" if len(keys) > _SHOWN else ""
        archived = "" if self.selection.archived else "; archived ones have to be asked for"
        raise UsageError(f"{self.scope} has no {what} {shown}{more}{archived}")

    def take(self, subject: Subject) -> bool:
        """Add a subject, count the tables that are to be read of it, and tell if there are any."""
        self.listed.add(subject)
        done: Mapping[str, str] = {}
        if self._earlier is not None:
            done = self._earlier.done(subject)
        mark = print_of(subject, 0) if done else ""
        project = subject.project_id or ""
        any_due = False
        for table in self.tables:
            stored = None if always_read(table) else done.get(table)
            if TABLES[table].subject != subject.kind or (
                stored is not None and up_to_date(stored, mark + self._options[table])
            ):
                continue
            by_project = self.due.setdefault(table, {})
            by_project[project] = by_project.get(project, 0) + 1
            any_due = True
        return any_due
