"""A static HTTP server on loopback: nginx's stand-in, and the one that adds latency.

Every answer is a ready block of bytes, written as soon as a request's head and body are in, or
`--latency` seconds later. Files below the folder are served by path; `/assets/NAME` also as
`.../get-asset?assetId=NAME`. Large files are mapped into memory, not read.

    python -m benchmarks.static_server FOLDER [--latency SECONDS]

The port is printed as the first line; the server ends with its standard input.
"""

from __future__ import annotations

import argparse
import asyncio
import mmap
import sys
from pathlib import Path
from typing import cast
from urllib.parse import parse_qs

_END = b"\r\n\r\n"
_LARGE = 8 * 1024 * 1024
_ASSET = b"/experiment/asset/get-asset"


def _head(media: str, size: int, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Type: {media}\r\nContent-Length: {size}\r\n\r\n".encode()


class Files:
    """Ready answers by path, each loaded once.

    Args:
        folder: What is served.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ready: dict[bytes, tuple[bytes | memoryview, ...]] = {}

    def answer(self, target: bytes) -> tuple[bytes | memoryview, ...]:
        """Return the blocks of an answer."""
        path, _, query = target.partition(b"?")
        is_asset = path.endswith(_ASSET)
        key = target if is_asset else path
        found = self._ready.get(key)
        if found is None:
            asset = parse_qs(query.decode()).get("assetId", [""])[0]
            name = f"/assets/{asset}" if is_asset else path.decode()
            found = self._ready[key] = self._load(name)
        return found

    def _load(self, path: str) -> tuple[bytes | memoryview, ...]:
        file = (self._folder / path.lstrip("/")).resolve()
        if not file.is_relative_to(self._folder) or not file.is_file():
            return (_head("application/json", 2, "404 Not Found") + b"{}",)
        size = file.stat().st_size
        media = "application/octet-stream" if path.startswith("/assets/") else "application/json"
        if size <= _LARGE:
            return (_head(media, size) + file.read_bytes(),)
        with file.open("rb") as source:
            mapped = mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ)
        return _head(media, size), memoryview(mapped)


class Connection(asyncio.Protocol):
    """One client; requests come one after another, as HTTP/1.1 clients send them.

    Args:
        files: What is served.
        latency: Seconds between a request and its answer.
    """

    def __init__(self, files: Files, latency: float) -> None:
        self._files = files
        self._latency = latency
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer each request that is complete."""
        self._received += data
        while (end := self._received.find(_END)) >= 0:
            head = bytes(self._received[:end])
            whole = end + len(_END) + _body_length(head)
            if len(self._received) < whole:
                return
            del self._received[:whole]
            blocks = self._files.answer(head.split(b" ", 2)[1])
            if self._latency:
                self._loop.call_later(self._latency, self._send, blocks)
            else:
                self._send(blocks)

    def _send(self, blocks: tuple[bytes | memoryview, ...]) -> None:
        if self._transport is not None and not self._transport.is_closing():
            for block in blocks:
                self._transport.write(block)


def _body_length(head: bytes) -> int:
    if head.startswith(b"GET "):
        return 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


async def _serve(folder: Path, latency: float) -> None:
    loop = asyncio.get_running_loop()
    files = Files(folder)
    server = await loop.create_server(
        lambda: Connection(files, latency), "127.0.0.1", 0, backlog=1024
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


def main() -> None:
    """Serve a folder until standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds added to every answer")
    chosen = parser.parse_args()
    try:
        import uvloop  # noqa: PLC0415 optional, much faster
    except ImportError:
        asyncio.run(_serve(chosen.folder.resolve(), chosen.latency))
    else:
        uvloop.run(_serve(chosen.folder.resolve(), chosen.latency))


if __name__ == "__main__":
    main()
