"""Requests a second and CPU time per request of each client, interleaved A B C D A B C D."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.cases import BODIES, CASES, Case
from benchmarks.clients import CLIENTS, IN_FLIGHT
from benchmarks.report import Spread, table
from benchmarks.servers import CLIENT_CORE, delaying, fast, on_core, tree

__all__ = ["Rounds", "child", "latency", "progress", "throughput"]

_CHILD_SECONDS = 300
_SLOWNESS = {"ours": 1.0, "floor": 1.0, "comet_ml": 6.0, "httpx": 15.0}
"""How many times fewer requests a slow client makes, so that each runs about as long."""
_FEWEST = 16
"""Fewest requests of a run."""
_LATENCY_CASE = "100 points"
_LATENCY_TURNS = 60
"""Requests that each of those in flight makes; start and end of a run are no steady state."""

Rounds = list[dict[str, dict[str, float]]]
"""For each round, by client: requests a second, CPU microseconds a request, peak RSS in MiB."""


def child(module: str, *arguments: object, prefix: Sequence[str] = ()) -> dict[str, float]:
    """Run a measuring module in a new process on the clients' core; return what it prints."""
    command = [*prefix, sys.executable, "-m", module, *map(str, arguments)]
    with on_core(CLIENT_CORE):
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, timeout=_CHILD_SECONDS
        )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _one_round(case: Case, url: str, requests: Callable[[str], int]) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    checksums: set[object] = set()
    for client in CLIENTS:
        count = requests(client)
        warm_up = round(case.warm_up / _SLOWNESS[client])
        command = (client, case.name, url, count, "--warm-up", warm_up)
        told = child("benchmarks.clients", *command)
        checksums.add(told["checksum"])
        found[client] = {
            "rate": count / told["wall"],
            "cpu_us": told["cpu"] / count * 1e6,
            "peak_rss": told["peak_rss"],
        }
    if len(checksums) != 1:
        raise SystemExit(f"{case.name}: the clients decoded different values: {checksums}")
    return found


def throughput(rounds: int, scale: float) -> dict[str, object]:
    """Measure all clients on all cases, and print a table."""
    measured: dict[str, Rounds] = {name: [] for name in CASES}
    with ExitStack() as stack:
        urls: dict[str, str] = {}
        server = ""
        for name, case in CASES.items():
            folder = Path(stack.enter_context(TemporaryDirectory())) / "www"
            tree(folder, {**BODIES, case.path: case.body})
            urls[name], server = stack.enter_context(fast(folder))
        for number in range(rounds):
            for name, case in CASES.items():
                progress(f"throughput: round {number + 1} of {rounds}, {name}")
                count = _scaled(case.requests, scale)
                measured[name].append(_one_round(case, urls[name], count))
    print(f"\n## Throughput: {IN_FLIGHT} in flight, {rounds} rounds, server {server}\n")
    print(_throughput_table(measured))
    return {"server": server, "rounds": measured, "ratios": _ratios(measured)}


def _scaled(requests: int, scale: float) -> Callable[[str], int]:
    return lambda client: max(_FEWEST, round(requests * scale / _SLOWNESS[client]))


def _ratios(measured: Mapping[str, Rounds]) -> dict[str, dict[str, dict[str, Spread]]]:
    """Return, by case and peer, the spread of ours / peer in CPU and in time per request."""
    return {
        name: {
            peer: {
                "cpu": Spread.of([r["ours"]["cpu_us"] / r[peer]["cpu_us"] for r in rounds]),
                "time": Spread.of([r[peer]["rate"] / r["ours"]["rate"] for r in rounds]),
            }
            for peer in CLIENTS
            if peer != "ours"
        }
        for name, rounds in measured.items()
    }


def _throughput_table(measured: Mapping[str, Rounds]) -> str:
    ratios = _ratios(measured)
    rows: list[Sequence[object]] = []
    for name, rounds in measured.items():
        for client in CLIENTS:
            of = {key: Spread.of([r[client][key] for r in rounds]) for key in rounds[0][client]}
            against = ratios[name].get(client)
            rows.append(
                (
                    name,
                    client,
                    f"{of['rate'].median:,.0f}",
                    f"{of['cpu_us'].median:,.0f}",
                    f"{of['peak_rss'].median:,.0f}",
                    "" if against is None else against["cpu"],
                    "" if against is None else against["time"],
                )
            )
    head = ("case", "client", "requests/s", "CPU us/request", "peak RSS MiB")
    return table((*head, "ours / it: CPU", "ours / it: time"), rows)


def latency(rounds: int, scale: float, seconds: float = 0.05) -> dict[str, object]:
    """Measure all clients with latency added to each answer, and print a table."""
    case = CASES[_LATENCY_CASE]
    measured: Rounds = []
    with TemporaryDirectory() as folder:
        www = tree(Path(folder) / "www", {**BODIES, case.path: case.body})
        with delaying(www, seconds) as url:
            for number in range(rounds):
                progress(f"latency: round {number + 1} of {rounds}")
                measured.append(_one_round(case, url, _scaled(IN_FLIGHT * _LATENCY_TURNS, scale)))
    bound = IN_FLIGHT / seconds
    reached = {c: Spread.of([r[c]["rate"] / bound for r in measured]) for c in CLIENTS}
    print(
        f"\n## Latency: {seconds * 1e3:.0f} ms added, bound {bound:,.0f} requests/s, {case.name}\n"
    )
    rates = {c: Spread.of([r[c]["rate"] for r in measured]).median for c in CLIENTS}
    rows = [(client, f"{rates[client]:,.0f}", reached[client]) for client in CLIENTS]
    print(table(("client", "requests/s", "of the bound"), rows))
    return {"seconds": seconds, "rounds": measured, "of_bound": reached}


def progress(text: str) -> None:
    print(f"... {text}", file=sys.stderr, flush=True)
