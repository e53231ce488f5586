"""One client in a process of its own, measured on one case.

    python -m benchmarks.clients CLIENT CASE URL REQUESTS [--no-warm-up]

prints one JSON object: seconds, CPU seconds, peak RSS in MiB, and the checksum of what the client
decoded. All answers of the warm-up and the last one of the measured run are checked; the others
are counted.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import os
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

from benchmarks.cases import CASES, CHART_KEYS, METRICS, Case, checksum, struct_rows, wire_rows
from benchmarks.usage import Stopwatch

__all__ = ["CLIENTS", "IN_FLIGHT", "THREADS"]

IN_FLIGHT = 64
THREADS = 32
KEY = "benchmark-key"
_CHART_BODY = {
    "targetedExperiments": list(CHART_KEYS),
    "metrics": list(METRICS),
    "params": None,
    "independentMetrics": True,
    "fetchFull": False,
}

Run: TypeAlias = Callable[[int, Callable[[object], None]], Awaitable[None]]
"""Makes so many requests and hands every decoded answer over."""


def _keys(count: int) -> Iterator[str]:
    return (f"{number:032x}" for number in range(count))


async def _ours(case: Case, url: str, session_of: Callable[[Run], Awaitable[None]]) -> None:
    from comet_async import Limits, Ok, Session, comet  # noqa: PLC0415 each client imports its own

    service = comet.service(KEY, url=url, limits=Limits(concurrency=IN_FLIGHT))
    async with Session(service) as session:

        async def run(count: int, take: Callable[[object], None]) -> None:
            pairs = ((key, case.request(key)) for key in _keys(count))
            async with session.fan_out(pairs) as outcomes:
                async for outcome in outcomes:
                    if not isinstance(outcome, Ok):
                        raise outcome.error
                    take(outcome.value)

        await session_of(run)


async def _floor(case: Case, url: str, session_of: Callable[[Run], Awaitable[None]]) -> None:
    import aiohttp  # noqa: PLC0415 as above
    import msgspec  # noqa: PLC0415

    decoder = msgspec.json.Decoder(case.request(CHART_KEYS[0]).answer)
    connector = aiohttp.TCPConnector(limit=0)
    headers = {"Authorization": KEY}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

        async def one(key: str) -> object:
            async with _sent(session, case, url, key) as response:
                return decoder.decode(await response.read())

        async def run(count: int, take: Callable[[object], None]) -> None:
            await _workers(_keys(count), one, take)

        await session_of(run)


def _sent(session, case: Case, url: str, key: str):  # noqa: ANN001, ANN202 aiohttp is imported late
    if "chart" in case.path:
        body = json.dumps(_CHART_BODY).encode()
        headers = {"Content-Type": "application/json"}
        return session.post(url + case.path, data=body, headers=headers)
    return session.get(f"{url}{case.path}?experimentKey={key}&metricName=loss")


async def _httpx(case: Case, url: str, session_of: Callable[[Run], Awaitable[None]]) -> None:
    import httpx  # noqa: PLC0415 as above

    limits = httpx.Limits(max_connections=IN_FLIGHT, max_keepalive_connections=IN_FLIGHT)
    headers = {"Authorization": KEY}
    async with httpx.AsyncClient(limits=limits, headers=headers, timeout=60.0) as client:

        async def one(key: str) -> object:
            if "chart" in case.path:
                response = await client.post(url + case.path, json=_CHART_BODY)
            else:
                query = {"experimentKey": key, "metricName": "loss"}
                response = await client.get(url + case.path, params=query)
            return response.json()

        async def run(count: int, take: Callable[[object], None]) -> None:
            await _workers(_keys(count), one, take)

        await session_of(run)


async def _workers(
    keys: Iterator[str], one: Callable[[str], Awaitable[object]], take: Callable[[object], None]
) -> None:
    async def worker() -> None:
        for key in keys:
            take(await one(key))

    async with asyncio.TaskGroup() as tasks:
        for _ in range(IN_FLIGHT):
            tasks.create_task(worker())


async def _comet_ml(case: Case, url: str, session_of: Callable[[Run], Awaitable[None]]) -> None:
    os.environ |= {"COMET_URL_OVERRIDE": url, "COMET_LOGGING_CONSOLE": "ERROR"}
    import comet_ml  # noqa: PLC0415 reads its settings when imported

    api = comet_ml.API(KEY, cache=False)
    experiment = comet_ml.APIExperiment(previous_experiment=CHART_KEYS[0], api=api)

    def one(key: str) -> object:
        match case.name:
            case "metadata":
                return comet_ml.APIExperiment(previous_experiment=key, api=api)
            case "chart":
                return api.get_metrics_for_chart(list(CHART_KEYS), list(METRICS))
        return experiment.get_metrics("loss")

    with ThreadPoolExecutor(THREADS) as pool:

        async def run(count: int, take: Callable[[object], None]) -> None:
            for answer in pool.map(one, _keys(count)):
                take(answer)

        await session_of(run)


CLIENTS: Mapping[str, Callable[[Case, str, Callable[[Run], Awaitable[None]]], Awaitable[None]]] = {
    "ours": _ours,
    "floor": _floor,
    "comet_ml": _comet_ml,
    "httpx": _httpx,
}


def _rows(case: Case, answer: object) -> Iterable[tuple[object, ...]]:
    if isinstance(answer, Mapping):
        wrapped = "chart" not in case.path or "experiments" in answer
        return wire_rows(case, answer if wrapped else {"experiments": answer})
    if isinstance(answer, list):
        return wire_rows(case, {"metrics": answer})
    if hasattr(answer, "start_server_timestamp"):  # the vendor's APIExperiment
        start = answer.start_server_timestamp
        return iter([(answer.id, answer.workspace, answer.project_name, start)])
    return struct_rows(answer)


class Taken:
    """Counts answers and checks them.

    Args:
        case: What was asked for.
    """

    def __init__(self, case: Case) -> None:
        self._case = case
        self.count = 0
        self.last: object = None
        self.checksums: set[str] = set()

    def check(self, answer: object) -> None:
        """Check an answer."""
        self.checksums.add(checksum(_rows(self._case, answer)))

    def keep(self, answer: object) -> None:
        """Count an answer."""
        self.count += 1
        self.last = answer


def main() -> None:
    """Measure one client."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("client", choices=CLIENTS)
    parser.add_argument("case", choices=CASES)
    parser.add_argument("url")
    parser.add_argument("requests", type=int)
    parser.add_argument("--warm-up", type=int)
    chosen = parser.parse_args()
    case = CASES[chosen.case]
    taken = Taken(case)
    warm_up = case.warm_up if chosen.warm_up is None else chosen.warm_up

    async def measure(run: Run) -> None:
        await run(warm_up, taken.check)
        watch = Stopwatch()
        await run(chosen.requests, taken.keep)
        usage = watch.read()
        taken.check(taken.last)
        if taken.count != chosen.requests or len(taken.checksums) != 1:
            raise SystemExit(f"{chosen.client} got {taken.count} answers, {taken.checksums}")
        print(json.dumps({**dataclasses.asdict(usage), "checksum": taken.checksums.pop()}))

    asyncio.run(CLIENTS[chosen.client](case, chosen.url, measure))


if __name__ == "__main__":
    main()
