"""Uploads in parts: started, filled part by part, completed or given up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from comet_async.server.records import JsonObject
from comet_async.server.upload_folder import DiskContent

__all__ = ["PendingUpload", "PendingUploads"]


@dataclass(slots=True)
class PendingUpload:
    """One upload that was started.

    Attributes:
        asset: Members that say what the asset will be.
        count: Number of parts.
        parts: Parts that have arrived, by number from 1.
    """

    asset: JsonObject
    count: int
    parts: dict[int, DiskContent] = field(default_factory=dict[int, DiskContent])

    def whole(self) -> Sequence[DiskContent] | None:
        """Return the parts in order, None while some are missing."""
        if len(self.parts) < self.count:
            return None
        return [self.parts[number] for number in range(1, self.count + 1)]


@dataclass(slots=True)
class PendingUploads:
    """Uploads by request id; whoever writes holds the store's lock."""

    by_id: dict[str, PendingUpload] = field(default_factory=dict[str, PendingUpload])
