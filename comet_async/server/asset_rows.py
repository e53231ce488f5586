"""Wire forms of assets, with the links that the real service puts into them."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from comet_async.server.records import Asset, JsonObject, stable_id
from comet_async.server.replies import Call

__all__ = ["asset_row", "presigned", "signature"]


def signature(owner: str, asset_id: str) -> str:
    """Return the signature that the storage listener accepts for one object."""
    return stable_id("signature", owner, asset_id, size=64)


def presigned(storage: str, owner: str, asset_id: str) -> str:
    """Return a link that reads one object without a key.

    Args:
        storage: Origin of the storage listener.
        owner: Experiment key or artifact version id.
        asset_id: Asset.
    """
    query = urlencode(
        {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": "LOCAL/20250101/eu-central-1/s3/aws4_request",
            "X-Amz-Date": "20250101T000000Z",
            "X-Amz-Expires": "3600",
            "X-Amz-SignedHeaders": "host",
            "X-Amz-Signature": signature(owner, asset_id),
        }
    )
    return f"{storage}/assets/{quote(owner, safe='')}/{quote(asset_id, safe='')}?{query}"


def asset_row(call: Call, key: str, asset: Asset) -> JsonObject:
    """Return one asset as the lists show it.

    Args:
        call: Supplies the origins and the caller's key, which `curlDownload` repeats.
        key: Experiment key.
        asset: The asset.
    """
    address = urlencode({"experimentKey": key, "assetId": asset.asset_id})
    link = asset.link or f"{call.root}/api/asset/download?{address}&isCompressed=false"
    compressed = asset.link or f"{call.root}/api/asset/download?{address}&isCompressed=true"
    stored = asset.link is None and call.storage is not None
    read = f"{call.root}/api/rest/v2/experiment/asset/get-asset?{address}"
    return {
        "fileName": asset.file_name,
        "fileSize": asset.size,
        "runContext": asset.context,
        "step": asset.step,
        "remote": asset.link is not None,
        "link": link,
        "compressedAssetLink": compressed,
        "s3Link": presigned(call.storage or "", key, asset.asset_id) if stored else None,
        "createdAt": asset.created_ms,
        "dir": asset.directory,
        "canView": asset.type in {"image", "audio", "video"},
        "audio": asset.type == "audio",
        "video": asset.type == "video",
        "histogram": asset.type.startswith("histogram"),
        "image": asset.type == "image",
        "type": asset.type,
        "metadata": asset.metadata,
        "assetId": asset.asset_id,
        "tags": [*asset.tags],
        "curlDownload": f'curl "{read}" -H"Authorization: {call.caller}" > {asset.file_name}',
        "experimentKey": key,
        "items": [],
        "etag": asset.etag,
    }
