"""Everything public says what it gives: docstrings at 100 %, with sections where they are due."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

pytestmark = pytest.mark.once

PACKAGE = Path(__file__).parent.parent / "comet_async"
NAMES = sorted(
    ".".join(("comet_async", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(
        ".__init__"
    )
    for path in PACKAGE.rglob("*.py")
    if path.name != "__main__.py"
)


def loaded(name: str) -> ModuleType:
    return importlib.import_module(name)


def public(module: ModuleType) -> Iterator[tuple[str, object]]:
    """Give what a module lists in `__all__` and defines itself."""
    for name in getattr(module, "__all__", ()):
        found = getattr(module, name)
        if getattr(found, "__module__", None) == module.__name__:
            yield f"{module.__name__}.{name}", found


def methods(name: str, kind: type) -> Iterator[tuple[str, Callable[..., object]]]:
    for attribute, value in vars(kind).items():
        plain = value.fget if isinstance(value, property) else inspect.unwrap(_bare(value))
        if not attribute.startswith("_") and inspect.isfunction(plain):
            yield f"{name}.{attribute}", plain


def _bare(value: object) -> Callable[..., object]:
    return value.__func__ if isinstance(value, (classmethod, staticmethod)) else value  # type: ignore[return-value]  # whatever it is, isfunction decides


def described(name: str) -> list[tuple[str, Callable[..., object]]]:
    """Return every public function and method of a module."""
    found: list[tuple[str, Callable[..., object]]] = []
    for label, value in public(loaded(name)):
        if inspect.isfunction(value):
            found.append((label, inspect.unwrap(value)))
        elif inspect.isclass(value):
            found.extend(methods(label, value))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_module_has_a_docstring(name: str) -> None:
    text = loaded(name).__doc__
    assert text
    assert text.strip()


@pytest.mark.parametrize("name", NAMES)
def test_what_a_module_lists_exists_and_is_listed_once(name: str) -> None:
    module = loaded(name)
    listed = list(getattr(module, "__all__", ()))
    assert sorted(set(listed)) == sorted(listed)
    assert [entry for entry in listed if not hasattr(module, entry)] == []


@pytest.mark.parametrize("name", NAMES)
def test_everything_public_has_a_docstring_of_its_own(name: str) -> None:
    silent = [label for label, value in described(name) if not (value.__doc__ or "").strip()]
    for label, value in public(loaded(name)):
        if inspect.isclass(value) and not (value.__dict__.get("__doc__") or "").strip():
            silent.append(label)
    assert silent == []


@pytest.mark.parametrize("name", NAMES)
def test_the_first_line_is_a_sentence(name: str) -> None:
    odd = []
    for label, value in described(name):
        first = (value.__doc__ or "").strip().splitlines()[0]
        if not re.match(r"[A-Z0-9`]", first):
            odd.append(f"{label}: {first}")
    assert odd == []


def parameters(value: Callable[..., object]) -> list[str]:
    return [name for name in inspect.signature(value).parameters if name not in {"self", "cls"}]


@pytest.mark.parametrize("name", NAMES)
def test_a_section_on_arguments_names_existing_ones_and_all_of_them(name: str) -> None:
    wrong = []
    for label, value in described(name):
        text = inspect.cleandoc(value.__doc__ or "")
        section = re.search(r"^Args:\n((?:[ ]{4}.*\n?|\n)*)", text, re.MULTILINE)
        if section is None:
            continue
        told = re.findall(r"^ {4}\*{0,2}(\w+)(?: \([^)]*\))?:", section[1], re.MULTILINE)
        if sorted(told) != sorted(parameters(value)):
            wrong.append(f"{label}: {told} for {parameters(value)}")
    assert wrong == []


@pytest.mark.parametrize("name", [n for n in NAMES if n.split(".")[1:2] != ["server"]])
def test_many_arguments_are_described(name: str) -> None:
    bare = [
        label
        for label, value in described(name)
        if len(parameters(value)) > 5
        and "Args:" not in (value.__doc__ or "")
        and "documents the arguments" not in (value.__doc__ or "")
    ]
    assert bare == []


def test_the_package_lists_its_public_names_in_order() -> None:
    tree = ast.parse((PACKAGE / "__init__.py").read_text("utf-8"))
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("comet_async")
        for alias in node.names
    }
    listed = loaded("comet_async").__all__
    assert listed == sorted(listed)
    assert set(listed) == imported
