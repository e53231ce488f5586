"""The examples run as their first lines say, against the local server's sample runs."""

from __future__ import annotations

import asyncio
import os
import runpy
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

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


async def test_service_answers_from_one_shared_session(
    server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMET_URL_OVERRIDE", server.url)
    monkeypatch.setenv("COMET_API_KEY", "any-key")
    runner = web.AppRunner(runpy.run_path(str(EXAMPLES / "curves_service.py"))["application"]())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        host, port = runner.addresses[0][:2]
        base = f"http://{host}:{port}/last/samples"
        async with aiohttp.ClientSession() as client:
            async with client.get(f"{base}/digits-classification/val_loss") as answer:
                told = await answer.json()
            async with client.get(f"{base}/nowhere/val_loss") as answer:
                refused = (answer.status, await answer.json())
    finally:
        await runner.cleanup()
    values = [value for value in told["last"].values() if value is not None]
    assert len(told["last"]) == 15
    assert told["missing"] == {}
    assert all(0.0 < value < 5.0 for value in values)
    assert len(values) >= 10
    assert refused[0] == 502
    assert "experiments" in refused[1]["error"]
