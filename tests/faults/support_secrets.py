"""A search for secrets in all that an exception, a log or a folder shows."""

from __future__ import annotations

import base64
import contextlib
import logging
import pickle
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from urllib.parse import quote

from rich.pretty import pretty_repr

__all__ = ["Canary", "Shown", "family", "watched"]

_LEAST = 8


def _forms(text: str) -> set[str]:
    plain, escaped = text.encode(), quote(text, safe="")
    encoded = {base64.b64encode(plain).decode(), base64.urlsafe_b64encode(plain).decode()}
    forms = {text, escaped, quote(escaped, safe=""), plain.hex(), *encoded}
    return forms | {form.rstrip("=") for form in encoded}


class Canary:
    """Secrets to look for, shown by no frame that holds this.

    A hit is the text, its base64 (both alphabets), percent-encoded and hexadecimal form, or either
    half of one of these.
    """

    __slots__ = ("_needles",)

    def __init__(self, *texts: str) -> None:
        needles: set[str] = set()
        for form in (form for text in texts for form in _forms(text)):
            middle = len(form) // 2
            needles |= {form, form[:middle], form[middle:]}
        self._needles = sorted((n for n in needles if len(n) >= _LEAST), key=len, reverse=True)

    def __repr__(self) -> str:
        return f"<Canary {len(self._needles)} forms>"

    def hits(self, where: str, text: str) -> list[str]:
        """Return a line for a secret in `text`, with what stands before it."""
        for needle in self._needles:
            at = text.find(needle)
            if at >= 0:
                return [f"{where}: ...{text[max(0, at - 60) : at]!r} and {len(needle)} characters"]
        return []


def family(error: BaseException) -> Iterator[BaseException]:
    """Give an error, its causes, its contexts (suppressed ones too) and all in its groups."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        found = waiting.pop()
        if found is None or id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        waiting += [found.__cause__, found.__context__]
        if isinstance(found, BaseExceptionGroup):
            waiting += found.exceptions


def _frames(error: BaseException) -> Iterator[FrameType]:
    trace = error.__traceback__
    while trace is not None:
        yield trace.tb_frame
        trace = trace.tb_next


def _texts(error: BaseException) -> Iterator[tuple[str, str]]:
    """Give every text that one exception shows, with what it is."""
    name = type(error).__name__
    yield f"{name} repr", repr(error)
    yield f"{name} str", str(error)
    yield f"{name} members", repr((error.args, vars(error)))
    with contextlib.suppress(TypeError, AttributeError, pickle.PicklingError):
        yield f"{name} pickle", pickle.dumps(error).decode("latin-1")
    for frame in _frames(error):
        place = f"{name} in {Path(frame.f_code.co_filename).name}:{frame.f_code.co_qualname}"
        for variable, value in frame.f_locals.items():
            yield f"{place} local {variable}", repr(value)
            yield f"{place} local {variable}, by rich", pretty_repr(value, max_length=1000)
            members = getattr(value, "__dict__", None)
            if isinstance(members, dict) and "comet_async" in type(value).__module__:
                yield f"{place} members of {variable}", repr(members)


def _rendered(error: BaseException) -> str:
    """Return an exception's traceback with locals as the standard library prints it."""
    trace = traceback.TracebackException.from_exception(error, capture_locals=True)
    return "".join(trace.format())


class Shown(logging.Handler):
    """Collects what is logged, warned, told to observers and printed as progress."""

    def __init__(self, canary: Canary) -> None:
        super().__init__(logging.DEBUG)
        self.canary = canary
        self.lines: list[str] = []
        self.paths = 0
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))

    def note(self, *values: object) -> None:
        """Keep the repr and str of values that a user may print."""
        self.lines += [text for value in values for text in (repr(value), str(value))]

    def hits(self, *errors: BaseException, folder: Path | None = None) -> list[str]:
        """Return every secret in the errors and in all that was collected since the last call."""
        found: list[str] = []
        for error in errors:
            self.paths += 1
            found += self.canary.hits("traceback", _rendered(error))
            for member in family(error):
                for where, text in _texts(member):
                    found += self.canary.hits(where, text)
        for line in self.lines:
            found += self.canary.hits("shown", line)
        self.lines.clear()
        for path in sorted(folder.rglob("*")) if folder is not None else ():
            found += self.canary.hits("file name", str(path))
            if path.is_file():
                found += self.canary.hits("file", path.read_bytes().decode("latin-1"))
        return found


@contextlib.contextmanager
def watched(canary: Canary) -> Iterator[Shown]:
    """Collect every log record of every logger, and every warning, while the block runs."""
    shown = Shown(canary)
    root = logging.getLogger()
    before = root.level
    root.addHandler(shown)
    root.setLevel(logging.DEBUG)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield shown
        shown.note(*(warning.message for warning in caught))
    finally:
        root.setLevel(before)
        root.removeHandler(shown)
