"""The examples run as their first lines say, against the local server's sample runs."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from comet_async.server import DominoServer, DominoSpec, LocalServer

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
async def server() -> AsyncIterator[LocalServer]:
    async with LocalServer(sample=True) as running:
        yield running


def of(server: LocalServer) -> dict[str, str]:
    """Return what leads a client to a server."""
    return {"COMET_URL_OVERRIDE": server.url, "COMET_API_KEY": "any-key"}


async def run(names: Mapping[str, str], *arguments: str) -> tuple[int, str]:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-W",
        "error",
        *arguments,
        env={**os.environ, **names},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await child.communicate()
    return child.returncode or 0, out.decode()


async def test_logs_of_jobs_that_failed_are_saved(tmp_path: Path) -> None:
    spec = DominoSpec(projects=2, jobs=13, log_lines=30)
    async with DominoServer(spec) as domino:
        names = {"DOMINO_API_HOST": domino.url, "DOMINO_USER_API_KEY": "any-key"}
        script = str(EXAMPLES / "domino_failures.py")
        code, out = await run(names, script, str(tmp_path))
        assert code == 0, out
        again = await run(names, script, str(tmp_path))
    # Of every seven the fifth failed, of every thirteen the seventh ended in an error.
    logs = [content for content in contents(tmp_path) if not content.startswith(b"{")]
    assert [len(log.splitlines()) for log in logs] == [30] * 2 * 3
    assert out.startswith("logs of 6 of 6 jobs; 180 lines")
    assert again[1].startswith("logs of 0 of 6 jobs, 6 done earlier; 0 lines")


def contents(folder: Path) -> list[bytes]:
    return [file.read_bytes() for file in folder.rglob("*") if file.is_file()]


async def test_figures_of_every_run_are_saved(server: LocalServer, tmp_path: Path) -> None:
    code, out = await run(
        of(server),
        str(EXAMPLES / "download_figures.py"),
        "samples/digits-classification",
        str(tmp_path),
    )
    images = contents(tmp_path)
    assert code == 0, out
    assert len(images) == 15
    assert all(image.startswith(b"\x89PNG") for image in images)


async def test_tests_of_the_service_pass() -> None:
    tests = str(EXAMPLES / "test_service.py")
    arguments = ["-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider"]
    code, out = await run({}, *arguments, "--rootdir", str(EXAMPLES.parent), tests)
    assert code == 0, out
    assert "6 passed" in out
