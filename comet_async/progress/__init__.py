"""Progress to look at: rich in a terminal, tqdm in a notebook, plain lines anywhere else.

A view is three things at once: a session's observer, the hook of a harvest, and the hook of one
download. The engine knows none of the libraries; they are imported when a view is opened.

    with RichProgress() as view:
        async with Session(comet.service(), observer=view) as session: ...

    async for outcome in track(outcomes, total=len(keys)): ...
"""

from __future__ import annotations

from comet_async.progress.notebook import TqdmProgress
from comet_async.progress.plain import PlainProgress
from comet_async.progress.terminal import RichProgress
from comet_async.progress.tracking import track, view_for
from comet_async.progress.view import View, can_move, terminal_width
from comet_async.shown import told_size

__all__ = [
    "PlainProgress",
    "RichProgress",
    "TqdmProgress",
    "View",
    "can_move",
    "terminal_width",
    "told_size",
    "track",
    "view_for",
]
