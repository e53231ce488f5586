"""`export_to_mlflow`: the experiments of a lake as runs of MLflow."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from comet_async.errors import UsageError
from comet_async.handover.mlflow_client import Client, Run, open_client, told_errors
from comet_async.handover.mlflow_names import encoded
from comet_async.handover.mlflow_places import MLFLOW_PLACES
from comet_async.handover.mlflow_run import RunWriter, milliseconds, text_of
from comet_async.handover.mlflow_workspace import write_workspace
from comet_async.handover.report import HandoverError, HandoverProgress, HandoverReport, Tally
from comet_async.handover.source import Row, Source
from comet_async.lake.reader import LakeReader
from comet_async.redaction import printable, without_signatures

__all__ = ["NameOfExperiment", "checked_names", "export_to_mlflow"]

NameOfExperiment: TypeAlias = Callable[[str, str], str]
"""Gives the name of MLflow's experiment for a workspace and a project."""

_KEY = "comet.experimentKey"
_STATE = "comet.handover"
_DIGEST = "comet.handoverDigest"
_COMPLETE = "complete"
_NOTE = "mlflow.note.content"
_LONGEST_NOTE = 20_000
_LONGEST_NAME = 250


def _workspace_and_project(workspace: str, project: str) -> str:
    return f"{workspace}/{project}"


def export_to_mlflow(
    lake: LakeReader,
    tracking_uri: str,
    *,
    experiment_names: NameOfExperiment = _workspace_and_project,
    artifact_location: str | None = None,
    where: str | None = None,
    replace: bool = False,
    dry_run: bool = False,
    progress: HandoverProgress | None = None,
) -> HandoverReport:
    """Write the experiments of a lake as runs of MLflow, and tell what is lost.

    A project becomes an experiment of MLflow, an experiment a run, and what is of the workspace a
    run of its own. Stopped or killed, the next call goes on where it was; what an earlier call
    wrote whole stays as it is. It blocks; it keeps a few thousand points in memory.

    Args:
        lake: The lake, as `open_lake` gives it.
        tracking_uri: As "sqlite:///mlflow.db" or "http://localhost:5000".
        experiment_names: Gives the name of MLflow's experiment for a workspace and a project.
        artifact_location: URI below which new experiments keep their files; None for MLflow's own.
        where: Condition in SQL on the table `experiments`, as "project_name = 'resnet'".
        replace: Whether runs that an earlier call wrote, and that have other rows in the lake now,
            are written anew; the older ones are deleted, which MLflow can undo.
        dry_run: Whether to write nothing and tell what would be written.
        progress: Told of each run.

    Raises:
        UsageError: MLflow or DuckDB is missing, or the lake has no experiments.
        QueryError: `where` cannot be understood.
        PartError: A part of the lake is damaged.
        HandoverError: The store cannot be opened or written at all. A run that cannot be written is
            counted, and the others are written.
    """
    with Source(lake, where) as source:
        experiments = source.experiments()
        shown = without_signatures(tracking_uri)
        tally = Tally()
        if dry_run:
            tally.counts.update(source.totals())
        else:
            if progress is not None:
                progress.planned("runs", len(experiments))
            client = open_client(tracking_uri)
            target = _Target(client, source, experiment_names, artifact_location, replace=replace)
            target.write(experiments, tally, progress)
        return tally.report(
            "MLflow",
            shown,
            experiments=len(experiments),
            lost=source.lost(MLFLOW_PLACES),
            dry_run=dry_run,
        )


