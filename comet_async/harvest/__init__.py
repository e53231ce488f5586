"""The harvest: a workspace's or a project's data as Parquet tables and files, fully accounted for.

Of Comet by `team` or `team/resnet`, of Domino by `domino:forecasting` or `domino:*`. `plan` asks
for the listings and says what a harvest will take, `run` carries it out. pyarrow comes with the
extra: `pip install 'comet_async[harvest]'`.
"""

from __future__ import annotations

from comet_async.harvest.destinations import UploadReport, upload
from comet_async.harvest.diffing import ExperimentsDiff, LakeDiff, RowDiff, TableDiff, diff
from comet_async.harvest.forecasts import Forecast, TableForecast
from comet_async.harvest.listing import plan
from comet_async.harvest.planner import Plan
from comet_async.harvest.progress import HarvestProgress
from comet_async.harvest.readers import READERS
from comet_async.harvest.report import Failure, Report, TableReport
from comet_async.harvest.runner import run
from comet_async.harvest.schema import (
    SCHEMA_VERSION,
    TABLES,
    Column,
    TableSchema,
    add_table,
    original_text,
)
from comet_async.harvest.scope import Scope, Selection
from comet_async.harvest.sinks import Remote, Sink, SinkReport
from comet_async.harvest.subjects import Ask, Columns, Reader, Subject
from comet_async.harvest.texts import write_texts
from comet_async.harvest.verifying import Problem, Verification, verify

__all__ = [
    "READERS",
    "SCHEMA_VERSION",
    "TABLES",
    "Ask",
    "Column",
    "Columns",
    "ExperimentsDiff",
    "Failure",
    "Forecast",
    "HarvestProgress",
    "LakeDiff",
    "Plan",
    "Problem",
    "Reader",
    "Remote",
    "Report",
    "RowDiff",
    "Scope",
    "Selection",
    "Sink",
    "SinkReport",
    "Subject",
    "TableDiff",
    "TableForecast",
    "TableReport",
    "TableSchema",
    "UploadReport",
    "Verification",
    "add_table",
    "diff",
    "original_text",
    "plan",
    "run",
    "upload",
    "verify",
    "write_texts",
]
