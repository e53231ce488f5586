"""Workspaces, members, owners, notes and share links that were written."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["DEFAULT_WORKSPACE", "Accounts"]

DEFAULT_WORKSPACE = "default"
"""Workspace of the caller's account where no source has any."""


@dataclass(slots=True)
class Accounts:
    """What belongs to people rather than to experiments; whoever writes holds the store's lock.

    Attributes:
        workspaces: Names of workspaces that were created, with their ids.
        members: Addresses of the members that were added, by workspace; True for admins.
        owners: Names of owners by project id.
        notes: By project id.
        share_codes: By project id.
    """

    workspaces: dict[str, str] = field(default_factory=dict[str, str])
    members: dict[str, dict[str, bool]] = field(default_factory=dict[str, dict[str, bool]])
    owners: dict[str, str] = field(default_factory=dict[str, str])
    notes: dict[str, str] = field(default_factory=dict[str, str])
    share_codes: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
