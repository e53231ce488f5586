"""Exit codes, and which error ends with which."""

from __future__ import annotations

import enum
import errno
from collections.abc import Mapping
from types import MappingProxyType

from comet_async.errors import (
    AuthenticationError,
    CometAsyncError,
    DestinationError,
    UsageError,
)

__all__ = ["MEANINGS", "Exit", "Quit", "code_of", "code_of_os_error"]

_DISK = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.EACCES, errno.EPERM}
)


class Exit(enum.IntEnum):
    """Exit codes of `comet-async`."""

    OK = 0
    FAILED = 1
    USAGE = 2
    PARTIAL = 3
    AUTH = 4
    DISK = 5
    INTERRUPTED = 130
    BROKEN_PIPE = 141
    TERMINATED = 143


MEANINGS: Mapping[Exit, str] = MappingProxyType(
    {
        Exit.OK: "done",
        Exit.FAILED: "failed: the server, the network or the data",
        Exit.USAGE: "the command line or a setting is wrong; nothing was sent",
        Exit.PARTIAL: "done but for some items, which are named",
        Exit.AUTH: "there is no key, or it was refused",
        Exit.DISK: "the disk is full, failing or may not be written",
        Exit.INTERRUPTED: "stopped by Ctrl-C; what to type to go on is said",
        Exit.BROKEN_PIPE: "the reader of the output went away, as `head` does",
        Exit.TERMINATED: "stopped by SIGTERM",
    }
)
"""What the codes mean, where a command's help does not say otherwise."""


class Quit(Exception):
    """Ends a command with one line on standard error.

    Args:
        message: The line, without the program's name.
        code: Exit code.
    """

    def __init__(self, message: str, code: Exit = Exit.FAILED) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


def code_of(error: CometAsyncError) -> Exit:
    """Return the exit code that an error of ours ends with."""
    if isinstance(error, AuthenticationError):
        return Exit.AUTH
    if isinstance(error, DestinationError):
        return Exit.DISK
    return Exit.USAGE if isinstance(error, UsageError) else Exit.FAILED


def code_of_os_error(error: OSError) -> Exit:
    """Return the exit code that an error of the operating system ends with."""
    return Exit.DISK if error.errno in _DISK else Exit.FAILED
