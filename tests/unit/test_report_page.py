"""The page about a harvest, of lakes that were made by hand: what it tells, and what it survives."""

from __future__ import annotations

import base64
import re
import shutil
import sqlite3
import sys
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from comet_async import open_lake
from comet_async.errors import DestinationError, PartError, UsageError
from comet_async.report_page import render_report, write_report
from comet_async.server import HOSTILE_NAMES
from tests.support.command_line import Run, isolate, runner
from tests.support.harvests import due, opened, write_tags
from tests.support.lakes import curve, make_lake, part, rows, snapshot
from tests.support.pages import Parsed, parsed

SCRIPT = "<script>alert(1)</script>"


def page_of(lake: Path, **options: object) -> Parsed:
    return parsed(render_report(lake, **options))  # type: ignore[arg-type]  # as given


def with_values(root: Path, values: Mapping[str, Mapping[str, tuple[float, float, float]]]) -> Path:
    """Make a lake of experiments with the smallest, largest and last values of metrics."""
    told = [
        {"experiment_key": key, "experiment_name": f"run {key}", "project_name": "p"}
        for key in values
    ]
    part(root, "experiments", rows("experiments", *told))
    summaries = [
        {"experiment_key": key, "metric": metric, "min": low, "max": high, "last": last}
        for key, metrics in values.items()
        for metric, (low, high, last) in metrics.items()
    ]
    part(root, "metric_summaries", rows("metric_summaries", *summaries))
    return root


def names(page: Parsed) -> list[str]:
    """Return the keys of the best runs in their order."""
    return [cell.split()[-1] for cell in page.column("table-top", "experiment")]


def test_it_counts_what_the_lake_holds(tmp_path: Path) -> None:
    lake = make_lake(tmp_path / "lake")
    page = page_of(lake)
    found = open_lake(lake)
    assert page.texts["count-runs"] == "2"
    assert page.texts["count-tables"] == str(len(found))
    assert page.texts["count-rows"] == str(sum(found[name].rows for name in found))
    assert dict(
        zip(page.column("table-sizes", "table"), page.column("table-sizes", "rows"), strict=True)
    ) == {name: str(found[name].rows) for name in found}
    assert dict(
        zip(
            page.column("table-metrics", "metric"),
            page.column("table-metrics", "experiments"),
            strict=True,
        )
    ) == {"loss": "2"}


def test_the_best_runs_by_a_metric_that_its_name_calls_lower_the_better(tmp_path: Path) -> None:
    page = page_of(make_lake(tmp_path / "lake"))
    assert page.texts["h-top"] == "Top experiments by loss, lowest first"
    assert names(page) == ["k1", "k2"]
    assert page.column("table-top", "loss, lowest") == ["1", "4"]
    assert page.column("table-top", "last") == ["1", "5"]
    assert page.column("table-top", "duration") == ["0.0 s", "0.0 s"]


VALUES = {
    "ka": {"train_loss": (0.1, 2.0, 0.2), "val_acc": (0.2, 0.7, 0.6), "epoch": (0.0, 9.0, 9.0)},
    "kb": {"train_loss": (0.3, 2.0, 0.3), "val_acc": (0.1, 0.9, 0.5), "epoch": (0.0, 9.0, 9.0)},
    "kc": {"train_loss": (0.2, 2.0, 0.4), "val_acc": (0.0, 0.8, 0.8), "epoch": (0.0, 9.0, 9.0)},
}


def test_a_guess_prefers_what_is_judged_on_unseen_data(tmp_path: Path) -> None:
    page = page_of(with_values(tmp_path / "lake", VALUES))
    assert page.texts["h-top"] == "Top experiments by val_acc, highest first"
    assert names(page) == ["kb", "kc", "ka"]
    assert "The metric was guessed" in page.texts["top"]


@pytest.mark.parametrize(
    ("best", "wanted"), [(None, ["ka", "kc", "kb"]), ("highest", ["ka", "kb", "kc"])]
)
def test_metric_and_direction_can_be_chosen(
    tmp_path: Path, best: str | None, wanted: list[str]
) -> None:
    page = page_of(with_values(tmp_path / "lake", VALUES), metric="train_loss", best=best)
    assert names(page) == wanted
    assert "The metric was guessed" not in page.texts["top"]
    assert ("The direction was guessed" in page.texts["top"]) == (best is None)


