"""Ways to fail: the operations of a session, and servers that show a client its own secrets."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from urllib.parse import quote

from comet_async import Failed, RetryPolicy, Session, Timeouts, comet, domino
from comet_async.request import Blob, Request
from comet_async.server import FAULT_NAMES
from tests.faults.support_secrets import Shown
from tests.support.raw_server import Action, Heard, answer, raw

__all__ = [
    "ARGUMENTS",
    "BRIEF",
    "ECHOES",
    "FEW",
    "MAX_BODY",
    "OPERATIONS",
    "Operation",
    "echo",
    "signed",
    "target",
]

FEW = RetryPolicy(
    attempts=2, unreached_attempts=2, throttled_attempts=2, base=0.001, cap=0.001, longest_wait=0.02
)
BRIEF = Timeouts(
    connect=0.5, headers=0.1, idle=0.1, total=0.5, low_speed_bytes=50_000.0, low_speed_seconds=0.05
)
MAX_BODY = 400_000

ARGUMENTS: Mapping[str, float | str] = {
    "storm429": 1.0,
    "gzip_bomb": 32 << 20,
    "huge_string": 1 << 20,
    "slow_start": 1.0,
    "redirect": "loop",
}
"""Arguments of faults that would take long, or strike only sometimes, without one."""

assert set(ARGUMENTS) <= FAULT_NAMES

Operation = Callable[[Session, "Target", Path, Shown], Awaitable[list[BaseException]]]


class Target:
    """What the operations ask for: something in JSON, and octets."""

    json: Request[object]
    octets: Request[Blob]

    def __init__(
        self, experiment: str = "e1", asset_id: str = "a1", *, service: str = "comet"
    ) -> None:
        if service != "comet":
            self.json = domino.get_job_details(experiment)
            self.octets = domino.get_project_file_contents("p1", "c1", asset_id)
            return
        self.json = comet.get_experiment_asset_list(experiment)
        self.octets = comet.get_experiment_asset(asset_id, experiment_key=experiment)


async def target(session: Session) -> Target:
    """Return what a synthetic server has; of a service that it does not know, anything."""
    name = session.services[0].name
    if name != "comet":
        return Target(service=name)
    names = (await session.send(comet.get_workspaces())).workspace_names
    project = (await session.send(comet.get_projects(names[0]))).projects[0]
    listed = await session.send(comet.get_experiments(project_id=project.project_id))
    key = listed.experiments[0].experiment_key or ""
    assets = (await session.send(comet.get_experiment_asset_list(key))).assets
    return Target(key, assets[0].asset_id or "")


async def send(session: Session, goal: Target, folder: Path, shown: Shown) -> list[BaseException]:
    errors: list[BaseException] = []
    for call in (session.send(goal.json), session.send(goal.octets)):
        try:
            shown.note(await call)
        except Exception as error:  # noqa: BLE001 every one is judged
            errors.append(error)
    return errors


async def fan_out(
    session: Session, goal: Target, folder: Path, shown: Shown
) -> list[BaseException]:
    errors: list[BaseException] = []
    async with session.fan_out((n, goal.json) for n in range(3)) as outcomes:
        async for outcome in outcomes:
            shown.note(outcome)
            if isinstance(outcome, Failed):
                errors.append(outcome.error)
    return errors


async def download(
    session: Session, goal: Target, folder: Path, shown: Shown
) -> list[BaseException]:
    try:
        found = await session.download(
            goal.octets, folder / "file", overwrite=True, progress=shown.note
        )
    except Exception as error:  # noqa: BLE001 every one is judged
        return [error]
    shown.note(found)
    return []


async def download_many(
    session: Session, goal: Target, folder: Path, shown: Shown
) -> list[BaseException]:
    pairs = ((folder / f"file{n}", goal.octets) for n in range(2))
    async with session.download_many(pairs, overwrite=True) as outcomes:
        found = [outcome async for outcome in outcomes]
    shown.note(*found)
    return [outcome.error for outcome in found if isinstance(outcome, Failed)]


OPERATIONS: Mapping[str, Operation] = {
    "send": send,
    "fan_out": fan_out,
    "download": download,
    "download_many": download_many,
}


def _plain(key: str) -> str:
    return key


def _based(key: str) -> str:
    return base64.b64encode(key.encode()).decode()


def _half(key: str) -> str:
    return f"{key[: len(key) // 2]}..."


def _message(key: str) -> Action:
    return answer(b'{"msg": "no key %s", "code": 400}' % key.encode(), status="400 Bad Request")


def _page(key: str) -> Action:
    page = f"<html><title>{key}</title><form><input type=password value={key}></form></html>"
    return answer(page.encode(), headers=[("Content-Type", "text/html")])


def _text(key: str) -> Action:
    return answer(f"{'x' * 150} {key} {key}".encode(), status="500 Oops")


def _header(key: str) -> Action:
    headers = [("X-Request-Id", key), ("X-Key", key), ("Content-Type", key), ("ETag", f'"{key}"')]
    return answer(b"{}", status="403 Forbidden", headers=headers)


def _reason(key: str) -> Action:
    return answer(b"", status=f"404 {quote(key)}")


def _bad_status_line(key: str) -> Action:
    return raw(f"FTP {key} HTTP\r\n\r\n".encode())


def _bad_header(key: str) -> Action:
    return raw(f"HTTP/1.1 200 OK\r\nbad header {key}\r\n\r\n".encode())


def _bad_encoding(key: str) -> Action:
    return answer(b"x", headers=[("Content-Encoding", key)])


def _bad_length(key: str) -> Action:
    return raw(f"HTTP/1.1 200 OK\r\nContent-Length: {key}\r\n\r\n".encode())


def _bad_json(key: str) -> Action:
    return answer(f'{{"assets": [{{"assetId": "{key}", "fileSize": "{key}"}}], x'.encode())


def _wrong_type(key: str) -> Action:
    return answer(f'{{"assets": [{{"{key}": 1, "fileSize": "{key}"}}]}}'.encode())


def _message_200(key: str) -> Action:
    return answer(f'{{"msg": "{key}", "code": 400, "sdk_error_code": 90211}}'.encode())


def _cut(key: str) -> Action:
    return answer(f'{{"assets": "{key}'.encode(), length=10_000, close=True)


def _location(key: str) -> Action:
    return answer(status="302 Found", headers=[("Location", f"ftp://{key}.test/{key}?a={key}")])


def _bad_location(key: str) -> Action:
    return answer(status="302 Found", headers=[("Location", f"http://[{key}/{key}")])


_SAYINGS: Mapping[str, Callable[[str], Action]] = {
    maker.__name__.strip("_"): maker
    for maker in (
        _message,
        _page,
        _text,
        _header,
        _reason,
        _bad_status_line,
        _bad_header,
        _bad_encoding,
        _bad_length,
        _bad_json,
        _wrong_type,
        _message_200,
        _cut,
        _location,
        _bad_location,
    )
}
_SPELLINGS: Mapping[str, Callable[[str], str]] = {"plain": _plain, "base64": _based, "half": _half}

ECHOES = [f"{saying}-{spelling}" for saying in _SAYINGS for spelling in _SPELLINGS]
"""Names of servers that answer with the key that they were sent."""


def echo(name: str) -> Action:
    """Return the action that repeats the key that it was sent in one place and spelling."""
    saying, _, spelling = name.rpartition("-")

    async def act(heard: Heard, writer: asyncio.StreamWriter) -> None:
        sent = heard.headers.get("authorization") or heard.headers["x-domino-api-key"]
        key = _SPELLINGS[spelling](sent.removeprefix("Bearer "))
        await _SAYINGS[saying](key)(heard, writer)

    return act


def signed(url: str, signature: str) -> Action:
    """Return a redirect to object storage with a presigned query."""
    query = f"X-Amz-Credential={signature}%2F20260101&X-Amz-Signature={signature}&x={signature}"
    place = f"{url}/bucket/file?{query}"
    return answer(status="302 Found", headers=[("Location", place)])
