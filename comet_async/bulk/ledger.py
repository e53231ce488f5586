"""The ledger of bulk writes: what was sent, and what became of it.

Nothing is sent of which the line before sending is not on the disk whole.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from comet_async.engine.entry_file import EntryFile
from comet_async.redaction import mask, shortened

__all__ = ["Entry", "State", "WriteLedger"]

State: TypeAlias = Literal["sent", "done", "failed", "unknown"]
"""Of an item: "sent" is all that is known until its answer comes."""

_REASON = 300


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of one item.

    Attributes:
        item: As an experiment key.
        state: What became of it.
        reason: Why it failed, or why nobody knows.
        at_ms: When that was known, ms since 1970 UTC.
    """

    item: str
    state: State
    reason: str | None = None
    at_ms: int = 0


class WriteLedger(EntryFile[Entry]):
    """The ledger of one operation. Use it as `async with`.

    Args:
        path: The file; made where it is missing.
        url: Root of the server that is written to.
        operation: What is done to each item.
        arguments: With what.

    Attributes:
        entries: The last entry of each item that an earlier run has left.

    Raises:
        LedgerError: The file is of something else, damaged, or in use by another process.
        DestinationError: It cannot be opened or written.
    """

    def __init__(self, path: Path, url: str, operation: str, arguments: Mapping[str, str]) -> None:
        super().__init__(
            path, kind="writes", url=url, operation=operation, arguments=arguments, entry=Entry
        )

    async def record(self, items: Iterable[str], state: State, reason: str | None = None) -> None:
        """Append the state of some items; it is written when this returns.

        "sent" is on the disk by then, so that a loss of power does not lead to a second sending.

        Raises:
            DestinationError: The disk is full or failing.
        """
        told = None if reason is None else shortened(mask(reason), _REASON)
        now = time.time_ns() // 1_000_000
        entries = [Entry(item, state, told, now) for item in items]
        await self.append(entries, durable=state == "sent")
