"""Reads a page as a browser does, and takes its picture with one where there is one."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path

import pytest

__all__ = ["Parsed", "browser", "parsed"]

VOID = {"meta", "img", "br", "link", "input", "hr"}


class Parsed(HTMLParser):
    """The elements of a page.

    Attributes:
        tables: Rows of each table by its id, the head first; each cell as its text.
        texts: Text of each element that has an id.
        elements: Each element with its attributes.
    """

    def __init__(self) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.texts: dict[str, str] = {}
        self.elements: list[tuple[str, dict[str, str]]] = []
        self._open: list[tuple[str, str | None]] = []
        self._table = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        self.elements.append((tag, told))
        if tag == "table":
            self._table = told["id"]
            self.tables[self._table] = []
        if tag == "tr":
            self.tables[self._table].append([])
        if tag in {"td", "th"}:
            self.tables[self._table][-1].append("")
        if tag not in VOID:
            self._open.append((tag, told.get("id")))
            if "id" in told:
                assert told["id"] not in self.texts, f"two elements are called {told['id']}"
                self.texts[told["id"]] = ""

    def handle_endtag(self, tag: str) -> None:
        opened, _ = self._open.pop()
        assert opened == tag, f"<{opened}> is closed by </{tag}>"

    def handle_data(self, data: str) -> None:
        for _, name in self._open:
            if name is not None:
                self.texts[name] += data
        if any(tag in {"td", "th"} for tag, _ in self._open):
            self.tables[self._table][-1][-1] += data

    def of(self, tag: str) -> list[dict[str, str]]:
        """Return the attributes of all elements of a kind."""
        return [told for name, told in self.elements if name == tag]

    def column(self, table: str, name: str) -> list[str]:
        """Return the cells below a head."""
        head, *rows = self.tables[table]
        place = [text.strip() for text in head].index(name)
        return [row[place].strip() for row in rows]


def parsed(page: str) -> Parsed:
    """Read a page to its end, every element closed."""
    found = Parsed()
    found.feed(page)
    found.close()
    assert found._open == []
    return found


def browser(arguments: Sequence[str], folder: Path) -> bytes:
    """Run headless Chromium, which reaches no network, and return what it prints; skip without."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("there is no Chromium")
    quiet = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    alone = ["--disable-background-networking", "--proxy-server=127.0.0.1:9"]
    own = [f"--user-data-dir={folder / 'profile'}"]
    done = subprocess.run(
        [program, *quiet, *alone, *own, *arguments],
        capture_output=True,
        timeout=50,
        check=True,
    )
    return done.stdout
