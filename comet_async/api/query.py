"""Which experiments of a project an expression wants: asked by query, or by search.

Both give the same experiments. `query` takes two requests, whatever it finds; `search` takes pages,
all of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from comet_async import comet
from comet_async.engine.session import Session
from comet_async.errors import BadRequestError, NotFoundError
from comet_async.query import Expression, Resolved, read_expression, resolve
from comet_async.request import Request

__all__ = ["Selected", "as_expression", "experiments_of", "query", "search"]

_PAGE = 100
_PAGES_AT_ONCE = 8
_ONE_BY_ONE = 4


class Selected(msgspec.Struct, frozen=True, kw_only=True):
    """The experiments that an expression wants.

    Attributes:
        keys: Their keys, each once, in the server's order.
        asked: The expression as it was sent, its columns, and tags that nobody has.
        experiments_in_project: Experiments in the project, where the server tells it.
    """

    keys: tuple[str, ...]
    asked: Resolved
    experiments_in_project: int | None = None


async def query(
    session: Session,
    expression: Expression | str,
    *,
    project_id: str | None = None,
    project_name: str | None = None,
    workspace_name: str | None = None,
    archived: bool = False,
    strict: bool = True,
) -> Selected:
    """Return the experiments of a project that an expression wants.

    Args:
        session: An open session with the Comet service.
        expression: An expression, or its text.
        project_id: Id of the project.
        project_name: Its name; needs `workspace_name`.
        workspace_name: Workspace that holds it.
        archived: Ask the archived experiments instead.
        strict: Whether an unknown column, or a value that cannot be meant for its column, is an
            error.

    Returns:
        All of them: the answer has no pages. An experiment that lacks a column is wanted by
        `== None`, and by no other comparison, negated or not; a tag that it lacks is a negation's.

    Raises:
        UsageError: The project is named in no way, or in both; the text is no expression; or, if
            `strict`, as above.
        CometAsyncError: As `Session.send` does.
    """
    wanted = as_expression(expression)
    asked = await _resolved(
        session,
        wanted,
        comet.get_project_columns(
            project_id=project_id,
            project_name=project_name,
            workspace_name=workspace_name,
            archived=archived,
        ),
        strict=strict,
    )
    request = comet.query_project(
        asked.predicates,
        project_id=project_id,
        project_name=project_name,
        workspace_name=workspace_name,
        archived=archived,
    )
    found = await session.send(request)
    return Selected(
        keys=tuple(dict.fromkeys(found.experiment_keys)),
        asked=asked,
        experiments_in_project=found.experiments_in_project,
    )


async def search(
    session: Session,
    expression: Expression | str,
    *,
    project_id: str | None = None,
    project_name: str | None = None,
    workspace_name: str | None = None,
    archived: bool = False,
    strict: bool = True,
    page_size: int = _PAGE,
) -> Selected:
    """Return the experiments of a project that an expression wants, by the search of the web page.

    It asks for pages until one brings nothing new, or less than the first: a server may cap pages
    below what was asked for. From the third page on, several are asked for at once.

    Args:
        session: An open session with the Comet service.
        expression: An expression, or its text.
        project_id: Id of the project.
        project_name: Its name, which takes one more request; needs `workspace_name`.
        workspace_name: Workspace that holds it.
        archived: Search the archived experiments instead.
        strict: As for `query`.
        page_size: Experiments to ask for in a page, from 1.

    Returns:
        All of them, as for `query`.

    Raises:
        UsageError: As for `query`, or `page_size` is below 1.
        CometAsyncError: As `Session.send` does.
    """
    wanted = as_expression(expression)
    if project_id is None or project_name is not None or workspace_name is not None:
        request = comet.get_project(
            project_id=project_id, project_name=project_name, workspace_name=workspace_name
        )
        project_id = (await session.send(request)).project_id
    asked = await _resolved(
        session,
        wanted,
        comet.get_project_columns(project_id=project_id, archived=archived),
        strict=strict,
    )
    keys = await _all_pages(session, project_id, asked, archived=archived, size=page_size)
    return Selected(keys=keys, asked=asked)


def as_expression(found: Expression | str) -> Expression:
    """Return an expression, read from its text if that is given.

    Raises:
        UsageError: The text is no expression.
    """
    return read_expression(found) if isinstance(found, str) else found


async def _resolved(
    session: Session, expression: Expression, columns: Request[comet.Columns], *, strict: bool
) -> Resolved:
    answer = await session.send(columns)
    return resolve(expression, answer.columns, strict=strict)


async def _all_pages(
    session: Session, project_id: str, asked: Resolved, *, archived: bool, size: int
) -> tuple[str, ...]:
    """Return the keys of all pages of a search, each once."""
    keys: dict[str, None] = {}
    following, first = 1, 0
    while True:
        numbers = range(following, following + max(1, min(following - 1, _PAGES_AT_ONCE)))
        pages = await _pages(session, project_id, asked, numbers, archived=archived, size=size)
        for page in pages:
            before = len(keys)
            keys.update((row.experiment_key, None) for row in page.experiments)
            first = first or len(page.experiments)
            if len(keys) == before or len(page.experiments) < first:
                return tuple(keys)
        following = numbers.stop


async def _pages(
    session: Session,
    project_id: str,
    asked: Resolved,
    numbers: Sequence[int],
    *,
    archived: bool,
    size: int,
) -> list[comet.FoundExperiments]:
    """Return pages of a search by their numbers.

    Raises:
        CometAsyncError: One of them failed.
    """
    found = await session.collect(
        (
            number,
            comet.search_experiments(
                project_id, asked.rules_tree, limit=size, page=number, deleted=archived
            ),
        )
        for number in numbers
    )
    for error in found.failed.values():
        raise error
    return [found.ok[number] for number in numbers]


async def experiments_of(
    session: Session,
    keys: Sequence[str],
    *,
    project_id: str | None = None,
    project_name: str | None = None,
    workspace_name: str | None = None,
    archived: bool = False,
) -> list[comet.Experiment]:
    """Return the metadata of experiments of a project.

    Args:
        session: An open session with the Comet service.
        keys: Keys of the experiments.
        project_id: Id of the project.
        project_name: Its name; needs `workspace_name`.
        workspace_name: Workspace that holds it.
        archived: Whether they are archived.

    Returns:
        One for each key, in that order: from one listing of the project, or, of a few experiments
        and of those that the listing lacks, one by one. Of one that is gone, the key alone.

    Raises:
        UsageError: The project is named in no way, or in both.
        CometAsyncError: As `Session.send` does.
    """
    listing = comet.get_experiments(
        project_id=project_id,
        project_name=project_name,
        workspace_name=workspace_name,
        archived=archived,
    )
    known: dict[str, comet.Experiment] = {}
    if len(set(keys)) > _ONE_BY_ONE:
        listed = await session.send(listing)
        known = {entry.experiment_key: entry for entry in listed.experiments}
    missing = [key for key in dict.fromkeys(keys) if key not in known]
    found = await session.collect((key, comet.get_experiment_metadata(key)) for key in missing)
    for key, error in found.failed.items():
        if not isinstance(error, (BadRequestError, NotFoundError)):
            raise error
        known[key] = comet.Experiment(experiment_key=key)
    known.update(found.ok)
    return [known[key] for key in keys]
