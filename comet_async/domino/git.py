"""Git references and repositories."""

from __future__ import annotations

from typing import ClassVar

from comet_async.wire import Flat, Open, Shared

__all__ = [
    "GitRef",
    "GitRefType",
    "GitReferenceType",
    "GitServiceProvider",
    "MountedGitRepo",
    "ProjectRepositoryReference",
    "ProviderRepoVisibility",
]


class ProviderRepoVisibility(Open):
    """Who can see a repository; `internal` exists at GitHub Enterprise only.

    Wire model: ProviderRepoVisibilityV1.
    """

    PUBLIC = "public"
    PRIVATE = "private"
    INTERNAL = "internal"


class GitServiceProvider(Open):
    """Providers of git; servers answer them capitalized.

    Wire model: GitServiceProviderV1.
    """

    BITBUCKET = "bitbucket"
    BITBUCKET_SERVER = "bitbucketServer"
    GITHUB = "github"
    GITHUB_ENTERPRISE = "githubEnterprise"
    GIT_LAB = "gitLab"
    GIT_LAB_ENTERPRISE = "gitLabEnterprise"
    UNKNOWN = "unknown"


class GitRefType(Open):
    """Kinds of references that a run can start from."""

    HEAD = "head"
    COMMIT_ID = "commitId"
    TAGS = "tags"
    BRANCHES = "branches"


class GitRef(Shared, frozen=True, kw_only=True):
    """A reference of the main repository.

    Attributes:
        ref_type: Kind of git reference.
        value: Branch, tag or commit; not needed for head.

    Wire model: GitRefV1.
    """

    needed: ClassVar[frozenset[str]] = frozenset({"ref_type"})

    ref_type: GitRefType | None = None
    value: str | None = None


class GitReferenceType(Open):
    """Kinds of references of a repository; servers answer them capitalized.

    Wire model: GitReferenceTypeV1.
    """

    HEAD = "head"
    BRANCH = "branch"
    TAG = "tag"
    COMMIT = "commit"


class MountedGitRepo(Flat, frozen=True, kw_only=True):
    """A git repository in a run.

    Attributes:
        ending_branch: Branch at end.
        ending_commit_id: Commit at end.
        id: Its id.
        name: Its name.
        ref: Git reference that was mounted.
        service_provider: Git provider.
        starting_branch: Branch at start.
        starting_commit_id: Commit at start.
        uri: Address of the repository.

    Wire model: MountedGitRepoV1.
    """

    link_members: ClassVar[frozenset[str]] = frozenset({"uri"})

    id: str
    ending_branch: str | None = None
    ending_commit_id: str | None = None
    name: str | None = None
    ref: str | None = None
    service_provider: GitServiceProvider | None = None
    starting_branch: str | None = None
    starting_commit_id: str | None = None
    uri: str | None = None


class ProjectRepositoryReference(Shared, frozen=True, kw_only=True):
    """A reference of a repository.

    Attributes:
        ref_type: Kind of git reference.
        value: Its value.

    Wire model: ProjectRepositoryReferenceV1.
    """

    needed: ClassVar[frozenset[str]] = frozenset({"ref_type"})

    ref_type: GitReferenceType | None = None
    value: str | None = None
