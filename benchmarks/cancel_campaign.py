"""Cancel calls at random times and tell what is left: `python benchmarks/cancel_campaign.py`.

Each call (a send, octets, a download, a fan-out, a listing) runs under a timeout between 0.2 and
400 ms against the embedded server, with 2 % of gateway errors and 2 % of dropped connections.
After each batch the session must hold no slot, no open admission, no connection in use and no part
file; at the end the process must hold no more tasks and descriptors than before. Exit code 1 says
that something is left.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from comet_async.server import LocalServer, serve_in_thread
from tests.faults.harness_leaks import SPEC, Ground, held_by_process, settled
from tests.faults.harness_random import Tally, cancel_at_random

_BATCH = 500


async def campaign(server: LocalServer, count: int, seed: int) -> Tally:
    """Make `count` calls in batches of one session each; return how they ended."""
    ground = await Ground(server).find_assets()
    server.faults.add("status", 503, probability=0.02)
    server.faults.add("close_before", probability=0.02)
    total = Tally()
    with tempfile.TemporaryDirectory() as folder:
        before = held_by_process()
        for first in range(0, count, _BATCH):
            size = min(_BATCH, count - first)
            async with ground.session() as session:
                tally = await cancel_at_random(
                    ground, session, Path(folder), size, seed=seed + first
                )
            total.cancelled += tally.cancelled
            total.finished += tally.finished
            total.failed += tally.failed
        await settled(before)
    return total


def main() -> int:
    """Run the campaign and print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("count", nargs="?", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    began = time.monotonic()
    with serve_in_thread(LocalServer(synthetic=SPEC, storage=True)) as server:
        try:
            tally = asyncio.run(campaign(server, options.count, options.seed))
        except AssertionError as error:
            print(json.dumps({"left_behind": str(error)}))
            return 1
    print(
        json.dumps(
            {
                "calls": options.count,
                "cancelled": tally.cancelled,
                "finished": tally.finished,
                "failed": tally.failed,
                "left_behind": None,
                "seconds": round(time.monotonic() - began, 1),
            }
        )
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
