from __future__ import annotations

import hashlib
import io
import time
import zipfile
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import psutil  # type: ignore[import-untyped]  # has no stubs
import pytest

from comet_async.server import LocalServer, SyntheticSpec
from comet_async.server.synthetic_bytes import BLOCK, SyntheticContent

KEY = "799e7164eb874c5c9fbb3d4979b41082"
NOTES = {"experimentKey": KEY, "assetId": "53008bc238784459986fc59b0932e35b"}
GET = "experiment/asset/get-asset"


async def synthetic_asset(client: Any, position: int = 0) -> dict[str, str]:
    listed = await client.get("experiments", workspaceName="synthetic", projectName="synthetic")
    key = listed["experiments"][0]["experimentKey"]
    assets = (await client.get("experiment/asset/list", experimentKey=key))["assets"]
    return {"experimentKey": key, "assetId": assets[position]["assetId"]}


async def test_a_whole_asset_with_its_tag(client: Any) -> None:
    status, headers, data = await client.raw(GET, **NOTES)
    assert (status, len(data)) == (200, 9)
    assert headers["ETag"] == f'"{hashlib.md5(data).hexdigest()}"'
    assert headers["Accept-Ranges"] == "bytes"
    assert headers["Content-Length"] == "9"
    assert headers["Content-Type"] == "application/octet-stream"


@pytest.mark.parametrize(
    ("asked", "span", "content_range"),
    [
        ("bytes=0-3", slice(0, 4), "bytes 0-3/4096"),
        ("bytes=4000-", slice(4000, 4096), "bytes 4000-4095/4096"),
        ("bytes=-6", slice(4090, 4096), "bytes 4090-4095/4096"),
        ("bytes=4090-9999", slice(4090, 4096), "bytes 4090-4095/4096"),
        ("bytes=0-16777215", slice(0, 4096), "bytes 0-4095/4096"),
    ],
)
async def test_ranges(client: Any, asked: str, span: slice, content_range: str) -> None:
    asset = await synthetic_asset(client)
    whole = (await client.raw(GET, **asset))[2]
    status, headers, data = await client.raw(GET, {"Range": asked}, **asset)
    assert (status, data) == (206, whole[span])
    assert headers["Content-Range"] == content_range


async def test_a_range_beyond_the_end_is_416(client: Any) -> None:
    asset = await synthetic_asset(client)
    status, headers, _data = await client.raw(GET, {"Range": "bytes=4096-"}, **asset)
    assert (status, headers["Content-Range"]) == (416, "bytes */4096")


@pytest.mark.parametrize("asked", ["bytes=5-2,7-9", "lines=1-2", "bytes=-", "bytes=a-b"])
async def test_a_range_that_is_not_understood_is_ignored(client: Any, asked: str) -> None:
    status, _headers, data = await client.raw(GET, {"Range": asked}, **NOTES)
    assert (status, len(data)) == (200, 9)


async def test_if_range_and_if_match(client: Any) -> None:
    tag = (await client.raw(GET, **NOTES))[1]["ETag"]
    same = await client.raw(GET, {"Range": "bytes=0-1", "If-Range": tag}, **NOTES)
    other = await client.raw(GET, {"Range": "bytes=0-1", "If-Range": '"x"'}, **NOTES)
    weak = await client.raw(GET, {"Range": "bytes=0-1", "If-Range": f"W/{tag}"}, **NOTES)
    assert [answer[0] for answer in (same, other, weak)] == [206, 200, 200]
    matched = await client.raw(GET, {"If-Match": f'"x", {tag}'}, **NOTES)
    refused = await client.raw(GET, {"If-Match": '"x"'}, **NOTES)
    unchanged = await client.raw(GET, {"If-None-Match": tag}, **NOTES)
    assert [answer[0] for answer in (matched, refused, unchanged)] == [200, 412, 304]


async def test_a_redirect_leads_to_storage_which_refuses_a_key(client: Any) -> None:
    status, headers, data = await client.raw(GET, **NOTES, allow301="True")
    assert (status, data) == (302, b"")
    target = headers["Location"]
    assert "X-Amz-Signature=" in target
    assert f"{urlsplit(target).scheme}://{urlsplit(target).netloc}" == client.server.storage_url
    assert client.server.storage_url != client.server.url
    whole = (await client.raw(GET, **NOTES))[2]
    async with aiohttp.ClientSession() as plain:
        async with plain.get(target) as response:
            assert (response.status, await response.read()) == (200, whole)
        for name in ("Authorization", "Comet-Sdk-Api"):
            async with plain.get(target, headers={name: "key"}) as response:
                assert response.status == 400
                assert "Only one auth mechanism allowed" in await response.text()
        async with plain.get(target.replace("X-Amz-Signature=", "X-Amz-Signature=0")) as response:
            assert response.status == 403
        async with plain.get(target, headers={"Range": "bytes=2-4"}) as response:
            assert (response.status, await response.read()) == (206, whole[2:5])
    assert client.server.log[-1].listener == "storage"


