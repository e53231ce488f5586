"""The expression of a selection, against the columns of each project that is listed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from comet_async import comet
from comet_async.engine.session import Session
from comet_async.query import Expression, resolve

__all__ = ["Where"]


class Where:
    """Turns an expression into the predicates of each project.

    In a workspace not every project has every column: those without it have no experiments that
    match, and only a column that no project has is an error.

    Args:
        session: An open session.
        expression: The expression.
        strict: Whether each project must have the columns; for a scope of one project.
    """

    def __init__(self, session: Session, expression: Expression, *, strict: bool) -> None:
        self._session = session
        self._expression = expression
        self._strict = strict
        self._columns: dict[str, comet.Column] = {}

    async def predicates(
        self, address: Mapping[str, str | None], flags: Sequence[bool]
    ) -> tuple[Mapping[str, object], ...]:
        """Return the predicates for a project.

        Args:
            address: What names the project.
            flags: Values of the `archived` flag to ask for columns with.

        Raises:
            UsageError: An operator does not go with the type of its column; or, if `strict`, a
                column is unknown.
            CometAsyncError: As `Session.send` does.
        """
        columns: list[comet.Column] = []
        for flag in flags:
            request = comet.get_project_columns(
                project_id=address.get("project_id"),
                project_name=address.get("project_name"),
                workspace_name=address.get("workspace_name"),
                archived=flag,
            )
            columns += (await self._session.send(request)).columns
        for column in columns:
            self._columns.setdefault(column.id, column)
        return resolve(self._expression, columns, strict=self._strict).predicates

    def check(self) -> None:
        """See that each column is one of some project, once all have been asked.

        Raises:
            UsageError: No project has it.
        """
        columns = self._columns.values()
        if columns and resolve(self._expression, columns, strict=False).unknown:
            resolve(self._expression, columns)
