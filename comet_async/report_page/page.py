"""The page: what a lake and its ledger tell, put together and written."""

from __future__ import annotations

import os
import time
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, cast

import msgspec

from comet_async.engine.part_file import write_whole
from comet_async.errors import LedgerError, PartError, UsageError
from comet_async.extras import extra
from comet_async.harvest.account import Account, LargeFile, read_account
from comet_async.lake.layout import Snapshot
from comet_async.lake.reader import LakeReader, open_lake
from comet_async.redaction import printable
from comet_async.report_page import wording
from comet_async.report_page.choosing import Direction
from comet_async.report_page.going_on import CUT, advice, command, filters_known
from comet_async.report_page.pictures import Pictures, pictures_of
from comet_async.report_page.questions import Questions
from comet_async.report_page.ready import ready
from comet_async.report_page.runs import (
    ProjectTold,
    Ranking,
    projects_of,
    ranking_of,
    runs_by_state,
    spread,
)
from comet_async.report_page.sizes import (
    FidelityTold,
    SizeTold,
    fidelity_of,
    files_of,
    largest_of,
    sizes_of,
)

if TYPE_CHECKING:
    import jinja2

__all__ = ["render_report", "write_report"]

_TOP = 20
_MOST = 500
_TRIES = 3
_WAYS = ("lowest", "highest")


def write_report(
    lake_dir: str | os.PathLike[str],
    path: str | os.PathLike[str],
    *,
    metric: str | None = None,
    best: Direction | None = None,
    top: int = _TOP,
) -> Path:
    """Write the page about a harvest to a file, whole or not at all; a file there is replaced.

    Args:
        lake_dir: Folder of the harvest; it may be half finished, or still be written.
        path: The file, as `report.html`.
        metric: Metric that the best runs are ranked by; None to guess.
        best: Which value is the best one, "lowest" or "highest"; None to guess by the name.
        top: How many runs, 1 to 500.

    Returns:
        The file.

    Raises:
        UsageError: It is no harvest, has no such metric (near names are told), the file's folder is
            missing, or an extra is missing.
        PartError: A part is damaged.
        DestinationError: The file cannot be written.
    """
    target = Path(path)
    if target.is_dir():
        raise UsageError(f"{printable(str(target))} is a folder; name a file, as report.html")
    if not target.absolute().parent.is_dir():
        raise UsageError(f"{printable(str(target.parent))}: no such folder")
    page = render_report(lake_dir, metric=metric, best=best, top=top)
    write_whole(target, memoryview(page.encode("utf-8", "backslashreplace")))
    return target


def render_report(
    lake_dir: str | os.PathLike[str],
    *,
    metric: str | None = None,
    best: Direction | None = None,
    top: int = _TOP,
) -> str:
    """Return the page about a harvest: HTML with all that it needs, and no script.

    Its size is bounded, whatever the harvest's: the best runs, curves of at most 12, the most
    frequent reasons. Times are in UTC. See `write_report` for the arguments.

    Raises:
        UsageError: As `write_report`.
        PartError: A part is damaged.
    """
    if best is not None and best not in _WAYS:
        raise UsageError(f"best is lowest or highest, not {printable(str(best))}")
    if not 1 <= top <= _MOST:
        raise UsageError(f"top is from 1 to {_MOST}, not {top}")
    template = _template()
    for tries_left in reversed(range(_TRIES)):
        try:
            return template.render(page=_gathered(Path(lake_dir), metric, best, top), **_helpers())
        except PartError:
            # A harvest that ends meanwhile replaces its tables; the next look sees the new ones.
            if not tries_left:
                raise
    raise AssertionError