def test_a_name_that_does_not_tell_the_direction_is_said(tmp_path: Path) -> None:
    page = page_of(with_values(tmp_path / "lake", {"ka": {"foo": (1.0, 2.0, 2.0)}}))
    assert page.texts["h-top"] == "Top experiments by foo, highest first"
    assert "does not tell which way is good; --best lowest turns it round" in page.texts["top"]


def test_runs_without_a_finite_value_are_the_last(tmp_path: Path) -> None:
    inf, nan = float("inf"), float("nan")
    values = {
        "ka": {"acc": (nan, nan, nan)},
        "kb": {"acc": (0.0, inf, 0.5)},
        "kc": {"acc": (0.0, 0.4, 0.1)},
    }
    page = page_of(with_values(tmp_path / "lake", values))
    assert names(page) == ["kb", "kc", "ka"]
    assert page.column("table-top", "acc, highest") == ["0.5", "0.4", "-"]
    assert "2 of 3 experiments have a finite value" in page.texts["top"]


def test_no_more_than_the_top_are_shown(tmp_path: Path) -> None:
    page = page_of(with_values(tmp_path / "lake", VALUES), top=2)
    assert names(page) == ["kb", "kc"]
    assert page.texts["count-runs"] == "3"


def test_parameters_are_those_that_differ(tmp_path: Path) -> None:
    lake = make_lake(tmp_path / "lake")
    told = [
        {"experiment_key": key, "name": name, "value": value}
        for key, more in {
            "k1": {"lr": "0.1", "same": "x"},
            "k2": {"lr": "0.2", "same": "x"},
        }.items()
        for name, value in more.items()
    ]
    part(lake, "parameters", rows("parameters", *told))
    page = page_of(lake)
    assert page.column("table-top", "lr") == ["0.1", "0.2"]
    assert "same" not in page.tables["table-top"][0]
    assert len(page.of("img")) == 2, "curves of the metric, and the parameters against it"


def test_without_metrics_the_newest_come_first(tmp_path: Path) -> None:
    told = [
        {
            "experiment_key": f"k{n}",
            "experiment_name": f"run k{n}",
            "start_time": 1_700_000_000_000 + n * 1000,
        }
        for n in range(3)
    ]
    part(tmp_path / "lake", "experiments", rows("experiments", *told))
    page = page_of(tmp_path / "lake")
    assert page.texts["h-top"] == "Newest experiments"
    assert names(page) == ["k2", "k1", "k0"]
    assert page.column("table-top", "started")[-1] == "2023-11-14 22:13:20 UTC"


def test_an_unknown_metric_is_an_error_with_near_names(tmp_path: Path) -> None:
    lake = with_values(tmp_path / "lake", VALUES)
    with pytest.raises(UsageError, match="no metric is called val_ac; near: val_acc"):
        render_report(lake, metric="val_ac")
    with pytest.raises(UsageError, match="no metric is called zzz; there are: epoch, train_loss"):
        render_report(lake, metric="zzz")
    part(tmp_path / "bare", "tags", rows("tags"))
    with pytest.raises(UsageError, match="this harvest has no metrics"):
        render_report(tmp_path / "bare", metric="loss")


def test_options_that_cannot_be_are_refused(tmp_path: Path) -> None:
    lake = make_lake(tmp_path / "lake")
    with pytest.raises(UsageError, match="best is lowest or highest, not best"):
        render_report(lake, best="best")  # type: ignore[arg-type]  # that is the point
    with pytest.raises(UsageError, match="top is from 1 to 500, not 0"):
        render_report(lake, top=0)


def hostile_lake(root: Path) -> list[str]:
    """Make a lake in which every name is hostile, and return these."""
    found = [SCRIPT, '"><img src=x onerror=alert(1)>', "{{ 7 * 7 }}", "a\x1b[31mb\u202ec", "]]>"]
    found += [name.encode("utf-8", "replace").decode() for name in HOSTILE_NAMES]
    told = [
        {
            "experiment_key": f"k{n}{name}",
            "experiment_name": name,
            "project_name": name,
            "workspace_name": name,
        }
        for n, name in enumerate(found)
    ]
    keys = [str(one["experiment_key"]) for one in told]
    part(root, "experiments", rows("experiments", *told))
    points = [
        point
        for key in keys
        for metric in (SCRIPT, "loss", '"><b>')
        for point in curve(key, [3.0, 2.0, 1.0], metric=metric)
    ]
    part(root, "metrics", rows("metrics", *points))
    parameters = [
        {"experiment_key": key, "name": name, "value": f"{name}{n % 3}"}
        for n, key in enumerate(keys)
        for name in (SCRIPT, "lr\u202e")
    ]
    part(root, "parameters", rows("parameters", *parameters))
    return found


