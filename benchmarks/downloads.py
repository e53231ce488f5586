"""Bytes to disk: CPU, time and memory of each client, interleaved; every file is checked."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.download_clients import CLIENTS
from benchmarks.report import Spread, table
from benchmarks.servers import fast
from benchmarks.throughput import child, progress

__all__ = ["downloads"]

_KIB = 1024
_MIB = 1024 * 1024
_IN_FLIGHT = 16
_FULL = 1.0
_WAITING = "comet_ml"
_SHARE = 16
"""This client waits three quarters of a second for each file whatever its size, so of many small
files it gets one in so many; its figures are multiplied by that."""


@dataclass(frozen=True)
class Load:
    """Files of one size.

    Attributes:
        name: As the tables call it.
        first: Number of the first file; files are named by numbers.
        count: Files.
        size: Bytes of each.
    """

    name: str
    first: int
    count: int
    size: int

    @property
    def names(self) -> range:
        """The files' names, as numbers."""
        return range(self.first, self.first + self.count)


_LOADS = (
    Load("1 x 1 GiB", 0, 1, 1024 * _MIB),
    Load("20 x 64 MiB", 1, 20, 64 * _MIB),
    Load("2,000 x 64 KiB", 30, 2000, 64 * _KIB),
)
_QUICK_LOADS = (
    Load("1 x 64 MiB", 0, 1, 64 * _MIB),
    Load("4 x 16 MiB", 1, 4, 16 * _MIB),
    Load("500 x 64 KiB", 10, 500, 64 * _KIB),
)


def downloads(rounds: int, scale: float) -> dict[str, object]:
    """Measure all clients on all loads, and print a table; `scale` below 1 takes smaller loads."""
    loads = _LOADS if scale >= _FULL else _QUICK_LOADS
    measured: dict[str, list[dict[str, dict[str, float]]]] = {load.name: [] for load in loads}
    with TemporaryDirectory() as folder:
        www = Path(folder) / "www"
        expected = {load.name: _made(www, load) for load in loads}
        with fast(www) as (url, server):
            for number in range(rounds):
                for load in loads:
                    progress(f"downloads: round {number + 1} of {rounds}, {load.name}")
                    measured[load.name].append(
                        {client: _one(client, url, load, expected[load.name]) for client in CLIENTS}
                    )
    print(f"\n## Downloads: {_IN_FLIGHT} in flight, {rounds} rounds, server {server}\n")
    print(_table(measured))
    return {"server": server, "rounds": measured}


def _made(www: Path, load: Load) -> Mapping[str, str]:
    """Write the files of a load; return their hashes by name."""
    assets = www / "assets"
    assets.mkdir(parents=True, exist_ok=True)
    answer = www / "clientlib" / "isAlive" / "ver"
    answer.parent.mkdir(parents=True, exist_ok=True)
    answer.write_bytes(b'{"version":"4.40.0"}')
    draw = random.Random(load.first)
    block = draw.randbytes(min(load.size, _MIB) - 8)
    hashes: dict[str, str] = {}
    for number in load.names:
        hashed = hashlib.sha256()
        with (assets / str(number)).open("wb") as file:
            for _ in range(-(-load.size // _MIB)):
                content = block + draw.randbytes(8)  # no two blocks are alike
                file.write(content)
                hashed.update(content)
        hashes[str(number)] = hashed.hexdigest()
    return hashes


def _one(client: str, url: str, load: Load, hashes: Mapping[str, str]) -> dict[str, float]:
    share = _SHARE if client == _WAITING and load.count > _SHARE * _IN_FLIGHT else 1
    last = load.first + load.count // share
    expected = {name: found for name, found in hashes.items() if int(name) < last}
    with TemporaryDirectory() as target:
        names = f"{load.first}..{last}"
        octets = len(expected) * load.size
        told = child("benchmarks.download_clients", client, url, target, _IN_FLIGHT, octets, names)
        found = {file.name: _sha256(file) for file in Path(target).iterdir()}
    if found != expected:
        wrong = [name for name in expected if found.get(name) != expected[name]]
        raise SystemExit(f"{client}: {len(wrong)} of {len(expected)} files are wrong")
    return {**told, "cpu": told["cpu"] * share, "wall": told["wall"] * share}


def _sha256(file: Path) -> str:
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def _table(measured: Mapping[str, list[dict[str, dict[str, float]]]]) -> str:
    rows: list[Sequence[object]] = []
    for name, rounds in measured.items():
        for client in CLIENTS:
            of = {key: Spread.of([r[client][key] for r in rounds]) for key in rounds[0][client]}
            ratios = [
                "" if client == "ours" else Spread.of([r["ours"][k] / r[client][k] for r in rounds])
                for k in ("cpu", "wall")
            ]
            times = [f"{of[key].median:.2f}" for key in ("cpu", "wall")]
            rows.append((name, client, *times, f"{of['peak_rss'].median:,.0f}", *ratios))
    head = ("load", "client", "CPU s", "wall s", "peak RSS MiB")
    return table((*head, "ours / it: CPU", "ours / it: wall"), rows)
