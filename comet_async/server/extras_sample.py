"""What the sample archives lack: texts and git data of the oldest sample run, invented.

Only the workspace of the samples gets them; the runs of a user's own archives are shown as they
were logged.
"""

from __future__ import annotations

import io
import zipfile
from functools import lru_cache

from comet_async.server.extras import first_run
from comet_async.server.records import JsonObject, Run, stable_id
from comet_async.server.store import Store

__all__ = ["SAMPLE_WORKSPACE", "invented_git", "invented_patch", "invented_text"]

SAMPLE_WORKSPACE = "samples"
"""Workspace of the archives that ship with the package."""


def _applies(store: Store, run: Run) -> bool:
    if not store.extras or run.facts.project.workspace != SAMPLE_WORKSPACE:
        return False
    first = first_run(store, SAMPLE_WORKSPACE)
    return first is not None and first.facts.key == run.facts.key


def invented_text(store: Store, run: Run, kind: str) -> str | None:
    """Return a text of the oldest sample run, None for any other run.

    Args:
        store: Knows which run is the oldest.
        run: The run.
        kind: html, output or graph.
    """
    texts = {
        "html": "<h1>Sample run</h1><p>Trained on a public data set.</p>",
        "output": "epoch 1 done\nepoch 2 done\nfinished\n",
        "graph": '{"nodes": ["input", "output"], "edges": [["input", "output"]]}',
    }
    return texts.get(kind) if _applies(store, run) else None


def invented_git(store: Store, run: Run) -> JsonObject:
    """Return git metadata of the oldest sample run, nothing for any other run."""
    if not _applies(store, run):
        return {}
    return {
        "user": "sample",
        "root": stable_id("commit", run.facts.key, size=40),
        "branch": "refs/heads/main",
        "parent": stable_id("parent", run.facts.key, size=40),
        "origin": "https://git.example.com/team/samples.git",
    }


def invented_patch(store: Store, run: Run) -> bytes | None:
    """Return a git patch of the oldest sample run as a zip, None for any other run."""
    return _patch() if _applies(store, run) else None


@lru_cache(maxsize=1)
def _patch() -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        entry = zipfile.ZipInfo("git_diff.patch", (2025, 1, 1, 0, 0, 0))
        archive.writestr(entry, "diff --git a/train.py b/train.py\n-alpha = 0.1\n+alpha = 0.01\n")
    return sink.getvalue()
