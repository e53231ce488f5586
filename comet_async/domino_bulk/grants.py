"""Who may do what with which dataset: the grants of all datasets as rows."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager

import msgspec

from comet_async import domino
from comet_async.domino import DatasetGrantDetails, DatasetWithProject
from comet_async.engine.fan_out import Ok, Outcome, fan_out
from comet_async.engine.session import Session
from comet_async.errors import CometAsyncError, UsageError

__all__ = ["GrantRow", "GrantsReport", "dataset_grants", "report_grants"]

_CONCURRENCY = 8
_LISTING = "datasets"


class GrantRow(msgspec.Struct, frozen=True, kw_only=True):
    """One role of one user or organization on one dataset.

    Attributes:
        dataset_id: Id of the dataset.
        dataset_name: Its name.
        project_id: Id of its project.
        project_name: Name of the project; None where the server does not tell.
        project_owner: Name of the project's owner; None where the server does not tell.
        target_id: Id of the user or organization.
        target_name: Its name.
        is_organization: Whether it is an organization.
        role: The role as the server writes it, as "DatasetRwOwner".
    """

    dataset_id: str
    dataset_name: str | None = None
    project_id: str | None = None
    project_name: str | None = None
    project_owner: str | None = None
    target_id: str | None = None
    target_name: str | None = None
    is_organization: bool | None = None
    role: str | None = None


class GrantsReport(msgspec.Struct, frozen=True, kw_only=True):
    """The grants of many datasets.

    Attributes:
        rows: One for each grant, by the order of the datasets.
        datasets: How many datasets were read.
        failed: Why the grants of a dataset are missing, by its id; under "datasets" why there may
            be further datasets.
    """

    rows: Sequence[GrantRow]
    datasets: int
    failed: Mapping[str, CometAsyncError]

    @property
    def exit_code(self) -> int:
        """0 when the rows are all there are, else 3."""
        return 3 if self.failed else 0


@asynccontextmanager
async def dataset_grants(
    session: Session,
    *,
    project_ids: Sequence[str] | None = None,
    include_archived_projects: bool | None = None,
    concurrency: int = _CONCURRENCY,
) -> AsyncGenerator[AsyncIterator[Outcome[str, Sequence[GrantRow]]]]:
    """Give the grants of each dataset, in the order in which datasets are listed.

    They are fetched many at once, and ahead of the reader by no more than are under way.

    Args:
        session: An open session with the Domino service.
        project_ids: Only datasets of these projects; None for all that the caller may see.
        include_archived_projects: Whether those of archived projects count; since 6.3.0.
        concurrency: Datasets under way at once, from 1.

    Returns:
        A context manager around an asynchronous iterator of `Ok(dataset id, rows)` and
        `Failed(dataset id, error)`; `Failed("datasets", error)` comes last where the listing ended
        by an error.

    Raises:
        UsageError: `project_ids` is a single text or empty, or an argument is out of range.

    Source: Domino REST API, DatasetRw, get_datasets_v2 and get_dataset_grants.
    """
    if isinstance(project_ids, str):
        raise UsageError("dataset_grants needs a list of projects; put a single one into [...]")

    async def work(found: DatasetWithProject | CometAsyncError) -> Sequence[GrantRow]:
        if isinstance(found, CometAsyncError):
            raise found
        if found.dataset is None:
            return ()
        answer = await session.send(domino.get_dataset_grants(found.dataset.id))
        return [_row(found, grant) for grant in answer.grant_details]

    async with (
        aclosing(_listed(session, project_ids, archived=include_archived_projects)) as pairs,
        fan_out(work, pairs, concurrency=concurrency, ordered=True) as outcomes,
    ):
        yield outcomes


async def report_grants(
    session: Session,
    *,
    project_ids: Sequence[str] | None = None,
    include_archived_projects: bool | None = None,
    concurrency: int = _CONCURRENCY,
) -> GrantsReport:
    """Return the grants of all datasets, in memory.

    Args:
        session: An open session with the Domino service.
        project_ids: As for `dataset_grants`.
        include_archived_projects: As for `dataset_grants`.
        concurrency: As for `dataset_grants`.

    Raises:
        UsageError: `project_ids` is a single text or empty, or an argument is out of range.

    Source: Domino REST API, DatasetRw, get_datasets_v2 and get_dataset_grants.
    """
    rows: list[GrantRow] = []
    failed: dict[str, CometAsyncError] = {}
    datasets = 0
    async with dataset_grants(
        session,
        project_ids=project_ids,
        include_archived_projects=include_archived_projects,
        concurrency=concurrency,
    ) as outcomes:
        async for outcome in outcomes:
            if isinstance(outcome, Ok):
                datasets += 1
                rows += outcome.value
            else:
                failed[outcome.key] = outcome.error
    return GrantsReport(rows=rows, datasets=datasets, failed=failed)


async def _listed(
    session: Session, project_ids: Sequence[str] | None, *, archived: bool | None
) -> AsyncGenerator[tuple[str, DatasetWithProject | CometAsyncError]]:
    """Give the datasets, without those of other projects that a server may send."""
    try:
        paged = domino.paged_datasets_v2(
            project_ids_to_include=project_ids,
            include_project_info=True,
            include_archived_projects=archived,
        )
        async for found in session.items(paged):
            dataset = found.dataset
            if dataset is None:
                continue
            if project_ids is None or dataset.project_id in {None, *project_ids}:
                yield dataset.id, found
    except UsageError:
        raise
    except CometAsyncError as error:
        yield _LISTING, error


def _row(found: DatasetWithProject, grant: DatasetGrantDetails) -> GrantRow:
    dataset, project = found.dataset, found.project_info
    role = grant.target_role
    return GrantRow(
        dataset_id="" if dataset is None else dataset.id,
        dataset_name=None if dataset is None else dataset.name,
        project_id=None if dataset is None else dataset.project_id,
        project_name=None if project is None else project.project_name,
        project_owner=None if project is None else project.project_owner_username,
        target_id=grant.target_id,
        target_name=grant.target_name,
        is_organization=grant.is_organization,
        role=None if role is None else str(role),
    )
