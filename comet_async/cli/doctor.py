"""`comet-async doctor`: what is configured, from where, and whether it works."""

from __future__ import annotations

import platform
import time
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import TYPE_CHECKING

import click
import msgspec

from comet_async import comet
from comet_async.cli.commands import Command
from comet_async.cli.context import Connection, connection
from comet_async.cli.exits import Exit
from comet_async.cli.output import put, put_json
from comet_async.cli.running import run
from comet_async.cli.tables import Table, put_table
from comet_async.engine.retry import RetryPolicy
from comet_async.errors import AuthenticationError, CometAsyncError
from comet_async.redaction import bare_url, printable
from comet_async.service import Service

if TYPE_CHECKING:
    from comet_async.engine.session import Session

__all__ = ["Diagnosis", "doctor"]

_EXTRAS = {
    "harvest": ("pyarrow", "duckdb"),
    "speed": ("uvloop", "isal"),
    "notebook": ("tqdm", "ipywidgets"),
}
_PACKAGES = ("comet_async", "aiohttp", "msgspec", "anyio")
_PATIENCE = 15.0


class Found(msgspec.Struct, frozen=True, omit_defaults=True):
    """A setting in use: where it comes from, and its value unless that is secret."""

    source: str
    value: str | None = None


class Diagnosis(msgspec.Struct, kw_only=True):
    """What the doctor found.

    Attributes:
        api_key: Where the key comes from; its value is never here.
        url: Server in use.
        workspace: Workspace in use, if any.
        project: Project in use, if any.
        reachable: Whether the server answers as an API.
        server_version: What it says of itself.
        milliseconds: Time of one exchange, connection included.
        key_works: Whether the server accepts the key; None when that could not be asked.
        user: User whom the key belongs to.
        problems: What is wrong, in sentences.
        warnings: What should be changed.
        versions: Versions by package.
        extras: Whether each optional extra is complete.
    """

    api_key: Found | None
    url: Found
    workspace: Found | None
    project: Found | None
    reachable: bool = False
    server_version: str | None = None
    milliseconds: int | None = None
    key_works: bool | None = None
    user: str | None = None
    problems: list[str] = msgspec.field(default_factory=list[str])
    warnings: tuple[str, ...] = ()
    versions: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    extras: dict[str, bool] = msgspec.field(default_factory=dict[str, bool])

    @property
    def exit_code(self) -> Exit:
        """0 when all is well, 1 when the server cannot be reached, 4 when the key fails."""
        if not self.reachable:
            return Exit.FAILED
        return Exit.OK if self.key_works else Exit.AUTH


@click.command(cls=Command)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> int:  # noqa: FBT001 click passes it by name
    """Tell which key, URL and workspace are in use, and whether the key works.

    The key itself is never shown. Exit code 0: all is well; 1: the server cannot be reached; 4:
    there is no key, or the server does not accept it.
    """
    found = _diagnose(connection(ctx))
    if as_json:
        put_json(found)
    else:
        put_table(Table(("setting", "value", "source"), _rows(found)))
        for sentence in (*found.problems, *(f"warning: {w}" for w in found.warnings)):
            put(sentence)
    return found.exit_code


doctor.examples = (
    "comet-async doctor",
    "comet-async doctor --json",
    "comet-async --url https://comet.example.com --ca-bundle ca.pem doctor",
)


def _diagnose(options: Connection) -> Diagnosis:
    settings = options.settings()
    # Without a key the server can still be asked for its version.
    key = None if settings.api_key else "none"
    service = comet.service(key, url=options.url, tls=options.ca_bundle, proxy=options.proxy)
    if settings.api_key is None:
        service = msgspec.structs.replace(service, credentials=None)
    found = Diagnosis(
        api_key=None if settings.api_key is None else Found(settings.api_key.source),
        url=Found(_url_source(settings, service), bare_url(service.base_url)),
        workspace=_found(settings.workspace),
        project=_found(settings.project_name),
        warnings=settings.warnings,
        versions={"python": platform.python_version(), **_versions()},
        extras={name: all(map(_present, modules)) for name, modules in _EXTRAS.items()},
    )

    async def work() -> int:
        once = RetryPolicy(attempts=1, unreached_attempts=1, throttled_attempts=2)
        async with options.session(service, settings, retry=once) as session:
            await _ask_version(session, found)
            if found.reachable and settings.api_key is not None:
                await _ask_account(session, found)
        return Exit.OK

    if run(work) != Exit.OK:
        raise click.Abort
    if settings.api_key is None:
        found.problems.append("no API key: run `comet-async login`, or set COMET_API_KEY")
    return found


def _url_source(settings: comet.Settings, service: Service) -> str:
    if settings.url_override is not None:
        return (
            "--url" if settings.url_override.source == "argument" else settings.url_override.source
        )
    default = service.base_url == comet.DEFAULT_URL
    return "default" if default else "inside the API key"


def _found(setting: comet.Setting[str] | None) -> Found | None:
    return None if setting is None else Found(setting.source, setting.value)


def _versions() -> dict[str, str]:
    found: dict[str, str] = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed as a package"
    return found


def _present(module: str) -> bool:
    return find_spec(module) is not None


async def _ask_version(session: Session, found: Diagnosis) -> None:
    began = time.monotonic()
    try:
        answer = await session.send(comet.get_backend_version().with_timeout(_PATIENCE))
    except CometAsyncError as error:
        # Any verdict of the API itself, as on a key, shows that it is there.
        found.reachable = isinstance(error, AuthenticationError)
        if not found.reachable:
            found.problems.append(f"the server cannot be used: {error}")
        return
    found.reachable = True
    found.milliseconds = round((time.monotonic() - began) * 1000)
    found.server_version = answer.version


async def _ask_account(session: Session, found: Diagnosis) -> None:
    try:
        account = await session.send(comet.get_account_details().with_timeout(_PATIENCE))
    except AuthenticationError as error:
        found.key_works = False
        found.problems.append(f"the server does not accept the key: {error.message}")
    except CometAsyncError as error:
        found.reachable = False
        found.problems.append(f"the server cannot be used: {error}")
    else:
        found.key_works = True
        found.user = account.user_name


def _rows(found: Diagnosis) -> list[list[str]]:
    def told(setting: Found | None) -> tuple[str, str]:
        return ("not set", "") if setting is None else (setting.value or "***", setting.source)

    reach = f"yes, {found.milliseconds} ms" if found.milliseconds is not None else "yes"
    works = {True: f"yes, user {found.user}", False: "no", None: "not known"}
    rows = [
        ["API key", *told(found.api_key)],
        ["URL", *told(found.url)],
        ["workspace", *told(found.workspace)],
        ["project", *told(found.project)],
        ["reachable", reach if found.reachable else "no", ""],
        ["server version", found.server_version or "not known", ""],
        ["key works", works[found.key_works], ""],
        *([name, number, ""] for name, number in found.versions.items()),
        *(
            [f"extra {name}", "complete" if ok else "absent", ""]
            for name, ok in found.extras.items()
        ),
    ]
    return [[printable(text) for text in row] for row in rows]
