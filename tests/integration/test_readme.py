"""README: a first chart in ten lines, each command and each guide, and every endpoint's name.

`test_documents.py` runs its blocks.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from comet_async import comet
from comet_async.cli.main import COMMANDS
from tests.support.documents import ROOT, Reader, blocks

README = (ROOT / "README.md").read_text("utf-8")
GUIDES = ROOT / "comet_async" / "docs" / "guides"
PYTHON = [block.text for block in blocks(README) if block.language == "python"]
MOST_LINES = 10


def test_the_first_chart_takes_ten_lines_and_no_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("altair")
    assert len([line for line in PYTHON[0].splitlines() if line.strip()]) <= MOST_LINES
    monkeypatch.delenv("COMET_API_KEY", raising=False)
    monkeypatch.chdir(tmp_path)
    page = tmp_path / "page.md"
    page.write_text(f"```python\n{PYTHON[0]}```\n", "utf-8")
    Reader(page, tmp_path).read()
    assert "<html" in (tmp_path / "val_accuracy.html").read_text("utf-8")


def test_there_is_code_for_each_use() -> None:
    for name in ("log_events", "harvest.run", "fan_out", "blocking.API", "domino.service"):
        assert [name for block in PYTHON if name in block], name
    assert all(len(block.splitlines()) <= 17 for block in PYTHON)


def test_every_command_is_in_the_table() -> None:
    cells = re.findall(r"^\| (`comet-async [^|]+) \|", README, re.MULTILINE)
    listed = [name for cell in cells for name in re.findall(r"`(?:comet-async )?([a-z]+)`", cell)]
    assert sorted(listed) == sorted(COMMANDS)


def test_every_guide_is_in_the_table() -> None:
    listed = re.findall(r"\(comet_async/docs/guides/([\w-]+\.md)\)", README)
    assert {*listed} == {path.name for path in GUIDES.glob("*.md")}


def test_every_endpoint_is_in_the_table() -> None:
    text = (GUIDES / "endpoints.md").read_text("utf-8")
    rows = re.findall(r"^\| [A-Z][^|]+ \| ((?:`[a-z]\w*_\w+`(?:, )?)+) \|$", text, re.MULTILINE)
    listed = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert sorted(listed) == sorted(comet.ENDPOINTS)
