"""comet_async: an asyncio-native client for the REST APIs of Comet ML and Domino Data Lab.

An endpoint is a function that returns an immutable `Request[T]`; a `Session` sends it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from comet_async import (
        api,
        blocking,
        bulk,
        charts,
        comet,
        domino,
        domino_bulk,
        handover,
        query,
        report_page,
        telemetry,
    )
    from comet_async.api.api import API
    from comet_async.api.experiment import APIExperiment
    from comet_async.api.model import Model
    from comet_async.credentials import FileKey, Secret, StaticKey
    from comet_async.engine.collected import Collected
    from comet_async.engine.download import Downloaded
    from comet_async.engine.drift import unknown_members
    from comet_async.engine.fan_out import Failed, Ok, Outcome, fan_out
    from comet_async.engine.names import portable_path
    from comet_async.engine.observing import Counters, log_events
    from comet_async.engine.retry import RetryPolicy
    from comet_async.engine.running import run
    from comet_async.engine.session import Session
    from comet_async.engine.throttle import Throttle
    from comet_async.engine.transport import Timeouts
    from comet_async.errors import CometAsyncError
    from comet_async.lake.reader import LakeReader, open_lake
    from comet_async.notebook import load_ipython_extension, unload_ipython_extension
    from comet_async.paging import Paged
    from comet_async.request import Blob, Effect, Request
    from comet_async.service import Limits, Quota, Service

__all__ = [
    "API",
    "APIExperiment",
    "Blob",
    "Collected",
    "CometAsyncError",
    "Counters",
    "Downloaded",
    "Effect",
    "Failed",
    "FileKey",
    "LakeReader",
    "Limits",
    "Model",
    "Ok",
    "Outcome",
    "Paged",
    "Quota",
    "Request",
    "RetryPolicy",
    "Secret",
    "Service",
    "Session",
    "StaticKey",
    "Throttle",
    "Timeouts",
    "api",
    "blocking",
    "bulk",
    "charts",
    "comet",
    "domino",
    "domino_bulk",
    "fan_out",
    "handover",
    "load_ipython_extension",
    "log_events",
    "open_lake",
    "portable_path",
    "query",
    "report_page",
    "run",
    "telemetry",
    "unknown_members",
    "unload_ipython_extension",
]

_HOMES = {
    "API": "api.api",
    "APIExperiment": "api.experiment",
    "Blob": "request",
    "Collected": "engine.collected",
    "CometAsyncError": "errors",
    "Counters": "engine.observing",
    "Downloaded": "engine.download",
    "Effect": "request",
    "Failed": "engine.fan_out",
    "FileKey": "credentials",
    "LakeReader": "lake.reader",
    "Limits": "service",
    "Model": "api.model",
    "Ok": "engine.fan_out",
    "Outcome": "engine.fan_out",
    "Paged": "paging",
    "Quota": "service",
    "Request": "request",
    "RetryPolicy": "engine.retry",
    "Secret": "credentials",
    "Service": "service",
    "Session": "engine.session",
    "StaticKey": "credentials",
    "Throttle": "engine.throttle",
    "Timeouts": "engine.transport",
    "fan_out": "engine.fan_out",
    "load_ipython_extension": "notebook",
    "log_events": "engine.observing",
    "open_lake": "lake.reader",
    "portable_path": "engine.names",
    "run": "engine.running",
    "unknown_members": "engine.drift",
    "unload_ipython_extension": "notebook",
}
"""Module of each name, imported when the name is first asked for: aiohttp is slow to import."""
_PACKAGES = frozenset(
    {
        "api",
        "blocking",
        "bulk",
        "charts",
        "comet",
        "domino",
        "domino_bulk",
        "handover",
        "query",
        "report_page",
        "telemetry",
    }
)


if not TYPE_CHECKING:  # for a type checker it would make every misspelt name an object

    def __getattr__(name: str) -> object:
        if name in _PACKAGES:
            return import_module(f"{__name__}.{name}")
        home = _HOMES.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
        found = globals()[name] = getattr(import_module(f"{__name__}.{home}"), name)
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
