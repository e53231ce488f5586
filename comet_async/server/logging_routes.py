"""What the vendor's client asks for while it logs live or uploads an archive.

These addresses are outside the REST API: the client shakes hands, sends batches and files, and
tells from time to time that it is alive. The key may stand in the body.
"""

from __future__ import annotations

from comet_async.server.replies import Handler

__all__ = ["ROUTES"]

ROUTES: dict[tuple[str, str], Handler] = {}
