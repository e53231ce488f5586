"""An expression against the columns of a project: what the server is asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from comet_async.comet.queries import Column
from comet_async.errors import UsageError
from comet_async.query.columns import KnownColumns
from comet_async.query.expressions import Comparison, Expression, Variable
from comet_async.query.shapes import Node, predicates_of, tree_of
from comet_async.query.values import wire_value
from comet_async.redaction import shortened

__all__ = ["Resolved", "resolve"]

_TAG = "tag"


class Resolved(msgspec.Struct, frozen=True, kw_only=True):
    """What the server is asked for an expression.

    Attributes:
        expression: The expression.
        predicates: For `comet.query_project`.
        rules_tree: For `comet.search_experiments`.
        columns: Columns that the expression names, each once, from left to right; no tags.
        unknown: Those of them that the project lacks, with a guessed type; empty if `strict`.
        unknown_tags: Tags that no experiment of the project has; that is no error.
        tags: Tags that there are in the project.
    """

    expression: Expression
    predicates: tuple[Mapping[str, object], ...]
    rules_tree: Mapping[str, object]
    columns: tuple[Column, ...] = ()
    unknown: tuple[Column, ...] = ()
    unknown_tags: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


def resolve(expression: Expression, columns: Iterable[Column], *, strict: bool = True) -> Resolved:
    """Return what the server is asked for an expression.

    Args:
        expression: Which experiments are wanted.
        columns: Columns of the project, as `comet.get_project_columns` tells them.
        strict: Whether an unknown column, or a value that cannot be meant for its column, is
            refused. Otherwise the type is guessed, and the value sent as it is.

    Raises:
        UsageError: It is no expression; an operator does not go with the type of its column; or,
            if `strict`, as above. The message lists names that are near.
    """
    _check(expression)
    known = KnownColumns(columns)
    leaves = expression.leaves()
    missing = [leaf for leaf in leaves if not known.has(leaf.variable)]
    lacking = [leaf for leaf in missing if leaf.variable.source != _TAG]
    if strict and lacking:
        raise known.unknown(lacking[0].variable)

    def rule_of(leaf: Comparison) -> Node:
        column = known.column(leaf)
        return {
            "id": leaf.variable.name,
            "field": leaf.variable.name,
            "type": column.type,
            "operator": leaf.operator,
            "value": wire_value(leaf, column.type or "", strict=strict),
            "source": leaf.variable.source,
        }

    tags = [leaf.variable.name for leaf in missing if leaf.variable.source == _TAG]
    return Resolved(
        expression=expression,
        predicates=tuple(predicates_of(expression, rule_of)),
        rules_tree=tree_of(expression, rule_of),
        columns=_once(known, [leaf for leaf in leaves if leaf.variable.source != _TAG]),
        unknown=_once(known, lacking),
        unknown_tags=tuple(dict.fromkeys(tags)),
        tags=known.tags(),
    )


def _once(known: KnownColumns, leaves: Iterable[Comparison]) -> tuple[Column, ...]:
    columns = [known.column(leaf) for leaf in leaves]
    return tuple({column.id: column for column in columns}.values())


def _check(found: object) -> None:
    if isinstance(found, Variable):
        raise UsageError(f"{found} is a column alone; compare it, as {found} > 0.5")
    if not isinstance(found, Expression):
        raise UsageError(f"{shortened(repr(found), 60)} is no query expression")
