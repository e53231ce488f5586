"""What pyarrow's objects offer, for type checkers: pyarrow comes without types."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ArrowBatch", "ArrowDataset", "ArrowField", "ArrowSchema", "ArrowTable"]


class ArrowField(Protocol):
    """A column's name and type: a pyarrow field."""

    @property
    def name(self) -> str:
        """Name."""
        ...

    @property
    def type(self) -> object:
        """A pyarrow DataType; its `str` is as `timestamp[ms, tz=UTC]`."""
        ...


class ArrowSchema(Protocol):
    """The columns of a table: a pyarrow schema."""

    @property
    def names(self) -> list[str]:
        """Names in order."""
        ...

    @property
    def types(self) -> list[object]:
        """Types in order."""
        ...

    def field(self, name: str, /) -> ArrowField:
        """Return a column."""
        ...

    def __iter__(self) -> Iterator[ArrowField]: ...

    def __len__(self) -> int: ...


class ArrowTable(Protocol):
    """Rows in memory: a pyarrow table."""

    @property
    def num_rows(self) -> int:
        """Rows."""
        ...

    @property
    def column_names(self) -> list[str]:
        """Names in order."""
        ...

    @property
    def schema(self) -> ArrowSchema:
        """Columns."""
        ...

    def to_pylist(self) -> list[dict[str, object]]:
        """Return one dict for each row."""
        ...

    def to_pydict(self) -> dict[str, list[object]]:
        """Return one list for each column."""
        ...

    def to_pandas(self, *, types_mapper: Callable[..., object] | None = None) -> pd.DataFrame:
        """Return a pandas frame; `types_mapper` gives pandas' type for one of Arrow."""
        ...

    def rename_columns(self, names: Sequence[str], /) -> ArrowTable:
        """Return the same rows under other names."""
        ...


class ArrowBatch(Protocol):
    """A few rows: a pyarrow record batch."""

    def to_pylist(self) -> list[dict[str, object]]:
        """Return the rows as objects."""
        ...


class ArrowDataset(Protocol):
    """Rows on disk: a pyarrow dataset."""

    @property
    def schema(self) -> ArrowSchema:
        """Columns."""
        ...

    def count_rows(self) -> int:
        """Return the number of rows."""
        ...

    def filter(self, expression: object, /) -> ArrowDataset:
        """Return the rows for which an expression is true."""
        ...

    def to_table(self, columns: Sequence[str] | None = None) -> ArrowTable:
        """Read the rows."""
        ...

    def to_batches(self, *, columns: Sequence[str], batch_size: int) -> Iterable[ArrowBatch]:
        """Give some columns of the rows, a few at a time."""
        ...
