"""Numbered kill points, and what a power loss leaves of a folder.

`Crash` counts the calls that change a folder: writes, syncs, names made, moved and removed, and the
commits of SQLite. At a chosen one it kills the process: a write is cut in half, anything else is
not done. With a journal, `lose_power` then takes back what no sync has made safe.

Names are lost in two ways. `ordered` is a journalling file system, in which any sync makes all
names so far safe. `strict` is no more than POSIX promises: a name is safe when its own folder was
synced after it.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import stat
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import msgspec

__all__ = ["WRAPPED", "Crash", "Event", "lose_power"]

_BLOCK = 512
_GRAVES = ".graves"
_SQLITE = (".sqlite", ".sqlite-wal", ".sqlite-shm")


class Event(msgspec.Struct, omit_defaults=True):
    """A call that succeeded.

    Attributes:
        call: sync, sync_folder, new, mkdir, rename, link or gone.
        path: What it was about; of a rename and a link the new name.
        source: The old name of a rename.
        saved: A second name of what was replaced or removed.
        inode: Of a file that was synced.
        size: Bytes that are safe then.
    """

    call: str
    path: str
    source: str = ""
    saved: str = ""
    inode: int = 0
    size: int = 0


class Crash:
    """Kills this process at the n-th call that changes something below `root`.

    Args:
        root: The folder.
        at: The number of the call, from 1 on; 0 for none.
        journal: Where every call is told; None for nowhere.
    """

    def __init__(self, root: Path, at: int, journal: Path | None) -> None:
        self._root = str(root)
        self._at = at
        self._count = 0
        self._graves = root.with_name(root.name + _GRAVES)
        self._real = {name: getattr(os, name) for name in WRAPPED}
        self._journal = None if journal is None else os.open(journal, os.O_WRONLY | os.O_APPEND)
        if journal is not None:
            self._graves.mkdir(exist_ok=True)
            for path in root.rglob("*"):
                self._tell_synced(path)

    @property
    def count(self) -> int:
        """Calls so far."""
        return self._count

    def wrap(self) -> None:
        """Wrap the functions of `os`."""
        for name, wrapper in WRAPPED.items():
            setattr(os, name, partial(wrapper, self))

    def install(self) -> None:
        """Wrap the functions of `os`, and connections of SQLite."""
        self.wrap()
        connect = sqlite3.connect

        def traced(*args: object, **options: object) -> sqlite3.Connection:
            found: sqlite3.Connection = connect(*args, **options)  # type: ignore[call-overload]  # as given
            found.set_trace_callback(self._statement)
            return found

        sqlite3.connect = traced  # type: ignore[assignment]  # the same call

    def _statement(self, text: str) -> None:
        if text.startswith(("COMMIT", "PRAGMA wal_checkpoint")):
            self.step()

    def step(self, before: Callable[[], object] = lambda: None) -> None:
        """Count a call; at the chosen one do `before` and die."""
        self._count += 1
        if self._count == self._at:
            before()
            os.kill(os.getpid(), signal.SIGKILL)

    def concerns(self, path: object) -> bool:
        """Tell whether a path is below the root."""
        text = os.fspath(path) if isinstance(path, str | os.PathLike) else ""
        return text == self._root or str(text).startswith(self._root + os.sep)

    def place(self, path: object, folder: int | None = None) -> str:
        """Return a path whole, where it is given below a folder's descriptor."""
        text = str(os.fspath(path)) if isinstance(path, str | os.PathLike) else ""
        return text if folder is None else os.path.join(self.behind(folder), text)  # noqa: PTH118  no Path calls here

    def behind(self, descriptor: int) -> str:
        """Return the path of a descriptor, empty where there is none."""
        try:
            return os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115  no Path calls here
        except OSError:
            return ""

    def real(self, name: str) -> Callable[..., int]:
        """Return a function of `os` as it was."""
        found: Callable[..., int] = self._real[name]
        return found

    def tell(self, event: Event) -> None:
        """Write an event down."""
        if self._journal is not None:
            self.real("write")(self._journal, msgspec.json.encode(event) + b"\n")

    def saved(self, path: str) -> str:
        """Give a file that is about to go a second name, and return it."""
        if self._journal is None or not os.path.isfile(path):  # noqa: PTH113  no Path calls here
            return ""
        name = str(self._graves / f"{self._count}")
        self.real("link")(path, name)
        return name

    def _tell_synced(self, path: Path) -> None:
        found = path.lstat()
        if stat.S_ISREG(found.st_mode):
            self.tell(Event("sync", str(path), inode=found.st_ino, size=found.st_size))


