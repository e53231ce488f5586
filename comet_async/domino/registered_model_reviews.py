"""Stages and reviews of versions of registered models, which newer servers no longer have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from comet_async.domino.common import read, write
from comet_async.domino.registered_models_answers import (
    NewRegisteredModelReviewReviewers,
    RegisteredModelStageEnvelope,
)
from comet_async.request import Effect, Request

__all__ = [
    "create_registered_model_review",
    "create_registered_model_review_response",
    "get_project_model_version_stages",
    "get_registered_model_stages",
    "get_valid_review_stages",
    "set_project_model_version_stages",
    "update_registered_model_review",
    "validate_model_version_stage",
]


def get_project_model_version_stages(
    project_id: str, *, include_defaults: bool | None = None
) -> Request[RegisteredModelStageEnvelope]:
    """Return the stages that versions have in a project.

    Gone from servers of 6.3.0 and later, which answer 404. The path is inferred, not documented.

    Args:
        project_id: Id of the project.
        include_defaults: Whether the global stages stand in for missing ones.

    Returns:
        One object.

    Source: Domino REST API, RegisteredModels.
    """
    return read(
        "/api/registeredmodels/v1/versionStages/{projectId}",
        RegisteredModelStageEnvelope,
        path_params={"projectId": project_id},
        query={"includeDefaults": include_defaults},
    )


def set_project_model_version_stages(
    project_id: str, stages: Mapping[str, object]
) -> Request[RegisteredModelStageEnvelope]:
    """Set the stages that versions have in a project.

    Idempotent.

    Gone from servers of 6.3.0 and later, which answer 404. The path is inferred, not documented.
    The method may be POST instead.

    Args:
        project_id: Id of the project.
        stages: Members of the body by wire name; no document lists them.

    Returns:
        The object as it is now.

    Source: Domino REST API, RegisteredModels.
    """
    return write(
        "PUT",
        "/api/registeredmodels/v1/versionStages/{projectId}",
        RegisteredModelStageEnvelope,
        Effect.IDEMPOTENT,
        path_params={"projectId": project_id},
        json=stages,
    )


def create_registered_model_review(
    model_name: str,
    version: int,
    *,
    notes: str | None = None,
    reviewers: Sequence[NewRegisteredModelReviewReviewers] | None = None,
    target_stage: str | None = None,
) -> Request[object]:
    """Open a review of a version.

    Appends: it is not repeated where the server may have acted.

    Beta. Gone from servers of 6.3.0 and later, which answer 404. Moved to
    /api/registeredmodels/v1/{modelName}/versions/{version}/reviews: `moved` makes that request.

    Args:
        model_name: Name of the registered model.
        version: Version number.
        notes: Free text.
        reviewers: One entry for each user who is to review.
        target_stage: Stage asked for.

    Returns:
        Any JSON: no document says what.

    Source: Domino REST API, RegisteredModels.
    """
    return write(
        "POST",
        "/api/registeredmodels/beta/{modelName}/versions/{version}/reviews",
        object,
        Effect.APPEND,
        path_params={"modelName": model_name, "version": str(version)},
        json={"notes": notes, "reviewers": reviewers, "targetStage": target_stage},
        may_be_empty=("notes",),
    )


def update_registered_model_review(
    model_name: str,
    version: int,
    model_review_id: str,
    *,
    notes: str | None = None,
    reviewers: Sequence[NewRegisteredModelReviewReviewers] | None = None,
    status: str | None = None,
) -> Request[None]:
    """Change reviewers or notes of a review, or cancel it.

    Idempotent.

    Beta. Gone from servers of 6.3.0 and later, which answer 404. Moved to
    /api/registeredmodels/v1/{modelName}/versions/{version}/reviews/{modelReviewId} (inferred):
    `moved` makes that request.

    Args:
        model_name: Name of the registered model.
        version: Version number.
        model_review_id: Id of the review.
        notes: Free text.
        reviewers: One entry for each user who is to review.
        status: Its state.

    Returns:
        Nothing.

    Source: Domino REST API, RegisteredModels.
    """
    return write(
        "PATCH",
        "/api/registeredmodels/beta/{modelName}/versions/{version}/reviews/{modelReviewId}",
        type(None),
        Effect.IDEMPOTENT,
        path_params={
            "modelName": model_name,
            "version": str(version),
            "modelReviewId": model_review_id,
        },
        json={"notes": notes, "reviewers": reviewers, "status": status},
        may_be_empty=("notes",),
    )


def create_registered_model_review_response(
    model_name: str,
    version: int,
    model_review_id: str,
    *,
    decision: str | None = None,
    notes: str | None = None,
) -> Request[object]:
    """Answer a review.

    Appends: it is not repeated where the server may have acted.

    Beta. Gone from servers of 6.3.0 and later, which answer 404. Moved to
    /api/registeredmodels/v1/{modelName}/versions/{version}/reviews/{modelReviewId}/responses
    (inferred): `moved` makes that request.

    Args:
        model_name: Name of the registered model.
        version: Version number.
        model_review_id: Id of the review.
        decision: Reviewer decision.
        notes: Free text.

    Returns:
        Any JSON: no document says what.

    Source: Domino REST API, RegisteredModels.
    """
    return write(
        "POST",
        "/api/registeredmodels/beta/{modelName}/versions/{version}/reviews/{modelReviewId}/responses",
        object,
        Effect.APPEND,
        path_params={
            "modelName": model_name,
            "version": str(version),
            "modelReviewId": model_review_id,
        },
        json={"decision": decision, "notes": notes},
        may_be_empty=("notes",),
    )


def get_valid_review_stages(model_name: str, version: int) -> Request[RegisteredModelStageEnvelope]:
    """Return the stages that a review may be opened for.

    Gone from servers of 6.3.0 and later, which answer 404. The path is inferred, not documented.

    Args:
        model_name: Name of the registered model.
        version: Version number.

    Returns:
        One object.

    Source: Domino REST API, RegisteredModels.
    """
    return read(
        "/api/registeredmodels/v1/{modelName}/versions/{version}/stages",
        RegisteredModelStageEnvelope,
        path_params={"modelName": model_name, "version": str(version)},
    )


def validate_model_version_stage(
    model_name: str, version: int, stage: Mapping[str, object]
) -> Request[object]:
    """Return whether a version may move to a stage.

    Changes nothing, though it is a POST.

    Gone from servers of 6.3.0 and later, which answer 404. The path is inferred, not documented.

    Args:
        model_name: Name of the registered model.
        version: Version number.
        stage: Members of the body by wire name; no document lists them.

    Returns:
        Any JSON: no document says what.

    Source: Domino REST API, RegisteredModels.
    """
    return write(
        "POST",
        "/api/registeredmodels/v1/{modelName}/versions/{version}/stages/validate",
        object,
        Effect.READ,
        path_params={"modelName": model_name, "version": str(version)},
        json=stage,
    )


def get_registered_model_stages() -> Request[RegisteredModelStageEnvelope]:
    """Return the stages that versions can have.

    Beta. Gone from servers of 6.3.0 and later, which answer 404.

    Returns:
        All stages, unpaged.

    Source: Domino REST API, RegisteredModels.
    """
    return read("/api/registeredmodelstages/beta", RegisteredModelStageEnvelope)
