"""The object storage behind `allow301`: presigned links on another origin, no key accepted."""

from __future__ import annotations

import hmac

from comet_async.server.answers import Answer
from comet_async.server.asset_rows import signature
from comet_async.server.comet_assets import stored_content
from comet_async.server.front import Incoming, Respond
from comet_async.server.pipeline import file_reply_answer
from comet_async.server.replies import Call, FileReply
from comet_async.server.store import Store

__all__ = ["OBJECT_PATH", "storage_route"]

OBJECT_PATH = "/assets/{owner}/{asset}"


def _refusal(status: int, code: str, message: str) -> Answer:
    """Return an error in the XML of object stores."""
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    )
    return Answer(status, {"Content-Type": "application/xml"}, text.encode())


def storage_route(store: Store) -> Respond:
    """Return the handler of the storage listener.

    A key is refused as real stores refuse it: only one way to authenticate is allowed, and the
    link is one. An empty object answers any range with 416.
    """

    async def respond(incoming: Incoming) -> Answer:
        request, headers = incoming.request, incoming.headers
        owner, asset_id = request.match_info["owner"], request.match_info["asset"]
        if "authorization" in headers or "comet-sdk-api" in headers:
            return _refusal(400, "InvalidArgument", "Only one auth mechanism allowed")
        given = request.query.get("X-Amz-Signature", "")
        if not hmac.compare_digest(given.encode(), signature(owner, asset_id).encode()):
            return _refusal(403, "SignatureDoesNotMatch", "The signature does not match")
        content = stored_content(Call(store, {}), owner, asset_id)
        if content is None:
            return _refusal(404, "NoSuchKey", "The object does not exist")
        return await file_reply_answer(FileReply(content, "binary/octet-stream"), headers)

    return respond
