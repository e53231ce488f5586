"""A harvest copied to a server that speaks S3."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import fsspec  # type: ignore[import-untyped]  # it has no stubs
import pytest
from moto.server import ThreadedMotoServer

from comet_async import harvest
from comet_async.errors import DestinationError
from tests.support.lakes import curve, make_lake, part, rows, snapshot

KEY = "AKIASENTINEL0KEY"
SECRET = "sentinel0secret0that0nobody0sees"


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Serve S3 on a free port, with one bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    port = server.get_host_and_port()[1]
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
    }.items():
        monkeypatch.setenv(name, value)
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    fsspec.filesystem("s3").mkdir(f"bucket-{port}")
    yield f"s3://bucket-{port}/team/lake"
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    server.stop()


async def test_a_copy_to_s3_and_the_difference_later(bucket: str, tmp_path: Path) -> None:
    root = make_lake(tmp_path / "lake")
    (root / "files" / "p").mkdir(parents=True)
    (root / "files" / "p" / "a+b %20 é [1].bin").write_bytes(b"x" * 70_000)
    snapshot(root, 1)
    assert (await harvest.upload(root, bucket)).sent == 8
    assert (await harvest.upload(root, bucket)).sent == 0

    (root / "tables" / "metrics" / "part-000001.parquet").unlink()
    part(root, "metrics", rows("metrics", *curve("k1", [9.0])), 2)
    report = await harvest.upload(root, bucket)
    assert (report.sent, report.removed, report.url) == (1, 1, bucket)

    store = fsspec.filesystem("s3")
    store.invalidate_cache()
    start = len(bucket.removeprefix("s3://")) + 1
    there = {name[start:]: store.cat_file(name) for name in store.find(bucket)}
    del there["_manifest.json"]
    assert there == {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }


async def test_a_bucket_that_is_not_there(bucket: str, tmp_path: Path) -> None:
    root = make_lake(tmp_path / "lake")
    with pytest.raises(DestinationError) as raised:
        await harvest.upload(root, "s3://other/lake")
    assert SECRET not in str(raised.value)
    assert "s3://other/lake" in str(raised.value)
