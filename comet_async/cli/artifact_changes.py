"""`comet-async artifact alias` and `tag`: labels of versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import click

from comet_async import comet
from comet_async.cli.addresses import Named
from comet_async.cli.artifact_versions import artifact_details, artifact_version
from comet_async.cli.changes import Change
from comet_async.cli.labels import label_command, refuse_unknown_label
from comet_async.cli.output import note
from comet_async.redaction import shortened

if TYPE_CHECKING:
    from comet_async.engine.session import Session

__all__ = ["CHANGES"]

_MANY = {"alias": "aliases", "tag": "tags"}


def _labels(word: str) -> click.Command:
    """Return the command that gives versions aliases, or tags."""
    example = f"comet-async artifact {word} team/digits:1.0.0"
    return label_command(word, _MANY[word], "NAME", example, partial(_changes, word))


async def _changes(
    word: str, session: Session, wanted: Named, labels: Sequence[str], *, remove: bool
) -> list[Change]:
    """Return the one change that sets all labels of a version, none where they are as asked.

    Raises:
        UsageError: A label to take away is not there.
    """
    version = await artifact_version(session, wanted)
    there = list(version.alias if word == "alias" else version.tags)
    known = {_folded(word, label) for label in there}
    asked = {_folded(word, label): label for label in labels}
    if remove:
        _check_there(wanted, word, asked, there)
        kept = [label for label in there if _folded(word, label) not in asked]
    else:
        asked = {folded: label for folded, label in asked.items() if folded not in known}
        kept = [*there, *asked.values()]
        if word == "alias" and asked:
            await _say_moves(session, wanted, asked, version.artifact_version_id)
    if kept == there:
        return []
    action = f"{'remove' if remove else 'add'} {_MANY[word] if len(asked) > 1 else word}"
    request = comet.update_artifact_version(
        version.artifact_version_id,
        alias=kept if word == "alias" else None,
        version_tags=kept if word == "tag" else None,
    )
    return [Change(action, str(wanted), ", ".join(asked.values()), request)]


def _folded(word: str, label: str) -> str:
    """Return a label as it is compared: aliases without regard to case."""
    return label.casefold() if word == "alias" else label


def _check_there(wanted: Named, word: str, asked: Mapping[str, str], there: Sequence[str]) -> None:
    known = {_folded(word, label) for label in there}
    for folded, label in asked.items():
        if folded not in known:
            refuse_unknown_label(wanted, word, label, there)


async def _say_moves(
    session: Session, wanted: Named, asked: Mapping[str, str], version_id: str
) -> None:
    """Say which versions lose an alias, for it is of one version only."""
    for other in (await artifact_details(session, wanted)).versions:
        for alias in other.alias:
            if other.artifact_version_id != version_id and alias.casefold() in asked:
                name = Named(wanted.workspace, wanted.name, other.version)
                note(f"note: the alias '{shortened(alias)}' leaves {name}")


CHANGES: tuple[click.Command, ...] = (_labels("alias"), _labels("tag"))
"""The commands of `comet-async artifact` that change something."""
