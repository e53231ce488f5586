"""What observers cost: CPU time per request with each of them, over that with none.

    python -m benchmarks.observers --rounds 7

Small answers (the case "metadata", 0.4 KB), 64 in flight, all arms in one process, in turn within a
round, in an order that changes from round to round; a ratio is taken within its round. "spans" is
the OpenTelemetry SDK with a processor that drops what it is given, so an exporter's work is not in
it; "1 % of spans" samples one trace in a hundred.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.cases import BODIES, CASES, Case
from benchmarks.report import Spread, machine, table
from benchmarks.servers import CLIENT_CORE, fast, on_core, tree
from comet_async import Limits, Ok, Session, comet, log_events
from comet_async.events import Event, Observer

__all__: list[str] = []

_IN_FLIGHT = 64
_KEY = "any-key-will-do-here"


def _spans(share: float) -> Observer:
    from opentelemetry.sdk.trace import SpanProcessor, TracerProvider  # noqa: PLC0415 slow
    from opentelemetry.sdk.trace.sampling import TraceIdRatioBased  # noqa: PLC0415 as above

    from comet_async.telemetry import OpenTelemetryObserver  # noqa: PLC0415 as above

    provider = TracerProvider(sampler=TraceIdRatioBased(share))
    provider.add_span_processor(SpanProcessor())
    return OpenTelemetryObserver(provider)


def _metrics() -> Observer:
    from prometheus_client import CollectorRegistry  # noqa: PLC0415 slow

    from comet_async.telemetry import PrometheusObserver  # noqa: PLC0415 as above

    return PrometheusObserver(CollectorRegistry())


def _nothing(event: Event, /) -> None:
    del event


_ARMS: Mapping[str, Callable[[], Sequence[Observer]]] = {
    "none": tuple,
    "one that does nothing": lambda: (_nothing,),
    "log_events, not shown": lambda: (log_events,),
    "metrics": lambda: (_metrics(),),
    "1 % of spans": lambda: (_spans(0.01),),
    "spans": lambda: (_spans(1.0),),
    "metrics and spans": lambda: (_metrics(), _spans(1.0)),
}


async def _asked(case: Case, url: str, observers: Sequence[Observer], count: int) -> float:
    """Return the seconds of CPU time of one request."""
    service = comet.service(_KEY, url=url, limits=Limits(concurrency=_IN_FLIGHT))
    async with Session(service, observer=observers) as session:
        begun = 0.0
        for requests in (_IN_FLIGHT * 2, count):
            begun = time.process_time()
            pairs = ((n, case.request(f"{n:032x}")) for n in range(requests))
            async with session.fan_out(pairs) as outcomes:
                async for outcome in outcomes:
                    if not isinstance(outcome, Ok):
                        raise outcome.error
        return (time.process_time() - begun) / count


def _round(case: Case, url: str, number: int, count: int) -> dict[str, float]:
    names = list(_ARMS)
    turned = names[number % len(names) :] + names[: number % len(names)]
    return {name: asyncio.run(_asked(case, url, _ARMS[name](), count)) for name in turned}


def main() -> None:
    """Measure every arm and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--requests", type=int, default=4000)
    options = parser.parse_args()
    case = CASES["metadata"]
    print(machine())
    with TemporaryDirectory() as folder, fast(tree(Path(folder) / "www", BODIES)) as (url, server):
        print(f"server: {server}")
        with on_core(CLIENT_CORE):
            rounds = [
                _round(case, url, number, options.requests) for number in range(options.rounds)
            ]
    rows = [
        (
            name,
            f"{Spread.of([found[name] for found in rounds]).median * 1e6:,.0f}",
            Spread.of([found[name] / found["none"] for found in rounds]),
        )
        for name in _ARMS
    ]
    print(table(("observer", "CPU us/request", "over none"), rows))


if __name__ == "__main__":
    os.environ.pop("OTEL_TRACES_SAMPLER", None)
    main()