def _write(crash: Crash, descriptor: int, data: bytes) -> int:
    write = crash.real("write")
    if crash.concerns(crash.behind(descriptor)):
        crash.step(lambda: write(descriptor, memoryview(data)[: len(data) // 2]))
    return write(descriptor, data)


def _fsync(crash: Crash, descriptor: int) -> None:
    path = crash.behind(descriptor)
    if not crash.concerns(path):
        crash.real("fsync")(descriptor)
        return
    crash.step()
    found = os.fstat(descriptor)
    if stat.S_ISDIR(found.st_mode):
        crash.tell(Event("sync_folder", path))
    else:
        crash.tell(Event("sync", path, inode=found.st_ino, size=found.st_size))


def _move(crash: Crash, name: str, source: object, target: object, **options: int | None) -> None:
    old = crash.place(source, options.get("src_dir_fd"))
    new = crash.place(target, options.get("dst_dir_fd"))
    saved = ""
    if crash.concerns(new):
        crash.step()
        saved = crash.saved(new)
    crash.real(name)(source, target, **options)
    if crash.concerns(new):
        crash.tell(Event("rename", new, source=old, saved=saved))


def _link(crash: Crash, source: object, target: object, **options: bool) -> None:
    new = crash.place(target)
    if crash.concerns(new):
        crash.step()
    crash.real("link")(source, target, **options)
    if crash.concerns(new):
        crash.tell(Event("link", new))


def _gone(crash: Crash, name: str, path: object, *, dir_fd: int | None = None) -> None:
    whole = crash.place(path, dir_fd)
    saved = ""
    if crash.concerns(whole):
        crash.step()
        saved = crash.saved(whole)
    crash.real(name)(path, dir_fd=dir_fd)
    if crash.concerns(whole):
        crash.tell(Event("gone", whole, saved=saved))


def _mkdir(crash: Crash, path: object, mode: int = 0o777, *, dir_fd: int | None = None) -> None:
    whole = crash.place(path, dir_fd)
    if crash.concerns(whole) and not os.path.isdir(whole):  # noqa: PTH112  no Path calls here
        crash.step()
    crash.real("mkdir")(path, mode, dir_fd=dir_fd)
    if crash.concerns(whole):
        crash.tell(Event("mkdir", whole))


def _ftruncate(crash: Crash, descriptor: int, size: int) -> None:
    if crash.concerns(crash.behind(descriptor)):
        crash.step()
    crash.real("ftruncate")(descriptor, size)


def _open(
    crash: Crash, path: object, flags: int, mode: int = 0o777, *, dir_fd: int | None = None
) -> int:
    whole = crash.place(path, dir_fd)
    new = bool(flags & os.O_CREAT) and crash.concerns(whole) and not os.path.lexists(whole)
    if new:
        crash.step()
    found = crash.real("open")(path, flags, mode, dir_fd=dir_fd)
    if new:
        crash.tell(Event("new", whole))
    return found


WRAPPED: Mapping[str, Callable[..., object]] = {
    "write": _write,
    "fsync": _fsync,
    "rename": lambda crash, *args, **options: _move(crash, "rename", *args, **options),
    "replace": lambda crash, *args, **options: _move(crash, "replace", *args, **options),
    "link": _link,
    "unlink": lambda crash, *args, **options: _gone(crash, "unlink", *args, **options),
    "rmdir": lambda crash, *args, **options: _gone(crash, "rmdir", *args, **options),
    "mkdir": _mkdir,
    "ftruncate": _ftruncate,
    "open": _open,
}
"""What stands in for which function of `os`; each takes the `Crash` first."""


def lose_power(root: Path, journal: Path, chance: random.Random, *, strict: bool) -> int:
    """Take back what no sync has made safe; return how much that was.

    Args:
        root: The folder, of which nobody works in it.
        journal: Of the `Crash` that worked there.
        chance: Decides how much of unsafe data is left, and what its last block holds.
        strict: Whether only the sync of a folder makes names in it safe.
    """
    events = [msgspec.json.decode(line, type=Event) for line in journal.read_bytes().splitlines()]
    lost = 0
    for event in reversed(_unsafe(events, strict=strict)):
        lost += _undo(event)
    safe = {event.inode: event.size for event in events if event.call == "sync"}
    for path in sorted(root.rglob("*")):
        if path.is_file() and not path.is_symlink():
            lost += _tear(path, safe.get(path.stat().st_ino, 0), chance)
    return lost


def _unsafe(events: list[Event], *, strict: bool) -> list[Event]:
    """Return the changes of names that are lost, in their order."""
    if not strict:
        last = max((n for n, event in enumerate(events) if "sync" in event.call), default=-1)
        return events[last + 1 :]
    lost: list[Event] = []
    synced: set[str] = set()
    moved: set[str] = set()
    for event in reversed(events):
        if event.call == "sync_folder":
            synced.add(event.path)
        elif event.call != "sync":
            if os.path.dirname(event.path) in synced or event.path in moved:  # noqa: PTH120  of a text
                moved.add(event.source)
            else:
                lost.append(event)
    return lost[::-1]


def _undo(event: Event) -> bool:
    """Take a change of names back, as far as there is something left of it."""
    path = Path(event.path)
    if event.call == "mkdir":
        shutil.rmtree(path, ignore_errors=True)
    elif event.call in ("new", "link"):
        path.unlink(missing_ok=True)
    elif event.call == "rename" and os.path.lexists(path):
        source = Path(event.source)
        if source.parent.is_dir() and not source.exists():
            path.rename(source)
    elif event.call == "gone" and not event.saved and path.parent.is_dir():
        path.mkdir(exist_ok=True)
    if event.saved and path.parent.is_dir() and not path.exists():
        os.link(event.saved, path)
    return True


def _tear(path: Path, safe: int, chance: random.Random) -> bool:
    """Cut a file somewhere behind what is safe, its last block torn."""
    if path.name.endswith(_SQLITE):
        if path.name.endswith("-wal"):  # frames of a commit that was under way
            with path.open("ab") as file:
                file.write(chance.randbytes(chance.randrange(5000)))
        return False
    size = path.stat().st_size
    if size <= safe:
        return False
    left = chance.randrange(safe, size + 1)
    with path.open("r+b") as file:
        file.truncate(left)
        torn = min(_BLOCK, left - safe)
        file.seek(left - torn)
        file.write(chance.randbytes(torn))
    return True
