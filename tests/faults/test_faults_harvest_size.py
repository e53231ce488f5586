"""N1 to N3: a harvest of many experiments, to a slow disk, and of a page that is far too long."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from benchmarks.memory_campaign import measured
from comet_async import Limits, Session, comet, harvest
from comet_async.errors import BodyTooLarge
from comet_async.harvest import parts
from comet_async.harvest.arrow import Batch
from comet_async.harvest.ledger_parts import Part
from comet_async.server import LocalServer, SyntheticSpec
from tests.support.raw_server import Heard, RawServer, answer, raw_server

MOST_BYTES = 300_000_000
FEW, MANY = 3_000, 15_000
ONE_ROW_GROUP = 32 * 1024 * 1024
PAGE = 1_000_000


@pytest.mark.timeout(180)
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the peak of a process")
def test_n1_memory_does_not_grow_with_the_experiments() -> None:
    few = measured(["--experiments", str(FEW)], expected=FEW)
    many = measured(["--experiments", str(MANY)], expected=MANY)
    assert many.peak_bytes < MOST_BYTES
    # What is known of an experiment until the end is packed; rows wait for a row group at most.
    assert many.peak_bytes - few.peak_bytes < ONE_ROW_GROUP + 500 * (MANY - FEW)


async def test_n2_a_slow_disk_holds_up_the_questions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, asked_meanwhile, held = parts.Store.write, [], []
    async with LocalServer(
        synthetic=SyntheticSpec(experiments=200, points=20, metrics=1, parameters=1, assets=0),
        extras=False,
    ) as server:

        def slow(store: parts.Store, batches: Iterable[Batch]) -> Part:
            rows = list(batches)
            held.append(len(rows))
            before = len(server.log)
            time.sleep(0.1)
            asked_meanwhile.append(len(server.log) - before)
            return real(store, rows)

        monkeypatch.setattr(parts.Store, "write", slow)
        defaults = parts.TableWriter.__init__.__kwdefaults__ or {}
        monkeypatch.setitem(defaults, "max_rows", 8)
        service = comet.service("KEY", url=server.url, limits=Limits(concurrency=4))
        async with Session(service) as session:
            plan = await harvest.plan(
                session,
                "synthetic",
                tables=["system_details"],
                selection=harvest.Selection(exact=True),
            )
            report = await harvest.run(session, plan, tmp_path)
    assert (report.exit_code, report.failed) == (0, 0)
    assert len(held) >= 200 / 8
    # While a part is written, those that were under way come in, and wait.
    assert max(asked_meanwhile) <= 2 * 4
    assert max(held[: 200 // 8]) <= 8  # those after it bring small parts together


@asynccontextmanager
async def paged(first: bytes) -> AsyncIterator[RawServer]:
    """Serve a project whose first page of experiments is this, and the second empty."""
    project = b'{"projects":[{"projectId":"p","projectName":"one"}]}'

    async def act(heard: Heard, writer: asyncio.StreamWriter) -> None:
        body = b'{"experiments":[]}'
        if "/projects" in heard.line:
            body = project
        elif "page=1&" in heard.line:
            body = first
        await answer(body, headers=[("Content-Type", "application/json")])(heard, writer)

    async with raw_server(act) as server:
        yield server


HARVEST = """
import asyncio, sys
from comet_async import Session, comet, harvest
from benchmarks.memory_campaign import peak_bytes

async def main():
    async with Session(comet.service("KEY", url=sys.argv[1])) as session:
        plan = await harvest.plan(session, "team", tables=["experiments"])
    return plan.experiments

count = asyncio.run(main())
print(count, peak_bytes())
"""


@pytest.mark.timeout(120)
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the peak of a process")
async def test_n3_a_page_of_a_million_entries_is_read_in_bounded_memory() -> None:
    entries = ",".join(f'{{"experimentKey":"{number:032x}"}}' for number in range(PAGE))
    body = f'{{"experiments":[{entries}]}}'.encode()
    del entries
    async with paged(body) as server:
        command = [sys.executable, "-c", HARVEST, server.url]
        ended = await anyio.run_process(command, cwd=Path(__file__).parents[2], check=False)
    assert ended.returncode == 0, ended.stderr.decode()
    count, peak = map(int, ended.stdout.split())
    assert count == PAGE
    assert peak < 12 * len(body)


async def test_n3_a_page_over_the_cap_is_refused() -> None:
    async with paged(b'{"experiments":[' + b" " * 2_000_000 + b"]}") as server:
        service = comet.service("KEY", url=server.url)
        async with Session(service, max_body_bytes=1_000_000) as session:
            with pytest.raises(BodyTooLarge, match="over the cap of 1000000 bytes"):
                await harvest.plan(session, "team", tables=["experiments"])
