"""Who may import whom: every import arrow points downward, read from the source itself."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).parent.parent / "comet_async"
MODULES = sorted(ROOT.rglob("*.py"))

FLOOR = {
    "building",
    "credentials",
    "errors",
    "events",
    "pace",
    "paging",
    "redaction",
    "request",
    "service",
    "shown",
    "stable_paging",
    "tracebacks",
    "upload",
    "wire",
}
WHOLE = {"comet_async", "aiohttp"}
"""Packages of which a name imported is a module, or as good as one."""

STDLIB = set(sys.stdlib_module_names)

ALLOWED: dict[str, set[str]] = {
    "floor": {"floor"},
    "tables": {"floor", "tables"},
    "engine": {"floor", "tables", "engine"},
    "catalogue": {"floor", "catalogue"},
    "query": {"floor", "catalogue", "query"},
    "server": {"floor", "server"},
    "testing": {"floor", "tables", "engine", "catalogue", "server", "testing"},
    "progress": {"floor", "tables", "engine", "progress"},
    "notebook": {"floor", "tables", "engine", "notebook"},
    "bulk": {"floor", "tables", "engine", "catalogue", "bulk"},
    "api": {"floor", "tables", "engine", "catalogue", "bulk", "lake", "harvest", "query", "api"},
    "blocking": {"floor", "tables", "engine", "api", "blocking"},
    "charts": {"floor", "tables", "engine", "catalogue", "query", "lake", "api", "charts"},
    "lake": {"floor", "tables", "lake"},
    "telemetry": {"floor", "telemetry"},
    "harvest": {"floor", "tables", "engine", "catalogue", "bulk", "query", "lake", "harvest"},
    "handover": {"floor", "tables", "lake", "handover"},
    "report_page": {
        "floor",
        "tables",
        "engine",
        "catalogue",
        "query",
        "lake",
        "harvest",
        "charts",
        "report_page",
    },
    "cli": {
        "floor",
        "tables",
        "engine",
        "catalogue",
        "bulk",
        "query",
        "api",
        "lake",
        "harvest",
        "handover",
        "server",
        "charts",
        "testing",
        "progress",
        "report_page",
        "cli",
        "public",
    },
    "public": {
        "floor",
        "tables",
        "engine",
        "catalogue",
        "bulk",
        "query",
        "api",
        "blocking",
        "charts",
        "lake",
        "harvest",
        "notebook",
        "telemetry",
        "report_page",
        "handover",
        "public",
    },
    "main": {"cli"},
    "docs": {"cli", "docs"},
}

FOLDERS = {
    "engine": "engine",
    "comet": "catalogue",
    "domino": "catalogue",
    "server": "server",
    "harvest": "harvest",
    "lake": "lake",
    "handover": "handover",
    "cli": "cli",
    "api": "api",
    "query": "query",
    "bulk": "bulk",
    "domino_bulk": "bulk",
    "progress": "progress",
    "testing": "testing",
    "blocking": "blocking",
    "charts": "charts",
    "telemetry": "telemetry",
    "docs": "docs",
    "report_page": "report_page",
}
FILES = {
    "__init__": "public",
    "__main__": "main",
    "arrow_shapes": "tables",
    "extras": "tables",
    "tabular": "tables",
}


def layer_of(module: str) -> str:
    """Return the layer of a dotted name below `comet_async` ("" is the package itself)."""
    head = module.split(".", 1)[0]
    if head in FLOOR:
        return "floor"
    if head in FOLDERS:
        return FOLDERS[head]
    if head in {"", "__init__"}:
        return "public"
    return FILES.get(head, head)


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def imported(path: Path) -> Iterator[tuple[str, bool]]:
    """Give every module that a file imports, and whether it does so when it is loaded."""
    tree = ast.parse(path.read_text("utf-8"))
    lazy = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or _type_checking(node)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        eager = id(node) not in lazy
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, eager
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            base = node.module or ""
            for alias in node.names:
                yield (f"{base}.{alias.name}" if base in WHOLE else base), eager


def _type_checking(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
    )


def own(module: str) -> str | None:
    """Return the part of a module's name below `comet_async`; None for another package's."""
    if module == "comet_async":
        return ""
    return module.removeprefix("comet_async.") if module.startswith("comet_async.") else None


def test_there_is_something_to_read() -> None:
    assert len(MODULES) > 40
    assert {layer_of(name_of(path)) for path in MODULES} <= set(ALLOWED)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_import_points_upward(path: Path) -> None:
    layer = layer_of(name_of(path))
    upward = {
        f"{module} ({layer_of(below)})"
        for module, _ in imported(path)
        if (below := own(module)) is not None and layer_of(below) not in ALLOWED[layer]
    }
    assert upward == set(), f"{layer} may import {sorted(ALLOWED[layer])}"


@pytest.mark.parametrize(
    "path", [p for p in MODULES if layer_of(name_of(p)) == "floor"], ids=name_of
)
def test_the_floor_needs_the_standard_library_and_msgspec_only(path: Path) -> None:
    for module, _ in imported(path):
        top = module.split(".", 1)[0]
        assert top in STDLIB | {"msgspec", "comet_async"}, module
        assert top not in {"asyncio", "socket", "threading", "selectors"}, module


@pytest.mark.parametrize(
    "path", [p for p in MODULES if layer_of(name_of(p)) == "query"], ids=name_of
)
def test_expressions_are_pure(path: Path) -> None:
    for module, _ in imported(path):
        top = module.split(".", 1)[0]
        assert top in STDLIB | {"msgspec", "comet_async"}, module
        assert top not in {"asyncio", "socket", "threading", "selectors"}, module


VENDORS = ("comet", "domino")
OWN_NAME = re.compile(r"comet[_-]async|CometAsync")


def words_of(path: Path) -> str:
    """Return a module's text without the name of this package, in lower case."""
    return OWN_NAME.sub("", path.read_text("utf-8")).lower()


