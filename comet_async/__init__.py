"""comet_async: an asyncio-native client for the Comet ML REST API v2.

An endpoint is a function that returns an immutable `Request[T]`; a `Session` sends it.
"""

from comet_async import comet
from comet_async.credentials import FileKey, Secret, StaticKey
from comet_async.engine.download import Downloaded
from comet_async.engine.drift import unknown_members
from comet_async.engine.fan_out import Failed, Ok, Outcome, fan_out
from comet_async.engine.names import portable_path
from comet_async.engine.observing import Counters, log_events
from comet_async.engine.retry import RetryPolicy
from comet_async.engine.session import Collected, Session
from comet_async.engine.throttle import Throttle
from comet_async.engine.transport import Timeouts
from comet_async.errors import CometAsyncError
from comet_async.paging import Paged
from comet_async.request import Blob, Effect, Request
from comet_async.service import Limits, Quota, Service

__all__ = [
    "Blob",
    "Collected",
    "CometAsyncError",
    "Counters",
    "Downloaded",
    "Effect",
    "Failed",
    "FileKey",
    "Limits",
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
    "comet",
    "fan_out",
    "log_events",
    "portable_path",
    "unknown_members",
]
