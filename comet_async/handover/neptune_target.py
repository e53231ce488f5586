"""`export_to_neptune`: a lake in the files of neptune-exporter, for its loaders."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from comet_async.errors import DestinationError
from comet_async.handover.neptune_files import RunFile, path_part, place_file, told_digest
from comet_async.handover.neptune_places import NEPTUNE_PLACES
from comet_async.handover.neptune_run import NeptuneRun
from comet_async.handover.report import HandoverProgress, HandoverReport, Tally
from comet_async.handover.source import Row, Source
from comet_async.handover.workspace import workspace_digest, workspace_files, workspace_names
from comet_async.lake.reader import LakeReader
from comet_async.redaction import printable, shortened

__all__ = ["export_to_neptune"]

DATA = "data"
FILES = "files"
_RUN = "workspace"


def export_to_neptune(
    lake: LakeReader,
    folder: str | os.PathLike[str],
    *,
    where: str | None = None,
    dry_run: bool = False,
    progress: HandoverProgress | None = None,
) -> HandoverReport:
    """Write a lake as neptune-exporter writes projects of Neptune, and tell what is lost.

    Its loaders bring the folder on to other trackers: `neptune-exporter load --data-path
    FOLDER/data --files-path FOLDER/files --loader wandb`. A project is a project, an experiment a
    run. Stopped or killed, the next call goes on: a run is whole or not there; one whose rows in
    the lake are others now is written anew. It blocks; it keeps a few thousand points in memory.

    Args:
        lake: The lake, as `open_lake` gives it.
        folder: Folder for `data` and `files`; made where it is missing.
        where: Condition in SQL on the table `experiments`, as "project_name = 'resnet'".
        dry_run: Whether to write nothing and tell what would be written.
        progress: Told of each run.

    Raises:
        UsageError: pyarrow or DuckDB is missing, or the lake has no experiments.
        QueryError: `where` cannot be understood.
        PartError: A part of the lake is damaged.
        DestinationError: The folder cannot be written.
        HandoverError: A run that another program wrote is in the way.
    """
    root = Path(folder).absolute()
    with Source(lake, where) as source:
        experiments = source.experiments()
        tally = Tally()
        if dry_run:
            tally.counts.update(source.totals())
        else:
            if progress is not None:
                progress.planned("runs", len(experiments))
            problem = ""
            try:
                _write(root, source, experiments, tally, progress)
            except OSError as error:
                problem = shortened(f"{error.strerror or error}", 200)
            if problem:
                raise DestinationError(f"{printable(str(root))} cannot be written: {problem}")
        return tally.report(
            "neptune-exporter",
            str(root),
            experiments=len(experiments),
            lost=source.lost(NEPTUNE_PLACES),
            dry_run=dry_run,
        )


def _write(
    root: Path,
    source: Source,
    experiments: Sequence[Row],
    tally: Tally,
    progress: HandoverProgress | None,
) -> None:
    for experiment in experiments:
        before = tally.counts["points"]
        _experiment(root, source, experiment, tally)
        if progress is not None:
            progress.finished("runs", 1, tally.counts["points"] - before)
    _workspace(root, source, tally)


def _experiment(root: Path, source: Source, experiment: Row, tally: Tally) -> None:
    """Write one experiment, unless it is there as it is."""
    project = f"{experiment.get('workspace_name') or ''}/{experiment.get('project_name') or ''}"
    key = str(experiment["experiment_key"])
    digest = source.digest(experiment)
    if told_digest(root / DATA, project, key) == digest:
        tally.add("kept")
        return
    with (
        tempfile.TemporaryDirectory(prefix="comet_async-") as scratch,
        RunFile(root / DATA, project, key, digest) as file,
    ):
        run = NeptuneRun(
            file, root / FILES, project, source, experiment, tally=tally, scratch=Path(scratch)
        )
        run.write()
    tally.add("written")


def _workspace(root: Path, source: Source, tally: Tally) -> None:
    """Write what is of no experiment as the files of one run; nothing where there is nothing."""
    project = f"{workspace_names(source)}/(workspace)"
    digest = workspace_digest(source)
    if told_digest(root / DATA, project, _RUN) == digest:
        return
    with tempfile.TemporaryDirectory(prefix="comet_async-") as scratch:
        found = workspace_files(source, Path(scratch), tally)
        if not found:
            return
        below = PurePosixPath(path_part(project), path_part(_RUN))
        with RunFile(root / DATA, project, _RUN, digest) as file:
            file.add("sys/custom_run_id", "string", _RUN)
            file.add("sys/name", "string", _RUN)
            for path, place in found:
                size = place_file(path, root / FILES / below / place)
                file.add(place, "file", {"path": str(below / place)})
                tally.add("files")
                tally.add("bytes", size)
