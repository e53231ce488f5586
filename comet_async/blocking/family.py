"""Blocking classes made of asynchronous ones, member by member, with their names and docstrings.

    _family = Family(__name__)
    API = _family.add(api.API)
    APIExperiment = _family.add(api.APIExperiment)

Coroutine functions wait for their result, asynchronous iterators become iterators, asynchronous
context managers become context managers, and objects of the family's own classes, also in lists,
tuples and dicts, become blocking ones. Arguments go the other way, and generators among them are
drawn by the caller, since they may ask blocking objects. Other functions are called in the portal,
since the asynchronous object lives there, and in place when that is over, for they need no
connection; properties are read in place.

A stub beside the module tells type checkers the same. To make a new module of blocking classes,
write the lines above, add an entry to `STUBS` in `tests/support/blocking_stubs.py`, and run
`python -m tests.support.blocking_stubs`, which writes the stub from the asynchronous source; a test
sees that it is up to date.
"""

from __future__ import annotations

import copy
import functools
import inspect
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from types import GeneratorType, TracebackType
from typing import Any, ClassVar, Self, cast

from comet_async.blocking.block import Block, Host, Stepped
from comet_async.blocking.facade import Facade, unwrapped
from comet_async.blocking.portal import Portal, leased
from comet_async.blocking.session import Session
from comet_async.engine.blocks import PlainBlock
from comet_async.engine.session import Session as AsyncSession

__all__ = ["Family"]

_LAZY = (GeneratorType, map, filter, zip)


class _Made(Facade):
    """A blocking object of a family; `_owner` keeps open what its calls need."""

    _classes: ClassVar[dict[type, type[_Made]]]
    _kind: ClassVar[type]

    def __init_subclass__(
        cls, *, kind: type | None = None, classes: dict[type, type[_Made]] | None = None
    ) -> None:
        if kind is None or classes is None:
            return
        cls._kind, cls._classes = kind, classes
        for name in dir(kind):
            if not name.startswith("_") and not hasattr(cls, name):
                setattr(cls, name, cls._member(name, inspect.getattr_static(kind, name)))

    def __init__(self, *args: object, **options: object) -> None:
        work, owner = _work(self._kind, args, options), [*_facades([args, options])]
        del args, options  # neither a frame of an error nor the object may show a key
        with leased() as portal:
            self._adopt(portal.call(work), portal, owner)

    def _adopt(self, asynchronous: object, portal: Portal, owner: object) -> Self:
        Facade.__init__(self, asynchronous, portal)
        self._owner = owner
        return self

    @classmethod
    def _new(cls, asynchronous: object, portal: Portal, owner: object) -> Self:
        self = cls.__new__(cls)
        return self._adopt(asynchronous, portal, owner)

    @classmethod
    def _member(cls, name: str, member: object) -> object:
        """Return the blocking form of a member of the asynchronous class."""
        if isinstance(member, property):

            def get(self: _Made) -> object:
                return self._shown(getattr(self.asynchronous, name), self._portal)

            get.__doc__ = member.__doc__
            return property(get)
        if isinstance(member, classmethod):
            function = cast("classmethod[object, ..., object]", member).__func__

            def of_class(cls: type[_Made], /, *args: object, **options: object) -> object:
                work = _work(getattr(cls._kind, name), args, options)
                owner = [*_facades([args, options])]
                del args, options  # as above
                with leased() as portal:
                    return cls._new(portal.call(work), portal, owner)

            return classmethod(_described(of_class, function))

        waits = inspect.iscoroutinefunction(member)

        def method(self: _Made, /, *args: object, **options: object) -> object:
            function, portal = getattr(self.asynchronous, name), self._portal
            if portal.beside_nothing and not waits:
                plain, named = _unwrapped(args, options)
                return self._shown(function(*plain, **named), portal)
            return self._shown(portal.call(_work(function, args, options)), portal)

        return _described(method, member) if callable(member) else member

    def _shown(self, value: object, place: Portal | Host[object]) -> object:
        """Return the blocking form of what a member gave, to be used in `place`."""
        if isinstance(value, list):
            shown = copy.copy(cast("list[object]", value))  # which may be of a class of its own
            shown[:] = [self._shown(item, place) for item in shown]
            return shown
        if type(value) is tuple:
            return tuple(self._shown(item, place) for item in cast("tuple[object, ...]", value))
        if type(value) is dict:
            members = cast("dict[object, object]", value)
            return {key: self._shown(member, place) for key, member in members.items()}
        return self._one_shown(value, place)

    def _one_shown(self, value: object, place: Portal | Host[object]) -> object:
        made = self._classes.get(type(value))
        portal = place.portal if isinstance(place, Host) else place
        if made is not None:
            return made._new(value, portal, self)  # noqa: SLF001 of this class
        if isinstance(value, AsyncSession):
            return Session.over(value, portal, self)
        if isinstance(value, AsyncIterator):
            steps = Stepped(place.call, cast("AsyncIterator[object]", value))
            return map(lambda item: self._shown(item, place), steps)  # noqa: C417 lazy
        if isinstance(value, AbstractAsyncContextManager):
            manager = cast("AbstractAsyncContextManager[object]", value)
            return Block(portal, lambda: manager, lambda host, given: self._shown(given, host))
        return value


