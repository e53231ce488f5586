"""Workspaces and the account behind the key."""

from __future__ import annotations

from comet_async.comet.common import NullableList, Wire, read
from comet_async.request import Request

__all__ = ["AccountDetails", "Workspaces", "get_account_details", "get_workspaces"]


class Workspaces(Wire, frozen=True, kw_only=True):
    """Names of workspaces.

    Attributes:
        workspace_names: One name for each workspace, in the server's order.
    """

    workspace_names: NullableList[str]


class AccountDetails(Wire, frozen=True, kw_only=True):
    """The user to whom the key belongs.

    Attributes:
        user_name: Login name.
        default_workspace_name: Workspace used where none is named.
    """

    user_name: str | None = None
    default_workspace_name: str | None = None


def get_workspaces() -> Request[Workspaces]:
    """Return the workspaces that the key can read.

    Returns:
        All names in one answer, in no promised order.

    Source: Comet REST v2, workspaces. Version 1 of the API called the member `workspaces`.

    >>> get_workspaces().path
    '/api/rest/v2/workspaces'
    """
    return read("/api/rest/v2/workspaces", Workspaces)


def get_account_details(
    *, user_name: str | None = None, default_workspace_name: str | None = None
) -> Request[AccountDetails]:
    """Return the user and the default workspace of the key.

    The vendor's page lists two parameters, yet the identity comes from the key: leave them out.

    Args:
        user_name: Listed by the vendor; no known client sends it.
        default_workspace_name: Listed by the vendor; no known client sends it.

    Returns:
        One object.

    Source: Comet REST v2, account-details.
    """
    return read(
        "/api/rest/v2/account-details",
        AccountDetails,
        query={"userName": user_name, "defaultWorkspaceName": default_workspace_name},
    )
