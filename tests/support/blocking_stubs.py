"""Writes the stub of a module of blocking classes from the source of the asynchronous ones.

`python -m tests.support.blocking_stubs` writes all of `STUBS`; a test sees that they are up to date.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

__all__ = ["STUBS", "Stub", "render"]

ROOT = Path(__file__).parents[2]


class Stub(NamedTuple):
    """A stub and the asynchronous classes that it is made from, as "module:class"."""

    path: str
    kinds: tuple[str, ...]


STUBS = (
    Stub(
        "comet_async/blocking/api.pyi",
        (
            "comet_async.api.api:API",
            "comet_async.api.experiment:APIExperiment",
            "comet_async.api.model:Model",
        ),
    ),
    Stub(
        "tests/support/blocking_example_made.pyi",
        (
            "tests.support.blocking_example:Library",
            "tests.support.blocking_example:Shelf",
        ),
    ),
)
"""Every stub; the one of a new module of blocking classes is added here."""

_PLAIN = {
    "AsyncGenerator": ("collections.abc", "Iterator"),
    "AsyncIterator": ("collections.abc", "Iterator"),
    "AbstractAsyncContextManager": ("contextlib", "AbstractContextManager"),
}
_SESSIONS = "comet_async.engine.session"


class _Renamed(ast.NodeTransformer):
    """Changes the names of a signature into those that blocking code sees, and notes imports."""

    def __init__(self, module: _Source, kinds: Mapping[str, str], found: set[str]) -> None:
        self._module = module
        self._kinds = kinds
        self._found = found

    def visit_Name(self, node: ast.Name) -> ast.Name:
        where, name = self._module.names.get(node.id, ("", node.id))
        if node.id in _PLAIN:
            where, name = _PLAIN[node.id]
        elif f"{where}:{name}" in self._kinds:
            return ast.Name(self._kinds[f"{where}:{name}"])
        elif where == _SESSIONS and name == "Session":
            where = "comet_async.blocking.session"
        if where == "=":
            self._found.add(name)
            self.visit(ast.parse(name.partition(" = ")[2]))
            return ast.Name(node.id)
        if where:
            self._found.add(f"from {where} import {name}" if name else f"import {where}")
        return ast.Name(name or node.id)


class _Source:
    """A module: its classes, and where each of its names comes from."""

    def __init__(self, name: str) -> None:
        module = importlib.import_module(name)
        tree = ast.parse(inspect.getsource(module))
        self.classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
        self.names: dict[str, tuple[str, str]] = {name_: (name, name_) for name_ in self.classes}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    self.names[alias.asname or alias.name] = (node.module, alias.name)
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    target = f"{alias.name} as {alias.asname}" if alias.asname else alias.name
                    self.names[alias.asname or alias.name] = (target, "")
        for node in tree.body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                own = node.targets[0].id
                kept = (name, own)
                if isinstance(node.value, ast.Call) and "TypeVar" in ast.unparse(node.value.func):
                    kept = ("=", f"{own} = {ast.unparse(node.value)}")
                self.names[own] = kept
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                self.names[node.target.id] = (name, node.target.id)


def render(stub: Stub) -> str:
    """Return the text of a stub."""
    classes = [_loaded(kind) for kind in stub.kinds]
    kinds = {
        f"{base.__module__}:{base.__name__}": kind.__name__
        for kind in classes
        for base in kind.__mro__[:-1]
    }
    found = {"from comet_async.blocking.facade import Facade"}
    bodies = [_class(kind, kinds, found) for kind in classes]
    names = sorted(kind.__name__ for kind in classes)
    variables = sorted(line for line in found if " = " in line)
    if variables:
        found.add("from typing import TypeVar")
    imports = sorted(found - {*variables})
    text = "\n".join([*imports, f"__all__ = {names!r}", *variables, *bodies])
    return _formatted(text, stub.path)


def _loaded(kind: str) -> type:
    module, _, name = kind.partition(":")
    loaded: type = getattr(importlib.import_module(module), name)
    return loaded


def _class(kind: type, kinds: Mapping[str, str], found: set[str]) -> str:
    body: list[ast.stmt] = [ast.Expr(ast.Constant(_doc(inspect.getdoc(kind) or "", 4)))]
    own = ast.ClassDef(kind.__name__, [ast.Name("Facade")], [], body, [])
    seen: set[str] = set()
    closable = hasattr(kind, "__aenter__")
    for base in kind.__mro__[:-1]:
        source = _Source(base.__module__)
        for node in _methods(source.classes[base.__name__]):
            if node.name not in seen and not (closable and node.name == "close"):
                own.body.append(_method(node, _Renamed(source, kinds, found)))
        seen |= {node.name for node in _methods(source.classes[base.__name__])}
    if closable:
        found |= {"from typing import Self", "from types import TracebackType"}
        own.body += ast.parse(_CLOSING).body
    return ast.unparse(ast.fix_missing_locations(own))


_CLOSING = """
def __enter__(self) -> Self: ...
def __exit__(
    self,
    kind: type[BaseException] | None,
    error: BaseException | None,
    traceback: TracebackType | None,
) -> None: ...
def close(self) -> None:
    \"\"\"Close it, as leaving a `with` block does.\"\"\"
