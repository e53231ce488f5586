"""Ports that are no HTTP server: for the faults that happen before a request is read."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager, suppress

__all__ = ["blackhole_port", "full_port", "garbage_port", "refused_port", "rst_accept_port"]

_LOCAL = ("127.0.0.1", 0)
_GARBAGE = b"\x00\x01\x02SSH-2.0-garbage\r\n\xff\xfe\xfd" * 8
_FILLERS = 8
_POLL = 0.05


@contextmanager
def refused_port() -> Generator[int, None, None]:
    """Yield a port that refuses connections for as long as the block runs."""
    with socket.socket() as holder:
        holder.bind(_LOCAL)
        yield _port(holder)


@contextmanager
def full_port() -> Generator[int, None, None]:
    """Yield a port whose queue is full, so that a connect never completes (Linux)."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(_LOCAL)
        listener.listen(0)
        for _ in range(_FILLERS):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield _port(listener)


@contextmanager
def blackhole_port() -> Generator[int, None, None]:
    """Yield a port that accepts connections and never answers."""
    with _serving(_keep) as port:
        yield port


@contextmanager
def rst_accept_port() -> Generator[int, None, None]:
    """Yield a port that resets every connection as soon as it is accepted."""
    with _serving(_reset) as port:
        yield port


@contextmanager
def garbage_port() -> Generator[int, None, None]:
    """Yield a port that sends bytes which are neither HTTP nor TLS, then closes."""
    with _serving(_send_garbage) as port:
        yield port


def _port(sock: socket.socket) -> int:
    return int(sock.getsockname()[1])


def _keep(_peer: socket.socket) -> bool:
    return True


def _reset(peer: socket.socket) -> bool:
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def _send_garbage(peer: socket.socket) -> bool:
    """Send, and read what the client has to say: closing with unread bytes would reset."""
    peer.settimeout(_POLL)
    with suppress(OSError):
        peer.sendall(_GARBAGE)
        peer.shutdown(socket.SHUT_WR)
        while peer.recv(4096):
            pass
    return False


@contextmanager
def _serving(treat: Callable[[socket.socket], bool]) -> Generator[int, None, None]:
    """Accept on a thread; `treat` returns whether a connection stays open until the end."""
    stop = threading.Event()
    kept: list[socket.socket] = []

    def accept() -> None:
        while not stop.is_set():
            try:
                peer, _address = listener.accept()
            except TimeoutError:
                continue
            kept.append(peer)
            if not treat(peer):
                kept.pop().close()

    with socket.socket() as listener:
        listener.bind(_LOCAL)
        listener.listen(128)
        listener.settimeout(_POLL)
        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield _port(listener)
        finally:
            stop.set()
            thread.join()
            for peer in kept:
                peer.close()
