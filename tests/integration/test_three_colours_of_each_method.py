"""Each public member of `API`, `APIExperiment` and `Model` does the same in every colour.

For each colour a server of its own with the same data, and on it every row of the tables. What
each row returned, and the requests that it took, are those of the asynchronous colour, which other
tests compare with what the vendor's client returns.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from comet_async import API, APIExperiment, Limits, Model
from comet_async.server import LocalServer, SyntheticSpec, serve_in_thread
from tests.conformance import api_written
from tests.conformance.api_writes import API_WRITES, MORE_WRITES, RUN_WRITES, files
from tests.conformance.api_writes import READS as READS_AMONG_WRITES
from tests.support.api_rows import OWN_WRITES, READS, Told, member_of, reads, writes
from tests.support.colours import API_COLOURS, nothing_left

KEY = "any-key-will-do-here"
ARCHIVE = Path(__file__).parents[1] / "server" / "data" / "offline-sample.zip"
SPEC = SyntheticSpec(experiments=12, points=20)
WRITES = [
    "create_experiment",
    *RUN_WRITES,
    *API_WRITES,
    *READS_AMONG_WRITES,
    *MORE_WRITES,
    *OWN_WRITES,
]
BLOCKING = [colour for colour in API_COLOURS if colour != "async"]
MADE = re.compile(r'127.0.0.1:[0-9]+|\b[0-9a-f]{25}\b|(?<="imageId": ")[0-9a-f]{32}')
"""What is another one on each server, besides what `normal` leaves out."""


class Done(NamedTuple):
    """What the rows of a table told in one colour, and what was there when all were done."""

    told: Mapping[str, Told]
    state: object = None


@pytest.fixture(scope="module")
def read() -> Mapping[str, Done]:
    """Make every read in each colour, on one server for each."""
    return {colour: _read(colour) for colour in API_COLOURS}


def _read(colour: str) -> Done:
    server = LocalServer([ARCHIVE], synthetic=SPEC, storage=True)
    with pytest.MonkeyPatch.context() as patching, serve_in_thread(server):
        patching.setenv("COMET_URL_OVERRIDE", server.url)
        with nothing_left():
            told = API_COLOURS[colour](
                lambda api: reads(api, server.log), KEY, False, url=server.url, limits=Limits()
            )
    return Done({name: _normal(one, server.url, KEY) for name, one in told.items()})


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Done]:
    """Make every write in each colour, each on a server of its own."""
    return {
        colour: _written(colour, files(tmp_path_factory.mktemp(colour))) for colour in API_COLOURS
    }


def _written(colour: str, folder: Path) -> Done:
    with pytest.MonkeyPatch.context() as patching, serve_in_thread(api_written.local()) as server:
        patching.chdir(folder)
        for name, value in {**api_written.CONFIGURED, "HOME": str(folder)}.items():
            patching.setenv(name, value)
        with nothing_left():
            told: dict[str, Told] = API_COLOURS[colour](
                lambda api: writes(api, server.log, folder), KEY, url=server.url, limits=Limits()
            )
        key = str(told["create_experiment"].value)
        normal = {name: _normal(one, server.url, key) for name, one in told.items()}
        return Done(normal, asyncio.run(api_written.state(server.url, key, None)))


def _normal(told: Told, url: str, key: str) -> Told:
    """Return what was told with its value as text, without what is another one on each server."""
    text = api_written.normal(json.dumps(told.value, indent=1), url, key)
    return told._replace(value=MADE.sub("ID", text))


@pytest.mark.parametrize("colour", BLOCKING)
@pytest.mark.parametrize("row", READS)
def test_each_read_is_the_same(row: str, colour: str, read: Mapping[str, Done]) -> None:
    same(row, read["async"].told, read[colour].told)


@pytest.mark.parametrize("colour", BLOCKING)
@pytest.mark.parametrize("row", WRITES)
def test_each_write_is_the_same(row: str, colour: str, written: Mapping[str, Done]) -> None:
    same(row, written["async"].told, written[colour].told)


def same(row: str, asynchronous: Mapping[str, Told], blocking: Mapping[str, Told]) -> None:
    assert blocking[row].value == asynchronous[row].value
    assert blocking[row].requests == asynchronous[row].requests
    assert any(name.endswith(f".{member_of(row)}") for name in blocking[row].used)


@pytest.mark.parametrize("colour", BLOCKING)
def test_the_writes_leave_the_same_behind(colour: str, written: Mapping[str, Done]) -> None:
    assert written[colour].state == written["async"].state


@pytest.mark.parametrize("colour", BLOCKING)
def test_there_is_a_row_for_each_public_member(
    colour: str, read: Mapping[str, Done], written: Mapping[str, Done]
) -> None:
    rows = [*read[colour].told.items(), *written[colour].told.items()]
    assert [row for row, _ in rows] == [*READS, *WRITES]
    asked = {
        name for row, told in rows for name in told.used if name.endswith(f".{member_of(row)}")
    }
    members = {
        f"{kind.__name__}.{name}"
        for kind in (API, APIExperiment, Model)
        for name in dir(kind)
        if not name.startswith("_")
    }
    assert members - asked == set()
