"""What one experiment has logged, as a value: built by hand, or copied from a run and changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from comet_async.server.numbers_text import text_of
from comet_async.server.records import (
    Asset,
    Content,
    Facts,
    JsonObject,
    Mark,
    Run,
    Series,
    Value,
)

__all__ = ["Logged", "next_points", "series_of"]

_SECOND_MS = 1000


def series_of(
    name: str,
    values: Sequence[str | float],
    *,
    steps: Sequence[int | None] | None = None,
    epochs: Sequence[int | None] | None = None,
    timestamps: Sequence[int] | None = None,
    contexts: Sequence[str | None] | None = None,
    offsets: Sequence[int] | None = None,
    start_ms: int = 1_750_000_000_000,
) -> Series:
    """Return a series of exact values.

    Args:
        name: Metric name.
        values: Texts are served as they are, numbers in Java's notation.
        steps: From 0 by default.
        epochs: None by default.
        timestamps: ms since 1970 UTC; one second apart by default.
        contexts: None by default.
        offsets: From 0 by default.
        start_ms: First timestamp, where there are none.

    Raises:
        ValueError: The columns differ in length.
    """
    texts = [value if isinstance(value, str) else text_of(value) for value in values]
    count = len(texts)
    series = Series(
        name=name,
        values=texts,
        steps=range(count) if steps is None else steps,
        epochs=(None,) * count if epochs is None else epochs,
        timestamps=(
            range(start_ms, start_ms + count * _SECOND_MS, _SECOND_MS)
            if timestamps is None
            else timestamps
        ),
        contexts=(None,) * count if contexts is None else contexts,
        offsets=range(count) if offsets is None else offsets,
    )
    columns = (series.steps, series.epochs, series.timestamps, series.contexts, series.offsets)
    if any(len(column) != count for column in columns):
        raise ValueError(f"the columns of {name} differ in length")
    return series


def _longer(old: Series, new: Series) -> Series:
    """Return the points of both, the new ones last."""
    return Series(
        name=old.name,
        values=[*old.values, *new.values],
        steps=[*old.steps, *new.steps],
        epochs=[*old.epochs, *new.epochs],
        timestamps=[*old.timestamps, *new.timestamps],
        contexts=[*old.contexts, *new.contexts],
        offsets=[*old.offsets, *new.offsets],
    )


def _placed(rows: Sequence[Value], name: str, text: str, when_ms: int) -> tuple[Value, ...]:
    """Return summary rows in which one name has a value, in its old place if it had one."""
    by_name = {row.name: row for row in rows}
    by_name[name] = Value.single(name, Mark(text, when_ms))
    return tuple(by_name.values())


@dataclass(frozen=True, slots=True)
class Logged:
    """Everything of one experiment; what is not given is that of `base`, or nothing.

    The methods return a changed copy.

    Attributes:
        facts: The metadata.
        tags: Tags.
        others: "Other" values.
        parameters: Parameters.
        series: Metrics by name, in logging order.
        texts: html, code, output and graph; None for one that there is not.
        assets: All assets.
        contents: Bytes of assets by id.
        system: System details by wire name; None for those of `base`.
        git: Git metadata by wire name; None for that of `base`.
        patch: Git patch as zip bytes; None for that of `base`.
        cloud: Cloud provider and metadata; None for those of `base`.
        base: Where the rest is.
    """

    facts: Facts
    tags: tuple[str, ...] = ()
    others: tuple[Value, ...] = ()
    parameters: tuple[Value, ...] = ()
    series: Mapping[str, Series] = field(default_factory=dict[str, Series])
    texts: Mapping[str, str | None] = field(default_factory=dict[str, "str | None"])
    assets: tuple[Asset, ...] = ()
    contents: Mapping[str, Content] = field(default_factory=dict[str, Content])
    system: JsonObject | None = None
    git: JsonObject | None = None
    patch: bytes | None = None
    cloud: tuple[str, JsonObject] | None = None
    base: Run | None = None

    @classmethod
    def of(cls, run: Run) -> Logged:
        """Return what a run has logged; points and bytes are read when asked for."""
        return cls(
            facts=run.facts,
            tags=tuple(run.tags()),
            others=tuple(run.others()),
            parameters=tuple(run.parameters()),
            assets=tuple(run.assets()),
            base=run,
        )

    def found(self, metric: str) -> Series | None:
        """Return the points of a metric."""
        own = self.series.get(metric)
        return own if own is not None or self.base is None else self.base.series(metric)

    def renamed(self, name: str) -> Logged:
        """Return it under another name; the name is an "other" value too."""
        others = _placed(self.others, "Name", name, self.facts.start_ms)
        return replace(self, facts=replace(self.facts, name=name), others=others)

    def archived(self, *, archived: bool) -> Logged:
        """Return it archived, or restored."""
        return replace(self, facts=replace(self.facts, archived=archived))

    def running(self) -> Logged:
        """Return it as a run that goes on, so has no end."""
        return replace(self, facts=replace(self.facts, running=True, crashed=False, end_ms=None))

    def ended(self, end_ms: int, *, crashed: bool = False) -> Logged:
        """Return it as a run that ended.

        Args:
            end_ms: ms since 1970 UTC.
            crashed: Whether it broke off.
        """
        return replace(
            self, facts=replace(self.facts, running=False, crashed=crashed, end_ms=end_ms)
        )

    def appended(self, points: Series) -> Logged:
        """Return it with further points of an old or a new metric; they may move its end."""
        old = self.found(points.name)
        whole = points if old is None else _longer(old, points)
        end = self.facts.end_ms
        if end is not None:
            end = max([end, *points.timestamps])
        return replace(
            self,
            facts=replace(self.facts, end_ms=end),
            series={**self.series, points.name: whole},
        )

    def with_series(self, points: Series) -> Logged:
        """Return it with other points in place of those of a metric."""
        return replace(self, series={**self.series, points.name: points})

    def with_parameter(self, name: str, text: str) -> Logged:
        """Return it with another value of a parameter, or one more parameter."""
        rows = _placed(self.parameters, name, text, self.facts.start_ms)
        return replace(self, parameters=rows)

    def with_other(self, name: str, text: str) -> Logged:
        """Return it with another "other" value."""
        return replace(self, others=_placed(self.others, name, text, self.facts.start_ms))

    def with_tags(self, *tags: str) -> Logged:
        """Return it with these tags."""
        return replace(self, tags=tags)

    def with_text(self, kind: str, text: str | None) -> Logged:
        """Return it with another html, code, output or graph, or without one."""
        return replace(self, texts={**self.texts, kind: text})

    def with_asset(self, asset: Asset, content: Content | None = None) -> Logged:
        """Return it with one more asset, or with another one in place of that of the same id.

        Args:
            asset: The asset.
            content: Its bytes; None for a remote one.
        """
        by_id = {item.asset_id: item for item in self.assets} | {asset.asset_id: asset}
        contents = {key: item for key, item in self.contents.items() if key != asset.asset_id}
        if content is not None:
            contents[asset.asset_id] = content
        return replace(self, assets=tuple(by_id.values()), contents=contents)

    def without_asset(self, asset_id: str) -> Logged:
        """Return it without an asset."""
        kept = tuple(item for item in self.assets if item.asset_id != asset_id)
        contents = {key: item for key, item in self.contents.items() if key != asset_id}
        return replace(self, assets=kept, contents=contents)


def next_points(
    run: Logged,
    metric: str,
    values: Sequence[str | float],
    steps: Sequence[int | None] | None,
) -> Series:
    """Return points of a metric, one second apart, that come after all that a run has logged.

    Args:
        run: What was logged.
        metric: An old name or a new one.
        values: Texts as they are to be served, or numbers.
        steps: By default they go on by one.
    """
    old = run.found(metric) or series_of(metric, ())
    last = max([run.facts.end_ms or run.facts.start_ms, *old.timestamps])
    step = max((item for item in old.steps if item is not None), default=-1) + 1
    offset = max(old.offsets, default=-1) + 1
    return series_of(
        metric,
        values,
        steps=range(step, step + len(values)) if steps is None else steps,
        offsets=range(offset, offset + len(values)),
        start_ms=last + _SECOND_MS,
    )
