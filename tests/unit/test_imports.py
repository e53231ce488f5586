"""What an import of the package costs: names and commands are loaded when they are asked for."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import click
import pytest

import comet_async
from comet_async.cli.main import COMMANDS, program

ROOT = Path(__file__).parents[2]


CHILD = """
import sys
try:
    {}
except SystemExit as ended:
    assert not ended.code
print(*sys.modules, file=sys.stderr)
"""


def modules_after(code: str) -> set[str]:
    """Return what a new interpreter has imported after `code`."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD.format(code)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stderr.split())


def test_every_name_is_loaded_from_where_a_type_checker_finds_it() -> None:
    tree = ast.parse(Path(comet_async.__file__).read_text("utf-8"))
    told = {
        alias.name: (node.module or "").removeprefix("comet_async").removeprefix(".")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("comet_async")
        for alias in node.names
    }
    assert {name for name, home in told.items() if not home} == comet_async._PACKAGES
    assert {name: home for name, home in told.items() if home} == comet_async._HOMES
    assert set(comet_async.__all__) <= set(dir(comet_async))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"^module 'comet_async' has no attribute 'Sesion'$"):
        comet_async.Sesion  # type: ignore[attr-defined]  # noqa: B018 that is the point


@pytest.mark.parametrize("name", ["query.Metric", "api.APIExperiment", "api.Tag", "API"])
def test_the_packages_are_there_without_an_import_of_their_own(name: str) -> None:
    assert modules_after(f"import comet_async; assert comet_async.{name}")


@pytest.mark.parametrize(
    "code",
    [
        "import comet_async",
        "from comet_async import comet",
        "from comet_async import Request, Service, StaticKey, CometAsyncError",
        "from comet_async.cli.main import main; main(['call', '--list'])",
        "from comet_async.cli.main import main; main(['harvest', '--help'])",
    ],
)
def test_the_http_client_is_imported_with_a_session_only(code: str) -> None:
    assert "aiohttp" not in modules_after(code)


def test_help_imports_no_command() -> None:
    loaded = modules_after("from comet_async.cli.main import main; main(['--help'])")
    assert "comet_async.cli.main" in loaded
    assert not {f"comet_async.cli.{name}" for name in COMMANDS} & loaded
    assert not {"asyncio", "anyio", "comet_async.comet"} & loaded


@pytest.mark.parametrize("name", COMMANDS)
def test_the_programs_help_has_the_first_line_of_each_command(name: str) -> None:
    command = program.get_command(click.Context(program), name)
    assert command is not None
    assert command.name == name
    assert command.get_short_help_str(limit=200) == COMMANDS[name]
