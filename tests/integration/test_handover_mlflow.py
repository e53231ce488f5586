"""Lakes as runs of a real MLflow with its SQLite store, read back by MLflow's own client."""

from __future__ import annotations

import datetime as dt
import importlib
import json
import math
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow.parquet as pq  # type: ignore[import-untyped]  # it has no stubs
import pytest

from comet_async import Session, harvest, open_lake
from comet_async.errors import UsageError
from comet_async.handover import (
    HandoverError,
    HandoverReport,
    checked_names,
    decoded,
    export_to_mlflow,
)
from comet_async.handover.mlflow_client import open_client
from comet_async.lake.query import QueryError
from comet_async.testing import local_server, local_service
from tests.support.lakes import part, rows
from tests.support.mlflow_store import MlflowStore

pytestmark = pytest.mark.filterwarnings(
    "ignore:The ``noload`` loader strategy:DeprecationWarning"  # MLflow's own
)
BIG = 2**53 + 1
START = dt.datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=dt.UTC)
START_MS = 1_767_323_045_678
MAX_FLOAT = sys.float_info.max


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database of MLflow that is made once: it goes through all its versions."""
    folder = tmp_path_factory.mktemp("mlflow")
    assert MlflowStore(folder).client.search_experiments()
    return folder / "mlflow.db"


@pytest.fixture
def store(empty_store: Path, tmp_path: Path) -> MlflowStore:
    folder = tmp_path / "store"
    folder.mkdir()
    shutil.copy(empty_store, folder / "mlflow.db")
    return MlflowStore(folder)


def handed_over(folder: Path, store: MlflowStore, **options: Any) -> HandoverReport:
    return export_to_mlflow(
        open_lake(folder), store.uri, artifact_location=store.location, **options
    )


def read(folder: Path, table: str) -> list[dict[str, Any]]:
    """Return the rows of a table, read without the package."""
    found = sorted((folder / "tables" / table).glob("*.parquet"))
    return [row for path in found for row in pq.read_table(path).to_pylist()]


def told(number: float) -> float | str:
    if math.isnan(number):
        return "NaN"
    return math.copysign(MAX_FLOAT, number) if math.isinf(number) else number


def in_order(points: list[tuple[int, int, float | str]]) -> list[tuple[int, int, float | str]]:
    return sorted(points, key=lambda point: (*point[:2], str(point[2])))


def ms(moment: dt.datetime) -> int:
    return round(moment.timestamp() * 1000)


# The sample workspace.


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_the_sample_workspace_is_the_same_in_mlflow(
    tmp_path: Path, store: MlflowStore
) -> None:
    lake = tmp_path / "lake"
    async with (
        local_server(sample=True) as server,
        Session(local_service(server)) as session,
    ):
        plan = await harvest.plan(session, "samples", into=lake)
        assert (await harvest.run(session, plan, lake)).exit_code == 0
    report = handed_over(lake, store)
    experiments = read(lake, "experiments")
    assert (report.experiments, report.written, report.failed) == (31, 31, {})
    runs = store.runs()
    assert set(runs) == {"workspace", *(row["experiment_key"] for row in experiments)}
    points = parameters = 0
    for row in experiments:
        run = runs[row["experiment_key"]]
        check_head(store, run, row)
        points += check_points(store, run, lake, row["experiment_key"])
        parameters += check_values(run, lake, row["experiment_key"])
        check_files(store, run, lake, row["experiment_key"])
    assert (points, parameters) == (report.points, report.parameters) == (5_090, 272)
    check_workspace(store, runs["workspace"], lake)
    assert {(lost.table, lost.column) for lost in report.lost} == {
        ("metrics", "epoch"),
        ("metrics", "value_text"),
    }


def check_head(store: MlflowStore, run: Any, row: dict[str, Any]) -> None:
    tags = run.data.tags
    assert run.info.run_name == row["experiment_name"]
    assert (run.info.start_time, run.info.end_time) == (ms(row["start_time"]), ms(row["end_time"]))
    assert run.info.status == ("FAILED" if row["has_crashed"] else "FINISHED")
    assert tags["mlflow.user"] == row["user_name"]
    assert tags["mlflow.source.name"] == row["file_path"]
    assert tags["comet.durationMs"] == str(row["duration_ms"])
    home = store.client.get_experiment(run.info.experiment_id)
    assert home.name == f"{row['workspace_name']}/{row['project_name']}"
    assert home.tags["comet.projectId"] == row["project_id"]
    assert home.tags["mlflow.note.content"] == f"# {row['project_name']}\n\nNotes of the project.\n"


def check_points(store: MlflowStore, run: Any, lake: Path, key: str) -> int:
    expected: dict[str, list[tuple[int, int, float | str]]] = {}
    for row in read(lake, "metrics"):
        if row["experiment_key"] == key:
            point = (row["step"], ms(row["timestamp"]), told(row["value"]))
            expected.setdefault(row["metric"], []).append(point)
    assert store.points(run) == {metric: in_order(found) for metric, found in expected.items()}
    return sum(map(len, expected.values()))


def check_values(run: Any, lake: Path, key: str) -> int:
    expected = {
        row["name"].replace("|", "_x7C_"): row["value"]
        for row in read(lake, "parameters")
        if row["experiment_key"] == key
    }
    assert run.data.params == expected
    tags = {r["tag"] for r in read(lake, "tags") if r["experiment_key"] == key}
    assert {k: v for k, v in run.data.tags.items() if k.startswith("comet.tag.")} == {
        f"comet.tag.{tag}": tag for tag in tags
    }
    others = {r["name"]: r["value"] for r in read(lake, "others") if r["experiment_key"] == key}
    assert {
        name.removeprefix("comet.other."): value
        for name, value in run.data.tags.items()
        if name.startswith("comet.other.")
    } == others
    for row in read(lake, "git"):
        if row["experiment_key"] == key:
            assert run.data.tags["mlflow.source.git.commit"] == row["parent"]
            assert run.data.tags["mlflow.source.git.branch"] == row["branch"]
            assert run.data.tags["mlflow.source.git.repoURL"] == row["origin"]
    return len(expected)


def check_files(store: MlflowStore, run: Any, lake: Path, key: str) -> None:
    files = store.files(run)
    assets = [row for row in read(lake, "assets") if row["experiment_key"] == key]
    expected = {
        "assets/" + "/".join(Path(row["local_path"]).parts[3:]): (lake / row["local_path"])
        for row in assets
        if row["state"] == "stored"
    }
    found = {decoded(path): body for path, body in files.items() if path.startswith("assets/")}
    assert found == {path: local.read_bytes() for path, local in expected.items()}
    for table, name, column in (
        ("code", "code.txt", "code"),
        ("output", "output.txt", "output"),
        ("html", "page.html", "html"),
        ("graph", "graph.txt", "graph"),
        ("git", "git.patch", "patch"),
    ):
        texts = [row[column] for row in read(lake, table) if row["experiment_key"] == key]
        assert [body.decode() for path, body in files.items() if path == f"comet/{name}"] == texts
    kept = json.loads(files["comet/assets.json"])
    assert {row["asset_id"]: row["sha256"] for row in kept} == {
        row["asset_id"]: row["sha256"] for row in assets
    }


def check_workspace(store: MlflowStore, run: Any, lake: Path) -> None:
    files = store.files(run)
    expected = {
        "artifacts/" + "/".join(Path(row["local_path"]).parts[2:]): lake / row["local_path"]
        for row in read(lake, "artifact_files")
        if row["state"] == "stored"
    }
    assert len(expected) == 6
    found = {decoded(path): b for path, b in files.items() if path.startswith("artifacts/")}
    assert found == {path: local.read_bytes() for path, local in expected.items()}
    for table in ("dashboards", "panels", "registry_models", "registry_versions", "artifacts"):
        rows_there = json.loads(files[f"comet/{table}.json"])
        assert len(rows_there) == len(read(lake, table)) > 0
        assert set(rows_there[0]) == set(read(lake, table)[0])
    assert store.client.get_experiment(run.info.experiment_id).name == "samples (workspace)"


# What MLflow would not take, or would change.


def experiment(key: str, **more: object) -> dict[str, object]:
    return {
        "experiment_key": key,
        "experiment_name": f"run {key}",
        "workspace_name": "team",
        "project_name": "p",
        "project_id": "id-p",
        "start_time": START,
        "end_time": START + dt.timedelta(seconds=1),
        **more,
    }


def lake_of(root: Path, **tables: Sequence[Mapping[str, object]]) -> Path:
    for table, found in tables.items():
        part(root, table, rows(table, *found))
    return root


def point(metric: str, value: float | None, step: int | None, **more: object) -> dict[str, object]:
    found = {"experiment_key": "k", "metric": metric, "value": value, "step": step}
    return {"timestamp": START, **found, **more}


def test_points_that_are_not_plain(tmp_path: Path, store: MlflowStore) -> None:
    points = [
        point("m", math.nan, 0),
        point("m", math.nan, 0),
        point("m", math.inf, 1),
        point("m", -math.inf, 2),
        point("m", 1e-320, BIG),
        point("m", -0.0, -3),
        point("m", 0.5, None),
        point("m", 0.5, None, timestamp=START + dt.timedelta(milliseconds=1)),
        point("m", 0.25, 4, timestamp=None),
        point("m", 0.25, 5, timestamp=dt.datetime(1969, 1, 1, tzinfo=dt.UTC)),
        point("m", None, 6, value_text="good"),
        point("m", 0.75, 7),
        point("m", 0.75, 7),
        point("a b|c", 1.0, 0),
        point("t", 1.0, 0, context="train"),
        point("t", 2.0, 0, context="validate"),
        point("t", 3.0, 0),
        point("only", 1.0, 0, context="train"),
    ]
    system = [point("sys.cpu", 12.5, 0, epoch=1)]
    folder = lake_of(tmp_path, experiments=[experiment("k")], metrics=points, system_metrics=system)
    report = handed_over(folder, store)
    run = store.runs()["k"]
    assert store.points(run) == {
        "m": [
            (-3, START_MS, -0.0),
            (0, START_MS, 0.5),
            (0, START_MS, "NaN"),
            (0, START_MS + 1, 0.5),
            (1, START_MS, MAX_FLOAT),
            (2, START_MS, -MAX_FLOAT),
            (4, START_MS, 0.25),
            (5, START_MS, 0.25),
            (7, START_MS, 0.75),
            (BIG, START_MS, 1e-320),
        ],
        "a b_x7C_c": [(0, START_MS, 1.0)],
        "t": [(0, START_MS, 3.0)],
        "t/train": [(0, START_MS, 1.0)],
        "t/validate": [(0, START_MS, 2.0)],
        "only": [(0, START_MS, 1.0)],
        "system/sys.cpu": [(0, START_MS, 12.5)],
    }
    assert report.altered == {
        "duplicates": 2,
        "infinities": 2,
        "no_step": 2,
        "no_time": 2,
        "no_number": 1,
        "renamed": 1,
    }
    assert report.points == 16
    names = json.loads(store.files(run)["comet/names.json"])["metrics"]
    assert names["t/train"] == {"name": "t", "context": "train"}
    assert names["a b_x7C_c"] == {"name": "a b|c", "context": None}
    assert names["only"] == {"name": "only", "context": "train"}
    assert ("metrics", "value_text", 1) in {(f.table, f.column, f.values) for f in report.lost}
    assert ("system_metrics", "epoch", 1) in {(f.table, f.column, f.values) for f in report.lost}


def test_contexts_never_meet_another_metric(tmp_path: Path, store: MlflowStore) -> None:
    points = [
        point("t", 1.0, 0, context="train"),
        point("t", 2.0, 0),
        point("t/train", 3.0, 0),
    ]
    folder = lake_of(tmp_path, experiments=[experiment("k")], metrics=points)
    handed_over(folder, store)
    run = store.runs()["k"]
    assert store.points(run) == {
        "t": [(0, START_MS, 2.0)],
        "t/train": [(0, START_MS, 3.0)],
        "t/train_": [(0, START_MS, 1.0)],
    }


def test_values_that_are_too_long_are_whole_in_a_file(tmp_path: Path, store: MlflowStore) -> None:
    long = "é" * 7_000
    values: list[dict[str, object]] = [
        {"experiment_key": "k", "name": "long", "value": long},
        {"experiment_key": "k", "name": "n" * 300, "value": "1"},
        {"experiment_key": "k", "name": "empty", "value": None},
        {"experiment_key": "k", "name": "same", "value": "1", "context": "a"},
        {"experiment_key": "k", "name": "same", "value": "2", "context": "b"},
    ]
    values += [{"experiment_key": "k", "name": f"p{n}", "value": str(n)} for n in range(250)]
    tags = [{"experiment_key": "k", "tag": "a=b\u202e"}]
    others = [{"experiment_key": "k", "name": "text", "value": "y" * 9_000}]
    folder = lake_of(
        tmp_path, experiments=[experiment("k")], parameters=values, tags=tags, others=others
    )
    report = handed_over(folder, store)
    run = store.runs()["k"]
    assert run.data.params["long"] == long[:6_000]
    assert run.data.params["empty"] == ""
    assert run.data.params["same"] == "1"
    assert run.data.params["p249"] == "249"
    assert run.data.tags["comet.tag.a_x3D_b_x202E_"] == "a=b\u202e"
    assert run.data.tags["comet.other.text"] == "y" * 8_000
    files = store.files(run)
    assert json.loads(files["comet/long_values.json"]) == {
        "parameters/long": long,
        "tags/comet.other.text": "y" * 9_000,
    }
    names = json.loads(files["comet/names.json"])["parameters"]
    assert [entry["name"] for entry in names.values()] == ["n" * 300]
    assert report.altered == {"cut": 2, "several_values": 1, "renamed": 2}


def test_the_state_of_a_run_is_kept(tmp_path: Path, store: MlflowStore) -> None:
    folder = lake_of(
        tmp_path,
        experiments=[
            experiment("done"),
            experiment("crashed", has_crashed=True),
            experiment("running", running=True, end_time=None),
            experiment("bare", experiment_name=None, start_time=None, end_time=None),
            experiment("old", archived=True, throttled=True),
        ],
    )
    assert handed_over(folder, store).written == 5
    runs = store.runs()
    states = {key: run.info.status for key, run in runs.items()}
    assert states == {
        "done": "FINISHED",
        "crashed": "FAILED",
        "running": "RUNNING",
        "bare": "FINISHED",
        "old": "FINISHED",
    }
    assert runs["running"].info.end_time is None
    assert runs["bare"].info.run_name == "bare"
    assert runs["old"].data.tags["comet.archived"] == "true"
    assert runs["old"].data.tags["comet.throttled"] == "true"


def test_files_that_are_gone_or_outside_are_told(tmp_path: Path, store: MlflowStore) -> None:
    secret = tmp_path / "secret"
    secret.write_text("no")
    folder = tmp_path / "lake"
    kept = folder / "files" / "p" / "k" / "a b" / "é#%41.txt"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"\x00\xff")
    paths = ["files/p/k/a b/é#%41.txt", "files/p/k/gone", "../secret", None]
    assets = [
        {"experiment_key": "k", "asset_id": str(n), "state": "stored", "local_path": path}
        for n, path in enumerate(paths)
    ]
    lake_of(folder, experiments=[experiment("k")], assets=assets)
    report = handed_over(folder, store)
    assert report.altered == {"missing_files": 3, "renamed": 1}
    assert report.renamed == {"assets/a b/é_x23__x25_41.txt": "assets/a b/é#%41.txt"}
    assert report.failed == {}
    files = store.files(store.runs()["k"])
    assert {path: body for path, body in files.items() if "comet/" not in path} == {
        "assets/a b/é_x23__x25_41.txt": b"\x00\xff"
    }


def test_a_key_with_quotes_is_found_again(tmp_path: Path, store: MlflowStore) -> None:
    folder = lake_of(tmp_path, experiments=[experiment("k' OR tags.x = 'y"), experiment("k")])
    assert handed_over(folder, store).written == 2
    again = handed_over(folder, store)
    assert (again.kept, again.failed) == (2, {})
    assert {decoded(key) for key in store.runs()} == {"k' OR tags.x = 'y", "k"}


# Again, after a stop, and after the lake has changed.


def curves(folder: Path, *keys: str, points: int = 3) -> Path:
    return lake_of(
        folder,
        experiments=[experiment(key) for key in keys],
        parameters=[{"experiment_key": key, "name": "lr", "value": "0.1"} for key in keys],
        metrics=[
            point("loss", 1 / (n + 1), n, experiment_key=key) for key in keys for n in range(points)
        ],
        code=[{"experiment_key": key, "code": "pass"} for key in keys],
    )


def test_what_is_there_is_kept_and_what_changed_is_told(tmp_path: Path, store: MlflowStore) -> None:
    folder = curves(tmp_path, "a", "b")
    assert handed_over(folder, store).written == 2
    before = store.runs()
    again = handed_over(folder, store)
    assert (again.written, again.kept, again.points, again.exit_code) == (0, 2, 0, 0)
    shutil.rmtree(folder / "tables")
    curves(folder, "a", "b", "c", points=4)
    third = handed_over(folder, store)
    assert (third.written, third.kept, sorted(third.changed)) == (1, 0, ["a", "b"])
    assert third.exit_code == 3
    assert store.runs()["a"].info.run_id == before["a"].info.run_id
    fourth = handed_over(folder, store, replace=True)
    assert (fourth.written, fourth.kept, fourth.changed) == (2, 1, ())
    runs = store.runs()
    assert runs["a"].info.run_id != before["a"].info.run_id
    assert [len(store.points(runs[key])["loss"]) for key in "abc"] == [4, 4, 4]


KILLED = """
import os, sys
from comet_async import open_lake
from comet_async.handover import export_to_mlflow, mlflow_run
from comet_async.handover.mlflow_client import Client
folder, uri, location, calls = sys.argv[1:]
left = int(calls)
send = mlflow_run.RunWriter._send
def dying(self, path, place):
    global left
    left -= 1
    if left < 0:
        os._exit(9)
    send(self, path, place)