class State(msgspec.Struct, frozen=True):
    """How a harvest stands.

    Attributes:
        kind: `good`, `bad`, `open` or `unknown`.
        text: The same in a sentence.
    """

    kind: str
    text: str


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows; the template has the words."""

    folder: str
    scope: str
    service: str
    url: str
    counted: str
    made: float
    release: str
    state: State
    ledger_problem: str | None
    account: Account | None
    command: str | None
    snapshots: tuple[Snapshot, ...]
    states: dict[str, int]
    projects: tuple[ProjectTold, ...]
    ranking: Ranking
    pictures: Pictures
    sizes: tuple[SizeTold, ...]
    files: tuple[int, int]
    largest: tuple[LargeFile, ...]
    fidelity: tuple[FidelityTold, ...]

    @property
    def failed(self) -> int:
        """Items that failed."""
        return 0 if self.account is None else sum(one.failed for one in self.account.tables)

    @property
    def waiting(self) -> int:
        """Items that no run has reached."""
        return 0 if self.account is None else sum(one.waiting for one in self.account.tables)

    @property
    def absent(self) -> int:
        """Items that the service has no data for."""
        return 0 if self.account is None else sum(one.absent for one in self.account.tables)

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(table.rows for table in self.sizes)

    @property
    def bytes(self) -> int:
        """Bytes of all tables and files."""
        return sum(table.bytes for table in self.sizes) + self.files[1]


def _gathered(folder: Path, metric: str | None, best: Direction | None, top: int) -> Page:
    lake = open_lake(folder)
    account, problem = _account(folder)
    domino = "domino_jobs" in lake or (account is not None and account.scope.startswith("domino:"))
    snapshots = tuple(lake.snapshots())
    with Questions(lake) as ask:
        ready(ask, domino=domino)
        ranking = ranking_of(ask, metric=metric, best=best, top=top)
        return Page(
            folder=str(folder.absolute()),
            scope=_scope(account, snapshots),
            service="Domino" if domino else "Comet",
            url="" if account is None else account.url,
            counted="jobs" if domino else "experiments",
            made=time.time(),
            release=version("comet_async"),
            state=_state(lake, account),
            ledger_problem=problem,
            account=account,
            command=_command(account, folder),
            snapshots=snapshots,
            states=runs_by_state(ask),
            projects=projects_of(ask),
            ranking=ranking,
            pictures=pictures_of(ask, ranking, spread(ask, ranking)),
            sizes=sizes_of(lake),
            files=files_of(ask, account),
            largest=largest_of(ask, account),
            fidelity=fidelity_of(ask, domino=domino),
        )


def _account(folder: Path) -> tuple[Account | None, str | None]:
    """Return what the ledger tells, or why it tells nothing."""
    try:
        found = read_account(folder)
    except LedgerError as error:
        return None, error.message
    return found, None if found is not None else "there is no ledger in this folder"


def _command(account: Account | None, folder: Path) -> str | None:
    """Return how to go on; None where no ledger tells of what."""
    return command(account, folder.absolute()) if account is not None and account.url else None


def _scope(account: Account | None, snapshots: tuple[Snapshot, ...]) -> str:
    if account is not None and account.url:
        return account.scope
    return next((one.scope for one in reversed(snapshots) if one.scope), "")


def _state(lake: LakeReader, account: Account | None) -> State:
    if account is None:
        return State("unknown", "Whether all is here only a ledger could tell.")
    failed = sum(one.failed for one in account.tables)
    waiting = sum(one.waiting for one in account.tables)
    if account.running:
        told = "A harvest is under way in this folder; the page shows what is finished so far."
        return State("open", told)
    if not account.runs:
        return State("open", "Nothing has been harvested into this folder yet.")
    last = account.runs[-1]
    if waiting or last.state != "published":
        shown = "" if lake.tables else " The tables appear at the end of a run."
        left = "1 item is" if waiting == 1 else f"{waiting:,} items are"
        told = f"The last run was {last.state} before its end: {left} still to come."
        return State("open", told + shown)
    if failed:
        items = "1 item" if failed == 1 else f"{failed:,} items"
        return State("bad", f"All but {items} came to a good end.")
    return State("good", "Everything that was planned is here.")


def _helpers() -> dict[str, object]:
    return {
        **{name: getattr(wording, name) for name in wording.__all__},
        "advice": advice,
        "cut": CUT,
        "filters_known": filters_known,
        "style": extra("markupsafe").Markup(_text("page.css")),
    }


def _text(name: str) -> str:
    return files("comet_async.report_page").joinpath(name).read_text("utf-8")


def _finalized(found: object) -> object:
    """Let no control or bidi character of a server's reach the page."""
    return printable(found) if type(found) is str else found


def _template() -> jinja2.Template:
    module = extra("jinja2")
    environment = module.Environment(
        autoescape=True,
        undefined=module.StrictUndefined,
        finalize=_finalized,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return cast("jinja2.Template", environment.from_string(_text("page.html.jinja")))
