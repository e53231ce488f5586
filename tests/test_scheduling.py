"""The files whose tests stay together exist, so that a rename cannot part them unseen."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def test_files_of_the_groups_exist() -> None:
    together = pytest.importorskip("tests.support.scheduling").TOGETHER
    assert [name for name in together if not (ROOT / name).is_file()] == []
