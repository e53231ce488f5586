"""`comet-async chart`: pictures from a server and out of a lake, and what wrong input says."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from comet_async.server import LocalServer, SyntheticSpec
from tests.support.command_line import Run
from tests.support.lakes import make_lake

SPEC = SyntheticSpec(experiments=8, points=20)
PROJECT = "synthetic/synthetic"


def spec_of(page: Path) -> dict[str, object]:
    """Return the specification within a page."""
    found = re.search(r'vegaEmbed\("#picture", (.*), \{"renderer"', page.read_text("utf-8"))
    assert found is not None
    return msgspec.json.decode(found[1].encode(), type=dict[str, object])


def title_of(page: Path) -> tuple[str, str]:
    title = spec_of(page)["title"]
    assert isinstance(title, dict)
    return str(title["text"]), " ".join(title["subtitle"])


def test_a_project_is_drawn_into_a_page(run: Run, server: LocalServer) -> None:
    before = len(server.log)
    ended = run("chart", PROJECT, "--metric", "loss")
    assert (ended.code, ended.out) == (0, "loss.html\n")
    assert ended.err == "comet-async: 8 curves of loss, 8 experiments, 160 points\n"
    assert title_of(Path("loss.html")) == ("loss", "8 curves")
    assert len(server.log) - before == 2


def test_every_option_reaches_the_picture(run: Run) -> None:
    ended = run(
        "chart", PROJECT, "-m", "loss", "-m", "acc*", "--x", "duration", "--smoothing", "0.6",
        "--log-y", "--group-by", "optimizer", "--band", "std", "--best", "lowest",
        "--where", 'Metric("loss") < 100', "--limit", "5", "--full", "--title", "All of it",
        "-o", "all.html",
    )  # fmt: skip
    assert (ended.code, ended.out) == (0, "all.html\n")
    title, told = title_of(Path("all.html"))
    assert title == "All of it"
    assert told.startswith(
        "5 experiments by optimizer: mean and standard deviation of each group; best: lowest loss"
    )
    assert "smoothed by 0.6" in told
    text = Path("all.html").read_text("utf-8")
    assert '"duration (s)"' in text
    assert '"loss (log scale)"' in text


@pytest.mark.parametrize(("name", "start"), [("x.png", b"\x89PNG"), ("x.svg", b"<svg")])
def test_other_forms(run: Run, name: str, start: bytes) -> None:
    assert run("chart", PROJECT, "-m", "loss", "--log-x", "-o", name).code == 0
    assert Path(name).read_bytes().startswith(start)


def test_metrics_in_one_plot(run: Run) -> None:
    assert run("chart", PROJECT, "-m", "loss", "-m", "accuracy", "--overlay").code == 0
    assert "concat" not in spec_of(Path("loss.html"))


def test_parallel_coordinates(run: Run) -> None:
    ended = run(
        "chart", PROJECT, "--parallel", "learning_rate, optimizer", "--parallel", "batch_size",
        "--result", "loss", "--best", "lowest",
    )  # fmt: skip
    assert (ended.code, ended.out) == (0, "loss.html\n")
    assert title_of(Path("loss.html"))[0] == "loss by learning_rate, optimizer, batch_size"


def test_a_lake_is_drawn_without_a_server(run: Run, server: LocalServer, tmp_path: Path) -> None:
    make_lake(tmp_path / "lake")
    before = len(server.log)
    ended = run("chart", "lake", "-m", "lo*", "--group-by", "lr")
    assert (ended.code, ended.out) == (0, "lo.html\n")
    assert ended.err == "comet-async: 2 curves of loss, 2 experiments, 5 points\n"
    assert title_of(Path("lo.html")) == ("loss", "2 curves by lr")
    assert len(server.log) == before


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((PROJECT,), "name a metric: --metric NAME"),
        ((PROJECT, "-m", "los"), "no metric los; did you mean loss"),
        ((PROJECT, "-m", "loss", "--group-by", "optimiser"), "did you mean optimizer?"),
        ((PROJECT, "-m", "loss", "--where", 'Metric("los") < 1'), 'did you mean Metric("loss")'),
        ((PROJECT, "-m", "loss", "-o", "x.pdf"), "a picture ends in .png, .svg or .html"),
        ((PROJECT, "-m", "loss", "-o", "no/x.svg"), "no: no such folder"),
        ((PROJECT, "-m", "loss", "--snapshot", "1"), "--snapshot is of a harvest"),
        (("synthetic", "-m", "loss"), "is no folder of a harvest, and no WORKSPACE/PROJECT"),
        ((PROJECT, "--parallel", "lr"), "--parallel NAME,NAME and --result METRIC go together"),
        ((PROJECT, "--result", "loss"), "--parallel NAME,NAME and --result METRIC go together"),
        ((PROJECT, "--parallel", "a", "--result", "b", "--log-y"), "--log-y is of curves"),
        ((PROJECT, "--parallel", "a", "--result", "b", "-m", "c"), "--metric is of curves"),
        ((PROJECT, "-m", "loss", "--smoothing", "1"), "Invalid value for '--smoothing'"),
        (("lake", "-m", "loss", "--full"), "--full is of a server"),
        (("lake", "-m", "los"), "no metric los; did you mean loss?"),
        (("lake", "-m", "loss", "--group-by", "lt"), "no parameter lt; did you mean lr?"),
        (("home", "-m", "loss"), "home holds no harvest"),
    ],
)
def test_wrong_input_gives_one_line_and_code_2(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], told: str
) -> None:
    make_lake(tmp_path / "lake")
    ended = run("chart", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err
    assert len(ended.err.splitlines()) == 1
    assert [*tmp_path.glob("*.html")] == []


def test_a_missing_extra_is_named_before_anything_is_asked(
    run: Run, server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "vl_convert", None)
    before = len(server.log)
    ended = run("chart", PROJECT, "-m", "loss")
    assert ended.code == 2
    assert "pip install 'comet_async[charts]'" in ended.err
    assert len(server.log) == before


def test_help_has_examples(run: Run) -> None:
    ended = run("chart", "--help")
    assert ended.code == 0
    assert "Examples:\n  comet-async chart team/resnet --metric loss\n" in ended.out
