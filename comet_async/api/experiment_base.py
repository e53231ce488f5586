"""What is known of an experiment without a request."""

from __future__ import annotations

from itertools import islice
from typing import TypeVar

import msgspec

from comet_async import comet
from comet_async.api.core import Core
from comet_async.api.short_forms import PlainValue, plain_values
from comet_async.comet.experiments import Experiment
from comet_async.request import Request
from comet_async.shown import Link, Shown, Table, facts, told_millis, told_time

__all__ = ["ExperimentBase"]

T = TypeVar("T")

_METRICS = 10


class ExperimentBase(Shown):
    """An experiment as the listing, or `get_experiment_by_key`, told of it.

    Args:
        api: The `API` that sends its requests.
        metadata: What is known of it.
    """

    def __init__(self, api: Core, metadata: Experiment) -> None:
        self._api = api
        self._metadata = metadata

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ExperimentBase) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} '{self.workspace}/{self.project_name}/{self.key}'>"

    def _table(self) -> Table:
        told = self._metadata
        return facts(
            f"{type(self).__name__} {self.name or self.key}",
            (
                ("key", self.key),
                ("project", f"{self.workspace}/{self.project_name}"),
                ("state", self.state),
                ("started", told_time(told.start_time_millis)),
                ("duration", told_millis(told.duration_millis)),
                ("user", told.user_name),
                ("file", told.file_name),
                *islice(self.known_metrics.items(), _METRICS),
                ("page", Link(self.url)),
            ),
        )

    @property
    def state(self) -> str | None:
        """State when it was listed: "running", "crashed", "finished"; None if it was not told.

        `get_state` asks for the present one.
        """
        if self._metadata.has_crashed:
            return "crashed"
        if self._metadata.running is None:
            return None
        return "running" if self._metadata.running else "finished"

    @property
    def known_metrics(self) -> dict[str, PlainValue]:
        """Last values of its metrics, as far as they were read and are in the cache."""
        known = self._api.known(comet.get_experiment_metrics_summary(self.key))
        return {} if known is None else plain_values(known.values)

    @property
    def metadata(self) -> Experiment:
        """All that is known without a request; `get_metadata` asks anew."""
        return self._metadata

    @property
    def id(self) -> str:
        """Its key; mostly 32 hex digits."""
        return self._metadata.experiment_key

    @property
    def key(self) -> str:
        """Its key; mostly 32 hex digits."""
        return self._metadata.experiment_key

    @property
    def name(self) -> str | None:
        """Its name when it was listed; `get_name` asks for the present one."""
        return self._metadata.experiment_name

    @property
    def workspace(self) -> str | None:
        """Workspace of its project."""
        return self._metadata.workspace_name

    @property
    def project_name(self) -> str | None:
        """Name of its project."""
        return self._metadata.project_name

    @property
    def project_id(self) -> str | None:
        """Id of its project."""
        return self._metadata.project_id

    @property
    def archived(self) -> bool:
        """Whether it is archived."""
        return bool(self._metadata.archived)

    @property
    def duration_millis(self) -> int | None:
        """Duration in milliseconds."""
        return self._metadata.duration_millis

    @property
    def start_server_timestamp(self) -> int | None:
        """Start, in milliseconds since 1970 UTC."""
        return self._metadata.start_time_millis

    @property
    def end_server_timestamp(self) -> int | None:
        """End, in milliseconds since 1970 UTC; None while it runs."""
        return self._metadata.end_time_millis

    @property
    def optimization_id(self) -> str | None:
        """Optimizer run that it belongs to, if any."""
        return self._metadata.optimization_id

    @property
    def file_path(self) -> str | None:
        """Path of the script, if known."""
        return self._metadata.file_path

    @property
    def file_name(self) -> str | None:
        """Name of the script, if known."""
        return self._metadata.file_name

    @property
    def url(self) -> str:
        """Address of its web page."""
        parts = [self._api.server_url, self.workspace or "UNKNOWN", self.project_name or "general"]
        return "/".join([*parts, *(["archive"] if self.archived else []), self.key])

    def to_dict(self) -> dict[str, object]:
        """Return what is known without a request, by the names that the vendor's client gives."""
        return {
            "id": self.id,
            "name": self.name,
            "workspace": self.workspace,
            "project_name": self.project_name,
            "archived": self.archived,
            "url": self.url,
            "duration_millis": self.duration_millis,
            "start_server_timestamp": self.start_server_timestamp,
            "end_server_timestamp": self.end_server_timestamp,
            "optimization_id": self.optimization_id,
            "file_path": self.file_path,
            "file_name": self.file_name,
        }

    async def _send(self, request: Request[T]) -> T:
        return await self._api.send(request)

    def _learn(self, **changes: object) -> None:
        self._metadata = msgspec.structs.replace(self._metadata, **changes)
