"""A local server on its own thread, for synchronous clients and for benchmarks."""

from __future__ import annotations

import asyncio
import atexit
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import TypeVar

from comet_async.server.hosting import Host

__all__ = ["serve_in_thread", "serve_until_exit"]

_PATIENCE = 60.0
AnyHost = TypeVar("AnyHost", bound=Host)


class _Background:
    """One server on its own thread and event loop."""

    def __init__(self, server: Host) -> None:
        """Prepare the thread.

        Args:
            server: Not yet entered.
        """
        self._server = server
        self._thread = threading.Thread(
            target=self._run, name="comet-async-local-server", daemon=True
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._ready = threading.Event()
        self._error: BaseException | None = None

    def start(self) -> None:
        """Start the server and wait until it listens.

        Raises:
            TimeoutError: It did not start within a minute; its own error if it failed.
        """
        self._thread.start()
        if not self._ready.wait(_PATIENCE):
            raise TimeoutError("the local server did not start")
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """End the server and wait for the thread."""
        if self._loop is not None and self._stop is not None:
            # A server that failed closes its loop a moment before its thread ends.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(_PATIENCE)

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except BaseException as error:  # noqa: BLE001  raised again in the caller's thread
            self._error = error
        finally:
            self._ready.set()

    async def _main(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with self._server:
            self._ready.set()
            await self._stop.wait()


@contextmanager
def serve_in_thread(server: AnyHost) -> Generator[AnyHost, None, None]:
    """Serve in the background while the block runs; yields the listening server.

    Args:
        server: Not yet entered.

    Raises:
        ArchiveError: An archive is missing or not usable.
        OSError: The port is taken.
    """
    background = _Background(server)
    try:
        background.start()
        yield server
    finally:
        background.stop()


def serve_until_exit(server: AnyHost) -> AnyHost:
    """Serve in the background until the process ends; returns the listening server.

    Args:
        server: As for `serve_in_thread`, which raises the same errors.
    """
    background = _Background(server)
    background.start()
    atexit.register(background.stop)
    return server
