"""Local servers: Comet with real archives, synthetic data of any size and scripted faults.

It answers every endpoint of the REST API v2 over a loopback port and keeps what is written while
it runs. It is written from the facts of the wire and shares no code with the client, so that an
error in one of the two cannot hide in the other. `comet_async.server.domino` is a Domino of the
same kind.
"""

from __future__ import annotations

from comet_async.server.app import LocalServer, serve_forever
from comet_async.server.archive import ArchiveError
from comet_async.server.changes import Changes, Edit
from comet_async.server.domino import DominoServer, DominoSpec
from comet_async.server.faults import FAULT_NAMES, FaultRule, Faults
from comet_async.server.hostile_names import HOSTILE_NAMES
from comet_async.server.in_memory import MemorySource, memory_project
from comet_async.server.logged import Logged, series_of
from comet_async.server.ports import (
    blackhole_port,
    full_port,
    garbage_port,
    refused_port,
    rst_accept_port,
)
from comet_async.server.rate_limit import RateLimit
from comet_async.server.records import (
    MAX_POINTS,
    Asset,
    Facts,
    Mark,
    Project,
    Series,
    Source,
    Value,
)
from comet_async.server.request_log import LoggedRequest, RequestLog
from comet_async.server.store import Store
from comet_async.server.synthetic import SyntheticSource
from comet_async.server.synthetic_series import (
    FIRST_NEGATIVE_OFFSET,
    NEGATIVE_OFFSET_METRIC,
    NON_FINITE_METRIC,
    TEXT_METRIC,
)
from comet_async.server.synthetic_spec import SyntheticSpec
from comet_async.server.threaded import serve_in_thread, serve_until_exit

__all__ = [
    "FAULT_NAMES",
    "FIRST_NEGATIVE_OFFSET",
    "HOSTILE_NAMES",
    "MAX_POINTS",
    "NEGATIVE_OFFSET_METRIC",
    "NON_FINITE_METRIC",
    "TEXT_METRIC",
    "ArchiveError",
    "Asset",
    "Changes",
    "DominoServer",
    "DominoSpec",
    "Edit",
    "Facts",
    "FaultRule",
    "Faults",
    "LocalServer",
    "Logged",
    "LoggedRequest",
    "Mark",
    "MemorySource",
    "Project",
    "RateLimit",
    "RequestLog",
    "Series",
    "Source",
    "Store",
    "SyntheticSource",
    "SyntheticSpec",
    "Value",
    "blackhole_port",
    "full_port",
    "garbage_port",
    "memory_project",
    "refused_port",
    "rst_accept_port",
    "series_of",
    "serve_forever",
    "serve_in_thread",
    "serve_until_exit",
]
