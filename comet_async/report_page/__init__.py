"""One page about a harvest that opens offline: what is there, what failed, top runs, curves, sizes.

    report_page.write_report("lake", "report.html", metric="loss", best="lowest")

Needs the extras `harvest` and `charts`: pip install 'comet_async[harvest,charts]'.
"""

from __future__ import annotations

from comet_async.report_page.choosing import Direction
from comet_async.report_page.page import render_report, write_report

__all__ = ["Direction", "render_report", "write_report"]
