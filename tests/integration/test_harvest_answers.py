"""The table `answers`: everything that the server said, also what no column holds."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pyarrow.parquet as pq  # type: ignore[import-untyped]  # it has no stubs
import pytest

from comet_async import Limits, RetryPolicy, Session, comet, harvest, open_lake
from comet_async.engine.part_file import PartFile
from comet_async.errors import DestinationError
from comet_async.server import LocalServer, SyntheticSpec
from comet_async.testing import FakeTransport, reply

SPEC = SyntheticSpec(experiments=6, points=10, metrics=2, parameters=2, assets=2, system_metrics=1)
KEY = "a1b2c3d4e5f6a7b8c9d0"


@pytest.fixture
async def server() -> AsyncIterator[LocalServer]:
    async with LocalServer(synthetic=SPEC) as started:
        yield started


async def taken(server: LocalServer, root: Path, *, answers: bool = True) -> harvest.Report:
    service = comet.service(KEY, url=server.url, limits=Limits(concurrency=4))
    retry = RetryPolicy(attempts=2, base=0.001)
    async with Session(service, retry=retry) as session:
        plan = await harvest.plan(session, "synthetic", answers=answers, into=root)
        return await harvest.run(session, plan, root)


def rows(root: Path, table: str = "answers") -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for path in sorted((root / "tables" / table).glob("*.parquet")):
        found += pq.read_table(path).to_pylist()
    return found


async def test_each_answer_is_kept_as_it_came(server: LocalServer, tmp_path: Path) -> None:
    report = await taken(server, tmp_path)
    assert report.exit_code == 0
    kept = rows(tmp_path)
    asked = [row["endpoint"] for row in kept]
    for path, count in server.log.counts().items():
        if path.rpartition("/")[2] in ("get-asset", "patch"):
            assert path not in asked  # files are no JSON
        elif path == "/api/rest/v2/experiments":
            assert asked.count(path) == 6  # one for each entry of the listing
        elif not path.endswith("isAlive/ver"):
            assert asked.count(path) == count, path
    for row in kept:
        json.loads(str(row["answer"]))
    tags = [row for row in kept if row["asked_for"] == "others"]
    assert {row["experiment_key"] for row in tags} == {
        row["experiment_key"] for row in rows(tmp_path, "experiments")
    }
    assert (await harvest.verify(tmp_path)).problems == ()
    assert len(open_lake(tmp_path)["answers"].to_pandas()) == len(kept)


async def test_a_field_that_nobody_knows_is_kept(server: LocalServer, tmp_path: Path) -> None:
    server.faults.add("extra_fields", "", "experiment/log-other|experiment/others")
    await taken(server, tmp_path)
    answers = [row for row in rows(tmp_path) if row["asked_for"] == "others"]
    assert len(answers) == 6
    plain = await taken(server, tmp_path / "plain", answers=False)
    assert plain.exit_code == 0
    assert not (tmp_path / "plain" / "tables" / "answers").exists()
    assert rows(tmp_path, "others") == rows(tmp_path / "plain", "others")


async def test_later_runs_add_what_is_new(server: LocalServer, tmp_path: Path) -> None:
    await taken(server, tmp_path, answers=False)
    server.log.clear()
    await taken(server, tmp_path)
    assert server.log.counts()["/api/rest/v2/experiment/system-details"] == 6  # once more, to keep
    assert server.log.counts().get("/api/rest/v2/experiment/asset/get-asset", 0) == 0
    once = len(rows(tmp_path))
    for answers in (True, False, True):
        server.log.clear()
        await taken(server, tmp_path, answers=answers)
        assert "/api/rest/v2/experiment/system-details" not in server.log.counts()
    assert len(rows(tmp_path)) >= once
    assert sum(row["asked_for"] == "system_details" for row in rows(tmp_path)) == 6


_EACH, _EVERY = 12, 3
"""The first files one by one, then every third: a run for each takes its time."""


async def test_nothing_is_stored_whose_answer_is_not(
    server: LocalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls, broken = PartFile.finish, 0, 1

    def failing(part: PartFile, *, durable: bool) -> None:
        nonlocal calls
        calls += 1
        if calls == broken:
            raise DestinationError("the disk is full")
        real(part, durable=durable)

    monkeypatch.setattr(PartFile, "finish", failing)
    while True:
        calls, root = 0, tmp_path / str(broken)
        try:
            report = await taken(server, root)
        except DestinationError:  # the ledger's seal, at the very end
            report = None
        if report is not None and report.exit_code == 0:
            break
        assert report is None or report.exit_code == 5
        check(root)
        broken += 1 if broken < _EACH else _EVERY
    assert broken > 20


def check(root: Path) -> None:
    """See that each stored item of one experiment has its answer on disk."""
    ledger = sqlite3.connect(root / "ledger.sqlite")
    stored = ledger.execute(
        "SELECT i.tbl, s.key FROM item i JOIN subject s ON s.id = i.subject WHERE i.tbl IN"
        " ('others', 'system_details', 'code', 'graph', 'assets') AND i.state <> 'planned'"
    ).fetchall()
    parts = ledger.execute("SELECT part FROM item WHERE tbl = 'answers'").fetchall()
    ledger.close()
    told = {
        (row["asked_for"], row["experiment_key"])
        for (part,) in parts
        for row in pq.read_table(
            root / "parts" / "answers" / f"part-{part:06d}.parquet"
        ).to_pylist()
    }
    assert {(table, key) for table, key in stored} <= told


async def test_no_key_and_no_signature_is_kept(tmp_path: Path) -> None:
    link = "https://s3.example/a?X-Amz-Signature=0f0f0f&v=1"
    run = {"experimentKey": "k", "projectId": "p", "link": link, "text": "token=x"}
    fake = FakeTransport(reply(json={}))
    fake.on("GET", "/projects", reply(json={"projects": [{"projectId": "p", "echo": KEY}]}))
    fake.on("GET", "/experiments", reply(json={"experiments": [run]}), reply(json={}))
    fake.on("GET", "/experiment/log-other", reply(json={"values": [], "echo": KEY, "link": link}))
    service = comet.service(KEY, url="https://x.example")
    async with Session(service, transport=fake) as session:
        plan = await harvest.plan(session, "team", tables=["experiments", "others"], answers=True)
        await harvest.run(session, plan, tmp_path)
    told = "".join(str(row["answer"]) for row in rows(tmp_path))
    assert KEY not in told
    assert "0f0f0f" not in told
    assert "token=x" in told
    assert told.count("***") >= 3
