"""Lakes in the files of neptune-exporter: its layout and columns, and the values of the lake."""

from __future__ import annotations

import datetime as dt
import math
import os
import re
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # it has no stubs
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # as above
import pytest

from comet_async import Session, harvest, open_lake
from comet_async.errors import DestinationError, UsageError
from comet_async.handover import HandoverError, HandoverReport, export_to_neptune
from comet_async.handover.neptune_files import RunFile, neptune_schema, path_part
from comet_async.handover.neptune_run import typed
from comet_async.testing import local_server, local_service
from tests.support.lakes import part, rows

START = dt.datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=dt.UTC)

# neptune-ai/neptune-exporter, README, "Parquet schema", in the order of its module `model`.
SCHEMA = """\
project_id: string
run_id: string
attribute_path: string
attribute_type: string
step: decimal128(18, 6)
timestamp: timestamp[ms, tz=UTC]
int_value: int64
float_value: double
string_value: string
bool_value: bool
datetime_value: timestamp[ms, tz=UTC]
string_set_value: list<item: string>
file_value: struct<path: string>
histogram_value: struct<type: string, edges: list<item: double>, values: list<item: double>>"""
# The same place, column `attribute_type`, each with the column that holds its values.
VALUES = {
    "float": "float_value",
    "int": "int_value",
    "string": "string_value",
    "bool": "bool_value",
    "datetime": "datetime_value",
    "string_set": "string_set_value",
    "float_series": "float_value",
    "string_series": "string_value",
    "file": "file_value",
}
# The same place, "Data layout on disk".
RUN_NAME = re.compile(r"[\w-]+-[0-9a-f]{16}_part_(\d+)\.parquet")


class Run:
    """A run as the files show it, read without the package."""

    def __init__(self, paths: list[Path]) -> None:
        self.rows: list[dict[str, Any]] = []
        for path in sorted(paths, key=lambda path: int(path.stem.rpartition("_")[2])):
            table = pq.read_table(path)
            told = "\n".join(f"{field.name}: {field.type}" for field in table.schema)
            assert told.replace("element", "item") == SCHEMA
            assert pq.read_table(path, schema=neptune_schema()).num_rows == table.num_rows
            assert pq.read_metadata(path).row_group(0).column(0).compression == "SNAPPY"
            self.rows += table.to_pylist()
        (self.project,) = {row["project_id"] for row in self.rows}
        (self.id,) = {row["run_id"] for row in self.rows}
        for row in self.rows:
            filled = {name for name in [*row][6:] if row[name] is not None}
            assert filled <= {VALUES[row["attribute_type"]]}

    def value(self, path: str) -> Any:
        (found,) = [row for row in self.rows if row["attribute_path"] == path]
        return found[VALUES[found["attribute_type"]]]

    def kind(self, path: str) -> str:
        (found,) = {row["attribute_type"] for row in self.rows if row["attribute_path"] == path}
        return str(found)

    def below(self, prefix: str, kind: str | None = None) -> dict[str, Any]:
        return {
            row["attribute_path"].removeprefix(prefix): row[VALUES[row["attribute_type"]]]
            for row in self.rows
            if row["attribute_path"].startswith(prefix)
            and (kind is None or row["attribute_type"] == kind)
        }

    def points(self, path: str) -> list[tuple[Any, Any, Any]]:
        return [
            (row["step"], row["timestamp"], told(row[VALUES[row["attribute_type"]]]))
            for row in self.rows
            if row["attribute_path"] == path
        ]


def runs_of(root: Path) -> dict[str, Run]:
    """Return the whole runs by their ids: those that have a part 0."""
    found: dict[str, Run] = {}
    for project in (root / "data").iterdir():
        assert re.fullmatch(r"[\w-]+-[0-9a-f]{16}", project.name)
        assert all(RUN_NAME.fullmatch(path.name) for path in project.glob("*.parquet"))
        for first in project.glob("*_part_0.parquet"):
            prefix = first.name.removesuffix("0.parquet")
            run = Run(list(project.glob(f"{prefix}*.parquet")))
            found[run.id] = run
    return found


def told(value: Any) -> Any:
    return "NaN" if isinstance(value, float) and math.isnan(value) else value


def read(folder: Path, table: str, key: str | None = None) -> list[dict[str, Any]]:
    """Return the rows of a table of the lake, read without the package."""
    found = sorted((folder / "tables" / table).glob("*.parquet"))
    every = [row for path in found for row in pq.read_table(path).to_pylist()]
    return [row for row in every if key is None or row["experiment_key"] == key]


