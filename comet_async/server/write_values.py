"""Writes of what experiments log: metrics, parameters, others, tags, texts and system details."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from comet_async.server.bodies import (
    acknowledged,
    boolean,
    given,
    number_of,
    objects,
    optional,
    some_texts,
    text,
    whole,
)
from comet_async.server.live_run import LiveRun
from comet_async.server.numbers_text import text_of
from comet_async.server.records import Json, JsonObject, Mark
from comet_async.server.replies import ApiError, Call, Handler, Reply, Takes, Write
from comet_async.server.write_experiments import written_key

__all__ = ["ROUTES", "Point", "mark_of", "metric_points", "output_text"]

Point = tuple[str, Mark, "int | None"]
"""A metric's name, its value with place, and its epoch."""

_GIT_MEMBERS = ("user", "root", "branch", "parent", "origin")
_SYSTEM_MEMBERS = {
    *("user", "pythonVersion", "pythonVersionVerbose", "pid", "osType", "os", "osRelease"),
    *("machine", "processor", "ip", "hostname", "env", "gpuStaticInfoList", "command"),
    *("networkInterfaceIps", "executable", "osPackages", "installedPackages"),
    *("maxTotalMemory", "totalRam"),
}
_GPU_MEMBERS = {
    "freeMemory": "free_memory",
    "usedMemory": "used_memory",
    "gpuUtilization": "gpu_utilization",
    "totalMemory": "total_memory",
    "powerUsage": "power_usage",
}


def mark_of(body: Mapping[str, Json], value: str, now_ms: int) -> Mark:
    """Return a value with where it was logged, as a body says."""
    moment = whole(body, "timestamp")
    return Mark(
        value,
        now_ms if moment is None else moment,
        whole(body, "step"),
        optional(body, "context"),
    )


def metric_points(rows: Sequence[Mapping[str, Json]], now_ms: int) -> list[Point]:
    """Return the points of some `{metricName, metricValue, step, epoch, context, timestamp}`.

    Args:
        rows: As they were sent; values may be numbers or texts.
        now_ms: Time of points without one.

    Raises:
        ApiError: One of them is no point.
    """
    points: list[Point] = []
    for row in rows:
        name, value = text(row, "metricName"), given(row, "metricValue")
        if value is None or isinstance(value, (list, dict)):
            raise ApiError(400, "metricValue must be a number or a text")
        points.append((name, mark_of(row, text_of(value), now_ms), whole(row, "epoch")))
    return points


def output_text(lines: Sequence[Mapping[str, Json]]) -> str:
    """Return the text of some output lines."""
    return "".join(optional(line, "output") or "" for line in lines)


def _log_metric(call: Call) -> Reply:
    key = written_key(call)
    points = metric_points([call.body], call.store.now_ms())
    _log_points(call, key, points)
    return acknowledged()


def _log_points(call: Call, key: str, points: Sequence[Point]) -> None:
    def edit(run: LiveRun) -> None:
        for name, mark, epoch in points:
            run.log_metric(name, mark, epoch)

    call.store.changes.write(key, edit)


def _delete_metric(call: Call) -> Reply:
    key, name = written_key(call), text(call.body, "metricName")
    if name not in call.known_run(key).metric_names():
        raise ApiError(400, "No such metric")
    call.store.changes.write(key, lambda run: run.delete_metric(name))
    return acknowledged("Deleted")


def _log_parameter(call: Call) -> Reply:
    key, name = written_key(call), text(call.body, "parameterName")
    value = text_of(given(call.body, "parameterValue"))
    mark = mark_of(call.body, value, call.store.now_ms())
    call.store.changes.write(key, lambda run: run.log_parameter(name, mark))
    return acknowledged()


def _delete_parameter(call: Call) -> Reply:
    _drop_parameters(call, [call.body])
    return acknowledged("Deleted")


def _delete_parameters(call: Call) -> Reply:
    rows = [row for row in call.rows if isinstance(row, dict)]
    if not rows or len(rows) != len(call.rows):
        raise ApiError(400, "body must be a list of objects")
    _drop_parameters(call, rows)
    return acknowledged("Deleted")


