"""Memory stays flat however many requests there are (rows N1 and N2, for the engine)."""

from __future__ import annotations

import pytest

from tests.faults.harness_fast_server import fast_server
from tests.faults.harness_memory import measure

MIB = 1 << 20
SIZE = 20_000
CONCURRENCY, BUFFER = 32, 64


@pytest.mark.timeout(180)
def test_five_thousand_requests_with_a_slow_consumer_keep_memory_flat() -> None:
    """All answers together would be 100 MB."""
    with fast_server(SIZE) as url:
        found = measure(url, 5_000, SIZE, patience=50.0)
    assert found.requests == 5_000
    assert found.growth < 50 * MIB
    assert found.slope < 500.0
    assert found.ahead <= CONCURRENCY + BUFFER + 1
