"""What one experiment ran as: Git, code, output, graph, machine."""

from __future__ import annotations

from typing import ClassVar

from comet_async.comet.common import (
    Flat,
    Metadata,
    NullableDict,
    NullableList,
    Wire,
    blob,
    json_object,
    no_items,
    no_members,
    read,
)
from comet_async.request import Blob, Request

__all__ = [
    "AdditionalSystemInfo",
    "CloudDetails",
    "Code",
    "GitMetadata",
    "Gpu",
    "Graph",
    "Html",
    "Output",
    "SystemDetails",
    "get_experiment_cloud_details",
    "get_experiment_code",
    "get_experiment_git_metadata",
    "get_experiment_git_patch",
    "get_experiment_graph",
    "get_experiment_html",
    "get_experiment_output",
    "get_experiment_system_details",
]


class GitMetadata(Flat, frozen=True, kw_only=True):
    """State of the Git work tree; all None where nothing was logged.

    Attributes:
        user: Git user name.
        root: Root as the client logged it.
        branch: Reference, as "refs/heads/main".
        parent: Commit id.
        origin: URL of the remote.
    """

    link_members: ClassVar[frozenset[str]] = frozenset({"origin"})

    user: str | None = None
    root: str | None = None
    branch: str | None = None
    parent: str | None = None
    origin: str | None = None


class Html(Flat, frozen=True, kw_only=True):
    """Logged HTML.

    Attributes:
        html: The text; None or "" when there is none. Never show it unescaped.
    """

    html: str | None = None


class Code(Flat, frozen=True, kw_only=True):
    """Source code of the script.

    Attributes:
        code: The text; None or "" when there is none.
    """

    code: str | None = None


class Output(Flat, frozen=True, kw_only=True):
    """What the script printed.

    Attributes:
        output: The whole log in one text, lines ended by newlines; None or "" when there is none.
    """

    output: str | None = None


class Graph(Flat, frozen=True, kw_only=True):
    """Model graph.

    Attributes:
        graph: The text as logged, mostly JSON; None or "" when there is none.
    """

    graph: str | None = None


class CloudDetails(Flat, frozen=True, kw_only=True):
    """Cloud machine on which the experiment ran.

    Attributes:
        experiment_key: Its key; None where nothing was logged.
        provider: Name of the provider.
        metadata: The provider's data as sent; `metadata_object` reads it.
    """

    experiment_key: str | None = None
    provider: str | None = None
    metadata: Metadata = None

    @property
    def metadata_object(self) -> dict[str, object] | None:
        """The provider's data as an object; None when there is none."""
        return json_object(self.metadata)


class Gpu(Flat, frozen=True, kw_only=True):
    """One GPU.

    Attributes:
        gpu_index: Its number, from 0.
        name: Model name.
        uuid: Its id.
        total_memory: As the driver tells it.
        power_limit: As the driver tells it.
    """

    gpu_index: int | None = None
    name: str | None = None
    uuid: str | None = None
    total_memory: int | float | None = None
    power_limit: int | float | None = None


class AdditionalSystemInfo(Flat, frozen=True, kw_only=True):
    """One further fact of the machine.

    Attributes:
        key: Its name.
        value: Its text.
    """

    key: str | None = None
    value: str | None = None


