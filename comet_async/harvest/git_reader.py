"""The commit that an experiment ran from, and what differed from it."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping

import msgspec

from comet_async import comet
from comet_async.harvest.links import unsigned
from comet_async.harvest.optional import optional
from comet_async.harvest.rows import columns_of
from comet_async.harvest.subjects import Ask, Columns, Subject, SubjectKind

__all__ = ["GitReader", "patch_text"]

_ZIP = b"PK\x03\x04"
_MOST = 16 * 1024 * 1024
_MEMBER = "git_diff.patch"


class GitReader:
    """Reads `git`: the metadata, and the patch where there is any metadata.

    Source: Comet REST v2, experiment/git/metadata and experiment/git/patch.
    """

    kind: SubjectKind = "experiment"
    tables = ("git",)
    requests = 1.0

    async def read(
        self, ask: Ask, subject: Subject, tables: frozenset[str]
    ) -> Mapping[str, Columns]:
        """Return the row of an experiment with git metadata, none for another."""
        del tables
        found = await ask(comet.get_experiment_git_metadata(subject.key))
        about = msgspec.structs.asdict(found)
        if not any(about.values()):
            return {}
        patch, problem = await self._patch(ask, subject.key)
        row = {
            "experiment_key": subject.key,
            **about,
            "origin": unsigned(found.origin),
            "patch": patch,
            "patch_problem": problem,
        }
        return {"git": columns_of("git", [row])}

    async def _patch(self, ask: Ask, key: str) -> tuple[str | None, str | None]:
        body = await optional(ask, comet.get_experiment_git_patch(key).returning(bytes))
        return (None, None) if body is None else patch_text(body)


def patch_text(body: bytes) -> tuple[str | None, str | None]:
    """Return a patch and None, or None and why it cannot be read.

    A patch comes as a zip with one member `git_diff.patch`, an older one as plain text. What
    unpacks to more than 16 MiB is left.

    >>> patch_text(b"diff --git a b")
    ('diff --git a b', None)
    """
    if not body:
        return None, None
    if not body.startswith(_ZIP):
        return body[:_MOST].decode("utf-8", "replace"), None
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            names = archive.namelist()
            name = _MEMBER if _MEMBER in names else names[0]
            with archive.open(name) as member:
                text = member.read(_MOST + 1)
    except (zipfile.BadZipFile, zlib.error, OSError, LookupError, RuntimeError) as error:
        return None, f"the archive cannot be read: {type(error).__name__}"
    if len(text) > _MOST:
        return None, "the patch is larger than 16 MiB"
    return text.decode("utf-8", "replace"), None
