"""What one question to the server tells of all experiments of a project: tags, and absence."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from comet_async import comet
from comet_async.errors import CometAsyncError
from comet_async.harvest.arrow import batch
from comet_async.harvest.job import Found, Job, stops
from comet_async.harvest.one_by_one import due_items
from comet_async.harvest.planner import ProjectFacts
from comet_async.harvest.schema import TABLES
from comet_async.harvest.scope import flag_predicate, tag_predicate

__all__ = ["QueryStage"]

_HTML = "hasHtml"


class QueryStage:
    """Asks who has each tag, and who has HTML at all, where that takes fewer requests.

    What a question could not tell stays planned, for those who ask one by one.

    Args:
        job: The run.
    """

    def __init__(self, job: Job) -> None:
        self._job = job

    async def run(self) -> None:
        """Fill `tags`, and end what `html` need not ask for.

        Raises:
            AuthenticationError: The key is refused.
            DestinationError: The disk is full or failing; earlier parts are whole.
        """
        tables = self._job.plan.tables
        for facts in self._job.plan.projects.values():
            if "tags" in tables and self._job.plan.by_tag(facts):
                await self._tags(facts)
            if "html" in tables and self._job.plan.by_flag(facts, _HTML):
                await self._html(facts)
        await self._job.flush()

    async def _tags(self, facts: ProjectFacts) -> None:
        if not await self._planned("tags", facts):
            return
        tagged: dict[str, list[str]] = {}
        for tag in facts.tags or ():
            found = await self._having("tags", facts, tag_predicate(tag))
            if found is None:
                return
            for key in found:
                tagged.setdefault(key, []).append(tag)
        async for due, _ in due_items(self._job, ("tags",), facts.project_id):
            tags = tagged.get(due.subject.key, [])
            columns = {"experiment_key": [due.subject.key] * len(tags), "tag": tags}
            rows = batch(TABLES["tags"], columns)
            await self._job.take(Found(rows=[("tags", due.id, rows)]))

    async def _html(self, facts: ProjectFacts) -> None:
        if not await self._planned("html", facts):
            return
        having = await self._having("html", facts, flag_predicate(_HTML))
        if having is None:
            return
        async for due, _ in due_items(self._job, ("html",), facts.project_id):
            if due.subject.key not in having:
                await self._job.take(Found(rows=[("html", due.id, None)]))

    async def _planned(self, table: str, facts: ProjectFacts) -> bool:
        ledger = self._job.lake.ledger
        due = partial(ledger.due, (table,), 0, 1, project=facts.project_id)
        return bool(await self._job.on_disk(due))

    async def _having(
        self, table: str, facts: ProjectFacts, predicate: Mapping[str, object]
    ) -> frozenset[str] | None:
        """Return the keys of the experiments that meet a predicate, None if that was not told."""
        found: set[str] = set()
        for archived in self._job.plan.selection.flags:
            request = comet.query_project(
                [predicate], project_id=facts.project_id, archived=archived
            )
            try:
                found.update((await self._job.ask(table, request)).experiment_keys)
            except CometAsyncError as error:
                if stops(error):
                    raise
                return None
        return frozenset(found)
