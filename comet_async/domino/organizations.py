"""Organizations and their members."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from comet_async.building import listed
from comet_async.domino.common import read, write
from comet_async.domino.metadata import PageMetadata, RequestMetadata
from comet_async.request import Effect, Request
from comet_async.wire import Flat, NullableList, Open, Shared, Wire, no_items

__all__ = [
    "Organization",
    "OrganizationEnvelope",
    "OrganizationMember",
    "OrganizationRole",
    "OrganizationsPage",
    "add_user_to_org",
    "create_org",
    "get_all_orgs",
    "get_org",
    "get_user_orgs",
    "remove_user_from_org",
]


class OrganizationRole(Open):
    """Roles in an organization.

    Wire model: OrganizationRoleV1.
    """

    MEMBER = "member"
    ADMIN = "admin"


class OrganizationMember(Shared, frozen=True, kw_only=True):
    """A member of an organization.

    Attributes:
        organization_role: Role in the organization.
        user_id: Id of the user.

    Wire model: OrganizationMemberV1.
    """

    needed: ClassVar[frozenset[str]] = frozenset({"organization_role", "user_id"})

    organization_role: OrganizationRole | None = None
    user_id: str | None = None


class Organization(Wire, frozen=True, kw_only=True):
    """An organization.

    Attributes:
        default_environment_id: Default environment.
        id: Its id, as in the collection of users.
        members: One entry for each member.
        name: Its name.

    Wire model: OrganizationV1.
    """

    id: str
    default_environment_id: str | None = None
    members: NullableList[OrganizationMember] = no_items()
    name: str | None = None


class OrganizationEnvelope(Flat, frozen=True, kw_only=True):
    """An organization, as single answers have it.

    Attributes:
        metadata: Request id and notices.
        org: The organization.

    Wire model: OrganizationEnvelopeV1.
    """

    org: Organization
    metadata: RequestMetadata | None = None


class OrganizationsPage(Wire, frozen=True, kw_only=True):
    """One page of organizations.

    Attributes:
        metadata: Request id and notices.
        orgs: One entry for each organization.

    Wire model: PaginatedOrganizationEnvelopeV1.
    """

    orgs: NullableList[Organization]
    metadata: PageMetadata | None = None


def get_user_orgs(
    *, name_filter: str | None = None, offset: int | None = None, limit: int | None = None
) -> Request[OrganizationsPage]:
    """Return the organizations of the caller.

    Args:
        name_filter: Exact name of an organization.
        offset: Rows to skip.
        limit: Most rows of the answer; default 10.

    Returns:
        One page. A server may cap `limit`: step by the rows received, and end at an empty page or
        the total.

    Source: Domino REST API, Organizations.
    """
    return read(
        "/api/organizations/v1/organizations",
        OrganizationsPage,
        query={"nameFilter": name_filter, "offset": offset, "limit": limit},
    )


def create_org(members: Sequence[OrganizationMember], name: str) -> Request[OrganizationEnvelope]:
    """Create an organization.

    Appends: it is not repeated where the server may have acted.

    Any signed-in user may do it.

    Args:
        members: One entry for each member.
        name: Its name.

    Returns:
        The object as it is now.

    Source: Domino REST API, Organizations.
    """
    path = "/api/organizations/v1/organizations"
    return write(
        "POST",
        path,
        OrganizationEnvelope,
        Effect.APPEND,
        json={"members": listed(path, "members", members, least=0), "name": name},
    )


def get_all_orgs(
    *,
    name_filter: str | None = None,
    offset: int | None = None,
    limit: int | None = None,
    user_id_filter: str | None = None,
) -> Request[OrganizationsPage]:
    """Return every organization, for admins.

    Needs the permission ManageOrganizations.

    Args:
        name_filter: Part of the name of an organization.
        offset: Rows to skip.
        limit: Most rows of the answer; default 10.
        user_id_filter: Id of a user who is a member; since 6.3.0.

    Returns:
        One page. A server may cap `limit`: step by the rows received, and end at an empty page or
        the total.

    Source: Domino REST API, Organizations.
    """
    return read(
        "/api/organizations/v1/organizations/all",
        OrganizationsPage,
        query={
            "nameFilter": name_filter,
            "offset": offset,
            "limit": limit,
            "userIdFilter": user_id_filter,
        },
    )


def get_org(organization_id: str) -> Request[OrganizationEnvelope]:
    """Return one organization.

    Needs the permission ViewOrganization.

    Args:
        organization_id: Id of the organization, as in the collection of users.

    Returns:
        One object.

    Source: Domino REST API, Organizations.
    """
    return read(
        "/api/organizations/v1/organizations/{organizationId}",
        OrganizationEnvelope,
        path_params={"organizationId": organization_id},
    )


def add_user_to_org(
    organization_id: str, organization_role: str, user_id: str
) -> Request[OrganizationEnvelope]:
    """Add a member to an organization, or change the member's role.

    Idempotent.

    Needs the permission EditMembers.

    Args:
        organization_id: Id of the organization, as in the collection of users.
        organization_role: Role in the organization: "member", "admin".
        user_id: Id of the user.

    Returns:
        The object as it is now.

    Source: Domino REST API, Organizations.
    """
    return write(
        "PUT",
        "/api/organizations/v1/organizations/{organizationId}/user",
        OrganizationEnvelope,
        Effect.IDEMPOTENT,
        path_params={"organizationId": organization_id},
        json={"organizationRole": organization_role, "userId": user_id},
    )


def remove_user_from_org(
    organization_id: str, member_to_remove_id: str
) -> Request[OrganizationEnvelope]:
    """Remove a member from an organization.

    Idempotent: a repetition after a lost answer may be told that it is gone.

    Needs the permission EditMembers.

    Args:
        organization_id: Id of the organization, as in the collection of users.
        member_to_remove_id: Id of the user to remove.

    Returns:
        What was removed.

    Source: Domino REST API, Organizations.
    """
    return write(
        "DELETE",
        "/api/organizations/v1/organizations/{organizationId}/user",
        OrganizationEnvelope,
        Effect.IDEMPOTENT,
        path_params={"organizationId": organization_id},
        query={"memberToRemoveId": member_to_remove_id},
    )