def test_the_columns_are_those_of_the_schema() -> None:
    schema: Any = neptune_schema()
    assert "\n".join(f"{field.name}: {field.type}" for field in schema) == SCHEMA


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_the_sample_workspace_is_the_same_in_the_files(tmp_path: Path) -> None:
    lake, out = tmp_path / "lake", tmp_path / "out"
    async with local_server(sample=True) as server, Session(local_service(server)) as session:
        plan = await harvest.plan(session, "samples", into=lake)
        assert (await harvest.run(session, plan, lake)).exit_code == 0
    report = export_to_neptune(open_lake(lake), out)
    assert (report.experiments, report.written, report.points) == (31, 31, 5_090)
    runs = runs_of(out)
    experiments = read(lake, "experiments")
    assert set(runs) == {"workspace", *(row["experiment_key"] for row in experiments)}
    for row in experiments:
        run, key = runs[row["experiment_key"]], row["experiment_key"]
        assert run.project == f"{row['workspace_name']}/{row['project_name']}"
        assert run.value("sys/name") == row["experiment_name"]
        assert run.value("sys/custom_run_id") == key
        assert run.value("sys/creation_time") == row["start_time"]
        assert run.value("sys/modification_time") == row["end_time"]
        assert set(run.value("sys/tags")) == {r["tag"] for r in read(lake, "tags", key)}
        points: dict[str, list[Any]] = {}
        for r in read(lake, "metrics", key):
            point = (Decimal(r["step"]), r["timestamp"], told(r["value"]))
            points.setdefault(f"metrics/{r['metric']}", []).append(point)
        assert {path: sorted(run.points(path), key=str) for path in points} == {
            path: sorted(found, key=str) for path, found in points.items()
        }
        check_values(run, lake, key)
        check_files(out, run, lake, key)
    artifacts = [r for r in read(lake, "artifact_files") if r["state"] == "stored"]
    assert len(runs["workspace"].below("artifacts/", "file")) == len(artifacts) == 6
    assert {lost.column for lost in report.lost} == {"epoch"}


def check_values(run: Run, lake: Path, key: str) -> None:
    for table in ("parameters", "others"):
        expected = {row["name"]: row["value"] for row in read(lake, table, key)}
        found = run.below(f"{table}/")
        assert found.keys() == expected.keys()
        for name, text in expected.items():
            kind = run.kind(f"{table}/{name}")
            assert found[name] == read_as(kind, text), (name, text)


def read_as(kind: str, text: str) -> object:
    if kind == "bool":
        return text.lower() == "true"
    return {"int": int, "float": float, "string": str}[kind](text)


def check_files(out: Path, run: Run, lake: Path, key: str) -> None:
    expected = {
        "/".join(Path(row["local_path"]).parts[3:]): (lake / row["local_path"]).read_bytes()
        for row in read(lake, "assets", key)
        if row["state"] == "stored"
    }
    found = {
        place: (out / "files" / value["path"]).read_bytes()
        for place, value in run.below("assets/", "file").items()
    }
    assert found == expected
    for row in read(lake, "code", key):
        path = out / "files" / run.value("comet/code.txt")["path"]
        assert path.read_bytes().decode() == row["code"]


# What is not plain.


def experiment(key: str, **more: object) -> dict[str, object]:
    return {
        "experiment_key": key,
        "experiment_name": f"run {key}",
        "workspace_name": "team",
        "project_name": "p",
        "start_time": START,
        **more,
    }


def point(metric: str | None, value: float | None, step: int | None, **more: object) -> Any:
    return {
        "experiment_key": "k",
        "metric": metric,
        "value": value,
        "step": step,
        "timestamp": START,
        **more,
    }


def lake_of(root: Path, **tables: Any) -> Path:
    for table, found in tables.items():
        part(root, table, rows(table, *found))
    return root


def handed_over(lake: Path, out: Path, **options: Any) -> HandoverReport:
    return export_to_neptune(open_lake(lake), out, **options)