def _drop_parameters(call: Call, rows: Sequence[JsonObject]) -> None:
    """Take parameters away: all that are named, or none when one is not there."""
    dropped: list[tuple[str, str]] = []
    for row in rows:
        key = written_key(call, optional(row, "experimentKey"))
        name = text(row, "parameterName")
        if name not in {item.name for item in call.known_run(key).parameters()}:
            raise ApiError(400, "No such parameter")
        dropped.append((key, name))
    for key, name in dropped:
        _drop(call, key, name)


def _drop(call: Call, key: str, name: str) -> None:
    call.store.changes.write(key, lambda run: run.delete_parameter(name))


def _log_other(call: Call) -> Reply:
    key, name = written_key(call), text(call.body, "key")
    value = text_of(given(call.body, "value"))
    mark = Mark(value, whole(call.body, "timestamp") or call.store.now_ms())
    call.store.changes.write(key, lambda run: run.log_other(name, mark))
    return acknowledged()


def _log_html(call: Call) -> Reply:
    key, html = written_key(call), given(call.body, "html")
    override = boolean(call.body, "override")
    if not isinstance(html, str):
        raise ApiError(400, "html must be a text")
    whole(call.body, "timestamp")
    call.store.changes.write(
        key,
        lambda run: run.set_text("html", html) if override else run.append_text("html", html),
    )
    return acknowledged()


def _log_output(call: Call) -> Reply:
    key, added = written_key(call), output_text(objects(call.body, "outputLines"))
    call.store.changes.write(key, lambda run: run.append_text("output", added))
    return acknowledged()


def _add_tags(call: Call) -> Reply:
    key, tags = written_key(call), some_texts(call.body, "addedTags")
    call.store.changes.write(key, lambda run: run.add_tags(tags))
    return acknowledged()


def _delete_tags(call: Call) -> Reply:
    key, tags = written_key(call), some_texts(call.body, "tags")
    call.store.changes.write(key, lambda run: run.delete_tags(tags))
    return acknowledged("Deleted")


def _put_dependencies(call: Call) -> Reply:
    """Count dependencies as installed packages, which is how the site shows them."""
    key = written_key(call)
    rows = objects(call.body, "logDependencies")
    named = [f"{text(row, 'name')}=={text(row, 'version')}" for row in rows]
    installed = call.known_run(key).system().get("installedPackages")
    earlier = installed if isinstance(installed, list) else []
    packages: list[Json] = [*dict.fromkeys([*map(text_of, earlier), *named])]
    call.store.changes.write(key, lambda run: run.update_system({"installedPackages": packages}))
    return acknowledged()


def _set_code(call: Call) -> Reply:
    return _replaced_text(call, "code")


def _set_graph(call: Call) -> Reply:
    return _replaced_text(call, "graph")


def _replaced_text(call: Call, kind: str) -> Reply:
    key, value = written_key(call), given(call.body, kind)
    if not isinstance(value, str):
        raise ApiError(400, f"{kind} must be a text")
    call.store.changes.write(key, lambda run: run.set_text(kind, value))
    return acknowledged()


def _set_git(call: Call) -> Reply:
    key = written_key(call)
    members: JsonObject = {name: optional(call.body, name) for name in _GIT_MEMBERS}
    call.store.changes.write(key, lambda run: run.set_git(members))
    return acknowledged()


def _set_system_details(call: Call) -> Reply:
    key = written_key(call)
    members = {name: call.body[name] for name in _SYSTEM_MEMBERS & set(call.body)}
    more = call.body.get("logAdditionalSystemInfoList")
    if more is not None:
        rows = objects(call.body, "logAdditionalSystemInfoList")
        members["logAdditionalSystemInfoList"] = _with_infos(call, key, rows)
    call.store.changes.write(key, lambda run: run.update_system(members))
    return acknowledged()


def _with_infos(call: Call, key: str, rows: Sequence[JsonObject]) -> Json:
    """Return the further system details with some more; one of the same key is replaced."""
    earlier = call.known_run(key).system().get("logAdditionalSystemInfoList")
    listed = earlier if isinstance(earlier, list) else []
    found = [item for item in listed if isinstance(item, dict)]
    by_key = {text_of(row.get("key")): row for row in [*found, *rows]}
    return [*by_key.values()]


