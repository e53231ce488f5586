"""The benchmark beside the peers: its clients take the same content, and its line is a line."""

from __future__ import annotations

import importlib.util
from argparse import Namespace
from pathlib import Path

import pytest

from benchmarks.harvest_peer_clients import CLIENTS
from benchmarks.harvest_peers import Measured, check, measure, scaled, sizes_of, spec_of

OPTIONS = Namespace(points=20, asset_bytes=100)
NEEDS = {"comet_ml": "comet_ml", "cometx": "cometx"}


@pytest.mark.peers
@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_takes_everything_home(client: str) -> None:
    if client in NEEDS and importlib.util.find_spec(NEEDS[client]) is None:
        pytest.skip(f"{client} is not installed")
    found = measure(client, spec_of(3, OPTIONS), 1.0, 4)
    assert found.requests >= 3 * 11
    assert found.wall > 0 < found.peak_rss


def test_what_is_missing_is_seen(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="0 points and 0 files"):
        check("comet_ml", tmp_path, spec_of(1, OPTIONS))


def test_a_size_is_scaled_by_the_line_through_two() -> None:
    small = Measured("cometx", 50.0, 40, 36.0, 4.0, 200.0, 604, 0.1)
    large = Measured("cometx", 50.0, 80, 68.0, 6.0, 210.0, 1204, 0.1)
    found = scaled(small, large, 1000)
    assert (found.wall, found.cpu, found.requests) == (804.0, 52.0, 15_004)
    assert (found.peak_rss, found.experiments, found.scaled) == (210.0, 1000, True)


def test_sizes_are_read_by_client() -> None:
    assert sizes_of("cometx=80,40 comet_ml=5,9") == {"cometx": (40, 80), "comet_ml": (5, 9)}
