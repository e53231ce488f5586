"""What says, to `with` in place of `async with` and the other way round, what to write instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from comet_async.errors import UsageError

__all__ = ["AsyncBlock", "PlainBlock"]


class AsyncBlock:
    """Base of what is used as `async with`, and has a namesake in `comet_async.blocking`."""

    if not TYPE_CHECKING:  # a type checker refuses `with` by itself, as long as this is not there

        def __enter__(self) -> NoReturn:
            name = type(self).__name__
            raise UsageError(
                f"write `async with {name}(...)`; without async,"
                f" comet_async.blocking.{name} has the same verbs"
            )

        def __exit__(self, *error: object) -> None:
            """Be there, for `with` looks for it before it enters."""


class PlainBlock:
    """Base of what is used as `with`, and has an asynchronous namesake in `comet_async`."""

    if not TYPE_CHECKING:  # as above

        async def __aenter__(self) -> NoReturn:
            name = type(self).__name__
            raise UsageError(
                f"write `with {name}(...)`, for it is of comet_async.blocking;"
                f" in async code, comet_async.{name} has the same verbs"
            )

        async def __aexit__(self, *error: object) -> None:
            """Be there, for `async with` looks for it before it enters."""
