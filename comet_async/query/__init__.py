"""Which experiments are wanted, as an expression: `(Metric("loss") < 0.1) & Tag("best")`.

`read_expression` reads one from text, `resolve` turns one into what the server is asked. All of
this is pure: `comet_async.api.query` sends it.
"""

from __future__ import annotations

from comet_async.query.expressions import (
    Environment,
    Expression,
    Metadata,
    Metric,
    Other,
    Parameter,
    Tag,
    Variable,
)
from comet_async.query.reader import read_expression
from comet_async.query.resolving import Resolved, resolve

__all__ = [
    "Environment",
    "Expression",
    "Metadata",
    "Metric",
    "Other",
    "Parameter",
    "Resolved",
    "Tag",
    "Variable",
    "read_expression",
    "resolve",
]
