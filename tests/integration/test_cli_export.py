"""`comet-async export`: a harvest for MLflow, and as neptune-exporter writes it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pyarrow.parquet as pq  # type: ignore[import-untyped]  # it has no stubs
import pytest

from tests.support.command_line import PYTHON, Run, isolate, runner
from tests.support.lakes import make_lake, part, rows
from tests.support.mlflow_store import MlflowStore

pytestmark = pytest.mark.filterwarnings(
    "ignore:The ``noload`` loader strategy:DeprecationWarning"  # MLflow's own
)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run `comet-async` in a folder with a lake, whose points have an epoch."""
    isolate(monkeypatch, tmp_path)
    make_lake(tmp_path / "lake")
    points = [
        {"experiment_key": key, "metric": "loss", "step": 0, "epoch": 1, "value": float("inf")}
        for key in ("k1", "k2")
    ]
    part(tmp_path / "lake", "metrics", rows("metrics", *points), number=2)
    return runner(capfd)


def test_a_lake_goes_to_mlflow_and_what_is_lost_is_told(run: Run, tmp_path: Path) -> None:
    store = MlflowStore(tmp_path)
    arguments = ["export", "lake", "--to", "mlflow", "--uri", store.uri]
    arguments += ["--artifacts", store.location, "--experiment-name", "all of {project}."]
    ended = run(*arguments)
    assert ended.lines == [
        "2 of 2 experiments written to MLflow, 0 were there",
        "7 points, 2 parameters, 2 tags, 0 files with 0 bytes",
        "times  changed on the way",
        "    2  infinite values, kept as the largest float",
        "    7  points without a time, written at the start of the run",
        "lost            values  why",
        "metrics.epoch        2  points of MLflow have no epoch",
        "metrics.offset       5  MLflow orders points by step and time",
    ]
    assert ended.code == 0
    assert "runs 2/2, 7 rows" in ended.err
    runs = store.runs()
    assert {key: run.info.run_name for key, run in runs.items()} == {
        "k1": "run k1",
        "k2": "run k2",
    }
    home = store.client.get_experiment(runs["k1"].info.experiment_id)
    assert home.name == "all of ."
    again = run(*arguments, "--json", "-q")
    report = json.loads(again.out)
    assert (report["written"], report["kept"], report["points"]) == (0, 2, 0)
    assert again.err == ""


def test_a_lake_goes_to_the_files_of_neptune_exporter(run: Run, tmp_path: Path) -> None:
    ended = run("export", "lake", "--to", "neptune", "-o", "out", "--where", "experiment_key='k2'")
    assert ended.lines[0] == "1 of 1 experiments written to neptune-exporter, 0 were there"
    (written,) = (tmp_path / "out" / "data").rglob("*.parquet")
    assert set(pq.read_table(written)["run_id"].to_pylist()) == {"k2"}


@pytest.mark.parametrize("target", [("mlflow", "--uri", "sqlite:///m.db"), ("neptune", "-o", "x")])
def test_a_dry_run_writes_nothing(run: Run, tmp_path: Path, target: tuple[str, ...]) -> None:
    before = sorted(tmp_path.rglob("*"))
    ended = run("export", "lake", "--to", *target, "--dry-run")
    assert ended.lines[0].startswith("2 experiments would go to ")
    assert ended.lines[1] == "7 points, 2 parameters, 0 tags, 0 files"
    assert any(line.startswith("metrics.epoch") for line in ended.lines)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--to", "mlflow"], 2, "--to mlflow wants --uri"),
        (["--to", "mlflow", "--uri", "sqlite:///m.db", "-o", "x"], 2, "and no -o"),
        (["--to", "neptune"], 2, "--to neptune wants -o FOLDER"),
        (["--to", "neptune", "-o", "x", "--uri", "y"], 2, "and no --uri"),
        (["--to", "wandb"], 2, "is not one of 'mlflow', 'neptune'"),
        (["--to", "neptune", "-o", "x", "--snapshot", "7"], 2, "has no snapshot 7"),
        (["--to", "neptune", "-o", "x", "--where", "nowhere = 1"], 1, "nowhere"),
        (["--to", "neptune", "-o", "lake/ledger"], 5, "cannot be written"),
        (
            ["--to", "mlflow", "--uri", "sqlite:///m.db", "--experiment-name", "{x}"],
            2,
            "may hold {workspace} and {project} only",
        ),
    ],
)
def test_what_cannot_be_is_said_in_one_line(
    run: Run, tmp_path: Path, arguments: list[str], code: int, told: str
) -> None:
    (tmp_path / "lake" / "ledger").write_text("no folder")
    ended = run("export", "lake", *arguments)
    assert (ended.code, ended.out) == (code, "")
    assert told in ended.err
    assert not (tmp_path / "m.db").exists()


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_ctrl_c_says_how_to_go_on(run: Run, tmp_path: Path) -> None:
    values = {f"k{number}": [1.0] * 3_000 for number in range(300)}
    make_lake(tmp_path / "many", values=values)
    command = [*PYTHON, "export", "many", "--to", "neptune", "-o", "out"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as going:
        first = tmp_path / "out" / "data"
        while not list(first.rglob("*_part_0.parquet")):
            assert going.poll() is None
        going.send_signal(signal.SIGINT)
        _, told = going.communicate(timeout=60)
    assert going.returncode == 130
    assert "stopped; the same command goes on from here" in told
    ended = run("export", "many", "--to", "neptune", "-o", "out", "--json", "-q")
    report = json.loads(ended.out)
    assert report["kept"] > 0
    assert report["kept"] + report["written"] == 300
