"""The columns of a project: their types, and what may have been meant by a name that is none."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from comet_async.comet.queries import Column
from comet_async.errors import UsageError
from comet_async.query.expressions import VARIABLES, Comparison, Variable
from comet_async.query.values import guessed_type
from comet_async.redaction import shortened

__all__ = ["KnownColumns"]

_TAG = "tag"
_NEAR = 3
_CUTOFF, _CUTOFF_ELSEWHERE = 0.6, 0.85
_PART = 3
_SHOWN = 60


class KnownColumns:
    """What a project's columns tell of the names in an expression.

    Args:
        columns: As `comet.get_project_columns` tells them; of two with one name and source the
            first counts.
    """

    def __init__(self, columns: Iterable[Column]) -> None:
        self._columns: dict[tuple[str, str], Column] = {}
        for column in columns:
            if column.name is not None and column.source in VARIABLES:
                self._columns.setdefault((column.source, column.name), column)

    def has(self, variable: Variable) -> bool:
        """Tell whether there is such a column."""
        return (variable.source, variable.name) in self._columns

    def tags(self) -> tuple[str, ...]:
        """Return the tags that experiments have."""
        return tuple(name for source, name in self._columns if source == _TAG)

    def column(self, comparison: Comparison) -> Column:
        """Return the column of a comparison, one of a guessed type if it is unknown.

        A tag needs no column: that nobody has it is an answer, too.
        """
        source, name = comparison.variable.source, comparison.variable.name
        kind = None
        if source == _TAG:
            kind = "string"
        elif (source, name) in self._columns:
            kind = self._columns[source, name].type
        return Column(
            id=f"{name}--{source}",
            name=name,
            type=kind or guessed_type(comparison),
            source=source,
        )

    def unknown(self, variable: Variable) -> UsageError:
        """Return the error for a name that is no column, with what may have been meant."""
        told = [*self._elsewhere(variable), *self._near(variable)]
        if told:
            advice = f"did you mean {' or '.join(told[:_NEAR])}?"
        elif self._columns:
            advice = "and no column has a similar name; `comet.get_project_columns` lists them"
        else:
            advice = "which has no columns at all: it may have no experiments"
        shown = shortened(str(variable), _SHOWN)
        return UsageError(f"{shown} is unknown in this project; {advice}")

    def _elsewhere(self, variable: Variable) -> list[str]:
        """Return columns of this very name, but of another source or in other capitals."""
        wanted = variable.name.casefold()
        return [
            _shown(source, name)
            for source, name in self._columns
            if name.casefold() == wanted and source != _TAG
        ]

    def _near(self, variable: Variable) -> list[str]:
        """Return columns of similar names, those of the same source first."""
        wanted = variable.name.casefold()
        sources = sorted({source for source, _ in self._columns} - {_TAG})
        found: list[str] = []
        for source in sorted(sources, key=lambda source: source != variable.source):
            names = {
                name.casefold(): name
                for of, name in self._columns
                if of == source and name.casefold() != wanted
            }
            cutoff = _CUTOFF if source == variable.source else _CUTOFF_ELSEWHERE
            found += [_shown(source, names[name]) for name in _similar(wanted, names, cutoff)]
        return found


def _similar(wanted: str, names: Iterable[str], cutoff: float) -> list[str]:
    """Return names that are spelled alike, then longer ones, and those with such initials."""
    names = list(names)
    alike = difflib.get_close_matches(wanted, names, n=_NEAR, cutoff=cutoff)
    longer = [name for name in names if len(wanted) >= _PART and wanted in name]
    initials = [name for name in names if _initials(name) == wanted]
    return list(dict.fromkeys([*alike, *sorted(longer, key=len), *initials]))[:_NEAR]


def _initials(name: str) -> str:
    words = re.split(r"[\W_]+", name)
    return "".join(word[:1] for word in words) if len(words) > 1 else ""


def _shown(source: str, name: str) -> str:
    return shortened(str(VARIABLES[source](name)), _SHOWN)
