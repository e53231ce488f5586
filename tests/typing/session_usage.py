"""Only type-checked, never run: what a session gives for each kind of request."""

from __future__ import annotations

from pathlib import Path
from typing import assert_type

from comet_async import (
    Blob,
    Collected,
    Downloaded,
    Effect,
    Failed,
    Ok,
    Paged,
    Request,
    Session,
    comet,
    domino,
    run,
)
from comet_async.errors import CometAsyncError
from comet_async.request import build


def requests() -> tuple[Request[dict[str, int]], Request[Blob]]:
    numbers = build("comet", "GET", "/numbers", dict[str, int], Effect.READ)
    octets = build("comet", "GET", "/octets", Blob, Effect.READ)
    return numbers, octets


async def sending(session: Session) -> None:
    numbers, octets = requests()
    assert_type(await session.send(numbers), dict[str, int])
    assert_type(await session.send(octets), Blob)
    assert_type(await session.send(numbers.returning(bytes)), bytes)
    assert_type(numbers.with_timeout(5), Request[dict[str, int]])


def script(session: Session) -> None:
    assert_type(run(session.send(requests()[0])), dict[str, int])


async def both(session: Session) -> None:
    assert_type((await session.send(comet.get_workspaces())).workspace_names, list[str])
    assert_type((await session.send(domino.get_job_details("j"))).job, domino.JobDetails)
    assert_type(
        await session.send(domino.get_data_source_audit_data()), list[domino.DataSourceAuditEvent]
    )
    assert_type(await session.send(domino.delete_model_deployment("m")), None)
    assert_type(
        domino.moved(domino.get_registered_model_by_name("n")), Request[domino.RegisteredModel]
    )
    domino.start_job(domino.NewJob(project_id="p"))  # type: ignore[call-arg]  # it lacks a command
    domino.get_jobs(project_id=3)  # type: ignore[arg-type]  # ids are texts


async def many(session: Session) -> None:
    numbers, _ = requests()
    pairs: list[tuple[str, Request[dict[str, int]]]] = [("a", numbers)]
    async with session.fan_out(pairs) as outcomes:
        async for outcome in outcomes:
            match outcome:
                case Ok(key, value):
                    assert_type(key, str)
                    assert_type(value, dict[str, int])
                case Failed(key, error):
                    assert_type(error, CometAsyncError)
    assert_type(await session.collect(pairs), Collected[str, dict[str, int]])


async def listing(session: Session, paged: Paged[list[str], str]) -> None:
    async for item in session.items(paged):
        assert_type(item, str)


async def downloading(session: Session, folder: Path) -> None:
    numbers, octets = requests()
    assert_type(await session.download(octets, folder / "x"), Downloaded)
    await session.download(numbers, folder / "x")  # type: ignore[arg-type]  # only octets are streamed
    async with session.download_many([(folder / "x", octets)]) as outcomes:
        async for outcome in outcomes:
            if isinstance(outcome, Ok):
                assert_type(outcome.key, Path)
                assert_type(outcome.value, Downloaded)
