"""The same for synchronous code: from any thread, also while an event loop runs, as in a notebook.

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

from comet_async.blocking.calling import call
from comet_async.blocking.session import Session

__all__ = ["Session", "call"]
