"""The cases: an endpoint, a body that every client gets, and the checksum of its values."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from comet_async import Request, comet

__all__ = ["BODIES", "CASES", "METRICS", "Case", "checksum", "struct_rows", "wire_rows"]

API = "/api/rest/v2"
METRICS = ("loss", "accuracy", "val_loss", "val_accuracy")
CHART_KEYS = tuple(f"{number:032x}" for number in range(50))
_START = 1_700_000_000_000


@dataclass(frozen=True)
class Case:
    """One kind of read.

    Attributes:
        name: As the tables call it.
        path: Path on the server.
        request: Makes our request for one experiment key.
        body: Makes the answer.
        requests: Requests of one measured run of the quickest client.
        warm_up: Requests before it.
        counted: Requests of the two counting runs whose difference is taken.
    """

    name: str
    path: str
    request: Callable[[str], Request[object]]
    body: Callable[[], bytes]
    requests: int
    warm_up: int
    counted: tuple[int, int]


def _metadata() -> bytes:
    return _json(
        {
            "archived": False,
            "durationMillis": 1_284_311,
            "endTimeMillis": _START + 1_284_311,
            "experimentKey": CHART_KEYS[7],
            "experimentName": "gentle_otter_4711",
            "fileName": "train.py",
            "filePath": "/opt/project/train.py",
            "hasCrashed": False,
            "optimizationId": None,
            "projectId": "5f0c1d7a3b9e4c0a8d21",
            "projectName": "digits",
            "running": False,
            "startTimeMillis": _START,
            "throttle": False,
            "workspaceName": "samples",
        }
    )


def _points(count: int) -> bytes:
    points = [
        {
            "metricName": "loss",
            "metricValue": f"{1.0 / (step + 1) + (step * 7919 % 1000) / 1e7:.17f}",
            "timestamp": _START + 37 * step,
            "step": step,
            "epoch": step // 50,
            "runContext": "train",
            "offset": -227_196_944_980_285_896 + step,
        }
        for step in range(count)
    ]
    return _json({"metrics": points})


def _chart() -> bytes:
    steps = list(range(500))
    experiments = {
        key: {
            "experimentKey": key,
            "experimentName": f"run_{place}",
            "steps": steps,
            "epochs": None,
            "metrics": [
                {
                    "metricName": name,
                    "values": [round(1.0 / (s + 1) + place / 1e3, 9) for s in steps],
                    "steps": steps,
                    "epochs": [s // 50 for s in steps],
                    "timestamps": [_START + 37 * s for s in steps],
                    "durations": [37 * s for s in steps],
                }
                for name in METRICS
            ],
            "params": None,
        }
        for place, key in enumerate(CHART_KEYS)
    }
    return _json({"experiments": experiments, "empty": False})


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _metric(key: str) -> Request[object]:
    return comet.get_experiment_metric(key, "loss")


def _charted(key: str) -> Request[object]:
    del key
    return comet.get_multi_metric_chart(CHART_KEYS, metrics=METRICS)


_METRIC = f"{API}/experiment/metrics/get-metric"
_METADATA = f"{API}/experiment/metadata"
_CHART = f"{API}/experiments/multi-metric-chart"

CASES: Mapping[str, Case] = {
    case.name: case
    for case in (
        Case(
            "metadata",
            _METADATA,
            comet.get_experiment_metadata,
            _metadata,
            3000,
            256,
            (200, 1200),
        ),
        Case("100 points", _METRIC, _metric, lambda: _points(100), 2000, 256, (200, 1200)),
        Case("15,000 points", _METRIC, _metric, lambda: _points(15_000), 192, 64, (64, 160)),
        Case("chart", _CHART, _charted, _chart, 96, 64, (64, 160)),
    )
}

BODIES: Mapping[str, Callable[[], bytes]] = {
    # What the vendor's client asks for besides the case itself.
    "/clientlib/isAlive/ver": lambda: b'{"version":"4.40.0"}',
    _METADATA: _metadata,
}


def checksum(rows: Iterator[tuple[object, ...]]) -> str:
    """Return one number, as 8 hex digits, for the values that a client hands to its user."""
    return f"{zlib.crc32(repr(list(rows)).encode()):08x}"


def wire_rows(case: Case, answer: Mapping[str, object]) -> Iterator[tuple[object, ...]]:
    """Give the values of a parsed JSON document."""
    found: dict = dict(answer)
    if case.path == _METADATA:
        names = ("experimentKey", "workspaceName", "projectName", "startTimeMillis")
        yield tuple(found[name] for name in names)
    elif case.path == _METRIC:
        for point in found["metrics"]:
            yield point["metricValue"], point["step"], point["offset"]
    else:
        for key, experiment in found["experiments"].items():
            for metric in experiment["metrics"]:
                yield key, metric["metricName"], sum(metric["values"]), sum(metric["timestamps"])


def struct_rows(answer: object) -> Iterator[tuple[object, ...]]:
    """Give the same values of a typed answer."""
    match answer:
        case comet.Experiment():
            start = answer.start_time_millis
            yield answer.experiment_key, answer.workspace_name, answer.project_name, start
        case comet.MetricSeries():
            for point in answer.metrics:
                yield point.metric_value, point.step, point.offset
        case comet.MultiMetricChart():
            for key, experiment in answer.experiments.items():
                for metric in experiment.metrics:
                    yield key, metric.metric_name, sum(metric.values), sum(metric.timestamps)
        case _:
            raise TypeError(type(answer).__name__)
