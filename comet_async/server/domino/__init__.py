"""A local server that answers Domino's public REST API, written from the facts of the wire.

`facts.json` beside this file lists every operation (verb, path, query members with their types and
defaults, models of body and answer, status) and every model (members with their types; `!` marks
a required one, `[]` a list, `=a|b` the values of an enumeration, `map:` a map). It was boiled down
by a script from the published references of releases 5.7 to 6.3 and shares nothing with the
client. Whatever has no rule of its own is answered from it.
"""

from __future__ import annotations

from comet_async.server.domino.access import Access
from comet_async.server.domino.app import DominoServer
from comet_async.server.domino.clock import Clock
from comet_async.server.domino.job import JobPlan
from comet_async.server.domino.pages import PagingStyle
from comet_async.server.domino.spec import DominoSpec

__all__ = ["Access", "Clock", "DominoServer", "DominoSpec", "JobPlan", "PagingStyle"]