def test_hostile_names_are_text_and_nothing_else(tmp_path: Path) -> None:
    found = hostile_lake(tmp_path / "lake")
    text = render_report(tmp_path / "lake", metric=SCRIPT, top=100)
    page = parsed(text)
    assert page.texts["h-top"].startswith(f"Top experiments by {SCRIPT}, ")
    shown = " ".join(page.column("table-top", "experiment"))
    assert SCRIPT in shown
    assert "{{ 7 * 7 }}" in shown
    assert len(page.tables["table-top"]) == 1 + len(found)
    assert {tag for tag, _ in page.elements} & {
        "script",
        "iframe",
        "object",
        "b",
        "link",
        "form",
    } == set()
    assert {name for _, told in page.elements for name in told if name.startswith("on")} == set()
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)


def resources(page: Parsed) -> list[str]:
    """Return what the elements of a page would fetch."""
    kinds = ("src", "srcset", "href", "data", "action", "poster", "background", "xlink:href")
    return [told[name] for _, told in page.elements for name in kinds if name in told]


@pytest.mark.parametrize("hostile", [False, True])
def test_nothing_is_fetched_from_anywhere(tmp_path: Path, *, hostile: bool) -> None:
    lake = tmp_path / "lake"
    if hostile:
        hostile_lake(lake)
    else:
        make_lake(lake)
    text = render_report(lake)
    page = parsed(text)
    found = resources(page)
    assert found, "there are pictures and links within the page"
    assert all(one.startswith(("#", "data:image/svg+xml;base64,")) for one in found)
    assert not re.search(r"url\(|@import", text)
    (policy,) = [m["content"] for m in page.of("meta") if m.get("http-equiv")]
    assert policy.startswith("default-src 'none';")
    pictures = [
        base64.b64decode(one.partition(",")[2]).decode() for one in found if "base64" in one
    ]
    assert pictures
    for svg in pictures:
        elements = [*ET.fromstring(svg).iter()]
        tags = {element.tag.rpartition("}")[2] for element in elements}
        assert {"svg", "path", "text"} <= tags
        assert tags <= {"svg", "path", "text", "g", "rect", "line", "defs", "clipPath", "tspan"}
        attributes = {name for element in elements for name in element.attrib}
        assert {name for name in attributes if "href" in name or name.startswith("on")} == set()


def test_each_table_has_heads_and_a_caption_and_each_picture_a_text(tmp_path: Path) -> None:
    page = page_of(make_lake(tmp_path / "lake"))
    assert len(page.of("caption")) == len(page.of("table"))
    assert {told["scope"] for told in page.of("th")} == {"col", "row"}
    assert all(told["alt"] for told in page.of("img"))
    linked = {told["href"].removeprefix("#") for told in page.of("a")}
    assert linked <= set(page.texts)
    assert [told["lang"] for told in page.of("html")] == ["en"]


def test_an_empty_lake_gives_a_page(tmp_path: Path) -> None:
    (tmp_path / "lake" / "tables").mkdir(parents=True)
    page = page_of(tmp_path / "lake")
    assert page.texts["count-rows"] == "0"
    assert page.texts["count-failed"] == "-"
    assert "there is no ledger in this folder" in page.texts["missing"]
    assert "table-top" not in page.tables


def test_what_is_no_lake_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        render_report(tmp_path / "missing")
    with pytest.raises(UsageError, match="holds no harvest"):
        render_report(tmp_path)


