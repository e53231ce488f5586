"""Domino in bulk: what one would otherwise script by hand, over a session.

    async with Session(domino.service()) as session:
        report = await domino_bulk.save_logs(session, job_ids, "logs")
    print(report)  # logs of 1,000 of 1,000 jobs; 25,000,000 lines, 1,900,000,000 B, 312.0 s

The same call again goes on where an earlier one was stopped.
"""

from __future__ import annotations

from comet_async.domino.log_cursor import LogStuck
from comet_async.domino_bulk.audit import (
    AuditOptions,
    AuditReport,
    export_data_source_audit,
    export_gateway_audit,
)
from comet_async.domino_bulk.cost import CostRow, CostTable, KubecostOff, cost_table
from comet_async.domino_bulk.files import FilesReport, download_project_files
from comet_async.domino_bulk.grants import (
    GrantRow,
    GrantsReport,
    dataset_grants,
    report_grants,
)
from comet_async.domino_bulk.job_lists import JobFilter, ListedJob, list_jobs
from comet_async.domino_bulk.job_runs import JobFailed, JobStopped, run_job, wait_for_job
from comet_async.domino_bulk.log_follow import follow_log
from comet_async.domino_bulk.logs import LogsReport, save_logs
from comet_async.domino_bulk.models import ListedModel, ModelVersionRow, list_models
from comet_async.domino_bulk.projects import find_project, named_projects, only_project
from comet_async.domino_bulk.snapshots import SnapshotFailed, take_snapshot, wait_for_snapshot
from comet_async.domino_bulk.waiting import Polling, WaitedTooLong

__all__ = [
    "AuditOptions",
    "AuditReport",
    "CostRow",
    "CostTable",
    "FilesReport",
    "GrantRow",
    "GrantsReport",
    "JobFailed",
    "JobFilter",
    "JobStopped",
    "KubecostOff",
    "ListedJob",
    "ListedModel",
    "LogStuck",
    "LogsReport",
    "ModelVersionRow",
    "Polling",
    "SnapshotFailed",
    "WaitedTooLong",
    "cost_table",
    "dataset_grants",
    "download_project_files",
    "export_data_source_audit",
    "export_gateway_audit",
    "find_project",
    "follow_log",
    "list_jobs",
    "list_models",
    "named_projects",
    "only_project",
    "report_grants",
    "run_job",
    "save_logs",
    "take_snapshot",
    "wait_for_job",
    "wait_for_snapshot",
]
