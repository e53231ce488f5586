"""What synthetic data to serve."""

from __future__ import annotations

from dataclasses import dataclass

from comet_async.server.records import MAX_POINTS

__all__ = ["SyntheticSpec", "is_chosen"]


def is_chosen(index: int, share: float) -> bool:
    """Return whether an index belongs to a share of all, which is spread evenly.

    Args:
        index: From 0.
        share: 0 to 1; of the first n indices, n times the share are chosen.
    """
    tiny = 1e-9
    return int((index + 1) * share + tiny) > int(index * share + tiny)


@dataclass(frozen=True, slots=True)
class SyntheticSpec:
    """What synthetic data to serve.

    Attributes:
        experiments: Experiments in all projects together; project `p` has a consecutive share.
        metrics: Metric names per experiment; the first ten include names with `/`, blanks and
            non-ASCII letters and series with NaN, Infinity, text and negative offsets.
        points: Points per metric, at most 15 000.
        logged_points: Points per metric before they were sampled down, more than 15 000: of these
            15 000 are stored, whatever `points` says, and the whole series lies in assets.
            0 for series that were not sampled down.
        full_metric_parts: How many assets the whole series of a metric is split into.
        curves: Runs with values of their own; further runs repeat these at their own times, and
            points are computed once. They stay in memory. None for all runs.
        system_metrics: Names like `sys.gpu.0.utilization` beside the metrics; they are no columns
            of the project.
        parameters: Parameters per experiment.
        assets: Stored assets per experiment.
        asset_bytes: Size of an asset, or several sizes that the assets of a run take in turn.
        remote_assets: Further assets that are links to foreign storage.
        hostile_names: Whether assets have names that are dangerous to write to disk or show.
        projects: Number of projects.
        workspaces: Number of workspaces; projects are dealt to them in turn.
        git_share: Share of the runs with git metadata; None for all.
        patch_share: Share of the runs with a git patch; None for every second one.
        html_share: Share of the runs with html; None for all.
        code_share: Share of the runs with code; None for all.
        graph_share: Share of the runs with a model graph; None for all.
        output_lines: Lines of output.
        models: Experiment models at most; model assets belong to them in turn.
        registry_models: Registry models per project.
        registry_versions: Versions of each at most, one from each of the oldest runs.
        artifacts: Artifacts per workspace, besides the invented ones.
        artifact_versions: Versions of each.
        artifact_files: Stored files of each version, of the asset sizes.
        archived: How many experiments of each project, the newest ones, are archived.
        odd_metrics: False names all metrics plainly and gives all finite values.
        seed: Everything depends on it.
    """

    experiments: int = 10
    metrics: int = 10
    points: int = 100
    logged_points: int = 0
    full_metric_parts: int = 12
    curves: int | None = None
    system_metrics: int = 0
    parameters: int = 8
    assets: int = 2
    asset_bytes: int | tuple[int, ...] = 4096
    remote_assets: int = 0
    hostile_names: bool = False
    projects: int = 1
    workspaces: int = 1
    git_share: float | None = None
    patch_share: float | None = None
    html_share: float | None = None
    code_share: float | None = None
    graph_share: float | None = None
    output_lines: int = 5
    models: int = 1
    registry_models: int = 1
    registry_versions: int = 3
    artifacts: int = 0
    artifact_versions: int = 2
    artifact_files: int = 3
    archived: int = 0
    odd_metrics: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.points <= MAX_POINTS:
            raise ValueError(f"points must be 0 to {MAX_POINTS}")
        if self.projects < 1 or not 1 <= self.workspaces <= self.projects:
            raise ValueError("there must be a project, and a project for each workspace")

        if 0 != self.logged_points <= MAX_POINTS:
            raise ValueError(f"logged_points must be 0 or over {MAX_POINTS}")
        if min(self.full_metric_parts, self.models, self.artifact_versions) < 1:
            raise ValueError("parts, models and versions must be 1 or more")
        if self.curves is not None and self.curves < 1:
            raise ValueError("curves must be 1 or more")

    @property
    def stored_points(self) -> int:
        """Points per metric that are stored."""
        return MAX_POINTS if self.logged_points else self.points

    @property
    def sizes(self) -> tuple[int, ...]:
        """The asset sizes to take in turn."""
        return self.asset_bytes if isinstance(self.asset_bytes, tuple) else (self.asset_bytes,)
