"""The site has every public name, command and option, needs no other host, and can be searched.

`COMET_ASYNC_SITE` names a folder with a site that was built; without it one is built here.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import pkgutil
import re
import subprocess
import sys
import zlib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import click
import pytest

import comet_async
from comet_async import comet, domino
from comet_async.cli.main import program

ROOT = Path(__file__).parents[2]
OWN = "comet_async"

pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the site."""
    built = os.environ.get("COMET_ASYNC_SITE")
    if built:
        return Path(built)
    folder = tmp_path_factory.mktemp("site")
    command = ["-m", "mkdocs", "build", "--strict", "-f", "comet_async/docs/mkdocs.yml"]
    done = subprocess.run(
        [sys.executable, *command, "-d", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def inventory(site: Path) -> frozenset[str]:
    """Return every name that the site says where to find."""
    *_, packed = (site / "objects.inv").read_bytes().split(b"\n", 4)
    return frozenset(line.split(" ")[0] for line in zlib.decompress(packed).decode().splitlines())


def public_modules() -> Iterator[str]:
    """Give the package, its packages and its own modules, those that list what is public."""
    yield OWN
    for found in pkgutil.walk_packages(comet_async.__path__, f"{OWN}."):
        own = found.name.count(".") == 1 and not found.name.endswith("__")
        if (found.ispkg or own) and hasattr(importlib.import_module(found.name), "__all__"):
            yield found.name


def public_names() -> dict[str, object]:
    """Return what the modules list, by where it is imported from."""
    return {
        f"{name}.{listed}": getattr(module, listed)
        for name in public_modules()
        for module in [importlib.import_module(name)]
        for listed in module.__all__
    }


def members(kind: type) -> Iterator[tuple[type, str]]:
    """Give the methods and properties of a class of ours, each with the class that has it."""
    for name in dir(kind):
        value = inspect.getattr_static(kind, name)
        owner = next((base for base in kind.__mro__ if name in vars(base)), type)
        ours = owner.__module__.partition(".")[0] == OWN and not name.startswith("_")
        plain = isinstance(value, (classmethod, staticmethod, property))
        if ours and (plain or inspect.isfunction(value)):
            yield owner, name


def missing(inventory: frozenset[str]) -> list[str]:
    """Return the public modules, names and members that the site does not have."""
    names = public_names()
    places: dict[object, list[str]] = {}
    for path, value in names.items():
        if inspect.isclass(value):
            places.setdefault(value, []).append(path)
    lost = [path for path in (*public_modules(), *names) if path not in inventory]
    for kind, paths in places.items():
        for owner, member in members(kind):  # type: ignore[arg-type]  # only classes are there
            homes = [*paths, *places.get(owner, ())]
            if not any(f"{home}.{member}" in inventory for home in homes):
                lost.append(f"{paths[0]}.{member}")
    return lost


def test_every_public_name_has_its_place(inventory: frozenset[str]) -> None:
    names = public_names()
    assert len(names) > 1000
    assert {f"{OWN}.comet.{name}" for name in comet.ENDPOINTS} <= names.keys()
    assert {f"{OWN}.domino.{name}" for name in domino.ENDPOINTS} <= names.keys()
    assert missing(inventory) == []


@pytest.mark.parametrize(
    "name",
    ["comet.get_workspaces", "domino.Job", "Session.send", "blocking.API.get", "server.domino"],
)
def test_a_name_that_is_not_there_would_be_told(inventory: frozenset[str], name: str) -> None:
    assert f"{OWN}.{name}" in inventory
    assert f"{OWN}.{name}" in missing(inventory - {f"{OWN}.{name}"})


def commands(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group) and path != "comet-async call":
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from commands(f"{path} {name}", found)


def test_every_command_is_there_with_its_options_and_examples(site: Path) -> None:
    page = (site / "command-line" / "index.html").read_text("utf-8")
    parts = dict(
        re.findall(r'<h[23] id="([\w-]+)">(.*?)(?=<h[23] id=|</article>)', page, re.DOTALL)
    )
    lost = []
    for path, command in commands("comet-async", program):
        text = re.sub(r"<[^>]*>", "", parts.get(path.replace(" ", "-"), ""))
        options = [
            option
            for parameter in command.params
            if isinstance(parameter, click.Option) and not parameter.hidden
            for option in parameter.opts
        ]
        wanted = [path, *options]
        if getattr(command, "examples", ()):
            wanted.append("$ comet-async")
        lost += [f"{path}: {one}" for one in wanted if one not in text]
    assert lost == []


class Outside(HTMLParser):
    """Collects what a browser would fetch from elsewhere to show a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if told.get("data-md-component") == "source":
            self.found.append("what GitHub knows of the repository")
        fetched = told.get("src") or (told.get("href") if tag == "link" else None) or ""
        if re.match(r"(https?:)?//", fetched) and told.get("rel") != "canonical":
            self.found.append(fetched)


def test_no_page_needs_another_host(site: Path) -> None:
    pages = [*site.rglob("*.html")]
    assert len(pages) > 100
    reader = Outside()
    for page in pages:
        reader.feed(page.read_text("utf-8"))
    for sheet in site.rglob("*.css"):
        reader.found += re.findall(r"url\(['\"]?((?:https?:)?//[^)]*)", sheet.read_text("utf-8"))
    assert reader.found == []


def test_search_finds_names_of_functions_and_of_the_wire(site: Path) -> None:
    index = json.loads((site / "search" / "search_index.json").read_text("utf-8"))
    places = {entry["location"]: entry["text"] for entry in index["docs"]}
    home = f"reference/comet/metrics/#{OWN}.comet.get_experiment_metric"
    assert "experiment/metrics/get-metric" in places[home]
    assert "command-line/#comet-async-harvest" in places
    assert any(place.startswith("guides/fidelity") for place in places)
