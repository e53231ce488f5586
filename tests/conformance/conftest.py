"""One run of the real SDK for every test that looks at what it returned."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from comet_async.server import LocalServer, SyntheticSpec, serve_in_thread

ARCHIVE = Path(__file__).parents[1] / "server" / "data" / "offline-sample.zip"
SCRIPT = Path(__file__).with_name("test_real_sdk_against_server.py")


class SdkRun(NamedTuple):
    """The server that is still there, and the value or error of each call by its name."""

    url: str
    values: dict[str, Any]


@pytest.fixture(scope="session")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SdkRun]:
    """Let the SDK make its calls in a child: importing it takes seconds and patches packages."""
    if importlib.util.find_spec("comet_ml") is None:
        pytest.skip("comet_ml is not installed")
    home = tmp_path_factory.mktemp("home")
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(home),
        "COMET_LOGGING_CONSOLE": "CRITICAL",
        "COMET_DISABLE_ANNOUNCEMENT": "1",
    }
    spec = SyntheticSpec(experiments=12, points=20)
    with serve_in_thread(LocalServer([ARCHIVE], synthetic=spec, storage=True)) as server:
        child = subprocess.run(
            [sys.executable, str(SCRIPT), server.url],
            capture_output=True,
            check=False,
            cwd=home,
            env=environment,
            timeout=110,
        )
        assert child.returncode == 0, child.stderr.decode()[-2000:]
        yield SdkRun(server.url, json.loads(child.stdout.decode().rpartition("@@@")[2]))
