"""Registered models and all their versions, on servers old and new."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import TypeVar

import msgspec

from comet_async import domino
from comet_async.domino import (
    RegisteredModel,
    RegisteredModelVersionDetails,
    RegisteredModelVersionOverview,
)
from comet_async.engine.fan_out import Failed, Outcome, fan_out
from comet_async.engine.session import Session
from comet_async.errors import CometAsyncError, NotFoundError
from comet_async.paging import Paged
from comet_async.request import Request

__all__ = ["ListedModel", "ModelVersionRow", "list_models"]

T = TypeVar("T")
Page = TypeVar("Page")
Item = TypeVar("Item")

_CONCURRENCY = 8
_DETAILS = 4
_LISTING = "models"


class ModelVersionRow(msgspec.Struct, frozen=True, kw_only=True):
    """One version of one registered model.

    Attributes:
        model_name: Name of the model.
        version: Number of the version; None for a model without any.
        is_latest: Whether it is the newest version, as the model says.
        project_id: Id of the model's project.
        project_name: Its name.
        owner: Name of the version's owner, or of the model's where that is not told.
        experiment_run_id: Id of the run that it came from.
        created_at: When it was made, an RFC 3339 text.
        updated_at: When it was last changed, an RFC 3339 text.
        description: Free text; None unless details were asked for.
        stage: Stage that it is in, gone since 6.3.0; None unless details were asked for.
        tags: Values of the version's tags, by key; empty unless details were asked for.
        model_tags: Values of the model's tags, by key.
    """

    model_name: str
    version: int | None = None
    is_latest: bool | None = None
    project_id: str | None = None
    project_name: str | None = None
    owner: str | None = None
    experiment_run_id: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    description: str | None = None
    stage: str | None = None
    tags: Mapping[str, str | None] = {}
    model_tags: Mapping[str, str | None] = {}


class ListedModel(msgspec.Struct, frozen=True, kw_only=True):
    """A registered model with its versions.

    Attributes:
        model: The model as listings have it.
        versions: All versions, in the server's order.
        details: The same versions in full, where that was asked for.
    """

    model: RegisteredModel
    versions: Sequence[RegisteredModelVersionOverview]
    details: Sequence[RegisteredModelVersionDetails] = ()

    def rows(self) -> list[ModelVersionRow]:
        """Return a row for each version; one without a version for a model that has none."""
        if not self.versions:
            return [_row(self.model, RegisteredModelVersionOverview(), None)]
        known = {details.model_version: details for details in self.details}
        return [_row(self.model, found, known.get(found.model_version)) for found in self.versions]


class _Found(msgspec.Struct, frozen=True):
    """A model of the listing, and whether the server has the newer paths."""

    model: RegisteredModel
    is_newer: bool


@asynccontextmanager
async def list_models(
    session: Session,
    *,
    project_id: str | None = None,
    search_pattern: str | None = None,
    details: bool = False,
    concurrency: int = _CONCURRENCY,
) -> AsyncGenerator[AsyncIterator[Outcome[str, ListedModel]]]:
    """Give the registered models with their versions, in the order in which models are listed.

    Versions are fetched many at once, and ahead of the reader by no more than are under way. The
    newer paths are tried first, and the older ones where the server does not know these.

    Args:
        session: An open session with the Domino service.
        project_id: Only models of this project; None for all that the caller may see.
        search_pattern: Search of MLflow's kind over names and tags.
        details: Whether to fetch each version in full, with a request for each.
        concurrency: Models under way at once, from 1.

    Returns:
        A context manager around an asynchronous iterator of `Ok(name, model)` and
        `Failed(name, error)`; `Failed("models", error)` comes last where the listing ended by an
        error.

    Raises:
        UsageError: An argument is out of range.

    Source: Domino REST API, RegisteredModels, get_registered_models, get_registered_model_versions
    and get_registered_model_version.
    """

    async def work(found: _Found | CometAsyncError) -> ListedModel:
        if isinstance(found, CometAsyncError):
            raise found
        name = found.model.name or ""
        paged = domino.paged_registered_model_versions(name)
        versions = [row async for row in _items(session, paged, newer=found.is_newer)]
        full = await _details(session, name, versions, newer=found.is_newer) if details else ()
        return ListedModel(model=found.model, versions=versions, details=full)

    async with (
        aclosing(_listed(session, project_id, search_pattern)) as pairs,
        fan_out(work, pairs, concurrency=concurrency, ordered=True) as outcomes,
    ):
        yield outcomes


async def _listed(
    session: Session, project_id: str | None, search_pattern: str | None
) -> AsyncGenerator[tuple[str, _Found | CometAsyncError]]:
    """Give the models, by the newer path if the server has it."""
    paged = domino.paged_registered_models(project_id=project_id, search_pattern=search_pattern)
    is_newer, count = True, 0
    while True:
        try:
            async for model in _items(session, paged, newer=is_newer):
                count += 1
                yield model.name or "", _Found(model, is_newer)
        except CometAsyncError as error:
            if is_newer and not count and isinstance(error, NotFoundError):
                is_newer = False
                continue
            yield _LISTING, error
        return


async def _items(
    session: Session, paged: Paged[Page, Item], *, newer: bool
) -> AsyncGenerator[Item]:
    """Give the items of a listing, each page by the newer path or each by the older one."""
    step = paged.begin()
    request: Request[Page] | None = paged.first
    while request is not None:
        fresh, request = step(request, await session.send(_placed(request, newer=newer)))
        for item in fresh:
            yield item


def _placed(request: Request[T], *, newer: bool) -> Request[T]:
    return domino.moved(request) if newer else request


async def _details(
    session: Session,
    name: str,
    versions: Sequence[RegisteredModelVersionOverview],
    *,
    newer: bool,
) -> Sequence[RegisteredModelVersionDetails]:
    """Return the versions in full.

    Raises:
        CometAsyncError: One of them cannot be had.
    """
    numbers = [found.model_version for found in versions if found.model_version is not None]
    requests = (
        (number, _placed(domino.get_registered_model_version(name, number), newer=newer))
        for number in numbers
    )
    found: list[RegisteredModelVersionDetails] = []
    async with session.fan_out(requests, concurrency=_DETAILS, ordered=True) as outcomes:
        async for outcome in outcomes:
            if isinstance(outcome, Failed):
                raise outcome.error
            found.append(outcome.value)
    return found


def _row(
    model: RegisteredModel,
    version: RegisteredModelVersionOverview,
    details: RegisteredModelVersionDetails | None,
) -> ModelVersionRow:
    project = version.project or model.project
    number, latest = version.model_version, model.latest_version
    return ModelVersionRow(
        model_name=model.name or "",
        version=number,
        is_latest=None if number is None or latest is None else number == latest,
        project_id=None if project is None else project.id,
        project_name=None if project is None else project.name,
        owner=version.owner_username or model.owner_username,
        experiment_run_id=version.experiment_run_id,
        created_at=version.created_at,
        updated_at=version.updated_at,
        description=None if details is None else details.model_version_description,
        stage=None if details is None else details.current_stage,
        tags={} if details is None else details.tags,
        model_tags=model.tags,
    )
