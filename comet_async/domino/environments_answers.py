"""What requests on environments send and receive."""

from __future__ import annotations

from typing import ClassVar

from comet_async.domino.clusters import ClusterType
from comet_async.domino.metadata import PageMetadata, RequestMetadata
from comet_async.wire import Flat, NullableList, Open, Shared, Wire, no_items

__all__ = [
    "Environment",
    "EnvironmentEnvelope",
    "EnvironmentOwner",
    "EnvironmentOwnerType",
    "EnvironmentRevision",
    "EnvironmentRevisionBuildStatus",
    "EnvironmentRevisionEnvelope",
    "EnvironmentRevisionUpdateEnvelope",
    "EnvironmentTool",
    "EnvironmentVisibility",
    "EnvironmentsPage",
    "ProxyConfig",
]


class ProxyConfig(Shared, frozen=True, kw_only=True):
    """How a tool is reached.

    Attributes:
        internal_path: Template of the internal path.
        port: Port.
        require_subdomain: Whether it needs a subdomain; default false.
        rewrite: Whether URLs are rewritten; default false.

    Wire model: ProxyConfigV1.
    """

    needed: ClassVar[frozenset[str]] = frozenset({"internal_path", "port"})

    internal_path: str | None = None
    port: int | None = None
    require_subdomain: bool | None = None
    rewrite: bool | None = None


class EnvironmentTool(Shared, frozen=True, kw_only=True):
    """A tool that workspaces offer.

    Attributes:
        icon_url: Icon path.
        name: Its name.
        proxy_config: Proxy settings of the tool.
        start_scripts: Start scripts.
        supported_file_extensions: File extensions it opens.
        title: Its title.

    Wire model: EnvironmentToolV1.
    """

    link_members: ClassVar[frozenset[str]] = frozenset({"icon_url"})
    needed: ClassVar[frozenset[str]] = frozenset({"name", "start_scripts", "title"})

    icon_url: str | None = None
    name: str | None = None
    proxy_config: ProxyConfig | None = None
    start_scripts: list[str] | None = None
    supported_file_extensions: list[str] | None = None
    title: str | None = None


class EnvironmentRevisionBuildStatus(Open):
    """How the build of a revision stands.

    Wire model: EnvironmentRevisionBuildStatusV1.
    """

    QUEUED = "queued"
    STARTING = "starting"
    PULLING = "pulling"
    BUILDING = "building"
    PUSHING = "pushing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    KILLED = "killed"


class EnvironmentRevision(Wire, frozen=True, kw_only=True):
    """A revision of an environment.

    Attributes:
        available_tools: Workspace tools.
        id: Its id.
        number: Revision number, rising.
        status: Build state.

    Wire model: EnvironmentRevisionV1.
    """

    id: str
    available_tools: NullableList[EnvironmentTool] = no_items()
    number: int | None = None
    status: EnvironmentRevisionBuildStatus | None = None


class EnvironmentOwnerType(Open):
    """Kinds of owners of environments.

    Wire model: EnvironmentOwnerTypeV1.
    """

    INDIVIDUAL = "individual"
    ORGANIZATION = "organization"


class EnvironmentOwner(Flat, frozen=True, kw_only=True):
    """Owner of an environment.

    Attributes:
        id: Its id.
        owner_type: Individual or organization.
        username: Name of the user.

    Wire model: EnvironmentOwnerV1.
    """

    id: str
    owner_type: EnvironmentOwnerType | None = None
    username: str | None = None


class EnvironmentVisibility(Open):
    """Who can see an environment.

    Wire model: EnvironmentVisibilityV1.
    """

    GLOBAL = "global"
    PRIVATE = "private"
    ORGANIZATION = "organization"


class Environment(Wire, frozen=True, kw_only=True):
    """An environment.

    Attributes:
        active_revision_tags: Tags of the active revision.
        archived: Whether it is archived.
        id: Its id.
        internal_tags: Internal tags, as "restricted".
        is_curated: Whether it is curated for the deployment.
        latest_revision: Newest revision.
        name: Its name.
        owner: Its owner.
        restricted_revision: Restricted revision.
        selected_revision: Selected revision.
        supported_clusters: Cluster kinds allowed.
        visibility: Who can see it.

    Wire model: EnvironmentV1.
    """

    id: str
    active_revision_tags: NullableList[str] = no_items()
    archived: bool | None = None
    internal_tags: NullableList[str] = no_items()
    is_curated: bool | None = None
    latest_revision: EnvironmentRevision | None = None
    name: str | None = None
    owner: EnvironmentOwner | None = None
    restricted_revision: EnvironmentRevision | None = None
    selected_revision: EnvironmentRevision | None = None
    supported_clusters: NullableList[ClusterType] = no_items()
    visibility: EnvironmentVisibility | None = None


class EnvironmentEnvelope(Flat, frozen=True, kw_only=True):
    """An environment, as single answers have it.

    Attributes:
        environment: The environment.
        metadata: Request id and notices.

    Wire model: EnvironmentEnvelopeV1.
    """

    environment: Environment
    metadata: RequestMetadata | None = None


class EnvironmentRevisionEnvelope(Flat, frozen=True, kw_only=True):
    """A revision, as single answers have it.

    Attributes:
        environment_revision: The revision.
        metadata: Request id and notices.

    Wire model: EnvironmentRevisionEnvelopeV1.
    """

    environment_revision: EnvironmentRevision
    metadata: RequestMetadata | None = None


class EnvironmentRevisionUpdateEnvelope(Flat, frozen=True, kw_only=True):
    """A revision that was changed.

    Attributes:
        id: Its id.

    Wire model: EnvironmentRevisionUpdateEnvelopeV1.
    """

    id: str


class EnvironmentsPage(Wire, frozen=True, kw_only=True):
    """One page of environments.

    Attributes:
        environments: One entry for each environment.
        metadata: Request id and notices.

    Wire model: PaginatedEnvironmentEnvelopeV1.
    """

    environments: NullableList[Environment]
    metadata: PageMetadata | None = None
