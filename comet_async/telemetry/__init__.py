"""Telemetry: what a session does, as OpenTelemetry spans and as Prometheus metrics.

Both are observers of a session, with the extra `comet_async[telemetry]`, one or both of them:

    spans, metrics = OpenTelemetryObserver(), PrometheusObserver()
    async with Session(comet.service(), observer=[spans, metrics]) as session: ...

One observer may serve any number of sessions, on any threads. Spans and labels name endpoints by
their templates and hold no id, query, header or key; no header of a trace is sent to the service.
An error inside an observer of these is logged once and breaks no request.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from comet_async.telemetry.metrics import PrometheusObserver
    from comet_async.telemetry.spans import OpenTelemetryObserver

__all__ = ["OpenTelemetryObserver", "PrometheusObserver"]

_HOMES = {"OpenTelemetryObserver": "spans", "PrometheusObserver": "metrics"}
"""Module of each name, imported when it is asked for: one library without the other will do."""


if not TYPE_CHECKING:  # for a type checker it would make every misspelt name an object

    def __getattr__(name: str) -> object:
        home = _HOMES.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
        found = globals()[name] = getattr(import_module(f"{__name__}.{home}"), name)
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