def test_points_that_are_not_plain(tmp_path: Path) -> None:
    points = [
        point("m", math.nan, 0),
        point("m", math.inf, 1),
        point("m", -math.inf, -2),
        point("m", 0.5, None, timestamp=None),
        point("m", 0.25, 10**12),
        point("m", 0.125, 10**12 - 1),
        point("m", None, 3, value_text="good"),
        point("t", 1.0, 0, context="train"),
        point("t", 2.0, 0),
        point("t/train", 3.0, 0),
        point(None, 3.0, 0),
        point("dup", 1.0, 0),
        point("dup", 1.0, 0),
    ]
    system = [point("sys.cpu", 12.5, 0)]
    folder = lake_of(
        tmp_path / "lake", experiments=[experiment("k")], metrics=points, system_metrics=system
    )
    report = handed_over(folder, tmp_path / "out")
    run = runs_of(tmp_path / "out")["k"]
    assert run.points("metrics/m") == [
        (None, None, 0.5),
        (Decimal(-2), START, -math.inf),
        (Decimal(0), START, "NaN"),
        (Decimal(1), START, math.inf),
        (Decimal(10**12 - 1), START, 0.125),
        (None, START, 0.25),
    ]
    assert run.points("texts/metrics/m") == [(Decimal(3), START, "good")]
    assert run.points("metrics/t") == [(Decimal(0), START, 2.0)]
    assert run.points("metrics/t/train") == [(Decimal(0), START, 3.0)]
    assert run.points("metrics/t/train_") == [(Decimal(0), START, 1.0)]
    assert len(run.points("metrics/dup")) == 2
    assert run.points("monitoring/sys.cpu") == [(Decimal(0), START, 12.5)]
    assert report.altered == {"no_step": 1, "no_number": 1, "texts": 1}
    contexts = tmp_path / "out" / "files" / run.value("comet/contexts.json")["path"]
    assert contexts.read_text() == ('[{"path":"metrics/t/train_","metric":"t","context":"train"}]')


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("0", "int", 0),
        ("-12", "int", -12),
        ("9223372036854775807", "int", 2**63 - 1),
        ("9223372036854775808", "string", "9223372036854775808"),
        ("007", "string", "007"),
        ("0.10", "float", 0.1),
        ("1E-5", "float", 1e-5),
        ("00.5", "string", "00.5"),
        ("1_000", "string", "1_000"),
        (" 1", "string", " 1"),
        ("", "string", ""),
        ("true", "bool", True),
        ("NaN", "float", math.nan),
        ("-Infinity", "float", -math.inf),
        ("nan", "string", "nan"),
        ("日本\u202e", "string", "日本\u202e"),
    ],
)
def test_parameters_have_types(tmp_path: Path, text: str, kind: str, value: object) -> None:
    assert (typed(text)[0], told(typed(text)[1])) == (kind, told(value))
    values = [{"experiment_key": "k", "name": "a|b/c", "value": text}]
    folder = lake_of(tmp_path / "lake", experiments=[experiment("k")], parameters=values)
    handed_over(folder, tmp_path / "out")
    run = runs_of(tmp_path / "out")["k"]
    assert run.kind("parameters/a|b/c") == kind
    assert told(run.value("parameters/a|b/c")) == told(value)


def test_names_that_are_no_paths_and_states(tmp_path: Path) -> None:
    odd = experiment(
        "../../x", workspace_name="a/b", project_name="..", archived=True, has_crashed=True
    )
    folder = lake_of(tmp_path / "lake", experiments=[odd, experiment("k", running=True)])
    handed_over(folder, tmp_path / "out")
    runs = runs_of(tmp_path / "out")
    assert runs["../../x"].project == "a/b/.."
    assert runs["../../x"].value("sys/trashed") is True
    assert runs["../../x"].value("sys/failed") is True
    assert runs["k"].value("comet/running") is True
    outside = [path for path in tmp_path.rglob("*") if path.suffix == ".parquet"]
    assert all((tmp_path / "out" in path.parents) != (folder in path.parents) for path in outside)


def test_a_long_run_has_several_parts(tmp_path: Path) -> None:
    with RunFile(tmp_path, "team/p", "k", "d", part_bytes=1) as file:
        for number in range(12_000):
            assert file.add("metrics/m", "float_series", float(number), step=number)
    assert not list(tmp_path.rglob("*.tmp"))
    found = sorted((tmp_path / path_part("team/p")).iterdir())
    assert [RUN_NAME.fullmatch(path.name)[1] for path in found] == ["0", "1", "2"]  # type: ignore[index]  # else the test fails
    values = [row["float_value"] for row in Run(found).rows]
    assert values == [float(number) for number in range(12_000)]


# Again, after a stop, and after the lake has changed.


def curves(folder: Path, *keys: str, points: int = 3) -> Path:
    return lake_of(
        folder,
        experiments=[experiment(key) for key in keys],
        metrics=[
            point("loss", 1 / (n + 1), n, experiment_key=key) for key in keys for n in range(points)
        ],
        code=[{"experiment_key": key, "code": "pass"} for key in keys],
        projects=[{"project_id": "i", "project_name": "p", "workspace_name": "team"}],
    )


