"""Where settings come from: arguments, environment, `.env`, config files.

The first place that has a setting wins, one setting at a time, in this order: argument; process
environment; `.env` in the working directory; the file that COMET_CONFIG names (or the folder that
holds its `.comet.config`; COMET_INI is the old name); `./.comet.config`; `.comet.config` in the
mounted drive of a notebook service; `~/.comet.config`; for the key alone `~/.comet_rest_key`.

A file is INI: `[comet]` with `api_key`, and sections such as `[comet_timeout]` with `api`, for the
variables COMET_API_KEY and COMET_TIMEOUT_API.
"""

from __future__ import annotations

import configparser
import io
import os
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Generic, Protocol, TypeVar
from urllib.parse import urlsplit

import dotenv
import msgspec

from comet_async.credentials import Secret, without_frames
from comet_async.errors import UsageError
from comet_async.redaction import printable

__all__ = ["Setting", "Settings", "environment_proxy", "read_config_text"]

T = TypeVar("T")

_CONFIG_NAME = ".comet.config"
_DRIVE = Path("/content/drive/MyDrive")
_OTHERS = 0o077
_PREFIX = "COMET_"


class Setting(msgspec.Struct, Generic[T], frozen=True):
    """One setting.

    Attributes:
        value: Its value.
        source: Where it came from, as "environment variable COMET_API_KEY" or a file's path.
    """

    value: T
    source: str


