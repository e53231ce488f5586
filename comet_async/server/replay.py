"""Replay of an archive's messages into one logged run, as an upload would leave it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from comet_async.server.archive import ArchiveHeader, ArchiveReader
from comet_async.server.numbers_text import text_of
from comet_async.server.records import Json, JsonObject, Mark
from comet_async.server.replay_assets import Upload, remote_of, spatial_of, upload_of

__all__ = ["Point", "ReplayedRun", "replay"]

_LOG = logging.getLogger("comet_async.server")
_INT64 = 1 << 63


@dataclass(frozen=True, slots=True)
class Point:
    """One logged metric value."""

    value: str
    timestamp_ms: int
    step: int | None
    epoch: int | None
    context: str | None
    offset: int


@dataclass(slots=True)
class ReplayedRun:
    """Everything that an archive logged."""

    header: ArchiveHeader
    metrics: dict[str, list[Point]] = field(default_factory=dict[str, list[Point]])
    parameters: dict[str, list[Mark]] = field(default_factory=dict[str, list[Mark]])
    others: dict[str, Mark] = field(default_factory=dict[str, Mark])
    system: JsonObject = field(default_factory=dict[str, Json])
    git: JsonObject = field(default_factory=dict[str, Json])
    cloud: tuple[str, JsonObject] | None = None
    texts: dict[str, str] = field(default_factory=dict[str, str])
    file_path: str | None = None
    uploads: list[Upload] = field(default_factory=list[Upload])
    registrations: list[JsonObject] = field(default_factory=list[JsonObject])
    unknown: set[str] = field(default_factory=set[str])


def replay(archive: ArchiveReader) -> ReplayedRun:
    """Return the run of one archive.

    Args:
        archive: An open archive.

    Raises:
        ArchiveError: The archive lacks its header or its messages.
    """
    run = ReplayedRun(archive.header())
    for kind, payload in archive.messages():
        handler = _HANDLERS.get(kind)
        if handler is None:
            run.unknown.add(kind)
        else:
            handler(run, payload)
    if run.unknown:
        _LOG.warning("%s: skipped messages of type %s", run.header.key, sorted(run.unknown))
    return run


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) else None


def _int(value: Json) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int) or not -_INT64 <= value < _INT64:
        return None
    return value


def _time(run: ReplayedRun, payload: JsonObject) -> int:
    return _int(payload.get("local_timestamp")) or run.header.start_ms


def _metric(run: ReplayedRun, payload: JsonObject) -> None:
    metric = payload.get("metric")
    if not isinstance(metric, dict) or not isinstance(metric.get("metricName"), str):
        return
    points = run.metrics.setdefault(str(metric["metricName"]), [])
    points.append(
        Point(
            value=text_of(metric.get("metricValue")),
            timestamp_ms=_time(run, payload),
            step=_int(metric.get("step")),
            epoch=_int(metric.get("epoch")),
            context=_text(payload.get("context")),
            offset=_int(payload.get("message_id")) or len(points),
        )
    )


def _parameter(run: ReplayedRun, payload: JsonObject) -> None:
    for member in ("param", "params"):
        entry = payload.get(member)
        if not isinstance(entry, dict) or not isinstance(entry.get("paramName"), str):
            continue
        mark = Mark(
            text_of(entry.get("paramValue")),
            _time(run, payload),
            _int(entry.get("step")),
            _text(payload.get("context")),
        )
        run.parameters.setdefault(str(entry["paramName"]), []).append(mark)


def _other(run: ReplayedRun, payload: JsonObject) -> None:
    key = payload.get("key")
    if isinstance(key, str):
        value = payload.get("value", payload.get("val"))
        run.others[key] = Mark(text_of(value), _time(run, payload))


def _output(run: ReplayedRun, payload: JsonObject) -> None:
    for member in ("output", "stdout"):
        text = payload.get(member)
        if isinstance(text, str):
            run.texts["output"] = run.texts.get("output", "") + text


def _html(run: ReplayedRun, payload: JsonObject) -> None:
    override = payload.get("htmlOverride")
    if isinstance(override, str):
        run.texts["html"] = override
    elif isinstance(text := payload.get("html"), str):
        run.texts["html"] = run.texts.get("html", "") + text


def _graph(run: ReplayedRun, payload: JsonObject) -> None:
    if isinstance(text := payload.get("graph"), str):
        run.texts["graph"] = text


def _file_name(run: ReplayedRun, payload: JsonObject) -> None:
    run.file_path = _text(payload.get("file_name", payload.get("fileName"))) or run.file_path


def _system(run: ReplayedRun, payload: JsonObject) -> None:
    members = {
        "command": "command",
        "env": "env",
        "hostname": "hostname",
        "ip": "ip",
        "machine": "machine",
        "os": "os",
        "os_release": "osRelease",
        "os_type": "osType",
        "pid": "pid",
        "processor": "processor",
        "python_exe": "executable",
        "python_version": "pythonVersion",
        "python_version_verbose": "pythonVersionVerbose",
        "user": "user",
        "installed_packages": "installedPackages",
        "os_packages": "osPackages",
        "gpu_static_info": "gpuStaticInfoList",
    }
    run.system.update({members[name]: item for name, item in payload.items() if name in members})


def _system_info(run: ReplayedRun, payload: JsonObject) -> None:
    info = payload.get("system_info", payload.get("log_system_info"))
    entries = run.system.setdefault("logAdditionalSystemInfoList", [])
    if isinstance(info, dict) and isinstance(entries, list):
        entries.append({"key": text_of(info.get("key")), "value": text_of(info.get("value"))})


def _git(run: ReplayedRun, payload: JsonObject) -> None:
    data = payload.get("git_metadata", payload.get("git_meta"))
    if isinstance(data, dict):
        members = ("user", "root", "branch", "parent", "origin")
        run.git = {name: data.get(name) for name in members}


def _cloud(run: ReplayedRun, payload: JsonObject) -> None:
    provider, data = payload.get("provider"), payload.get("cloud_metadata")
    if isinstance(provider, str):
        run.cloud = (provider, data if isinstance(data, dict) else {})


def _dependency(run: ReplayedRun, payload: JsonObject) -> None:
    """Count a logged dependency as an installed package, which is how the site shows it."""
    packages = run.system.setdefault("installedPackages", [])
    if isinstance(packages, list):
        packages.append(f"{text_of(payload.get('name'))}=={text_of(payload.get('version'))}")


def _upload(run: ReplayedRun, payload: JsonObject) -> None:
    run.uploads.append(upload_of(payload, _time(run, payload)))


def _remote(run: ReplayedRun, payload: JsonObject) -> None:
    run.uploads.append(remote_of(payload, _time(run, payload)))


def _remote_model(run: ReplayedRun, payload: JsonObject) -> None:
    entries, name = payload.get("remote_assets"), _text(payload.get("model_name"))
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict):
            run.uploads.append(remote_of(entry, _time(run, payload), group=name))


def _spatial(run: ReplayedRun, payload: JsonObject) -> None:
    run.uploads.extend(spatial_of(payload, _time(run, payload)))


def _register(run: ReplayedRun, payload: JsonObject) -> None:
    run.registrations.append(payload)


def _ws_message(run: ReplayedRun, payload: JsonObject) -> None:
    """Replay the catch-all message of older archives."""
    if isinstance(text := payload.get("code"), str):
        run.texts["code"] = text
    if isinstance(other := payload.get("log_other"), dict):
        _other(run, other)
    if isinstance(details := payload.get("env_details"), dict):
        _system(run, details)
    if isinstance(dependency := payload.get("log_dependency"), dict):
        _dependency(run, dependency)
    for handler in (_metric, _parameter, _output, _html, _graph, _file_name, _system, _git):
        handler(run, payload)
    if "log_system_info" in payload:
        _system_info(run, payload)


_HANDLERS: dict[str, Callable[[ReplayedRun, JsonObject], None]] = {
    "metric_msg": _metric,
    "parameter_msg": _parameter,
    "log_other": _other,
    "file_upload": _upload,
    "remote_file": _remote,
    "remote_model": _remote_model,
    "register_model": _register,
    "standard_output": _output,
    "html": _html,
    "htmlOverride": _html,
    "graph": _graph,
    "file_name": _file_name,
    "system_details": _system,
    "installed_packages": _system,
    "os_packages": _system,
    "gpu_static_info": _system,
    "git_metadata": _git,
    "system_info": _system_info,
    "log_dependency": _dependency,
    "cloud_details": _cloud,
    "3d-image": _spatial,
    "ws_msg": _ws_message,
}
