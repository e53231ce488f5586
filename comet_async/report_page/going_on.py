"""How a harvest goes on: the command that asks for what is missing, and what a reason calls for."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from comet_async import comet
from comet_async.harvest.account import Account
from comet_async.harvest.asked import usual_tables
from comet_async.harvest.planner import FILES
from comet_async.harvest.schema import TABLES
from comet_async.harvest.scope import parse_scope

__all__ = ["CUT", "advice", "command", "filters_known"]

CUT = "...(and so on)"
"""Ends a word that is too long for the page."""

_LONG = 2_000
_SHOWN = 200
_ON_DEMAND = {
    "answers": "--answers",
    "model_archives": "--archives",
    "registry_archives": "--archives",
}

_ADVICE = (
    (r"not reached|^$", "No run has come to these; the command goes on with them."),
    (
        r"\b401\b|key was refused|unauthori[sz]ed",
        "The key was refused; ask `comet-async doctor` which one it is.",
    ),
    (r"\b403\b|forbidden|permission", "The key may not read these; use one that may."),
    (r"\b404\b|not found", "The server no longer has these; they stay here as failures."),
    (r"\b429\b|rate limit|throttl", "The server asked for quiet too often; run it again later."),
    (r"timed? ?out|timeout|deadline", "The server did not answer in time; run it again."),
    (r"\b5\d\d\b", "The server failed; run it again, later where this stays."),
    (r"connect|reset|closed|truncated|tls", "The connection failed; run it again."),
    (r"no space|disk|cannot write", "The disk was full or failing; make room, then run it again."),
)


def command(account: Account, folder: Path) -> str:
    """Return the shell command that brings the folder up to date.

    >>> from comet_async.harvest.account import Account
    >>> told = Account(url="https://www.comet.com", workspace="team", project=None, running=False,
    ...                runs=(), tables=(), troubles=(), subjects={}, largest=())
    >>> command(told, Path("my lake"))
    "comet-async harvest team -o 'my lake'"
    """
    words = ["comet-async"]
    if account.url and account.url.rstrip("/") != comet.DEFAULT_URL:
        words += ["--url", account.url]
    words += ["harvest", account.scope, *_options(account), "-o", str(folder)]
    return shlex.join([_bounded(word) for word in words])


def _bounded(word: str) -> str:
    """Return a word that may be a list of thousands of keys, the beginning of it."""
    return word if len(word) <= _LONG else f"{word[:_SHOWN]}{CUT}"


def filters_known(account: Account) -> bool:
    """Tell whether the ledger has recorded what the last run was asked for."""
    return bool(account.runs) and account.runs[-1].asked is not None


def _options(account: Account) -> list[str]:
    """Return the options of the last run; of an older release's, as much as the tables tell."""
    if account.runs and account.runs[-1].asked is not None:
        return [*account.runs[-1].asked]
    there = [table.table for table in account.tables if table.table != FILES]
    found = list(dict.fromkeys(_ON_DEMAND[name] for name in there if name in _ON_DEMAND))
    plain = [name for name in TABLES if name in there and name not in _ON_DEMAND]
    usual = usual_tables(parse_scope(account.scope))
    left_out = [
        name for name in usual if name not in plain and account.subjects.get(TABLES[name].subject)
    ]
    return [*found, "--tables", ",".join(plain)] if left_out and plain else found


def advice(state: str, reason: str) -> str:
    """Return what a reason calls for, in a sentence.

    >>> advice("failed", "GET /x: 503 Service Unavailable")
    'The server failed; run it again, later where this stays.'
    """
    if state == "absent":
        return "The service has nothing there; it counts as done."
    if state == "remote":
        return "The files lie outside the service; `--remote` fetches those with an http(s) link."
    for pattern, told in _ADVICE:
        if re.search(pattern, reason, re.IGNORECASE):
            return told
    return "Run it again; only what is missing is asked for."
