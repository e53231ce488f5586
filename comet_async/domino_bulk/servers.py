"""Which server a session talks to."""

from __future__ import annotations

from comet_async.domino.common import SERVICE
from comet_async.engine.session import Session
from comet_async.errors import UsageError

__all__ = ["url_of"]


def url_of(session: Session, what: str) -> str:
    """Return the root of the Domino deployment of a session.

    Args:
        session: A session.
        what: What needs it, in words and in the plural.

    Raises:
        UsageError: It has no Domino service.
    """
    for service in session.services:
        if service.name == SERVICE:
            return service.base_url
    raise UsageError(f"{what} need a session with the service {SERVICE}")
