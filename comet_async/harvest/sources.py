"""The services that a harvest can be of."""

from __future__ import annotations

from comet_async.comet.common import SERVICE
from comet_async.harvest.comet_stages import comet_stages
from comet_async.harvest.comet_walk import walk_comet
from comet_async.harvest.scope import Scope
from comet_async.harvest.source import Source

__all__ = ["COMET", "SOURCES", "source_of"]

COMET = Source(
    service=SERVICE,
    kinds=frozenset({"experiment", "project", "workspace", "registry_model", "artifact"}),
    beyond=frozenset({"workspace", "registry_model", "artifact"}),
    main="experiments",
    walk=walk_comet,
    stages=comet_stages,
)
SOURCES = (COMET,)
"""All of them."""


def source_of(scope: Scope) -> Source:
    """Return what a scope is of."""
    return next(source for source in SOURCES if source.service == scope.service)
