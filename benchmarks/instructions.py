"""User instructions per request, counted: `python -m benchmarks.instructions [--json FILE]`.

The same work is run with N and with more requests; the difference divided by the further requests
has neither imports nor start-up in it. Unlike time it hardly depends on what else the machine does.
The kernel's work is not in it. perf counts in no time where the machine lets it; valgrind counts
anywhere, some fifty times slower.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.cases import BODIES, CASES, Case
from benchmarks.report import Spread, machine, table
from benchmarks.servers import CLIENT_CORE, fast, on_core, tree

_CLIENTS = ("ours", "floor")


@dataclass(frozen=True)
class Tool:
    """A program that runs another one and counts its instructions.

    Attributes:
        command: Put in front of the other's command.
        counted: Finds the number in what it prints to stderr.
    """

    command: Sequence[str]
    counted: re.Pattern[str]


_TOOLS: Mapping[str, Tool] = {
    "perf": Tool(
        ("perf", "stat", "-x", ";", "-e", "instructions:u"),
        re.compile(r"^(\d+);;instructions:u", re.MULTILINE),
    ),
    "valgrind": Tool(
        (
            "valgrind",
            "--tool=cachegrind",
            "--cache-sim=no",
            "--cachegrind-out-file=/dev/null",
        ),
        re.compile(r"I\s+refs:\s+([\d,]+)"),
    ),
}


def _works(tool: Tool) -> bool:
    if shutil.which(tool.command[0]) is None:
        return False
    done = subprocess.run([*tool.command, "true"], check=False, capture_output=True, text=True)
    return tool.counted.search(done.stderr) is not None


def _count(tool: Tool, client: str, case: Case, url: str, requests: int) -> int:
    run = [sys.executable, "-m", "benchmarks.clients", client, case.name, url, str(requests)]
    with on_core(CLIENT_CORE):
        done = subprocess.run(
            [*tool.command, *run, "--warm-up", "0"],
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"},
        )
    found = tool.counted.search(done.stderr)
    if done.returncode or found is None:
        raise SystemExit(
            f"{client} on {case.name} failed under {tool.command[0]}:\n{done.stderr[-2000:]}"
        )
    return int(found[1].replace(",", ""))


def _per_request(tool: Tool, client: str, case: Case, url: str) -> float:
    few, many = case.counted
    counts = [_count(tool, client, case, url, number) for number in (few, many)]
    return (counts[1] - counts[0]) / (many - few)


def _measure(tool: Tool, case: Case, rounds: int) -> list[dict[str, float]]:
    """Return, for each round, the instructions per request of both clients."""
    with TemporaryDirectory() as folder:
        www = tree(Path(folder) / "www", {**BODIES, case.path: case.body})
        with fast(www) as (url, _):
            return [
                {client: _per_request(tool, client, case, url) for client in _CLIENTS}
                for _ in range(rounds)
            ]


def main() -> None:
    """Count both clients on the chosen cases."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--tool", choices=_TOOLS, help="default: the first one that works")
    parser.add_argument("--case", choices=CASES, action="append", help="default: all of them")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    chosen = parser.parse_args()
    wanted = [chosen.tool] if chosen.tool else list(_TOOLS)
    name = next((name for name in wanted if _works(_TOOLS[name])), None)
    if name is None:
        told = " and ".join(wanted)
        raise SystemExit(f"{told} cannot count here; on Debian: apt-get install valgrind")
    print(f"{machine()}; counted by {name}")
    found: dict[str, list[dict[str, float]]] = {}
    for case in chosen.case or CASES:
        print(f"... {case}", file=sys.stderr, flush=True)
        found[case] = _measure(_TOOLS[name], CASES[case], chosen.rounds)
    print(_table(found))
    if chosen.json is not None:
        figures = {"machine": machine(), "tool": name, "rounds": found}
        chosen.json.write_text(json.dumps(figures) + "\n")


def _table(found: Mapping[str, list[dict[str, float]]]) -> str:
    rows = [
        (
            case,
            *(f"{Spread.of([r[client] for r in rounds]).median:,.0f}" for client in _CLIENTS),
            f"{Spread.of([r['ours'] / r['floor'] for r in rounds]).median:.3f}",
        )
        for case, rounds in found.items()
    ]
    return table(("case", "ours, instructions/request", "floor", "ours / floor"), rows)


if __name__ == "__main__":
    main()
