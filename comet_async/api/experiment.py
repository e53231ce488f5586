"""`APIExperiment`: one experiment, with the verbs of the vendor's client and `await`."""

from __future__ import annotations

from typing import cast

import msgspec

from comet_async import comet
from comet_async.api.experiment_assets import ExperimentAssets
from comet_async.api.experiment_details import ExperimentDetails
from comet_async.api.experiment_logging import ExperimentLogging
from comet_async.api.experiment_settings import ExperimentSettings
from comet_async.api.experiment_uploads import ExperimentUploads
from comet_async.api.experiment_values import ExperimentValues
from comet_async.request import Request

__all__ = ["APIExperiment"]


class APIExperiment(
    ExperimentValues,
    ExperimentAssets,
    ExperimentDetails,
    ExperimentLogging,
    ExperimentUploads,
    ExperimentSettings,
):
    """One experiment: properties for what is known, `await` for what needs a request.

    `API.get_experiment_by_key`, `API.get_experiments` and the like make it; none of them costs a
    request for each experiment. `API.create_experiment` makes a new one on the server.

    Args:
        api: The `API` that sends its requests.
        metadata: What is known of it.
    """

    async def to_json(self, full: bool = False) -> dict[str, object]:
        """Return the experiment as plain values.

        Args:
            full: Whether everything but the files is wanted too: 13 requests at the same time.
        """
        told = self.to_dict()
        if not full:
            return told
        requests: dict[str, tuple[Request[object], str]] = {
            "asset_list": (comet.get_experiment_asset_list(self.key, type="all"), "assets"),
            "code": (comet.get_experiment_code(self.key), "code"),
            "html": (comet.get_experiment_html(self.key), "html"),
            "metrics": (comet.get_all_experiment_metrics(self.key), "metrics"),
            "metrics_summary": (comet.get_experiment_metrics_summary(self.key), "values"),
            "model_graph": (comet.get_experiment_graph(self.key), "graph"),
            "others_summary": (comet.get_experiment_others(self.key), "values"),
            "output": (comet.get_experiment_output(self.key), "output"),
            "parameters_summary": (comet.get_experiment_parameters(self.key), "values"),
            "system_details": (comet.get_experiment_system_details(self.key), ""),
            "tags": (comet.get_experiment_tags(self.key), "tags"),
            "git_metadata": (comet.get_experiment_git_metadata(self.key), ""),
        }
        found = await self._api.send_each((name, asked) for name, (asked, _) in requests.items())
        for name, (_, member) in requests.items():
            plain = cast("dict[str, object]", msgspec.to_builtins(found[name]))
            told[name] = plain[member] if member else plain
        told["git_patch"] = await self.get_git_patch()
        return told
