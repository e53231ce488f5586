"""Packages that are extras: looked up when they are first needed, their lack said in one line."""

from __future__ import annotations

import importlib
from types import ModuleType

from comet_async.errors import UsageError

__all__ = ["extra"]

_EXTRAS = {
    "alembic": "mlflow",
    "altair": "charts",
    "duckdb": "harvest",
    "jinja2": "charts",
    "markupsafe": "charts",
    "mlflow": "mlflow",
    "pandas": "pandas",
    "polars": "polars",
    "pyarrow": "harvest",
    "sqlalchemy": "mlflow",
    "vl_convert": "charts",
}
_REMOTE = "remote"


def extra(name: str) -> ModuleType:
    """Return a module that comes with an extra.

    Args:
        name: The module, as "pyarrow.parquet".

    Raises:
        UsageError: It is not installed; the message says what to install.
    """
    package = name.partition(".")[0]
    try:
        return importlib.import_module(name)
    except ImportError:
        wanted = f"comet_async[{_EXTRAS.get(package, _REMOTE)}]"
    raise UsageError(f"this needs {package}: pip install '{wanted}'")
