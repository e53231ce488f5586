"""Logs of versions of model APIs."""

from __future__ import annotations

from comet_async.wire import Flat, NullableList, Wire, no_items

__all__ = [
    "ModelApiVersionBuildLogs",
    "ModelApiVersionDeploymentLogs",
    "ModelApiVersionExportLogs",
    "ModelApiVersionInstanceLogs",
    "ModelApiVersionLogLine",
    "ModelApiVersionLogTag",
]


class ModelApiVersionLogTag(Flat, frozen=True, kw_only=True):
    """A tag of a line.

    Attributes:
        key: Its name.
        value: Its value.

    Wire model: ModelApiVersionLogTag.
    """

    key: str | None = None
    value: str | None = None


class ModelApiVersionLogLine(Wire, frozen=True, kw_only=True):
    """One line of a log.

    Attributes:
        log: Its text.
        stream_type: Stream that it was written to.
        tags: Its tags.
        time_nano: Nanoseconds since 1970 UTC, whole where the server writes them so.
        timestamp: When it was written, a number since 1970 UTC.

    Wire model: ModelApiVersionLogLine.
    """

    log: str | None = None
    stream_type: str | None = None
    tags: NullableList[ModelApiVersionLogTag] = no_items()
    time_nano: int | float | None = None
    timestamp: float | None = None


class ModelApiVersionBuildLogs(Wire, frozen=True, kw_only=True):
    """Lines of the build of a version.

    Attributes:
        build_id: Id of the build.
        logs: The lines.
        model_id: Id of the model API.
        model_version_id: Id of the model API version.
        since_time_nano: Nanoseconds since 1970 UTC from which the lines are, as text.
        status: Its state.

    Wire model: ModelApiVersionBuildLogs.
    """

    build_id: str | None = None
    logs: NullableList[ModelApiVersionLogLine] = no_items()
    model_id: str | None = None
    model_version_id: str | None = None
    since_time_nano: str | None = None
    status: str | None = None


class ModelApiVersionDeploymentLogs(Wire, frozen=True, kw_only=True):
    """Lines of the deployment of a version.

    Attributes:
        logs: The lines.
        status: Its state.

    Wire model: ModelApiVersionDeploymentLogs.
    """

    logs: NullableList[ModelApiVersionLogLine] = no_items()
    status: str | None = None


class ModelApiVersionExportLogs(Wire, frozen=True, kw_only=True):
    """Lines of the export of a version.

    Attributes:
        logs: The lines.
        model_id: Id of the model API.
        model_version_id: Id of the model API version.
        since_time_nano: Nanoseconds since 1970 UTC from which the lines are, as text.
        status: Its state.

    Wire model: ModelApiVersionExportLogs.
    """

    logs: NullableList[ModelApiVersionLogLine] = no_items()
    model_id: str | None = None
    model_version_id: str | None = None
    since_time_nano: str | None = None
    status: str | None = None


class ModelApiVersionInstanceLogs(Wire, frozen=True, kw_only=True):
    """Lines of an instance of a version.

    Attributes:
        container_name: Container.
        logs: The lines.
        max_results: Lines at most.
        model_id: Id of the model API.
        model_version_id: Id of the model API version.
        pod_name: Pod.
        since_time_nano: Nanoseconds since 1970 UTC from which the lines are, as text.
        tail: Whether the lines are the last ones.

    Wire model: ModelApiVersionInstanceLogs.
    """

    container_name: str | None = None
    logs: NullableList[ModelApiVersionLogLine] = no_items()
    max_results: int | None = None
    model_id: str | None = None
    model_version_id: str | None = None
    pod_name: str | None = None
    since_time_nano: str | None = None
    tail: bool | None = None
