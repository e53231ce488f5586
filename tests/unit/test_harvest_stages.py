"""A harvest over scripted answers: what a well-behaved server would not send."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from pathlib import Path

import pyarrow.parquet as pq  # type: ignore[import-untyped]  # it has no stubs
import pytest

from comet_async import Limits, Session, comet, harvest
from comet_async.engine.retry import RetryPolicy
from comet_async.harvest.ledger import Ledger
from comet_async.harvest.ledger_parts import Part, Placed
from comet_async.harvest.parts import TableWriter
from comet_async.testing import FakeTransport, reply

SERVICE = comet.service("KEY", url="http://comet.example", limits=Limits(concurrency=4))
API = "/api/rest/v2"
BIG = 10**30


def scripted(*keys: str) -> FakeTransport:
    fake = FakeTransport(reply(status=500, json={"msg": "down"}))
    rows = [{"experimentKey": key, "projectName": "p", "projectId": "1"} for key in keys]
    return fake.on("GET", f"{API}/experiments", reply(json={"experiments": rows}))


async def taken(
    fake: FakeTransport, root: Path, *tables: str, assets: bool = True
) -> harvest.Report:
    async with Session(SERVICE, transport=fake, retry=RetryPolicy(attempts=1)) as session:
        plan = await harvest.plan(
            session, "team/p", tables=tables, selection=harvest.Selection(exact=True)
        )
        return await harvest.run(session, plan, root, assets=assets)


@pytest.mark.parametrize(
    "asset",
    [{"assetId": "a", "fileSize": BIG}, {"assetId": "a", "step": BIG}, {"assetId": "a", "x": 1}],
)
async def test_a_list_that_fits_no_table_fails_its_experiment(
    tmp_path: Path, asset: dict[str, object]
) -> None:
    fake = scripted("k1", "k2").on(
        "GET", f"{API}/experiment/asset/list", reply(json={"assets": [asset]})
    )
    report = await taken(fake, tmp_path, "assets", assets=False)

    good = "x" in asset
    assert report.tables[0].stored == (2 if good else 0)
    assert report.exit_code == (0 if good else 3)
    assert [failure.reason.split(":")[0] for failure in report.failures] == (
        [] if good else ["GET /api/rest/v2/experiment/asset/list"] * 2
    )


async def test_a_size_that_is_no_number_counts_as_not_told(tmp_path: Path) -> None:
    body = b'{"assets": [{"assetId": "a", "fileName": "f", "fileSize": NaN}]}'
    fake = scripted("k").on("GET", f"{API}/experiment/asset/list", reply(body=body))
    fake.on("GET", f"{API}/experiment/asset/get-asset", reply(body=b"octets"))
    report = await taken(fake, tmp_path, "assets")

    assert report.exit_code == 0
    (row,) = pq.read_table(tmp_path / "tables" / "assets").to_pylist()
    assert (row["listed_size"], row["size"], row["state"]) == (None, 6, "stored")
    assert (tmp_path / row["local_path"]).read_bytes() == b"octets"


async def test_an_integer_beyond_64_bits_fails_its_item(tmp_path: Path) -> None:
    points = [{"metricName": "m", "metricValue": "1", "offset": BIG}]
    fake = scripted("k").on(
        "GET", f"{API}/experiment/metrics/get-all", reply(json={"metrics": points})
    )
    report = await taken(fake, tmp_path, "metrics")

    assert report.exit_code == 3
    assert "/experiment/metrics/get-all: metrics.offset:" in report.failures[0].reason


async def test_a_lone_surrogate_fails_its_item(tmp_path: Path) -> None:
    body = b'{"tags": ["\\ud800"], "x": NaN}'
    fake = scripted("k").on("GET", f"{API}/experiment/tags", reply(body=body))
    report = await taken(fake, tmp_path, "tags")

    assert report.exit_code == 3
    assert "/experiment/tags" in report.failures[0].reason


async def test_an_experiment_that_fits_no_table_fails_by_itself(tmp_path: Path) -> None:
    rows = [{"experimentKey": "a", "durationMillis": BIG}, {"experimentKey": "b"}]
    fake = FakeTransport().on("GET", f"{API}/experiments", reply(json={"experiments": rows}))
    report = await taken(fake, tmp_path, "experiments")

    (experiments,) = report.tables
    assert (experiments.stored, experiments.failed, report.exit_code) == (1, 1, 3)
    assert pq.read_table(tmp_path / "tables" / "experiments")["experiment_key"].to_pylist() == ["b"]


async def test_nothing_to_send_is_absent(tmp_path: Path) -> None:
    none = {"msg": "nothing here", "code": 200, "data": None, "sdk_error_code": 0}
    fake = scripted("k").on("GET", f"{API}/experiment/tags", reply(json=none))
    report = await taken(fake, tmp_path, "tags")

    (tags,) = report.tables
    assert (tags.planned, tags.stored, tags.absent, tags.failed) == (1, 0, 1, 0)
    assert report.exit_code == 0
    assert pq.read_table(tmp_path / "tables" / "tags").num_rows == 0


async def test_hundreds_of_failures_are_all_told(tmp_path: Path) -> None:
    fake = scripted(*(f"k{index}" for index in range(300)))
    report = await taken(fake, tmp_path, "tags", "others")

    assert [entry.failed for entry in report.tables] == [300, 300]
    assert len((tmp_path / "failures.jsonl").read_bytes().splitlines()) == 600


async def test_more_failures_than_are_shown_stand_in_the_file(tmp_path: Path) -> None:
    fake = scripted(*(f"k{index}" for index in range(1001)))
    report = await taken(fake, tmp_path, "tags")

    assert (report.failed, len(report.failures)) == (1001, 1000)
    assert len((tmp_path / "failures.jsonl").read_bytes().splitlines()) == 1001


async def test_large_tables_are_written_in_several_parts_and_brought_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "comet_async.harvest.job.TableWriter", functools.partial(TableWriter, max_rows=4)
    )
    written: list[int] = []
    real = Ledger.stored

    def stored(ledger: Ledger, part: Part, items: Iterable[Placed]) -> None:
        written.append(part.rows)
        real(ledger, part, items)

    monkeypatch.setattr(Ledger, "stored", stored)
    points = [{"metricName": "m", "metricValue": str(index), "step": index} for index in range(3)]
    keys = [f"k{index}" for index in range(5)]
    fake = scripted(*keys).on(
        "GET", f"{API}/experiment/metrics/get-all", reply(json={"metrics": points})
    )
    report = await taken(fake, tmp_path, "metrics")

    metrics = report.tables[0]
    assert written[:2] == [6, 6]
    assert (metrics.files, metrics.rows) == (1, 15)
    (part,) = (tmp_path / "tables" / "metrics").iterdir()
    found = pq.read_table(part)["experiment_key"].to_pylist()
    assert found == [key for key in keys for _ in range(3)]
