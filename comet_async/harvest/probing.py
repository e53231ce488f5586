"""What is known of a project before its experiments are asked: names, and a look at a few."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeVar

import msgspec

from comet_async import comet
from comet_async.engine.session import Session
from comet_async.errors import AuthenticationError, CometAsyncError
from comet_async.harvest.git_reader import GitReader
from comet_async.harvest.planner import BATCHED, FILES, ProjectFacts, charted
from comet_async.harvest.readers import MODEL_ELEMENT, system_metric_names
from comet_async.harvest.scope import Selection, flag_predicate
from comet_async.harvest.subjects import Reader, Subject
from comet_async.request import Request

__all__ = ["KeptAsk", "Probe"]

T = TypeVar("T")

_SAMPLED_FROM = 20
_SAMPLED = 24
_SAMPLED_EACH = 12
_LEAST = 3
_SIZED = 8
_SIZED_EACH = 50
_CHARTED_FROM = 8
_CHARTED = 4
_MANY_METRICS = 500
_SOME = 2
_GOLDEN = (5**0.5 - 1) / 2


class KeptAsk(Protocol):
    """Asks for an answer that is worth keeping as it came, where answers are kept."""

    async def __call__(self, table: str, request: Request[T], /) -> T:
        """Return the answer; raise as `Session.send` does."""
        ...


class Probe:
    """Looks at a project, for a forecast and for what can be asked of many at once.

    Args:
        session: What to ask through.
        selection: Which experiments, and how they are read.
        tables: Tables that are wanted.
        readers: What reads the tables that charts do not fill.
        kept: Asks for what is kept.
        files: Whether files are to be fetched.
    """

    def __init__(
        self,
        session: Session,
        selection: Selection,
        tables: Sequence[str],
        readers: Sequence[Reader],
        kept: KeptAsk,
        *,
        files: bool,
    ) -> None:
        self._session = session
        self._selection = selection
        self._tables = tables
        self._readers = [reader for reader in readers if reader.kind == "experiment"]
        self._kept = kept
        self._files = files

    async def look(
        self,
        project_id: str,
        address: Mapping[str, str | None],
        keys: Sequence[str],
        counted: int,
    ) -> ProjectFacts:
        """Return what a project's columns tell, and of many experiments what a few are like.

        Args:
            project_id: Its id.
            address: What names it in requests.
            keys: Experiments that are to be read.
            counted: Experiments that match.

        Raises:
            CometAsyncError: The columns cannot be had.
        """
        facts = await self._facts(project_id, address)
        if len(keys) >= _CHARTED_FROM:
            facts = await self._charted(facts, _spread(keys, _CHARTED))
        if len(keys) < _SAMPLED_FROM:  # so few need no measuring
            return facts
        sample = _spread(keys, min(_SAMPLED, max(_LEAST, len(keys) // _SAMPLED_EACH)))
        facts = await self._sized(facts, sample, min(_SIZED, max(1, len(keys) // _SIZED_EACH)))
        return await self._measured(facts, sample, counted)

    async def _facts(self, project_id: str, address: Mapping[str, str | None]) -> ProjectFacts:
        """Return what the columns of a project tell."""
        asking = {*BATCHED, "tags", "html"} & set(self._tables)
        if self._selection.exact or not asking:
            return ProjectFacts(project_id=project_id)
        names: dict[str, dict[str, None]] = {}
        for flag in self._selection.flags:
            request = comet.get_project_columns(archived=flag, **address)
            for column in (await self._kept("parameters", request)).columns:
                if column.name is not None and column.source is not None:
                    names.setdefault(column.source, {})[column.name] = None
        metrics = names.get("metrics", {}) if "metrics" in self._tables else {}
        return ProjectFacts(
            project_id=project_id,
            metrics=tuple(name for name in metrics if self._selection.has_metric(name)),
            parameters=tuple(names.get("params", {})) if "parameters" in self._tables else (),
            tags=tuple(names["tag"]) if "tag" in names else None,
            flags=frozenset(names.get("metadata", {})),
        )

    async def _charted(self, facts: ProjectFacts, few: Sequence[str]) -> ProjectFacts:
        """Return the facts with the measured size of a chart."""
        if not (facts.metrics or facts.parameters):
            return facts
        few = few if len(facts.metrics) <= _MANY_METRICS else few[:1]
        request = comet.get_multi_metric_chart(
            few, metrics=facts.metrics, params=facts.parameters or None, fetch_full=True
        )
        counter = _Counter(self._session)
        body = await self._tried(counter(request.returning(bytes)))
        if body is None:
            return facts
        table = "metrics" if facts.metrics else "parameters"
        return msgspec.structs.replace(
            facts,
            bytes_each=len(body) / len(few),
            sizes={**facts.sizes, table: counter.received / len(few)},
        )

    async def _sized(self, facts: ProjectFacts, sample: Sequence[str], count: int) -> ProjectFacts:
        """Return the facts with the requests of readers, and the bytes of their answers.

        Args:
            facts: What is known.
            sample: Experiments to ask.
            count: How many of them to ask for sizes alone.
        """
        measured, sizes = dict(facts.measured), dict(facts.sizes)
        names: set[str] = set()
        elsewhere = self._elsewhere(facts)
        for reader in self._readers:
            wanted = [table for table in reader.tables if table in self._tables]
            if not wanted or elsewhere.issuperset(wanted):
                continue
            few = sample if isinstance(reader, GitReader) else sample[:count]
            counter = _Counter(self._session)
            for key in few:
                subject = Subject("experiment", key, "", facts.project_id, b"{}")
                read = await self._tried(reader.read(counter, subject, frozenset(wanted))) or {}
                names.update(system_metric_names(read))
            measured[wanted[0]] = counter.requests / len(few)
            sizes[wanted[0]] = counter.each
        if "metrics" in self._tables and self._selection.exact:
            series = map(comet.get_all_experiment_metrics, sample[:_SIZED])
            sizes["metrics"] = await self._each(one.returning(bytes) for one in series)
        if "system_metrics" in self._tables and names:
            sizes["system_metrics"] = await self._system_chart(sorted(names), sample[:count])
        return msgspec.structs.replace(facts, measured=measured, sizes=sizes)

    async def _system_chart(self, names: Sequence[str], few: Sequence[str]) -> float:
        """Return the bytes of a chart of system metrics for one experiment."""
        counter = _Counter(self._session)
        request = comet.get_multi_metric_chart(few, metrics=names, fetch_full=True)
        await self._tried(counter(request.returning(bytes)))
        return counter.received / len(few)

    def _elsewhere(self, facts: ProjectFacts) -> set[str]:
        """Return the tables of readers that fewer requests may fill."""
        if self._selection.exact:
            return set()
        found = set(charted(self._tables))
        if facts.tags is not None:
            found.add("tags")
        if "hasHtml" in facts.flags:
            found.add("html")
        return found

    async def _measured(
        self, facts: ProjectFacts, sample: Sequence[str], counted: int
    ) -> ProjectFacts:
        """Return the facts with what assets, models and HTML take."""
        measured, sizes = dict(facts.measured), dict(facts.sizes)
        file_bytes = 0.0
        if "assets" in self._tables:
            few = sample if self._files or "models" in self._tables else sample[:1]
            assets = await self._assets(few)
            sizes["assets"] = assets.received
            measured["models"] = len(assets.with_models) / len(few)
            measured[FILES] = assets.files / len(few)
            file_bytes = assets.size / len(few)
            if "models" in self._tables and assets.with_models:
                sizes["models"] = await self._each(
                    comet.get_experiment_models(key) for key in assets.with_models[:_SOME]
                )
        elif "models" in self._tables:
            measured["models"] = 1.0
        if "html" in self._tables and "hasHtml" in facts.flags and not self._selection.exact:
            having = await self._having(facts)
            measured["html"] = min(1.0, len(having) / max(1, counted))
            if having:
                sizes["html"] = await self._each(map(comet.get_experiment_html, having[:_SOME]))
        return msgspec.structs.replace(facts, measured=measured, sizes=sizes, file_bytes=file_bytes)

    async def _assets(self, few: Sequence[str]) -> _Assets:
        """Return what a few experiments have of assets."""
        counter = _Counter(self._session)
        with_models: list[str] = []
        files, size = 0, 0.0
        for key in few:
            listed = await self._tried(counter(comet.get_experiment_asset_list(key)))
            assets = [] if listed is None else listed.assets
            if any(asset.type == MODEL_ELEMENT for asset in assets):
                with_models.append(key)
            stored = [asset for asset in assets if not asset.remote]
            files += len(stored)
            size += sum(asset.file_size or 0 for asset in stored)
        return _Assets(counter.each, files, size, with_models)

    async def _each(self, requests: Iterable[Request[T]]) -> float:
        """Return the mean bytes of some answers."""
        counter = _Counter(self._session)
        for request in requests:
            await self._tried(counter(request))
        return counter.each

    async def _having(self, facts: ProjectFacts) -> list[str]:
        """Return the experiments with HTML."""
        having: list[str] = []
        for flag in self._selection.flags:
            request = comet.query_project(
                [flag_predicate("hasHtml")], project_id=facts.project_id, archived=flag
            )
            found = await self._tried(self._session.send(request))
            having += [] if found is None else found.experiment_keys
        return having

    async def _tried(self, asking: Awaitable[T]) -> T | None:
        """Return an answer, None where it failed: a forecast is not worth a failure."""
        try:
            return await asking
        except AuthenticationError:
            raise
        except CometAsyncError:
            return None


class _Assets(NamedTuple):
    """Assets of a few: mean bytes of a list, files and their bytes, and who has models."""

    received: float
    files: int
    size: float
    with_models: list[str]


class _Counter:
    """Sends requests, and counts them and the bytes of their answers as they came."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.requests = 0
        self.received = 0

    @property
    def each(self) -> float:
        """Mean bytes of an answer."""
        return self.received / max(1, self.requests)

    async def __call__(self, request: Request[T], /) -> T:
        before = self._session.counters.bytes_received
        self.requests += 1
        try:
            return await self._session.send(request)
        finally:
            self.received += self._session.counters.bytes_received - before


def _spread(keys: Sequence[str], count: int) -> list[str]:
    """Return a few keys out of all parts, at no regular distance: settings tend to alternate.

    >>> _spread("abcdefghijklmnop", 4)
    ['c', 'e', 'l', 'n']
    """
    step = len(keys) / count
    return [keys[int((at + (at + 1) * _GOLDEN % 1) * step)] for at in range(count)]
