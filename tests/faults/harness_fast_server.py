"""A server as fast as a loop allows, in a process of its own: one fixed answer to everything.

Run as a script it prints its port and serves until its standard input ends.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["fast_server"]


class _Connection(asyncio.Protocol):
    """Answers each request, told by the blank line that ends its head."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._rest = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        heard = self._rest + data
        requests = heard.count(b"\r\n\r\n")
        self._rest = heard.rpartition(b"\r\n\r\n")[2]
        if self._transport is not None:
            self._transport.write(self._answer * requests)


async def _serve(size: int) -> None:
    body = b'{"text":"' + b"x" * (size - 11) + b'"}'
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    answer = head.encode() + body
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(answer), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


@contextmanager
def fast_server(size: int) -> Iterator[str]:
    """Serve a JSON object of `size` bytes while the block runs; yields the URL."""
    command = [sys.executable, str(Path(__file__).resolve()), str(size)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.communicate()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
