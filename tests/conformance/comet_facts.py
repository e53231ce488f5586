"""Facts of the Comet wire, and calls that use every argument that they name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from comet_async import comet
from comet_async.request import Request

HERE = Path(__file__).parent
FACTS: dict[str, dict[str, Any]] = {
    fact["name"]: fact
    for fact in json.loads((HERE / "comet-endpoints.json").read_text("utf-8"))
    if fact["kind"] in {"read", "download"}
}
NAMES = sorted(FACTS)
DECODED = [name for name in NAMES if FACTS[name]["kind"] == "read"]

BY_ID_OR_NAME = (("project_id",), ("project_name", "workspace_name"))
VERSION_OR_STAGE = ((), ("version",), ("stage",))
ARTIFACT_VERSION = (
    ("version_id",),
    ("workspace", "artifact_name", "version"),
    ("workspace", "artifact_name", "alias"),
    ("artifact_id", "version_or_alias"),
)
# Arguments of which exactly one group can be meant in one call.
CHOICES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "download_artifact_version": ARTIFACT_VERSION,
    "download_registry_model_version": VERSION_OR_STAGE,
    "get_artifact": (("artifact_id",), ("workspace", "artifact_name")),
    "get_artifact_version": ARTIFACT_VERSION,
    "get_artifact_version_files": (
        ("artifact_id",),
        ("workspace", "artifact_name", "version"),
        ("workspace", "artifact_name", "alias"),
    ),
    "get_experiments": BY_ID_OR_NAME,
    "get_panel": (("template_id",), ("instance_id",)),
    "get_project": BY_ID_OR_NAME,
    "get_project_columns": BY_ID_OR_NAME,
    "get_registry_model_item_download_instructions": VERSION_OR_STAGE,
    "query_project": BY_ID_OR_NAME,
}


def snake(wire: str) -> str:
    return re.sub(r"([A-Z])", lambda found: "_" + found[1].lower(), wire)


def argument(param: Mapping[str, Any]) -> object:
    if param["name"] == "includeWorkspaceViews":
        return True
    kind = param["type"].split("|")[0]
    some: dict[str, object] = {
        "string": f"some {param['name']}",
        "int": 3,
        "bool": True,
        "list": [{"source": "metrics"}],
        "list[str]": ["one", "two"],
        "object": {"condition": "AND"},
        "any": [1],
    }
    return some[kind]


def calls(name: str) -> Iterator[Request[Any]]:
    """The smallest call first, then calls that together use every argument."""
    params = {snake(param["name"]): param for param in FACTS[name]["params"]}
    needed = {key for key, param in params.items() if param["required"]}
    groups = CHOICES.get(name, ((),))
    free = set(params) - {key for group in groups for key in group}
    for chosen in (needed | set(groups[0]), *(free | set(group) for group in groups)):
        yield comet.ENDPOINTS[name](**{key: argument(params[key]) for key in chosen})


def answer(name: str) -> Any:
    return next(calls(name)).answer
