"""Writes to thousands of experiments: bounded, accounted for, resumed where they were stopped.

    async with Session(comet.service()) as session:
        report = await bulk.archive_experiments(session, keys, ledger="archive.jsonl")
    print(report)  # archive 2,310 of 2,311, 1 failed; 2,311 requests, 190.4 s

The same call again goes on with what is left. `apply` does the same for any other write.
"""

from __future__ import annotations

from comet_async.bulk.applying import Operation, Options, WritesFailed, WritesReport, apply
from comet_async.bulk.experiments import (
    archive_experiments,
    delete_experiments,
    move_experiments,
    restore_experiments,
    tag_experiments,
    untag_experiments,
)
from comet_async.bulk.ledger import Entry, State, WriteLedger

__all__ = [
    "Entry",
    "Operation",
    "Options",
    "State",
    "WriteLedger",
    "WritesFailed",
    "WritesReport",
    "apply",
    "archive_experiments",
    "delete_experiments",
    "move_experiments",
    "restore_experiments",
    "tag_experiments",
    "untag_experiments",
]
