"""The page about real harvests: as Chromium draws it, with what failed, and how it goes on."""

from __future__ import annotations

import asyncio
import shlex
import struct
import zlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from comet_async import Limits, RetryPolicy, Session, comet, harvest, open_lake
from comet_async.cli.main import program
from comet_async.harvest.account import read_account
from comet_async.harvest.listing import plan as planned
from comet_async.report_page import render_report, write_report
from comet_async.server import DominoServer, DominoSpec, LocalServer, SyntheticSpec
from comet_async.server.domino import Clock
from tests.support.domino_harvests import taken
from tests.support.pages import browser, parsed

LIMITS = Limits(concurrency=4)
QUICK = RetryPolicy(attempts=2, base=0.001, unreadable_attempts=1)
TABLES = ["experiments", "metrics", "metric_summaries", "parameters", "output", "assets"]


async def harvested(
    server: LocalServer, root: Path, scope: str = "synthetic", **options: object
) -> harvest.Report:
    service = comet.service("KEY", url=server.url, limits=LIMITS)
    async with Session(service, retry=QUICK) as session:
        plan = await planned(session, scope, **{"tables": TABLES, **options})  # type: ignore[arg-type]  # as given
        return await harvest.run(session, plan, root)


@pytest.fixture
async def server() -> AsyncIterator[LocalServer]:
    spec = SyntheticSpec(experiments=6, points=20, metrics=3, assets=2, hostile_names=True)
    async with LocalServer(synthetic=spec, extras=False, seed=7) as started:
        yield started


async def test_its_counts_are_those_of_the_report(server: LocalServer, tmp_path: Path) -> None:
    report = await harvested(server, tmp_path / "lake")
    assert report.exit_code == 0
    page = parsed(render_report(tmp_path / "lake"))
    lake = open_lake(tmp_path / "lake")
    assert page.texts["count-runs"] == str(lake["experiments"].rows)
    assert page.texts["count-rows"] == f"{sum(lake[name].rows for name in lake):,}"
    files = next(table for table in report.tables if table.table == "files")
    assert page.texts["count-files"] == str(files.files)
    assert page.column("table-harvests", "requests") == [f"{report.requests:,}"]
    assert page.column("table-harvests", "how it ended") == ["to its end"]
    assert page.texts["state"] == "Complete. Everything that was planned is here."
    largest = page.column("table-files", "file")
    assert len(largest) == min(10, files.files)
    assert page.column("table-projects", "experiments") == [str(lake["experiments"].rows)]


