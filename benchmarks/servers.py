"""Starts the server of a measurement: nginx, or our static server when nginx is missing."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

__all__ = ["CLIENT_CORE", "SERVER_CORE", "cores", "delaying", "fast", "on_core", "tree"]

_START_SECONDS = 10.0


def cores() -> list[int]:
    """Return the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


_CORES = cores()
CLIENT_CORE = _CORES[0]
SERVER_CORE = _CORES[-1]


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """Let processes that are started inside run on one core; does nothing where unsupported."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def tree(folder: Path, bodies: Mapping[str, Callable[[], bytes]]) -> Path:
    """Write bodies to files by path, and return the folder."""
    for path, body in bodies.items():
        file = folder / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body())
    return folder


@contextmanager
def fast(folder: Path) -> Iterator[tuple[str, str]]:
    """Serve a folder as fast as can be; give its URL and the server's name."""
    nginx = shutil.which("nginx", path=os.pathsep.join((os.environ["PATH"], "/usr/sbin")))
    if nginx is None:
        with delaying(folder, 0.0) as url:
            yield url, "static_server.py"
        return
    port = _free_port()
    configuration = folder.with_name(f"{folder.name}.conf")
    configuration.write_text(_nginx_configuration(folder, port))
    command = [nginx, "-e", "stderr", "-p", str(folder), "-c", str(configuration)]
    with on_core(SERVER_CORE):
        process = subprocess.Popen([*command, "-g", "daemon off;"])
    try:
        _wait_for(port, process)
        yield f"http://127.0.0.1:{port}", "nginx"
    finally:
        process.terminate()
        process.wait()


@contextmanager
def delaying(folder: Path, latency: float) -> Iterator[str]:
    """Serve a folder with `latency` seconds added to each answer; give its URL."""
    command = [sys.executable, "-m", "benchmarks.static_server", str(folder)]
    with on_core(SERVER_CORE):
        process = subprocess.Popen(
            [*command, "--latency", str(latency)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.terminate()
        process.communicate()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise SystemExit("nginx did not start; see its message above, or take it off the PATH")


def _nginx_configuration(folder: Path, port: int) -> str:
    # A worker that changes its user could not read a folder of this user's.
    user = "user root;" if os.name == "posix" and os.geteuid() == 0 else ""
    scratch = "\n".join(
        f"    {kind}_temp_path {folder}/.tmp-{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "scgi", "uwsgi")
    )
    return f"""{user}
worker_processes 1;
pid {folder}/.pid;
error_log stderr warn;
events {{ worker_connections 4096; }}
http {{
{scratch}
    access_log off;
    sendfile on;
    tcp_nopush on;
    tcp_nodelay on;
    etag off;
    keepalive_requests 100000000;
    open_file_cache max=4096 inactive=60s;
    default_type application/json;
    server {{
        listen 127.0.0.1:{port} backlog=1024;
        root {folder};
        error_page 405 =200 $uri;
        location = /api/rest/v2/experiment/asset/get-asset {{
            default_type application/octet-stream;
            rewrite ^ /assets/$arg_assetId last;
        }}
        location /assets/ {{ default_type application/octet-stream; }}
    }}
}}
"""
