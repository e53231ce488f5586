"""Models logged by experiments, before they are registered."""

from __future__ import annotations

from comet_async.comet.assets import Assets
from comet_async.comet.common import Flat, NullableList, Wire, blob, no_items, read
from comet_async.request import Blob, Request

__all__ = [
    "ExperimentModel",
    "ExperimentModels",
    "RegistryRecord",
    "download_experiment_model",
    "get_experiment_model_assets",
    "get_experiment_models",
]


class RegistryRecord(Flat, frozen=True, kw_only=True):
    """One registered version that was made from a model.

    Attributes:
        registry_model_id: Id of the registered model.
        registry_model_item_id: Id of its version.
        registry_model_name: Name of the registered model.
        version: Version, as "1.0.0".
        created_at: Milliseconds since 1970 UTC.
    """

    registry_model_id: str | None = None
    registry_model_item_id: str | None = None
    registry_model_name: str | None = None
    version: str | None = None
    created_at: int | None = None


class ExperimentModel(Wire, frozen=True, kw_only=True):
    """One model of an experiment.

    Attributes:
        experiment_model_id: Its id.
        experiment_key: Experiment key.
        model_name: Its name; names may repeat in one experiment.
        registry_records: Registered versions made from it; newer servers only.
    """

    experiment_model_id: str
    experiment_key: str | None = None
    model_name: str | None = None
    registry_records: NullableList[RegistryRecord] = no_items()


class ExperimentModels(Wire, frozen=True, kw_only=True):
    """Models of an experiment.

    Attributes:
        models: One entry for each model.
    """

    models: NullableList[ExperimentModel]


def get_experiment_models(experiment_key: str) -> Request[ExperimentModels]:
    """Return the models of one experiment.

    Args:
        experiment_key: Experiment key.

    Returns:
        All models in one answer, in no promised order; names may repeat.

    Source: Comet REST v2, experiment/model.
    """
    return read(
        "/api/rest/v2/experiment/model", ExperimentModels, query={"experimentKey": experiment_key}
    )


def get_experiment_model_assets(experiment_key: str, model_name: str) -> Request[Assets]:
    """Return the files of one model of an experiment.

    Args:
        experiment_key: Experiment key.
        model_name: Exact name of the model.

    Returns:
        All files in one answer, in no promised order. Older servers leave out `remote`, `s3_link`,
        `items`, `etag` and `tags`.

    Source: Comet REST v2, experiment/model/asset/list.
    """
    return read(
        "/api/rest/v2/experiment/model/asset/list",
        Assets,
        query={"experimentKey": experiment_key, "modelName": model_name},
    )


def download_experiment_model(experiment_key: str, model_name: str) -> Request[Blob]:
    """Return all files of one model of an experiment as a zip archive.

    The archive can take minutes to begin: the vendor's client allows 600 s.

    Args:
        experiment_key: Experiment key.
        model_name: Exact name of the model.

    Returns:
        Octets of a zip archive.

    Source: Comet REST v2, experiment/model/download.
    """
    return blob(
        "/api/rest/v2/experiment/model/download",
        query={"experimentKey": experiment_key, "modelName": model_name},
    )
