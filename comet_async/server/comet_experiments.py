"""Routes of one experiment: metadata, texts, summaries, metrics, system and git."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from comet_async.server.chart import Made, Wanted, chart
from comet_async.server.extras import cloud_of
from comet_async.server.extras_sample import invented_git, invented_patch, invented_text
from comet_async.server.records import Json, JsonObject, Run, Series
from comet_async.server.replies import (
    ApiError,
    Call,
    FileReply,
    Handler,
    Later,
    Reply,
    json_reply,
)
from comet_async.server.rows import experiment_row, points_json, value_row
from comet_async.server.small_content import SmallContent
from comet_async.server.synthetic_spec import SyntheticSpec

__all__ = ["ROUTES"]

_QUICK_POINTS = 2_000
_GIT_MEMBERS = ("user", "root", "branch", "parent", "origin")
_SYSTEM_NULLS = (
    "user",
    "pythonVersion",
    "pythonVersionVerbose",
    "pid",
    "osType",
    "os",
    "osRelease",
    "machine",
    "processor",
    "ip",
    "hostname",
    "env",
    "maxTotalMemory",
    "networkInterfaceIps",
    "command",
    "executable",
    "osPackages",
    "installedPackages",
    "totalRam",
)


def _metadata(call: Call) -> Reply:
    facts = call.run().facts
    return json_reply(experiment_row(facts, call.store.changes.project_now(facts.project)))


def _git(call: Call) -> Reply:
    run = call.run()
    git = run.git() or invented_git(call.store, run)
    return json_reply({name: git.get(name) for name in _GIT_MEMBERS})


def _patch(call: Call) -> Reply:
    run = call.run()
    patch = run.patch() or invented_patch(call.store, run)
    if patch is None:
        return json_reply(
            {"msg": "no patch for experiment", "code": 200, "data": None, "sdk_error_code": 0}
        )
    return FileReply(SmallContent(patch), "application/zip")


def _text(kind: str) -> Handler:
    """Return the route of one kind of text."""

    def route(call: Call) -> Reply:
        run = call.run()
        return json_reply({kind: run.text(kind) or invented_text(call.store, run, kind)})

    return route


def _cloud(call: Call) -> Reply:
    run = call.run()
    found = run.cloud()
    if found is None and call.store.extras:
        found = cloud_of(call.store, run)
    if found is None:
        return json_reply({"experimentKey": None, "provider": None, "metadata": None})
    return json_reply({"experimentKey": run.facts.key, "provider": found[0], "metadata": found[1]})


def _metric(call: Call) -> Reply:
    """Return the points of one metric; for a name of nobody, an empty list."""
    run, name = call.run(), call.need("metricName")

    def build() -> bytes:
        series = run.series(name)
        return _points([series] if series else [])

    return Later(build, f"metric:{run.facts.key}:{name}", _is_quick(run, 1))


def _all_metrics(call: Call) -> Reply:
    run = call.run()
    names = run.metric_names()

    def build() -> bytes:
        found = (run.series(name) for name in names)
        return _points(series for series in found if series and series.values)

    return Later(build, f"all:{run.facts.key}", _is_quick(run, len(names)))


def _points(found: Iterable[Series]) -> bytes:
    return b'{"metrics":[' + b",".join([points_json(series) for series in found]) + b"]}"


def _is_quick(run: Run, names: int) -> bool:
    """Return whether rendering is known to be fast; the length of archived series is not known."""
    spec = getattr(run, "spec", None)
    return isinstance(spec, SyntheticSpec) and spec.stored_points * names <= _QUICK_POINTS


def _summary(call: Call) -> Reply:
    run = call.run()

    def build() -> bytes:
        rows = (run.metric_summary(name) for name in run.metric_names())
        return msgspec.json.encode({"values": [value_row(row) for row in rows if row]})

    return Later(build, f"summary:{run.facts.key}", _is_quick(run, len(run.metric_names())))


def _parameters(call: Call) -> Reply:
    return json_reply({"values": [value_row(row) for row in call.run().parameters()]})


def _others(call: Call) -> Reply:
    return json_reply({"values": [value_row(row) for row in call.run().others()]})


def _tags(call: Call) -> Reply:
    return json_reply({"tags": [*call.run().tags()]})


def _system(call: Call) -> Reply:
    run = call.run()
    details: JsonObject = {"experimentKey": run.facts.key}
    details.update(dict.fromkeys(_SYSTEM_NULLS))
    details["gpuStaticInfoList"] = []
    details["logAdditionalSystemInfoList"] = []
    details.update(run.system())
    details["systemMetricNames"] = [name for name in run.metric_names() if name.startswith("sys.")]
    return json_reply(details)


def _processing(call: Call) -> Reply:
    call.run()
    return json_reply({"processing": False})


def _chart(call: Call) -> Reply:
    keys, metrics = _texts(call, "targetedExperiments"), _texts(call, "metrics")
    asked = call.body.get("params")
    parameters = None if asked is None else _texts(call, "params")
    full = call.body.get("fetchFull") is True
    independent = call.body.get("independentMetrics") is not False
    limits, made = call.limits, Made()

    def build() -> bytes:
        made.points = 0
        return chart(
            call.store,
            keys,
            Wanted(metrics=metrics, parameters=parameters, full=full, independent=independent),
            made,
            limits,
        )

    if not limits.seconds_per_million:
        return Later(build, f"chart:{call.body!r}")
    # Not kept: a kept answer would not say how many points it has.
    return Later(build, pause=lambda: made.points * limits.seconds_per_million / 1e6)


def _texts(call: Call, name: str) -> list[str]:
    value: Json = call.body.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise ApiError(400, f"{name} must be a list")
    return [str(item) for item in value]


_BASE = "/api/rest/v2/experiment"
ROUTES: dict[tuple[str, str], Handler] = {
    ("GET", f"{_BASE}/metadata"): _metadata,
    ("GET", f"{_BASE}/git/metadata"): _git,
    ("GET", f"{_BASE}/git/patch"): _patch,
    ("GET", f"{_BASE}/html"): _text("html"),
    ("GET", f"{_BASE}/code"): _text("code"),
    ("GET", f"{_BASE}/output"): _text("output"),
    ("GET", f"{_BASE}/graph"): _text("graph"),
    ("GET", f"{_BASE}/cloud-details"): _cloud,
    ("GET", f"{_BASE}/metrics/get-metric"): _metric,
    ("GET", f"{_BASE}/metrics/get-all"): _all_metrics,
    ("GET", f"{_BASE}/metrics/summary"): _summary,
    ("GET", f"{_BASE}/parameters"): _parameters,
    ("GET", f"{_BASE}/log-other"): _others,
    ("GET", f"{_BASE}/tags"): _tags,
    ("GET", f"{_BASE}/system-details"): _system,
    ("GET", f"{_BASE}/processing/status"): _processing,
    ("POST", "/api/rest/v2/experiments/multi-metric-chart"): _chart,
}
