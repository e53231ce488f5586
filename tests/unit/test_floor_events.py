"""Events: values without secrets, told apart by their tag."""

from __future__ import annotations

import typing

import msgspec
import pytest

from comet_async import events
from comet_async.events import (
    AttemptEnded,
    AttemptStarted,
    BytesReceived,
    Event,
    Paused,
    RequestEnded,
    RequestStarted,
    RetryScheduled,
    Waited,
)
from comet_async.request import Effect

ALL: list[Event] = [
    RequestStarted("comet", "GET", "/x/{id}", Effect.READ, "comet.example", 8443, 7),
    RequestEnded("comet", "GET", "/x/{id}", Effect.READ, 2, 200, 3.5, None, 7),
    AttemptStarted("comet", "GET", "/x/{id}", 1),
    AttemptEnded("comet", "GET", "/x/{id}", 1, 200, 12, 0.25, None),
    RetryScheduled("comet", "GET", "/x/{id}", 1, "503", 0.5),
    Waited("comet", "quota", 1.5),
    Paused("comet", 30.0, "429"),
    BytesReceived("comet", "/x/{id}", "model.bin", 10, None),
]


@pytest.mark.parametrize("event", ALL, ids=lambda event: type(event).__name__)
def test_an_event_survives_json_by_its_tag(event: Event) -> None:
    encoded = msgspec.json.encode(event)
    assert msgspec.json.decode(encoded, type=Event) == event


@pytest.mark.parametrize("event", ALL, ids=lambda event: type(event).__name__)
def test_an_event_is_frozen(event: Event) -> None:
    with pytest.raises(AttributeError):
        event.service = "other"  # type: ignore[misc]  # frozen, which is the point


def test_the_union_names_every_event() -> None:
    assert set(typing.get_args(Event)) == {type(event) for event in ALL}
    structs = {name for name in events.__all__ if isinstance(getattr(events, name), type)}
    assert structs - {"Observer"} == {type(event).__name__ for event in ALL}
