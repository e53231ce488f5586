"""What every command shares: which server, through what, how loudly."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click
import msgspec

from comet_async import comet
from comet_async.cli.exits import Exit, Quit
from comet_async.cli.output import say
from comet_async.engine.observing import log_events
from comet_async.engine.retry import RetryPolicy
from comet_async.engine.transport import Timeouts
from comet_async.events import Observer
from comet_async.redaction import printable
from comet_async.service import Service

if TYPE_CHECKING:
    from comet_async.engine.session import Session

__all__ = ["Connection", "connection", "log_to_stderr"]

_CONNECT = 10.0
_DOMINO_KEYS = ("DOMINO_USER_API_KEY", "DOMINO_TOKEN_FILE", "DOMINO_API_PROXY")


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """The options that stand before the command.

    Attributes:
        url: Root of the server, over every configured one.
        ca_bundle: File with CA certificates.
        proxy: Proxy URL, or "environment".
        verbose: Whether each request is logged to standard error.
    """

    url: str | None = None
    ca_bundle: str | None = None
    proxy: str | None = None
    verbose: bool = False

    def settings(self) -> comet.Settings:
        """Return the settings of all places.

        Raises:
            UsageError: A file or a value is unusable.
        """
        return comet.Settings.load(url_override=self.url)

    def service(self, settings: comet.Settings) -> Service:
        """Return the profile of the server that `settings` name.

        Raises:
            Quit: No key is configured.
            UsageError: A setting is unusable.
        """
        if settings.api_key is None:
            raise Quit(
                "no Comet API key; run `comet-async login`, or set COMET_API_KEY. "
                f"Looked at: {', '.join(settings.places)}",
                Exit.AUTH,
            )
        for sentence in settings.warnings:
            say(f"warning: {sentence}")
        return comet.service(url=self.url, tls=self.ca_bundle, proxy=self.proxy)

    def domino_service(self) -> Service:
        """Return the profile of the Domino deployment that the environment names.

        Raises:
            Quit: No key or token is configured.
            UsageError: There is no host, or a setting is unusable.
        """
        from comet_async import domino  # noqa: PLC0415 most commands do without it

        if not any(os.environ.get(name, "").strip() for name in _DOMINO_KEYS):
            raise Quit(f"no Domino key or token; set one of {', '.join(_DOMINO_KEYS)}", Exit.AUTH)
        return domino.service(host=self.url, tls=self.ca_bundle, proxy=self.proxy)

    def session(
        self,
        service: Service,
        settings: comet.Settings,
        *,
        observers: Iterable[Observer] = (),
        retry: RetryPolicy | None = None,
    ) -> Session:
        """Return a session for `service`, not yet entered."""
        from comet_async.engine.session import Session  # noqa: PLC0415 aiohttp is slow to import

        patience = Timeouts(connect=_CONNECT)
        if settings.timeout_api is not None:
            patience = msgspec.structs.replace(patience, total=settings.timeout_api.value)
        watchers = [*observers, log_events] if self.verbose else [*observers]
        return Session(service, observer=watchers, retry=retry, timeouts=patience)


def connection(ctx: click.Context) -> Connection:
    """Return what the options before the command say."""
    return ctx.find_object(Connection) or Connection()


class _OneLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return printable(super().format(record))


def log_to_stderr() -> None:
    """Send the package's log to standard error, one printable line for each event."""
    handler = logging.StreamHandler()
    handler.setFormatter(_OneLine("%(asctime)s %(message)s", "%H:%M:%S"))
    logger = logging.getLogger("comet_async")
    logger.handlers = [handler]
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
