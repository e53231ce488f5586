"""Which metric the best runs are found by, which way it is good, and which parameters tell more."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Literal, TypeAlias

import msgspec

from comet_async.errors import UsageError
from comet_async.redaction import printable, shortened

__all__ = [
    "Direction",
    "MetricTold",
    "ParameterTold",
    "chosen_metric",
    "guessed_direction",
    "key_metrics",
    "telling_parameters",
]

Direction: TypeAlias = Literal["lowest", "highest"]
"""Which value is the best one."""

_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_GOOD = frozenset({
    "acc", "accuracy", "auc", "auroc", "bleu", "dice", "f1", "fscore", "iou", "map", "ndcg",
    "precision", "psnr", "r2", "recall", "return", "returns", "reward", "rewards", "rouge",
    "score", "specificity", "sensitivity", "ssim", "throughput", "top1", "top5", "kappa", "mcc",
    "success", "win"
})  # fmt: skip
_BAD = frozenset({
    "bpb", "bpc", "cer", "cost", "cross", "deviation", "distance", "div", "error", "errors",
    "err", "entropy", "eer", "fid", "hinge", "kl", "latency", "logloss", "loss", "losses", "mae",
    "mape", "mse", "nll", "perplexity", "ppl", "regret", "residual", "rmse", "wer"
})  # fmt: skip
_JUDGED = frozenset({
    "val", "valid", "validation", "test", "eval", "dev", "holdout"
})  # fmt: skip
_TRAINED = frozenset({
    "train", "training", "batch", "step"
})  # fmt: skip
_MACHINE = frozenset({
    "sys", "epoch", "epochs", "step", "steps", "iteration", "lr", "time", "duration", "seconds",
    "elapsed", "grad", "norm", "memory", "gpu", "cpu", "ram", "samples", "tokens", "curr", "size",
    "count"
})  # fmt: skip
_PROGRESS = frozenset({"curr_step", "curr_epoch"})
_NEAR = 5
_TOLD = 12
_MANY = 20
_CATEGORIES = 16
_READABLE = 18


class MetricTold(msgspec.Struct, frozen=True, kw_only=True):
    """A metric over all runs.

    Attributes:
        name: Its name.
        runs: Runs that have it.
        low: Smallest finite value; None where there is none.
        high: Largest finite value.
    """

    name: str
    runs: int
    low: float | None = None
    high: float | None = None


class ParameterTold(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter over the runs that are compared.

    Attributes:
        name: Its name.
        runs: Runs that have it.
        values: Different values.
        numeric: Whether all of them are numbers.
        longest: Characters of the longest value.
    """

    name: str
    runs: int
    values: int
    numeric: bool
    longest: int = 0

    @property
    def drawable(self) -> bool:
        """Whether its values can stand on an axis: as numbers, or as few categories."""
        few = self.values <= _CATEGORIES and self.longest <= _READABLE
        return self.numeric or few


def words_of(name: str) -> frozenset[str]:
    """Return the words of a name in lower case.

    >>> sorted(words_of("val/topK_F1-score"))
    ['1', 'f', 'f1', 'k', 'score', 'top', 'val']
    """
    found = [word.lower() for word in _WORDS.findall(name)]
    joined = {one + two for one, two in pairwise(found) if two.isdigit()}
    return frozenset({*found, *joined})


def guessed_direction(name: str) -> Direction | None:
    """Return which value of a metric its name calls the best; None if it does not tell.

    >>> guessed_direction("val_loss"), guessed_direction("AUC"), guessed_direction("foo")
    ('lowest', 'highest', None)
    """
    words = words_of(name)
    if words & _BAD:
        return "lowest"
    return "highest" if words & _GOOD else None


def chosen_metric(metrics: Sequence[MetricTold], wanted: str | None) -> str | None:
    """Return the metric to find the best runs by; None where there is none.

    Of those that most runs have it is one that is judged on unseen data and whose name tells which
    way is good.

    Args:
        metrics: The metrics.
        wanted: Name that was asked for; None to guess.

    Raises:
        UsageError: There is no metric of that name; the message has near ones.
    """
    names = [metric.name for metric in metrics]
    if wanted is not None:
        if wanted not in names:
            raise _unknown(wanted, names)
        return wanted
    ranked = _ranked(metrics)
    return ranked[0].name if ranked else None


def key_metrics(metrics: Sequence[MetricTold], chosen: str | None, limit: int) -> list[str]:
    """Return other metrics that are worth a column, the best first."""
    names = [metric.name for metric in _ranked(metrics) if metric.name != chosen]
    return names[:limit]


def _ranked(metrics: Sequence[MetricTold]) -> list[MetricTold]:
    usable = [metric for metric in metrics if metric.low is not None or metric.high is not None]
    most = max((metric.runs for metric in usable), default=0)

    def rank(metric: MetricTold) -> tuple[object, ...]:
        words = words_of(metric.name)
        machine = guessed_direction(metric.name) is None and bool(words & _MACHINE)
        trained = bool(words & _TRAINED)
        return (
            machine,
            metric.runs * 2 < most,
            guessed_direction(metric.name) is None,
            trained,
            not words & _JUDGED,
            -metric.runs,
            metric.name,
        )

    return sorted(usable, key=rank)


def _unknown(wanted: str, names: Sequence[str]) -> UsageError:
    told = printable(wanted)
    near = near_names(wanted, names)
    if near:
        return UsageError(f"no metric is called {told}; near: {', '.join(near)}")
    known = ", ".join(shortened(name, 60) for name in names[:_TOLD])
    more = f" and {len(names) - _TOLD:,} more" if len(names) > _TOLD else ""
    if not known:
        return UsageError(f"no metric is called {told}; this harvest has no metrics")
    return UsageError(f"no metric is called {told}; there are: {known}{more}")


def near_names(wanted: str, names: Iterable[str]) -> list[str]:
    """Return names that are like another, the nearest first, printable."""
    lower = {name.lower(): name for name in names}
    near = difflib.get_close_matches(wanted.lower(), lower, n=_NEAR, cutoff=0.5)
    near += [name for name in lower if wanted.lower() in name and name not in near]
    return [shortened(lower[name], 60) for name in near[:_NEAR]]


def telling_parameters(
    parameters: Sequence[ParameterTold], runs: int, limit: int
) -> list[ParameterTold]:
    """Return parameters that set runs apart, the most telling first.

    Those that differ in every one of many runs and are no numbers, as names of files, tell little;
    so do those that few runs have.

    Args:
        parameters: All that have more than one value.
        runs: Runs that are compared.
        limit: How many at most.
    """

    def rank(found: ParameterTold) -> tuple[object, ...]:
        unique = not found.numeric and found.values == found.runs and found.runs > _MANY
        bookkeeping = bool(words_of(found.name) & {"curr", "seed", "state", "path", "dir", "file"})
        return (unique, bookkeeping, found.runs * 2 < runs, -found.runs, found.values, found.name)

    useful = [found for found in parameters if found.name not in _PROGRESS]
    return sorted(useful, key=rank)[:limit]
