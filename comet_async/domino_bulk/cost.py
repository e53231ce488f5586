"""Cost of what ran as a table: labels as columns, and the tiers and tags that they name."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Mapping, Sequence
from typing import TypeVar

import msgspec

from comet_async import domino
from comet_async.arrow_shapes import ArrowTable
from comet_async.domino import CostAllocation, CostAllocationEnvelope, HardwareTier
from comet_async.engine.session import Session
from comet_async.errors import (
    AuthenticationError,
    CometAsyncError,
    DecodeError,
    NotFoundError,
    ServerError,
    StatusError,
)
from comet_async.extras import extra
from comet_async.redaction import shortened
from comet_async.request import Request
from comet_async.tabular import Tabular
from comet_async.wire import NullableDict, NullableList, Wire

__all__ = ["CostRow", "CostTable", "KubecostOff", "cost_table"]

T = TypeVar("T")

_LABELS = "labels"
_TEXTS = ("name", "node_type", "start", "end")
_NUMBERS = (
    "minutes",
    "cpu_core_hours",
    "cpu_core_request_average",
    "cpu_core_usage_average",
    "cpu_cores",
    "cpu_cost",
    "cpu_cost_adjustment",
    "cpu_efficiency",
    "discount",
    "gpu_cost",
    "gpu_cost_adjustment",
    "gpu_count",
    "gpu_hours",
    "load_balancer_cost",
    "load_balancer_cost_adjustment",
    "pv_byte_hours",
    "pv_bytes",
    "pv_cost",
    "pv_cost_adjustment",
    "ram_cost",
    "ram_cost_adjustment",
    "total_cost",
)
_TIER = re.compile(r"hardwaretier(id|name)?$")
_TAG = re.compile(r"billingtag$")
_OTHER_SIGNS = re.compile(r"[^a-z0-9]")


class KubecostOff(StatusError):
    """The deployment has no costs to tell: its Kubecost is off, or does not answer."""

    remedy = "ask an administrator whether cost analysis is switched on"


class CostRow(msgspec.Struct, frozen=True, kw_only=True):
    """Cost of one group, and what its labels name.

    Attributes:
        allocation: The costs, in the deployment's currency; its own labels are left out.
        labels: All labels, also those that no document lists.
        hardware_tier: The tier that a label names by id or name, where the tiers are known.
        billing_tag_active: Whether the billing tag is in use still; None where there is no tag, or
            the tags are not known.
    """

    allocation: CostAllocation
    labels: Mapping[str, str | None]
    hardware_tier: HardwareTier | None = None
    billing_tag_active: bool | None = None

    def to_dict(self) -> dict[str, str | float | bool | None]:
        """Return the row as flat values, each label as `label_NAME`."""
        cost, tier = self.allocation, self.hardware_tier
        window, volumes = cost.window, cost.pv
        apart: dict[str, str | float | None] = {
            "start": None if window is None else window.start,
            "end": None if window is None else window.end,
            "minutes": None if window is None else window.minutes,
            "cpu_efficiency": cost.cpu_efficincy,
            "gpu_cost": cost.gpucost if cost.gpu_cost is None else cost.gpu_cost,
            "gpu_cost_adjustment": cost.gpucost_adjustment
            if cost.gpu_cost_adjustment is None
            else cost.gpu_cost_adjustment,
        }
        found: dict[str, str | float | bool | None] = {}
        for name in (*_TEXTS, *_NUMBERS):
            if name in apart:
                found[name] = apart[name]
            elif name.startswith("pv_"):
                found[name] = None if volumes is None else getattr(volumes, name)
            else:
                found[name] = getattr(cost, name)
        found |= {f"label_{name}": value for name, value in self.labels.items()}
        found["hardware_tier_id"] = None if tier is None else tier.id
        found["hardware_tier_name"] = None if tier is None else tier.name
        found["cents_per_minute"] = None if tier is None else tier.cents_per_minute
        found["billing_tag_active"] = self.billing_tag_active
        return found


class CostTable(Tabular, msgspec.Struct, frozen=True, kw_only=True):
    """Costs as rows; also as a table for Arrow, Polars, pandas and DuckDB.

    Attributes:
        rows: In the server's order.
        labels: Names of all labels that a row has, sorted.
        missing: What could not be joined, as "hardware tiers", and why.
    """

    rows: Sequence[CostRow]
    labels: Sequence[str]
    missing: Mapping[str, str]

    def to_arrow(self) -> ArrowTable:
        """Return the rows as an Arrow table: texts, doubles, and each label as `label_NAME`.

        Raises:
            UsageError: pyarrow is not installed.
        """
        arrow = extra("pyarrow")
        labels = [f"label_{name}" for name in self.labels]
        schema = arrow.schema(
            [
                *((name, arrow.string()) for name in _TEXTS),
                *((name, arrow.float64()) for name in _NUMBERS),
                *((name, arrow.string()) for name in labels),
                ("hardware_tier_id", arrow.string()),
                ("hardware_tier_name", arrow.string()),
                ("cents_per_minute", arrow.float64()),
                ("billing_tag_active", arrow.bool_()),
            ]
        )
        rows = [row.to_dict() for row in self.rows]
        columns = {name: [row.get(name) for row in rows] for name in schema.names}
        table: ArrowTable = arrow.table(columns, schema=schema)
        return table


class _Envelope(Wire, frozen=True, kw_only=True):
    """The answer with each row as it came."""

    data: NullableList[dict[str, object]]


class _Labelled(Wire, frozen=True, kw_only=True):
    """The labels of a row, whatever they are called."""

    labels: NullableDict[object] = msgspec.field(default_factory=dict[str, object])


async def cost_table(
    session: Session, request: Request[CostAllocationEnvelope], *, joined: bool = True
) -> CostTable:
    """Return costs as a table, with the hardware tiers and billing tags that its labels name.

    Args:
        session: An open session with the Domino service.
        request: `domino.get_cost_allocation` of a window, as it is to be grouped.
        joined: Whether to ask for hardware tiers and billing tags too. Those that the caller may
            not see, or that the server does not have, are missing from the rows, and `missing`
            says why.

    Raises:
        KubecostOff: The server has no costs: it answers 404, or fails, as it does without Kubecost.
        CometAsyncError: The server said no, or does not answer.

    Source: Domino REST API, Cost, get_cost_allocation; HardwareTier, get_all_hardware_tiers;
    BillingTag, get_active_billing_tags.
    """
    missing: dict[str, str] = {}
    tiers: list[HardwareTier] = []
    tags: set[str] | None = None
    try:
        answer = await session.send(request.returning(_Envelope))
    except (NotFoundError, ServerError) as error:
        raise _off(error) from None
    if joined:
        tiers = await _optional(_tiers(session), "hardware tiers", missing) or []
        tags = await _optional(_tags(session), "billing tags", missing)
    by_text = _by_text(tiers)
    rows = [_row(raw, by_text, tags, request) for raw in answer.data]
    labels = sorted({name for row in rows for name in row.labels})
    return CostTable(rows=rows, labels=labels, missing=missing)


def _off(error: StatusError) -> KubecostOff:
    said = shortened(error.message, 200)
    return KubecostOff(
        f"no costs: Kubecost seems to be off or out of order here; the server says {said!r}",
        request=error.request,
        status=error.status,
        body_head=error.body_head,
        attempts=error.attempts,
        request_id=error.request_id,
        code=error.code,
    )


async def _optional(work: Awaitable[T], name: str, missing: dict[str, str]) -> T | None:
    """Return what there is to join; note why there is nothing.

    Raises:
        AuthenticationError: The key is refused.
    """
    try:
        return await work
    except AuthenticationError:
        raise
    except CometAsyncError as error:
        missing[name] = str(error)
        return None


async def _tiers(session: Session) -> list[HardwareTier]:
    paged = domino.paged_hardware_tiers(include_archived=True)
    return [tier async for tier in session.items(paged)]


async def _tags(session: Session) -> set[str]:
    answer = await session.send(domino.get_active_billing_tags())
    return {row.tag for row in answer.billing_tags if row.tag is not None}


def _by_text(tiers: Sequence[HardwareTier]) -> dict[str, HardwareTier]:
    """Return the tiers by name and by id; an id counts more than a name."""
    named = {tier.name: tier for tier in reversed(tiers) if tier.name}
    return {**named, **{tier.id: tier for tier in tiers if tier.id}}


def _row(
    raw: Mapping[str, object],
    tiers: Mapping[str, HardwareTier],
    tags: set[str] | None,
    request: Request[object],
) -> CostRow:
    """Return a row with what its labels name.

    Raises:
        DecodeError: It is no row of costs.
    """
    rest = {name: value for name, value in raw.items() if name != _LABELS}
    try:
        allocation = msgspec.convert(rest, CostAllocation, strict=False)
        labelled = msgspec.convert({_LABELS: raw.get(_LABELS)}, _Labelled)
    except msgspec.ValidationError as error:
        raise DecodeError(
            f"a row of costs: {shortened(str(error), 200)}", request=request
        ) from None
    labels = {name: _text(value) for name, value in labelled.labels.items()}
    tag = _labelled(labels, _TAG)
    tier = _labelled(labels, _TIER)
    return CostRow(
        allocation=allocation,
        labels=labels,
        hardware_tier=None if tier is None else tiers.get(tier),
        billing_tag_active=None if tag is None or tags is None else tag in tags,
    )


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode()


def _labelled(labels: Mapping[str, str | None], pattern: re.Pattern[str]) -> str | None:
    """Return the value of the first label whose name ends as a pattern says, signs aside."""
    for name, value in labels.items():
        if value and pattern.search(_OTHER_SIGNS.sub("", name.lower())):
            return value
    return None
