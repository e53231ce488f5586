"""`API`: the names of `comet_ml.API`, with `await`, over one session."""

from __future__ import annotations

from comet_async.api.experiment_writes import ExperimentWrites
from comet_async.api.registry_writes import RegistryWrites
from comet_async.api.selection import QueryReads

__all__ = ["API"]


class API(QueryReads, ExperimentWrites, RegistryWrites):
    """The verbs of the vendor's client, concurrent, typed and cached.

    `async with API() as api:` or `api = API()` and later `await api.close()`. Key and URL come
    from where `comet.service` finds them. Nothing is sent before the first verb.

    Args:
        api_key: The key, or a hook that gives it; default as `comet.service` finds it.
        cache: Whether reads are kept; `do_not_cache` names exceptions.
        version: Version of the REST API; "v2" is the only one.
        url: Root of the server; default as `comet.service` finds it.
        session: A session to use, which stays open; it has its own key and URL.
        limits: How hard the server may be driven; default `comet.DEFAULT_LIMITS`.
        observer: Told of attempts, waits and bytes.

    Raises:
        UsageError: There is no key anywhere; or a session and something that it has already are
            both given; or the version is another.
    """