async def test_without_storage_allow301_streams(connect: Any, sample_archive: Any) -> None:
    headers = {"Authorization": "k"}
    async with (
        LocalServer([sample_archive]) as server,
        aiohttp.ClientSession(headers=headers) as session,
    ):
        status, _headers, data = await connect(server, session).raw(GET, **NOTES, allow301="true")
        assert (status, len(data), server.storage_url) == (200, 9, None)


async def test_an_empty_asset(connect: Any) -> None:
    spec = SyntheticSpec(experiments=1, assets=1, asset_bytes=0)
    headers = {"Authorization": "k"}
    async with (
        LocalServer(synthetic=spec, storage=True) as server,
        aiohttp.ClientSession(headers=headers) as session,
    ):
        client = connect(server, session)
        asset = await synthetic_asset(client)
        status, answer_headers, data = await client.raw(GET, **asset)
        assert (status, data, answer_headers["Content-Length"]) == (200, b"", "0")
        status, answer_headers, _data = await client.raw(GET, {"Range": "bytes=0-9"}, **asset)
        assert (status, answer_headers["Content-Range"]) == (416, "bytes */0")


async def test_a_remote_asset_has_a_foreign_link_and_no_bytes(client: Any) -> None:
    asset = await synthetic_asset(client, 2)
    details = await client.get("experiment/asset/details", **asset)
    assert (details["remote"], details["link"]) == (True, "s3://bucket/run-0/2")
    assert (await client.answer(GET, **asset))[0] == 400


async def test_artifact_files_are_read_by_version_with_an_empty_key(client: Any) -> None:
    address = {"workspace": "demo", "artifactName": "training-data", "version": "2.0.0"}
    files = (await client.get("artifacts/version/files", **address))["files"]
    remote = [row["link"] for row in files if row.get("remote")]
    assert remote == ["s3://bucket/archive.tar"]
    row = files[0]
    query = {"assetId": row["assetId"], "artifactVersionId": row["artifactVersionId"]}
    status, _headers, data = await client.raw(GET, **query, experimentKey="")
    assert (status, len(data)) == (200, row["fileSize"])
    status, headers, packed = await client.raw("artifacts/version/download", **address)
    assert (status, headers["Content-Type"]) == (200, "application/octet-stream")
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.namelist() == ["data/train.csv", "data/test.csv", "logo.png"]
        assert archive.testzip() is None
        assert archive.read("data/train.csv") == data


async def test_model_zip_files(client: Any) -> None:
    model = {"experimentKey": KEY, "modelName": "toy-model"}
    registry = {"workspaceName": "demo", "modelName": "toy-registry"}
    first = (await client.raw("experiment/model/download", **model))[2]
    second = (await client.raw("registry-model/item/download", **registry, version="1.0.0"))[2]
    for data in (first, second):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            assert archive.namelist() == ["model.bin"]
            assert archive.getinfo("model.bin").file_size == 64
            assert archive.testzip() is None


async def test_git_patch_is_a_zip_or_a_message(client: Any) -> None:
    assert await client.get("experiment/git/patch", experimentKey=KEY) == {
        "msg": "no patch for experiment",
        "code": 200,
        "data": None,
        "sdk_error_code": 0,
    }
    key = (await synthetic_asset(client))["experimentKey"]
    data = (await client.raw("experiment/git/patch", experimentKey=key))[2]
    assert zipfile.ZipFile(io.BytesIO(data)).namelist() == ["git_diff.patch"]


def test_any_range_of_synthetic_bytes_equals_the_whole() -> None:
    content = SyntheticContent("some identity", 3 * BLOCK + 17)
    whole = content.read(0, content.size)
    assert len(whole) == content.size
    for start, stop in ((0, 1), (BLOCK - 1, BLOCK + 1), (5, 2 * BLOCK), (3 * BLOCK, 9 * BLOCK)):
        assert content.read(start, stop) == whole[start:stop]
    assert content.etag == hashlib.md5(whole).hexdigest()
    blocks = {whole[at : at + BLOCK] for at in range(0, content.size, BLOCK)}
    assert len(blocks) == 4
    assert SyntheticContent("other identity", content.size).read(0, 64) != whole[:64]


def test_the_end_of_a_gibibyte_costs_no_more_than_its_start() -> None:
    content = SyntheticContent("large", 1 << 30)
    began = time.perf_counter()
    assert len(content.read((1 << 30) - 1000, 1 << 30)) == 1000
    assert time.perf_counter() - began < 0.1
    assert content.etag.endswith("-64")


async def test_a_large_asset_is_never_in_memory(connect: Any) -> None:
    spec = SyntheticSpec(experiments=1, assets=1, asset_bytes=256 << 20)
    headers = {"Authorization": "k"}
    async with (
        LocalServer(synthetic=spec) as server,
        aiohttp.ClientSession(headers=headers) as session,
    ):
        client = connect(server, session)
        asset = await synthetic_asset(client)
        before = psutil.Process().memory_info().rss
        size = 0
        async with session.get(client.url(GET), params=asset) as response:
            assert response.headers["Content-Length"] == str(256 << 20)
            async for chunk in response.content.iter_chunked(1 << 20):
                size += len(chunk)
        assert size == 256 << 20
        assert psutil.Process().memory_info().rss - before < 48 << 20