async def test_what_failed_is_told_and_the_command_brings_it(
    server: LocalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "lake"
    server.faults.add("status", 500, "experiment/output")
    selection = harvest.Selection(metrics=("*",), since=datetime(2001, 1, 1, tzinfo=UTC))
    report = await harvested(server, root, selection=selection)
    assert report.exit_code == 3
    page = parsed(render_report(root))
    assert page.texts["count-failed"] == str(report.failed)
    rows = [row for row in page.tables["table-troubles"] if row[0].strip() == "failed"]
    assert [(int(row[1]), row[2].strip()) for row in rows] == [(report.failed, "output")]
    assert "500" in rows[0][3]
    assert {failure.key for failure in report.failures} >= set(rows[0][4].split())

    server.faults.clear()
    words = shlex.split(page.texts["command"])
    assert words[:4] == ["comet-async", "--url", server.url, "harvest"]
    assert words[words.index("--since") :][:2] == ["--since", "2001-01-01T00:00:00"]
    monkeypatch.setenv("COMET_API_KEY", "KEY")

    def go_on() -> object:
        with pytest.raises(SystemExit) as ended:
            program.main([*words[1:], "--quiet"])
        return ended.value.code

    assert await asyncio.to_thread(go_on) == 0
    page = parsed(render_report(root))
    assert page.texts["count-failed"] == "0"
    assert page.texts["state"].startswith("Complete.")
    assert len(page.tables["table-harvests"]) == 3
    account = read_account(root)
    assert account is not None
    assert account.runs[0].asked == account.runs[1].asked


async def test_a_harvest_that_a_refused_key_ended_says_so(
    server: LocalServer, tmp_path: Path
) -> None:
    server.faults.add("status", 401, "experiment/output")
    report = await harvested(server, tmp_path / "lake")
    assert report.exit_code == 4
    page = parsed(render_report(tmp_path / "lake"))
    assert page.column("table-harvests", "how it ended") == ["stopped: key or disk"]
    assert "before its end" in page.texts["state"]
    assert page.column("table-harvests", "requests") == [f"{report.requests:,}"]


async def test_a_harvest_of_domino(tmp_path: Path) -> None:
    async with DominoServer(
        DominoSpec(projects=2, jobs=6, log_lines=20), clock=Clock(speed=0)
    ) as server:
        report = await taken(server.url, tmp_path / "lake")
    assert report.exit_code == 0
    page = parsed(render_report(tmp_path / "lake", metric="accuracy"))
    lake = open_lake(tmp_path / "lake")
    jobs = lake["domino_jobs"].to_arrow().to_pylist()
    assert page.texts["count-runs"] == str(len(jobs))
    assert page.texts["h-top"] == "Top jobs by accuracy, highest first"
    assert len(page.tables["table-top"]) == 1 + len(jobs)
    told = page.column("table-top", "accuracy")
    assert told == sorted(told, key=float, reverse=True)
    states = {str(job["execution_status"]) for job in jobs}
    assert set(page.column("table-top", "state")) == states
    assert set(page.column("table-fidelity", "read from")) == {"logs of jobs"}
    assert shlex.split(page.texts["command"])[3:5] == ["harvest", "domino:*"]


@pytest.fixture
async def sample(tmp_path: Path) -> Path:
    """Harvest real training runs."""
    async with LocalServer(sample=True) as server:
        await harvested(server, tmp_path / "lake", "samples")
    return tmp_path / "lake"


def pixels(png: bytes) -> tuple[int, int, set[bytes]]:
    """Return width and height of a PNG, and the colours of its pixels."""
    width, height, depth, kind = struct.unpack(">IIBB", png[16:26])
    assert (depth, kind) in {(8, 2), (8, 6)}
    at, packed = 8, bytearray()
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            packed += png[at + 8 : at + 8 + length]
        at += 12 + length
    return width, height, _colours(zlib.decompress(packed), width, height, 3 if kind == 2 else 4)


def _colours(data: bytes, width: int, height: int, each: int) -> set[bytes]:
    """Undo the filters of the lines of a PNG."""
    found: set[bytes] = set()
    before = bytearray(width * each)
    for row in range(height):
        start = row * (width * each + 1)
        line = bytearray(data[start + 1 : start + 1 + width * each])
        kind = data[start]
        for n in range(len(line)):
            left = line[n - each] if n >= each else 0
            above = before[n]
            corner = before[n - each] if n >= each else 0
            line[n] = (line[n] + _guess(kind, left, above, corner)) & 255
        found.update(bytes(line[n : n + 3]) for n in range(0, len(line), each))
        before = line
    return found


def _guess(kind: int, left: int, above: int, corner: int) -> int:
    if kind == 4:
        near = left + above - corner
        return min((left, above, corner), key=lambda value: abs(near - value))
    return (0, left, above, (left + above) // 2)[kind]


def test_chromium_draws_it_without_a_network(sample: Path, tmp_path: Path) -> None:
    page = write_report(sample, tmp_path / "report.html")
    found = parsed(browser(["--dump-dom", page.as_uri()], tmp_path).decode().strip())
    assert found.texts["h-top"] == "Top experiments by val_loss, lowest first"
    assert len(found.of("img")) == 5
    alone = "header, footer, section:not(#curves) { display: none }</style>"
    page.write_text(page.read_text("utf-8").replace("</style>", alone), "utf-8")
    picture = tmp_path / "curves.png"
    browser(["--window-size=640,400", f"--screenshot={picture}", page.as_uri()], tmp_path)
    width, height, colours = pixels(picture.read_bytes())
    assert (width, height) == (640, 400)
    vivid = {colour for colour in colours if max(colour) - min(colour) > 80}
    assert len(vivid) > 10, "curves are drawn in their colours"


@pytest.mark.parametrize("width", [500, 1280])
def test_the_page_is_no_wider_than_the_window(sample: Path, tmp_path: Path, width: int) -> None:
    page = write_report(sample, tmp_path / "report.html")
    text = page.read_text("utf-8")
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    measured = text.replace(policy, f"{policy}; script-src 'unsafe-inline'").replace(
        "</body>",
        "<script>document.title = document.documentElement.scrollWidth"
        " + ' of ' + window.innerWidth</script></body>",
    )
    assert measured.count("<script>") == 1
    page.write_text(measured, "utf-8")
    dumped = browser([f"--window-size={width},900", "--dump-dom", page.as_uri()], tmp_path).decode()
    told = dumped.partition("<title>")[2].partition("</title>")[0]
    content, window = map(int, told.split(" of "))
    assert content <= window == width
