"""Files that lie outside the service: fetched from where their link leads, without its key."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import SplitResult, quote, urlsplit

from comet_async.engine.addresses import is_private
from comet_async.engine.download import Downloaded
from comet_async.engine.session import Session
from comet_async.errors import AuthenticationError, LinkError
from comet_async.redaction import bare_url
from comet_async.request import Blob, Effect, Request
from comet_async.service import Service

__all__ = ["download_link"]

_NAME = "link"
_PUBLIC_ONLY = True
_PLAIN = "/%:@!$&'()*+,;=~-._"


async def download_link(link: str, path: Path) -> Downloaded:
    """Fetch what an http(s) link leads to, with the session's care and none of its keys.

    A link comes from whoever logged the file, so it is not followed into a private network,
    whatever its name resolves to and wherever it redirects.

    Args:
        link: The link.
        path: The file to write; it is replaced.

    Raises:
        LinkError: The link leads into a private network, is unusable, or wants a key.
        CometAsyncError: As `Session.download` does.
    """
    parts, host = _parts(link)
    if is_private(host):
        raise LinkError(f"{bare_url(link)} leads into a private network")
    place = parts.netloc.rpartition("@")[2]
    service = Service(
        name=_NAME, base_url=f"{parts.scheme.lower()}://{place}", public_only=_PUBLIC_ONLY
    )
    query = f"?{quote(parts.query, safe=_PLAIN + '?')}" if parts.query else ""
    request = Request(
        service=_NAME,
        method="GET",
        path=(quote(parts.path, safe=_PLAIN) or "/") + query,
        answer=Blob,
        effect=Effect.READ,
    )
    refused = ""
    try:
        async with Session(service) as session:
            return await session.download(request, path, overwrite=True, durable=True, resume=True)
    except AuthenticationError as error:  # of a stranger's: it says nothing of our key
        refused = str(error)
    raise LinkError(f"{bare_url(link)} wants a key: {refused}")


def _parts(link: str) -> tuple[SplitResult, str]:
    """Return a link in parts, and its host.

    Raises:
        LinkError: It has none, or is no link.
    """
    try:
        parts = urlsplit(link)
        host, _ = parts.hostname, parts.port
    except ValueError:
        pass
    else:
        if host:
            return parts, host
    raise LinkError(f"{bare_url(link)} is no link that can be fetched")
