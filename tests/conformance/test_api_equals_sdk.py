"""For each call that both have: `comet_ml.API` and `comet_async.API` return the same.

One server, the unmodified SDK in a child and our `API` side by side. The differences by rule are
those of `differences`: what is null there may be empty here, members that the server did not send
may be there with nothing in them, and `curlDownload`, which holds the caller's key, is left out.
"""

from __future__ import annotations

import pytest

from comet_async import API, Limits
from tests.conformance.api_calls import API_CALLS, plain
from tests.conformance.conftest import SdkRun
from tests.conformance.test_same_as_sdk import differences


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_every_call_of_the_sdk_is_one_of_ours(sdk: SdkRun) -> None:
    assert set(API_CALLS) == set(sdk.values)
    assert len(API_CALLS) == 121


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", sorted(API_CALLS))
@pytest.mark.parametrize("cache", [False, True], ids=["fresh", "cached"])
async def test_both_return_the_same(name: str, cache: bool, sdk: SdkRun) -> None:
    async with API("any-key-will-do-here", cache, url=sdk.url, limits=Limits()) as api:
        ours = plain(await API_CALLS[name](api))
        again = plain(await API_CALLS[name](api))
    assert "error" not in sdk.values[name]
    assert list(differences(sdk.values[name]["value"], ours)) == []
    assert again == ours
