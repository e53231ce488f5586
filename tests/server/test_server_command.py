"""Options of `comet-async serve` that say how the server behaves."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from click.testing import CliRunner

from comet_async.cli.main import program
from comet_async.server import DominoServer, LocalServer, SyntheticSource, SyntheticSpec

KEYS = [SyntheticSource(SyntheticSpec(experiments=3)).key(index) for index in range(3)]


@pytest.mark.parametrize(("options", "status"), [([], 413), (["--chart-refusal", "504"], 504)])
def test_a_chart_limit_on_the_command_line(
    monkeypatch: pytest.MonkeyPatch, options: list[str], status: int
) -> None:
    seen: list[int] = []

    async def serve_briefly(server: LocalServer, **_options: Any) -> None:
        url = "/api/rest/v2/experiments/multi-metric-chart"
        async with server, aiohttp.ClientSession(headers={"Authorization": "k"}) as session:
            for count in (1, 2):
                body = {"targetedExperiments": KEYS[:count], "metrics": ["loss"], "fetchFull": True}
                async with session.post(server.url + url, json=body) as answer:
                    seen.append(answer.status)

    monkeypatch.setattr("comet_async.server.serve_forever", serve_briefly)
    ended = CliRunner().invoke(
        program, ["serve", "--synthetic", "3", "--chart-points", "100", *options]
    )
    assert (ended.exit_code, seen) == (0, [200, status]), ended.output


@pytest.mark.parametrize(
    "wrong",
    [["--chart-refusal", "200"], ["--chart-points", "-1"], ["--chart-seconds-per-million", "-1"]],
)
def test_a_chart_limit_that_makes_no_sense(wrong: list[str]) -> None:
    assert CliRunner().invoke(program, ["serve", *wrong]).exit_code == 2


@pytest.mark.parametrize(("options", "status"), [([], 200), (["--read-only"], 403)])
def test_read_only_refuses_writes(
    options: list[str], status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    statuses: list[int] = []

    async def serve_briefly(server: LocalServer, **_options: Any) -> None:
        async with server, aiohttp.ClientSession(headers={"Authorization": "k"}) as session:
            url = f"{server.url}/api/rest/v2/write/workspace/new"
            async with session.post(url, json={"name": "fresh"}) as answer:
                statuses.append(answer.status)

    monkeypatch.setattr("comet_async.server.serve_forever", serve_briefly)
    ended = CliRunner().invoke(program, ["serve", "--synthetic", "3", *options])
    assert (ended.exit_code, statuses) == (0, [status])


@pytest.mark.parametrize(("options", "status"), [([], 200), (["--read-only"], 403)])
def test_domino_is_served_with_as_many_jobs(
    options: list[str], status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    headers = {"X-Domino-Api-Key": "k"}

    async def serve_briefly(server: DominoServer, **_options: Any) -> None:
        async with server, aiohttp.ClientSession(server.url, headers=headers) as session:
            async with session.get("/api/projects/beta/projects") as answer:
                project = (await answer.json())["projects"][0]["id"]
            query = {"projectId": project}
            async with session.get("/api/jobs/beta/jobs", params=query) as answer:
                seen.append((await answer.json())["metadata"]["totalCount"])
            body = {"projectId": project, "runCommand": "python x.py"}
            async with session.post("/api/jobs/v1/jobs", json=body) as answer:
                seen.append(answer.status)

    monkeypatch.setattr("comet_async.server.serve_forever", serve_briefly)
    ended = CliRunner().invoke(program, ["serve", "--domino", "--synthetic", "7", *options])
    assert (ended.exit_code, seen) == (0, [7, status]), ended.output


@pytest.mark.parametrize("wrong", [["--sample"], ["--chart-points", "10"]])
def test_domino_has_no_sample_runs_and_no_charts(wrong: list[str]) -> None:
    ended = CliRunner().invoke(program, ["serve", "--domino", *wrong])
    assert ended.exit_code == 2
    assert "--domino serves made-up data only" in ended.output
