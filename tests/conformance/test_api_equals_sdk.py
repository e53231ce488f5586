"""For each call that both have: `comet_ml.API` and `comet_async.API` return the same.

One server, the unmodified SDK in a child and our `API` side by side. The differences by rule are
those of `differences`, and what `RULES` names.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from comet_async import API, Limits
from tests.conformance.api_calls import API_CALLS, plain
from tests.conformance.conftest import SdkRun
from tests.conformance.test_same_as_sdk import differences

RULES: Mapping[str, str] = {}
"""Calls whose values differ, each with the rule."""


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_every_call_of_the_sdk_is_one_of_ours(sdk: SdkRun) -> None:
    assert set(API_CALLS) == set(sdk.values)
    assert len(API_CALLS) - len(RULES) == 121
    assert set(RULES) <= set(API_CALLS)


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", sorted(API_CALLS))
@pytest.mark.parametrize("cache", [False, True], ids=["fresh", "cached"])
async def test_both_return_the_same(name: str, cache: bool, sdk: SdkRun) -> None:
    async with API("any-key-will-do-here", cache, url=sdk.url, limits=Limits()) as api:
        ours = plain(await API_CALLS[name](api))
        again = plain(await API_CALLS[name](api))
    assert "error" not in sdk.values[name]
    found = list(differences(sdk.values[name]["value"], ours))
    assert bool(found) == (name in RULES), found
    assert again == ours