class _Closable(_Made, PlainBlock):
    """A blocking object that is closed in the end."""

    _host: Host[object] | None = None

    def _adopt(self, asynchronous: object, portal: Portal, owner: object) -> Self:
        super()._adopt(asynchronous, portal, owner)
        if not isinstance(owner, Facade):
            manager = cast("AbstractAsyncContextManager[object]", asynchronous)
            self._host = Host(portal, lambda: manager)
            self._host.open()
            weakref.finalize(self, self._host.forget).atexit = False
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close it; nothing can be asked afterwards. A second time does nothing."""
        if self._host is not None:
            self._host.leave()


class Family:
    """Asynchronous classes with the blocking ones that are made of them.

    Args:
        module: Name of the module that the blocking classes are in.
    """

    def __init__(self, module: str) -> None:
        self._module = module
        self._classes: dict[type, type[_Made]] = {}

    def add(self, kind: type) -> type:
        """Make and return the blocking class of an asynchronous one.

        Args:
            kind: With `__aenter__`, its blocking objects are opened when they are made, and have
                `close`, `__enter__` and `__exit__`.
        """
        members: dict[str, object] = {
            "__doc__": kind.__doc__,
            "__module__": self._module,
            "__signature__": inspect.signature(kind),
        }
        base = _Closable if hasattr(kind, "__aenter__") else _Made
        make = cast("Any", type)  # a metaclass passes keywords on to __init_subclass__
        made: type[_Made] = make(kind.__name__, (base,), members, kind=kind, classes=self._classes)
        self._classes[kind] = made
        return made


def _described(
    method: Callable[..., object], function: Callable[..., object]
) -> Callable[..., object]:
    """Give a method the name, docstring and signature of an asynchronous one."""
    told = inspect.signature(function)
    result = told.return_annotation
    if isinstance(result, str):
        for waiting, plain in (("AsyncIter", "Iter"), ("AbstractAsync", "Abstract")):
            result = result.replace(waiting, plain)
    wrapped = functools.wraps(function)(method)
    wrapped.__signature__ = told.replace(return_annotation=result)  # type: ignore[attr-defined]  # inspect reads it
    return wrapped


def _work(
    function: Callable[..., object], args: tuple[object, ...], options: dict[str, object]
) -> Callable[[], Awaitable[object]]:
    """Return a call of a function of the asynchronous side, to be made in the portal."""
    plain, named = _unwrapped(args, options)
    return lambda: _called(function, plain, named)


def _unwrapped(
    args: tuple[object, ...], options: dict[str, object]
) -> tuple[tuple[object, ...], dict[str, object]]:
    placed = tuple(_drawn(value) for value in args)
    named = {name: _drawn(value) for name, value in options.items()}
    return cast("tuple[tuple[object, ...], dict[str, object]]", unwrapped((placed, named)))


def _drawn(value: object) -> object:
    """Return the items of what makes them as they are drawn: it may ask blocking objects."""
    return list(cast("Iterator[object]", value)) if isinstance(value, _LAZY) else value


async def _called(
    function: Callable[..., object], args: tuple[object, ...], options: dict[str, object]
) -> object:
    try:
        found = function(*args, **options)
    finally:
        del args, options  # as above
    return await cast("Awaitable[object]", found) if inspect.isawaitable(found) else found


def _facades(value: object) -> Iterator[Facade]:
    """Give the blocking objects in what `unwrapped` takes them out of."""
    if isinstance(value, Facade):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in cast("list[object]", value):
            yield from _facades(item)
    elif type(value) is dict:
        yield from _facades([*cast("dict[object, object]", value).values()])
