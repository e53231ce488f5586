"""Experiments that match an expression, and the charts of many experiments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias, TypedDict

from comet_async import comet
from comet_async.api.experiment import APIExperiment
from comet_async.api.frames import chart_frame
from comet_async.api.listing import ExperimentReads
from comet_async.api.query import as_expression, experiments_of
from comet_async.api.query import query as ask
from comet_async.api.query import search as search_all
from comet_async.errors import UsageError
from comet_async.query import Expression, Tag, resolve
from comet_async.query.expressions import VARIABLES, Variable

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["QueryColumn", "QueryReads"]

QueryColumn: TypeAlias = Variable | Tag
"""A column that expressions can name."""


class _Named(TypedDict):
    workspace_name: str
    project_name: str


_SEARCH_PAGE = 1000
_CHART_KEYS = 250
_FULL_CHART_KEYS = 25
_AXES = ("step", "epoch", "duration")


class QueryReads(ExperimentReads):
    """Reads over many experiments at once."""

    async def get_metrics_for_chart(
        self,
        experiment_keys: Sequence[str],
        metrics: Sequence[str] | None = None,
        parameters: Sequence[str] | None = None,
        independent: bool = True,
        full: bool = False,
    ) -> dict[str, comet.ChartExperiment]:
        """Return metrics and parameters of many experiments by key.

        Any number of keys goes in batches of 250 (25 if `full`), many at a time.

        Args:
            experiment_keys: Experiment keys.
            metrics: Names of metrics.
            parameters: Names of parameters.
            independent: Each metric with its own steps.
            full: Up to 15,000 points for each metric instead of a sample of about 500.
        """
        keys = list(dict.fromkeys(experiment_keys))
        if not keys or not (metrics or parameters):
            return {}
        size = _FULL_CHART_KEYS if full else _CHART_KEYS
        found = await self.send_each(
            (
                start,
                comet.get_multi_metric_chart(
                    keys[start : start + size],
                    metrics=metrics,
                    params=parameters,
                    independent_metrics=independent,
                    fetch_full=full,
                ),
            )
            for start in range(0, len(keys), size)
        )
        return {
            key: chart for answer in found.values() for key, chart in answer.experiments.items()
        }

    async def get_metrics_df(
        self,
        experiment_keys: Sequence[str],
        metrics: Sequence[str],
        x_axis: str = "step",
        interpolate: bool = True,
    ) -> pd.DataFrame | None:
        """Return metrics of many experiments as a frame of pandas.

        Args:
            experiment_keys: Experiment keys.
            metrics: Names of metrics, which become columns.
            x_axis: "step", "epoch" or "duration".
            interpolate: Whether gaps are filled linearly, at the places of all experiments.

        Returns:
            Columns experiment_key, experiment_name, the axis and the metrics; None when there is
            nothing.

        Raises:
            UsageError: pandas is not installed, or there is no such axis.
        """
        if x_axis not in _AXES:
            raise UsageError(f"x_axis is one of {', '.join(_AXES)}, not {x_axis!r}")
        charts = await self.get_metrics_for_chart(experiment_keys, metrics)
        if not charts:
            return None
        return chart_frame(charts, metrics, x_axis, interpolate=interpolate)

    async def get_query_variables(self, workspace: str, project_name: str) -> list[QueryColumn]:
        """Return what an expression can name in a project, of the classes of `comet_async.query`.

        Args:
            workspace: The workspace.
            project_name: The project.
        """
        asked = comet.get_project_columns(workspace_name=workspace, project_name=project_name)
        columns = (await self.send(asked)).columns
        return [
            Tag(column.name) if column.source == "tag" else VARIABLES[column.source](column.name)
            for column in columns
            if column.name and column.source in VARIABLES
        ]

    async def query(
        self,
        workspace: str,
        project_name: str,
        query: Expression | str,
        archived: bool = False,
        *,
        strict: bool = True,
    ) -> list[APIExperiment]:
        """Return the experiments of a project that match an expression.

        Three requests for any number of them: columns, keys, and one listing for the metadata
        (of a few keys, a request for each at the same time).

        Args:
            workspace: The workspace.
            project_name: The project.
            query: Which experiments are wanted, as `(Metric("loss") < 0.1) & Tag("best")`, or
                the text of it.
            archived: Of the archived experiments instead.
            strict: Whether a name that is no column of the project is refused.

        Raises:
            UsageError: It is no expression, or names an unknown column; near names are told.
        """
        named: _Named = {"workspace_name": workspace, "project_name": project_name}
        session = await self._opened()
        found = await ask(session, query, archived=archived, strict=strict, **named)
        known = await experiments_of(session, found.keys, archived=archived, **named)
        return self._wrapped(known)

    async def search(
        self,
        workspace: str,
        project_name: str,
        query: Expression | str,
        archived: bool = False,
        page: int | None = None,
        page_size: int | None = None,
        *,
        strict: bool = True,
    ) -> list[APIExperiment]:
        """Return the experiments of a project that match an expression, by the newer search.

        Args:
            workspace: The workspace.
            project_name: The project.
            query: As for `query`.
            archived: Of the archived experiments instead.
            page: Only this page, from 1; default all of them.
            page_size: Experiments on a page; default 100 with `page`, else as many as are cheap.
            strict: Whether a name that is no column of the project is refused.

        Raises:
            UsageError: It is no expression, or names an unknown column; near names are told.
            NotFoundError: There is no such project.
        """
        named: _Named = {"workspace_name": workspace, "project_name": project_name}
        session = await self._opened()
        if page is None:
            found = await search_all(
                session,
                query,
                archived=archived,
                strict=strict,
                page_size=page_size or _SEARCH_PAGE,
                **named,
            )
            keys: Sequence[str] = found.keys
        else:
            columns = (
                await self.send(comet.get_project_columns(archived=archived, **named))
            ).columns
            tree = resolve(as_expression(query), columns, strict=strict).rules_tree
            asked = comet.search_experiments(
                await self._project_id(workspace, project_name),
                tree,
                limit=page_size,
                page=page,
                deleted=archived,
            )
            keys = [hit.experiment_key for hit in (await self.send(asked)).experiments]
        return self._wrapped(await experiments_of(session, keys, archived=archived, **named))
