"""What the fault tests of redirects share: a redirect, a file, a refusal."""

from __future__ import annotations

from pathlib import Path

import pytest

from comet_async import Session
from comet_async.errors import RedirectError
from tests.faults.support_client import asset, names_in
from tests.support.raw_server import Action, answer

CONTENT = b"weights" * 100


def to(target: str, status: int = 302) -> Action:
    return answer(status=f"{status} Moved", headers=[("Location", target)])


async def refused(session: Session, tmp_path: Path, match: str) -> None:
    """See that neither a call nor a download follows the redirect, and neither is repeated."""
    with pytest.raises(RedirectError, match=match) as sent:
        await session.send(asset())
    with pytest.raises(RedirectError, match=match) as downloaded:
        await session.download(asset(), tmp_path / "file")
    for error in (sent.value, downloaded.value):
        assert len(error.attempts) == 1
        assert (error.__cause__, error.__context__) == (None, None)
        assert error.request == asset()
    assert names_in(tmp_path) == []
