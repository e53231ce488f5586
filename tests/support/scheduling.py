"""Which tests go to one process when several run side by side, as they do by default."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # it has none

__all__ = ["TOGETHER", "Scheduling"]

_CONFORMANCE = "tests/conformance/test_"
TOGETHER = {
    # One run of the vendor's client, which takes seconds, serves all of these.
    f"{_CONFORMANCE}real_sdk_against_server.py": "sdk",
    f"{_CONFORMANCE}same_as_sdk.py": "sdk",
    f"{_CONFORMANCE}real_cometx_against_server.py": "cometx",
    # One build of the site serves all of these.
    "tests/integration/test_site.py": "site",
    # These measure time, so no two of them run at once.
    "tests/faults/test_faults_limits.py": "clock",
    "tests/faults/test_faults_slow.py": "clock",
}
"""Group of each file whose tests stay together; every other test goes where there is room."""


class Scheduling(LoadScopeScheduling):  # type: ignore[misc]  # for the same reason
    """Gives out single tests, but for the groups.

    The mark `xdist_group` would say the same, were it not without effect with pytest 9.2 and xdist
    3.8: test ids cannot be changed any more.
    """

    def _split_scope(self, nodeid: str) -> str:
        return TOGETHER.get(nodeid.partition("::")[0], nodeid)
