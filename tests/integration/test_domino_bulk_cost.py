"""Cost of what ran as a table: labels as columns, tiers and tags joined, Kubecost off."""

from __future__ import annotations

import math
import pickle
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from comet_async import Session, domino, domino_bulk
from comet_async.engine.retry import RetryPolicy
from comet_async.errors import (
    AuthenticationError,
    BadRequestError,
    CometAsyncError,
    DecodeError,
    StatusError,
)
from comet_async.server.domino import DominoServer, DominoSpec
from comet_async.service import Limits
from comet_async.testing import LOCAL_KEY, FakeTransport, domino_server, reply

WEEK = domino.get_cost_allocation("7d")
ALLOCATION = "/api/cost/v1/allocation"
TIERS = "/api/hardwaretiers/v1/hardwaretiers"
TAGS = "/api/cost/v1/billingtags"
ROW = {
    "name": "one",
    "totalCost": "3.5",
    "gpucost": 1,
    "gpuCostAdjustment": 0.5,
    "cpuEfficincy": 0.25,
    "nodeType": "m5.large",
    "window": {"start": "2026-01-01T00:00:00Z", "end": "2026-01-02T00:00:00Z", "minutes": 1440},
    "pv": {"pvCost": 0.125, "pvs": {"a": {"byteHours": 1, "cost": 2}}},
    "labels": {"billing_tag": "old", "hardware_tier_id": "small-k8s", "team name": "x", "seats": 3},
}
NAMED = {"name": "two", "labels": {"hardwareTierName": "Large", "billing_tag": "new"}}
PLAIN = {"labels": None}


@asynccontextmanager
async def connected(server: DominoServer) -> AsyncGenerator[Session, None]:
    service = domino.service(LOCAL_KEY, host=server.url, environ={}, limits=Limits())
    async with Session(service, retry=RetryPolicy(attempts=1)) as session:
        yield session


def deployment(*rows: object) -> FakeTransport:
    tiers = [
        {"id": "small-k8s", "name": "Small", "centsPerMinute": 0.5},
        {"id": "large-k8s", "name": "Large", "centsPerMinute": 4},
    ]
    metadata = {"offset": 0, "limit": 100, "totalCount": 2}
    empty: dict[str, object] = {"hardwareTiers": [], "metadata": metadata}
    fake = FakeTransport(reply(json=empty))
    fake.on("GET", TIERS, reply(json={"hardwareTiers": tiers, "metadata": metadata}))
    fake.on("GET", TAGS, reply(json={"billingTags": [{"tag": "new"}]}))
    return fake.on("GET", ALLOCATION, reply(json={"data": rows}))


@asynccontextmanager
async def scripted(fake: FakeTransport) -> AsyncGenerator[Session, None]:
    service = domino.service(LOCAL_KEY, host="https://d.example.com", environ={}, limits=Limits())
    async with Session(service, retry=RetryPolicy(attempts=1), transport=fake) as session:
        yield session


@pytest.mark.parametrize("newest", [False, True])
async def test_a_table_of_the_local_server(newest: bool) -> None:
    spec = DominoSpec(projects=5, billing_tags=3)
    async with domino_server(spec, newest=newest) as server, connected(server) as session:
        plain = await session.send(WEEK)
        await session.send(domino.deactivate_billing_tag("team-2"))
        table = await domino_bulk.cost_table(session, WEEK)
    assert [row.allocation.name for row in table.rows] == [f"project-{at + 1}" for at in range(5)]
    assert [row.allocation.total_cost for row in table.rows] == [3, 5, 7, 9, 11]
    assert [row.labels["billing_tag"] for row in table.rows] == [
        "team-1",
        "team-2",
        "team-3",
        "team-1",
        "team-2",
    ]
    assert [row.billing_tag_active for row in table.rows] == [True, False, True, True, False]
    assert list(table.labels) == ["billing_tag", "organization", "project", "user", "workload"]
    assert table.missing == {}
    for row, wanted in zip(table.rows, plain.data, strict=True):
        told = wanted.gpu_cost if newest else wanted.gpucost
        assert told is not None
        assert row.to_dict()["gpu_cost"] == told
        assert row.to_dict()["cpu_efficiency"] == wanted.cpu_efficincy


async def test_labels_name_tiers_by_id_or_name_and_tags() -> None:
    async with scripted(deployment(ROW, NAMED, PLAIN)) as session:
        table = await domino_bulk.cost_table(session, WEEK)
    tiers = [row.hardware_tier for row in table.rows]
    assert [tier and tier.cents_per_minute for tier in tiers] == [0.5, 4, None]
    assert [row.billing_tag_active for row in table.rows] == [False, True, None]
    assert list(table.labels) == [
        "billing_tag",
        "hardwareTierName",
        "hardware_tier_id",
        "seats",
        "team name",
    ]
    flat = table.rows[0].to_dict()
    assert flat["start"] == "2026-01-01T00:00:00Z"
    assert (flat["minutes"], flat["pv_cost"], flat["pv_bytes"]) == (1_440, 0.125, None)
    assert (flat["total_cost"], flat["gpu_cost"], flat["gpu_cost_adjustment"]) == (3.5, 1, 0.5)
    assert (flat["label_seats"], flat["label_team name"]) == ("3", "x")
    assert (flat["hardware_tier_name"], flat["cents_per_minute"]) == ("Small", 0.5)


