"""The unmodified cometx reads panels and project data from the local server, in a child process.

This file is also the child's script: `python test_real_cometx_against_server.py URL`. The parent
needs cometx to be importable; the child alone imports it.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
ARCHIVE = ROOT / "tests" / "server" / "data" / "offline-sample.zip"
WORKSPACE, PROJECT = "demo", "offline-demo"
KEY = "799e7164eb874c5c9fbb3d4979b41082"


def _template(api: Any, position: int = 0) -> str:
    return str(api.get_panels(WORKSPACE)[position]["templateId"])


def _panel_zip(api: Any) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "panel.zip")
        api.download_panel_zip(_template(api), str(path))
        return zipfile.ZipFile(path).namelist()


def _command(url: str, *arguments: str) -> str:
    """Return what the command line of cometx prints."""
    done = subprocess.run(
        [sys.executable, "-c", "from cometx.cli import main; main()", *arguments],
        capture_output=True,
        check=False,
        env=os.environ | {"COMET_URL_OVERRIDE": f"{url}/clientlib/"},
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr[-1000:]
    return done.stdout


CALLS: list[tuple[str, Callable[[Any], Any]]] = [
    ("get_panels", lambda api: [row["templateName"] for row in api.get_panels(WORKSPACE)]),
    ("get_panel", lambda api: api.get_panel(_template(api))["templateName"]),
    ("get_panel_code", lambda api: api.get_panel_code(_template(api, 1))),
    ("download_panel_zip", _panel_zip),
    ("get_workspaces", lambda api: api.get_workspaces()),
    ("get_experiments", lambda api: [run.key for run in api.get_experiments(WORKSPACE, PROJECT)]),
    ("get_metric", lambda api: len(api.get_experiment_by_key(KEY).get_metrics("loss"))),
]
"""Name of each call and a function from `cometx.API` to a value that JSON can hold."""

EXACT: dict[str, Any] = {
    "get_panels": ["Loss overview", "Python table"],
    "get_panel": "Loss overview",
    "get_panel_code": "print('panel')\n",
    "download_panel_zip": ["code.js", "code.py", "info.json"],
    "get_workspaces": ["demo", "synthetic"],
    "get_experiments": [KEY],
    "get_metric": 50,
}

COMMANDS: dict[str, tuple[str, ...]] = {
    "list": ("list", f"{WORKSPACE}/{PROJECT}"),
    "download": ("download", f"{WORKSPACE}/{PROJECT}/{KEY}", "metrics", "assets", "parameters"),
}
"""Commands of cometx, run in an empty folder."""


def run_calls(url: str) -> dict[str, Any]:
    """Return the value of every call and the files of every command, or the error, by name."""
    os.environ["COMET_URL_OVERRIDE"] = f"{url}/clientlib/"
    api: Any = importlib.import_module("cometx").API(api_key="any-key-will-do-here", cache=False)
    values: dict[str, Any] = {}
    for name, call in CALLS:
        try:
            values[name] = {"value": call(api)}
        except Exception as error:  # noqa: BLE001  the parent judges
            values[name] = {"error": f"{type(error).__name__}: {error}"}
    for name, arguments in COMMANDS.items():
        try:
            printed = _command(url, *arguments)
            found = sorted(str(item.relative_to(Path.cwd())) for item in Path.cwd().rglob("*"))
            values[f"cometx {name}"] = {"value": {"printed": printed, "files": found}}
        except Exception as error:  # noqa: BLE001  the parent judges
            values[f"cometx {name}"] = {"error": f"{type(error).__name__}: {error}"}
    return values


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What each call returned, all made by one child against one server."""
    if importlib.util.find_spec("cometx") is None:
        pytest.skip("cometx is not installed")
    from comet_async.server import (  # noqa: PLC0415  after the skip
        LocalServer,
        SyntheticSpec,
        serve_in_thread,
    )

    home = tmp_path_factory.mktemp("home")
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(home),
        "COMET_API_KEY": "any-key-will-do-here",
        "COMET_LOGGING_CONSOLE": "CRITICAL",
    }
    spec = SyntheticSpec(experiments=12, points=20)
    with serve_in_thread(LocalServer([ARCHIVE], synthetic=spec)) as server:
        child = subprocess.run(
            [sys.executable, __file__, server.url],
            capture_output=True,
            check=False,
            cwd=home,
            env=environment,
            timeout=170,
        )
        assert child.returncode == 0, child.stderr.decode()[-2000:]
        yield json.loads(child.stdout.decode().rpartition("@@@")[2])


@pytest.mark.peers
@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", sorted(EXACT))
def test_cometx_reads_the_value(name: str, answers: dict[str, Any]) -> None:
    assert answers[name] == {"value": EXACT[name]}


@pytest.mark.peers
@pytest.mark.slow
@pytest.mark.timeout(180)
def test_cometx_lists_the_project(answers: dict[str, Any]) -> None:
    assert "error" not in answers["cometx list"], answers["cometx list"]
    printed = answers["cometx list"]["value"]["printed"]
    assert printed.split() == [f"{WORKSPACE}/{PROJECT}/{KEY}"]


@pytest.mark.peers
@pytest.mark.slow
@pytest.mark.timeout(180)
def test_cometx_downloads_the_experiment(answers: dict[str, Any]) -> None:
    assert "error" not in answers["cometx download"], answers["cometx download"]
    files = answers["cometx download"]["value"]["files"]
    run = f"{WORKSPACE}/{PROJECT}/{KEY}"
    assert f"{run}/parameters.json" in files
    assert f"{run}/metrics.jsonl" in files or any("metrics" in name for name in files)
    assert any(name.startswith(f"{run}/assets/") for name in files)


if __name__ == "__main__":
    print("@@@" + json.dumps(run_calls(sys.argv[1]), default=str))
