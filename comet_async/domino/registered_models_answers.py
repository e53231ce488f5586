"""What requests on registered models send and receive."""

from __future__ import annotations

from comet_async.domino.metadata import PageMetadata, RequestMetadata, TokenPageMetadata
from comet_async.wire import (
    Body,
    Flat,
    NullableDict,
    NullableList,
    Open,
    Wire,
    no_items,
    no_members,
)

__all__ = [
    "ModelType",
    "NewRegisteredModel",
    "NewRegisteredModelReviewReviewers",
    "RegisteredModel",
    "RegisteredModelApisPage",
    "RegisteredModelForUi",
    "RegisteredModelNamesPage",
    "RegisteredModelProjectSummary",
    "RegisteredModelReviewSummary",
    "RegisteredModelReviewUserInfo",
    "RegisteredModelStage",
    "RegisteredModelStageEnvelope",
    "RegisteredModelVersionDetails",
    "RegisteredModelVersionModelApi",
    "RegisteredModelVersionOverview",
    "RegisteredModelVersionsPage",
    "RegisteredModelsForUiPage",
    "RegisteredModelsPage",
]


class NewRegisteredModelReviewReviewers(Body, frozen=True, kw_only=True):
    """A user who is to review.

    Gone from servers of 6.3.0 and later.

    Attributes:
        user_id: Id of the user.

    Wire model: NewRegisteredModelReviewReviewersV1.
    """

    user_id: str | None = None


class RegisteredModelNamesPage(Wire, frozen=True, kw_only=True):
    """One page of names of registered models.

    Attributes:
        items: One entry for each row.
        metadata: Request id and notices.

    Wire model: PaginatedRegisteredModelNamesV1.
    """

    items: NullableList[str]
    metadata: PageMetadata | None = None


class RegisteredModelProjectSummary(Flat, frozen=True, kw_only=True):
    """The project of a registered model.

    Attributes:
        id: Its id.
        name: Its name.
        owner_username: Name of the owner.

    Wire model: RegisteredModelProjectSummaryV1.
    """

    id: str
    name: str | None = None
    owner_username: str | None = None


class RegisteredModelVersionModelApi(Flat, frozen=True, kw_only=True):
    """A model API that serves a registered model.

    Attributes:
        active_model_version_id: Id of the active version.
        active_version_number: Active version number.
        active_version_status: Active version state.
        description: Free text.
        id: Its id.
        name: Its name.
        project: The project.
        updated_at: When it was last changed.

    Wire model: RegisteredModelVersionModelApiV1.
    """

    id: str
    active_model_version_id: str | None = None
    active_version_number: int | None = None
    active_version_status: str | None = None
    description: str | None = None
    name: str | None = None
    project: RegisteredModelProjectSummary | None = None
    updated_at: str | None = None


class RegisteredModelApisPage(Wire, frozen=True, kw_only=True):
    """Model APIs that serve a registered model.

    Attributes:
        items: One entry for each row.
        metadata: Request id and notices.

    Wire model: PaginatedRegisteredModelVersionModelApiEnvelopeV1.
    """

    items: NullableList[RegisteredModelVersionModelApi]
    metadata: PageMetadata | None = None


class RegisteredModelVersionOverview(Flat, frozen=True, kw_only=True):
    """A version of a registered model in a listing.

    Attributes:
        created_at: When it was created, an RFC 3339 text.
        experiment_run_id: Id of the experiment run.
        model_name: Name of the registered model.
        model_version: Version number.
        owner_username: Name of the owner.
        project: The project.
        updated_at: When it was last changed.

    Wire model: RegisteredModelVersionOverviewV1.
    """

    created_at: str | None = None
    experiment_run_id: str | None = None
    model_name: str | None = None
    model_version: int | None = None
    owner_username: str | None = None
    project: RegisteredModelProjectSummary | None = None
    updated_at: str | None = None


class RegisteredModelVersionsPage(Wire, frozen=True, kw_only=True):
    """One page of versions of a registered model.

    Attributes:
        items: One entry for each row.
        metadata: Request id and notices.

    Wire model: PaginatedRegisteredModelVersionOverviewEnvelopeV1.
    """

    items: NullableList[RegisteredModelVersionOverview]
    metadata: PageMetadata | None = None


class RegisteredModel(Wire, frozen=True, kw_only=True):
    """A registered model.

    Attributes:
        created_at: When it was created, an RFC 3339 text.
        description: Free text.
        latest_version: Newest version number.
        name: Its name.
        owner_username: Name of the owner.
        project: The project.
        tags: Values of its tags, by key.
        updated_at: When it was last changed.

    Wire model: RegisteredModelV1.
    """

    created_at: str | None = None
    description: str | None = None
    latest_version: int | None = None
    name: str | None = None
    owner_username: str | None = None
    project: RegisteredModelProjectSummary | None = None
    tags: NullableDict[str | None] = no_members()
    updated_at: str | None = None


class RegisteredModelsPage(Wire, frozen=True, kw_only=True):
    """One page of registered models.

    Attributes:
        items: One entry for each row.
        metadata: Request id and notices.

    Wire model: PaginatedRegisteredModelsEnvelopeV1.
    """

    items: NullableList[RegisteredModel]
    metadata: PageMetadata | None = None


