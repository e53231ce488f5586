"""Every public member of `API`, `APIExperiment` and `Model` in rows, for callers of each colour.

The rows are those that are compared with the vendor's client, and here the ones that it lacks. A
row is named "class.member", "member" or "member(what of it)".
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from comet_async import API, APIExperiment, Ok, comet
from comet_async.errors import UsageError
from comet_async.server import RequestLog
from tests.conformance.api_calls import API_CALLS, files, plain, run_of
from tests.conformance.api_written import written
from tests.conformance.test_real_sdk_against_server import (
    ARTIFACT,
    KEY,
    MODEL,
    NOTES_ID,
    PROJECT,
    VERSION,
    WORKSPACE,
)
from tests.support.colours import used_by

__all__ = ["OWN_WRITES", "READS", "Told", "member_of", "reads", "writes"]

Row: TypeAlias = Callable[[API], Awaitable[object]]
WriteRow: TypeAlias = Callable[[API, Any], Awaitable[object]]

PROPERTIES = (
    "archived",
    "duration_millis",
    "end_server_timestamp",
    "file_name",
    "file_path",
    "id",
    "optimization_id",
    "project_id",
    "project_name",
    "start_server_timestamp",
    "state",
    "workspace",
)


class Told(NamedTuple):
    """What one row told.

    Attributes:
        value: What was returned, as JSON can hold it.
        requests: How many requests each path had, where the log of the server is at hand.
        used: Members of blocking objects that were used, as "class.member".
    """

    value: object
    requests: Mapping[str, int]
    used: frozenset[str]


def _of_run(call: Callable[[APIExperiment], Awaitable[object]]) -> Row:
    async def made(api: API) -> object:
        return await call(await run_of(api))

    return made


def _property(name: str) -> Row:
    async def made(api: API) -> object:
        found: object = getattr(await run_of(api), name)
        return found

    return made


async def to_dict(api: API) -> object:
    return (await run_of(api)).to_dict()


async def metadata(api: API) -> object:
    return (await run_of(api)).metadata


async def downloaded(api: API, folder: str) -> None:
    await api.download(comet.get_experiment_asset(NOTES_ID, experiment_key=KEY), f"{folder}/n")


async def session(api: API) -> object:
    await api.get_workspaces()
    sent = await api.session.send(
        comet.get_project_notes((await api.project_ids(WORKSPACE))[PROJECT])
    )
    collected = await api.session.collect([(KEY, comet.get_experiment_metadata(KEY))])
    async with api.session.fan_out([(1, comet.get_experiment_tags(KEY))]) as outcomes:
        tags = [outcome.value.tags async for outcome in outcomes if isinstance(outcome, Ok)]
    return [sent.notes, list(collected.ok), tags]


async def send_each(api: API) -> object:
    pairs = [("a", comet.get_experiment_tags(KEY)), ("b", comet.get_experiment_tags(KEY))]
    return await api.send_each(pairs)


async def model_workspace(api: API) -> object:
    return (await api.get_model(WORKSPACE, MODEL)).workspace


async def get_model(api: API) -> object:
    return repr(await api.get_model(WORKSPACE, MODEL))


async def from_registry(api: API) -> object:
    known = await api.get_model(WORKSPACE, MODEL)
    return await (await known.from_registry(WORKSPACE, MODEL, api=api)).status(VERSION)


async def model_close(api: API) -> object:
    """Close a model with an API of its own, which finds the server by the environment."""
    known = await api.get_model(WORKSPACE, MODEL)
    own = await known.from_registry(WORKSPACE, MODEL, api_key="any-key-will-do-here")
    before = await own.status(VERSION)
    await own.close()
    return [before, await refused(own.status(VERSION))]


async def refused(work: Awaitable[object]) -> str:
    try:
        await work
    except UsageError as error:
        return type(error).__name__
    raise AssertionError("it was not refused")


def caching(change: Callable[[API], object]) -> Row:
    """Ask twice for the same with the cache, change something about it, and ask twice again."""

    async def made(api: API) -> object:
        api.clear_cache()
        api.use_cache(cache=True)
        first = await api.get_workspaces(), await api.get_workspaces()
        changed = change(api)
        second = await api.get_workspaces(), await api.get_workspaces()
        api.do_cache("workspaces")
        return [*first, changed, *second, api.use_cache(cache=False)]

    return made


async def known_metrics(api: API) -> object:
    """Look at what the cache has of a run, before and after its metrics were asked for."""
    api.use_cache(cache=True)
    run = await run_of(api)
    before = [run.known_metrics, api.known(comet.get_experiment_metrics_summary(KEY))]
    await run.metric_extremes()
    known = api.known(comet.get_experiment_metrics_summary(KEY))
    found = [*before, run.known_metrics, [] if known is None else known.values]
    api.use_cache(cache=False)
    return found


async def with_metrics(api: API) -> object:
    return await api.with_metrics([await run_of(api)], "loss")


async def closed(api: API) -> object:
    await api.close()
    return await refused(api.get_workspaces())


OWN_READS: Mapping[str, Row] = {
    "API.project_ids": lambda api: api.project_ids(WORKSPACE),
    "API.send": lambda api: api.send(comet.get_experiment_tags(KEY)),
    "API.send_each": send_each,
    "API.send_or_none": lambda api: api.send_or_none(comet.get_project(project_id="0" * 32)),
    "API.download": lambda api: files(lambda folder: downloaded(api, folder)),
    "API.download_artifact": lambda api: files(
        lambda folder: api.download_artifact(WORKSPACE, ARTIFACT, "1.0.0", folder)
    ),
    "API.get_model": get_model,
    "API.session": session,
    "API.known": known_metrics,
    "APIExperiment.known_metrics": known_metrics,
    "API.with_metrics": with_metrics,
    "API.clear_cache": caching(lambda api: api.clear_cache()),
    "API.update_cache": caching(lambda api: api.update_cache()),
    "API.do_not_cache": caching(lambda api: api.do_not_cache("workspaces")),
    "API.do_cache": caching(lambda api: api.do_cache("workspaces")),
    "API.use_cache": caching(lambda api: api.use_cache(cache=False)),
    "APIExperiment.images": _of_run(lambda run: run.images()),
    "APIExperiment.metric": _of_run(lambda run: run.metric("loss")),
    "APIExperiment.metric_extremes": _of_run(lambda run: run.metric_extremes()),
    "APIExperiment.others": _of_run(lambda run: run.others()),
    "APIExperiment.parameters": _of_run(lambda run: run.parameters()),
    "APIExperiment.to_dict": to_dict,
    "APIExperiment.metadata": metadata,
    **{f"APIExperiment.{name}": _property(name) for name in PROPERTIES},
    "Model.workspace": model_workspace,
    "Model.from_registry": from_registry,
    "Model.close": model_close,
    "API.close": closed,
}
"""Reads, and what sends nothing; the last closes it."""


async def send_write(api: API, run: Any) -> object:
    await api.send(comet.add_experiment_tags(run.key, ["sent"]))
    return await run.get_tags()


async def send_all(api: API, run: Any) -> object:
    pairs = [(tag, comet.add_experiment_tags(run.key, [tag])) for tag in ("x", "y")]
    return [await api.send_all(pairs), sorted(await run.get_tags())]


OWN_WRITES: Mapping[str, WriteRow] = {"API.send(write)": send_write, "API.send_all": send_all}
"""Writes to the experiment that the tables have written."""

READS: Mapping[str, Row] = {**API_CALLS, **OWN_READS}

ANOTHER_MEMBER = {
    "artifact.assets": "get_artifact_files",
    "artifact.download": "download_artifact",
    "synthetic.get_metric_names": "get_metrics",
}
"""What is called by rows whose name is that of another client's."""