def test_what_is_there_is_kept_and_what_changed_is_written_anew(tmp_path: Path) -> None:
    lake, out = curves(tmp_path / "lake", "a", "b"), tmp_path / "out"
    assert handed_over(lake, out).written == 2
    again = handed_over(lake, out)
    assert (again.written, again.kept, again.files) == (0, 2, 0)
    shutil.rmtree(lake / "tables" / "metrics")
    metrics = [point("loss", 1.0, n, experiment_key=key) for key in "aab" for n in range(3)]
    part(lake, "metrics", rows("metrics", *metrics))
    third = handed_over(lake, out)
    assert (third.written, third.kept) == (1, 1)
    assert len(runs_of(out)["a"].points("metrics/loss")) == 6


KILLED = """
import os, sys
from comet_async import open_lake
from comet_async.handover import export_to_neptune, neptune_run
folder, out, calls = sys.argv[1:]
left = int(calls)
send = neptune_run.NeptuneRun._send
def dying(self, path, place):
    global left
    left -= 1
    if left < 0:
        os._exit(9)
    send(self, path, place)
neptune_run.NeptuneRun._send = dying
export_to_neptune(open_lake(folder), out)
"""


def test_a_killed_handover_leaves_whole_runs_and_goes_on(tmp_path: Path) -> None:
    lake, out = curves(tmp_path / "lake", "a", "b", "c", points=6_000), tmp_path / "out"
    command = [sys.executable, "-c", KILLED, str(lake), str(out), "1"]
    assert subprocess.run(command, check=False).returncode == 9
    assert set(runs_of(out)) == {"a"}
    assert list(out.rglob("*.parquet.tmp"))
    report = handed_over(lake, out)
    assert (report.kept, report.written) == (1, 2)
    runs = runs_of(out)
    assert set(runs) == {"a", "b", "c", "workspace"}
    assert [len(runs[key].points("metrics/loss")) for key in "abc"] == [6_000] * 3
    assert not list(out.rglob("*.tmp"))
    assert not list(out.rglob(".*"))


def test_a_run_of_another_program_is_not_touched(tmp_path: Path) -> None:
    lake, out = curves(tmp_path / "lake", "a"), tmp_path / "out"
    theirs = out / "data" / path_part("team/p") / f"{path_part('a')}_part_0.parquet"
    theirs.parent.mkdir(parents=True)
    pq.write_table(pa.table({"run_id": ["a"]}), theirs)
    before = theirs.read_bytes()
    with pytest.raises(HandoverError, match="another program wrote it"):
        handed_over(lake, out)
    assert theirs.read_bytes() == before


def test_only_some_experiments_and_a_dry_run(tmp_path: Path) -> None:
    lake, out = curves(tmp_path / "lake", "a", "b"), tmp_path / "out"
    told_only = handed_over(lake, out, dry_run=True)
    assert (told_only.experiments, told_only.points, out.exists()) == (2, 6, False)
    assert handed_over(lake, out, where="experiment_key = 'b'").written == 1
    assert set(runs_of(out)) == {"b", "workspace"}


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    lake, out = curves(tmp_path / "lake", "a"), tmp_path / "out"
    out.mkdir(mode=0o500)
    with pytest.raises(DestinationError, match="cannot be written"):
        handed_over(lake, out)


def test_a_file_in_place_of_the_folder_is_told(tmp_path: Path) -> None:
    lake = curves(tmp_path / "lake", "a")
    (tmp_path / "out").write_text("")
    with pytest.raises(DestinationError, match="cannot be written"):
        handed_over(lake, tmp_path / "out")


def test_a_lake_without_experiments_is_refused(tmp_path: Path) -> None:
    lake = lake_of(tmp_path / "lake", tags=[{"experiment_key": "k", "tag": "t"}])
    with pytest.raises(UsageError, match="no table experiments"):
        handed_over(lake, tmp_path / "out")


def test_neptune_exporters_own_reader_reads_the_files(tmp_path: Path) -> None:
    reading = pytest.importorskip("neptune_exporter.storage.parquet_reader")
    lake, out = curves(tmp_path / "lake", "a", "b"), tmp_path / "out"
    handed_over(lake, out)
    reader = reading.ParquetReader(out / "data")
    found: dict[str, int] = {}
    for project in reader.list_project_directories():
        for prefix in reader.list_run_files(project):
            metadata = reader.read_run_metadata(project, prefix)
            tables = reader.read_run_data(project, prefix, attribute_types=["float_series"])
            found[metadata.run_id] = sum(table.num_rows for table in tables)
    assert found == {"a": 3, "b": 3, "workspace": 0}