mlflow_run.RunWriter._send = dying
export_to_mlflow(open_lake(folder), uri, artifact_location=location)
"""


@pytest.mark.timeout(180)
def test_a_killed_handover_goes_on_and_makes_no_doubles(tmp_path: Path, store: MlflowStore) -> None:
    folder = curves(tmp_path / "lake", "a", "b", "c", points=1_500)
    command = [sys.executable, "-c", KILLED, str(folder), store.uri, store.location, "1"]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 9, done.stderr
    states = {key: run.data.tags["comet.handover"] for key, run in store.runs().items()}
    assert states == {"a": "complete", "b": "begun"}
    report = handed_over(folder, store)
    assert (report.kept, report.written, report.failed) == (1, 2, {})
    runs = store.runs()
    assert set(runs) == {"a", "b", "c"}
    for run in runs.values():
        assert run.data.tags["comet.handover"] == "complete"
        assert [found[0] for found in store.points(run)["loss"]] == [*range(1_500)]
        assert run.data.params == {"lr": "0.1"}
        assert set(store.files(run)) == {"comet/code.txt"}


def test_a_run_that_fails_is_told_and_the_others_are_written(
    tmp_path: Path, store: MlflowStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = curves(tmp_path, "a", "b")
    from comet_async.handover import mlflow_run  # noqa: PLC0415  it is patched here

    send = mlflow_run.RunWriter._send

    def failing(self: Any, path: Path, place: Any) -> None:
        if self._key == "a":
            raise OSError(28, "No space left on device")
        send(self, path, place)

    with monkeypatch.context() as patched:
        patched.setattr(mlflow_run.RunWriter, "_send", failing)
        report = handed_over(folder, store)
    assert report.failed == {"a": "experiment a: [Errno 28] No space left on device"}
    assert (report.written, report.exit_code) == (1, 3)
    assert handed_over(folder, store).written == 1
    assert len(store.runs()) == 2


def test_only_some_experiments_and_other_names(tmp_path: Path, store: MlflowStore) -> None:
    folder = curves(tmp_path, "a", "b", "c")
    report = handed_over(
        folder,
        store,
        where="experiment_name IN ('run a', 'run c') -- not b",
        experiment_names=checked_names("from {workspace}: {project}"),
    )
    assert (report.experiments, report.points) == (2, 6)
    runs = store.runs()
    assert set(runs) == {"a", "c"}
    home = store.client.get_experiment(runs["a"].info.experiment_id)
    assert home.name == "from team: p"
    with pytest.raises(QueryError, match="nowhere"):
        handed_over(folder, store, where="nowhere = 1")
    with pytest.raises(UsageError, match="is no name of experiments"):
        checked_names("{host}")


def test_a_dry_run_writes_nothing(tmp_path: Path, store: MlflowStore) -> None:
    folder = curves(tmp_path, "a", "b")
    report = handed_over(folder, store, where="experiment_key = 'a'", dry_run=True)
    assert (report.dry_run, report.experiments, report.points, report.parameters) == (True, 1, 3, 1)
    assert (report.written, store.runs()) == (0, {})


def test_a_deleted_experiment_is_in_the_way(tmp_path: Path, store: MlflowStore) -> None:
    folder = curves(tmp_path, "a")
    client = store.client
    client.delete_experiment(client.create_experiment("team/p"))
    report = handed_over(folder, store)
    assert list(report.failed) == ["a"]
    assert "was deleted: restore it" in report.failed["a"]


class Told:
    """Progress that is written down."""

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []

    def planned(self, table: str, items: int) -> None:
        self.calls.append(("planned", table, items))

    def finished(self, table: str, items: int, rows: int) -> None:
        self.calls.append(("finished", table, items, rows))

    def failed(self, table: str, items: int) -> None:
        self.calls.append(("failed", table, items))


def test_progress_tells_each_run(tmp_path: Path, store: MlflowStore) -> None:
    progress = Told()
    handed_over(curves(tmp_path, "a", "b"), store, progress=progress)
    assert progress.calls == [
        ("planned", "runs", 2),
        ("finished", "runs", 1, 3),
        ("finished", "runs", 1, 3),
    ]


# What is missing.


def test_a_lake_without_experiments_is_refused(tmp_path: Path, store: MlflowStore) -> None:
    folder = lake_of(tmp_path, tags=[{"experiment_key": "k", "tag": "t"}])
    with pytest.raises(UsageError, match="no table experiments"):
        handed_over(folder, store)


def test_a_store_that_cannot_be_opened_is_told_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(HandoverError) as raised:
        open_client("nonsense://me:secret@host/db")
    assert "secret" not in str(raised.value)
    assert "cannot be opened" in str(raised.value)


def test_without_mlflow_the_error_says_what_to_install(
    tmp_path: Path, store: MlflowStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    load: Callable[..., ModuleType] = importlib.import_module

    def absent(name: str, parent: str | None = None) -> ModuleType:
        if name.startswith("mlflow"):
            raise ImportError(name)
        return load(name, parent)

    monkeypatch.setattr(importlib, "import_module", absent)
    with pytest.raises(UsageError, match=r"pip install 'comet_async\[mlflow\]'"):
        handed_over(curves(tmp_path, "a"), store)
