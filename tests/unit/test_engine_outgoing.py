"""From requests to hops: heads that are made once for each kind, keys that change meanwhile."""

from __future__ import annotations

import msgspec

from comet_async.credentials import Secret
from comet_async.engine.outgoing import Outgoing
from comet_async.engine.transport import Timeouts
from comet_async.service import Service
from tests.support.doubles import blob, get, post


def outgoing(*keys: Secret) -> Outgoing:
    waiting = list(keys)
    service = Service(
        name="comet",
        base_url="https://api.test",
        credentials=lambda: waiting.pop(0) if len(waiting) > 1 else waiting[0],
    )
    return Outgoing(service, "mine", Timeouts(), 1000)


async def test_requests_of_a_kind_share_their_head() -> None:
    made = outgoing(Secret("one"))
    first, second = [await made.first_hop(get(n=n), fresh=False) for n in "ab"]
    assert first.headers is second.headers
    assert first.url != second.url
    octets = await made.first_hop(blob(), fresh=False)
    assert dict(octets.headers)["Accept-Encoding"] == "identity"
    assert dict(first.headers)["Accept-Encoding"] == "gzip"


async def test_a_changed_key_changes_every_head_and_both_are_masked() -> None:
    made = outgoing(Secret("one"), Secret("two"))
    for expected in ("one", "two", "two"):
        hop = await made.first_hop(get(), fresh=False)
        key = dict(hop.headers)["Authorization"]
        assert isinstance(key, Secret)
        assert key.reveal() == expected
    assert list(made.secrets()) == ["one", "two"]


async def test_endless_media_types_are_not_all_remembered() -> None:
    made = outgoing(Secret("one"))
    for number in range(100):
        request = msgspec.structs.replace(post(), content_type=f"multipart/x; boundary={number}")
        hop = await made.first_hop(request, fresh=False)
        assert dict(hop.headers)["Content-Type"] == f"multipart/x; boundary={number}"
    assert len(made._heads) <= 16
