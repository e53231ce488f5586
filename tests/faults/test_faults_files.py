"""Files besides assets: of artifacts, outside the service, and models as archives."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from comet_async import Limits, RetryPolicy, Session, comet, harvest
from comet_async.harvest import web_files
from comet_async.server import Changes, LocalServer, SyntheticSource, SyntheticSpec
from comet_async.server.fault_zip import ZIP_KINDS
from comet_async.server.records import Artifact, Asset
from tests.faults.test_faults_harvest import keys_of, rows
from tests.support.raw_server import RawServer, answer, raw_server

SPEC = SyntheticSpec(
    experiments=3,
    points=2,
    metrics=1,
    assets=3,
    models=2,
    artifacts=2,
    artifact_versions=2,
    artifact_files=3,
)
KEY = "sentinel-key-77aa"
GET_ASSET = "/api/rest/v2/experiment/asset/get-asset"
VERSION_FILES = "/api/rest/v2/artifacts/version/files"


class Growing(Changes):
    """A source whose artifacts have so many of their versions."""

    shown = 1

    def artifacts(self, workspace: str) -> Sequence[Artifact]:
        found = super().artifacts(workspace)
        return [replace(one, versions=one.versions[: self.shown]) for one in found]


@pytest.fixture
def source() -> Growing:
    return Growing(SyntheticSource(SPEC))


@pytest.fixture
async def server(source: Growing) -> AsyncIterator[LocalServer]:
    async with LocalServer(sources=[source], extras=False) as started:
        yield started


async def taken(
    server: LocalServer,
    root: Path,
    *tables: str,
    selection: harvest.Selection | None = None,
    assets: bool = True,
) -> harvest.Report:
    service = comet.service(KEY, url=server.url, limits=Limits(concurrency=4))
    async with Session(service, retry=RetryPolicy(attempts=2, base=0.001)) as session:
        plan = await harvest.plan(
            session,
            "synthetic",
            tables=tables,
            selection=selection,
            into=root,
            files=assets,
        )
        return await harvest.run(session, plan, root, assets=assets)


async def content(server: LocalServer, row: dict[str, object]) -> bytes:
    """Return a file of an artifact as the server has it."""
    async with Session(comet.service(KEY, url=server.url)) as session:
        request = comet.get_experiment_asset(
            str(row["asset_id"]), artifact_version_id=str(row["artifact_version_id"])
        )
        return (await session.send(request)).data


async def test_files_of_artifacts_come_below_their_version(
    server: LocalServer, source: Growing, tmp_path: Path
) -> None:
    source.shown = 2
    report = await taken(server, tmp_path, "artifact_files")
    assert report.exit_code == 0
    found = rows(tmp_path, "artifact_files")
    assert len(found) == 2 * 2 * 3
    assert len({row["local_path"] for row in found}) == len(found)
    for row in found:
        path = tmp_path / str(row["local_path"])
        assert path.read_bytes() == await content(server, row)
        assert row["state"] == "stored"
        assert row["stored_size"] == row["size"] == path.stat().st_size
        assert path.relative_to(tmp_path / "files" / "@artifacts").parts[1] == row["version"]
    assert (await harvest.verify(tmp_path)).problems == ()
    path.write_bytes(b"another's")
    assert len((await harvest.verify(tmp_path)).problems) == 1


async def test_of_artifacts_only_those_with_new_versions_are_listed_again(
    server: LocalServer, source: Growing, tmp_path: Path
) -> None:
    await taken(server, tmp_path, "artifact_files")
    server.log.clear()
    again = await taken(server, tmp_path, "artifact_files")
    assert again.snapshot is None
    assert VERSION_FILES not in server.log.counts()
    before = {row["local_path"] for row in rows(tmp_path, "artifact_files")}

    source.shown = 2
    server.faults.add("status", 403, "version/files", times=1)
    server.log.clear()
    partial = await taken(server, tmp_path, "artifact_files")
    assert partial.exit_code == 3
    whole = await taken(server, tmp_path, "artifact_files")
    assert whole.exit_code == 0
    found = rows(tmp_path, "artifact_files")
    assert len(found) == 2 * 2 * 3
    assert before < {row["local_path"] for row in found}
    # Those of the first versions were there.
    assert server.log.counts()[GET_ASSET] == 2 * 3


async def test_files_that_are_only_listed_come_when_they_are_asked_for(
    server: LocalServer, tmp_path: Path
) -> None:
    await taken(server, tmp_path, "artifact_files", "assets", assets=False)
    for table in ("artifact_files", "assets"):
        assert {row["state"] for row in rows(tmp_path, table)} == {"listed"}
    assert not (tmp_path / "files").exists()
    await taken(server, tmp_path, "artifact_files", "assets")
    for table in ("artifact_files", "assets"):
        assert {row["state"] for row in rows(tmp_path, table)} == {"stored"}


async def test_models_and_versions_come_as_archives(server: LocalServer, tmp_path: Path) -> None:
    tables = ("assets", "models", "model_archives", "registry_archives")
    report = await taken(server, tmp_path, *tables)
    assert (report.exit_code, report.failures) == (0, ())
    models = rows(tmp_path, "model_archives")
    assert {(row["experiment_key"], row["model_name"]) for row in models} == {
        (row["experiment_key"], row["model_name"]) for row in rows(tmp_path, "models")
    }
    versions = rows(tmp_path, "registry_archives")
    assert {(row["model_name"], row["version"]) for row in versions} == {
        (row["model_name"], row["version"]) for row in rows(tmp_path, "registry_versions")
    }
    pieces = {
        (tmp_path / str(row["local_path"])).read_bytes()
        for row in rows(tmp_path, "assets")
        if row["type"] == "model-element"
    }
    for row in (*models, *versions):
        path = tmp_path / str(row["local_path"])
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
            assert {archive.read(name) for name in archive.namelist()} <= pieces
        assert row["state"] == "stored"
        assert row["size"] == path.stat().st_size
    assert (await harvest.verify(tmp_path)).problems == ()

    server.log.clear()
    again = await taken(server, tmp_path, *tables)
    assert (again.exit_code, again.snapshot) == (0, None)
    assert [path for path in server.log.counts() if path.endswith("download")] == []


async def test_an_archive_that_fails_is_told_and_asked_for_again(
    server: LocalServer, tmp_path: Path
) -> None:
    server.faults.add("status", 403, "model/download", times=1)
    report = await taken(server, tmp_path, "model_archives")
    assert report.exit_code == 3
    (failure,) = report.failures
    assert failure.table == "files"
    states = [str(row["state"]) for row in rows(tmp_path, "model_archives")]
    assert (states.count("failed"), set(states)) == (1, {"failed", "stored"})
    assert (await taken(server, tmp_path, "model_archives")).exit_code == 0
    assert {row["state"] for row in rows(tmp_path, "model_archives")} == {"stored"}


async def test_archives_are_expanded_where_that_is_asked_for(
    server: LocalServer, tmp_path: Path
) -> None:
    tables = ("model_archives", "registry_archives")
    expanding = harvest.Selection(expand=True)
    await taken(server, tmp_path, *tables)
    assert {row["folder"] for table in tables for row in rows(tmp_path, table)} == {None}
    report = await taken(server, tmp_path, *tables, selection=expanding)
    assert report.exit_code == 0
    found = [row for table in tables for row in rows(tmp_path, table)]
    for row in found:
        folder = tmp_path / str(row["folder"])
        with zipfile.ZipFile(tmp_path / str(row["local_path"])) as archive:
            inside = {archive.read(info) for info in archive.infolist() if not info.is_dir()}
        assert {path.read_bytes() for path in folder.rglob("*") if path.is_file()} == inside

    server.log.clear()
    assert (await taken(server, tmp_path, *tables, selection=expanding)).exit_code == 0
    assert [path for path in server.log.counts() if path.endswith("download")] == []
    shutil.rmtree(folder)
    assert (await taken(server, tmp_path, *tables, selection=expanding)).exit_code == 0
    assert folder.is_dir()
    assert (await harvest.verify(tmp_path)).problems == ()


@pytest.mark.parametrize("kind", ZIP_KINDS)
async def test_g15_g16_g17_a_hostile_archive_is_kept_and_not_expanded(
    server: LocalServer, tmp_path: Path, kind: str
) -> None:
    server.faults.add("zip", kind, "model/download")
    root = tmp_path / "a" / "b" / "lake"
    expanding = harvest.Selection(expand=True)
    report = await taken(server, root, "model_archives", selection=expanding)
    assert report.exit_code == 3
    assert all("is not expanded: " in failure.reason for failure in report.failures)
    assert {row["state"] for row in rows(root, "model_archives")} == {"failed"}
    kept = [path for path in (root / "files").rglob("*") if path.is_file()]
    assert {path.suffix for path in kept} == {".zip"}
    assert len(kept) == len(report.failures)
    assert [path.name for path in (tmp_path / "a").rglob("*") if "slip" in path.name] == []
    server.faults.clear()
    assert (await taken(server, root, "model_archives", selection=expanding)).exit_code == 0


REMOTE = harvest.Selection(remote=True)


@pytest.fixture
async def outside() -> AsyncIterator[RawServer]:
    """A server that is not the service's."""
    async with raw_server(answer(b"from outside", headers=[("ETag", '"1"')])) as started:
        yield started


