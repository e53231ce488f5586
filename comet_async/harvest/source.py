"""What a harvest can be of: how a service is listed, and how its tables are read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import msgspec

from comet_async.harvest.file_stage import FileStage
from comet_async.harvest.job import Job
from comet_async.harvest.ledger_parts import ANSWERS_KIND
from comet_async.harvest.schema import TABLES
from comet_async.harvest.subjects import Reader, SubjectKind
from comet_async.harvest.walking import Walk

__all__ = ["Source"]


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A service as a harvest sees it; its tables are those of its kinds of subjects.

    Attributes:
        service: Name of the service.
        kinds: Kinds of subjects that it lists.
        beyond: Those of them that are left out, unless they are asked for, where the scope names a
            project.
        main: The table whose subjects a harvest is counted by; its requests are the plan's.
        counted: What those subjects are called.
        walk: Asks for the listings of a scope, and adds what they show.
        stages: Reads everything that is planned.
    """

    service: str
    kinds: frozenset[SubjectKind]
    beyond: frozenset[SubjectKind] = frozenset()
    main: str
    counted: str
    walk: Callable[[Walk], Awaitable[None]]
    stages: Callable[[Job, Sequence[Reader], FileStage | None], Awaitable[None]]

    def has(self, table: str) -> bool:
        """Tell whether a table is one of this service's; that of answers is any service's."""
        return TABLES[table].subject in (*self.kinds, ANSWERS_KIND)
