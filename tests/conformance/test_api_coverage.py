"""The table of names in migrating.md against the real surface of the vendor's client."""

from __future__ import annotations

import inspect
import json
import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple, cast

import pytest

from comet_async import API, APIExperiment, Model
from comet_async.api.cache import READ_ENDPOINTS
from tests.conformance.api_calls import API_CALLS, APIS
from tests.conformance.api_writes import API_WRITES, MORE_WRITES, READS, RUN_WRITES

FACTS = cast(
    "list[dict[str, object]]",
    json.loads(Path(__file__).with_name("comet-python-api.json").read_text()),
)
ENDPOINTS = json.loads(Path(__file__).with_name("comet-endpoints.json").read_text())
CLASSES: dict[object, type] = {"API": API, "APIExperiment": APIExperiment, "Model": Model}
GUIDES = Path(__file__).parents[2] / "comet_async" / "docs" / "guides"
TEXT = (GUIDES / "migrating.md").read_text("utf-8")
OLDER = (GUIDES / "older-clients.md").read_text("utf-8")
STATUSES = ("same", "improved", "not applicable")


class Row(NamedTuple):
    name: str
    status: str
    how: str


ROWS = [
    Row(*(cell.strip() for cell in found))
    for found in re.findall(r"^\| `(\w+\.\w+)` \| ([^|]*) \|([^|]*)\|$", TEXT, re.MULTILINE)
]
HAVE = [row for row in ROWS if row.status != "not applicable"]


def name_of(fact: dict[str, object]) -> str:
    return f"{fact['class']}.{fact['method']}"


BY_NAME = {name_of(fact): fact for fact in FACTS}


NOT_COMPARED = {
    "API.__init__": "makes the client of every call",
    "API.clear_cache": "of the client's own cache",
    "API.do_cache": "of the client's own cache",
    "API.do_not_cache": "of the client's own cache",
    "API.get_model": "leads to every call of a model",
    "API.update_cache": "of the client's own cache",
    "API.use_cache": "of the client's own cache",
    "APIExperiment.__init__": "leads to every call of an experiment",
    "Model.__init__": "leads to every call of a model",
    "Model.from_registry": "leads to every call of a model",
}
"""What both have and no table compares by itself, and why."""


def compared() -> set[str]:
    """Return the methods that the tables call on both clients, as "class.method"."""
    tables = {
        "API": [*APIS, *API_WRITES, *READS, *MORE_WRITES],
        "APIExperiment": [*RUN_WRITES, *MORE_WRITES, *API_CALLS],
    }
    found = {name.partition("(")[0] for name in (*API_CALLS, *READS, *MORE_WRITES)}
    for kind, names in tables.items():
        plain_names = (name.partition("(")[0].removeprefix("synthetic.") for name in names)
        found |= {f"{kind}.{name}" for name in plain_names if hasattr(CLASSES[kind], name)}
    return found & {row.name for row in HAVE}


def test_what_both_have_is_compared_or_says_why_not() -> None:
    assert {row.name for row in HAVE} - compared() == set(NOT_COMPARED)
    assert f"{len(compared())} of the {len(HAVE)} that both have" in TEXT


def test_every_name_has_one_row_and_no_row_is_made_up() -> None:
    assert [row.name for row in ROWS] == [name_of(fact) for fact in FACTS]
    assert len(ROWS) == 211
    assert {row.status for row in ROWS} == set(STATUSES)


def test_what_is_not_the_same_says_how_or_why() -> None:
    assert [row.name for row in ROWS if row.status != "same" and len(row.how) < 10] == []
    assert [row.name for row in ROWS if row.status == "same" and row.how] == []


def test_the_counts_are_those_that_are_told() -> None:
    counts = Counter(row.status for row in ROWS)
    told = ", ".join(
        f"{counts[status]} {'of 211 are the same' if status == 'same' else status}"
        for status in STATUSES
    )
    assert f"{told}." in TEXT
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    same, improved, missing = (counts[status] for status in STATUSES)
    assert f"{same} are the same, {improved} improved and {missing} not applicable" in readme


def test_all_that_the_vendor_documents_are_there() -> None:
    documented = {name_of(fact) for fact in FACTS if fact["documented_in_seed"]}
    assert len(documented) == 51
    assert documented <= {row.name for row in HAVE}


def test_only_what_sends_nothing_is_left_out() -> None:
    left_out = [row.name for row in ROWS if row.status == "not applicable"]
    assert [name for name in left_out if BY_NAME[name]["endpoints"]] == []


@pytest.mark.parametrize("row", HAVE, ids=lambda row: row.name)
def test_each_has_the_same_arguments_in_the_same_order(row: Row) -> None:
    fact = BY_NAME[row.name]
    owner, _, method = row.name.partition(".")
    ours = inspect.getattr_static(CLASSES[owner], method)
    if fact["kind"] in ("property", "attribute"):
        assert isinstance(ours, property)
        return
    function = ours.__func__ if isinstance(ours, classmethod) else ours
    found = inspect.signature(function).parameters.values()
    names = [p.name for p in found if p.kind is not inspect.Parameter.KEYWORD_ONLY]
    theirs = arguments(str(fact["signature"]))
    if "args" in theirs:
        return
    assert names[: len(theirs)] == theirs
    more = [p for p in list(found)[len(theirs) :] if p.kind is not p.VAR_KEYWORD]
    assert [p.name for p in more if p.default is p.empty] == []


def arguments(signature: str) -> list[str]:
    """Return the names of the arguments of a signature, but for those that have no place."""
    depth, parts = 0, [""]
    for char in signature[1 : signature.rindex(")")]:
        depth += (char in "[({") - (char in "])}")
        if char == "," and depth == 0:
            parts.append("")
        elif depth >= 0:
            parts[-1] += char
    names = [re.split(r"[:=]", part)[0].strip() for part in parts]
    placed = names[: names.index("*")] if "*" in names else names
    return [name.lstrip("*") for name in placed if name]


def test_the_signatures_are_read_whole() -> None:
    signature = "(self, a: Union[str, IO], b: Optional[Dict[str, Any]] = None, *, c=1) -> X[(1)]"
    assert arguments(signature.partition(" -> ")[0]) == ["self", "a", "b"]
    assert arguments("(self, *endpoints)") == ["self", "endpoints"]


def test_the_cache_knows_every_read() -> None:
    reads = {e["path"] for e in ENDPOINTS if e["kind"] not in ("write", "upload")}
    prefix = "/api/rest/v2/"
    assert {
        path.removeprefix(prefix) for path in reads if path.startswith(prefix)
    } == READ_ENDPOINTS


def test_every_new_short_form_is_there() -> None:
    for owner, method in re.findall(r"`(API|APIExperiment)\.(\w+)`", TEXT + OLDER):
        assert hasattr(CLASSES[owner], method) or f"| `{owner}.{method}` | not applicable" in TEXT
