"""What mkdocs calls while it builds the site: pages that are made, their places, and links."""

from __future__ import annotations

import os.path
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias, cast

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from comet_async.docs import command_line, reference

__all__ = ["on_files", "on_page_markdown"]

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]

_GROUPS = {
    "Sessions": (
        "comet_async",
        "request",
        "paging",
        "service",
        "credentials",
        "errors",
        "events",
        "upload",
    ),
    "Like comet_ml.API": ("api", "query", "bulk", "blocking"),
    "Harvest and pictures": ("harvest", "lake", "charts", "report_page", "handover"),
    "Comet": ("comet",),
    "Domino": ("domino", "domino_bulk"),
    "Services and tests": ("telemetry", "progress", "testing", "server"),
}
"""Parts of the reference and the modules in them; others are under the last heading."""
_OTHERS = "More"

Nav: TypeAlias = "Sequence[str | Mapping[str, str | Nav]]"

_PART = re.compile(r"<!-- README: (.+) -->")
_NOTE = re.compile(r' title="Not run: [^"]*"(?=\n)')
"""What the tests of documents are told of a block; it is nothing to a reader."""
_LINK = re.compile(r"(?<=\]\()([^)#:\s]+)(?=[)#])")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made or kept elsewhere, and put them into the navigation."""
    for path in _kept_elsewhere():
        files.append(File.generated(config, _uri(path), abs_src_path=str(path)))
    files.append(File.generated(config, "command-line.md", content=command_line.page()))
    pages = [*reference.load(str(ROOT)).pages()]
    for page in pages:
        files.append(File.generated(config, page.uri, content=page.text))
    config.nav = [*_filled(cast("Nav", config["nav"]), {*files.src_uris}, pages)]
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Fill in parts of the README, drop notes for tests, lead links of the repository there."""
    markdown = _PART.sub(lambda match: _part(match[1]), _NOTE.sub("", markdown))
    source = page.file.abs_src_path
    if source is None:
        return markdown
    repository = f"{config.extra['repository']}/blob/main"

    def led(match: re.Match[str]) -> str:
        target = Path(os.path.normpath(Path(source).parent / match[1]))
        uri = _uri(target)
        if uri in files.src_uris:
            return os.path.relpath(uri, Path(page.file.src_uri).parent)
        inside = target.is_relative_to(ROOT) and target.exists()
        return f"{repository}/{target.relative_to(ROOT).as_posix()}" if inside else match[1]

    return _LINK.sub(led, markdown)


def _part(title: str) -> str:
    """Return a section of the README, with its heading."""
    text = (ROOT / "README.md").read_text("utf-8")
    found = re.search(rf"^## {re.escape(title)}\n.*?(?=^## )", text, re.DOTALL | re.MULTILINE)
    if found is None:
        raise PluginError(f"README.md has no section {title!r}")
    return found[0]


def _kept_elsewhere() -> Iterator[Path]:
    """Give files outside the folder of pages that the site has: pages, and the pictures of them."""
    yield ROOT / "CHANGELOG.md"
    yield from sorted((ROOT / "examples" / "pictures").glob("*.png"))
    yield from sorted((FOLDER / "guides").glob("*"))


def _uri(path: Path) -> str:
    """Return what a file is called on the site."""
    if path == ROOT / "CHANGELOG.md":
        return "changelog.md"
    if path.is_relative_to(ROOT / "examples"):
        return path.relative_to(ROOT).as_posix()
    for folder in (FOLDER / "pages", FOLDER):
        if path.is_relative_to(folder):
            return path.relative_to(folder).as_posix()
    return ""


def _filled(nav: Nav, present: set[str], pages: Sequence[reference.Page]) -> Iterator[object]:
    """Give a navigation without what is not there, and with the reference in its place."""
    for entry in nav:
        if isinstance(entry, str):
            yield entry
            continue
        for title, below in entry.items():
            if title == "Reference":
                yield {title: [*_reference(pages)]}
            elif isinstance(below, str):
                yield from [{title: below}] if below in present else []
            elif kept := [*_filled(below, present, pages)]:
                yield {title: kept}


def _reference(pages: Sequence[reference.Page]) -> Iterator[object]:
    yield "reference/index.md"
    groups = {name: group for group, names in _GROUPS.items() for name in names}
    for group in [*_GROUPS, _OTHERS]:
        chosen = [page for page in pages if groups.get(page.subject, _OTHERS) == group]
        if chosen:
            yield {group: [*_section(chosen)]}


def _section(pages: Sequence[reference.Page]) -> Iterator[object]:
    """Give the entries of one part: the overview of a large package first, its chapters last."""
    overviews = {page.package for page in pages if page.uri.endswith("/index.md")}
    chapters = [page for page in pages if page.package in overviews]
    for page in chapters:
        if page.uri.endswith("/index.md"):
            yield page.uri
    for page in [page for page in pages if page not in chapters] + chapters:
        if not page.uri.endswith("/index.md"):
            yield {page.title: page.uri}
