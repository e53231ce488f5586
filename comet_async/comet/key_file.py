"""Writing the API key into a config file: atomically, for its owner alone."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from pathlib import Path

from comet_async.comet.configuration import read_config_text
from comet_async.credentials import Secret, without_frames
from comet_async.errors import DestinationError, UsageError
from comet_async.redaction import printable

__all__ = ["save_api_key"]

_SECTION = re.compile(r"\s*\[(?P<name>[^\]]+)\]")
_KEY_LINE = re.compile(r"api_key\s*[=:]", re.IGNORECASE)


@without_frames
def save_api_key(secret: Secret, path: Path) -> None:
    """Write the key into a config file and keep everything else that the file holds.

    The file is replaced in one step and readable by its owner alone; a symbolic link stays one.

    Args:
        secret: The key.
        path: The file, as `~/.comet.config`; it need not exist.

    Raises:
        UsageError: The file exists and is no INI file; it is left alone.
        DestinationError: The file cannot be read or written.
    """
    target = path.resolve()
    shown = printable(str(path))
    try:
        text = target.read_text("utf-8-sig") if target.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise DestinationError(f"cannot read {shown}: {_reason(error)}") from None
    read_config_text(text, path)
    changed = _with_key(text, secret.reveal())
    if read_config_text(changed, path).get("COMET_API_KEY") != secret.reveal():
        raise UsageError(f"{shown} has a form in which the key cannot be replaced; edit it by hand")
    try:
        _replace(target, changed)
    except OSError as error:
        raise DestinationError(f"cannot write {shown}: {_reason(error)}") from None


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or "not UTF-8 text"


def _with_key(text: str, key: str) -> str:
    """Return an INI text with the key in place of every older one in `[comet]`."""
    line = f"api_key = {key}"
    kept: list[str] = []
    at: int | None = None
    inside = dropping = False
    for old in text.splitlines():
        section = _SECTION.match(old)
        dropping = dropping and old[:1].isspace()
        if section:
            inside = section["name"].lower() == "comet"
        elif inside and _KEY_LINE.match(old.strip()):
            dropping = True
        if not dropping:
            kept.append(old)
        if section and inside and at is None:
            at = len(kept)
    if at is None:
        kept.extend(["", "[comet]"] if kept else ["[comet]"])
        at = len(kept)
    kept.insert(at, line)
    return "\n".join(kept) + "\n"


def _replace(target: Path, text: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f"{target.name}.", dir=target.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
