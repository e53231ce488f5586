"""The tables of a harvest: names, columns, types, and what each column says.

The same description writes the Parquet files, documents them and is tested against them. Every file
carries `comet_async.schema_version` and `comet_async.table` in its metadata.

Numbers that the service sends as text stand twice: as a float64, the nearest float of the text
(null where the text is no number), and as the server's own text in the column `..._text`. That text
is null exactly when Python's `repr` of the float gives it back letter for letter, or when nothing
was sent: no digit is lost, and a plain series costs no text. `original_text` puts the two together
again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from comet_async.errors import UsageError
from comet_async.harvest.detail_tables import DETAIL_TABLES
from comet_async.harvest.domino.tables import DOMINO_TABLES
from comet_async.harvest.table_schema import SCHEMA_VERSION, Column, Kind, TableSchema
from comet_async.harvest.workspace_tables import WORKSPACE_TABLES
from comet_async.redaction import printable

__all__ = [
    "ON_DEMAND",
    "SCHEMA_VERSION",
    "TABLES",
    "Column",
    "Kind",
    "TableSchema",
    "add_table",
    "checked_tables",
    "original_text",
]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_KEY = Column("experiment_key", "name", "Experiment key.")


def _summary(which: str, adjective: str) -> tuple[Column, ...]:
    return (
        Column(f"{which}", "float64", f"{adjective} value."),
        Column(f"{which}_text", "string", f"{adjective} value as sent, where `{which}` lacks it."),
        Column(f"{which}_timestamp", "timestamp", f"When the {adjective.lower()} was logged."),
        Column(f"{which}_step", "int64", f"Step of the {adjective.lower()}."),
        Column(f"{which}_context", "name", f"Context of the {adjective.lower()}, as `train`."),
    )


def _values(what: str) -> tuple[Column, ...]:
    return (
        _KEY,
        Column("name", "name", f"Name of the {what}; nested names are joined by `|`."),
        Column("value", "string", "Last value as sent; numbers and booleans are text."),
        Column("number", "float64", "The value as a number; null when it is none."),
        Column("timestamp", "timestamp", "When it was logged."),
        Column("step", "int64", "Step, if any."),
        Column("context", "name", "Context, if any."),
        Column("value_min", "string", "Smallest value as sent."),
        Column("value_min_timestamp", "timestamp", "When the smallest was logged."),
        Column("value_max", "string", "Largest value as sent."),
        Column("value_max_timestamp", "timestamp", "When the largest was logged."),
        Column("editable", "bool", "Whether the web page lets users change it."),
        Column("value_min_step", "int64", "Step of the smallest, if any."),
        Column("value_min_context", "name", "Context of the smallest, if any."),
        Column("value_max_step", "int64", "Step of the largest, if any."),
        Column("value_max_context", "name", "Context of the largest, if any."),
    )


_EXPERIMENTS = TableSchema(
    "experiments",
    "One row per experiment, as the listing shows it.",
    (
        _KEY,
        Column("experiment_name", "string", "Name, if it has one."),
        Column("workspace_name", "name", "Workspace."),
        Column("project_id", "name", "Id of the project."),
        Column("project_name", "name", "Name of the project."),
        Column("user_name", "name", "User who ran it; not sent by every server."),
        Column("optimization_id", "name", "Optimizer run that it belongs to, if any."),
        Column("file_path", "string", "Path of the script."),
        Column("file_name", "string", "Name of the script."),
        Column("start_time", "timestamp", "Start."),
        Column("end_time", "timestamp", "End; null while it runs."),
        Column("duration_ms", "int64", "Duration in milliseconds."),
        Column("archived", "bool", "Whether it is archived."),
        Column("running", "bool", "Whether it ran when it was listed."),
        Column("has_crashed", "bool", "Whether it crashed."),
        Column("throttled", "bool", "Whether the server dropped data of it for being too much."),
    ),
    500,
)
_METRICS = TableSchema(
    "metrics",
    "One row per stored point; at most 15,000 per name, in the server's order within a name.",
    (
        _KEY,
        Column("metric", "name", "Name, case-sensitive."),
        Column("context", "name", "Context as `train`, if any."),
        Column("step", "int64", "Step, if any."),
        Column("epoch", "int64", "Epoch, if any."),
        Column("timestamp", "timestamp", "When it was logged."),
        Column("value", "float64", "The value, NaN and infinities included; null for other text."),
        Column("value_text", "string", "The value as sent, where repr of `value` differs from it."),
        Column("offset", "int64", "The server's own order."),
    ),
    200_000,
)
_SERIES = TableSchema(
    "metric_series",
    "One row per metric of an experiment: how true its series is to what was logged.",
    (
        _KEY,
        Column("metric", "name", "Name, case-sensitive."),
        Column("points", "int64", "Points in `metrics`."),
        Column(
            "fidelity",
            "name",
            "`full`; `downsampled`: more than 15,000 were logged, and the service keeps so many;"
            " `sampled`; `unknown`: the answer may have been a sample.",
        ),
        Column("source", "name", "`chart`, `get-all`, `get-metric` or `full-metric asset`."),
    ),
    0,
)
_SYSTEM_METRICS = TableSchema(
    "system_metrics",
    "One row per stored point of a metric of the machine, as `sys.cpu.percent.avg`.",
    _METRICS.columns,
    60_000,
)
_SUMMARIES = TableSchema(
    "metric_summaries",
    "One row per metric of an experiment: smallest, largest and last value.",
    (
        _KEY,
        Column("metric", "name", "Name, case-sensitive."),
        *_summary("min", "Smallest"),
        *_summary("max", "Largest"),
        *_summary("last", "Last"),
        Column("editable", "bool", "Whether the web page lets users change it."),
        Column("source", "name", "`server`, or `series`: computed from the whole series."),
    ),
    4_000,
)
_PARAMETERS = TableSchema(
    "parameters", "One row per parameter of an experiment.", _values("parameter"), 5_000
)
_OTHERS = TableSchema(
    "others",
    "One row per other logged value of an experiment; its name is the row `Name`.",
    _values("value"),
    3_000,
)
_TAGS = TableSchema(
    "tags",
    "One row per tag of an experiment.",
    (_KEY, Column("tag", "name", "The tag.")),
    50,
)
_SYSTEM = TableSchema(
    "system_details",
    "One row per experiment: the machine and the process. Command and environment are the user's"
    " own data and can hold the user's secrets.",
    (
        _KEY,
        Column("user", "name", "Login name."),
        Column("hostname", "name", "Name of the machine."),
        Column("ip", "name", "Address of the machine."),
        Column("network_interface_ips", "strings", "Its addresses."),
        Column("os", "name", "Platform text."),
        Column("os_type", "name", "As `Linux`."),
        Column("os_release", "name", "Kernel release."),
        Column("machine", "name", "As `x86_64`."),
        Column("processor", "name", "As `x86_64`."),
        Column("total_ram", "float64", "Bytes."),
        Column("max_total_memory", "float64", "As the client logged it."),
        Column("gpus", "gpus", "One entry per GPU."),
        Column("python_version", "name", "As `3.12.11`."),
        Column("python_version_verbose", "name", "With build and compiler."),
        Column("pid", "int64", "Process id."),
        Column("executable", "name", "Path of the interpreter."),
        Column("command", "strings", "Command line in parts."),
        Column("env_json", "string", "Logged environment variables, a JSON object; null if none."),
        Column("os_packages", "strings", "Packages of the system."),
        Column("installed_packages", "strings", "Python packages, as `numpy==2.1.0`."),
        Column("system_metric_names", "strings", "Names of system metrics, as `sys.ram.used`."),
        Column("additional_info", "facts", "Further facts."),
    ),
    8_000,
)
_ASSETS = TableSchema(
    "assets",
    "One row per asset: what the service lists, and where its file is now.",
    (
        _KEY,
        Column("asset_id", "string", "Its id."),
        Column("name", "string", "Name as logged: not unique, and not safe as a path."),
        Column("type", "name", "As `image` or `model-element`."),
        Column("state", "name", "`stored`, `absent`, `failed`, `remote` or `listed` (not asked)."),
        Column("local_path", "string", "File below the harvest's folder, `/` between folders."),
        Column("size", "int64", "Bytes on disk; null unless stored."),
        Column("sha256", "string", "Hash of the file, 64 hex digits; null unless stored."),
        Column("listed_size", "int64", "Bytes that the service told; 0 for a remote file."),
        Column("reason", "string", "Why there is no file, for failed and absent ones."),
        Column("remote", "bool", "Whether the octets lie outside the service; older: null."),
        Column("link", "string", "URI of a remote file; a signature in it is left out."),
        Column("context", "name", "Context, if any."),
        Column("step", "int64", "Step, if any."),
        Column("created", "timestamp", "When it was logged."),
        Column("dir", "name", "Folder on the web page."),
        Column("metadata", "string", "The user's data: a text as sent, an object as JSON."),
        Column("tags", "strings", "Tags; newer servers only."),
        Column("etag", "string", "Checksum as the storage tells it, if any."),
    ),
    4_000,
)

_MODEL_ARCHIVES = TableSchema(
    "model_archives",
    "One row per model of an experiment: its zip archive; where they are asked for.",
    (
        _KEY,
        Column("model_name", "name", "Name of the model."),
        Column("state", "name", "`stored`, `absent`, `failed` or `listed` (not asked)."),
        Column("local_path", "string", "File below the harvest's folder, `/` between folders."),
        Column("size", "int64", "Bytes on disk; null unless stored."),
        Column("sha256", "string", "Hash of the file, 64 hex digits; null unless stored."),
        Column("reason", "string", "Why there is no file, for failed and absent ones."),
        Column("folder", "string", "Folder that it was expanded to; null unless it was."),
    ),
    300,
)

_KNOWN: dict[str, TableSchema] = {
    table.name: table
    for table in (
        _EXPERIMENTS,
        _METRICS,
        _SERIES,
        _SUMMARIES,
        _PARAMETERS,
        _OTHERS,
        _TAGS,
        _SYSTEM,
        _SYSTEM_METRICS,
        *DETAIL_TABLES,
        _ASSETS,
        _MODEL_ARCHIVES,
        *WORKSPACE_TABLES,
        *DOMINO_TABLES,
    )
}
TABLES: Mapping[str, TableSchema] = MappingProxyType(_KNOWN)
"""All tables by name, in the order of reports."""
ON_DEMAND = frozenset({"answers", "model_archives", "registry_archives"})
"""Tables that are left out unless they are asked for by name."""


def add_table(table: TableSchema) -> None:
    """Make a table known that a reader of one's own fills, for this process.

    Plan and run with that reader among `readers`, as `[*harvest.READERS, reader]`. Whoever opens or
    verifies the folder needs no such call.

    Raises:
        UsageError: The name is taken by another table, or is none for a folder; or there is no
            column.
    """
    name = table.name
    if _KNOWN.get(name, table) != table:
        raise UsageError(f"there is a table {printable(name)} already")
    if _NAME.fullmatch(name) is None or not table.columns:
        raise UsageError(
            f"{printable(name)!r} is no table: it needs a column, and a name of a-z, 0-9 and _"
        )
    _KNOWN[name] = table


def checked_tables(names: tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    """Return these tables in the order of reports; None stands for all.

    Raises:
        UsageError: A name is unknown, or there is none.
    """
    if names is None:
        return tuple(TABLES)
    unknown = [name for name in names if name not in TABLES]
    if unknown or not names:
        told = printable(", ".join(unknown)) or "nothing"
        raise UsageError(f"{told}: no such table; known are {', '.join(TABLES)}")
    return tuple(name for name in TABLES if name in names)


def original_text(value: float | None, text: str | None) -> str | None:
    """Return the text that the server sent, from a number column and its text column.

    >>> original_text(0.5, None), original_text(1.0, "1"), original_text(None, "good")
    ('0.5', '1', 'good')
    """
    if text is not None or value is None:
        return text
    return repr(value)
