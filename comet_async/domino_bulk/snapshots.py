"""Take snapshots of datasets and wait until they can be used."""

from __future__ import annotations

from collections.abc import Sequence

from comet_async import domino
from comet_async.domino import SnapshotDetails, SnapshotEnvelope
from comet_async.domino_bulk.waiting import Polling, poll
from comet_async.engine.session import Session
from comet_async.errors import CometAsyncError
from comet_async.redaction import printable

__all__ = ["SnapshotFailed", "take_snapshot", "wait_for_snapshot"]

_ACTIVE = "active"
_UNDER_WAY = frozenset({"", "pending", "copying"})


class SnapshotFailed(CometAsyncError):
    """A snapshot failed, or is being deleted.

    Args:
        snapshot: The snapshot as it stands.
    """

    def __init__(self, snapshot: SnapshotDetails) -> None:
        super().__init__(f"the snapshot {printable(snapshot.id)} is {_word(snapshot)}")
        self.snapshot = snapshot


async def take_snapshot(
    session: Session,
    dataset_id: str,
    relative_file_paths: Sequence[str],
    *,
    polling: Polling | None = None,
) -> SnapshotDetails:
    """Take a snapshot of a dataset and return it when it is active.

    It is asked for once; cancelling the wait leaves it to go on.

    Args:
        session: An open session with the Domino service.
        dataset_id: Id of the dataset.
        relative_file_paths: Paths to include.
        polling: How patiently to wait.

    Raises:
        SnapshotFailed: It failed, or somebody deletes it.
        WaitedTooLong: The deadline has passed; it may still become active.
        OutcomeUnknown: Nobody knows whether it was begun.
        CometAsyncError: The server said no, or does not answer.

    Source: Domino REST API, DatasetRw.
    """
    request = domino.create_snapshot(dataset_id, relative_file_paths)
    begun = (await session.send(request)).snapshot
    return await wait_for_snapshot(session, begun.id, polling=polling)


async def wait_for_snapshot(
    session: Session, snapshot_id: str, *, polling: Polling | None = None
) -> SnapshotDetails:
    """Return a snapshot when it is active.

    Args:
        session: An open session with the Domino service.
        snapshot_id: Id of the snapshot.
        polling: How patiently to wait.

    Raises:
        SnapshotFailed: It failed, or somebody deletes it.
        WaitedTooLong: The deadline has passed; it may still become active.
        CometAsyncError: The server said no, or does not answer.

    Source: Domino REST API, DatasetRw.
    """

    def over(answer: SnapshotEnvelope) -> bool:
        return _word(answer.snapshot) not in _UNDER_WAY

    request = domino.get_snapshot(snapshot_id)
    what = f"the snapshot {snapshot_id}"
    answer = await poll(session, request, over, polling or Polling(), what=what)
    if _word(answer.snapshot) != _ACTIVE:
        raise SnapshotFailed(answer.snapshot)
    return answer.snapshot


def _word(snapshot: SnapshotDetails) -> str:
    return (snapshot.status or "").casefold()