def link_to(source: Changes, key: str, link: str, name: str = "far.bin") -> None:
    """Log a remote asset."""
    asset = Asset(name, name, 0, "asset", 1_700_000_000_000, link=link)
    source.change(key, lambda run: run.with_asset(asset))


def far(root: Path) -> list[dict[str, object]]:
    return [row for row in rows(root, "assets") if row["remote"]]


async def test_remote_files_are_listed_unless_they_are_asked_for(
    server: LocalServer, source: Growing, outside: RawServer, tmp_path: Path
) -> None:
    key = keys_of(server)[0]
    link_to(source, key, f"{outside.url}/a/b.bin?v=1")
    report = await taken(server, tmp_path, "assets")
    (row,) = far(tmp_path)
    assert (row["state"], row["local_path"], report.exit_code) == ("remote", None, 0)
    assert outside.heard == []


async def test_remote_files_come_without_the_key(
    server: LocalServer,
    source: Growing,
    outside: RawServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(web_files, "is_private", lambda host: False)
    monkeypatch.setattr(web_files, "_PUBLIC_ONLY", False)
    key = keys_of(server)[0]
    link_to(source, key, f"{outside.url}/a/b%20c.bin?v=1&w=%2F")
    link_to(source, key, "s3://bucket/far", "s3.bin")
    link_to(source, key, "http://[broken/x", "broken.bin")
    await taken(server, tmp_path, "assets")  # listed first
    report = await taken(server, tmp_path, "assets", selection=REMOTE)
    assert report.exit_code == 0
    found = {row["name"]: row for row in far(tmp_path)}
    assert found["s3.bin"]["state"] == found["broken.bin"]["state"] == "remote"
    row = found["far.bin"]
    assert row["state"] == "stored"
    assert (tmp_path / str(row["local_path"])).read_bytes() == b"from outside"
    (heard,) = outside.heard
    assert heard.line == "GET /a/b%20c.bin?v=1&w=%2F HTTP/1.1"
    assert KEY.encode() not in heard.head
    assert not {"authorization", "comet-sdk-api", "x-comet"} & heard.headers.keys()

    # What is there stays, whether it would be asked for again or not.
    for selection in (None, REMOTE):
        await taken(server, tmp_path, "assets", selection=selection)
        assert {r["name"]: r["state"] for r in far(tmp_path)}["far.bin"] == "stored"
    assert len(outside.heard) == 1


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "127.1", "0x7f.1", "0x7f000001", "2130706433", "[::1]"]
)
async def test_no_link_leads_into_a_private_network(
    server: LocalServer, source: Growing, outside: RawServer, tmp_path: Path, host: str
) -> None:
    key = keys_of(server)[0]
    link_to(source, key, f"http://{host}:{outside.port}/secret")
    report = await taken(server, tmp_path, "assets", selection=REMOTE)
    assert report.exit_code == 3
    (failure,) = report.failures
    assert "leads into a private network" in failure.reason
    assert outside.heard == []


async def test_a_name_that_resolves_to_a_private_address_is_no_way_in(
    server: LocalServer,
    source: Growing,
    outside: RawServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(web_files, "is_private", lambda host: False)
    link_to(source, keys_of(server)[0], f"http://localhost:{outside.port}/secret")
    report = await taken(server, tmp_path, "assets", selection=REMOTE)
    assert report.exit_code == 3
    assert outside.heard == []


async def test_a_stranger_that_wants_a_key_stops_nothing(
    server: LocalServer, source: Growing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_files, "is_private", lambda host: False)
    monkeypatch.setattr(web_files, "_PUBLIC_ONLY", False)
    key = keys_of(server)[0]
    async with raw_server(answer(b"{}", status="401 Unauthorized")) as strict:
        link_to(source, key, f"{strict.url}/x")
        report = await taken(server, tmp_path, "assets", selection=REMOTE)
    assert (report.exit_code, report.stopped) == (3, None)
    (failure,) = report.failures
    assert "wants a key" in failure.reason
