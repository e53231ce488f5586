"""What a debugger, rich or a log would show of the engine's values: nothing secret (rows L1, L2)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from comet_async.credentials import Secret
from comet_async.engine.telling import Trip
from comet_async.engine.transport import HttpAnswer, HttpRequest
from tests.support.doubles import KEY, comet_like

SIGNED = "https://me:hunter2@storage.test/x?X-Amz-Signature=abc"
VALUES = [
    HttpRequest(method="GET", url=SIGNED, headers=(("Authorization", Secret(KEY)),)),
    HttpAnswer(status=200, headers={"x": KEY}, body=KEY.encode()),
    comet_like(),
    Trip(3, body=KEY.encode()),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_no_rendering_shows_a_key_a_login_or_a_query(value: object) -> None:
    rich: Callable[[], list[tuple[str, object]]] = value.__rich_repr__  # type: ignore[attr-defined]  # each has one
    shown = f"{value!r} {value} {rich()!r}"
    assert not any(secret in shown for secret in (KEY, "hunter2", "X-Amz", "abc"))


def test_renderings_by_literal() -> None:
    request, answer, service, trip = VALUES
    assert repr(request) == "<HttpRequest GET https://storage.test/x>"
    assert repr(answer) == f"<HttpAnswer 200, {len(KEY)} bytes>"
    assert repr(service) == "<Service comet https://api.test/rest>"
    assert repr(trip) == "<Trip 3>"
