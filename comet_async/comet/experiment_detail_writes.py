"""What one experiment ran as: code, graph, Git, dependencies, machine, remote models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from comet_async.comet.common import Cell
from comet_async.comet.experiment_details import AdditionalSystemInfo, Gpu
from comet_async.comet.writing import Body, listed, write
from comet_async.request import Effect, Request

__all__ = [
    "Dependency",
    "NewGitMetadata",
    "NewSystemDetails",
    "log_experiment_dependency",
    "log_experiment_remote_model",
    "set_experiment_cloud_details",
    "set_experiment_code",
    "set_experiment_file_path",
    "set_experiment_git_metadata",
    "set_experiment_graph",
    "set_experiment_system_details",
]


class Dependency(Body, frozen=True, kw_only=True):
    """A package that an experiment uses.

    Attributes:
        name: Its name.
        version: Its version.
    """

    name: str
    version: str


class NewGitMetadata(Body, frozen=True, kw_only=True):
    """State of the Git work tree to set.

    Attributes:
        experiment_key: Experiment key.
        user: Git user name.
        root: Root of the work tree.
        branch: Reference, as "refs/heads/main".
        parent: Commit id.
        origin: URL of the remote; one with a password in it would show it to all readers.
    """

    link_members: ClassVar[frozenset[str]] = frozenset({"origin"})

    experiment_key: str
    user: str | None = None
    root: str | None = None
    branch: str | None = None
    parent: str | None = None
    origin: str | None = None


class NewSystemDetails(Body, frozen=True, kw_only=True):
    """Details of the machine and the process to set; only what is given changes.

    Command and environment can hold secrets: the repr hides both, the server shows both.

    Attributes:
        experiment_key: Experiment key.
        user: Login name on the machine.
        python_version: As "3.12.11".
        python_version_verbose: With build and compiler.
        pid: Process id.
        os_type: As "Linux".
        os: Platform text.
        os_release: Kernel release.
        machine: As "x86_64".
        processor: As "x86_64".
        ip: Address of the machine.
        hostname: Name of the machine.
        env: Environment variables.
        gpu_static_info_list: One entry for each GPU.
        log_additional_system_info_list: Further facts.
        network_interface_ips: Addresses of the machine.
        command: Command line, in parts or in one text.
        executable: Path of the interpreter.
        os_packages: Packages of the system.
        installed_packages: Python packages.
    """

    hidden_members: ClassVar[frozenset[str]] = frozenset({"env", "command"})

    experiment_key: str
    user: str | None = None
    python_version: str | None = None
    python_version_verbose: str | None = None
    pid: int | None = None
    os_type: str | None = None
    os: str | None = None
    os_release: str | None = None
    machine: str | None = None
    processor: str | None = None
    ip: str | None = None
    hostname: str | None = None
    env: dict[str, Cell] | None = None
    gpu_static_info_list: list[Gpu] | None = None
    log_additional_system_info_list: list[AdditionalSystemInfo] | None = None
    network_interface_ips: list[str] | None = None
    command: list[str] | str | None = None
    executable: str | None = None
    os_packages: list[str] | None = None
    installed_packages: list[str] | None = None


def log_experiment_dependency(
    experiment_key: str,
    log_dependencies: Sequence[Dependency],
    *,
    timestamp: int | None = None,
) -> Request[None]:
    """Log packages that an experiment uses.

    The only PUT of the API. Appends: it is not known whether a name that is there is replaced.

    Args:
        experiment_key: Experiment key.
        log_dependencies: The packages.
        timestamp: Milliseconds since 1970 UTC. The vendor's client sends them times 1000 by
            mistake; servers accept both.

    Returns:
        Nothing.

    Raises:
        UsageError: There is no package.

    Source: the vendor's Python client, write/experiment/dependencies.
    """
    path = "/api/rest/v2/write/experiment/dependencies"
    body = {
        "experimentKey": experiment_key,
        "timestamp": timestamp,
        "logDependencies": listed(path, "log_dependencies", log_dependencies),
    }
    return write("PUT", path, type(None), Effect.APPEND, json=body)


def set_experiment_code(experiment_key: str, code: str) -> Request[None]:
    """Set the source code of an experiment.

    Idempotent.

    Args:
        experiment_key: Experiment key.
        code: The text.

    Returns:
        Nothing.

    Source: Comet REST v2, write/experiment/code.
    """
    return _text("/api/rest/v2/write/experiment/code", experiment_key, "code", code)


def set_experiment_graph(experiment_key: str, graph: str) -> Request[None]:
    """Set the model graph of an experiment.

    Idempotent.

    Args:
        experiment_key: Experiment key.
        graph: The text, mostly JSON.

    Returns:
        Nothing.

    Source: Comet REST v2, write/experiment/graph.
    """
    return _text("/api/rest/v2/write/experiment/graph", experiment_key, "graph", graph)


def set_experiment_file_path(experiment_key: str, file_path: str) -> Request[None]:
    """Set the path of the script of an experiment.

    Idempotent.

    Args:
        experiment_key: Experiment key.
        file_path: The path.

    Returns:
        Nothing.

    Source: Comet REST v2, write/experiment/file-path.
    """
    return _text("/api/rest/v2/write/experiment/file-path", experiment_key, "filePath", file_path)


def _text(path: str, experiment_key: str, name: str, text: str) -> Request[None]:
    body = {"experimentKey": experiment_key, name: text}
    return write("POST", path, type(None), Effect.IDEMPOTENT, json=body, may_be_empty=(name,))


def set_experiment_git_metadata(metadata: NewGitMetadata) -> Request[None]:
    """Set the state of the Git work tree of an experiment.

    Idempotent.

    Args:
        metadata: The state.

    Returns:
        Nothing.

    Source: Comet REST v2, write/experiment/git/metadata.
    """
    path = "/api/rest/v2/write/experiment/git/metadata"
    empty = ("user", "root", "branch", "parent", "origin")
    return write("POST", path, type(None), Effect.IDEMPOTENT, json=metadata, may_be_empty=empty)


def set_experiment_system_details(details: NewSystemDetails) -> Request[None]:
    """Set details of the machine and the process; what is not given stays.

    Idempotent, but appends where it logs further facts: it is not known whether a key that is there
    is replaced. The vendor's Python client sends them to the same path below /clientlib.

    Args:
        details: The details.

    Returns:
        Nothing.

    Source: Comet REST v2, write/experiment/system-details.
    """
    path = "/api/rest/v2/write/experiment/system-details"
    effect = Effect.APPEND if details.log_additional_system_info_list else Effect.IDEMPOTENT
    empty = frozenset(NewSystemDetails.__struct_encode_fields__) - {"experimentKey"}
    return write("POST", path, type(None), effect, json=details, may_be_empty=empty)


def set_experiment_cloud_details(
    experiment_key: str, provider: str, metadata: Mapping[str, object]
) -> Request[None]:
    """Set the cloud machine of an experiment.

    Idempotent.

    Args:
        experiment_key: Experiment key.
        provider: Name of the provider, as "AWS".
        metadata: The provider's data.

    Returns:
        Nothing.

    Source: the vendor's Python client, write/experiment/cloud-details.
    """
    path = "/api/rest/v2/write/experiment/cloud-details"
    body = {"experimentKey": experiment_key, "provider": provider, "metadata": dict(metadata)}
    return write("POST", path, type(None), Effect.IDEMPOTENT, json=body)


def log_experiment_remote_model(
    experiment_key: str, model_name: str, remote_entities: Sequence[Mapping[str, object]]
) -> Request[None]:
    """Log a model whose files stay in a storage of your own.

    Outside of REST v2. The service wants the key in the body once more: it is filled in as the
    request leaves. Appends: each call adds files to the model.

    Args:
        experiment_key: Experiment key.
        model_name: Name of the model.
        remote_entities: One object for each file, as `{"fileName": ..., "remoteAssetUri": ...}`.

    Returns:
        Nothing.

    Raises:
        UsageError: There is no file.

    Source: the vendor's Python client, /clientlib/asset/log-remote-model.
    """
    path = "/clientlib/asset/log-remote-model"
    body = {
        "experimentKey": experiment_key,
        "modelName": model_name,
        "remoteEntities": listed(path, "remote_entities", remote_entities),
    }
    return write("POST", path, type(None), Effect.APPEND, json=body, key_member="apiKey")
