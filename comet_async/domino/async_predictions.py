"""Asynchronous predictions of model APIs."""

from __future__ import annotations

from collections.abc import Mapping

from comet_async.domino.common import read, write
from comet_async.request import Effect, Request
from comet_async.wire import Flat, NullableList, Open, Wire, no_items

__all__ = [
    "AsyncPrediction",
    "AsyncPredictionRequested",
    "AsyncPredictionStatus",
    "request_async_prediction",
    "retrieve_async_prediction_result",
]


class AsyncPredictionStatus(Open):
    """How an asynchronous prediction stands."""

    PENDING = "Pending"
    PROCESSING = "Processing"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"


class AsyncPrediction(Wire, frozen=True, kw_only=True):
    """A prediction, whose result is there once its status says so.

    Attributes:
        async_prediction_id: Id of the async prediction.
        errors: Why the prediction failed.
        result: Prediction output.
        status: Prediction state.

    Wire model: AsyncPredictionEnvelopeV1.
    """

    async_prediction_id: str
    errors: NullableList[str] = no_items()
    result: object = None
    status: AsyncPredictionStatus | None = None


class AsyncPredictionRequested(Flat, frozen=True, kw_only=True):
    """A prediction that was queued.

    Attributes:
        async_prediction_id: Id of the async prediction.

    Wire model: AsyncPredictionRequestEnvelopeV1.
    """

    async_prediction_id: str


def request_async_prediction(
    async_model_id: str, parameters: Mapping[str, object]
) -> Request[AsyncPredictionRequested]:
    """Queue a prediction of an asynchronous model API.

    Appends: it is not repeated where the server may have acted.

    Servers may answer 413, 422 and 429.

    Args:
        async_model_id: Id of the async model.
        parameters: Arguments of the predict function.

    Returns:
        The object as it is now.

    Source: Domino REST API, AsyncPredictions.
    """
    return write(
        "POST",
        "/api/modelApis/async/v1/{asyncModelId}",
        AsyncPredictionRequested,
        Effect.APPEND,
        path_params={"asyncModelId": async_model_id},
        json={"parameters": parameters},
    )


def retrieve_async_prediction_result(
    async_model_id: str, async_prediction_id: str
) -> Request[AsyncPrediction]:
    """Return how a queued prediction stands, with its result once there is one.

    Args:
        async_model_id: Id of the async model.
        async_prediction_id: Id of the async prediction.

    Returns:
        The prediction; poll until its status is neither pending nor processing.

    Source: Domino REST API, AsyncPredictions.
    """
    return read(
        "/api/modelApis/async/v1/{asyncModelId}/{asyncPredictionId}",
        AsyncPrediction,
        path_params={"asyncModelId": async_model_id, "asyncPredictionId": async_prediction_id},
    )
