"""A local server on its own thread, for synchronous clients and for benchmarks."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Generator
from contextlib import contextmanager

from comet_async.server.app import LocalServer

__all__ = ["serve_in_thread"]

_START = 60.0


class _Thread(threading.Thread):
    """Runs one server on its own event loop."""

    def __init__(self, server: LocalServer) -> None:
        """Prepare the thread.

        Args:
            server: Not yet entered.
        """
        super().__init__(name="comet-async-local-server", daemon=True)
        self._server = server
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self.ready = threading.Event()
        self.error: BaseException | None = None

    def run(self) -> None:
        """Serve until told to stop."""
        try:
            asyncio.run(self._main())
        except BaseException as error:  # noqa: BLE001  raised again in the caller's thread
            self.error = error
        finally:
            self.ready.set()

    async def _main(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with self._server:
            self.ready.set()
            await self._stop.wait()

    def stop(self) -> None:
        """End the server and wait for the thread."""
        if self._loop is not None and self._stop is not None and self.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        self.join(_START)


@contextmanager
def serve_in_thread(server: LocalServer) -> Generator[LocalServer, None, None]:
    """Serve in the background while the block runs; yields the listening server.

    Args:
        server: Not yet entered.

    Raises:
        ArchiveError: An archive is missing or not usable.
        OSError: The port is taken.
    """
    thread = _Thread(server)
    thread.start()
    try:
        if not thread.ready.wait(_START):
            raise TimeoutError("the local server did not start")
        if thread.error is not None:
            raise thread.error
        yield server
    finally:
        thread.stop()
