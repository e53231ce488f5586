"""A bounded cache of documents that are expensive to build."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from hashlib import blake2b

from comet_async.server.replies import Later

__all__ = ["BodyCache"]

_LIMIT = 64 << 20


class BodyCache:
    """The most recently used documents, at most 64 MiB of them.

    A document is kept under its key and the revision of the data, so none goes out of date.
    """

    def __init__(self, limit: int = _LIMIT) -> None:
        """Start empty.

        Args:
            limit: Bytes to keep; a document larger than a quarter of it is not kept.
        """
        self._limit = limit
        self._size = 0
        self._bodies: OrderedDict[bytes, bytes] = OrderedDict()

    async def get(self, reply: Later, revision: int = 0) -> bytes:
        """Return the document of a reply, building it if it is not here.

        Args:
            reply: Describes the document.
            revision: Of the data before the document is built.
        """
        if reply.cache_key is None:
            return await _built(reply)
        text = f"{revision}:{reply.cache_key}".encode("utf-8", "surrogatepass")
        key = blake2b(text, digest_size=16).digest()
        body = self._bodies.get(key)
        if body is not None:
            self._bodies.move_to_end(key)
            return body
        body = await _built(reply)
        if key not in self._bodies and len(body) <= self._limit // 4:
            self._bodies[key] = body
            self._size += len(body)
            while self._size > self._limit:
                _key, oldest = self._bodies.popitem(last=False)
                self._size -= len(oldest)
        return body


async def _built(reply: Later) -> bytes:
    return reply.build() if reply.quick else await asyncio.to_thread(reply.build)
