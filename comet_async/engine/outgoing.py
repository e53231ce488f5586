"""From a request to its first hop: URL, headers, patience, and the key of the moment."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator

import msgspec

from comet_async.credentials import Credentials, Secret
from comet_async.engine.transport import HeaderPairs, HttpRequest, Timeouts
from comet_async.request import Blob, Request
from comet_async.service import Service

__all__ = ["Outgoing"]

_KNOWN_SECRETS = 4
_MOST_HEADS = 16
_TIMEOUT_MARGIN = 1.0


class Outgoing:
    """Makes hops to one service.

    Args:
        service: The profile.
        user_agent: What the client calls itself.
        timeouts: Patience where a request has none of its own.
        max_body_bytes: Cap on an answer held in memory.
    """

    def __init__(
        self, service: Service, user_agent: str, timeouts: Timeouts, max_body_bytes: int
    ) -> None:
        self._service = service
        self._timeouts = timeouts
        self._max_body_bytes = max_body_bytes
        self._secrets: dict[Secret, None] = {}
        self._key: tuple[Secret, HeaderPairs] | None = None
        agent = ("User-Agent", user_agent)
        json = (("Accept", "application/json"), ("Accept-Encoding", "gzip"), agent)
        blob = (("Accept", "*/*"), ("Accept-Encoding", "identity"), agent)
        self._common: dict[bool, HeaderPairs] = {
            False: (*json, *service.headers),
            True: (*blob, *service.headers),
        }
        self._heads: dict[tuple[bool, str | None], HeaderPairs] = {}

    def secrets(self) -> Iterator[str]:
        """Give the last keys that were sent, for masking."""
        return (secret.reveal() for secret in self._secrets)

    async def first_hop(
        self,
        request: Request[object],
        *,
        fresh: bool,
        before_large: Callable[[], Awaitable[None]] | None = None,
        sent: Callable[[int], None] | None = None,
    ) -> HttpRequest:
        """Return the hop to the service.

        Args:
            request: What is asked.
            fresh: Whether it needs a connection of its own.
            before_large: Awaited before a large body is read on.
            sent: Told of the bytes of an upload that have left.

        Raises:
            UsageError: The credentials give no key.
        """
        credentials = self._service.credentials
        if credentials is not None:
            await self._ask(credentials)
        timeouts = self._timeouts
        if request.timeout is not None:
            timeouts = _within(timeouts, request.timeout)
        elif request.upload is not None:
            timeouts = msgspec.structs.replace(timeouts, total=None)
        return HttpRequest(
            method=request.method,
            url=self._service.base_url + request.target,
            headers=self._head(request),
            body=self._body(request),
            upload=request.upload,
            sent=sent,
            timeouts=timeouts,
            max_body_bytes=self._max_body_bytes,
            public_only=self._service.public_only,
            fresh=fresh,
            before_large=before_large,
        )

    async def _ask(self, credentials: Credentials) -> None:
        """Ask the hook for the key, and remember it for masking."""
        found = credentials()
        secret = found if isinstance(found, Secret) else await found
        if self._key is not None and secret is self._key[0]:
            return
        self._secrets[secret] = None
        while len(self._secrets) > _KNOWN_SECRETS:
            del self._secrets[next(iter(self._secrets))]
        prefix = self._service.auth_prefix
        value = Secret.header(prefix + secret.reveal()) if prefix else secret
        self._key = secret, ((self._service.auth_header, value),)
        self._heads.clear()

    def _body(self, request: Request[object]) -> bytes | None:
        """Return the body as it goes out, with the key where the service wants it inside."""
        if request.key_member is None or request.body is None or self._key is None:
            return request.body
        members = msgspec.json.decode(request.body, type=dict[str, msgspec.Raw])
        key = msgspec.json.encode(self._key[0].reveal())
        return msgspec.json.encode({request.key_member: msgspec.Raw(key), **members})

    def _head(self, request: Request[object]) -> HeaderPairs:
        """Return the headers: the same object again for all requests of a kind."""
        kind = request.answer is Blob, request.content_type
        found = self._heads.get(kind)
        if found is None:
            key = () if self._key is None else self._key[1]
            media = () if kind[1] is None else (("Content-Type", kind[1]),)
            if len(self._heads) >= _MOST_HEADS:
                self._heads.clear()
            found = self._heads[kind] = (*self._common[kind[0]], *key, *media)
        return found


def _within(timeouts: Timeouts, seconds: float) -> Timeouts:
    """Return patience for an exchange of `seconds` in all."""
    return msgspec.structs.replace(
        timeouts,
        total=seconds,
        headers=seconds,
        idle=max(timeouts.idle, seconds) + _TIMEOUT_MARGIN,
        stored=seconds,
    )
