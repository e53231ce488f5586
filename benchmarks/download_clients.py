"""One downloading client in a process of its own.

    python -m benchmarks.download_clients CLIENT URL FOLDER IN_FLIGHT OCTETS NAME [NAME ...]

stores `/assets/NAME` of the server as FOLDER/NAME and prints one JSON object: seconds, CPU seconds
and peak RSS in MiB. A name `a..b` stands for all numbers from a up to b.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import os
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeAlias

from benchmarks.usage import Stopwatch, Usage

__all__ = ["CLIENTS"]

_KEY = "benchmark-key"
_EXPERIMENT = "0" * 32
_ASSET = "/api/rest/v2/experiment/asset/get-asset"
_CHUNK = 256 * 1024


Begin: TypeAlias = Callable[[], Stopwatch]


def _ours(
    url: str,
    folder: Path,
    names: Sequence[str],
    in_flight: int,
    begin: Begin,
    *,
    checksum: bool = False,
) -> Usage:
    from comet_async import Limits, Ok, Session, comet  # noqa: PLC0415 each client imports its own

    service = comet.service(_KEY, url=url, limits=Limits(concurrency=in_flight))
    pairs = (
        (folder / name, comet.get_experiment_asset(name, experiment_key=_EXPERIMENT))
        for name in names
    )

    async def run() -> Usage:
        async with Session(service) as session:
            watch = begin()
            async with session.download_many(pairs, checksum=checksum, overwrite=True) as outcomes:
                async for outcome in outcomes:
                    if not isinstance(outcome, Ok):
                        raise outcome.error
            return watch.read()

    return asyncio.run(run())


def _floor(
    url: str,
    folder: Path,
    names: Sequence[str],
    in_flight: int,
    begin: Begin,
    *,
    hashing: bool = False,
) -> Usage:
    import hashlib  # noqa: PLC0415 as above

    import aiohttp  # noqa: PLC0415

    async def run() -> Usage:
        connector = aiohttp.TCPConnector(limit=0)
        headers = {"Authorization": _KEY}
        async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
            left = iter(names)

            async def worker() -> None:
                for name in left:
                    asset = f"{url}{_ASSET}?assetId={name}&experimentKey={_EXPERIMENT}"
                    digest = hashlib.sha256()
                    async with session.get(asset) as response:
                        with (folder / name).open("wb", buffering=0) as file:
                            async for piece in response.content.iter_chunked(_CHUNK):
                                file.write(piece)
                                if hashing:
                                    digest.update(piece)

            watch = begin()
            async with asyncio.TaskGroup() as tasks:
                for _ in range(in_flight):
                    tasks.create_task(worker())
            return watch.read()

    return asyncio.run(run())


def _sockets(url: str, folder: Path, names: Sequence[str], in_flight: int, begin: Begin) -> Usage:
    """Bare blocking sockets, one file after another: no client in Python can take less."""
    del in_flight
    import socket  # noqa: PLC0415 as above

    host, _, port = url.removeprefix("http://").partition(":")
    buffer = memoryview(bytearray(1024 * 1024))
    watch = begin()
    with socket.create_connection((host, int(port))) as connection:
        for name in names:
            asset = f"{_ASSET}?assetId={name}&experimentKey={_EXPERIMENT}"
            connection.sendall(f"GET {asset} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            filled = connection.recv_into(buffer)
            head, _, _ = bytes(buffer[:4096]).partition(b"\r\n\r\n")
            left = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            start = len(head) + 4
            with (folder / name).open("wb", buffering=0) as file:
                while True:
                    file.write(buffer[start:filled])
                    left -= filled - start
                    if not left:
                        break
                    start, filled = 0, connection.recv_into(buffer[: min(left, len(buffer))])
    return watch.read()


def _comet_ml(url: str, folder: Path, names: Sequence[str], in_flight: int, begin: Begin) -> Usage:
    os.environ |= {"COMET_URL_OVERRIDE": url, "COMET_LOGGING_CONSOLE": "ERROR"}
    import comet_ml  # noqa: PLC0415 reads its settings when imported

    api = comet_ml.API(_KEY, cache=False)

    def one(name: str) -> None:
        api.download_experiment_asset(_EXPERIMENT, name, str(folder / name))

    with ThreadPoolExecutor(in_flight) as pool:
        watch = begin()
        for _ in pool.map(one, names):
            pass
        return watch.read()


def _curl(url: str, folder: Path, names: Sequence[str], in_flight: int, begin: Begin) -> Usage:
    lines = [
        f'url = "{url}{_ASSET}?assetId={name}&experimentKey={_EXPERIMENT}"\n'
        f'output = "{folder / name}"\n'
        for name in names
    ]
    with tempfile.NamedTemporaryFile("w", suffix=".curl") as listed:
        listed.writelines(lines)
        listed.flush()
        options = ["--parallel", "--parallel-immediate", "--parallel-max", str(in_flight)]
        command = ["curl", "--silent", "--fail", *options, "--config", listed.name]
        watch = begin()
        subprocess.run(command, check=True)
        wall = watch.read().wall
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Usage(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


CLIENTS: Mapping[str, Callable[[str, Path, Sequence[str], int, Begin], Usage]] = {
    "ours": _ours,
    "ours + SHA-256": partial(_ours, checksum=True),
    "floor": _floor,
    "floor + SHA-256": partial(_floor, hashing=True),
    "sockets": _sockets,
    "comet_ml": _comet_ml,
    **({"curl": _curl} if shutil.which("curl") else {}),
}


def _touch(path: Path, octets: int) -> None:
    """Write as much as will be stored, and remove it.

    A virtual machine gives free memory back after a while, and pays for it again at the next use:
    up to three seconds for 1 GiB, which would be charged to whoever started slowly.
    """
    block = bytes(1024 * 1024)
    with path.open("wb", buffering=0) as file:
        for _ in range(octets // len(block)):
            file.write(block)
    path.unlink()


def _expanded(names: Sequence[str]) -> list[str]:
    found: list[str] = []
    for name in names:
        first, dots, last = name.partition("..")
        found += map(str, range(int(first), int(last))) if dots else [name]
    return found


def main() -> None:
    """Measure one client."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("client", choices=CLIENTS)
    parser.add_argument("url")
    parser.add_argument("folder", type=Path)
    parser.add_argument("in_flight", type=int)
    parser.add_argument("octets", type=int, help="bytes to come, in all")
    parser.add_argument("names", nargs="+")
    chosen = parser.parse_args()
    names = _expanded(chosen.names)

    def begin() -> Stopwatch:
        _touch(chosen.folder / "warm", chosen.octets)
        return Stopwatch()

    used = CLIENTS[chosen.client](chosen.url, chosen.folder, names, chosen.in_flight, begin)
    print(json.dumps(dataclasses.asdict(used)))


if __name__ == "__main__":
    main()
