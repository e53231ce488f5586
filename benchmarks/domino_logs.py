"""Logs of many Domino jobs: lines, seconds, and the most memory that saving them takes.

    python -m benchmarks.domino_logs --jobs 1000 --lines 25000 --kills 3

The server has a process of its own and makes its lines as they are asked for; so has the client,
whose largest resident size is told (VmHWM). The client is killed so many times on its way, and
begun again. Every file is compared with what the server has.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from comet_async import Session, domino, domino_bulk

START = 1_647_051_415_000_000_000
STEP = 1_700_000


def text(number: int) -> str:
    return f"epoch {number:06d} loss=0.{number * 7919 % 100000:05d} lr=0.001 batch=64"


def page(target: str, lines: int) -> bytes:
    query = parse_qs(urlsplit(target).query)
    limit = min(int(query["limit"][0]), 10_000)
    since = int(query.get("latestTimeNano", ["0"])[0])
    first = max(0, -(-(since - START) // STEP))
    numbers = range(first, min(lines, first + limit))
    rows = [
        {"timestamp": stamp(START + STEP * n), "log": text(n), "logType": "stdOut", "size": 9}
        for n in numbers
    ]
    pagination: dict[str, object] = {"limit": limit}
    if rows:
        pagination["latestTimeNano"] = str(START + STEP * numbers[-1])
    logs = {"logContent": rows, "isComplete": True}
    return json.dumps({"logs": logs, "metadata": {"pagination": pagination}}).encode()


def stamp(nano: int) -> str:
    second, rest = divmod(nano, 10**9)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second)) + f".{rest // 10**6:03d}Z"


def serve(lines: int, port: multiprocessing.Queue[int]) -> None:
    cached: dict[str, bytes] = {}  # all jobs have the same lines

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                target = head.split(b" ", 2)[1].decode()
                asked = urlsplit(target).query
                body = cached.setdefault(asked, b"") or page(target, lines)
                cached[asked] = body
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def main() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


async def client(url: str, folder: str, jobs: int) -> None:
    limits = domino.DEFAULT_LIMITS.__class__(rate=100_000.0, burst=1000, concurrency=32)
    async with Session(domino.service("KEY", host=url, limits=limits)) as session:
        names = (f"job{number:06d}" for number in range(jobs))
        report = await domino_bulk.save_logs(session, names, folder)
    status = Path("/proc/self/status").read_text("utf-8")  # noqa: ASYNC240 nothing else runs
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    print(report)
    print(peak)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--lines", type=int, default=25_000)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--client", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.client:
        asyncio.run(client(*asked.client, asked.jobs))
        return
    port: multiprocessing.Queue[int] = multiprocessing.Queue()
    server = multiprocessing.Process(target=serve, args=(asked.lines, port), daemon=True)
    server.start()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.domino_logs", "--jobs", str(asked.jobs)]
        command += ["--client", f"http://127.0.0.1:{port.get()}", folder]
        for _ in range(asked.kills):
            with subprocess.Popen(command) as child:
                time.sleep(random.uniform(2.0, 6.0))
                child.kill()
        subprocess.run(command, check=True)
        expected = "".join(f"{text(number)}\n" for number in range(asked.lines)).encode()
        files = sorted(Path(folder).glob("*.log"))
        wrong = [file.name for file in files if file.read_bytes() != expected]
    print(f"{len(files):,} files, {len(wrong)} of other content")
    server.terminate()
    raise SystemExit(1 if wrong or len(files) != asked.jobs else 0)


if __name__ == "__main__":
    main()
