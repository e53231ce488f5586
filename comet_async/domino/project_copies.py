"""What a copy of a project takes, and what it leaves out."""

from __future__ import annotations

from typing import ClassVar

from comet_async.domino.git import ProviderRepoVisibility
from comet_async.domino.project_state import ProjectVisibility
from comet_async.wire import Body, Flat

__all__ = [
    "CopyProjectSpec",
    "CopyProjectSpecBeta",
    "DatasetInfo",
    "DatasetNotCopied",
    "DeepCopyGitRepoSpec",
    "DeepCopyGitRepoSpecBeta",
    "GitCodeRepoSpec",
    "GitCodeRepoSpecBeta",
    "ReferenceCopyGitRepoSpec",
]


class DeepCopyGitRepoSpecBeta(Body, frozen=True, kw_only=True):
    """A clone of the code repository, for the beta operation.

    Gone from servers of 6.3.0 and later.

    Attributes:
        is_private: Whether the new repository is private.
        new_repo_name: Name of the new repository.
        new_repo_owner_name: Owner at the git provider.

    Wire model: DeepCopyGitRepoSpecBeta.
    """

    is_private: bool | None = None
    new_repo_name: str | None = None
    new_repo_owner_name: str | None = None


class ReferenceCopyGitRepoSpec(Body, frozen=True, kw_only=True):
    """An existing repository to point at.

    Attributes:
        main_repo_url: Address to clone from, http or https.

    Wire model: ReferenceCopyGitRepoSpecV1.
    """

    link_members: ClassVar[frozenset[str]] = frozenset({"main_repo_url"})

    main_repo_url: str


class GitCodeRepoSpecBeta(Body, frozen=True, kw_only=True):
    """What becomes of the code repository of a copy, for the beta operation.

    Gone from servers of 6.3.0 and later.

    Attributes:
        credential_id: Id of the credential, a personal access token.
        deep_copy: Clone into a new repository.
        reference_copy: Point at an existing repository.

    Wire model: GitCodeRepoSpecBeta.
    """

    credential_id: str | None = None
    deep_copy: DeepCopyGitRepoSpecBeta | None = None
    reference_copy: ReferenceCopyGitRepoSpec | None = None


class CopyProjectSpecBeta(Body, frozen=True, kw_only=True):
    """How to copy a project, for the beta operation.

    Gone from servers of 6.3.0 and later.

    Attributes:
        copy_datasets: Whether datasets are copied too.
        git_code_repo_spec: What becomes of the code repository.
        imported_git_repos_credential_id: Id of the credential, a personal access token, for
            imported repositories.
        name: Name of the new project.
        owner_id: Id of the owner.
        visibility: Who can see it.

    Wire model: CopyProjectSpecBeta.
    """

    copy_datasets: bool | None = None
    git_code_repo_spec: GitCodeRepoSpecBeta | None = None
    imported_git_repos_credential_id: str | None = None
    name: str | None = None
    owner_id: str | None = None
    visibility: ProjectVisibility | None = None


class DeepCopyGitRepoSpec(Body, frozen=True, kw_only=True):
    """A clone of the code repository.

    Attributes:
        new_repo_name: Name of the new repository.
        new_repo_owner_name: Owner at the git provider.
        visibility: Who can see it.

    Wire model: DeepCopyGitRepoSpecV1.
    """

    new_repo_name: str
    new_repo_owner_name: str
    visibility: ProviderRepoVisibility


class GitCodeRepoSpec(Body, frozen=True, kw_only=True):
    """What becomes of the code repository of a copy: one of the two ways.

    Attributes:
        credential_id: Id of the credential, a personal access token.
        deep_copy: Clone into a new repository.
        reference_copy: Point at an existing repository.

    Wire model: GitCodeRepoSpecV1.
    """

    credential_id: str
    deep_copy: DeepCopyGitRepoSpec | None = None
    reference_copy: ReferenceCopyGitRepoSpec | None = None


class CopyProjectSpec(Body, frozen=True, kw_only=True):
    """How to copy a project.

    Attributes:
        copy_datasets: Whether datasets are copied too.
        git_code_repo_spec: What becomes of the code repository.
        imported_git_repos_credential_id: Id of the credential, a personal access token, for
            imported repositories.
        name: Name of the new project.
        owner_id: Id of the owner.
        visibility: Who can see it.

    Wire model: CopyProjectSpecV1.
    """

    copy_datasets: bool
    git_code_repo_spec: GitCodeRepoSpec | None = None
    imported_git_repos_credential_id: str | None = None
    name: str | None = None
    owner_id: str | None = None
    visibility: ProjectVisibility | None = None


class DatasetInfo(Flat, frozen=True, kw_only=True):
    """What a copy tells of a dataset.

    Attributes:
        created_at: When it was created, an RFC 3339 text.
        description: Free text.
        id: Its id.
        name: Its name.
        project_id: Id of its project.

    Wire model: DatasetInfoV1.
    """

    id: str
    created_at: str | None = None
    description: str | None = None
    name: str | None = None
    project_id: str | None = None


class DatasetNotCopied(Flat, frozen=True, kw_only=True):
    """A dataset that a copy left out.

    Attributes:
        dataset_info: The dataset left out.
        error_message: Why it was left out.

    Wire model: DatasetNotCopiedV1.
    """

    dataset_info: DatasetInfo | None = None
    error_message: str | None = None
