"""One call of an endpoint: send, then print or store the answer."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
import click
import msgspec

from comet_async import comet
from comet_async.cli.arguments import option_name
from comet_async.cli.catalogues import Catalogue
from comet_async.cli.context import Connection
from comet_async.cli.exits import Exit, Quit
from comet_async.cli.output import is_terminal, json_text, note, put_bytes, put_json, safe_json
from comet_async.cli.running import run
from comet_async.cli.tables import put_table, table_of
from comet_async.engine.part_file import PartFile, checked_folder
from comet_async.errors import UsageError
from comet_async.pace import Pace
from comet_async.paging import Paged
from comet_async.progress import RichProgress, View, can_move
from comet_async.request import Blob, Effect, Request
from comet_async.service import Service

if TYPE_CHECKING:
    from comet_async.engine.session import Session

__all__ = ["Delivery", "Target", "call_endpoint"]

T = TypeVar("T")

_STDOUT = Path("-")


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """Where an answer goes, and in which form.

    Attributes:
        table: As a table.
        raw: As the server's body.
        output: Into a file; "-" and None are standard output.
        force: Replace an existing file.
        every_page: Fetch every page of a listing.
        timeout: Seconds for the exchange.
        agreed: Change the server's state without asking.
        newer_path: Ask at the path that newer servers have.
    """

    table: bool = False
    raw: bool = False
    output: Path | None = None
    force: bool = False
    every_page: bool = False
    timeout: float | None = None
    agreed: bool = False
    newer_path: bool = False

    @property
    def file(self) -> Path | None:
        """The file to write, None for standard output."""
        return None if self.output == _STDOUT else self.output


class Target(msgspec.Struct, frozen=True):
    """What is called.

    Attributes:
        connection: The options before the command.
        settings: Comet's settings; None for another service.
        catalogue: The service's endpoints.
    """

    connection: Connection
    settings: comet.Settings | None
    catalogue: Catalogue

    def service(self) -> Service:
        """Return the profile of the server.

        Raises:
            Quit: No key is configured.
            UsageError: A setting is unusable.
        """
        if self.settings is None:
            return self.connection.domino()
        return self.connection.service(self.settings)

    def session(self, service: Service) -> Session:
        """Return a session for `service`, not yet entered, which says its waits."""
        return self.connection.session(service, self.settings, observers=[Pace(note=note)])


def call_endpoint(
    target: Target,
    name: str,
    values: Mapping[str, object],
    delivery: Delivery,
    again: str,
) -> int:
    """Call the endpoint `name` with `values`, deliver its answer, and return an exit code.

    Args:
        target: What is called.
        name: The endpoint.
        values: Its arguments.
        delivery: Where the answer goes.
        again: The command line, for whoever stops it.

    Raises:
        CometAsyncError: As `Session.send` and `Session.download` do.
        Quit: The answer cannot be delivered as asked.
    """
    request = _request(target.catalogue, name, values, delivery)
    _check(request, delivery)
    service = target.service()
    _agree(name, request, delivery)

    async def work() -> int:
        async with target.session(service) as session:
            if request.answer is Blob:
                await _deliver_blob(session, request, delivery)
            elif delivery.every_page:
                paged = target.catalogue.paged[name](**values)
                await _deliver(await _every(session, paged), delivery)
            elif delivery.raw:
                await _deliver_raw(await _raw(session, request), delivery)
            else:
                await _deliver(await _sent(session, request), delivery)
        return Exit.OK

    return run(work, lambda: _stopped(name, request, again))


def _stopped(name: str, request: Request[Any], again: str) -> str:
    """Return what is said when a call was stopped."""
    if request.effect is Effect.READ:
        return f"stopped: nothing was changed or written; to ask again: {again}"
    return f"stopped: whether {name} took effect is not known; to do it once more: {again}"


def _request(
    catalogue: Catalogue, name: str, values: Mapping[str, object], delivery: Delivery
) -> Request[Any]:
    if delivery.every_page:
        try:
            request: Request[Any] = catalogue.paged[name](**values).first
        except TypeError as error:
            unknown = str(error).partition("argument ")[2].strip("'") or "an option"
            message = f"--all walks the pages itself; leave {option_name(unknown)} out"
            raise UsageError(message) from None
    else:
        request = catalogue.endpoints[name](**values)
    if delivery.newer_path:
        request = catalogue.moved(request)
    return request if delivery.timeout is None else request.with_timeout(delivery.timeout)


def _check(request: Request[Any], delivery: Delivery) -> None:
    """Refuse what cannot be delivered, before anything is sent."""
    if delivery.table and delivery.raw:
        raise UsageError("--table and --raw exclude each other")
    if delivery.raw and delivery.every_page:
        raise UsageError("--raw and --all exclude each other: there is a body for each page")
    if request.answer is Blob and delivery.table:
        raise UsageError("the answer is octets, not a table; give -o FILE")
    if request.answer is Blob and delivery.file is None and is_terminal(sys.stdout):
        raise Quit("the answer is octets, which no terminal shows; give -o FILE", Exit.USAGE)
    if delivery.file is not None:
        checked_folder(delivery.file)
        if delivery.file.exists() and not delivery.force:
            raise Quit(f"{delivery.file} exists; give --force to replace it", Exit.USAGE)


def _agree(name: str, request: Request[Any], delivery: Delivery) -> None:
    """Ask before the server's state is changed.

    Raises:
        Quit: There is nobody to ask, or the answer is no.
    """
    if request.effect is Effect.READ or delivery.agreed:
        return
    if not is_terminal(sys.stdin) or not is_terminal(sys.stderr):
        raise Quit(f"{name} changes the server's state; give --yes to do it", Exit.USAGE)
    if not click.confirm(f"{name} changes the server's state. Do it?", err=True):
        raise Quit("nothing was sent", Exit.FAILED)


async def _every(session: Session, paged: Paged[Any, Any]) -> list[object]:
    """Return the items of all pages, and show how many have come."""
    items: list[object] = []
    with RichProgress(transient=True) if can_move(sys.stderr) else View() as shown:
        async for item in session.items(paged):
            items.append(item)
            shown.finished("items", 1, 0)
    return items


async def _sent(session: Session, request: Request[T]) -> T:
    """Send, and show how much of a file has left."""
    if request.upload is None or not can_move(sys.stderr):
        return await session.send(request)
    with RichProgress() as shown:
        return await session.send(request, progress=shown.download)


async def _raw(session: Session, request: Request[Any]) -> bytes:
    """Return the body of the answer, the key masked; a write may be acknowledged without one."""
    bodies: list[bytes] = []
    asked = request if request.answer is type(None) else request.returning(bytes)
    await _sent(session, asked.tapped(bodies.append))
    return b"".join(bodies)


async def _deliver_blob(session: Session, request: Request[Blob], delivery: Delivery) -> None:
    if delivery.file is None:
        put_bytes((await session.send(request)).data)
        return
    with RichProgress() if can_move(sys.stderr) else View() as shown:
        done = await session.download(
            request, delivery.file, overwrite=delivery.force, progress=shown.download
        )
    checked = "checksum verified" if done.verified else "no checksum to compare"
    note(f"wrote {done.path}: {done.size} bytes, sha256 {done.sha256}, {checked}")


async def _deliver_raw(body: bytes, delivery: Delivery) -> None:
    if delivery.file is not None:
        await anyio.to_thread.run_sync(_store, delivery.file, body)
    else:
        put_bytes(safe_json(body).encode() if is_terminal(sys.stdout) else body)


async def _deliver(answer: object, delivery: Delivery) -> None:
    if delivery.file is not None:
        text = (json_text(answer) + "\n").encode()
        await anyio.to_thread.run_sync(_store, delivery.file, text)
    elif delivery.table:
        put_table(table_of(answer))
    else:
        put_json(answer)


def _store(path: Path, data: bytes) -> None:
    part = PartFile(path)
    try:
        part.open(len(data))
        part.write([data])
        part.finish(durable=False)
    except BaseException:
        part.discard()
        raise
    note(f"wrote {path}: {len(data)} bytes")