class _Target:
    """A store of MLflow while a lake is written to it."""

    def __init__(
        self,
        client: Client,
        source: Source,
        names: NameOfExperiment,
        location: str | None,
        *,
        replace: bool,
    ) -> None:
        self._client = client
        self._source = source
        self._names = names
        self._location = None if location is None else location.rstrip("/")
        self._replace = replace
        self._ids: dict[str, str] = {}

    def write(
        self, experiments: Sequence[Row], tally: Tally, progress: HandoverProgress | None
    ) -> None:
        """Write all experiments, and what is of the workspace."""
        for experiment in experiments:
            key = str(experiment["experiment_key"])
            try:
                home = self._home(experiment)
                before = tally.counts["points"]
                with told_errors(f"experiment {printable(key)}"):
                    self._experiment(home, experiment, tally)
            except HandoverError as error:
                tally.failed[key] = error.message
                if progress is not None:
                    progress.failed("runs", 1)
                before = tally.counts["points"]
            if progress is not None:
                progress.finished("runs", 1, tally.counts["points"] - before)
        with told_errors("the run of the workspace"):
            write_workspace(self._client, self._source, self._experiment_id, tally)

    def _home(self, experiment: Row) -> str:
        """Return the id of MLflow's experiment for an experiment's project."""
        workspace = text_of(experiment.get("workspace_name"))
        project = text_of(experiment.get("project_name"))
        name = self._names(workspace, project)
        known = name in self._ids
        found = self._experiment_id(name)
        if not known:
            self._describe(found, workspace, project, experiment.get("project_id"))
        return found

    def _experiment_id(self, name: str) -> str:
        """Return the id of an experiment of MLflow, which is made where it is missing.

        Raises:
            HandoverError: One of this name was deleted.
        """
        if name in self._ids:
            return self._ids[name]
        told = printable(name)
        with told_errors(f"experiment {told} of MLflow"):
            found = self._client.get_experiment_by_name(name)
            if found is None:
                location = self._location
                if location is not None:
                    location = f"{location}/{len(self._ids)}-{_plain(name)}"
                self._ids[name] = self._client.create_experiment(name, location, {})
                return self._ids[name]
        if found.lifecycle_stage != "active":
            raise HandoverError(
                f"MLflow's experiment {told} was deleted: restore it, or choose another name"
            )
        self._ids[name] = found.experiment_id
        return found.experiment_id

    def _describe(self, home: str, workspace: str, project: str, project_id: object) -> None:
        tags = {"comet.workspace": workspace, "comet.project": project}
        for row in self._source.rows("projects"):
            if row.get("project_id") == project_id:
                notes = text_of(row.get("notes"))
                tags |= {_NOTE: notes[:_LONGEST_NOTE]} if notes else {}
        if project_id is not None:
            tags["comet.projectId"] = text_of(project_id)
        with told_errors(f"experiment {printable(project)} of MLflow"):
            for key, value in tags.items():
                self._client.set_experiment_tag(home, key, value)

    def _experiment(self, home: str, experiment: Row, tally: Tally) -> None:
        """Write one experiment, unless it is there."""
        key = str(experiment["experiment_key"])
        digest = self._source.digest(experiment)
        wanted = f"tags.`{_KEY}` = '{encoded(key)}'"
        older: list[Run] = []
        same: list[Run] = []
        for run in self._client.search_runs([home], wanted):
            (same if run.data.tags.get(_DIGEST) == digest else older).append(run)
        whole = [run for run in older if run.data.tags.get(_STATE) == _COMPLETE]
        if any(run.data.tags.get(_STATE) == _COMPLETE for run in same):
            tally.add("kept")
            return
        if whole and not self._replace:
            tally.changed.append(key)
            return
        run_id = same[0].info.run_id if same else self._begin(home, experiment, digest)
        with tempfile.TemporaryDirectory(prefix="comet_async-") as scratch:
            writer = RunWriter(
                self._client, run_id, self._source, experiment, tally=tally, scratch=Path(scratch)
            )
            writer.write()
        self._end(run_id, experiment)
        for earlier in older:
            self._client.delete_run(earlier.info.run_id)
        tally.add("written")

    def _begin(self, home: str, experiment: Row, digest: str) -> str:
        key = str(experiment["experiment_key"])
        name = text_of(experiment.get("experiment_name")) or key
        tags = {_KEY: encoded(key), _DIGEST: digest, _STATE: "begun"}
        started = milliseconds(experiment.get("start_time"))
        made = self._client.create_run(home, started, tags, name[:_LONGEST_NAME])
        return made.info.run_id

    def _end(self, run_id: str, experiment: Row) -> None:
        ended = milliseconds(experiment.get("end_time"))
        if experiment.get("running"):
            self._client.update_run(run_id, status="RUNNING")
        else:
            status = "FAILED" if experiment.get("has_crashed") else "FINISHED"
            start = milliseconds(experiment.get("start_time"))
            self._client.set_terminated(run_id, status, start if ended is None else ended)
        self._client.set_tag(run_id, _STATE, _COMPLETE)


def _plain(name: str) -> str:
    return "".join(char if char.isalnum() or char in "-_" else "_" for char in name)[:80]


def checked_names(pattern: str) -> NameOfExperiment:
    """Return the names that a pattern with `{workspace}` and `{project}` gives.

    Raises:
        UsageError: It names something else.
    """
    problem = ""
    try:
        pattern.format(workspace="", project="")
    except (KeyError, IndexError, ValueError, AttributeError) as error:
        problem = str(error)
    if problem:
        raise UsageError(
            f"{printable(pattern)!r} is no name of experiments: it may hold {{workspace}} and"
            " {project} only"
        )
    return lambda workspace, project: pattern.format(workspace=workspace, project=project)