def test_a_harvest_that_was_stopped_tells_what_is_to_come_and_how(tmp_path: Path) -> None:
    lake = opened(tmp_path / "my lake", "k1", "k2", "k3", "k4")
    try:
        write_tags(lake, {"k1": ("x", "y")})
        failed = due(lake)["k2"].id
        lake.ledger.ended([("tags", failed, "failed", "GET /x: 503 Service Unavailable")])
    finally:
        lake.close()
    page = page_of(tmp_path / "my lake")
    assert page.texts["state"] == (
        "Not finished. The last run was interrupted before its end: 2 items are still to come."
        " The tables appear at the end of a run."
    )
    assert page.texts["count-failed"] == "1"
    _, *found = page.tables["table-troubles"]
    assert [row[:3] for row in found] == [["to come", "2", "tags"], ["failed", "1", "tags"]]
    assert found[1][3].startswith("GET /x: 503 Service Unavailable")
    assert found[1][4].strip() == "k2"
    assert page.tables["table-parts"][1] == [
        "tags",
        "4",
        "1",
        "2",
        page.tables["table-parts"][1][4],
    ]
    assert page.texts["command"] == (
        f"comet-async --url https://comet.example.com harvest team --tables tags"
        f" -o '{tmp_path / 'my lake'}'"
    )


def test_a_harvest_that_is_under_way_is_read_and_left_alone(tmp_path: Path) -> None:
    lake = opened(tmp_path / "lake", "k1", "k2")
    try:
        write_tags(lake, {"k1": ("x",)})
        page = page_of(tmp_path / "lake")
        assert page.texts["state"].startswith("Not finished. A harvest is under way")
        assert page.column("table-harvests", "how it ended") == ["still running"]
        write_tags(lake, {"k2": ("y",)})
        lake.publish(["tags"])
        lake.ledger.end("published")
        assert (
            page_of(tmp_path / "lake").texts["state"]
            == "Complete. Everything that was planned is here."
        )
    finally:
        lake.close()
    assert {path.name for path in (tmp_path / "lake").iterdir()} == {
        *("ledger.sqlite", "ledger.sqlite.sha256", "ledger.backup.sqlite", ".lock"),
        *("ledger.backup.sqlite.sha256", "parts", "tables", "snapshots"),
    }


def test_a_run_whose_process_died_counts_as_killed(tmp_path: Path) -> None:
    lake = opened(tmp_path / "lake", "k1")
    lake.ledger._db.execute("UPDATE run SET owner = 'elsewhere process 1 x', pulse = 0")
    lake.ledger.over = True
    lake._lock.release()
    lake.ledger.close()
    page = page_of(tmp_path / "lake")
    assert page.column("table-harvests", "how it ended") == ["killed"]
    assert "The last run was killed before its end: 1 item is" in page.texts["state"]


def test_reasons_that_differ_in_ids_are_one(tmp_path: Path) -> None:
    keys = [f"k{n}" for n in range(30)]
    lake = opened(tmp_path / "lake", *keys)
    try:
        lake.ledger.ended(
            [
                ("tags", found.id, "failed", f"GET /x: 503 after {n} tries, request {n:032x}")
                for n, found in enumerate(due(lake).values())
            ]
        )
    finally:
        lake.close()
    (_, row) = page_of(tmp_path / "lake").tables["table-troubles"]
    assert row[:3] == ["failed", "30", "tags"]
    assert "run it again" in row[3]


@pytest.mark.parametrize("version", [1, 99])
def test_a_ledger_of_another_release_is_said_and_the_tables_are_shown(
    tmp_path: Path, version: int
) -> None:
    opened(tmp_path / "lake", "k1").close()
    make_lake(tmp_path / "lake")
    with sqlite3.connect(tmp_path / "lake" / "ledger.sqlite") as db:
        db.execute(f"PRAGMA user_version = {version}")
    db.close()
    page = page_of(tmp_path / "lake")
    assert f"is of version {version}, this release reads 3" in page.texts["ledger-problem"]
    assert page.texts["count-runs"] == "2"
    assert "command" not in page.texts


@pytest.mark.parametrize("content", [b"", b"no database at all" * 100])
def test_a_damaged_ledger_is_said(tmp_path: Path, content: bytes) -> None:
    (make_lake(tmp_path / "lake") / "ledger.sqlite").write_bytes(content)
    page = page_of(tmp_path / "lake")
    assert "ledger.sqlite" in page.texts["ledger-problem"]
    assert page.texts["count-runs"] == "2"


