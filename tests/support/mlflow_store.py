"""A real MLflow with its SQLite store, which reports to nobody."""

from __future__ import annotations

import math
import os
import warnings
from pathlib import Path
from typing import Any

__all__ = ["MlflowStore"]

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["DO_NOT_TRACK"] = "true"


class MlflowStore:
    """MLflow in a folder.

    Args:
        folder: Where its database and its files are.
    """

    def __init__(self, folder: Path) -> None:
        self.uri = f"sqlite:///{folder / 'mlflow.db'}"
        self.location = (folder / "mlruns").as_uri()

    @property
    def client(self) -> Any:
        """MLflow's own client."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="The ``noload`` loader strategy")
            from mlflow.tracking import MlflowClient  # noqa: PLC0415

            return MlflowClient(tracking_uri=self.uri)

    def runs(self) -> dict[str, Any]:
        """Return all runs that are not deleted, by the key of their experiment."""
        client = self.client
        ids = [found.experiment_id for found in client.search_experiments()]
        found = client.search_runs(ids, max_results=5_000)
        keyed = [(run.data.tags.get("comet.experimentKey", "workspace"), run) for run in found]
        assert len({key for key, _ in keyed}) == len(keyed), "a run stands twice"
        return dict(keyed)

    def points(self, run: Any) -> dict[str, list[tuple[int, int, float | str]]]:
        """Return the points of a run by metric: step, time and value, NaN as a text."""
        client = self.client
        return {
            key: sorted(
                (
                    (m.step, m.timestamp, "NaN" if math.isnan(m.value) else m.value)
                    for m in client.get_metric_history(run.info.run_id, key)
                ),
                key=lambda point: (*point[:2], str(point[2])),
            )
            for key in run.data.metrics
        }

    def files(self, run: Any) -> dict[str, bytes]:
        """Return the files of a run by path."""
        client = self.client
        if not client.list_artifacts(run.info.run_id):
            return {}
        folder = Path(client.download_artifacts(run.info.run_id, ""))
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }
