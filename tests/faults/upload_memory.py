"""A child process that uploads a file to a server on its own thread, and tells its peak memory.

Run as `python -m tests.faults.upload_memory FILE`; it prints one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import resource
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import TypedDict, cast

from comet_async import Session, comet
from tests.faults.support_client import here

__all__ = ["Grown", "grown"]

_HEAD_END = b"\r\n\r\n"
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"


class Grown(TypedDict):
    """What the child reports, in bytes.

    Attributes:
        growth: By how much the peak of the resident memory rose over the upload.
        arrived: Size of the body that came.
    """

    growth: int
    arrived: int


def grown(path: Path) -> Grown:
    """Upload from a child process and return what it reports; blocks."""
    command = [sys.executable, "-m", "tests.faults.upload_memory", str(path)]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, check=False, timeout=18)
    assert done.returncode == 0, done.stderr.decode()
    return cast("Grown", json.loads(done.stdout))


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _take_all(listening: socket.socket, arrived: list[int]) -> None:
    """Serve requests one after the other in blocks of a fixed buffer."""
    buffer = bytearray(256 * 1024)
    while True:
        connection, _ = listening.accept()
        with connection:
            size = connection.recv_into(buffer)
            head, _, rest = bytes(buffer[:size]).partition(_HEAD_END)
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            got = len(rest)
            while got < length:
                got += connection.recv_into(buffer)
            arrived.append(got)
            connection.sendall(_ANSWER)


async def _main(path: Path) -> Grown:
    arrived: list[int] = []
    small = comet.set_experiment_git_patch("e", b"x" * 4_000_000)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=_take_all, args=(listening, arrived), daemon=True).start()
        async with Session(here(f"http://127.0.0.1:{listening.getsockname()[1]}")) as session:
            await session.send(small)
            before = _peak()
            await session.send(comet.set_experiment_git_patch("e", path))
            return {"growth": _peak() - before, "arrived": arrived[-1]}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_main(Path(sys.argv[1])))))