class RegisteredModelReviewSummary(Wire, frozen=True, kw_only=True):
    """A review of a version.

    Gone from servers of 6.3.0 and later.

    Attributes:
        model_review_id: Id of the review.
        notes: Free text.
        reviewer_responses: One entry for each reviewer.
        status: Its state.
        target_stage: Stage asked for.

    Wire model: RegisteredModelReviewSummaryV1.
    """

    model_review_id: str | None = None
    notes: str | None = None
    reviewer_responses: NullableList[object] = no_items()
    status: str | None = None
    target_stage: str | None = None


class RegisteredModelReviewUserInfo(Flat, frozen=True, kw_only=True):
    """A reviewer, as `reviewer_responses` of a review has it under `reviewer`.

    Gone from servers of 6.3.0 and later.

    Attributes:
        first_name: First name.
        id: Its id.
        last_name: Last name.
        username: Name of the user.

    Wire model: RegisteredModelReviewUserInfoV1.
    """

    first_name: str | None = None
    id: str | None = None
    last_name: str | None = None
    username: str | None = None


class RegisteredModelStage(Flat, frozen=True, kw_only=True):
    """A stage of versions.

    Gone from servers of 6.3.0 and later.

    Attributes:
        label: Name of the stage.

    Wire model: RegisteredModelStageV1.
    """

    label: str | None = None


class RegisteredModelStageEnvelope(Wire, frozen=True, kw_only=True):
    """Stages of versions.

    Gone from servers of 6.3.0 and later.

    Attributes:
        items: One entry for each row.
        metadata: Request id and notices.

    Wire model: RegisteredModelStageEnvelopeV1.
    """

    items: NullableList[RegisteredModelStage] = no_items()
    metadata: RequestMetadata | None = None


class RegisteredModelVersionDetails(Wire, frozen=True, kw_only=True):
    """A version of a registered model.

    Attributes:
        created_at: When it was created, an RFC 3339 text.
        current_stage: Stage that it is in; gone since 6.3.0.
        experiment_run_id: Id of the experiment run.
        model_name: Name of the registered model.
        model_version: Version number.
        model_version_description: Version description.
        owner_username: Name of the owner.
        project: The project.
        review_summary: The review that is open; gone since 6.3.0.
        tags: Values of its tags, by key.
        updated_at: When it was last changed.

    Wire model: RegisteredModelVersionDetailsV1.
    """

    created_at: str | None = None
    current_stage: str | None = None
    experiment_run_id: str | None = None
    model_name: str | None = None
    model_version: int | None = None
    model_version_description: str | None = None
    owner_username: str | None = None
    project: RegisteredModelProjectSummary | None = None
    review_summary: RegisteredModelReviewSummary | None = None
    tags: NullableDict[str | None] = no_members()
    updated_at: str | None = None


class NewRegisteredModel(Body, frozen=True, kw_only=True):
    """A model to register from a run.

    Attributes:
        description: Free text.
        discoverable: Whether it can be found from outside its project.
        experiment_run_id: Id of the experiment run.
        model_name: Name of the registered model.
        tags: Values of its tags, by key.

    Wire model: NewRegisteredModelV1.
    """

    discoverable: bool
    experiment_run_id: str
    model_name: str
    description: str | None = None
    tags: dict[str, str] | None = None


class ModelType(Open):
    """Kinds of registered models."""

    LLM = "llm"
    EMBEDDING = "embedding"
    OTHER_GENAI = "other-genai"
    ML = "ml"


class RegisteredModelForUi(Wire, frozen=True, kw_only=True):
    """A registered model with what a user interface shows.

    Attributes:
        created_at: When it was created, an RFC 3339 text.
        description: Free text.
        discoverable: Whether it can be found from outside its project.
        latest_version: Newest version number.
        latest_version_experiment_metrics: Metrics of the run behind the newest version, by name.
        latest_version_model_type: Kind of the newest version.
        model_api_count: Model APIs of the newest version.
        name: Its name.
        owner_username: Name of the owner.
        prediction_count: Predictions captured.
        project: The project.
        tags: Values of its tags, by key.
        updated_at: When it was last changed.

    Wire model: RegisteredModelForUIV1.
    """

    created_at: str | None = None
    description: str | None = None
    discoverable: bool | None = None
    latest_version: int | None = None
    latest_version_experiment_metrics: NullableDict[float | None] = no_members()
    latest_version_model_type: ModelType | None = None
    model_api_count: int | None = None
    name: str | None = None
    owner_username: str | None = None
    prediction_count: int | None = None
    project: RegisteredModelProjectSummary | None = None
    tags: NullableDict[str | None] = no_members()
    updated_at: str | None = None


class RegisteredModelsForUiPage(Wire, frozen=True, kw_only=True):
    """One page of registered models with what a user interface shows.

    Attributes:
        items: One entry for each row.
        metadata: Request id and notices.

    Wire model: PaginatedRegisteredModelsForUIEnvelopeV1.
    """

    items: NullableList[RegisteredModelForUi]
    metadata: TokenPageMetadata | None = None
