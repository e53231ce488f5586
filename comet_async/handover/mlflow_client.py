"""What is used of MLflow: its client, behind one door, opened when it is first needed."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Protocol, cast

from comet_async.extras import extra
from comet_async.handover.mlflow_names import encoded_path
from comet_async.handover.report import HandoverError
from comet_async.redaction import shortened, without_signatures

__all__ = ["Client", "Experiment", "Run", "entity", "open_client", "send_file", "told_errors"]

_TELEMETRY = "MLFLOW_DISABLE_TELEMETRY"


class Experiment(Protocol):
    """An experiment of MLflow."""

    experiment_id: str
    lifecycle_stage: str


class _RunInfo(Protocol):
    run_id: str
    run_name: str
    status: str


class _RunData(Protocol):
    tags: Mapping[str, str]


class Run(Protocol):
    """A run of MLflow."""

    info: _RunInfo
    data: _RunData


class Client(Protocol):
    """The methods of MLflow's client that are used."""

    def get_experiment_by_name(self, name: str) -> Experiment | None:
        """Return an experiment, None if there is none of this name."""
        ...

    def create_experiment(
        self, name: str, artifact_location: str | None, tags: Mapping[str, str]
    ) -> str:
        """Make an experiment and return its id."""
        ...

    def set_experiment_tag(self, experiment_id: str, key: str, value: str) -> None:
        """Tag an experiment."""
        ...

    def search_runs(self, experiment_ids: Sequence[str], filter_string: str) -> Sequence[Run]:
        """Return the runs that a filter wants."""
        ...

    def create_run(
        self, experiment_id: str, start_time: int | None, tags: Mapping[str, str], run_name: str
    ) -> Run:
        """Make a run."""
        ...

    def log_batch(
        self,
        run_id: str,
        metrics: Sequence[object] = (),
        params: Sequence[object] = (),
        tags: Sequence[object] = (),
    ) -> None:
        """Write metrics, parameters and tags."""
        ...

    def log_artifact(self, run_id: str, local_path: str, artifact_path: str | None) -> None:
        """Copy a file to the artifacts of a run."""
        ...

    def set_tag(self, run_id: str, key: str, value: str) -> None:
        """Tag a run."""
        ...

    def set_terminated(self, run_id: str, status: str, end_time: int | None) -> None:
        """End a run."""
        ...

    def update_run(self, run_id: str, status: str) -> None:
        """Change the status of a run."""
        ...

    def delete_run(self, run_id: str) -> None:
        """Delete a run; MLflow can restore it."""
        ...


def open_client(uri: str) -> Client:
    """Return MLflow's client for a tracking URI.

    MLflow reports its use to its makers unless it is told not to; it is told not to here, where
    the environment does not say otherwise.

    Raises:
        UsageError: MLflow is missing; the message says what to install.
        HandoverError: The store cannot be opened.
    """
    os.environ.setdefault(_TELEMETRY, "true")
    tracking = extra("mlflow.tracking")
    with told_errors(f"{without_signatures(uri)} cannot be opened"), _quiet():
        return cast("Client", tracking.MlflowClient(tracking_uri=uri))


@contextmanager
def _quiet() -> Generator[None]:
    """Keep a store that is made anew from telling each step of it."""
    loggers = [logging.getLogger(name) for name in ("mlflow", "alembic")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def send_file(client: Client, run_id: str, path: Path, place: str, scratch: Path) -> str:
    """Copy a file to the artifacts of a run and return its path there.

    Args:
        client: The client.
        run_id: The run.
        path: The file.
        place: Path below the run's artifacts.
        scratch: Folder for a copy under another name, where MLflow cannot take the file's own.
    """
    told = PurePosixPath(encoded_path(place))
    folder = None if told.parent == PurePosixPath() else str(told.parent)
    if told.name == path.name:
        client.log_artifact(run_id, str(path), folder)
        return str(told)
    copy = scratch / told.name
    shutil.copyfile(path, copy)
    client.log_artifact(run_id, str(copy), folder)
    copy.unlink()
    return str(told)


def entity(name: str, *values: object) -> object:
    """Return a `Metric`, `Param` or `RunTag` of MLflow."""
    return cast("object", getattr(extra("mlflow.entities"), name)(*values))


@contextmanager
def told_errors(what: str) -> Generator[None]:
    """Let the errors of MLflow and of its database be one line of ours.

    Raises:
        HandoverError: There was one.
    """
    problem = ""
    failures: tuple[type[Exception], ...] = (
        extra("mlflow.exceptions").MlflowException,
        _database_error(),
        OSError,
    )
    try:
        yield
    except failures as error:
        problem = shortened(without_signatures(str(error)), 300)
    if problem:
        raise HandoverError(f"{what}: {problem}")


def _database_error() -> type[Exception]:
    try:
        found = extra("sqlalchemy.exc").SQLAlchemyError
    except Exception:  # noqa: BLE001  a server is reached without a database
        return OSError
    return cast("type[Exception]", found)
