"""What a query can name of a run: metadata, environment, metrics, parameters, others, tags."""

from __future__ import annotations

from collections.abc import Callable

from comet_async.server.numbers_text import text_of
from comet_async.server.query import Fields, Found
from comet_async.server.records import Facts, Json, Run
from comet_async.server.store import Store

__all__ = ["ENVIRONMENT", "METADATA", "fields_of"]

METADATA = {
    "experimentKey": "string",
    "runId": "string",
    "duration": "timenumber",
    "start_server_timestamp": "datetime",
    "end_server_timestamp": "datetime",
    "last_message_time": "datetime",
    "file_name": "string",
    "file_path": "string",
    "user_name": "string",
    "optimizationId": "string",
    "codeSHA": "string",
    "installed_packages": "string",
    "hasNotes": "boolean",
    "hasHtml": "boolean",
    "hasImages": "boolean",
    "runActive": "boolean",
}
"""Metadata columns and their types."""

ENVIRONMENT = {
    "os": "os",
    "os_type": "osType",
    "os_release": "osRelease",
    "hostname": "hostname",
    "ip": "ip",
    "user": "user",
    "pid": "pid",
    "machine": "machine",
    "processor": "processor",
    "python_version": "pythonVersion",
    "python_version_verbose": "pythonVersionVerbose",
    "command": "command",
}
"""Environment columns and the system details behind them."""


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


_FROM_FACTS: dict[str, Callable[[Facts], Found]] = {
    "experimentKey": lambda facts: facts.key,
    "runId": lambda facts: facts.key,
    "duration": lambda facts: _seconds(facts.duration_ms),
    "start_server_timestamp": lambda facts: _seconds(facts.start_ms),
    "end_server_timestamp": lambda facts: _seconds(facts.end_ms),
    "last_message_time": lambda facts: _seconds(facts.end_ms),
    "file_name": lambda facts: facts.file_name,
    "file_path": lambda facts: facts.file_path,
    "user_name": lambda facts: facts.user,
    "optimizationId": lambda facts: facts.optimization_id,
    "hasNotes": lambda _facts: False,
    "runActive": lambda facts: facts.running,
}
_FROM_RUN: dict[str, Callable[[Run], Found]] = {
    "codeSHA": lambda run: _text_or_none(run.git().get("root")),
    "installed_packages": lambda run: _text_or_none(run.system().get("installedPackages")),
    "hasHtml": lambda run: bool(run.text("html")),
    "hasImages": lambda run: any(asset.type == "image" for asset in run.assets()),
}


def _text_or_none(value: Json) -> str | None:
    if isinstance(value, list):
        return "\n".join(text_of(item) for item in value)
    return value if isinstance(value, str) else None


def _metadata(run: Run, name: str) -> Found:
    if name in _FROM_FACTS:
        return _FROM_FACTS[name](run.facts)
    reader = _FROM_RUN.get(name)
    return reader(run) if reader else None


def _environment(run: Run, name: str) -> Found:
    member = ENVIRONMENT.get(name)
    value = run.system().get(member) if member else None
    return None if value is None else text_of(value)


def _tag(run: Run, name: str) -> Found:
    return name if name in run.tags() else None


def _parameter(run: Run, name: str) -> Found:
    return next((row.current.value for row in run.parameters() if row.name == name), None)


def _other(run: Run, name: str) -> Found:
    return next((row.current.value for row in run.others() if row.name == name), None)


def _metric(run: Run, name: str) -> Found:
    return run.metric_current(name)


_SOURCES: dict[str, Callable[[Run, str], Found]] = {
    "metadata": _metadata,
    "env_details": _environment,
    "tag": _tag,
    "params": _parameter,
    "log_other": _other,
    "metrics": _metric,
}


def fields_of(_store: Store) -> Fields:
    """Return the reader of (run, source, name); an unknown source has nothing."""

    def read(run: Run, source: str, name: str) -> Found:
        reader = _SOURCES.get(source)
        return reader(run, name) if reader else None

    return read
