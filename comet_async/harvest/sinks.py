"""Where a harvest goes besides its folder: a small protocol, and any store that fsspec knows."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import msgspec

from comet_async.harvest.destinations import upload
from comet_async.harvest.progress import HarvestProgress
from comet_async.redaction import bare_url

__all__ = ["COPIES", "Remote", "Sink", "SinkReport"]

COPIES = "copies"
"""Name under which progress counts the files that a sink takes elsewhere."""


class Sink(Protocol):
    """Takes what a run has published elsewhere.

    Attributes:
        name: How reports call it, without credentials.
    """

    @property
    def name(self) -> str:
        """How reports call it, without credentials."""
        ...

    async def bring(self, folder: Path, progress: HarvestProgress) -> None:
        """Bring the state of a folder to its place; the folder is locked meanwhile.

        It is asked after each run that came to its end, whether anything had changed or not.

        Raises:
            CometAsyncError: It cannot; the report says so, and the folder is whole all the same.
        """
        ...


class SinkReport(msgspec.Struct, frozen=True):
    """What became of one sink.

    Attributes:
        name: Its name.
        problem: Why it could not be brought up to date; None when it was.
    """

    name: str
    problem: str | None = None


class Remote:
    """A place that fsspec knows, as `s3://bucket/lake`: a sink that `harvest.upload`s.

    Only the difference is sent. The ledger stays in the folder.

    Args:
        url: As fsspec takes it; credentials come from where the store's own tools look.

    Attributes:
        name: The URL without credentials.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self.name = bare_url(url)

    async def bring(self, folder: Path, progress: HarvestProgress) -> None:
        """Send what the place does not have, and take away what no table shows any more.

        Raises:
            UsageError: A package is missing: `comet_async[remote]`.
            DestinationError: The store refuses or cannot be reached.
            PartError: A link stands among the files.
        """
        await upload(folder, self._url, progress=_Told(progress))

    def __repr__(self) -> str:
        return f"Remote({self.name!r})"


class _Told:
    """Tells the progress of a harvest of that of a copy."""

    def __init__(self, progress: HarvestProgress) -> None:
        self._progress = progress

    def planned(self, files: int, size: int) -> None:
        """Take note of files to send."""
        del size
        self._progress.planned(COPIES, files)

    def sent(self, name: str, size: int) -> None:
        """Take note of a file that is there."""
        del name, size
        self._progress.finished(COPIES, 1, 0)
