"""The pages of the reference: which public name is described where, read from the source."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import griffe

__all__ = ["Page", "Reference", "load"]

PACKAGE = "comet_async"
MANY = 100
"""Names of a package from which on it has one page for each of its modules."""

_ANSWERS = "_answers"
_KINDS = {
    "Functions": griffe.Kind.FUNCTION,
    "Classes": griffe.Kind.CLASS,
    "Constants": griffe.Kind.ATTRIBUTE,
}


@dataclass(frozen=True)
class Name:
    """One public name.

    Attributes:
        path: Where users import it from.
        home: The module that defines it.
        kind: What it is.
        line: Where in that module it begins.
        summary: First line of its docstring.
    """

    path: str
    home: str
    kind: griffe.Kind
    line: int
    summary: str

    @property
    def parent(self) -> str:
        """The module that users import it from."""
        return self.path.rpartition(".")[0]


@dataclass(frozen=True)
class Page:
    """One page of the reference.

    Attributes:
        uri: Its file below the folder of pages.
        title: What the navigation calls it.
        package: The public module that it belongs to.
        text: Its Markdown.
    """

    uri: str
    title: str
    package: str
    text: str

    @property
    def subject(self) -> str:
        """The first name below the package: what the page is about."""
        return f"{self.package}.".split(".")[1] or self.package


class Reference:
    """Which public name is described on which page.

    A name is public when `__all__` of the package, of one of its packages or of a module directly
    below it lists it. It is described once, where it is nearest to its definition; the other
    modules that list it link to that.

    Args:
        root: The package as griffe loaded it.
    """

    def __init__(self, root: griffe.Module) -> None:
        self._root = root

    @cached_property
    def modules(self) -> Mapping[str, griffe.Module]:
        """Public modules by their dotted names."""
        return {module.path: module for module in _public(self._root)}

    @cached_property
    def places(self) -> Mapping[str, Name]:
        """Each public name by the path of what it stands for, at the place that describes it."""
        found: dict[str, Name] = {}
        for module in self.modules.values():
            for path, name in _names(module):
                known = found.get(path)
                if known is None or _nearness(name) > _nearness(known):
                    found[path] = name
        return found

    def pages(self) -> Iterator[Page]:
        """Give every page: one for a module, or one for each chapter where there are many names."""
        for module in self.modules.values():
            listed = dict(_names(module))
            own = [self.places[path] for path in listed if _described(self, path, module)]
            others = [self.places[path] for path in listed if not _described(self, path, module)]
            if len(listed) < MANY:
                yield self._page(module, module, own, others)
                continue
            chapters = _by_chapter(own)
            yield self._index(module, chapters, others)
            for chapter, names in chapters.items():
                yield self._page(module, self._root.modules_collection[chapter], names, [])

    def _page(
        self, package: griffe.Module, module: griffe.Module, own: list[Name], others: list[Name]
    ) -> Page:
        described = _sections(own, self._directive)
        text = "\n\n".join([_opening(module), *described, *_elsewhere(others)])
        return Page(_uri(module), _title(module), package.path, text)

    def _index(
        self, package: griffe.Module, chapters: Mapping[str, list[Name]], others: list[Name]
    ) -> Page:
        parts = [_opening(package), "## Chapters"]
        for chapter, names in chapters.items():
            module = self._root.modules_collection[chapter]
            parts.append(f"### [{_title(module)}][{chapter}]\n\n{_summary(module)}\n")
            parts.append(_table(name for name in names if name.kind is griffe.Kind.FUNCTION))
        uri = f"{_uri(package).removesuffix('.md')}/index.md"
        return Page(uri, _title(package), package.path, "\n\n".join([*parts, *_elsewhere(others)]))

    def _directive(self, name: Name) -> str:
        """Return what describes a name, with members of bases that have no place of their own."""
        found = self._root.modules_collection[name.path]
        if not found.is_class:
            return f"::: {name.path}"
        public = all(str(base.canonical_path) in self.places for base in found.mro())
        inherited = [
            member
            for member, alias in found.inherited_members.items()
            if not member.startswith("_")
            and alias.final_target.path.rpartition(".")[0] not in self.places
        ]
        return (
            f"::: {name.path}\n    options:\n      show_bases: {str(public).lower()}\n"
            f"      inherited_members: [{', '.join(inherited)}]\n"
        )


def load(folder: str) -> Reference:
    """Read the package in `folder` without importing it."""
    found = griffe.load(PACKAGE, search_paths=[folder], resolve_aliases=True)
    if not isinstance(found, griffe.Module):
        raise TypeError(f"{PACKAGE} is no package in {folder}")
    return Reference(found)


def _public(module: griffe.Module) -> Iterator[griffe.Module]:
    """Give a module and all public ones below it."""
    if module.exports is not None:
        yield module
    for below in sorted(module.modules.values(), key=lambda one: one.name):
        if below.is_alias or below.name.startswith("_"):
            continue
        if below.is_init_module or (module.path == PACKAGE and below.exports is not None):
            yield from _public(below)


def _names(module: griffe.Module) -> Iterator[tuple[str, Name]]:
    """Give what a module lists, without modules, each with the path of what it stands for."""
    for entry in module.exports or ():
        name = str(entry)
        member = module.members[name]
        found = member.final_target if isinstance(member, griffe.Alias) else member
        if found.kind is griffe.Kind.MODULE or not found.path.startswith(PACKAGE):
            continue
        home = found.path.rpartition(".")[0]
        line = found.lineno or 0
        yield found.path, Name(f"{module.path}.{name}", home, found.kind, line, _summary(found))


def _nearness(name: Name) -> int:
    """Return how near a public place is to the definition; below 0 where it is no parent of it."""
    inside = f"{name.home}.".startswith(f"{name.parent}.")
    return len(name.parent) if inside else -len(name.parent)


def _described(reference: Reference, path: str, module: griffe.Module) -> bool:
    return reference.places[path].parent == module.path


def _by_chapter(names: Iterable[Name]) -> dict[str, list[Name]]:
    """Return names by the module that defines them; answers are with what they answer."""
    found: dict[str, list[Name]] = {}
    for name in names:
        found.setdefault(name.home, []).append(name)
    for module in [*found]:
        stem = module.removesuffix(_ANSWERS)
        base = stem if stem in found else f"{stem}s"
        if stem != module and base in found:
            found[base] += found.pop(module)
    return dict(sorted(found.items()))


def _opening(module: griffe.Module) -> str:
    """Return a page's heading and what the module says of itself."""
    return f"""\
::: {module.path}
    options:
      heading_level: 1
      members: false
      show_root_full_path: true
"""


