"""A harvest copied to a server that speaks S3."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import fsspec  # type: ignore[import-untyped]  # it has no stubs
import pytest
from moto.server import ThreadedMotoServer

from comet_async import Session, comet, harvest
from comet_async.errors import DestinationError
from comet_async.server import LocalServer, SyntheticSpec
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


async def test_a_harvest_copies_what_it_has_published(bucket: str, tmp_path: Path) -> None:
    spec = SyntheticSpec(experiments=2, points=3, metrics=1, assets=1)
    async with LocalServer(synthetic=spec, extras=False) as server:
        service = comet.service("KEY", url=server.url)
        async with Session(service) as session:
            plan = await harvest.plan(session, "synthetic", into=tmp_path)
            remote = harvest.Remote(bucket)
            report = await harvest.run(session, plan, tmp_path, sinks=[remote])
            assert (report.exit_code, report.sinks[0].problem) == (0, None)
    store = fsspec.filesystem("s3")
    store.invalidate_cache()
    start = len(bucket.removeprefix("s3://")) + 1
    there = {name[start:] for name in store.find(bucket)} - {"_manifest.json"}
    assert there == {
        path.relative_to(tmp_path).as_posix()
        for folder in ("files", "tables", "snapshots")
        for path in (tmp_path / folder).rglob("*")
        if path.is_file()
    }