async def test_an_arrow_table_has_the_same_columns_whatever_is_there() -> None:
    pytest.importorskip("pyarrow")
    async with scripted(deployment(ROW, NAMED, PLAIN)) as session:
        table = await domino_bulk.cost_table(session, WEEK)
    async with scripted(deployment()) as session:
        empty = await domino_bulk.cost_table(session, WEEK)
    arrow = table.to_arrow()
    columns = arrow.to_pydict()
    assert arrow.num_rows == 3
    assert columns["label_billing_tag"] == ["old", "new", None]
    assert columns["cents_per_minute"] == [0.5, 4.0, None]
    assert columns["billing_tag_active"] == [False, True, None]
    assert columns["total_cost"] == [3.5, None, None]
    kinds = {field.name: str(field.type) for field in arrow.schema}
    assert [kinds[name] for name in ("name", "minutes", "label_seats")] == [
        "string",
        "double",
        "string",
    ]
    labels = {f"label_{name}" for name in table.labels}
    assert [name for name in columns if name not in labels] == [*empty.to_arrow().to_pydict()]
    assert empty.to_arrow().num_rows == 0


async def test_without_pyarrow_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    async with scripted(deployment(ROW)) as session:
        table = await domino_bulk.cost_table(session, WEEK, joined=False)

    def absent(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr("comet_async.extras.importlib.import_module", absent)
    with pytest.raises(
        CometAsyncError, match=r"needs pyarrow: pip install 'comet_async\[harvest\]"
    ):
        table.to_arrow()


async def test_nothing_else_is_asked_unless_it_is_joined() -> None:
    fake = deployment(ROW)
    async with scripted(fake) as session:
        table = await domino_bulk.cost_table(session, WEEK, joined=False)
    assert len(fake.sent) == 1
    assert (table.rows[0].hardware_tier, table.rows[0].billing_tag_active) == (None, None)
    assert table.missing == {}


async def test_what_cannot_be_joined_is_told() -> None:
    async with domino_server() as server, connected(server) as session:
        server.faults.add("status", 403, TIERS)
        server.faults.add("status", 500, TAGS)
        table = await domino_bulk.cost_table(session, WEEK)
    assert sorted(table.missing) == ["billing tags", "hardware tiers"]
    assert "answered 403" in table.missing["hardware tiers"]
    assert "answered 500" in table.missing["billing tags"]
    assert len(table.rows) == 3
    assert {row.billing_tag_active for row in table.rows} == {None}


@pytest.mark.parametrize("status", [404, 500, 502, 503])
async def test_a_deployment_without_kubecost_says_so(status: int) -> None:
    async with domino_server() as server, connected(server) as session:
        server.faults.add("status", status, ALLOCATION)
        with pytest.raises(domino_bulk.KubecostOff) as caught:
            await domino_bulk.cost_table(session, WEEK)
    error = caught.value
    assert isinstance(error, StatusError)
    assert (error.status, error.request and error.request.path) == (status, ALLOCATION)
    assert "Kubecost seems to be off" in str(error)
    assert "cost analysis is switched on" in str(error)
    assert LOCAL_KEY not in repr(error)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


async def test_other_refusals_are_themselves() -> None:
    async with domino_server() as server, connected(server) as session:
        with pytest.raises(BadRequestError, match="Invalid window"):
            await domino_bulk.cost_table(session, domino.get_cost_allocation("ever"))
        server.faults.add("status", 401, TAGS)
        with pytest.raises(AuthenticationError):
            await domino_bulk.cost_table(session, WEEK)


@pytest.mark.parametrize("row", [{"totalCost": {}}, {"labels": ["x"]}])
async def test_a_row_of_another_kind_is_an_error(row: dict[str, object]) -> None:
    async with scripted(deployment(row)) as session:
        with pytest.raises(DecodeError, match="a row of costs: "):
            await domino_bulk.cost_table(session, WEEK)


async def test_odd_numbers_are_taken() -> None:
    body = b'{"data": [{"totalCost": NaN, "ramCost": "1e2"}]}'
    fake = deployment().on("GET", ALLOCATION, reply(body=body))
    async with scripted(fake) as session:
        table = await domino_bulk.cost_table(session, WEEK)
    (row,) = table.rows
    assert row.allocation.total_cost is not None
    assert math.isnan(row.allocation.total_cost)
    assert row.allocation.ram_cost == 100
