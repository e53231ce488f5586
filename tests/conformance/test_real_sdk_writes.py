"""The unmodified SDK writes to the local server, over the API, live and from an archive."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from comet_async.server import LocalServer, RequestLog, serve_in_thread
from tests.conformance.sdk_written import STEPS

SCRIPT = Path(__file__).with_name("sdk_written.py")


@pytest.fixture(scope="module")
def written(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[dict[str, Any], RequestLog]]:
    """The value of each step, all done by one child, and what the server was asked for."""
    if importlib.util.find_spec("comet_ml") is None:
        pytest.skip("comet_ml is not installed")
    home = tmp_path_factory.mktemp("home")
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(home),
        "COMET_LOGGING_CONSOLE": "CRITICAL",
        "COMET_DISABLE_ANNOUNCEMENT": "1",
    }
    with serve_in_thread(LocalServer(extras=False)) as server:
        child = subprocess.run(
            [sys.executable, str(SCRIPT), server.url],
            capture_output=True,
            check=False,
            cwd=home,
            env=environment,
            timeout=150,
        )
        assert child.returncode == 0, child.stderr.decode()[-2000:]
        yield json.loads(child.stdout.decode().rpartition("@@@")[2]), server.log


ASSETS = {
    "n.txt": ["asset", 1, '{"a":1}'],
    "im": ["image", None, None],
    "roc": ["curve", None, None],
    "t.csv": ["asset", None, None],
}
EXPECTED: dict[str, Any] = {
    "create": ["made", "running"],
    "values": {
        "metrics": ["a", "b/c", "loss"],
        "loss": ["0.5", "NaN"],
        "parameters": {"flag": "true", "nothing": "null", "list": "[1, 2]", "deep|x": "1"},
        "others": {"Name": "renamed", "hasNestedParams": "true", "k": "v"},
        "name": "renamed",
    },
    "deleted parameters": ["deep|x"],
    "texts": ["<b><i>", "<x>", "one\ntwo\n", "print(1)", "a -> b"],
    "tags": ["u", "v"],
    "system": [["a.py"], "Linux", 7, ["a==1"], [{"key": "k", "value": "v"}], 10, "b", "PK"],
    "assets": [ASSETS, "hello", "hello", "roc", ["im", "roc", "t.csv"]],
    "states": [
        ["crashed", "running", "finished"],
        ["cpuMonitorIntervalMillis", "gpuMonitorIntervalMillis", "isAliveBeatDurationMillis"],
        1000,
    ],
    "projects": ["named", "ann", "notes", True, False, False],
    "lists": [
        [True, False, False],
        [False, True, False],
        [True, False, True],
        [False, False, True],
        [False, False, False],
        None,
    ],
    "live logging": ["1.0.0", ["x"]],
    "live run": {
        "name": "live run",
        "state": "finished",
        "tags": ["live"],
        "loss": ["1.0", "0.5", "0.3333333333333333", 60],
        "bad": ["Infinity"],
        "parameters": ["0.1", "1"],
        "assets": [
            ["asset", False],
            ["asset", True],
            ["model-element", False],
            ["model-element", True],
            ["text-sample", False],
        ],
        "models": ["far", "net"],
        "html": "<b>",
    },
    "artifacts": [
        "1.0.0",
        {"rows": 2},
        [["data/up.txt", 5, False], ["r.bin", 0, True]],
        "hello",
        ["stable"],
        ["tagged"],
    ],
    "registry": [
        "Production",
        [],
        [{"key": "a", "value": 1}],
        ["1.1.0", "1.0.0"],
        "notes",
        "c",
        ["up.txt"],
        ["1.1.0"],
        [],
    ],
    "offline upload": [0, "finished", 30, ["offline"], ["up.txt"], True],
}


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", [name for name, _step in STEPS])
def test_what_the_sdk_wrote_it_reads_back(
    name: str, written: tuple[dict[str, Any], RequestLog]
) -> None:
    answer = written[0][name]
    assert "error" not in answer, answer
    assert answer["value"] == EXPECTED[name]


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_no_request_of_the_sdk_was_for_nothing(
    written: tuple[dict[str, Any], RequestLog],
) -> None:
    """Every path has a route, and only the reads of what is deleted were refused."""
    refused = {
        (record.template, record.status)
        for record in written[1]
        if record.status is None or record.status >= 400
    }
    assert refused <= {
        ("/api/rest/v2/experiment/metadata", 400),
    }