"""


_Method = ast.FunctionDef | ast.AsyncFunctionDef


def _methods(node: ast.ClassDef) -> list[_Method]:
    found: list[_Method] = []
    overloaded: dict[str, _Method] = {}
    for member in node.body:
        if isinstance(member, (ast.FunctionDef, ast.AsyncFunctionDef)) and (
            not member.name.startswith("_") or member.name == "__init__"
        ):
            if any(ast.unparse(one) == "overload" for one in member.decorator_list):
                overloaded[member.name] = member
            elif member.name in overloaded:  # a stub has no implementation, only what it says
                overloaded[member.name].body = member.body
                continue
            found.append(member)
    return found


def _method(node: ast.FunctionDef | ast.AsyncFunctionDef, renamed: _Renamed) -> ast.FunctionDef:
    told = ast.get_docstring(node)
    made = ast.FunctionDef(node.name, node.args, [], [], node.returns)
    decorators = {ast.unparse(one).rpartition(".")[2]: one for one in node.decorator_list}
    made.decorator_list = [
        one for name, one in decorators.items() if name in {"property", "classmethod", "overload"}
    ]
    made.args.defaults = [_default(one) for one in node.args.defaults]
    made.args.kw_defaults = [one and _default(one) for one in node.args.kw_defaults]
    made.body = [ast.Expr(ast.Constant(_doc(told, 8)) if told else ast.Constant(...))]
    renamed.visit(made)
    if "asynccontextmanager" in decorators and made.returns is not None:
        renamed.visit(ast.Name("AbstractAsyncContextManager"))
        given = made.returns.slice if isinstance(made.returns, ast.Subscript) else made.returns
        made.returns = ast.Subscript(ast.Name("AbstractContextManager"), given)
    return made


def _default(node: ast.expr) -> ast.expr:
    return node if isinstance(node, ast.Constant) else ast.Constant(...)


def _doc(text: str, indent: int) -> str:
    """Return a docstring as it stands in the stub."""
    first, *rest = text.splitlines()
    lines = [first, *(f"{' ' * indent}{line}" if line else "" for line in rest)]
    return "\n".join([*lines, " " * indent] if rest else lines)


def _formatted(text: str, path: str) -> str:
    """Return source as ruff sorts and formats it."""
    for command in (["check", "--select", "I,F401", "--fix", "--quiet"], ["format", "--quiet"]):
        text = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--stdin-filename", path, "-"],
            input=text,
            capture_output=True,
            text=True,
            cwd=ROOT,
            check=True,
        ).stdout
    return text


if __name__ == "__main__":
    for one in STUBS:
        (ROOT / one.path).write_text(render(one), "utf-8")
