"""The services that `comet-async call` speaks to, and what each can be asked."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from comet_async import comet
from comet_async.paging import Paged
from comet_async.request import Request

__all__ = ["COMET", "SERVICES", "Catalogue", "catalogue"]

SERVICES = ("comet", "domino")


def _unmoved(request: Request[Any]) -> Request[Any]:
    return request


class Catalogue(msgspec.Struct, frozen=True, kw_only=True):
    """The endpoints of one service.

    Attributes:
        service: Name of the service.
        command: How a call of it begins in the shell.
        endpoints: Every endpoint by its name.
        paged: For `--all`: endpoint to the function that returns its listing of all pages.
        moved: For `--newer-path`: gives a request the path that newer servers have for it.
    """

    service: str
    command: str
    endpoints: Mapping[str, Callable[..., Request[Any]]]
    paged: Mapping[str, Callable[..., Paged[Any, Any]]]
    moved: Callable[[Request[Any]], Request[Any]] = _unmoved


COMET = Catalogue(
    service="comet",
    command="comet-async call",
    endpoints=comet.ENDPOINTS,
    paged={
        "get_experiments": comet.paged_experiments,
        "get_projects_page": comet.paged_projects,
        "search_experiments": comet.paged_search,
    },
)


@functools.cache
def catalogue(service: str) -> Catalogue:
    """Return the catalogue of one of `SERVICES`, which is imported when it is asked for."""
    if service == COMET.service:
        return COMET
    from comet_async import domino  # noqa: PLC0415 several hundred structs take a while

    return Catalogue(
        service=service,
        command=f"comet-async call --service {service}",
        endpoints=domino.ENDPOINTS,
        paged={
            "get_accessible_and_active_data_sources": domino.paged_data_sources,
            "get_all_gateway_endpoints": domino.paged_gateway_endpoints,
            "get_all_hardware_tiers": domino.paged_hardware_tiers,
            "get_all_orgs": domino.paged_all_orgs,
            "get_dataset_snapshots": domino.paged_dataset_snapshots,
            "get_datasets": domino.paged_datasets,
            "get_datasets_v2": domino.paged_datasets_v2,
            "get_environments": domino.paged_environments,
            "get_imported_repos": domino.paged_imported_repos,
            "get_jobs": domino.paged_jobs,
            "get_model_deployment_versions": domino.paged_model_deployment_versions,
            "get_model_deployments": domino.paged_model_deployments,
            "get_projects": domino.paged_projects,
            "get_registered_model_names": domino.paged_registered_model_names,
            "get_registered_model_versions": domino.paged_registered_model_versions,
            "get_registered_models": domino.paged_registered_models,
            "get_registered_models_for_ui": domino.paged_registered_models_for_ui,
            "get_user_orgs": domino.paged_user_orgs,
            "get_visible_users": domino.paged_visible_users,
            "list_model_apis": domino.paged_model_apis,
        },
        moved=domino.moved,
    )
