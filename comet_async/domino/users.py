"""Users and their git credentials."""

from __future__ import annotations

from typing import ClassVar

from comet_async.domino.common import read
from comet_async.domino.git import GitServiceProvider
from comet_async.domino.metadata import PageMetadata, RequestMetadata
from comet_async.request import Request
from comet_async.wire import Flat, NullableList, Wire

__all__ = [
    "GitCredentials",
    "GitCredentialsEnvelope",
    "User",
    "UserEnvelope",
    "UsersPage",
    "get_current_user",
    "get_user_git_creds",
    "get_visible_users",
]


class GitCredentials(Flat, frozen=True, kw_only=True):
    """Git credentials of a user, without what is secret in them.

    Attributes:
        domain: Host the credentials serve.
        fingerprint: Key fingerprint.
        git_service_provider: Git provider.
        id: Its id.
        name: Its name.
        protocol: "https" or "ssh".

    Wire model: GitCredentialsAccessorV1.
    """

    id: str
    domain: str | None = None
    fingerprint: str | None = None
    git_service_provider: GitServiceProvider | None = None
    name: str | None = None
    protocol: str | None = None


class GitCredentialsEnvelope(Wire, frozen=True, kw_only=True):
    """Git credentials of a user; despite the model's name there are no pages.

    Attributes:
        credentials: One entry for each credential.
        metadata: Request id and notices.

    Wire model: PaginatedGitCredentialsAccessorEnvelopeV1.
    """

    credentials: NullableList[GitCredentials]
    metadata: RequestMetadata | None = None


class User(Flat, frozen=True, kw_only=True):
    """A user.

    Attributes:
        avatar_url: URL of the picture.
        company_name: Company.
        email: Address for mail.
        first_name: First name.
        full_name: Full name.
        id: Its id.
        last_name: Last name.
        phone_number: Telephone number.
        user_name: Login name.

    Wire model: UserV1.
    """

    link_members: ClassVar[frozenset[str]] = frozenset({"avatar_url"})

    id: str
    avatar_url: str | None = None
    company_name: str | None = None
    email: str | None = None
    first_name: str | None = None
    full_name: str | None = None
    last_name: str | None = None
    phone_number: str | None = None
    user_name: str | None = None


class UsersPage(Wire, frozen=True, kw_only=True):
    """One page of users.

    Attributes:
        metadata: Request id and notices.
        users: One entry for each user.

    Wire model: PaginatedUserEnvelopeV1.
    """

    users: NullableList[User]
    metadata: PageMetadata | None = None


class UserEnvelope(Flat, frozen=True, kw_only=True):
    """A user, as single answers have it.

    Attributes:
        metadata: Request id and notices.
        user: The user.

    Wire model: UserEnvelopeV1.
    """

    user: User
    metadata: RequestMetadata | None = None


def get_user_git_creds(user_id: str) -> Request[GitCredentialsEnvelope]:
    """Return the git credentials of a user.

    Beta.

    Needs the permission UpdateUser.

    Args:
        user_id: Id of the user.

    Returns:
        All of them, unpaged, without their secrets.

    Source: Domino REST API, Users.
    """
    return read(
        "/api/users/beta/credentials/{userId}",
        GitCredentialsEnvelope,
        path_params={"userId": user_id},
    )


def get_current_user() -> Request[UserEnvelope]:
    """Return the user whom the key belongs to.

    Returns:
        One object.

    Source: Domino REST API, Users.
    """
    return read("/api/users/v1/self", UserEnvelope)


def get_visible_users(*, offset: int | None = None, limit: int | None = None) -> Request[UsersPage]:
    """Return the users that the caller can see.

    Args:
        offset: Rows to skip.
        limit: Most rows of the answer; default 10.

    Returns:
        One page. A server may cap `limit`: step by the rows received, and end at an empty page or
        the total.

    Source: Domino REST API, Users.
    """
    return read("/api/users/v1/users", UsersPage, query={"offset": offset, "limit": limit})
