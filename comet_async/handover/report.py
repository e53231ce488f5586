"""What a handover brought over, and what it could not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec

from comet_async.errors import CometAsyncError
from comet_async.handover.places import LostField

__all__ = ["ALTERED", "HandoverError", "HandoverProgress", "HandoverReport", "Tally"]

ALTERED: Mapping[str, str] = {
    "duplicates": "points of one series that were alike in value, step and time: one of them stays",
    "infinities": "infinite values, kept as the largest float",
    "no_step": "points without a step (MLflow: at step 0), or with one of more than 12 digits",
    "no_time": "points without a time, written at the start of the run",
    "no_number": "points whose value is no number, or that have no name: left out",
    "texts": "points whose value is a text: below texts/, as a series of texts",
    "respelled": "numbers that were spelled otherwise, as 1.0E-5: the float is the same",
    "cut": "values that were too long: cut, and whole in the file comet/long_values.json",
    "renamed": "names with characters that may not be there: spelled otherwise",
    "several_values": "names that stood more than once in one run: the later ones left out",
    "missing_files": "files that the lake lists and does not have",
}
"""What a handover changes, by the name under which it counts it."""


_COUNTED = ("written", "kept", "points", "parameters", "tags", "files", "bytes")


class HandoverError(CometAsyncError):
    """The other tracker cannot be written, or what is there is in the way."""

    remedy = "put right what it says and run it again: it goes on where it stopped"


class HandoverProgress(Protocol):
    """Told how far it is; the views of `comet_async.progress` are such."""

    def planned(self, table: str, items: int) -> None:
        """Take note of `items` more to do."""
        ...

    def finished(self, table: str, items: int, rows: int) -> None:
        """Take note of `items` more that are over, and of the rows in them."""
        ...

    def failed(self, table: str, items: int) -> None:
        """Take note that `items` of those that are over have failed."""
        ...


class HandoverReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was handed over.

    Attributes:
        target: "MLflow" or "neptune-exporter".
        destination: Where to, without what opens it.
        experiments: Experiments that were meant.
        written: Those written now.
        kept: Those that an earlier handover had written whole.
        changed: Keys of those written earlier that have other rows in the lake now.
        failed: Keys of those that failed, with the reason.
        points: Points of metrics that were written.
        parameters: Parameters that were written.
        tags: Tags and other values that were written.
        files: Files that were written.
        bytes: Their bytes.
        altered: How often what was changed on the way, by the names of `ALTERED`.
        renamed: Names that were spelled otherwise, with the name that they had.
        lost: Fields that have values in the lake and no place in the other tracker.
        dry_run: Whether nothing was written, and the numbers are those of the lake.
    """

    target: str
    destination: str
    experiments: int = 0
    written: int = 0
    kept: int = 0
    changed: tuple[str, ...] = ()
    failed: Mapping[str, str] = {}
    points: int = 0
    parameters: int = 0
    tags: int = 0
    files: int = 0
    bytes: int = 0
    altered: Mapping[str, int] = {}
    renamed: Mapping[str, str] = {}
    lost: tuple[LostField, ...] = ()
    dry_run: bool = False

    @property
    def exit_code(self) -> int:
        """0 when each experiment is over there as it is in the lake, 3 when not."""
        return 3 if self.failed or self.changed else 0

    def to_dict(self) -> dict[str, object]:
        """Return the members by name."""
        return msgspec.structs.asdict(self)


class Tally:
    """Counts while a handover runs."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = dict.fromkeys(_COUNTED, 0)
        self.altered: dict[str, int] = {}
        self.renamed: dict[str, str] = {}
        self.changed: list[str] = []
        self.failed: dict[str, str] = {}

    def add(self, name: str, number: int = 1) -> None:
        """Count something that was written."""
        self.counts[name] += number

    def alter(self, name: str, number: int = 1) -> None:
        """Count something that was changed on the way."""
        if number:
            self.altered[name] = self.altered.get(name, 0) + number

    def rename(self, key: str, name: str) -> None:
        """Take note of a name that is spelled otherwise."""
        if key not in self.renamed:
            self.renamed[key] = name
            self.alter("renamed")

    def report(
        self,
        target: str,
        destination: str,
        *,
        experiments: int,
        lost: tuple[LostField, ...],
        dry_run: bool = False,
    ) -> HandoverReport:
        """Return what was counted."""
        return HandoverReport(
            target=target,
            destination=destination,
            experiments=experiments,
            changed=tuple(self.changed),
            failed=self.failed,
            altered=self.altered,
            renamed=self.renamed,
            lost=lost,
            dry_run=dry_run,
            **self.counts,
        )
