"""Random query expressions: ours, the vendor's of the same form, and what they mean."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

from hypothesis import strategies as st

from comet_async import comet
from comet_async.query import Environment, Expression, Metadata, Metric, Other, Parameter, Tag

Form: TypeAlias = tuple[Any, ...]
"""("leaf", source, name, operation, values) or ("not", form) or ("and" or "or", form, form)."""

OURS: Mapping[str, Any] = {
    kind.__name__: kind for kind in (Environment, Metadata, Metric, Other, Parameter, Tag)
}
TYPES = {
    ("Metric", "loss"): "double",
    ("Metric", "accuracy"): "double",
    ("Parameter", "lr"): "double",
    ("Parameter", "optimizer"): "string",
    ("Parameter", "augment"): "boolean",
    ("Other", "Name"): "string",
    ("Metadata", "start_server_timestamp"): "datetime",
    ("Metadata", "duration"): "timenumber",
    ("Environment", "os"): "string",
}
SOURCES = {
    "Metric": "metrics",
    "Parameter": "params",
    "Other": "log_other",
    "Metadata": "metadata",
    "Environment": "env_details",
}
TAGS = ("best", "draft", "nobody")
COLUMNS = [
    comet.Column(id=f"{name}--{SOURCES[kind]}", name=name, type=type_, source=SOURCES[kind])
    for (kind, name), type_ in TYPES.items()
] + [comet.Column(id=f"{tag}--tag", name=tag, type="string", source="tag") for tag in TAGS]
WIRE_COLUMNS = {
    "columns": [
        {"name": column.name, "id": column.id, "type": column.type, "source": column.source}
        for column in COLUMNS
    ]
}

NUMBERS = st.sampled_from([0, 1, 2, -1, 0.5, 1e-05, 0.1, 3.25])
TEXTS = st.sampled_from(["adam", "a", "sgd", "d", "run 1", "linux", "ü"])
MOMENTS = st.sampled_from(
    [datetime(2023, 11, 14, 22, 13, 21, tzinfo=UTC), datetime(2024, 1, 1, 5, 0, 0, 250)]  # noqa: DTZ001  the server's zone
)
EQUAL, ORDERED = ("==", "!="), ("==", "!=", "<", "<=", ">", ">=")
NOTHING = st.tuples(st.sampled_from(EQUAL), st.just((None,)))


def _one(operations: tuple[str, ...], values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.tuples(st.sampled_from(operations), values.map(lambda value: (value,)))


_NUMBER = (
    _one(ORDERED, NUMBERS) | st.tuples(st.just("between"), st.tuples(NUMBERS, NUMBERS)) | NOTHING
)
_OPERATIONS: Mapping[str, st.SearchStrategy[Any]] = {
    "double": _NUMBER,
    "timenumber": _NUMBER,
    "string": _one((*EQUAL, "contains", "startswith", "endswith"), TEXTS)
    | _one(EQUAL, st.just(""))
    | NOTHING,
    "boolean": _one(EQUAL, st.booleans()) | NOTHING,
    "datetime": _one(ORDERED, MOMENTS) | NOTHING,
}


def _leaf(kind: str, name: str, compared: tuple[str, tuple[Any, ...]]) -> Form:
    return ("leaf", kind, name, *compared)


LEAVES: st.SearchStrategy[Form] = st.one_of(
    *(_OPERATIONS[type_].map(partial(_leaf, kind, name)) for (kind, name), type_ in TYPES.items()),
    st.sampled_from(TAGS).map(lambda tag: ("leaf", "Tag", tag, "", ())),
)
FORMS: st.SearchStrategy[Form] = st.recursive(
    LEAVES,
    lambda inner: (
        st.tuples(st.just("not"), inner)
        | st.tuples(st.just("and"), inner, inner)
        | st.tuples(st.just("or"), inner, inner)
    ),
    max_leaves=8,
)


def built(form: Form, classes: Mapping[str, Any] = OURS) -> Any:
    """Return the expression of a form, of these classes."""
    match form:
        case ("leaf", "Tag", name, _, _):
            return classes["Tag"](name)
        case ("leaf", kind, name, operation, values):
            return _compared(classes[kind](name), operation, values)
        case ("not", inner):
            return ~built(inner, classes)
        case ("and", left, right):
            return built(left, classes) & built(right, classes)
        case _:
            return built(form[1], classes) | built(form[2], classes)


def _compared(variable: Any, operation: str, values: tuple[Any, ...]) -> Any:
    methods = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
    name = f"__{methods[operation]}__" if operation in methods else operation
    return getattr(variable, name)(*values)


def expression(form: Form) -> Expression:
    """Return the expression of a form, of our classes."""
    found = built(form)
    assert isinstance(found, Expression)
    return found


def leaves(form: Form) -> list[Form]:
    """Return the comparisons of a form, from left to right."""
    if form[0] == "leaf":
        return [form]
    return [leaf for side in form[1:] for leaf in leaves(side)]


def holds(form: Form, truth: Any, *, wanted: bool = True) -> bool:
    """Tell whether a form holds (or does not, which a "not" asks), given that of each leaf.

    Args:
        form: The form.
        truth: Called with a leaf and whether it is wanted to hold.
        wanted: False for the form's negation.
    """
    match form:
        case ("leaf", *_):
            return bool(truth(form, wanted))
        case ("not", inner):
            return holds(inner, truth, wanted=not wanted)
        case (join, left, right):
            sides = (holds(side, truth, wanted=wanted) for side in (left, right))
            return all(sides) if (join == "and") == wanted else any(sides)
    raise AssertionError(form)


def vendors_classes() -> Mapping[str, Any] | None:
    """Return the real SDK's classes of expressions, None where it is not installed.

    The module is loaded without its package, whose import takes seconds and patches others.
    """
    spec = importlib.util.find_spec("comet_ml")
    if spec is None or spec.origin is None:
        return None
    before = {name for name in sys.modules if name.split(".")[0] == "comet_ml"}
    assert before == set()
    package = ModuleType("comet_ml")
    package.__path__ = [str(Path(spec.origin).parent)]
    sys.modules["comet_ml"] = package
    try:
        module = importlib.import_module("comet_ml.query")
    finally:
        for name in [name for name in sys.modules if name.split(".")[0] == "comet_ml"]:
            del sys.modules[name]
    return {name: getattr(module, name) for name in OURS}
