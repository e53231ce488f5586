"""Experiments that match an expression, and the charts of many experiments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from comet_async import comet
from comet_async.api.experiment import APIExperiment
from comet_async.api.frames import chart_frame
from comet_async.api.listing import ExperimentReads
from comet_async.errors import UsageError
from comet_async.query import Expression, Tag, resolve
from comet_async.query.expressions import VARIABLES, Variable

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["QueryColumn", "QueryReads"]

QueryColumn: TypeAlias = Variable | Tag
"""A column that expressions can name."""

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
        columns = await self._columns(workspace, project_name, archived=False)
        return [
            Tag(column.name) if column.source == "tag" else VARIABLES[column.source](column.name)
            for column in columns
            if column.name and column.source in VARIABLES
        ]

    async def query(
        self,
        workspace: str,
        project_name: str,
        query: Expression,
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
            query: Which experiments are wanted, as `(Metric("loss") < 0.1) & Tag("best")`.
            archived: Of the archived experiments instead.
            strict: Whether a name that is no column of the project is refused.

        Raises:
            UsageError: It is no expression, or names an unknown column; near names are told.
        """
        columns = await self._columns(workspace, project_name, archived=archived)
        resolved = resolve(query, columns, strict=strict)
        found = await self.send(
            comet.query_project(
                resolved.predicates,
                workspace_name=workspace,
                project_name=project_name,
                archived=archived,
            )
        )
        return await self._of_keys(
            workspace,
            project_name,
            found.experiment_keys,
            archived=archived,
            in_project=found.experiments_in_project,
        )

    async def search(
        self,
        workspace: str,
        project_name: str,
        query: Expression,
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
        project_id = await self._project_id(workspace, project_name)
        columns = await self._columns(workspace, project_name, archived=archived)
        tree = resolve(query, columns, strict=strict).rules_tree
        if page is not None:
            asked = comet.search_experiments(
                project_id, tree, limit=page_size, page=page, deleted=archived
            )
            keys = [hit.experiment_key for hit in (await self.send(asked)).experiments]
        else:
            listing = comet.paged_search(
                project_id, tree, limit=page_size or _SEARCH_PAGE, deleted=archived
            )
            session = await self._opened()
            keys = [hit.experiment_key async for hit in session.items(listing)]
        return await self._of_keys(workspace, project_name, keys, archived=archived)

    async def _columns(
        self, workspace: str, project_name: str, *, archived: bool
    ) -> list[comet.Column]:
        asked = comet.get_project_columns(
            workspace_name=workspace, project_name=project_name, archived=archived or None
        )
        return (await self.send(asked)).columns
