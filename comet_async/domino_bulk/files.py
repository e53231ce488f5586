"""The files of a project at a commit, to disk.

No public operation lists the files of a commit: the paths come from the caller, as from a manifest
in the project, from `git ls-tree`, or from what a job says that it wrote.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

import msgspec

from comet_async import domino
from comet_async.bulk.ledger import Entry, WriteLedger
from comet_async.domino_bulk.servers import url_of
from comet_async.engine.fan_out import Ok
from comet_async.engine.names import portable_path
from comet_async.engine.session import Session
from comet_async.engine.threads import undivided
from comet_async.errors import AuthenticationError, DestinationError, UsageError
from comet_async.redaction import printable
from comet_async.request import Blob, Request

__all__ = ["FilesReport", "download_project_files"]

_LEDGER = ".project-files~.jsonl"
"""Beside the files under a name that no file of a project gets here."""


class FilesReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the files that were asked for; the numbers add up.

    Attributes:
        files: How many there were, each counted once.
        already: Brought by an earlier run, and left alone.
        done: Where each file is that came now, by its path in the project, in the order given.
        failed: Why a file is missing, by its path in the project.
        bytes: Size of what came now.
        seconds: Time that it took.
    """

    files: int
    already: int
    done: Mapping[str, Path]
    failed: Mapping[str, str]
    bytes: int
    seconds: float

    @property
    def exit_code(self) -> int:
        """0 when all files are there, else 3."""
        return 3 if self.failed else 0

    def __str__(self) -> str:
        told = [f"{len(self.done):,} of {self.files:,} files"]
        if self.already:
            told.append(f"{self.already:,} were there")
        if self.failed:
            told.append(f"{len(self.failed):,} failed")
        return f"{', '.join(told)}; {self.bytes:,} bytes, {self.seconds:.1f} s"


async def download_project_files(
    session: Session,
    project_id: str,
    commit_id: str,
    paths: Iterable[str],
    folder: Path | str,
    *,
    concurrency: int | None = None,
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> FilesReport:
    """Bring files of a project at a commit into a folder, many at a time.

    Each appears whole or not at all. The same call again brings what is missing: a commit does not
    change, so what came once stays. A record in the folder says of which commit its files are.

    Args:
        session: An open session with the Domino service.
        project_id: Id of the project.
        commit_id: Id of a commit of the project's files.
        paths: Paths inside the project, case-sensitive; each counts once. The public API cannot
            list them.
        folder: Where they go, below it as in the project; made where it is missing. A name that a
            file system cannot have, or that leads out of the folder, is changed by `portable_path`.
        concurrency: Downloads under way at once; the default is the services' limit.
        overwrite: Whether a file that no earlier call brought may be replaced.
        progress: Called with the files that are over, and all that were missing.

    Raises:
        UsageError: `paths` is a single text, or a path is empty, "." or ".."; nothing was sent.
        LedgerError: The folder has files of another commit, project or server, or another process
            works on it.
        DestinationError: The folder cannot be made or written.
        AuthenticationError: The key is refused; what came before is kept.

    Source: Domino REST API, ProjectsFiles, get_project_file_contents.
    """
    if isinstance(paths, (str, bytes)):
        raise UsageError("give a list of paths; put a single one into [...]")
    wanted = {path: domino.get_project_file_contents(project_id, commit_id, path) for path in paths}
    began = time.perf_counter()
    root = Path(folder)
    await undivided(partial(_made, root))
    arguments = {"project": project_id, "commit": commit_id}
    ledger = WriteLedger(
        root / _LEDGER, url_of(session, "files of projects"), "project files", arguments
    )
    async with ledger:
        run = _Run(session, root, wanted, ledger, progress)
        await run.all(overwrite=overwrite, concurrency=concurrency)
    return run.report(time.perf_counter() - began)


def _made(folder: Path) -> None:
    """Make a folder.

    Raises:
        DestinationError: It cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise DestinationError(f"cannot make {printable(str(folder))}: {reason}") from None


class _Run:
    """One run over the files of one folder."""

    def __init__(
        self,
        session: Session,
        root: Path,
        wanted: Mapping[str, Request[Blob]],
        ledger: WriteLedger,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self._session = session
        self._wanted = wanted
        self._ledger = ledger
        self._progress = progress
        self._places = {path: root.joinpath(*portable_path(path).parts) for path in wanted}
        self._already = 0
        self._bytes = 0
        self._done: set[str] = set()
        self._failed: dict[str, str] = {}

    async def all(self, *, overwrite: bool, concurrency: int | None) -> None:
        """Bring what is missing."""
        left = await undivided(partial(self._left, self._ledger.entries, overwrite=overwrite))
        await self._ledger.record(left, "sent")
        paths = {self._places[path]: path for path in left}
        pairs = ((place, self._wanted[path]) for place, path in paths.items())
        async with self._session.download_many(
            pairs, concurrency=concurrency, overwrite=True
        ) as outcomes:
            async for outcome in outcomes:
                path = paths[outcome.key]
                if isinstance(outcome, Ok):
                    await self._ledger.record([path], "done")
                    self._done.add(path)
                    self._bytes += outcome.value.size
                else:
                    await self._ledger.record([path], "failed", str(outcome.error))
                    if isinstance(outcome.error, AuthenticationError):  # no other file will come
                        raise outcome.error
                    self._failed[path] = str(outcome.error)
                if self._progress is not None:
                    self._progress(len(self._done) + len(self._failed), len(left))

    def _left(self, entries: Mapping[str, Entry], *, overwrite: bool) -> Sequence[str]:
        """Return what is to be brought; make the folders that it needs."""
        left: list[str] = []
        for path, place in self._places.items():
            entry = entries.get(path)
            if place.exists() and entry is not None and entry.state == "done":
                self._already += 1
            elif place.exists() and (entry is None or entry.state == "failed") and not overwrite:
                self._failed[path] = f"{printable(str(place))} exists, and came from elsewhere"
            elif (problem := _problem(place.parent)) is not None:
                self._failed[path] = problem
            else:
                left.append(path)
        return left

    def report(self, seconds: float) -> FilesReport:
        """Return what became of all files."""
        return FilesReport(
            files=len(self._wanted),
            already=self._already,
            done={path: self._places[path] for path in self._wanted if path in self._done},
            failed={path: self._failed[path] for path in self._wanted if path in self._failed},
            bytes=self._bytes,
            seconds=seconds,
        )


def _problem(folder: Path) -> str | None:
    """Make a folder; return why that cannot be."""
    try:
        _made(folder)
    except DestinationError as error:
        return str(error)
    return None
