"""An experiment that is written to: each write takes time in proportion to its own size."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from comet_async.server.live_series import LiveSeries, widened
from comet_async.server.records import (
    Asset,
    Content,
    Facts,
    Json,
    JsonObject,
    Mark,
    Run,
    Series,
    Value,
)

__all__ = ["LiveRun"]

_CODE_LIMIT = 1 << 20


class LiveRun:
    """A run over another one, or over nothing, that is changed in place.

    Safe to read from any thread; whoever writes holds the lock that it was made with.
    """

    def __init__(self, facts: Facts, lock: threading.RLock, base: Run | None = None) -> None:
        """Copy what is short; points, texts and bytes of the base are read when asked for.

        Args:
            facts: The metadata.
            lock: Held while it is read.
            base: What was logged earlier.
        """
        self._facts = facts
        self._lock = lock
        self._base = base
        self._tags: dict[str, None] = dict.fromkeys(base.tags() if base else ())
        self._others: dict[str, Value] = _by_name(base.others() if base else ())
        self._parameters: dict[str, Value] = _by_name(base.parameters() if base else ())
        self._names: dict[str, None] = dict.fromkeys(base.metric_names() if base else ())
        self._series: dict[str, LiveSeries] = {}
        self._texts: dict[str, list[str]] = {}
        self._assets: dict[str, Asset] = {
            item.asset_id: item for item in (base.assets() if base else ())
        }
        self._contents: dict[str, Content] = {}
        self._system: JsonObject | None = None
        self._git: JsonObject | None = None
        self._patch: Content | None = None
        self._cloud: tuple[str, JsonObject] | None = None

    @property
    def facts(self) -> Facts:
        """The metadata."""
        return self._facts

    def tags(self) -> Sequence[str]:
        """Return the tags in the order in which they were added."""
        with self._lock:
            return [*self._tags]

    def others(self) -> Sequence[Value]:
        """Return the "other" values, the name among them."""
        with self._lock:
            return [*self._others.values()]

    def parameters(self) -> Sequence[Value]:
        """Return the parameters."""
        with self._lock:
            return [*self._parameters.values()]

    def metric_names(self) -> Sequence[str]:
        """Return the names of all metrics in logging order."""
        with self._lock:
            return [*self._names]

    def metric_summary(self, name: str) -> Value | None:
        """Return minimum, maximum and current value of a metric."""
        with self._lock:
            own = self._series.get(name)
            if own is not None:
                return own.summary
            known = self._base is not None and name in self._names
            return self._base.metric_summary(name) if self._base and known else None

    def metric_current(self, name: str) -> str | None:
        """Return the last value of a metric."""
        with self._lock:
            if name not in self._names:
                return None
            own = self._series.get(name)
            if own is not None:
                return None if own.summary is None else own.summary.current.value
            return self._base.metric_current(name) if self._base else None

    def series(self, name: str) -> Series | None:
        """Return the stored points of a metric, by step."""
        with self._lock:
            if name not in self._names:
                return None
            own = self._series.get(name)
            if own is not None:
                return own.series()
            return self._base.series(name) if self._base else None

    def text(self, kind: str) -> str | None:
        """Return a text: html, code, output or graph; code may be that of an uploaded script."""
        with self._lock:
            own = self._texts.get(kind)
            if own is not None:
                return "".join(own)
            if kind == "code" and (script := self._script()) is not None:
                return script
            return self._base.text(kind) if self._base else None

    def _script(self) -> str | None:
        """Return the newest uploaded source file, that of the experiment itself before others."""
        found = [
            (asset.file_name == "Default", at, self._contents[asset.asset_id])
            for at, asset in enumerate(self._assets.values())
            if asset.type == "source_code" and asset.asset_id in self._contents
        ]
        if not found:
            return None
        content = max(found, key=lambda item: item[:2])[2]
        return content.read(0, min(content.size, _CODE_LIMIT)).decode("utf-8", "replace")

    def system(self) -> JsonObject:
        """Return the system details by wire name."""
        with self._lock:
            return {**self._known_system(), **(self._system or {})}

    def _known_system(self) -> JsonObject:
        return self._base.system() if self._base else {}

    def git(self) -> JsonObject:
        """Return the git metadata by wire name."""
        if self._git is not None or self._base is None:
            return self._git or {}
        return self._base.git()

    def patch(self) -> bytes | None:
        """Return the git patch as zip bytes."""
        own = self._patch
        if own is not None:
            return own.read(0, own.size)
        return self._base.patch() if self._base else None

    def cloud(self) -> tuple[str, JsonObject] | None:
        """Return cloud provider and metadata."""
        if self._cloud is not None or self._base is None:
            return self._cloud
        return self._base.cloud()

    def assets(self) -> Sequence[Asset]:
        """Return all assets."""
        with self._lock:
            return [*self._assets.values()]

    def content(self, asset_id: str) -> Content | None:
        """Return the bytes of a stored asset; of one that was taken away, nothing."""
        with self._lock:
            if asset_id not in self._assets or self._assets[asset_id].link is not None:
                return None
            own = self._contents.get(asset_id)
            if own is not None or self._base is None:
                return own
            return self._base.content(asset_id)

    def set_facts(self, edit: Callable[[Facts], Facts]) -> None:
        """Change the metadata."""
        self._facts = edit(self._facts)

    def set_file_path(self, path: str) -> None:
        """Name the script of the experiment."""
        name = path.replace("\\", "/").rpartition("/")[2]
        self._facts = replace(self._facts, file_path=path, file_name=name)

    def log_metric(self, name: str, mark: Mark, epoch: int | None) -> None:
        """Add a point to a metric; the end of a run that has ended moves with it."""
        own = self._series.get(name)
        if own is None:
            earlier = self._base.series(name) if self._base and name in self._names else None
            own = self._series[name] = LiveSeries(name, earlier)
        own.append(mark, epoch)
        self._names[name] = None
        end, moment = self._facts.end_ms, mark.timestamp_ms
        if end is not None and moment is not None and moment > end:
            self._facts = replace(self._facts, end_ms=moment)

    def delete_metric(self, name: str) -> bool:
        """Take a metric away and return whether there was one."""
        found = name in self._names
        self._names.pop(name, None)
        self._series.pop(name, None)
        return found

    def log_parameter(self, name: str, mark: Mark) -> None:
        """Give a parameter a value."""
        self._parameters[name] = widened(self._parameters.get(name), name, mark)

    def delete_parameter(self, name: str) -> bool:
        """Take a parameter away and return whether there was one."""
        return self._parameters.pop(name, None) is not None

    def log_other(self, name: str, mark: Mark) -> None:
        """Give an "other" its value; Name renames the experiment."""
        self._others[name] = Value.single(name, mark)
        if name == "Name":
            self._facts = replace(self._facts, name=mark.value)

    def add_tags(self, tags: Iterable[str]) -> None:
        """Add tags; those that there are stay where they are."""
        self._tags.update(dict.fromkeys(tags))

    def delete_tags(self, tags: Iterable[str]) -> None:
        """Take tags away."""
        for tag in tags:
            self._tags.pop(tag, None)

    def set_text(self, kind: str, text: str) -> None:
        """Replace html, code, output or graph."""
        self._texts[kind] = [text]

    def append_text(self, kind: str, text: str) -> None:
        """Add to html or output."""
        own = self._texts.get(kind)
        if own is None:
            earlier = self.text(kind)
            own = self._texts[kind] = [] if earlier is None else [earlier]
        own.append(text)

    def update_system(self, members: Mapping[str, Json]) -> None:
        """Set some of the system details; the others stay."""
        self._system = {**(self._system or {}), **members}

    def set_git(self, members: JsonObject) -> None:
        """Replace the git metadata."""
        self._git = members

    def set_patch(self, content: Content) -> None:
        """Replace the git patch."""
        self._patch = content

    def set_cloud(self, provider: str, metadata: JsonObject) -> None:
        """Replace the cloud details."""
        self._cloud = provider, metadata

    def put_asset(self, asset: Asset, content: Content | None, *, overwrite: bool = False) -> None:
        """Add an asset, or replace that of the same id.

        Args:
            asset: The asset.
            content: Its bytes; None for a remote one.
            overwrite: Whether it takes the place of those of its name and type.
        """
        if overwrite:
            kind = (asset.file_name, asset.type)
            same = [
                item.asset_id
                for item in self._assets.values()
                if (item.file_name, item.type) == kind
            ]
            for asset_id in same:
                self.remove_asset(asset_id)
        self._assets[asset.asset_id] = asset
        self._contents.pop(asset.asset_id, None)
        if content is not None:
            self._contents[asset.asset_id] = content

    def remove_asset(self, asset_id: str) -> bool:
        """Take an asset away and return whether there was one."""
        self._contents.pop(asset_id, None)
        return self._assets.pop(asset_id, None) is not None

    def __repr__(self) -> str:
        return f"<LiveRun {self._facts.key}>"


def _by_name(rows: Iterable[Value]) -> dict[str, Value]:
    return {row.name: row for row in rows}
