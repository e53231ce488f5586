"""What made-up Domino data to serve."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["EPOCH", "DominoSpec"]

EPOCH = 1_704_067_200.0
"""When the first made-up job was submitted: 2024-01-01, in seconds since 1970 UTC."""


@dataclass(frozen=True, slots=True)
class DominoSpec:
    """What made-up data to serve; the same every time, and made only when it is asked for.

    Attributes:
        projects: Number of projects.
        jobs: Jobs of each project. Of every seven the fifth failed, of every eleven the sixth was
            stopped, of every thirteen the seventh ended in an error.
        log_lines: Lines of the log of each job.
        log_ties: Consecutive lines that share one time.
        job_seconds: Seconds that a job ran.
        running: How many jobs of each project, the newest ones, are running still.
        datasets: Datasets of each project.
        snapshots: Snapshots of each dataset.
        environments: Number of environments.
        hardware_tiers: Number of hardware tiers.
        users: Number of users; the first is the caller.
        organizations: Number of organizations.
        goals: Goals of each project.
        models: Registered models of each project.
        model_versions: Versions of each registered model.
        model_apis: Model APIs of each project.
        deployments: Model deployments of each project.
        data_sources: Number of data sources.
        endpoints: Number of AI gateway endpoints.
        audit_events: Events of each audit export, one a minute.
        billing_tags: Number of billing tags.
        files: Files of each project, in every commit.
        file_bytes: Size of each.
    """

    projects: int = 3
    jobs: int = 10
    log_lines: int = 200
    log_ties: int = 1
    job_seconds: float = 40.0
    running: int = 0
    datasets: int = 2
    snapshots: int = 2
    environments: int = 3
    hardware_tiers: int = 3
    users: int = 5
    organizations: int = 2
    goals: int = 2
    models: int = 2
    model_versions: int = 3
    model_apis: int = 1
    deployments: int = 1
    data_sources: int = 3
    endpoints: int = 3
    audit_events: int = 50
    billing_tags: int = 3
    files: int = 4
    file_bytes: int = 2_000
