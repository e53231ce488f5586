"""Any coroutine function, called from synchronous code."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar, cast, overload

from comet_async.blocking.facade import unwrapped
from comet_async.blocking.portal import leased
from comet_async.blocking.session import Session
from comet_async.engine.session import Session as AsyncSession

if TYPE_CHECKING:
    from comet_async.api.api import API as AsyncAPI  # noqa: N811 both are called so
    from comet_async.blocking.api import API

__all__ = ["call"]

P = ParamSpec("P")
T = TypeVar("T")


@overload
def call(
    function: Callable[Concatenate[AsyncSession, P], Awaitable[T]],
    session: Session,
    /,
    *args: P.args,
    **options: P.kwargs,
) -> T: ...


@overload
def call(
    function: Callable[Concatenate[AsyncAPI, P], Awaitable[T]],
    api: API,
    /,
    *args: P.args,
    **options: P.kwargs,
) -> T: ...


@overload
def call(function: Callable[P, Awaitable[T]], /, *args: P.args, **options: P.kwargs) -> T: ...


def call(function: Callable[..., Awaitable[T]], /, *args: object, **options: object) -> T:
    """Return what a coroutine function returns: `call(harvest.run, session, plan, path)`.

    Args:
        function: The coroutine function; it is called in the portal's thread, and so are the
            callbacks that are given to it.
        args: Its arguments. Blocking sessions and APIs are given to it as the asynchronous ones
            that they stand for; for a type checker one may come first, and elsewhere it is
            `session.asynchronous`.
        options: Its keyword arguments, likewise.

    Raises:
        UsageError: It is called in the portal's own thread; besides whatever `function` raises.
    """
    plain = cast("tuple[object, ...]", unwrapped(args))
    named = cast("dict[str, object]", unwrapped(options))
    with leased() as portal:
        return portal.call(lambda: function(*plain, **named))