@pytest.mark.parametrize(
    "path", [p for p in MODULES if layer_of(name_of(p)) == "engine"], ids=name_of
)
def test_the_engine_has_no_word_of_any_vendor(path: Path) -> None:
    assert [vendor for vendor in VENDORS if vendor in words_of(path)] == []


@pytest.mark.parametrize(
    "path", [p for p in MODULES if layer_of(name_of(p)) == "catalogue"], ids=name_of
)
def test_no_catalogue_knows_another(path: Path) -> None:
    (own_vendor,) = (vendor for vendor in VENDORS if name_of(path).split(".")[0] == vendor)
    others = [vendor for vendor in VENDORS if vendor != own_vendor]
    below = [found for module, _ in imported(path) if (found := own(module)) is not None]
    assert [module for module in below if module.split(".")[0] in others] == []
    assert [vendor for vendor in others if vendor in words_of(path)] == []


SERVER_HALF = {
    "aiohttp.abc",
    "aiohttp.http_exceptions",
    "aiohttp.multipart",
    "aiohttp.web",
    "aiohttp.web_protocol",
}
"""Modules of aiohttp that a server needs: among them those that read forms."""

CLIENT = {
    "engine.aiohttp_transport",
    "engine.aiohttp_errors",
    "engine.aiohttp_upload",
    "engine.by_client",
    "engine.by_connection",
    "engine.connections",
    "engine.handover",
}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_the_http_client_is_imported_in_its_adapter_only(path: Path) -> None:
    """The server may use aiohttp's server half and nothing else of it."""
    name = name_of(path)
    found = {module for module, _ in imported(path) if module.split(".", 1)[0] == "aiohttp"}
    if layer_of(name) == "server":
        assert found <= SERVER_HALF
    elif name not in CLIENT:
        assert found == set()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_heavy_packages_stay_where_they_belong(path: Path) -> None:
    """pyarrow and duckdb are extras of the harvest and the server; elsewhere only on demand."""
    layer = layer_of(name_of(path))
    heavy = {"pyarrow", "duckdb", "numpy", "pandas"}
    for module, eager in imported(path):
        if module.split(".", 1)[0] in heavy:
            late = layer in {"api", "bulk", "charts", "cli", "tables"} and not eager
            assert layer in {"harvest", "lake", "server"} or late, module


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_what_is_installed_for_tests_is_not_needed_to_run(path: Path) -> None:
    for module, eager in imported(path):
        assert not eager or module.split(".", 1)[0] not in {
            "pytest",
            "hypothesis",
            "aioresponses",
            "trustme",
            "psutil",
            "comet_ml",
            "cometx",
            "requests",
            "httpx",
        }, module
