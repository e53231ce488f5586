"""An upload's body as a payload of aiohttp's."""

from __future__ import annotations

import aiohttp
from aiohttp.abc import AbstractStreamWriter

from comet_async.engine.upload_body import UploadBody

__all__ = ["BodyPayload"]


class BodyPayload(aiohttp.Payload):
    """Lets aiohttp write the body at the pace of the connection.

    Args:
        body: The attempt.
    """

    def __init__(self, body: UploadBody) -> None:
        super().__init__(body, content_type=body.content_type)
        self._body = body
        self._size = body.size

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Refuse: a body that is read as it is sent has no text.

        Raises:
            TypeError: Always.
        """
        del encoding, errors
        raise TypeError("an upload has no text")

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Write all of it, each piece when the one before has been taken."""

        async def accepted(piece: memoryview) -> None:
            await writer.write(piece)
            await writer.drain()

        await self._body.send(accepted)