def member_of(row: str) -> str:
    """Return the name of the member that a row is about, without its class.

    >>> member_of("APIExperiment.get_metrics(name)")
    'get_metrics'
    """
    name = row.partition("(")[0]
    return ANOTHER_MEMBER.get(name, name.rpartition(".")[2])


async def reads(api: API, log: RequestLog | None = None) -> dict[str, Told]:
    """Make every read and return what each told; afterwards the API is closed.

    Args:
        api: Asks; it keeps no answers.
        log: The server's, if it is in this process.
    """

    async def told() -> AsyncIterator[tuple[str, object]]:
        for name, row in READS.items():
            yield name, plain(await row(api))

    return await _noted(api, log, told())


async def writes(api: API, log: RequestLog, folder: Path) -> dict[str, Told]:
    """Make every write, and the reads that the tables have among them, and return what each told.

    Args:
        api: Asks.
        log: The server's.
        folder: Has the files that are sent.
    """

    async def told() -> AsyncIterator[tuple[str, object]]:
        key = ""
        async for name, value in written(api, folder):
            key = str(value) if name == "create_experiment" else key
            yield name, value
        run = await api.get_experiment_by_key(key)
        for name, row in OWN_WRITES.items():
            yield name, plain(await row(api, run))

    return await _noted(api, log, told())


async def _noted(
    api: API, log: RequestLog | None, rows: AsyncIterator[tuple[str, object]]
) -> dict[str, Told]:
    found: dict[str, Told] = {}
    try:
        used_by(api).clear()
        async for name, value in rows:
            counts = {} if log is None else log.counts()
            found[name] = Told(value, counts, frozenset(used_by(api)))
            used_by(api).clear()
            if log is not None:
                log.clear()
    except Exception as error:
        error.add_note(f"in the row after {[*found][-1:]}")
        raise
    return found
