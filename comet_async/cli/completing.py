"""What a shell may propose for values: names that are known without a server, and folders."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

__all__ = ["TABLE_NAMES", "complete_columns", "complete_folders", "complete_tables"]

TABLE_NAMES = (
    "experiments",
    "metrics",
    "metric_series",
    "metric_summaries",
    "parameters",
    "others",
    "tags",
    "system_details",
    "system_metrics",
    "git",
    "code",
    "output",
    "html",
    "graph",
    "models",
    "assets",
    "model_archives",
    "projects",
    "dashboards",
    "panels",
    "registry_models",
    "registry_versions",
    "registry_archives",
    "artifacts",
    "artifact_versions",
    "artifact_files",
    "answers",
    "domino_projects",
    "domino_goals",
    "domino_jobs",
    "domino_job_stage_times",
    "domino_job_statistics",
    "domino_job_tags",
    "domino_job_goals",
    "domino_job_details",
    "domino_job_logs",
    "domino_job_log_states",
    "domino_environments",
    "domino_environment_revisions",
    "domino_datasets",
    "domino_snapshots",
    "domino_registered_models",
    "domino_model_versions",
)
"""The tables of a harvest; here, for the module that describes them is slow to import."""
_COLUMNS = (
    "key",
    "name",
    "state",
    "started",
    "duration",
    "workspace",
    "experiments",
    "updated",
    "id",
    "type",
    "size",
    "step",
)


def complete_tables(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return tables for the last name of a list with commas."""
    del ctx, param
    before, comma, begun = incomplete.rpartition(",")
    taken = before.split(",")
    return [
        CompletionItem(f"{before}{comma}{name}")
        for name in TABLE_NAMES
        if name.startswith(begun) and name not in taken
    ]


def complete_columns(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return columns by which `ls` sorts."""
    del ctx, param
    return [CompletionItem(name) for name in _COLUMNS if name.startswith(incomplete)]


def complete_folders(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Let the shell propose folders: a harvest is one."""
    del ctx, param
    return [CompletionItem(incomplete, type="dir")]
