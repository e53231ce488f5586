"""What the vendor's client asks for while it logs live or uploads an archive.

These addresses are outside the REST API: the client shakes hands, sends batches and files, and
tells from time to time that it is alive. The key may stand in the body.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from comet_async.server.bodies import (
    acknowledged,
    boolean,
    given,
    objects,
    optional,
    some_texts,
    text,
    whole,
)
from comet_async.server.live_run import LiveRun
from comet_async.server.numbers_text import text_of
from comet_async.server.records import Facts, Json, JsonObject, Mark
from comet_async.server.replies import (
    ApiError,
    Call,
    Handler,
    Reply,
    Takes,
    Write,
    json_reply,
)
from comet_async.server.write_assets import complete_upload, put_upload, start_upload, uploaded
from comet_async.server.write_experiments import create, set_alive, written_key
from comet_async.server.write_projects import GENERAL
from comet_async.server.write_values import mark_of, metric_points

__all__ = ["ROUTES"]

_KEY = re.compile(r"[0-9A-Za-z]{32,50}")
_LIMIT_MB = 5_120
_BEATS: JsonObject = {
    "is_alive_beat_duration_millis": 10_000,
    "gpu_monitor_interval_millis": 60_000,
    "cpu_monitor_interval_millis": 68_000,
    "parameter_update_interval_millis": 10_000,
    "pending_rpcs": False,
}


def _add_run(call: Call) -> Reply:
    """Shake hands: make the experiment, or let the client go on with the one of its key."""
    key = text(call.body, "experimentKey")
    workspace = optional(call.body, "teamName") or call.store.account()
    project = optional(call.body, "projectName") or GENERAL
    goes_on = boolean(call.body, "getOrCreateEnabled")
    if not _KEY.fullmatch(key):
        raise ApiError(400, "The experiment key must be 32 to 50 letters and digits")
    if call.store.run(key) is not None:
        if not goes_on:
            raise ApiError(400, "The experiment exists", 90999)
        set_alive(call.store, key, alive=True)
    else:
        create(call.store, call.known_workspace(workspace), project, key, None)
    return _handshake(call, key)


def _get_run(call: Call) -> Reply:
    """Shake hands with an experiment that there is."""
    key = text(call.body, "previousExperiment")
    if call.store.run(key) is None:
        raise ApiError(400, "No such experiment", 90210)
    set_alive(call.store, key, alive=True)
    return _handshake(call, key)


def _handshake(call: Call, key: str) -> Reply:
    run = call.known_run(key)
    facts = run.facts
    project = call.store.changes.project_now(facts.project)
    points = sum(_count(run.series(name)) for name in run.metric_names())
    return json_reply(
        {
            "runId": key,
            "project_id": project.project_id,
            "focusUrl": f"{call.root}/{project.workspace}/{project.name}/",
            "lastOffset": points,
            "name": facts.name,
            "upload_file_size_limit_in_mb": _LIMIT_MB,
            "asset_upload_file_size_limit_in_mb": _LIMIT_MB,
            "uploadVideoMaxSizeMB": _LIMIT_MB,
            "s3DirectAccessEnabled": False,
            "featureToggles": [],
            "cometWebAssetUrl": f"{call.root}/api/asset/download",
            "cometWebImageUrl": f"{call.root}/api/asset/download",
            "cometRestApiAssetUrl": f"{call.root}/api/rest/v2/experiment/asset/get-asset",
            "cometRestApiImageUrl": f"{call.root}/api/rest/v2/experiment/asset/get-asset",
        }
    )


def _count(series: object) -> int:
    return len(getattr(series, "values", ()))


def _limits(_call: Call) -> Reply:
    return json_reply({"maxPoints": 1_000_000, "maxBoxes": 10_000, "maxClassNameLength": 100})


def _ping(_call: Call) -> Reply:
    return json_reply({"msg": "ok"})


def _report_status(call: Call) -> Reply:
    key = written_key(call)
    alive = boolean(call.body, "is_alive")
    set_alive(call.store, key, alive=alive is not False)
    return json_reply(_BEATS)


def _report_times(call: Call) -> Reply:
    """Set start and end of an experiment that was logged offline."""
    key = written_key(call)
    start, end = whole(call.body, "startTimestamp"), whole(call.body, "endTimestamp")

    def edit(facts: Facts) -> Facts:
        moved = facts if start is None else replace(facts, start_ms=start)
        return moved if end is None else replace(moved, end_ms=end, running=False)

    call.store.changes.write(key, lambda run: run.set_facts(edit), listed=True)
    return acknowledged()


def _add_tags(call: Call) -> Reply:
    key, tags = written_key(call), some_texts(call.body, "addedTags")
    call.store.changes.write(key, lambda run: run.add_tags(tags))
    return acknowledged()


def _log_metrics(call: Call) -> Reply:
    key = written_key(call)
    points = metric_points(objects(call.body, "values"), call.store.now_ms())

    def edit(run: LiveRun) -> None:
        for name, mark, epoch in points:
            run.log_metric(name, mark, epoch)

    call.store.changes.write(key, edit)
    return acknowledged()


def _log_parameters(call: Call) -> Reply:
    key, now = written_key(call), call.store.now_ms()
    marks = [_parameter(row, now) for row in objects(call.body, "values")]

    def edit(run: LiveRun) -> None:
        for name, mark in marks:
            run.log_parameter(name, mark)

    call.store.changes.write(key, edit)
    return acknowledged()


def _parameter(row: Mapping[str, Json], now_ms: int) -> tuple[str, Mark]:
    value = text_of(given(row, "parameterValue"))
    return text(row, "parameterName"), mark_of(row, value, now_ms)


def _upload(call: Call) -> Reply:
    """Store a file whose experiment is called `experimentId`."""
    key = written_key(call, call.need("experimentId"))
    return uploaded(call, key, put_upload(call, key, call.query))


def _upload_image(call: Call) -> Reply:
    key = written_key(call, call.need("experimentId"))
    members = {**call.query, "type": call.query.get("type") or "image"}
    return uploaded(call, key, put_upload(call, key, members))


def _upload_patch(call: Call) -> Reply:
    key, content = written_key(call, call.need("experimentId")), call.form.files.get("file")
    if content is None:
        raise ApiError(400, "file is required")
    call.store.changes.write(key, lambda run: run.set_patch(content))
    return acknowledged()


def _start(call: Call) -> Reply:
    key = written_key(call, text(call.body, "experimentId"))
    return start_upload(call, key, call.body)


def _start_image(call: Call) -> Reply:
    key = written_key(call, text(call.body, "experimentId"))
    return start_upload(call, key, {"type": "image", **call.body})


def _take_notice(_call: Call) -> Reply:
    """Take a message that changes nothing here: a notification, an event, a log line."""
    return acknowledged("ok")


def _pending(_call: Call) -> Reply:
    return json_reply({"remoteProcedureCalls": []})


_BASE = "/clientlib"
ROUTES: dict[tuple[str, str], Handler] = {
    ("POST", f"{_BASE}/logger/add/run"): Write(_add_run, key_status=400),
    ("POST", f"{_BASE}/logger/get/run"): Write(_get_run, key_status=400),
    ("POST", f"{_BASE}/asset/3d-limits"): _limits,
    ("GET", f"{_BASE}/health/ping"): _ping,
    ("POST", f"{_BASE}/status-report/update"): Write(_report_status),
    ("POST", f"{_BASE}/status-report/offline-metadata"): Write(_report_times),
    ("POST", f"{_BASE}/tags/add-tags-to-experiment"): Write(_add_tags),
    ("POST", f"{_BASE}/batch/logger/experiment/metric"): Write(_log_metrics),
    ("POST", f"{_BASE}/batch/logger/experiment/parameter"): Write(_log_parameters),
    ("POST", f"{_BASE}/asset/upload"): Write(_upload, Takes.FORM),
    ("POST", f"{_BASE}/visualizations/upload"): Write(_upload_image, Takes.FORM),
    ("POST", f"{_BASE}/git-patch/upload"): Write(_upload_patch, Takes.FORM),
    ("POST", f"{_BASE}/asset/upload-start"): Write(_start),
    ("POST", f"{_BASE}/asset/upload-complete"): Write(complete_upload),
    ("POST", f"{_BASE}/visualizations/upload-start"): Write(_start_image),
    ("POST", f"{_BASE}/visualizations/upload-complete"): Write(complete_upload),
    ("POST", f"{_BASE}/notification/experiment"): _take_notice,
    ("POST", f"{_BASE}/notify/event"): _take_notice,
    ("POST", f"{_BASE}/log/add"): _take_notice,
    ("POST", f"{_BASE}/rpc/get-pending-rpcs"): _pending,
}