def test_a_ledger_of_a_release_that_recorded_no_options_still_tells_how_to_go_on(
    tmp_path: Path,
) -> None:
    lake = opened(tmp_path / "lake", "k1")
    lake.close()
    page = page_of(tmp_path / "lake")
    assert "have to be given again" in page.texts["missing"]
    lake = opened(tmp_path / "lake", "k1")
    lake.ledger.asked(["--where", 'Metric("loss") < 1'])
    lake.close()
    page = page_of(tmp_path / "lake")
    assert "have to be given again" not in page.texts["missing"]
    assert "--where 'Metric(\"loss\") < 1' -o" in page.texts["command"]


def test_without_what_draws_there_is_a_page_that_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = make_lake(tmp_path / "lake")
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    page = page_of(lake)
    assert page.texts["no-pictures"].startswith("Not drawn: this needs vl_convert: pip install")
    assert names(page) == ["k1", "k2"]
    assert page.of("img") == []
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(UsageError, match=r"this needs jinja2: pip install 'comet_async\[charts\]'"):
        render_report(lake)


def test_a_list_of_thousands_of_keys_does_not_fill_the_page(tmp_path: Path) -> None:
    lake = opened(tmp_path / "lake", "k1")
    lake.ledger.asked(["--keys", ",".join(f"{n:032x}" for n in range(10_000))])
    lake.close()
    page = page_of(tmp_path / "lake")
    assert len(page.texts["command"]) < 1_000
    assert "give it as it was given first" in page.texts["missing"]


def test_a_ledger_with_a_log_is_read_whole_and_not_changed(tmp_path: Path) -> None:
    lake = opened(tmp_path / "lake", "k1", "k2")
    try:
        write_tags(lake, {"k1": ("x",)})
        shutil.copytree(tmp_path / "lake", tmp_path / "killed")
    finally:
        lake.close()
    found = tmp_path / "killed"
    assert (found / "ledger.sqlite-wal").stat().st_size
    before = {
        path: path.read_bytes()
        for path in found.glob("ledger.sqlite*")
        if path.suffix != ".sqlite-shm"
    }
    page = page_of(found)
    assert page.tables["table-parts"][1][:4] == ["tags", "2", "1", "1"]
    assert {path: path.read_bytes() for path in before} == before


def test_tables_that_are_replaced_meanwhile_are_looked_at_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = make_lake(tmp_path / "lake")
    old = lake / "tables" / "metrics" / "part-000001.parquet"
    looks: list[Path] = []

    def swapping(root: Path) -> None:
        if not looks:
            old.rename(old.with_name("part-000002.parquet"))
        looks.append(root)

    monkeypatch.setattr("comet_async.report_page.page.read_account", swapping)
    assert page_of(lake).column("table-top", "loss, lowest") == ["1", "4"]
    assert len(looks) == 2


def test_earlier_states_are_told(tmp_path: Path) -> None:
    lake = make_lake(tmp_path / "lake")
    snapshot(lake, 1)
    page = page_of(lake)
    assert page.tables["table-snapshots"][1] == ["1", "2026-01-01 00:00:00 UTC", "0", "2", "0", "0"]
    assert "Harvest of team" in render_report(lake)


def test_a_damaged_part_is_an_error(tmp_path: Path) -> None:
    lake = make_lake(tmp_path / "lake")
    (lake / "tables" / "metrics" / "part-000001.parquet").write_bytes(b"PAR1 nothing PAR1")
    with pytest.raises(PartError, match="is damaged"):
        render_report(lake)


def test_tables_that_lack_columns_of_today_are_read(tmp_path: Path) -> None:
    lake = make_lake(tmp_path / "lake")
    part(
        lake,
        "experiments",
        rows("experiments", {"experiment_key": "k1"}).select(["experiment_key"]),
    )
    part(
        lake,
        "metrics",
        rows("metrics", *curve("k1", [1.0, 2.0])).select(["experiment_key", "metric", "value"]),
    )
    page = page_of(lake)
    assert page.column("table-top", "loss, lowest") == ["1"]
    assert page.column("table-top", "state") == ["-"]


def test_metrics_alone_are_enough(tmp_path: Path) -> None:
    part(
        tmp_path / "lake", "metrics", rows("metrics", *curve("k1", [3.0, 1.0]), *curve("k2", [2.0]))
    )
    page = page_of(tmp_path / "lake")
    assert page.texts["count-runs"] == "2"
    assert page.column("table-top", "experiment") == ["k1 k1", "k2 k2"]


