"""Curves of metrics as they were logged: nothing invented, dropped or put in another order."""

from __future__ import annotations

import difflib
import fnmatch
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import overload

import msgspec

from comet_async.errors import UsageError
from comet_async.redaction import printable, shortened

__all__ = ["Curve", "Curves", "as_names", "chosen_metrics", "is_glob", "no_such"]

_GLOB = re.compile(r"[*?\[]")
_SHORT_KEY = 9
_TOLD = 20


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """One metric of one experiment, in parallel sequences, in the order of the source.

    Attributes:
        experiment_key: Whose it is.
        experiment_name: Name of the experiment, if it has one.
        metric: Name of the metric, case-sensitive.
        context: Context as "train", where the source tells it.
        parameters: Values of the parameters asked for, as text; those it lacks are missing.
        steps: Step of each point, None where it has none.
        epochs: Epoch of each point, None where it has none.
        timestamps: When each was logged, milliseconds since 1970 UTC.
        durations: Seconds since the experiment's start.
        values: The values, NaN and infinities included; None where a value is no number.

    Raises:
        UsageError: The sequences differ in length.
    """

    experiment_key: str
    metric: str
    values: tuple[float | None, ...]
    experiment_name: str | None = None
    context: str | None = None
    parameters: Mapping[str, str] = {}
    steps: tuple[int | None, ...] = ()
    epochs: tuple[int | None, ...] = ()
    timestamps: tuple[int | None, ...] = ()
    durations: tuple[float | None, ...] = ()

    def __post_init__(self) -> None:
        for name in ("steps", "epochs", "timestamps", "durations"):
            found = getattr(self, name)
            if not found:
                msgspec.structs.force_setattr(self, name, (None,) * len(self.values))
            elif len(found) != len(self.values):
                raise UsageError(
                    f"{len(found)} {name} for {len(self.values)} values of {printable(self.metric)}"
                )

    def __len__(self) -> int:
        return len(self.values)


class Curves(msgspec.Struct, frozen=True):
    """Curves of metrics, of one experiment or of thousands; a sequence of `Curve`.

    Attributes:
        curves: The curves: experiments in the order of the source, each with its metrics.
        sampled: Whether a curve may be a sample of its points.
    """

    curves: tuple[Curve, ...] = ()
    sampled: bool = False

    def __iter__(self) -> Iterator[Curve]:
        return iter(self.curves)

    def __len__(self) -> int:
        return len(self.curves)

    @overload
    def __getitem__(self, index: int) -> Curve: ...

    @overload
    def __getitem__(self, index: slice) -> Curves: ...

    def __getitem__(self, index: int | slice) -> Curve | Curves:
        if isinstance(index, slice):
            return Curves(self.curves[index], self.sampled)
        return self.curves[index]

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of the metrics, in the order of their first curves."""
        return tuple(dict.fromkeys(curve.metric for curve in self.curves))

    @property
    def experiments(self) -> tuple[str, ...]:
        """Keys of the experiments, in the order of their first curves."""
        return tuple(dict.fromkeys(curve.experiment_key for curve in self.curves))

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters that any curve has, sorted."""
        return tuple(sorted({name for curve in self.curves for name in curve.parameters}))

    @property
    def points(self) -> int:
        """Points of all curves."""
        return sum(map(len, self.curves))

    def of(self, metric: str) -> Curves:
        """Return the curves of one metric.

        Raises:
            UsageError: There is none; near names are told.
        """
        found = tuple(curve for curve in self.curves if curve.metric == metric)
        if not found:
            raise no_such("metric", metric, self.metrics)
        return Curves(found, self.sampled)

    def labels(self) -> list[str]:
        """Return a short name for each curve, the key added where experiments share a name.

        What tells the metrics or contexts of one experiment apart is not in it, but for contexts.
        """
        owners: dict[str, set[str]] = {}
        contexts: dict[tuple[str, str], set[str | None]] = {}
        for curve in self.curves:
            name = curve.experiment_name or curve.experiment_key
            owners.setdefault(name, set()).add(curve.experiment_key)
            contexts.setdefault((curve.experiment_key, curve.metric), set()).add(curve.context)
        return [
            _label(
                curve,
                shared=len(owners[curve.experiment_name or curve.experiment_key]) > 1,
                several=len(contexts[curve.experiment_key, curve.metric]) > 1,
            )
            for curve in self.curves
        ]

    @property
    def told(self) -> str:
        """What there is, in words."""
        metrics = shortened(printable(", ".join(self.metrics)), 200) or "nothing"
        curves = f"{len(self):,} {'curve' if len(self) == 1 else 'curves'} of {metrics}"
        return f"{curves}, {len(self.experiments):,} experiments, {self.points:,} points"

    def __repr__(self) -> str:
        return f"<Curves: {self.told}>"


def _label(curve: Curve, *, shared: bool, several: bool) -> str:
    key = curve.experiment_key
    name = curve.experiment_name or key
    short = f"{name} ({key[:_SHORT_KEY]})" if shared and name != key else name
    context = f" | {curve.context or '-'}" if several else ""
    return printable(short + context)


def as_names(names: str | Sequence[str], what: str) -> tuple[str, ...]:
    """Return one name or several as a tuple, each once.

    Raises:
        UsageError: There is none, or one is empty.
    """
    found = (names,) if isinstance(names, str) else tuple(dict.fromkeys(names))
    if not found or not all(found):
        raise UsageError(f"name at least one {what}")
    return found


def is_glob(name: str) -> bool:
    """Tell whether a name may be meant as a glob."""
    return _GLOB.search(name) is not None


def chosen_metrics(wanted: Sequence[str], known: Iterable[str]) -> list[str]:
    """Return the names that exist, globs expanded; a name that exists wins over what it is as one.

    Raises:
        UsageError: One matches nothing; near names are told.
    """
    names = sorted(set(known))
    found: dict[str, None] = {}
    for name in wanted:
        matched = [name] if name in names else []
        if not matched and is_glob(name):
            matched = [one for one in names if fnmatch.fnmatchcase(one, name)]
        if not matched:
            raise no_such("metric", name, names)
        found.update(dict.fromkeys(matched))
    return [*found]


def no_such(what: str, name: str, known: Iterable[str]) -> UsageError:
    """Return the error for a name that does not exist, with those near it, else with some."""
    names = sorted(set(known))
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if near:
        told = f"did you mean {' or '.join(shortened(one, 60) for one in near)}?"
    else:
        some = ", ".join(shortened(one, 60) for one in names[:_TOLD]) or "none"
        told = f"there are: {some}{', ...' if len(names) > _TOLD else ''}"
    return UsageError(f"no {what} {shortened(name, 60)}; {told}")
