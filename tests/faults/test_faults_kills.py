"""J1: harvests that are killed at random equal one that nobody disturbs."""

from __future__ import annotations

import pytest

from benchmarks.kill_campaign import campaign


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_j1_kills_at_random_change_nothing() -> None:
    kills, wrong = await campaign(6, seed=5, each=3)
    assert wrong == []
    assert kills == 6
