"""What a harvest is about: a workspace, a project or single experiments, and which of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Literal, TypeAlias

import msgspec

from comet_async import comet
from comet_async.comet.common import SERVICE
from comet_async.domino.common import SERVICE as DOMINO_SERVICE
from comet_async.engine.session import Session
from comet_async.errors import UsageError
from comet_async.query import Expression, read_expression
from comet_async.redaction import printable, shortened
from comet_async.service import Service, service_named

__all__ = [
    "Scope",
    "Selection",
    "State",
    "flag_predicate",
    "parse_scope",
    "scope_text",
    "service_of",
    "tag_predicate",
]

State: TypeAlias = Literal["running", "finished", "crashed"]

_DOMINO = f"{DOMINO_SERVICE}:"
_ALL = "*"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Scope(msgspec.Struct, frozen=True):
    """Which experiments or jobs: of a workspace, a project in it, or of Domino.

    Attributes:
        workspace: Name of the workspace; empty for Domino, which has none.
        project: Name of the project, of Domino its id as well; None for all of them.
        service: Name of the service that has it.
    """

    workspace: str
    project: str | None = None
    service: str = SERVICE

    def __str__(self) -> str:
        return shortened(scope_text(self.workspace, self.project))


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Which experiments or jobs of a scope, and what of them.

    Jobs of Domino have `archived`, `keys`, `tags`, `since`, `until` and `states`; the others are
    refused there.

    Attributes:
        archived: Archived experiments as well.
        keys: These experiments only, any collection; empty for no such limit.
        tags: Experiments with all of these tags; the server looks.
        predicates: Experiments that meet all of these predicates; the server looks. Each is
            `{"source": ..., "query": {"condition": ..., "rules": [...]}}`.
        where: Experiments that this expression wants, or its text; the server looks. It is kept as
            text; `expression` reads it.
        since: Experiments that started at this time or later.
        until: Experiments that started before this time.
        states: Experiments in one of these states; empty for all.
        metrics: Metrics whose name matches one of these globs, as `val/*`; empty for all.
        remote: Fetch remote files that have an http(s) link, too; others are listed only.
        expand: Expand archives of models that are asked for; each stays beside its folder.
        exact: Ask each experiment for all there is instead of many at once: series with context
            and offset, whole where the stored one was downsampled, and no answer inferred.

    Raises:
        UsageError: `since` or `until` has no time zone, a state is unknown, or the text of `where`
            is no expression.
    """

    archived: bool = False
    keys: frozenset[str] = frozenset()
    tags: tuple[str, ...] = ()
    predicates: tuple[Mapping[str, object], ...] = ()
    where: Expression | str | None = None
    since: datetime | None = None
    until: datetime | None = None
    states: tuple[State, ...] = ()
    metrics: tuple[str, ...] = ()
    remote: bool = False
    expand: bool = False
    exact: bool = False

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "keys", frozenset(self.keys))
        if self.expression is not None:
            msgspec.structs.force_setattr(self, "where", str(self.expression))
        for moment in (self.since, self.until):
            if moment is not None and moment.tzinfo is None:
                raise UsageError(f"{moment} needs a time zone, as 2026-01-31T00:00:00Z")
        unknown = [state for state in self.states if state not in _STATES]
        if unknown:
            raise UsageError(f"{printable(unknown[0])} is no state; known are {', '.join(_STATES)}")

    @property
    def expression(self) -> Expression | None:
        """The expression, None if there is none."""
        return read_expression(self.where) if isinstance(self.where, str) else self.where

    @property
    def flags(self) -> tuple[bool, ...]:
        """Values of the `archived` flag to ask with, one after the other."""
        return (False, True) if self.archived else (False,)

    @property
    def asks_server(self) -> bool:
        """Whether the server must be asked which experiments match."""
        return bool(self.tags or self.predicates or self.where is not None)

    def has(self, experiment: comet.Experiment) -> bool:
        """Tell whether an experiment matches, as far as its listing shows that."""
        start = experiment.start_time_millis
        if self.since is not None and (start is None or start < _first_millis(self.since)):
            return False
        if self.until is not None and (start is None or start >= _first_millis(self.until)):
            return False
        if self.states and not any(_STATES[state](experiment) for state in self.states):
            return False
        return not self.keys or experiment.experiment_key in self.keys

    def has_metric(self, name: str) -> bool:
        """Tell whether a metric's series is wanted.

        >>> Selection(metrics=("val/*",)).has_metric("val/loss")
        True
        """
        return not self.metrics or any(fnmatchcase(name, glob) for glob in self.metrics)

    def all_predicates(self) -> list[Mapping[str, object]]:
        """Return what the server is asked, but for `where`: the predicates, one for each tag."""
        return [*self.predicates, *map(tag_predicate, self.tags)]


def tag_predicate(tag: str) -> Mapping[str, object]:
    """Return the predicate of experiments that have a tag."""
    return _predicate("tag", tag, "string", tag)


def flag_predicate(name: str) -> Mapping[str, object]:
    """Return the predicate of experiments of which a boolean metadata column is true."""
    return _predicate("metadata", name, "boolean", 1)


def _predicate(source: str, name: str, kind: str, value: object) -> Mapping[str, object]:
    rule = {"id": name, "field": name, "type": kind, "operator": "equal", "value": value}
    return {"source": source, "query": {"condition": "AND", "rules": [rule], "valid": True}}


def _first_millis(moment: datetime) -> int:
    """Return the first whole millisecond since 1970 UTC that is not before a moment, exactly."""
    return -((_EPOCH - moment) // timedelta(milliseconds=1))


def _crashed(experiment: comet.Experiment) -> bool:
    return bool(experiment.has_crashed)


def _running(experiment: comet.Experiment) -> bool:
    return bool(experiment.running)


def _finished(experiment: comet.Experiment) -> bool:
    return not experiment.running and not experiment.has_crashed


_STATES = {"running": _running, "finished": _finished, "crashed": _crashed}


def scope_text(workspace: str, project: str | None) -> str:
    """Return how a scope is written; what is in no workspace is of Domino.

    >>> scope_text("team", "resnet"), scope_text("", None)
    ('team/resnet', 'domino:*')
    """
    if not workspace:
        return f"{_DOMINO}{_ALL if project is None else project}"
    return workspace if project is None else f"{workspace}/{project}"


def parse_scope(text: str) -> Scope:
    """Return the scope that `WORKSPACE`, `WORKSPACE/PROJECT` or `domino:PROJECT` names.

    A project of Domino is named by its name, `OWNER/NAME` or its id; `domino:*` is all of them.

    Raises:
        UsageError: A name is empty.
    """
    if text.startswith(_DOMINO):
        name = text.removeprefix(_DOMINO).strip()
        if not name:
            raise UsageError(f"{printable(text)!r} is no scope; use domino:PROJECT or domino:*")
        return Scope("", None if name == _ALL else name, DOMINO_SERVICE)
    workspace, slash, project = text.partition("/")
    if not workspace.strip() or (slash and not project.strip()):
        raise UsageError(f"{printable(text)!r} is no scope; use WORKSPACE or WORKSPACE/PROJECT")
    return Scope(workspace, project if slash else None)


def service_of(session: Session, name: str = SERVICE) -> Service:
    """Return the profile of a session for a service, that of Comet unless another is named.

    Raises:
        UsageError: It has none.
    """
    service = service_named(session.services, name)
    if service is None:
        raise UsageError(
            f"a harvest needs a session with the {name.capitalize()} service: "
            f"Session({name}.service())"
        )
    return service
