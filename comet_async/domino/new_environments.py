"""What creates environments and revisions."""

from __future__ import annotations

from typing import ClassVar

from comet_async.domino.clusters import ClusterType
from comet_async.domino.environments_answers import EnvironmentTool
from comet_async.wire import Body, Open

__all__ = [
    "EnvironmentVariable",
    "NewEnvironment",
    "NewEnvironmentRevision",
    "NewEnvironmentVisibility",
]


class EnvironmentVariable(Body, frozen=True, kw_only=True):
    """A variable of an environment.

    Attributes:
        key: Its name.
        value: Its value. A secret: the repr hides it.

    Wire model: EnvironmentVariableV1.
    """

    hidden_members: ClassVar[frozenset[str]] = frozenset({"value"})

    key: str
    value: str


class NewEnvironmentRevision(Body, frozen=True, kw_only=True):
    """A revision to add to an environment.

    Attributes:
        dockerfile_instructions: Extra Dockerfile lines.
        environment_variables: Environment variables.
        image: Base image; needed for a new environment.
        post_run_script: Script after a run.
        post_setup_script: Script after setup.
        pre_run_script: Script before a run.
        pre_setup_script: Script before setup.
        skip_cache: Whether the build ignores the cache.
        summary: What changed, free text.
        supported_clusters: Cluster kinds allowed.
        tags: Its tags.
        use_vpn: Whether the build uses the VPN.
        workspace_tools: Workspace tools.

    Wire model: NewEnvironmentRevisionV1.
    """

    dockerfile_instructions: str | None = None
    environment_variables: list[EnvironmentVariable] | None = None
    image: str | None = None
    post_run_script: str | None = None
    post_setup_script: str | None = None
    pre_run_script: str | None = None
    pre_setup_script: str | None = None
    skip_cache: bool | None = None
    summary: str | None = None
    supported_clusters: list[ClusterType] | None = None
    tags: list[str] | None = None
    use_vpn: bool | None = None
    workspace_tools: list[EnvironmentTool] | None = None


class NewEnvironmentVisibility(Open):
    """Who can see a new environment.

    Wire model: NewEnvironmentVisibilityV1.
    """

    GLOBAL = "global"
    PRIVATE = "private"


class NewEnvironment(NewEnvironmentRevision, frozen=True, kw_only=True):
    """An environment to create, with its first revision, whose members are here as well.

    Attributes:
        add_base_dependencies: Whether base dependencies are added; needed for a new environment.
        description: Free text.
        duplicate_from_environment_id: Id of an environment to copy; then nothing else is sent.
        is_curated: Whether it is curated for the deployment.
        is_restricted: Whether it is restricted; needs a classifier's permission.
        name: Its name; needed unless one is copied.
        org_owner_id: Id of the owning organization; with private visibility only.
        visibility: Who can see it.

    Wire model: NewEnvironmentV1.
    """

    add_base_dependencies: bool | None = None
    description: str | None = None
    duplicate_from_environment_id: str | None = None
    is_curated: bool | None = None
    is_restricted: bool | None = None
    name: str | None = None
    org_owner_id: str | None = None
    visibility: NewEnvironmentVisibility | None = None