class SystemDetails(Wire, frozen=True, kw_only=True):
    """The machine and the process; lists that the server sends as null are empty.

    Command and environment can hold secrets of the user: repr hides both.

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
        env: Environment variables that were logged.
        gpu_static_info_list: One entry for each GPU.
        log_additional_system_info_list: Further facts.
        system_metric_names: Names of system metrics, as "sys.ram.used".
        max_total_memory: As the client logged it.
        network_interface_ips: Addresses of the machine.
        command: Command line in parts.
        executable: Path of the interpreter.
        os_packages: Packages of the system, as "apt=2.4.14".
        installed_packages: Python packages, as "numpy==2.1.0".
        total_ram: Bytes; servers send it as a float.
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
    env: NullableDict[object] = no_members()
    gpu_static_info_list: NullableList[Gpu] = no_items()
    log_additional_system_info_list: NullableList[AdditionalSystemInfo] = no_items()
    system_metric_names: NullableList[str] = no_items()
    max_total_memory: int | float | None = None
    network_interface_ips: NullableList[str] = no_items()
    command: NullableList[str] = no_items()
    executable: str | None = None
    os_packages: NullableList[str] = no_items()
    installed_packages: NullableList[str] = no_items()
    total_ram: int | float | None = None


def get_experiment_git_metadata(experiment_key: str) -> Request[GitMetadata]:
    """Return the Git state of one experiment.

    Args:
        experiment_key: Experiment key.

    Returns:
        One object, all None where nothing was logged.

    Source: Comet REST v2, experiment/git/metadata.
    """
    return read(
        "/api/rest/v2/experiment/git/metadata",
        GitMetadata,
        query={"experimentKey": experiment_key},
    )


def get_experiment_git_patch(experiment_key: str) -> Request[Blob]:
    """Return the uncommitted changes of one experiment.

    Args:
        experiment_key: Experiment key.

    Returns:
        A zip archive with the one member git_diff.patch, or plain patch text from older clients.
        Where there is no patch the server answers 200 with a message object in place of octets.

    Source: Comet REST v2, experiment/git/patch.
    """
    return blob("/api/rest/v2/experiment/git/patch", query={"experimentKey": experiment_key})


def get_experiment_html(experiment_key: str) -> Request[Html]:
    """Return the HTML logged by one experiment.

    Args:
        experiment_key: Experiment key.

    Returns:
        One text.

    Source: Comet REST v2, experiment/html.
    """
    return read("/api/rest/v2/experiment/html", Html, query={"experimentKey": experiment_key})


def get_experiment_code(experiment_key: str) -> Request[Code]:
    """Return the source code of the script of one experiment.

    Args:
        experiment_key: Experiment key.

    Returns:
        One text; further files are assets of type "source_code".

    Source: Comet REST v2, experiment/code.
    """
    return read("/api/rest/v2/experiment/code", Code, query={"experimentKey": experiment_key})


def get_experiment_output(experiment_key: str) -> Request[Output]:
    """Return everything that one experiment printed.

    Args:
        experiment_key: Experiment key.

    Returns:
        The whole log in one text, which can be large.

    Source: Comet REST v2, experiment/output.
    """
    return read("/api/rest/v2/experiment/output", Output, query={"experimentKey": experiment_key})


def get_experiment_graph(experiment_key: str) -> Request[Graph]:
    """Return the model graph of one experiment.

    Args:
        experiment_key: Experiment key.

    Returns:
        One text.

    Source: Comet REST v2, experiment/graph.
    """
    return read("/api/rest/v2/experiment/graph", Graph, query={"experimentKey": experiment_key})


def get_experiment_cloud_details(experiment_key: str) -> Request[CloudDetails]:
    """Return the cloud machine of one experiment.

    Args:
        experiment_key: Experiment key.

    Returns:
        One object, all None where nothing was logged.

    Source: Comet REST v2, experiment/cloud-details.
    """
    return read(
        "/api/rest/v2/experiment/cloud-details",
        CloudDetails,
        query={"experimentKey": experiment_key},
    )


def get_experiment_system_details(experiment_key: str) -> Request[SystemDetails]:
    """Return the machine and the process of one experiment.

    Args:
        experiment_key: Experiment key.

    Returns:
        One object. Lists that the server sends as null are empty; `total_ram` arrives as a float.

    Source: Comet REST v2, experiment/system-details.
    """
    return read(
        "/api/rest/v2/experiment/system-details",
        SystemDetails,
        query={"experimentKey": experiment_key},
    )
