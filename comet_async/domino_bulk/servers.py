"""Which server a session talks to."""

from __future__ import annotations

from comet_async.domino.common import SERVICE
from comet_async.engine.session import Session
from comet_async.errors import UsageError
from comet_async.service import service_named

__all__ = ["url_of"]


def url_of(session: Session, what: str) -> str:
    """Return the root of the Domino deployment of a session.

    Args:
        session: A session.
        what: What needs it, in words and in the plural.

    Raises:
        UsageError: It has no Domino service.
    """
    service = service_named(session.services, SERVICE)
    if service is None:
        raise UsageError(f"{what} need a session with the service {SERVICE}")
    return service.base_url
