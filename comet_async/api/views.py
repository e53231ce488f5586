"""Views as they are saved anew: without what ties them to where they come from."""

from __future__ import annotations

from typing import TypeVar, cast

import msgspec

from comet_async import comet
from comet_async.request import Request

__all__ = ["saved_anew", "with_states"]

T = TypeVar("T")


def saved_anew(view: comet.View, project_id: str) -> comet.NewView:
    """Return a view as a new one of a project."""
    return comet.NewView(
        project_id=project_id,
        template_name=view.template_name or "",
        experiment_query_state=view.experiment_query_state,
        dashboard_chart_state=view.dashboard_chart_state,
        react_grid_table_state=view.react_grid_table_state,
        v2=_without_experiment(view.v2),
        v3=_without_experiment(view.v3),
    )


def with_states(request: Request[T], view: comet.View) -> Request[T]:
    """Return a request for a view with its states in the body.

    The catalogue's function has the three members that were seen on the wire; the vendor's client
    sends the states of a view to the same endpoint.
    """
    states = cast("dict[str, object]", msgspec.to_builtins(saved_anew(view, "")))
    body = cast("dict[str, object]", msgspec.json.decode(request.body or b"{}"))
    whole = msgspec.json.encode({**states, **body})
    return msgspec.structs.replace(request, body=whole)


def _without_experiment(state: object) -> object:
    """Leave out the experiment that a state names: it is another one, perhaps."""
    if isinstance(state, dict):
        members = cast("dict[str, object]", state)
        return {name: value for name, value in members.items() if name != "experimentKey"}
    return state
