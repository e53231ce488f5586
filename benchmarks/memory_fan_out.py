"""Measure the memory of a long fan-out: `python benchmarks/memory_fan_out.py [REQUESTS]`.

A client process sends the requests, 32 at once, to a server process that answers each with 20 KB,
and consumes the outcomes more slowly than they come. Exit code 1 says that its resident size grew
by 50 MB or more.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.faults.harness_fast_server import fast_server
from tests.faults.harness_memory import measure

_MIB = 1 << 20
_BOUND = 50 * 1_000_000


def main() -> int:
    """Run it and print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("requests", nargs="?", type=int, default=100_000)
    parser.add_argument("--bytes", type=int, default=20_000)
    options = parser.parse_args()
    with fast_server(options.bytes) as url:
        found = measure(url, options.requests, options.bytes, patience=3600.0)
    print(
        json.dumps(
            {
                "requests": found.requests,
                "answer_bytes": options.bytes,
                "start_mib": round(found.start / _MIB, 1),
                "growth_mib": round(found.growth / _MIB, 1),
                "slope_bytes_per_request": round(found.slope, 2),
                "most_ahead": found.ahead,
                "seconds": round(found.seconds, 1),
            }
        )
    )
    return 0 if found.growth < _BOUND else 1


if __name__ == "__main__":
    raise SystemExit(main())
