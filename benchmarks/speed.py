"""The speed suite: `python -m benchmarks.speed [--quick] [--json FILE] [SECTION ...]`.

Sections: throughput, latency, downloads; all by default. README.md says what each figure means.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib.util
import json
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.downloads import downloads
from benchmarks.report import machine
from benchmarks.throughput import latency, throughput

SECTIONS: Mapping[str, tuple[Callable[[int, float], dict[str, object]], int, int]] = {
    "throughput": (throughput, 4, 1),
    "latency": (latency, 3, 1),
    "downloads": (downloads, 3, 1),
}
"""Function, rounds, rounds when quick."""

_QUICK_SCALE = 0.35


def main() -> None:
    """Measure what was chosen; print tables and write figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("section", nargs="*", choices=[[], *SECTIONS], metavar="SECTION")
    parser.add_argument("--quick", action="store_true", help="one short round of everything")
    parser.add_argument("--rounds", type=int, help="rounds of each section")
    parser.add_argument("--json", type=Path, help="also write all figures to this file")
    chosen = parser.parse_args()
    missing = [n for n in ("httpx", "comet_ml") if importlib.util.find_spec(n) is None]
    if missing:
        raise SystemExit(f"{' and '.join(missing)} missing; run: pip install '.[bench]'")
    print(machine())
    figures: dict[str, object] = {"machine": machine()}
    for name in chosen.section or SECTIONS:
        function, rounds, quick_rounds = SECTIONS[name]
        count = chosen.rounds or (quick_rounds if chosen.quick else rounds)
        figures[name] = function(count, _QUICK_SCALE if chosen.quick else 1.0)
    if chosen.json is not None:
        chosen.json.write_text(json.dumps(figures, default=dataclasses.asdict, indent=1) + "\n")


if __name__ == "__main__":
    main()