def _sections(names: Iterable[Name], directive: Callable[[Name], str]) -> Iterator[str]:
    """Give the description of names, kind by kind, in the order of the source."""
    ordered = sorted(names, key=lambda name: (name.home, name.line))
    for title, kind in _KINDS.items():
        chosen = [name for name in ordered if name.kind is kind]
        if chosen:
            yield f"## {title}"
            yield from map(directive, chosen)


def _elsewhere(names: list[Name]) -> Iterator[str]:
    if names:
        yield "## Also here"
        yield _table(names)


def _table(names: Iterable[Name]) -> str:
    rows = [
        f"| [`{name.path.rpartition('.')[2]}`][{name.path}] | {_cell(name.summary)} |"
        for name in sorted(names, key=lambda name: name.path)
    ]
    return "\n".join(["| Name | What it is |", "|---|---|", *rows]) if rows else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _summary(found: griffe.Object) -> str:
    return found.docstring.value.partition("\n\n")[0].replace("\n", " ") if found.docstring else ""


def _uri(module: griffe.Module) -> str:
    _, *below = module.path.split(".")
    return "/".join(["reference", *(below or [PACKAGE])]) + ".md"


def _title(module: griffe.Module) -> str:
    """Return a module's name as words, the package's as it is."""
    if module.path == PACKAGE:
        return PACKAGE
    words = module.name.replace("_", " ").capitalize()
    return re.sub(r"\bapi(s?)\b", r"API\1", words, flags=re.IGNORECASE)
