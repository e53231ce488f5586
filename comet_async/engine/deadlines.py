"""Time limits of many exchanges under one timer.

A timer of the event loop for each exchange costs a tenth of what a small exchange costs in all,
and again for each piece of a large body. Nearly all limits are never reached, so one timer waits
for the earliest that there was, and looks at the others only then.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

__all__ = ["Deadline", "Deadlines"]

_FOREVER = float("inf")


class Deadlines:
    """The time limits of one event loop; `close` ends the timer."""

    __slots__ = ("_active", "_due", "_loop", "_timer")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._active: set[Deadline] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._due = _FOREVER

    def after(self, seconds: float) -> Deadline:
        """Return a context whose body ends with TimeoutError when it takes over `seconds`."""
        return Deadline(self, self._loop.time() + seconds)

    def close(self) -> None:
        """Stop watching."""
        self._active.clear()
        self._wait_until(_FOREVER)

    def begun(self, deadline: Deadline) -> None:
        """Watch a deadline."""
        self._active.add(deadline)
        self.moved(deadline)

    def moved(self, deadline: Deadline) -> None:
        """Take note of a deadline's time; a later one is seen when the timer looks."""
        if deadline.when < self._due:
            self._wait_until(deadline.when)

    def ended(self, deadline: Deadline) -> None:
        """Watch a deadline no longer."""
        self._active.discard(deadline)

    def _wait_until(self, due: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._due = due
        self._timer = None if due == _FOREVER else self._loop.call_at(due, self._look)

    def _look(self) -> None:
        # A loop calls as soon as the time is within its clock's resolution, so a little early.
        now = max(self._due, self._loop.time())
        for deadline in [found for found in self._active if found.when <= now]:
            self._active.discard(deadline)
            deadline.expire()
        self._wait_until(min((found.when for found in self._active), default=_FOREVER))


class Deadline:
    """A context with a time limit that can be moved; its body is cancelled when that is reached.

    Args:
        deadlines: Where it is watched.
        when: The limit, by the loop's clock.

    Attributes:
        when: The limit as it stands.
    """

    __slots__ = ("_cancelling", "_deadlines", "_expired", "_task", "when")

    def __init__(self, deadlines: Deadlines, when: float) -> None:
        self._deadlines = deadlines
        self._task: asyncio.Task[object] | None = None
        self._cancelling = 0
        self._expired = False
        self.when = when

    def __enter__(self) -> Self:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a deadline needs a task to cancel")
        self._task = task
        self._cancelling = task.cancelling()
        self._deadlines.begun(self)
        return self

    def move(self, when: float) -> None:
        """Set another limit, by the loop's clock."""
        self.when = when
        self._deadlines.moved(self)

    def expire(self) -> None:
        """Cancel the body."""
        if self._task is not None:
            self._expired = True
            self._task.cancel()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._deadlines.ended(self)
        task, self._task = self._task, None
        if not self._expired or task is None:
            return
        # The task's own cancellation counts for more than the limit, as in asyncio.timeout.
        if task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error