def test_fidelity_is_told(tmp_path: Path) -> None:
    lake = make_lake(tmp_path / "lake")
    told = [
        {"experiment_key": "k1", "metric": m, "points": n, "fidelity": kind, "source": "chart"}
        for m, n, kind in (("a", 3, "full"), ("b", 4, "full"), ("c", 15_000, "downsampled"))
    ]
    part(lake, "metric_series", rows("metric_series", *told))
    _, *found = page_of(lake).tables["table-fidelity"]
    assert [row[:4] for row in found] == [
        ["full", "chart", "2", "7"],
        ["downsampled", "chart", "1", "15,000"],
    ]
    assert "--exact" in found[1][4]


def test_a_large_lake_gives_a_small_page(tmp_path: Path) -> None:
    many = 25_000
    keys = [f"{n:032x}" for n in range(many)]
    lake = tmp_path / "lake"
    told = [
        {"experiment_key": key, "experiment_name": "n" * 200, "project_name": f"p{n % 200}"}
        for n, key in enumerate(keys)
    ]
    part(lake, "experiments", rows("experiments", *told))
    summaries = [
        {"experiment_key": key, "metric": "loss", "min": n / many, "max": 1.0, "last": 0.5}
        for n, key in enumerate(keys)
    ]
    part(lake, "metric_summaries", rows("metric_summaries", *summaries))
    parameters = [
        {"experiment_key": key, "name": "lr", "value": str(n % 1000)} for n, key in enumerate(keys)
    ]
    part(lake, "parameters", rows("parameters", *parameters))
    points = [
        point for key in keys[:3] for point in curve(key, [float(n % 100) for n in range(20_000)])
    ]
    part(lake, "metrics", rows("metrics", *points))
    text = render_report(lake, top=500)
    page = parsed(text)
    assert page.texts["count-runs"] == "25,000"
    assert page.texts["count-projects"] == "50+"
    assert len(page.tables["table-top"]) == 501
    assert "evenly drawn from best to worst" in page.texts["parameters"]
    assert "of a curve with more than 1,000 points" in page.texts["curves"]
    assert len(text) < 3_000_000


def test_it_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    lake = make_lake(tmp_path / "lake")
    target = tmp_path / "report.html"
    target.write_text("before")
    assert write_report(lake, target) == target
    assert target.read_text("utf-8").startswith("<!DOCTYPE html>")
    with pytest.raises(UsageError, match="is a folder; name a file"):
        write_report(lake, tmp_path)
    with pytest.raises(UsageError, match="no such folder"):
        write_report(lake, tmp_path / "missing" / "report.html")
    locked = tmp_path / "locked"
    locked.write_text("a file, not a folder")
    with pytest.raises((UsageError, DestinationError)):
        write_report(lake, locked / "report.html")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lake", "locked", "report.html"]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run `comet-async` in a folder with a lake."""
    isolate(monkeypatch, tmp_path)
    make_lake(tmp_path / "lake")
    return runner(capfd)


def test_the_command(run: Run) -> None:
    ended = run("report", "lake", "-o", "page.html", "--metric", "loss", "--best", "highest")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("page.html: ")
    page = parsed(Path("page.html").read_text("utf-8"))
    assert names(page) == ["k2", "k1"]
    assert run("report", "lake", "--quiet").out == ""
    assert Path("report.html").exists()


def test_the_commands_errors_are_one_line(run: Run) -> None:
    for arguments, wanted in (
        (["missing"], "missing: no such folder"),
        (["."], "holds no harvest"),
        (["lake", "--metric", "los"], "no metric is called los; near: loss"),
        (["lake", "-o", "no/such.html"], "no: no such folder"),
    ):
        ended = run("report", *arguments)
        assert ended.code == 2
        assert ended.out == ""
        assert wanted in ended.err
        assert ended.err.count("\n") == 1


def test_the_command_opens_a_browser_when_asked(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []

    def launch(url: str) -> int:
        shown.append(url)
        return 1

    monkeypatch.setattr("click.launch", launch)
    ended = run("report", "lake", "--open")
    assert shown == [(Path.cwd() / "report.html").as_uri()]
    assert ended.err == "comet-async: no browser was found; open report.html in one\n"
    assert ended.code == 0
