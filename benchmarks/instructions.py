"""User instructions per request, counted: `python -m benchmarks.instructions [--json FILE]`.

The same work is run under valgrind with N and with more requests; the difference divided by the
further requests has neither imports nor start-up in it. Unlike time it hardly depends on what else
the machine does. The kernel's work is not in it.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.cases import BODIES, CASES, Case
from benchmarks.report import machine, table
from benchmarks.servers import CLIENT_CORE, fast, on_core, tree

_COUNTED = re.compile(r"I\s+refs:\s+([\d,]+)")
_CLIENTS = ("ours", "floor")
_VALGRIND = (
    "--tool=cachegrind",
    "--cache-sim=no",
    "--cachegrind-out-file=/dev/null",
)


def _count(valgrind: str, client: str, case: Case, url: str, requests: int) -> int:
    run = [sys.executable, "-m", "benchmarks.clients", client, case.name, url, str(requests)]
    with on_core(CLIENT_CORE):
        done = subprocess.run(
            [valgrind, *_VALGRIND, *run, "--warm-up", "0"],
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"},
        )
    found = _COUNTED.search(done.stderr)
    if done.returncode or found is None:
        raise SystemExit(f"{client} on {case.name} failed under valgrind:\n{done.stderr}")
    return int(found[1].replace(",", ""))


def _per_request(valgrind: str, client: str, case: Case, url: str) -> float:
    few, many = case.counted
    counts = [_count(valgrind, client, case, url, number) for number in (few, many)]
    return (counts[1] - counts[0]) / (many - few)


def _measure(valgrind: str, case: Case) -> dict[str, float]:
    with TemporaryDirectory() as folder:
        www = tree(Path(folder) / "www", {**BODIES, case.path: case.body})
        with fast(www) as (url, _):
            return {client: _per_request(valgrind, client, case, url) for client in _CLIENTS}


def main() -> None:
    """Count both clients on the chosen cases."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--case", choices=CASES, action="append", help="default: all of them")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    chosen = parser.parse_args()
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        raise SystemExit("valgrind is missing; install it, on Debian: apt-get install valgrind")
    print(machine())
    found: dict[str, dict[str, float]] = {}
    for name in chosen.case or CASES:
        print(f"... {name}", file=sys.stderr, flush=True)
        found[name] = _measure(valgrind, CASES[name])
    rows = [
        (name, f"{of['ours']:,.0f}", f"{of['floor']:,.0f}", f"{of['ours'] / of['floor']:.3f}")
        for name, of in found.items()
    ]
    print(table(("case", "ours, instructions/request", "floor", "ours / floor"), rows))
    if chosen.json is not None:
        chosen.json.write_text(json.dumps({"machine": machine(), "counted": found}) + "\n")


if __name__ == "__main__":
    main()
