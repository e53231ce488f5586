"""What requests on data sources send and receive."""

from __future__ import annotations

from typing import ClassVar

from comet_async.domino.metadata import PageMetadata
from comet_async.wire import Body, NullableDict, NullableList, Open, Shared, Wire, no_members

__all__ = [
    "DataSource",
    "DataSourceAuditEvent",
    "DataSourceAuditEventKind",
    "DataSourceCredentialType",
    "DataSourceCredentials",
    "DataSourcePermissions",
    "DataSourcesPage",
    "NewDataSource",
]


class DataSourceAuditEventKind(Open):
    """Kinds of events of data sources.

    Wire model: DataSourceAuditEventKindV1.
    """

    ACCESS_DATA_SOURCE = "AccessDataSource"
    CREATE_DATA_SOURCE = "CreateDataSource"
    DATA_SOURCE_ASSOCIATED_TO_PROJECT = "DataSourceAssociatedToProject"
    DATA_SOURCE_DISSOCIATED_FROM_PROJECT = "DataSourceDissociatedFromProject"
    DATA_SOURCE_CHANGE_OF_OWNERSHIP = "DataSourceChangeOfOwnership"
    DATA_SOURCE_CHANGE_OF_PERMISSIONS = "DataSourceChangeOfPermissions"
    DELETE_DATA_SOURCE = "DeleteDataSource"


class DataSourceAuditEvent(Wire, frozen=True, kw_only=True):
    """One event of a data source.

    Attributes:
        data_source_id: Id of the data source.
        data_source_name: Name of the data source.
        data_source_type: Kind of source, as "ADLSConfig".
        event_kind: Event kind.
        metadata: Further members, all texts.
        performed_by: Id of the user who did it.
        timestamp: When it happened, an RFC 3339 text.

    Wire model: DataSourceAuditDataV1.
    """

    data_source_id: str | None = None
    data_source_name: str | None = None
    data_source_type: str | None = None
    event_kind: DataSourceAuditEventKind | None = None
    metadata: NullableDict[str | None] = no_members()
    performed_by: str | None = None
    timestamp: str | None = None


class DataSourceCredentialType(Open):
    """Whose credentials a data source takes.

    Wire model: DataSourceCredentialTypeV1.
    """

    INDIVIDUAL = "Individual"
    SHARED = "Shared"


class DataSourcePermissions(Shared, frozen=True, kw_only=True):
    """Who may use a data source.

    Attributes:
        is_everyone: Whether everyone may use it.
        user_and_organization_ids: Ids of the users and organizations who may.

    Wire model: DataSourcePermissionsV1.
    """

    needed: ClassVar[frozenset[str]] = frozenset({"is_everyone", "user_and_organization_ids"})

    is_everyone: bool | None = None
    user_and_organization_ids: list[str] | None = None


class DataSource(Wire, frozen=True, kw_only=True):
    """A data source, bare despite the model's name.

    Attributes:
        auth_type: Kind of authentication, as "AzureBasic".
        config: Connection settings. A secret: the repr hides it.
        credential_type: Whose credentials it takes.
        data_source_type: Kind of source, as "ADLSConfig".
        description: Free text.
        display_name: Name that is shown.
        id: Its id.
        last_updated: When it was last changed.
        name: Its name.
        owner_id: Id of the owner.
        owner_username: Name of the owner.
        permissions: Who may use it.

    Wire model: DataSourceEnvelopeV1.
    """

    hidden_members: ClassVar[frozenset[str]] = frozenset({"config"})

    id: str
    auth_type: str | None = None
    config: NullableDict[str | None] = no_members()
    credential_type: DataSourceCredentialType | None = None
    data_source_type: str | None = None
    description: str | None = None
    display_name: str | None = None
    last_updated: str | None = None
    name: str | None = None
    owner_id: str | None = None
    owner_username: str | None = None
    permissions: DataSourcePermissions | None = None


class DataSourcesPage(Wire, frozen=True, kw_only=True):
    """One page of data sources.

    Attributes:
        data_sources: One entry for each data source.
        metadata: Request id and notices.

    Wire model: PaginatedDataSourceEnvelopeV1.
    """

    data_sources: NullableList[DataSource]
    metadata: PageMetadata | None = None


class DataSourceCredentials(Body, frozen=True, kw_only=True):
    """Credentials for a data source.

    Attributes:
        secret_credentials: Secret fields. A secret: the repr hides it.
        visible_credentials: Non-secret fields.

    Wire model: DataSourceCredentialsV1.
    """

    hidden_members: ClassVar[frozenset[str]] = frozenset({"secret_credentials"})

    secret_credentials: dict[str, str]
    visible_credentials: dict[str, str]


class NewDataSource(Body, frozen=True, kw_only=True):
    """A data source to create.

    Attributes:
        auth_type: Kind of authentication, as "AzureBasic".
        config: Connection settings. A secret: the repr hides it.
        credential_type: Whose credentials it takes.
        credentials: Its credentials.
        data_source_type: Kind of source, as "ADLSConfig".
        description: Free text.
        name: Its name.
        permissions: Who may use it.

    Wire model: NewDataSourceV1.
    """

    hidden_members: ClassVar[frozenset[str]] = frozenset({"config"})

    auth_type: str
    config: dict[str, str]
    credential_type: DataSourceCredentialType
    credentials: DataSourceCredentials
    data_source_type: str
    name: str
    permissions: DataSourcePermissions
    description: str | None = None
