"""What reaches the terminal: results on standard output, everything else on standard error.

Each text passes `printable` here, at the last moment, so no server can write control bytes to a
terminal. Colour and boxes are for terminals that can show them; all else gets plain lines.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
import unicodedata
from collections.abc import Generator
from typing import TextIO

import click
import msgspec

from comet_async.cli.exits import Quit, code_of_os_error
from comet_async.redaction import printable

__all__ = [
    "PROGRAM",
    "discard_output",
    "flush",
    "is_quiet",
    "is_terminal",
    "json_text",
    "note",
    "over_echo",
    "prepare_streams",
    "put",
    "put_bytes",
    "put_json",
    "safe_json",
    "say",
]

PROGRAM = "comet-async"

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_DOUBTFUL = re.compile(r"[^\n -~]")
_BASIC_PLANE = 0xFFFF


def is_terminal(stream: TextIO | None) -> bool:
    """Tell whether `stream` is a terminal; a stream closed before the start is None."""
    return stream is not None and not stream.closed and stream.isatty()


def say(text: str) -> None:
    """Write one line to standard error; nothing happens when it is closed."""
    with contextlib.suppress(OSError, ValueError):
        click.echo(f"{PROGRAM}: {printable(text)}", err=True)


def is_quiet(ctx: click.Context | None) -> bool:
    """Tell whether a command, or the program before it, was told to be quiet."""
    while ctx is not None:
        if ctx.params.get("quiet"):
            return True
        ctx = ctx.parent
    return False


def note(text: str) -> None:
    """Write one line to standard error that is no error, unless `--quiet` was given."""
    if not is_quiet(click.get_current_context(silent=True)):
        say(text)


def over_echo() -> None:
    """Go to the start of the line on which a terminal has shown ^C, so that the next covers it."""
    if is_terminal(sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            click.echo("\r", err=True, nl=False)


def put(text: str = "") -> None:
    """Write one line to standard output."""
    _write(printable(text) + "\n")


def put_bytes(data: bytes) -> None:
    """Write octets to standard output as they are."""
    _write(data)


def put_json(value: object) -> None:
    """Write a value as indented JSON under its wire names."""
    _write(json_text(value) + "\n")


def json_text(value: object) -> str:
    """Return a value as indented JSON under its wire names, safe for a terminal."""
    return safe_json(msgspec.json.format(msgspec.json.encode(value), indent=2))


def safe_json(body: bytes) -> str:
    r"""Return a JSON document whose control, format and bidi characters are `\u` escapes.

    Outside its strings a document has none but white space, so it stays the same document.
    """
    return _DOUBTFUL.sub(_escaped, body.decode("utf-8", "replace"))


def _escaped(found: re.Match[str]) -> str:
    char = found[0]
    if char in "\t\r":
        return " "
    if unicodedata.category(char) not in _HIDDEN:
        return char
    code = ord(char)
    if code <= _BASIC_PLANE:
        return f"\\u{code:04x}"
    raw = char.encode("utf-16-be").hex()
    return f"\\u{raw[:4]}\\u{raw[4:]}"


def prepare_streams() -> None:
    """Make the standard streams safe to write to.

    A stream that was closed before the start becomes the null device, lest a file or a socket of
    ours take its number; characters that an encoding lacks are written as escapes.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _write(data: str | bytes) -> None:
    with _named():
        click.echo(data, nl=False)


def flush() -> None:
    """Write out what standard output still holds.

    Raises:
        BrokenPipeError: Its reader is gone.
        Quit: It cannot be written.
    """
    if sys.stdout is not None:  # pyright: ignore[reportUnnecessaryComparison]  # None when closed
        with _named():
            sys.stdout.flush()


@contextlib.contextmanager
def _named() -> Generator[None]:
    """Name standard output in errors of writing to it."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        discard_output()
        raise Quit(
            f"cannot write to standard output: {error.strerror}", code_of_os_error(error)
        ) from None


def discard_output() -> None:
    """Send what standard output still holds nowhere: its reader is gone."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
