"""The same for synchronous code: from any thread, also while an event loop runs, as in a notebook.

    with blocking.API() as api:
        experiments = api.get_experiments("team", "resnet")

    from comet_async import blocking, comet, harvest

    with blocking.Session(comet.service()) as session:
        print(session.send(comet.get_workspaces()))
        plan = blocking.call(harvest.plan, session, "team/resnet")

Everything runs in one event loop on one thread, the portal, which lasts as long as a session is
open. Requests of several threads run side by side there. Observers, progress hooks and other
callbacks are called in that thread: what they do holds up everything else, and a blocking call
inside them is a `UsageError`. Ctrl-C cancels the call that waits and leaves the session usable. A
process made by fork has to make sessions of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from comet_async.blocking.calling import call
from comet_async.blocking.session import Session

if TYPE_CHECKING:
    from comet_async.blocking.api import API, APIExperiment, Model

__all__ = ["API", "APIExperiment", "Model", "Session", "call"]


if not TYPE_CHECKING:  # for a type checker it would make every misspelt name an object

    def __getattr__(name: str) -> object:
        if name in {"API", "APIExperiment", "Model"}:  # a session alone does not need them
            from comet_async.blocking import api  # noqa: PLC0415

            return getattr(api, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
