"""Tables of what else an experiment has: git, code, output, HTML, graph, models."""

from __future__ import annotations

from comet_async.harvest.table_schema import Column, TableSchema

__all__ = ["DETAIL_TABLES"]

_KEY = Column("experiment_key", "name", "Experiment key.")


def _text(name: str, meaning: str, column: str, size: int) -> TableSchema:
    return TableSchema(
        name,
        f"One row per experiment that has some: {meaning}",
        (_KEY, Column(column, "string", "The whole text as sent.")),
        size,
    )


DETAIL_TABLES = (
    TableSchema(
        "git",
        "One row per experiment with git metadata: the commit it ran from, and what differed.",
        (
            _KEY,
            Column("user", "name", "User as git knows it."),
            Column("root", "string", "Folder of the repository."),
            Column("branch", "name", "As `refs/heads/main`."),
            Column("parent", "string", "The commit."),
            Column("origin", "name", "URL of the remote, without what opens it."),
            Column("patch", "string", "What differed from the commit; null when nothing is there."),
            Column("patch_problem", "string", "Why there is no patch, where it cannot be read."),
        ),
        3_000,
    ),
    _text("code", "the code of its script.", "code", 8_000),
    _text("output", "what it printed.", "output", 50_000),
    _text("html", "HTML that it logged.", "html", 5_000),
    _text("graph", "the graph of its model.", "graph", 5_000),
    TableSchema(
        "models",
        "One row per model of an experiment and registered version made of it.",
        (
            _KEY,
            Column("experiment_model_id", "string", "Its id."),
            Column("model_name", "name", "Its name; names may repeat."),
            Column("registry_model_id", "string", "Registered model, if it is registered."),
            Column("registry_model_item_id", "string", "Registered version."),
            Column("registry_model_name", "name", "Name of the registered model."),
            Column("registry_version", "name", "Version, as `1.0.0`."),
            Column("registered", "timestamp", "When it was registered."),
        ),
        800,
    ),
)
"""In the order of reports."""
