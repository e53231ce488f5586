"""Uploads: on disk as they arrive, in parts, remote, broken off, and of any size."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from comet_async.server import LocalServer
from tests.server.write_world import World, at

MIB = 1 << 20
RUN = {"experimentKey": "$key"}
UPLOAD = "/api/rest/v2/write/experiment/upload-asset"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A server that takes bodies of 64 KiB, with uploads beside its database."""
    database = tmp_path / "runs.db"
    async with (
        LocalServer(database=database, max_body=64 << 10, body_timeout=2.0) as server,
        aiohttp.ClientSession(headers={"Authorization": "any"}) as session,
    ):
        found = World(server, session)
        lab = {"workspaceName": "default", "projectName": "lab"}
        found.ids["key"] = (await found.done("create_experiment", lab))["experimentKey"]
        yield found


def files_of(folder: Path) -> list[Path]:
    return sorted(item for item in folder.rglob("*.bin") if item.is_file())


def entries_of(folder: Path) -> list[str]:
    return sorted(item.name for item in folder.iterdir())


async def listed(world: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await world.read("experiment/asset/list", RUN))["assets"]
    return found


async def test_a_file_over_the_limit_of_bodies_goes_to_disk(world: World, tmp_path: Path) -> None:
    data = bytes(range(256)) * (20 * MIB // 256)
    sent = await world.done(
        "upload_experiment_asset", {**RUN, "fileName": "big", "file": io.BytesIO(data)}
    )
    [stored] = files_of(tmp_path)
    assert stored.stat().st_size == 20 * MIB
    query = {**RUN, "assetId": sent["assetId"]}
    assert await world.read("experiment/asset/get-asset", query) == data
    url = f"{world.server.url}/api/rest/v2/experiment/asset/get-asset"
    headers = {"Range": "bytes=256-259"}
    async with world.session.get(url, params=world.filled(query), headers=headers) as response:
        assert (response.status, await response.read()) == (206, b"\x00\x01\x02\x03")


async def test_the_folder_of_uploads_goes_with_the_server(tmp_path: Path) -> None:
    async with (
        LocalServer(database=tmp_path / "runs.db") as server,
        aiohttp.ClientSession(headers={"Authorization": "any"}) as session,
    ):
        world = World(server, session)
        lab = {"workspaceName": "default", "projectName": "lab"}
        world.ids["key"] = (await world.done("create_experiment", lab))["experimentKey"]
        await world.done("upload_experiment_asset", {**RUN, "file": b"bytes"})
        assert len(files_of(tmp_path)) == 1
    assert entries_of(tmp_path) == ["runs.db"]


async def test_what_is_refused_leaves_no_file(world: World, tmp_path: Path) -> None:
    query = {"experimentKey": "0" * 32}
    form = aiohttp.FormData({"file": io.BytesIO(b"bytes")})
    url = world.server.url + UPLOAD
    async with world.session.post(url, params=query, data=form) as response:
        assert response.status == 400
    assert files_of(tmp_path) == []


async def test_without_a_key_nothing_is_stored(world: World, tmp_path: Path) -> None:
    form = aiohttp.FormData({"file": io.BytesIO(b"bytes")})
    async with (
        aiohttp.ClientSession() as session,
        session.post(world.server.url + UPLOAD, data=form) as response,
    ):
        assert response.status == 401
    assert files_of(tmp_path) == []


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"Content-Type": "application/json"}, b"{}"),
        ({"Content-Type": "multipart/form-data"}, b"no boundary"),
        ({"Content-Type": "multipart/form-data; boundary=x"}, b"--x\r\nbroken"),
        ({"Content-Type": "multipart/form-data; boundary=x"}, b""),
        (
            {"Content-Type": "multipart/form-data; boundary=x"},
            b"--x\r\nContent-Disposition: form-data\r\n\r\nnameless\r\n--x--\r\n",
        ),
    ],
)
async def test_what_is_no_form_is_refused(
    world: World, headers: dict[str, str], body: bytes, tmp_path: Path
) -> None:
    url = world.server.url + UPLOAD
    query = {"experimentKey": world.ids["key"]}
    async with world.session.post(url, params=query, data=body, headers=headers) as response:
        assert response.status == 400
        assert (await response.json())["code"] == 400
    assert files_of(tmp_path) == []
    assert await listed(world) == []


