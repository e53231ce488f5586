"""Experiments: create, stop, archive, restore, delete, move, and their state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from comet_async.comet.common import Flat
from comet_async.comet.writing import Body, listed, write
from comet_async.errors import UsageError
from comet_async.request import Effect, Request

__all__ = [
    "CreatedExperiment",
    "ExperimentLink",
    "Heartbeat",
    "NewExperiment",
    "archive_experiment",
    "create_experiment",
    "create_experiment_symlink",
    "delete_experiment",
    "mark_experiment_not_throttled",
    "move_experiments",
    "restore_experiment",
    "set_experiment_alive",
    "set_experiment_start_end",
    "stop_experiment",
    "update_experiment_status",
]


class NewExperiment(Body, frozen=True, kw_only=True):
    """An experiment to create.

    Attributes:
        workspace_name: Workspace that holds the project.
        project_name: Project, made by the server when there is none of that name.
        experiment_name: Its name.
        disable_heart_beat: Let it run without heartbeats; known from the vendor's Java client.
        type: Kind of experiment; known from the vendor's client for language models.
    """

    workspace_name: str
    project_name: str
    experiment_name: str | None = None
    disable_heart_beat: bool | None = None
    type: str | None = None


class CreatedExperiment(Flat, frozen=True, kw_only=True):
    """An experiment that was created.

    Attributes:
        experiment_key: Its key.
        workspace_name: Its workspace.
        project_name: Its project.
        link: URL of its page.
        name: Its name, where the server tells it.
    """

    link_members: ClassVar[frozenset[str]] = frozenset({"link"})

    experiment_key: str
    workspace_name: str | None = None
    project_name: str | None = None
    link: str | None = None
    name: str | None = None


class ExperimentLink(Flat, frozen=True, kw_only=True):
    """A link to an experiment of another project.

    Attributes:
        link: URL of its page.
    """

    link_members: ClassVar[frozenset[str]] = frozenset({"link"})

    link: str | None = None


class Heartbeat(Flat, frozen=True, kw_only=True):
    """How often the server wants to hear of a running experiment, in milliseconds.

    Attributes:
        is_alive_beat_duration_millis: Between heartbeats, as 10,000.
        gpu_monitor_interval_millis: Between values of the GPUs, as 60,000.
        cpu_monitor_interval_millis: Between values of the processor, as 68,000.
    """

    is_alive_beat_duration_millis: int | None = None
    gpu_monitor_interval_millis: int | None = None
    cpu_monitor_interval_millis: int | None = None


def create_experiment(experiment: NewExperiment) -> Request[CreatedExperiment]:
    """Create an experiment.

    Appends: each call makes another experiment.

    Args:
        experiment: What to create.

    Returns:
        Its key and its link.

    Source: Comet REST v2, write/experiment/create.
    """
    path = "/api/rest/v2/write/experiment/create"
    return write("POST", path, CreatedExperiment, Effect.APPEND, json=experiment)


def _by_key(path: str, experiment_key: str) -> Request[None]:
    query = {"experimentKey": experiment_key}
    return write("GET", path, type(None), Effect.IDEMPOTENT, query=query)


def stop_experiment(experiment_key: str) -> Request[None]:
    """Ask a running experiment to stop.

    A GET that changes state. Idempotent: a stop that was asked for stays asked for.

    Args:
        experiment_key: Experiment key.

    Returns:
        Nothing: the server says "Stop Requested".

    Source: Comet REST v2, write/experiment/stop.
    """
    return _by_key("/api/rest/v2/write/experiment/stop", experiment_key)


def archive_experiment(experiment_key: str) -> Request[None]:
    """Move an experiment to the archive of its project.

    A GET that changes state, for one experiment: there is no request for many. Idempotent.

    Args:
        experiment_key: Experiment key.

    Returns:
        Nothing: the server says "Archived".

    Source: Comet REST v2, write/experiment/archive.

    >>> archive_experiment("exp1").effect
    <Effect.IDEMPOTENT: 'idempotent'>
    """
    return _by_key("/api/rest/v2/write/experiment/archive", experiment_key)


def restore_experiment(experiment_key: str) -> Request[None]:
    """Bring an experiment back from the archive.

    A GET that changes state. Idempotent.

    Args:
        experiment_key: Experiment key.

    Returns:
        Nothing.

    Source: Comet REST v2, write/experiment/restore.
    """
    return _by_key("/api/rest/v2/write/experiment/restore", experiment_key)


def delete_experiment(experiment_key: str) -> Request[None]:
    """Delete an experiment for good.

    A GET that changes state, for one experiment: there is no request for many. Idempotent: a
    repetition after a lost answer may be told that there is no such experiment any more.

    Args:
        experiment_key: Experiment key.

    Returns:
        Nothing: the server says "Deleted".

    Source: Comet REST v2, write/experiment/delete.
    """
    return _by_key("/api/rest/v2/write/experiment/delete", experiment_key)


def move_experiments(
    target_workspace_name: str,
    target_project_name: str,
    experiment_keys: Sequence[str],
    *,
    symlink: bool,
) -> Request[None]:
    """Move experiments to another project, or link them there.

    Idempotent for a move; appends for links, since it is not known whether a second one is made.

    Args:
        target_workspace_name: Workspace that holds the other project.
        target_project_name: The other project.
        experiment_keys: Keys; the vendor's client sends at most 100 in one request.
        symlink: Leave the experiments where they are and make links.

    Returns:
        Nothing: the form of the answer is not known.

    Raises:
        UsageError: No experiment is named.

    Source: the vendor's Python client, write/experiment/move.
    """
    path = "/api/rest/v2/write/experiment/move"
    body = {
        "targetWorkspaceName": target_workspace_name,
        "targetProjectName": target_project_name,
        "experimentKeys": listed(path, "experiment_keys", experiment_keys),
        "symlink": symlink,
    }
    effect = Effect.APPEND if symlink else Effect.IDEMPOTENT
    return write("POST", path, type(None), effect, json=body)


def create_experiment_symlink(experiment_key: str, project_name: str) -> Request[ExperimentLink]:
    """Make a link to an experiment in another project of the same workspace.

    A GET that changes state. Appends: it is not known whether a second call makes a second link.

    Args:
        experiment_key: Experiment key.
        project_name: The other project.

    Returns:
        The link.

    Source: Comet REST v2, write/project/symlink; its page misspells the parameter.
    """
    return write(
        "GET",
        "/api/rest/v2/write/project/symlink",
        ExperimentLink,
        Effect.APPEND,
        query={"experimentKey": experiment_key, "projectName": project_name},
    )


def set_experiment_alive(experiment_key: str) -> Request[Heartbeat]:
    """Say that an experiment is still running.

    A GET that changes state: the heartbeat that keeps it "running". Idempotent.

    Args:
        experiment_key: Experiment key.

    Returns:
        How often to say so.

    Source: Comet REST v2, write/experiment/set-status.
    """
    return write(
        "GET",
        "/api/rest/v2/write/experiment/set-status",
        Heartbeat,
        Effect.IDEMPOTENT,
        query={"experimentKey": experiment_key},
    )


def update_experiment_status(
    experiment_key: str,
    *,
    is_alive: bool,
    error: str | None = None,
    has_crashed: bool | None = None,
) -> Request[None]:
    """Set whether an experiment runs, has finished or has crashed.

    Running is alive, finished is not alive, crashed is not alive and has crashed. Idempotent.
    Servers before 3.7.91 lack it.

    Args:
        experiment_key: Experiment key.
        is_alive: Whether it runs.
        error: What went wrong.
        has_crashed: Whether it crashed.

    Returns:
        Nothing.

    Source: the vendor's Python client, write/experiment/update-status.
    """
    body = {
        "experimentKey": experiment_key,
        "isAlive": is_alive,
        "error": error,
        "hasCrashed": has_crashed,
    }
    path = "/api/rest/v2/write/experiment/update-status"
    return write("POST", path, type(None), Effect.IDEMPOTENT, json=body, may_be_empty=("error",))


def set_experiment_start_end(
    experiment_key: str,
    *,
    start_time_millis: int | None = None,
    end_time_millis: int | None = None,
) -> Request[None]:
    """Set when an experiment began or ended; the side that is not given stays.

    Idempotent.

    Args:
        experiment_key: Experiment key.
        start_time_millis: Milliseconds since 1970 UTC.
        end_time_millis: Milliseconds since 1970 UTC.

    Returns:
        Nothing.

    Raises:
        UsageError: Neither is given.

    Source: Comet REST v2, write/experiment/set-start-end-time.
    """
    path = "/api/rest/v2/write/experiment/set-start-end-time"
    if start_time_millis is None and end_time_millis is None:
        raise UsageError(f"{path}: give start_time_millis, end_time_millis or both")
    body = {
        "experimentKey": experiment_key,
        "startTimeMillis": start_time_millis,
        "endTimeMillis": end_time_millis,
    }
    return write("POST", path, type(None), Effect.IDEMPOTENT, json=body)


def mark_experiment_not_throttled(experiment_key: str) -> Request[None]:
    """Say that nothing logged to an experiment was thrown away for being too much.

    Idempotent. Servers before 4.7.416 lack it.

    Args:
        experiment_key: Experiment key.

    Returns:
        Nothing.

    Source: the vendor's Python client, write/experiment/{experimentKey}/mark-not-throttled.
    """
    return write(
        "POST",
        "/api/rest/v2/write/experiment/{experimentKey}/mark-not-throttled",
        type(None),
        Effect.IDEMPOTENT,
        path_params={"experimentKey": experiment_key},
        json={},
    )