def _system_points(call: Call, values: Mapping[str, float]) -> Reply:
    """Log system metrics at one place."""
    key, now = written_key(call), call.store.now_ms()
    epoch = whole(call.body, "epoch")
    points: list[Point] = [
        (name, mark_of(call.body, text_of(value), now), epoch) for name, value in values.items()
    ]
    _log_points(call, key, points)
    return acknowledged()


def _log_cpu(call: Call) -> Reply:
    given_list = call.body.get("cpuPercentUtilization")
    cores = given_list if isinstance(given_list, list) else []
    sizes = [core for core in cores if isinstance(core, (int, float))]
    if not sizes or len(sizes) != len(cores):
        raise ApiError(400, "cpuPercentUtilization must be a list of numbers")
    values = {f"sys.cpu.percent.{at:02d}": float(size) for at, size in enumerate(sizes, 1)}
    values["sys.cpu.percent.avg"] = math.fsum(sizes) / len(sizes)
    return _system_points(call, values)


def _log_gpu(call: Call) -> Reply:
    values: dict[str, float] = {}
    for row in objects(call.body, "gpus"):
        number = whole(row, "gpuId")
        if number is None:
            raise ApiError(400, "gpuId is required")
        for member, name in _GPU_MEMBERS.items():
            if row.get(member) is not None:
                values[f"sys.gpu.{number}.{name}"] = number_of(row, member)
    return _system_points(call, values)


def _log_load(call: Call) -> Reply:
    return _system_points(call, {"sys.load.avg": number_of(call.body, "loadAverage")})


def _log_ram(call: Call) -> Reply:
    total, used = number_of(call.body, "totalRam"), number_of(call.body, "usedRam")
    key = written_key(call)
    reply = _system_points(call, {"sys.ram.total": total, "sys.ram.used": used})
    call.store.changes.write(key, lambda run: run.update_system({"totalRam": total}))
    return reply


def _set_file_path(call: Call) -> Reply:
    key, path = written_key(call), text(call.body, "filePath")
    call.store.changes.write(key, lambda run: run.set_file_path(path))
    return acknowledged()


def _set_cloud(call: Call) -> Reply:
    key, provider = written_key(call), text(call.body, "provider")
    metadata = call.body.get("metadata")
    if not isinstance(metadata, dict):
        raise ApiError(400, "metadata must be an object")
    call.store.changes.write(key, lambda run: run.set_cloud(provider, metadata))
    return acknowledged()


_BASE = "/api/rest/v2/write/experiment"
_TWIN = "/clientlib/rest/v2/write/experiment"
ROUTES: dict[tuple[str, str], Handler] = {
    ("POST", f"{_BASE}/metric"): Write(_log_metric),
    ("POST", f"{_BASE}/metric/delete"): Write(_delete_metric),
    ("POST", f"{_BASE}/parameter"): Write(_log_parameter),
    ("POST", f"{_BASE}/parameter/delete"): Write(_delete_parameter),
    ("POST", f"{_BASE}s/parameters/delete"): Write(_delete_parameters, Takes.ROWS),
    ("POST", f"{_BASE}/log-other"): Write(_log_other),
    ("POST", f"{_BASE}/html"): Write(_log_html),
    ("POST", f"{_BASE}/output"): Write(_log_output),
    ("POST", f"{_TWIN}/output"): Write(_log_output),
    ("POST", f"{_BASE}/tags"): Write(_add_tags),
    ("POST", f"{_BASE}/tags/delete"): Write(_delete_tags),
    ("PUT", f"{_BASE}/dependencies"): Write(_put_dependencies),
    ("POST", f"{_BASE}/code"): Write(_set_code),
    ("POST", f"{_BASE}/graph"): Write(_set_graph),
    ("POST", f"{_BASE}/file-path"): Write(_set_file_path),
    ("POST", f"{_BASE}/git/metadata"): Write(_set_git),
    ("POST", f"{_BASE}/system-details"): Write(_set_system_details),
    ("POST", f"{_TWIN}/system-details"): Write(_set_system_details),
    ("POST", f"{_BASE}/cpu-metrics"): Write(_log_cpu),
    ("POST", f"{_BASE}/gpu-metrics"): Write(_log_gpu),
    ("POST", f"{_BASE}/load-metrics"): Write(_log_load),
    ("POST", f"{_BASE}/ram-metrics"): Write(_log_ram),
    ("POST", f"{_BASE}/cloud-details"): Write(_set_cloud),
}