async def test_an_upload_that_breaks_off_is_no_asset(world: World, tmp_path: Path) -> None:
    host, _, port = world.server.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    key = world.ids["key"]
    head = (
        f"POST {UPLOAD}?experimentKey={key} HTTP/1.1\r\nHost: {host}:{port}\r\n"
        "Authorization: any\r\nContent-Length: 1000000\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\n\r\n"
        '--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
    )
    writer.write(head.encode() + b"half of it")
    await writer.drain()
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert await listed(world) == []
    assert files_of(tmp_path) == []


async def test_an_image_of_the_old_form_loses_its_metadata_in_the_query(world: World) -> None:
    query = {**RUN, "type": "image", "fileName": "im", "step": "2", "metadata": "b"}
    form = aiohttp.FormData()
    form.add_field("file", b"png", filename="im.png")
    url = world.server.url + UPLOAD
    async with world.session.post(url, params=world.filled(query), data=form) as response:
        answer = await response.json()
    assert answer["imageId"] == answer["assetId"]
    [row] = await listed(world)
    assert (row["metadata"], row["image"], row["step"]) == (None, True, 2)


async def test_without_a_name_the_part_names_the_asset(world: World) -> None:
    for name in ("own.csv", "file"):
        form = aiohttp.FormData()
        form.add_field("file", b"x", filename=name)
        query = world.filled({**RUN, "extension": ".txt"})
        async with world.session.post(
            world.server.url + UPLOAD, params=query, data=form
        ) as response:
            assert response.status == 200
    names = [row["fileName"] for row in await listed(world)]
    assert names[0] == "own.csv"
    assert names[1].startswith("asset-")
    assert names[1].endswith(".txt")


async def test_overwrite_takes_the_place_of_the_same_name_and_type(world: World) -> None:
    for data, kind in ((b"one", "asset"), (b"two", "asset"), (b"three", "audio")):
        sent = {**RUN, "fileName": "same", "type": kind, "file": data}
        await world.done("upload_experiment_asset", sent)
    last = {**RUN, "fileName": "same", "type": "asset", "overwrite": "True", "file": b"last one"}
    await world.done("upload_experiment_asset", last)
    rows = sorted((row["type"], row["fileSize"]) for row in await listed(world))
    assert rows == [("asset", 8), ("audio", 5)]


async def test_a_remote_asset_has_a_link_and_no_bytes(world: World) -> None:
    sent = {**RUN, "fileName": "far.bin", "isRemote": "True", "link": "s3://b/far.bin"}
    answer = await world.done("upload_experiment_asset", sent)
    [row] = await listed(world)
    assert (row["remote"], row["link"], row["fileSize"]) == (True, "s3://b/far.bin", 0)
    query = {**RUN, "assetId": answer["assetId"]}
    refused = await world.read("experiment/asset/get-asset", query)
    assert refused["code"] == 400


async def test_script_files_are_the_code_of_the_experiment(world: World) -> None:
    for name, data in (("Default", b"print('main')"), ("other.py", b"print('other')")):
        sent = {**RUN, "fileName": name, "type": "source_code", "file": data}
        await world.done("upload_experiment_asset", sent)
    assert (await world.read("experiment/code", RUN))["code"] == "print('main')"


def started(parts: int, **more: object) -> dict[str, Any]:
    params = {"cloudType": "AWS", "preSignUrlTimeoutSec": 60, "numOfFileParts": parts}
    return {**RUN, "startUploadParams": params, "fileName": "p.bin", **more}


