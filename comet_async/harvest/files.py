"""Where the files of assets go: portable names below the harvest's folder, no two alike."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from types import MappingProxyType

import msgspec

from comet_async import comet
from comet_async.engine.names import portable_path
from comet_async.harvest.columns import AssetRow
from comet_async.harvest.subjects import Subject

__all__ = ["asset_paths", "experiment_folder"]

_PLAIN_ID = re.compile(r"[0-9a-z]{1,40}")
_TAG = 16


def experiment_folder(subject: Subject) -> PurePosixPath:
    """Return `<project>/<experiment key>`, each one portable folder name."""
    entry = msgspec.json.decode(subject.listed, type=comet.Experiment, strict=False)
    project = entry.project_name or entry.project_id or ""
    return _single(project) / _single(subject.key)


def _single(name: str) -> PurePosixPath:
    return portable_path(name.replace("/", "%2F"))


def asset_paths(
    rows: Iterable[AssetRow],
    kept: Mapping[str, PurePosixPath] = MappingProxyType({}),
    taken: Iterable[PurePosixPath] = (),
) -> dict[str, PurePosixPath]:
    """Return a path below the experiment's folder for each asset id, all different everywhere.

    Paths count as alike when a file system that ignores case or normal form takes them for one, or
    when one would need the other, a file, as a folder. The oldest asset keeps the plain name, the
    others get `~` and their id: a later asset changes no name that was given before.

    Args:
        rows: The assets.
        kept: Paths of assets that keep theirs.
        taken: Paths that no other asset may have, for an earlier snapshot shows them.
    """
    found: dict[str, PurePosixPath] = {}
    files: set[str] = set()
    folders: set[str] = set()

    def take(path: PurePosixPath) -> None:
        files.add(_folded(path))
        folders.update(_folded(parent) for parent in path.parents)

    for path in taken:
        take(path)
    for row in sorted(rows, key=lambda row: (row.created or 0, row.asset_id)):
        if row.asset_id in found:
            continue
        if row.asset_id in kept:
            found[row.asset_id] = kept[row.asset_id]
            continue
        plain = portable_path(row.name or "")
        path = next(path for path in _candidates(plain, row.asset_id, files, folders))
        found[row.asset_id] = path
        take(path)
    return found


def _candidates(
    plain: PurePosixPath, asset_id: str, files: set[str], folders: set[str]
) -> Iterator[PurePosixPath]:
    """Give paths for an asset that are free; the plain one first."""
    path = plain
    for tag in _tags(asset_id):
        taken = [parent for parent in path.parents if _folded(parent) in files]
        if not taken and _folded(path) not in files and _folded(path) not in folders:
            yield path
        depth = min((len(parent.parts) for parent in taken), default=len(plain.parts))
        parts = list(plain.parts)
        parts[depth - 1] = _tagged(parts[depth - 1], tag)
        path = PurePosixPath(*parts)


def _tags(asset_id: str) -> Iterator[str]:
    """Give texts that tell an asset from others: its id where that is plain, then hashes of it."""
    if _PLAIN_ID.fullmatch(asset_id):
        yield asset_id
    count = 0
    while True:
        raw = f"{count}:{asset_id}".encode("utf-8", "surrogatepass")
        yield hashlib.sha256(raw).hexdigest()[:_TAG]
        count += 1


def _tagged(name: str, tag: str) -> str:
    stem, dot, suffix = name.rpartition(".")
    return f"{stem}~{tag}.{suffix}" if stem and dot else f"{name}~{tag}"


def _folded(path: PurePosixPath) -> str:
    return unicodedata.normalize("NFC", str(path)).casefold()
