"""What is known of a project before its experiments are asked: names, and a look at a few."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

import msgspec

from comet_async import comet
from comet_async.engine.session import Session
from comet_async.errors import AuthenticationError, CometAsyncError
from comet_async.harvest.planner import BATCHED, FILES, ProjectFacts
from comet_async.harvest.readers import MODEL_ELEMENT
from comet_async.harvest.scope import Selection, flag_predicate
from comet_async.request import Request

__all__ = ["KeptAsk", "Probe"]

T = TypeVar("T")

_SAMPLED_FROM = 50
_SAMPLED = 8
_CHARTED = 4
_MANY_METRICS = 500


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
        kept: Asks for what is kept.
        files: Whether files are to be fetched.
    """

    def __init__(
        self,
        session: Session,
        selection: Selection,
        tables: Sequence[str],
        kept: KeptAsk,
        *,
        files: bool,
    ) -> None:
        self._session = session
        self._selection = selection
        self._tables = tables
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
        sample = _sample(keys)
        if not sample:
            return facts
        return await self._measured(await self._probed(facts, sample), sample, counted)

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

    async def _probed(self, facts: ProjectFacts, sample: Sequence[str]) -> ProjectFacts:
        """Return the facts with the measured size of a chart, where many charts are to come."""
        if not (facts.metrics or facts.parameters):
            return facts
        few = sample[: _CHARTED if len(facts.metrics) <= _MANY_METRICS else 1]
        request = comet.get_multi_metric_chart(
            few, metrics=facts.metrics, params=facts.parameters or None, fetch_full=True
        )
        body = await self._tried(request.returning(bytes))
        if body is None:
            return facts
        return msgspec.structs.replace(facts, bytes_each=len(body) / len(few))

    async def _measured(
        self, facts: ProjectFacts, sample: Sequence[str], counted: int
    ) -> ProjectFacts:
        """Return the facts with the share of experiments that take one request more than others."""
        measured: dict[str, float] = {}
        if "git" in self._tables:
            having = 0
            for key in sample:
                git = await self._tried(comet.get_experiment_git_metadata(key))
                having += git is not None and any(msgspec.structs.astuple(git))
            measured["git"] = 1.0 + having / len(sample)
        size = 0.0
        if "assets" in self._tables and (self._files or "models" in self._tables):
            having = files = 0
            for key in sample:
                listed = await self._tried(comet.get_experiment_asset_list(key))
                assets = [] if listed is None else listed.assets
                having += any(asset.type == MODEL_ELEMENT for asset in assets)
                stored = [asset for asset in assets if not asset.remote]
                files += len(stored)
                size += sum(asset.file_size or 0 for asset in stored)
            measured["models"] = having / len(sample)
            measured[FILES] = files / len(sample)
        elif "models" in self._tables:
            measured["models"] = 1.0
        if "html" in self._tables and "hasHtml" in facts.flags and not self._selection.exact:
            measured["html"] = await self._share(facts, counted)
        each = size / len(sample)
        return msgspec.structs.replace(facts, measured=measured, file_bytes=each)

    async def _share(self, facts: ProjectFacts, counted: int) -> float:
        """Return the share of experiments with HTML."""
        having = 0
        for flag in self._selection.flags:
            request = comet.query_project(
                [flag_predicate("hasHtml")], project_id=facts.project_id, archived=flag
            )
            found = await self._tried(request)
            having += 0 if found is None else len(found.experiment_keys)
        return min(1.0, having / max(1, counted))

    async def _tried(self, request: Request[T]) -> T | None:
        """Return an answer, None where it failed: a forecast is not worth a failure."""
        try:
            return await self._session.send(request)
        except AuthenticationError:
            raise
        except CometAsyncError:
            return None


def _sample(keys: Sequence[str]) -> list[str]:
    """Return a few keys, evenly spaced, out of many; none out of few, which need no measuring."""
    if len(keys) < _SAMPLED_FROM:
        return []
    step = len(keys) // _SAMPLED
    return [keys[at * step + step // 2] for at in range(_SAMPLED)]
