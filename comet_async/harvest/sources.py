"""The services that a harvest can be of."""

from __future__ import annotations

from comet_async.comet.common import SERVICE
from comet_async.domino.common import SERVICE as DOMINO_SERVICE
from comet_async.harvest.comet_stages import comet_stages
from comet_async.harvest.comet_walk import walk_comet
from comet_async.harvest.domino.stages import domino_stages
from comet_async.harvest.domino.walk import walk_domino
from comet_async.harvest.scope import Scope
from comet_async.harvest.source import Source

__all__ = ["COMET", "DOMINO", "SOURCES", "source_of"]

COMET = Source(
    service=SERVICE,
    kinds=frozenset({"experiment", "project", "workspace", "registry_model", "artifact"}),
    beyond=frozenset({"workspace", "registry_model", "artifact"}),
    main="experiments",
    counted="experiments",
    walk=walk_comet,
    stages=comet_stages,
)
DOMINO = Source(
    service=DOMINO_SERVICE,
    kinds=frozenset(
        {
            "domino_project",
            "domino_job",
            "domino_environment",
            "domino_dataset",
            "domino_model",
        }
    ),
    main="domino_jobs",
    counted="jobs",
    walk=walk_domino,
    stages=domino_stages,
)
SOURCES = (COMET, DOMINO)
"""All of them."""


def source_of(scope: Scope) -> Source:
    """Return what a scope is of."""
    return next(source for source in SOURCES if source.service == scope.service)
