"""Where an experiment ran: its system, git, code, and texts."""

from __future__ import annotations

from comet_async import comet
from comet_async.api.experiment_base import ExperimentBase
from comet_async.errors import MessageInsteadOfData

__all__ = ["ExperimentDetails"]


class ExperimentDetails(ExperimentBase):
    """What was logged once for each experiment.

    All of `get_user` to `get_additional_system_info` are read of one answer: with the cache in use
    they are one request together.
    """

    async def get_system_details(self) -> comet.SystemDetails:
        """Return all that is known of the system."""
        return await self._send(comet.get_experiment_system_details(self.key))

    async def get_user(self) -> str | None:
        """Return the login name on the machine."""
        return (await self.get_system_details()).user

    async def get_python_version(self) -> str | None:
        """Return the version of Python, as "3.12.11"."""
        return (await self.get_system_details()).python_version

    async def get_python_version_verbose(self) -> str | None:
        """Return the version of Python with build and compiler."""
        return (await self.get_system_details()).python_version_verbose

    async def get_pid(self) -> int | None:
        """Return the process id."""
        return (await self.get_system_details()).pid

    async def get_os_type(self) -> str | None:
        """Return the type of the system, as "Linux"."""
        return (await self.get_system_details()).os_type

    async def get_os(self) -> str | None:
        """Return the platform text of the system."""
        return (await self.get_system_details()).os

    async def get_os_release(self) -> str | None:
        """Return the kernel's release."""
        return (await self.get_system_details()).os_release

    async def get_ip(self) -> str | None:
        """Return the address of the machine."""
        return (await self.get_system_details()).ip

    async def get_hostname(self) -> str | None:
        """Return the name of the machine."""
        return (await self.get_system_details()).hostname

    async def get_executable(self) -> str | None:
        """Return the path of the interpreter."""
        return (await self.get_system_details()).executable

    async def get_machine(self) -> str | None:
        """Return the machine type, as "x86_64"."""
        return (await self.get_system_details()).machine

    async def get_processor(self) -> str | None:
        """Return the processor, as "x86_64"."""
        return (await self.get_system_details()).processor

    async def get_total_memory(self) -> int | float | None:
        """Return the memory of the machine, in bytes."""
        return (await self.get_system_details()).total_ram

    async def get_max_memory(self) -> int | float | None:
        """Return the memory as the client logged it; None in all answers seen."""
        return (await self.get_system_details()).max_total_memory

    async def get_command(self) -> list[str]:
        """Return the command line in parts."""
        return list((await self.get_system_details()).command)

    async def get_network_interface_ips(self) -> list[str]:
        """Return the addresses of the machine."""
        return list((await self.get_system_details()).network_interface_ips)

    async def get_installed_packages(self) -> list[str]:
        """Return the Python packages, as "numpy==2.1.0"."""
        return list((await self.get_system_details()).installed_packages)

    async def get_os_packages(self) -> list[str]:
        """Return the packages of the system, as "apt=2.4.14"."""
        return list((await self.get_system_details()).os_packages)

    async def get_system_metric_names(self) -> list[str]:
        """Return the names of system metrics, as "sys.ram.used"."""
        return list((await self.get_system_details()).system_metric_names)

    async def get_gpu_static_info(self) -> list[comet.Gpu]:
        """Return the GPUs, one entry for each."""
        return list((await self.get_system_details()).gpu_static_info_list)

    async def get_additional_system_info(self) -> list[comet.AdditionalSystemInfo]:
        """Return further facts about the system."""
        return list((await self.get_system_details()).log_additional_system_info_list)

    async def get_environment_details(self) -> list[str]:
        """Return the packages of the system; the old name of `get_os_packages`."""
        return await self.get_os_packages()

    async def get_git_metadata(self) -> comet.GitMetadata:
        """Return user, root, branch, parent and origin of the repository."""
        return await self._send(comet.get_experiment_git_metadata(self.key))

    async def get_git_patch(self) -> bytes | None:
        """Return the patch, mostly as a zip archive; None when there is none."""
        try:
            return (await self._send(comet.get_experiment_git_patch(self.key))).data
        except MessageInsteadOfData:
            return None

    async def get_code(self) -> str | None:
        """Return the source code; None when there is none."""
        return (await self._send(comet.get_experiment_code(self.key))).code

    async def get_html(self) -> str | None:
        """Return the HTML that was logged; None when there is none. Never show it unescaped."""
        return (await self._send(comet.get_experiment_html(self.key))).html

    async def get_output(self) -> str | None:
        """Return all console output; None when there is none."""
        return (await self._send(comet.get_experiment_output(self.key))).output

    async def get_model_graph(self) -> str | None:
        """Return the model's graph as text; None when there is none."""
        return (await self._send(comet.get_experiment_graph(self.key))).graph
