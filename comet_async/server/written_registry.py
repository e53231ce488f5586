"""Registry models and versions that were written, over those of the sources."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from comet_async.server.records import Json, JsonObject, Registration

__all__ = ["RegistryEvent", "WrittenRegistry"]


@dataclass(frozen=True, slots=True)
class RegistryEvent:
    """One entry of the history of a registry model version."""

    when_ms: int
    user: str
    action: str
    new: JsonObject
    old: JsonObject
    comment: str | None = None


class WrittenRegistry:
    """What was registered, changed and deleted; whoever writes holds the store's lock."""

    def __init__(self) -> None:
        """Start with nothing written."""
        self._items: dict[str, Registration | None] = {}
        self._first: dict[str, Registration] = {}
        self._notes: dict[str, str] = {}
        self._events: dict[str, list[RegistryEvent]] = {}
        self._configurations: dict[str, JsonObject] = {}

    def over(self, below: Iterable[Registration]) -> list[Registration]:
        """Return the versions of the sources as they are now, and the new ones after them."""
        if not self._items:
            return [*below]
        found: dict[str, Registration | None] = {item.item_id: item for item in below}
        found |= self._items
        return [item for item in found.values() if item is not None]

    def put(self, item: Registration) -> None:
        """Add a version, or change the one of its id."""
        kept = replace(item, own_model_id=item.model_id, own_item_id=item.item_id)
        self._items[kept.item_id] = kept

    def change(
        self, items: Sequence[Registration], edit: Callable[[Registration], Registration]
    ) -> None:
        """Change some versions.

        Args:
            items: As they are.
            edit: Returns what one is to be; its ids stay.
        """
        for item in items:
            self._first.setdefault(item.item_id, item)
            model_id, item_id = item.model_id, item.item_id
            self.put(replace(edit(item), own_model_id=model_id, own_item_id=item_id))

    def first(self, item: Registration) -> Registration:
        """Return a version as it was before it was changed for the first time."""
        return self._first.get(item.item_id, item)

    def delete(self, item_id: str) -> None:
        """Delete a version."""
        self._items[item_id] = None

    def notes(self, model_id: str) -> str | None:
        """Return the notes of a model that were written, None if none were."""
        return self._notes.get(model_id)

    def set_notes(self, model_id: str, notes: str) -> None:
        """Replace the notes of a model."""
        self._notes[model_id] = notes

    def events(self, item_id: str) -> Sequence[RegistryEvent]:
        """Return what was written of the history of a version, oldest first."""
        return self._events.get(item_id, ())

    def note(self, item_id: str, event: RegistryEvent) -> None:
        """Add to the history of a version."""
        self._events.setdefault(item_id, []).append(event)

    def configuration(self, item_id: str) -> JsonObject | None:
        """Return the status configuration of a version, None if none was written."""
        return self._configurations.get(item_id)

    def configure(self, item_id: str, configuration: dict[str, Json]) -> None:
        """Replace the status configuration of a version."""
        self._configurations[item_id] = configuration
