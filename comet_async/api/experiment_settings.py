"""Setting what an experiment ran as: its system, git, code and graph."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from comet_async import comet
from comet_async.api.experiment_base import ExperimentBase
from comet_async.engine.threads import undivided
from comet_async.errors import UsageError

__all__ = ["ExperimentSettings"]

_PATCH = "git_diff.patch"


class ExperimentSettings(ExperimentBase):
    """Writes of what is known once for each experiment; each replaces what there is."""

    async def set_user(self, user: str) -> None:
        """Set the login name on the machine."""
        await self._set(comet.NewSystemDetails(experiment_key=self.key, user=user))

    async def set_python_version(self, python_version: str) -> None:
        """Set the version of Python, as "3.12.11"."""
        await self._set(
            comet.NewSystemDetails(experiment_key=self.key, python_version=python_version)
        )

    async def set_python_version_verbose(self, python_version_verbose: str) -> None:
        """Set the version of Python with build and compiler."""
        await self._set(
            comet.NewSystemDetails(
                experiment_key=self.key, python_version_verbose=python_version_verbose
            )
        )

    async def set_pid(self, pid: int) -> None:
        """Set the process id."""
        await self._set(comet.NewSystemDetails(experiment_key=self.key, pid=pid))

    async def set_os_type(self, os_type: str) -> None:
        """Set the type of the system, as "Linux"."""
        await self._set(comet.NewSystemDetails(experiment_key=self.key, os_type=os_type))

    async def set_os(self, os: str) -> None:
        """Set the platform text of the system."""
        await self._set(comet.NewSystemDetails(experiment_key=self.key, os=os))

    async def set_os_release(self, os_release: str) -> None:
        """Set the kernel's release."""
        await self._set(comet.NewSystemDetails(experiment_key=self.key, os_release=os_release))

    async def set_ip(self, ip: str) -> None:
        """Set the address of the machine."""
        await self._set(comet.NewSystemDetails(experiment_key=self.key, ip=ip))

    async def set_hostname(self, hostname: str) -> None:
        """Set the name of the machine."""
        await self._set(comet.NewSystemDetails(experiment_key=self.key, hostname=hostname))

    async def set_machine(self, machine: str) -> None:
        """Set the machine type, as "x86_64"."""
        await self._set(comet.NewSystemDetails(experiment_key=self.key, machine=machine))

    async def set_processor(self, processor: str) -> None:
        """Set the processor, as "x86_64"."""
        await self._set(comet.NewSystemDetails(experiment_key=self.key, processor=processor))

    async def set_executable(self, executable: str) -> None:
        """Set the path of the interpreter."""
        await self._set(comet.NewSystemDetails(experiment_key=self.key, executable=executable))

    async def set_command(self, command_args_list: Sequence[str]) -> None:
        """Set the command line, in parts."""
        await self._set(
            comet.NewSystemDetails(experiment_key=self.key, command=list(command_args_list))
        )

    async def set_network_interface_ips(self, network_interface_ips: Sequence[str]) -> None:
        """Set the addresses of the machine."""
        await self._set(
            comet.NewSystemDetails(
                experiment_key=self.key, network_interface_ips=list(network_interface_ips)
            )
        )

    async def set_installed_packages(self, installed_packages: Sequence[str]) -> None:
        """Set the Python packages, as "numpy==2.1.0"."""
        await self._set(
            comet.NewSystemDetails(
                experiment_key=self.key, installed_packages=list(installed_packages)
            )
        )

    async def set_os_packages(self, os_packages: Sequence[str]) -> None:
        """Set the packages of the system, as "apt=2.4.14"."""
        await self._set(
            comet.NewSystemDetails(experiment_key=self.key, os_packages=list(os_packages))
        )

    async def set_gpu_static_info(self, gpu_static_info: Sequence[Mapping[str, object]]) -> None:
        """Set the GPUs.

        Args:
            gpu_static_info: For each GPU gpuIndex, name, uuid, totalMemory and powerLimit.

        Raises:
            UsageError: One of the five is missing, or of another type.
        """
        names = ("gpuIndex", "name", "uuid", "totalMemory", "powerLimit")
        for gpu in gpu_static_info:
            missing = [name for name in names if name not in gpu]
            if missing:
                raise UsageError(f"an entry of gpu_static_info lacks {', '.join(missing)}")
        try:
            gpus = msgspec.convert(list(gpu_static_info), list[comet.Gpu])
        except msgspec.ValidationError as error:
            raise UsageError(f"gpu_static_info: {error}") from None
        details = comet.NewSystemDetails(experiment_key=self.key, gpu_static_info_list=gpus)
        await self._set(details)

    async def log_additional_system_info(self, key: str, value: str) -> None:
        """Add a fact about the system.

        Args:
            key: Its name.
            value: Its text.
        """
        fact = comet.AdditionalSystemInfo(key=key, value=value)
        await self._set(
            comet.NewSystemDetails(experiment_key=self.key, log_additional_system_info_list=[fact])
        )

    async def set_filename(self, filename: str) -> None:
        """Set the path of the script."""
        await self._send(comet.set_experiment_file_path(self.key, filename))
        self._learn(file_path=filename)

    async def set_code(self, code: str | None = None, filename: Path | str | None = None) -> None:
        """Set the source code.

        Args:
            code: The text.
            filename: A file to read it from, in its place.

        Raises:
            UsageError: Not exactly one of them is given, or the file cannot be read as text.
        """
        if (code is None) == (filename is None):
            raise UsageError("give exactly one of code and filename")
        if filename is not None:
            path = Path(filename)
            code = await undivided(lambda: _text_of(path))
        await self._send(comet.set_experiment_code(self.key, code or ""))

    async def set_model_graph(self, graph: object) -> None:
        """Set the graph of the model.

        Args:
            graph: A text, or something with `to_json`; of anything else its `str`.
        """
        await self._send(comet.set_experiment_graph(self.key, _graph_text(graph)))

    async def set_git_metadata(
        self,
        user: str | None,
        root: str | None,
        branch: str | None,
        parent: str | None,
        origin: str | None,
    ) -> None:
        """Set the state of the repository.

        Args:
            user: Git user name.
            root: Root of the work tree.
            branch: Reference, as "refs/heads/main".
            parent: Commit id.
            origin: URL of the remote; one with a password in it would show it to all readers.
        """
        found = comet.NewGitMetadata(
            experiment_key=self.key,
            user=user,
            root=root,
            branch=branch,
            parent=parent,
            origin=origin,
        )
        await self._send(comet.set_experiment_git_metadata(found))

    async def set_git_patch(self, file_data: Path | str | bytes) -> None:
        """Set the uncommitted changes.

        Args:
            file_data: The patch as text or bytes, or the path of a file that holds it; a zip
                archive is sent as it is.
        """
        archive = await undivided(lambda: _zipped(file_data))
        await self._send(comet.set_experiment_git_patch(self.key, archive))

    async def _set(self, details: comet.NewSystemDetails) -> None:
        await self._send(comet.set_experiment_system_details(details))


def _text_of(path: Path) -> str:
    try:
        return path.expanduser().read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"filename: cannot read the text of it: {error}") from None


def _graph_text(graph: object) -> str:
    if isinstance(graph, str):
        return graph
    to_json = getattr(graph, "to_json", None)
    return str(to_json() if callable(to_json) else graph)


def _zipped(file_data: Path | str | bytes) -> bytes:
    """Return a zip archive with the patch as its one member."""
    content = file_data.encode() if isinstance(file_data, str) else file_data
    if isinstance(file_data, Path) or (isinstance(file_data, str) and _is_file(file_data)):
        content = _octets_of(Path(file_data))
    assert isinstance(content, bytes)  # noqa: S101  for the type checker
    if content.startswith(b"PK\x03\x04"):
        return content
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_PATCH, content)
    return packed.getvalue()


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):
        return False


def _octets_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"file_data: cannot read it: {error.strerror}") from None
