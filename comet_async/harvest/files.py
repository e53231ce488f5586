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

__all__ = ["asset_paths", "file_folder"]

_PLAIN_ID = re.compile(r"[0-9a-z]{1,40}")
_TAG = 16


def file_folder(table: str, subject: Subject) -> PurePosixPath:
    """Return the folder below `files` for what a table tells of a subject, each name portable.

    `<project>/<experiment key>` for an experiment, its archives in `@models` there;
    `@artifacts/<name>~<tag>` and `@registry/<name>~<tag>`, where no project's can be.
    """
    if subject.kind == "artifact":
        named = msgspec.json.decode(subject.listed, type=comet.ArtifactRow, strict=False).name
        return PurePosixPath("@artifacts", _alone(named or "", subject.key))
    if subject.kind == "registry_model":
        return PurePosixPath("@registry", _alone(subject.key, subject.key))
    entry = msgspec.json.decode(subject.listed, type=comet.Experiment, strict=False)
    project = entry.project_name or entry.project_id or ""
    folder = _single(project) / _single(subject.key)
    return folder / "@models" if table == "model_archives" else folder


def _alone(name: str, key: str) -> str:
    """Return a folder's name that no project's experiment has: theirs have no bare `~`."""
    return f"{_single(name)}~{hashlib.sha256(key.encode()).hexdigest()[:8]}"


def _single(name: str) -> PurePosixPath:
    return portable_path(name.replace("/", "%2F"))


def asset_paths(
    rows: Mapping[str, AssetRow],
    kept: Mapping[str, PurePosixPath] = MappingProxyType({}),
    taken: Iterable[PurePosixPath] = (),
) -> dict[str, PurePosixPath]:
    """Return a path below the subject's folder for each file's id, all different everywhere.

    Paths count as alike when a file system that ignores case or normal form takes them for one, or
    when one would need the other, a file, as a folder. The oldest file keeps the plain name, the
    others get `~` and their id: a later file changes no name that was given before.

    Args:
        rows: The files, by id.
        kept: Paths of files that keep theirs, by id.
        taken: Paths that no other file may have, for an earlier snapshot shows them.
    """
    found: dict[str, PurePosixPath] = {}
    files: set[str] = set()
    folders: set[str] = set()

    def take(path: PurePosixPath) -> None:
        files.add(_folded(path))
        folders.update(_folded(parent) for parent in path.parents)

    for path in taken:
        take(path)
    for name, row in sorted(rows.items(), key=lambda item: (item[1].created or 0, item[0])):
        if name in kept:
            found[name] = kept[name]
            continue
        path = next(_candidates(portable_path(_plain(row)), row.asset_id, files, folders))
        found[name] = path
        take(path)
    return found


def _plain(row: AssetRow) -> str:
    """Return the name that a file should have, `/` between folders."""
    if row.type == "archive":
        return f"{(row.version or row.name or '').replace('/', '%2F')}.zip"
    name = row.name or (row.link or "").partition("?")[0].rpartition("/")[2]
    if row.version_id is None:
        return name
    folder = f"{row.dir.strip('/')}/" if row.dir else ""
    inside = name if name.startswith(folder) else folder + name
    return f"{(row.version or row.version_id).replace('/', '%2F')}/{inside}"


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
