"""What every test shares: hypothesis without a stopwatch, a mocked HTTP client, a schedule.

`pytest --hypothesis-profile=many` draws 20,000 examples for each property.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any
from unittest.mock import Mock

import aiohttp
import pytest
from aioresponses import aioresponses
from hypothesis import HealthCheck, settings

settings.register_profile(
    "usual", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.register_profile("many", settings.get_profile("usual"), max_examples=20_000)
settings.load_profile("usual")


class MockedResponse(aiohttp.ClientResponse):
    """A response that aioresponses 0.7.9 can build under aiohttp 3.14, which wants a writer too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("stream_writer", Mock())
        super().__init__(*args, **kwargs)


class MockedClient(aioresponses):
    """aioresponses with responses that this aiohttp accepts."""

    def add(self, url: str, method: str = "GET", **options: Any) -> None:  # type: ignore[override]  # by name only
        """Answer requests for a URL."""
        super().add(url, method, response_class=MockedResponse, **options)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Run more processes than there are cores: many tests wait for timeouts and quotas."""
    return (os.cpu_count() or 1) + 2


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """Keep some tests in one process, unless the command line says how to distribute them."""
    if config.getoption("dist") != "load":
        return None
    from tests.support.scheduling import Scheduling  # noqa: PLC0415 xdist is there if this runs

    return Scheduling(config, log)


@pytest.fixture
def mocked_http() -> Iterator[MockedClient]:
    """Answer aiohttp's requests without a socket; no limits, timeouts or lengths are checked."""
    mocked = MockedClient()
    with mocked:
        yield mocked


@pytest.fixture
def heard() -> Iterator[None]:
    """Let signals come through, to children too: a shell may start background jobs without them."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, signal.SIG_DFL) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
