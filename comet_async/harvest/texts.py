"""Texts of a lake as plain files: code, output, HTML, graphs, patches, and the code of panels."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from comet_async.engine.names import portable_path
from comet_async.engine.part_file import PartFile
from comet_async.errors import DestinationError
from comet_async.lake.reader import LakeReader
from comet_async.redaction import printable

__all__ = ["write_texts"]

_OF_EXPERIMENTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "code": ("code", "code.py"),
        "output": ("output", "output.txt"),
        "html": ("html", "page.html"),
        "graph": ("graph", "graph.txt"),
        "git": ("patch", "git.patch"),
    }
)
_OF_PANELS: Mapping[str, str] = MappingProxyType(
    {"python": "panel.py", "code": "panel.js", "html": "panel.html", "css": "panel.css"}
)
_KEY = "experiment_key"
_AT_A_TIME = 64


def write_texts(lake: LakeReader, folder: Path | str) -> int:
    """Write code, output, HTML, graphs, patches and the code of panels to plain files. Blocks.

    `<folder>/<experiment key>/code.py`, `output.txt`, `page.html`, `graph.txt`, `git.patch`;
    `<folder>/panels/<name>~<tag>/panel.py`, `.js`, `.html`, `.css`. Names are portable; what stands
    in a file's place is replaced. A few texts are held at a time.

    Args:
        lake: An open lake.
        folder: Where to; made where it is missing.

    Returns:
        How many files were written.

    Raises:
        UsageError: pyarrow is missing.
        DestinationError: A file cannot be written.
        PartError: A part of the lake is damaged.
    """
    written = 0
    for place, text in _texts(lake):
        target = Path(folder) / place
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise DestinationError(f"cannot write {printable(str(target))}: {reason}") from None
        part = PartFile(target)
        try:
            part.open(None)
            part.write([text.encode("utf-8", "surrogatepass")])
            part.finish(durable=False)
        except BaseException:
            part.discard()
            raise
        written += 1
    return written


def _texts(lake: LakeReader) -> Iterator[tuple[PurePosixPath, str]]:
    for table, (column, name) in _OF_EXPERIMENTS.items():
        for row in _rows(lake, table, (_KEY, column)):
            if row[column]:
                yield _single(str(row[_KEY])) / name, str(row[column])
    for row in _rows(lake, "panels", ("template_id", "template_name", *_OF_PANELS)):
        tag = hashlib.sha256(str(row["template_id"]).encode()).hexdigest()[:8]
        folder = _single(str(row["template_name"] or ""))
        for column, name in _OF_PANELS.items():
            if row[column]:
                yield PurePosixPath("panels", f"{folder}~{tag}", name), str(row[column])


def _rows(lake: LakeReader, table: str, columns: tuple[str, ...]) -> Iterator[Mapping[str, object]]:
    """Give the rows of a table that is there, a few at a time."""
    if table not in lake:
        return
    found = lake.table(table).dataset().to_batches(columns=list(columns), batch_size=_AT_A_TIME)
    for batch in found:
        yield from batch.to_pylist()


def _single(name: str) -> PurePosixPath:
    return portable_path(name.replace("/", "%2F"))