async def test_parts_may_come_in_any_order_and_twice_but_not_without_signature(
    world: World, tmp_path: Path
) -> None:
    begun = await world.done("upload_experiment_asset_start", started(2))
    first, second = begun["preSignUrl"]
    async with aiohttp.ClientSession() as bare:
        for url, data in ((second, b"22"), (first, b"old"), (first, b"1")):
            async with bare.put(url, data=data) as response:
                assert response.status == 200
        async with bare.put(first.partition("?")[0], data=b"x") as response:
            assert response.status == 403
        async with bare.put(first.replace("/1?", "/9?"), data=b"x") as response:
            assert response.status == 404
    done = {"requestId": begun["requestId"], "succeed": True, "fileSize": 3}
    answer = await world.done("upload_experiment_asset_complete", {**done, "uploadedFileParts": []})
    query = {**RUN, "assetId": answer["assetId"]}
    assert await world.read("experiment/asset/get-asset", query) == b"122"
    assert len(files_of(tmp_path)) == 1
    again, body = await world.write(
        "upload_experiment_asset_complete", {**done, "uploadedFileParts": []}
    )
    assert (again, body["msg"]) == (400, "No such upload")


async def test_parts_that_are_given_up_leave_nothing(world: World, tmp_path: Path) -> None:
    begun = await world.done("upload_experiment_asset_start", started(2))
    async with world.session.put(begun["preSignUrl"][0], data=b"1") as response:
        assert response.status == 200
    done = {"requestId": begun["requestId"], "fileSize": 1, "uploadedFileParts": []}
    status, body = await world.write("upload_experiment_asset_complete", {**done, "succeed": True})
    assert (status, body["msg"]) == (400, "parts of the file are missing")
    await world.done("upload_experiment_asset_complete", {**done, "succeed": False})
    assert files_of(tmp_path) == []
    assert await listed(world) == []


async def test_parts_go_to_the_object_storage_where_there_is_one() -> None:
    async with (
        LocalServer(storage=True) as server,
        aiohttp.ClientSession(headers={"Authorization": "any"}) as session,
    ):
        world = World(server, session)
        lab = {"workspaceName": "default", "projectName": "lab"}
        world.ids["key"] = (await world.done("create_experiment", lab))["experimentKey"]
        begun = await world.done("upload_experiment_asset_start", started(1))
        [url] = begun["preSignUrl"]
        assert server.storage_url is not None
        assert url.startswith(server.storage_url)
        async with aiohttp.ClientSession() as bare, bare.put(url, data=b"abc") as response:
            assert response.status == 200
        done = {"requestId": begun["requestId"], "succeed": True, "fileSize": 3}
        sent = {**done, "uploadedFileParts": []}
        answer = await world.done("upload_experiment_asset_complete", sent)
        query = {**RUN, "assetId": answer["assetId"], "allow301": "true"}
        assert await world.read("experiment/asset/get-asset", query) == b"abc"


def chunks(size: int) -> Iterator[bytes]:
    for _ in range(size // MIB):
        yield bytes(MIB)


async def test_json_bodies_may_be_gzip_and_keep_their_limit(world: World) -> None:
    row = {"experimentKey": world.ids["key"], "metricName": "loss", "metricValue": 1}
    url = f"{world.server.url}/api/rest/v2/write/experiment/metric"
    for body, encoding, status in (
        (gzip.compress(json.dumps(row).encode()), "gzip", 200),
        (json.dumps(row).encode(), "gzip", 400),
        (gzip.compress(json.dumps(row).encode())[:-9], "gzip", 400),
        (json.dumps(row).encode(), "br", 415),
        (gzip.compress(b"".join(chunks(65 * MIB))), "gzip", 413),
        (b" " * (65 << 10), "identity", 413),
    ):
        headers = {"Content-Encoding": encoding}
        async with world.session.post(url, data=body, headers=headers) as response:
            assert response.status == status
    found = await world.read("experiment/metrics/get-all", RUN)
    assert at(found, "metrics 0 metricValue") == "1"
    assert len(found["metrics"]) == 1
