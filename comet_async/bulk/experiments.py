"""Archive, restore, move, tag and delete thousands of experiments."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Unpack

from comet_async import comet
from comet_async.bulk.applying import Operation, Options, WritesReport, apply, each_once
from comet_async.engine.session import Session
from comet_async.errors import UsageError
from comet_async.request import Request

__all__ = [
    "archive_experiments",
    "delete_experiments",
    "move_experiments",
    "restore_experiments",
    "tag_experiments",
    "untag_experiments",
]

_MOVED_AT_ONCE = 100


async def archive_experiments(
    session: Session, experiment_keys: Iterable[str], **options: Unpack[Options]
) -> WritesReport:
    """Put experiments into the archive, where `restore_experiments` finds them.

    Args:
        session: An open session with the Comet service.
        experiment_keys: Keys; each counts once.
        **options: As in `Options`.

    Raises:
        CometAsyncError: As `apply` does; what fails for one experiment is in the report.

    Source: Comet REST v2, write/experiment/archive, a request for each.
    """
    operation = _each("archive", comet.archive_experiment)
    return await apply(session, operation, experiment_keys, **options)


async def restore_experiments(
    session: Session, experiment_keys: Iterable[str], **options: Unpack[Options]
) -> WritesReport:
    """Take experiments out of the archive.

    Args:
        session: An open session with the Comet service.
        experiment_keys: Keys; each counts once.
        **options: As in `Options`.

    Raises:
        CometAsyncError: As `apply` does; what fails for one experiment is in the report.

    Source: Comet REST v2, write/experiment/restore, a request for each.
    """
    operation = _each("restore", comet.restore_experiment)
    return await apply(session, operation, experiment_keys, **options)


async def delete_experiments(
    session: Session, experiment_keys: Iterable[str], *, confirm: int, **options: Unpack[Options]
) -> WritesReport:
    """Delete experiments, with all that belongs to them, for good.

    Args:
        session: An open session with the Comet service.
        experiment_keys: Keys; each counts once.
        confirm: How many experiments are to be deleted: no other number of keys is. Not asked of a
            dry run.
        **options: As in `Options`.

    Raises:
        UsageError: There are more or fewer keys than `confirm` says; nothing was sent.
        CometAsyncError: As `apply` does; what fails for one experiment is in the report.

    Source: Comet REST v2, write/experiment/delete, a request for each.
    """
    keys = each_once("delete", experiment_keys)
    if len(keys) != confirm and not options.get("dry_run"):
        raise UsageError(
            f"{len(keys):,} experiments would be deleted for good, {confirm:,} are confirmed;"
            f" pass confirm={len(keys)} if that is what you want"
        )
    return await apply(session, _each("delete", comet.delete_experiment), keys, **options)


async def move_experiments(
    session: Session,
    experiment_keys: Iterable[str],
    workspace_name: str,
    project_name: str,
    *,
    symlink: bool = False,
    **options: Unpack[Options],
) -> WritesReport:
    """Move experiments to another project, up to 100 with one request.

    Args:
        session: An open session with the Comet service.
        experiment_keys: Keys; each counts once.
        workspace_name: Workspace that holds the other project.
        project_name: The other project.
        symlink: Leave them where they are, and link to them. Whether a second link would be made is
            not known, so a link of which no answer came is not made again.
        **options: As in `Options`.

    Raises:
        CometAsyncError: As `apply` does; what fails for one experiment is in the report.

    Source: the vendor's Python client, write/experiment/move.
    """

    def request(keys: Sequence[str]) -> Request[None]:
        return comet.move_experiments(workspace_name, project_name, keys, symlink=symlink)

    arguments = {"workspace": workspace_name, "project": project_name}
    name = "link" if symlink else "move"
    operation = Operation(name, request, arguments, _MOVED_AT_ONCE)
    return await apply(session, operation, experiment_keys, **options)


async def tag_experiments(
    session: Session,
    experiment_keys: Iterable[str],
    tags: Sequence[str],
    **options: Unpack[Options],
) -> WritesReport:
    """Add tags to experiments; those that an experiment has stay.

    Args:
        session: An open session with the Comet service.
        experiment_keys: Keys; each counts once.
        tags: The tags, one or more.
        **options: As in `Options`.

    Raises:
        UsageError: There is no tag.
        CometAsyncError: As `apply` does; what fails for one experiment is in the report.

    Source: Comet REST v2, write/experiment/tags, a request for each.
    """
    add = partial(comet.add_experiment_tags, added_tags=tags)
    operation = _each("tag", add, {"tags": json.dumps([*tags])})
    return await apply(session, operation, experiment_keys, **options)


async def untag_experiments(
    session: Session,
    experiment_keys: Iterable[str],
    tags: Sequence[str],
    **options: Unpack[Options],
) -> WritesReport:
    """Take tags from experiments; those that an experiment lacks are no error.

    Args:
        session: An open session with the Comet service.
        experiment_keys: Keys; each counts once.
        tags: The tags, one or more.
        **options: As in `Options`.

    Raises:
        UsageError: There is no tag.
        CometAsyncError: As `apply` does; what fails for one experiment is in the report.

    Source: the vendor's Python client, write/experiment/tags/delete, a request for each.
    """
    take = partial(comet.delete_experiment_tags, tags=tags)
    operation = _each("untag", take, {"tags": json.dumps([*tags])})
    return await apply(session, operation, experiment_keys, **options)


def _each(
    name: str,
    request: Callable[[str], Request[None]],
    arguments: Mapping[str, str] = MappingProxyType({}),
) -> Operation:
    """Return an operation whose requests take one experiment each."""
    return Operation(name, lambda keys: request(keys[0]), arguments)
