"""Observers that never stop the call they observe."""

from __future__ import annotations

import logging

from comet_async.events import Event

__all__ = ["Guarded"]

_LOGGER = logging.getLogger("comet_async")


class Guarded:
    """An observer whose own errors are logged, the first of each kind, and go no further."""

    def __init__(self) -> None:
        self._complained: set[type[Exception]] = set()

    def __call__(self, event: Event, /) -> None:
        """Take note of one event."""
        try:
            self.note(event)
        except Exception as error:  # noqa: BLE001 telemetry must not cost a request
            kind = type(error)
            if kind not in self._complained:
                self._complained.add(kind)
                told = f"{type(self).__name__} failed on {type(event).__name__}"
                _LOGGER.warning("%s (%s); the like is not told again", told, kind.__name__)

    def note(self, event: Event) -> None:
        """Take note of one event; may raise."""
        raise NotImplementedError
