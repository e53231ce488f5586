"""For each call that reads: what the real SDK returns equals what our client returns.

One server, the unmodified SDK in a child and our session side by side. Two differences are by rule:
a list or object that the server sends as null is empty with us, and `curlDownload`, which holds
the caller's key, is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from comet_async import Limits, Session, comet
from tests.conformance.conftest import SdkRun
from tests.conformance.same_calls import OURS

LEFT_OUT = {"curlDownload"}


def differences(theirs: Any, ours: Any, place: str = "") -> Iterator[str]:
    """Name each place where the two differ beyond the rules."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for name in theirs.keys() - ours.keys() - LEFT_OUT:
            yield f"{place}.{name}: only the SDK has {theirs[name]!r}"
        for name in ours.keys() - theirs.keys():
            if ours[name] not in (None, [], {}):
                yield f"{place}.{name}: only we have {ours[name]!r}"
        for name in theirs.keys() & ours.keys():
            yield from differences(theirs[name], ours[name], f"{place}.{name}")
    elif isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        for index, pair in enumerate(zip(theirs, ours, strict=True)):
            yield from differences(*pair, f"{place}[{index}]")
    elif not (theirs is None and ours in ([], {})) and (
        theirs != ours or type(theirs) is not type(ours)
    ):
        yield f"{place}: {theirs!r} is {ours!r} with us"


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_every_call_of_the_sdk_has_its_twin(sdk: SdkRun) -> None:
    assert set(OURS) == set(sdk.values)
    assert len(OURS) >= 120


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", sorted(OURS))
async def test_both_clients_read_the_same(name: str, sdk: SdkRun) -> None:
    service = comet.service("any-key-will-do-here", url=sdk.url, limits=Limits())
    async with Session(service) as session:
        ours = await OURS[name](session)
    assert "error" not in sdk.values[name]
    assert list(differences(sdk.values[name]["value"], ours)) == []


def test_the_comparison_sees_what_differs() -> None:
    theirs = {"a": 1, "b": [1, 2], "c": None, "d": "x", "curlDownload": "k"}
    ours = {"a": 1.0, "b": [1, 3], "c": [], "e": 5}
    assert sorted(differences(theirs, ours)) == [
        ".a: 1 is 1.0 with us",
        ".b[1]: 2 is 3 with us",
        ".d: only the SDK has 'x'",
        ".e: only we have 5",
    ]
