"""Hostile zip archives: members that lead outside, links, bombs, damage."""

from __future__ import annotations

import asyncio
import io
import stat
import warnings
import zipfile
from functools import lru_cache

from comet_async.server.answers import Answer
from comet_async.server.fault_rule import Exchange, Outcome

__all__ = ["ZIP_KINDS", "hostile_zip", "zip_fault"]

_GOOD = ("good.bin", b"good" * 64)
_MANY = 70_000
_BOMB = 200 << 20

ZIP_KINDS = ("slip", "absolute", "symlink", "bomb", "many", "dup", "crc", "trunc")
"""What a hostile archive can be."""


@lru_cache(maxsize=len(ZIP_KINDS))
def hostile_zip(kind: str) -> bytes:
    """Return an archive with a good member and what `kind` says, one of `ZIP_KINDS`.

    Raises:
        ValueError: There is no such kind.
    """
    if kind not in ZIP_KINDS:
        raise ValueError(f"unknown archive {kind}; known are {', '.join(ZIP_KINDS)}")
    members = {
        "slip": [("../../slipped.txt", b"out")],
        "absolute": [("/tmp/slipped.txt", b"out")],  # noqa: S108  nobody writes it
        "symlink": [("link", b"/etc/passwd")],
        "bomb": [("bomb.bin", bytes(_BOMB))],
        "many": [(f"m/{number}", b"") for number in range(_MANY)],
        "dup": [("GOOD.bin", b"bad")],
    }.get(kind, [])
    data = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")
        for name, content in (_GOOD, *members):
            info = zipfile.ZipInfo("x")
            info.filename = name
            info.compress_type = zipfile.ZIP_DEFLATED
            mode = stat.S_IFLNK | 0o777 if name == "link" else stat.S_IFREG | 0o644
            info.external_attr = mode << 16
            archive.writestr(info, content)
    found = data.getvalue()
    if kind == "crc":
        at = found.index(_GOOD[0].encode()) + len(_GOOD[0]) + 2
        return found[:at] + bytes([found[at] ^ 0x55]) + found[at + 1 :]
    return found[: len(found) // 2] if kind == "trunc" else found


async def zip_fault(exchange: Exchange) -> Outcome:
    """Answer with a hostile archive; the argument is its kind."""
    kind = exchange.rule.argument
    body = await asyncio.to_thread(hostile_zip, kind if isinstance(kind, str) else "slip")
    return Answer(200, {"Content-Type": "application/zip"}, body)