class _Layer(msgspec.Struct, frozen=True):
    """One place: what it is called, and what it holds by variable name."""

    place: str
    source: str
    values: Mapping[str, str]
    warnings: tuple[str, ...] = ()


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What is configured, each value with its source; None where no place has it.

    Attributes:
        api_key: The key.
        workspace: Workspace to use where none is named.
        project_name: Project to use where none is named.
        url_override: URL of the server.
        experiment_key: Experiment to use where none is named.
        timeout_api: Seconds for one request.
        allow_header_name: Name of one further header, for gateways.
        allow_header_value: Its value.
        places: Places looked at, in order.
        warnings: Sentences about files that others can read, and the like.
    """

    api_key: Setting[Secret] | None = None
    workspace: Setting[str] | None = None
    project_name: Setting[str] | None = None
    url_override: Setting[str] | None = None
    experiment_key: Setting[str] | None = None
    timeout_api: Setting[float] | None = None
    allow_header_name: Setting[str] | None = None
    allow_header_value: Setting[Secret] | None = None
    places: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @classmethod
    @without_frames
    def load(
        cls,
        *,
        environ: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        home: Path | None = None,
        api_key: str | Secret | None = None,
        workspace: str | None = None,
        project_name: str | None = None,
        url_override: str | None = None,
        experiment_key: str | None = None,
        timeout_api: float | None = None,
    ) -> Settings:
        """Return the settings of all places merged.

        Args:
            environ: Environment variables; default those of the process.
            cwd: Working directory; default that of the process.
            home: Home directory; default the user's.
            api_key: The key, over every place.
            workspace: As above.
            project_name: As above.
            url_override: As above.
            experiment_key: As above.
            timeout_api: Seconds, as above.

        Raises:
            UsageError: A file cannot be read or is no INI file, or a value is unusable.
        """
        layers = tuple(
            _layers(
                os.environ if environ is None else environ,
                Path.cwd() if cwd is None else cwd,
                _home() if home is None else home,
            )
        )
        given = None if timeout_api is None else str(timeout_api)
        return cls(
            api_key=_secret(layers, "COMET_API_KEY", api_key),
            workspace=_found(layers, "COMET_WORKSPACE", workspace),
            project_name=_found(layers, "COMET_PROJECT_NAME", project_name),
            url_override=_found(layers, "COMET_URL_OVERRIDE", url_override),
            experiment_key=_found(layers, "COMET_EXPERIMENT_KEY", experiment_key),
            timeout_api=_seconds(_found(layers, "COMET_TIMEOUT_API", given)),
            allow_header_name=_found(layers, "COMET_ALLOW_HEADER_NAME", None),
            allow_header_value=_secret(layers, "COMET_ALLOW_HEADER_VALUE", None),
            places=tuple(layer.place for layer in layers),
            warnings=tuple(sentence for layer in layers for sentence in layer.warnings),
        )

    def required_api_key(self) -> Setting[Secret]:
        """Return the key.

        Raises:
            UsageError: No place has one; the message lists the places.
        """
        if self.api_key is None:
            raise UsageError(
                "no Comet API key; set COMET_API_KEY or write ~/.comet.config. "
                f"Looked at: {', '.join(self.places)}"
            )
        return self.api_key


def _home() -> Path | None:
    try:
        return Path.home()
    except RuntimeError:
        return None


def _layers(environ: Mapping[str, str], cwd: Path, home: Path | None) -> Iterator[_Layer]:
    """Read the places in order; a file that does not exist is a place without values."""
    yield _Layer("environment", "environment variable", environ)
    yield _file_layer("./.env", cwd / ".env", _dotenv_values)
    named = environ.get("COMET_CONFIG") or environ.get("COMET_INI")
    if named:
        yield _named_layer(_config_path(named, cwd, home))
    yield _file_layer(f"./{_CONFIG_NAME}", cwd / _CONFIG_NAME, read_config_text)
    yield _file_layer(str(_DRIVE / _CONFIG_NAME), _DRIVE / _CONFIG_NAME, read_config_text)
    if home is not None:
        yield _file_layer(f"~/{_CONFIG_NAME}", home / _CONFIG_NAME, read_config_text)
        yield _file_layer("~/.comet_rest_key", home / ".comet_rest_key", _key_only)


def _config_path(named: str, cwd: Path, home: Path | None) -> Path:
    if home is not None and (named == "~" or named.startswith("~/")):
        path = home / named[2:]
    else:
        path = cwd / named
    return path / _CONFIG_NAME if path.is_dir() else path


def _named_layer(path: Path) -> _Layer:
    layer = _file_layer(f"COMET_CONFIG ({printable(str(path))})", path, read_config_text)
    if path.exists():
        return layer
    sentence = f"COMET_CONFIG names {printable(str(path))}, which does not exist"
    return msgspec.structs.replace(layer, warnings=(sentence,))


class _Reader(Protocol):
    def __call__(self, text: str, path: Path, /) -> Mapping[str, str]: ...


def _file_layer(place: str, path: Path, reader: _Reader) -> _Layer:
    shown = printable(str(path))
    try:
        text = path.read_text("utf-8-sig")
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return _Layer(place, shown, {})
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise UsageError(f"cannot read {shown}: {reason}; correct or remove the file") from None
    values = reader(text, path)
    exposed = os.name == "posix" and mode & _OTHERS and values.get("COMET_API_KEY", "").strip()
    warning = f"{shown} holds an API key and is open to other users; run: chmod 600 {shown}"
    return _Layer(place, shown, values, (warning,) if exposed else ())


def _dotenv_values(text: str, path: Path) -> dict[str, str]:
    del path
    found = dotenv.dotenv_values(stream=io.StringIO(text), interpolate=False)
    return {name: value for name, value in found.items() if value is not None}


def _key_only(text: str, path: Path) -> dict[str, str]:
    del path
    return {"COMET_API_KEY": text}


def read_config_text(text: str, path: Path) -> dict[str, str]:
    """Return the settings in the text of a config file, by environment variable name.

    Args:
        text: The whole file.
        path: Where it stands, for errors.

    Raises:
        UsageError: It is no INI file; the message names file and line, never their content.
    """
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error as error:
        line = getattr(error, "lineno", None) or next(iter(getattr(error, "errors", ())), (0,))[0]
        raise UsageError(
            f"{printable(str(path))}, line {line}: not an INI file; "
            "write [comet] above settings such as workspace = NAME"
        ) from None
    return {
        f"{section}_{name}".upper(): value
        for section in parser.sections()
        for name, value in parser.items(section)
    }


def _found(layers: tuple[_Layer, ...], name: str, given: str | None) -> Setting[str] | None:
    if given is not None:
        return Setting(given, "argument")
    for layer in layers:
        value = layer.values.get(name, "").strip()
        if value:
            is_variable = layer.source == "environment variable"
            return Setting(
                _unquoted(value), f"{layer.source} {name}" if is_variable else layer.source
            )
    return None


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return value


def _secret(
    layers: tuple[_Layer, ...], name: str, given: str | Secret | None
) -> Setting[Secret] | None:
    if isinstance(given, Secret):
        return Setting(given, "argument")
    found = _found(layers, name, given)
    if found is None:
        return None
    return Setting(Secret(found.value, origin=f"{name} ({found.source})"), found.source)


def _seconds(found: Setting[str] | None) -> Setting[float] | None:
    if found is None:
        return None
    try:
        seconds = float(found.value)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise UsageError(f"COMET_TIMEOUT_API ({found.source}) is no number of seconds above 0")
    return Setting(seconds, found.source)


def environment_proxy(url: str, environ: Mapping[str, str] | None = None) -> str | None:
    """Return the proxy that the environment or the system names for a URL, if any.

    Args:
        url: The server's URL.
        environ: Environment variables; default those of the process, then the system's settings.

    Returns:
        The proxy of the URL's scheme, unless no_proxy lists the host. netrc is never read.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if environ is None:
        bypass = bool(urllib.request.proxy_bypass(host))
        proxies = urllib.request.getproxies()
    else:
        proxies = _named_proxies(environ)
        bypass = _bypassed(host, parts.netloc, proxies.get("no", ""))
    return None if bypass else proxies.get(parts.scheme) or proxies.get("all")


def _bypassed(host: str, netloc: str, listed: str) -> bool:
    names = {name.strip().lstrip(".").lower() for name in listed.split(",")} - {""}
    return (
        "*" in names
        or netloc.lower() in names
        or any(host == name or host.endswith(f".{name}") for name in names)
    )


def _named_proxies(environ: Mapping[str, str]) -> dict[str, str]:
    """Return proxies by scheme; a name in lower case wins, as everywhere else."""
    found: dict[str, str] = {}
    for lower in (False, True):
        for name, value in environ.items():
            if value and name.lower().endswith("_proxy") and name.islower() == lower:
                found[name.lower().removesuffix("_proxy")] = value
    return found
