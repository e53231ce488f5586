"""The Domino service as a session needs it: host, key or token, limits, and how it words errors."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import msgspec

from comet_async.credentials import Credentials, FileKey, Secret, StaticKey, without_frames
from comet_async.domino.common import SERVICE
from comet_async.domino.removed import advice
from comet_async.errors import UsageError
from comet_async.redaction import bare_url
from comet_async.service import Limits, ServerMessage, Service, Tls, checked_base_url

__all__ = ["DEFAULT_LIMITS", "host_url", "read_failure", "service"]

DEFAULT_LIMITS = Limits(rate=20.0, burst=40, concurrency=32)
"""20 requests per second in the long run, 32 at once; no document names a quota."""


class _Access(msgspec.Struct, frozen=True, kw_only=True):
    """How a server is reached: at most one of key, token and proxy."""

    key: Credentials | None = None
    token: Credentials | None = None
    api_proxy: str | None = None


def service(
    key: str | Secret | Credentials | None = None,
    *,
    host: str | None = None,
    token: str | Secret | Credentials | None = None,
    token_file: Path | str | None = None,
    api_proxy: str | None = None,
    limits: Limits | None = None,
    headers: Mapping[str, str] | None = None,
    tls: Tls = None,
    proxy: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> Service:
    """Return the profile of a Domino deployment.

    Give at most one of `key`, `token`, `token_file` and `api_proxy`. Without any, the environment
    decides, in this order: `DOMINO_API_PROXY`, `DOMINO_TOKEN_FILE`, `DOMINO_USER_API_KEY`.
    Certificates are always checked, also where `DOMINO_VERIFY_CERTIFICATE` says otherwise: name
    your own CA by `tls`.

    Args:
        key: API key, sent as `X-Domino-Api-Key`, or a hook that gives it at each attempt.
        host: Root of the deployment; only its scheme, host and port count. Default
            `DOMINO_API_HOST`, then `DOMINO_USER_HOST`.
        token: Personal access token, token of a service account or of a run, sent as
            `Authorization: Bearer`; or a hook that gives it at each attempt.
        token_file: File whose first line is such a token; it is read again when it changes.
        api_proxy: The proxy inside a run, as "localhost:8899" or with "http://" in front: it takes
            the place of the host and adds the credentials itself. It drops idle connections, so
            each request has its own.
        limits: How hard the deployment may be driven.
        headers: Further headers for every request, as a gateway may want.
        tls: CA bundle or SSL context.
        proxy: Proxy URL of the network; default none.
        environ: Environment variables; default those of the process.

    Raises:
        UsageError: There is no host or no key anywhere, too many are given, or one is unusable.

    >>> service("KEY", host="https://domino.example.com/u/me")
    <Service domino https://domino.example.com>
    """
    variables = os.environ if environ is None else environ
    try:
        access = _access(key, token, token_file, api_proxy, variables)
    finally:
        del key, token, environ  # no frame of an error may show a key
    if access.api_proxy is not None:
        base_url = host_url(access.api_proxy, default_scheme="http")
    else:
        base_url = host_url(_named_host(host, variables))
    return Service(
        name=SERVICE,
        base_url=base_url,
        credentials=access.key or access.token,
        auth_header="Authorization" if access.key is None else "X-Domino-Api-Key",
        auth_prefix="" if access.key is not None else "Bearer ",
        headers=tuple((headers or {}).items()),
        limits={"default": limits or DEFAULT_LIMITS},
        read_refusal=read_failure,
        advice=advice,
        keep_connections=access.api_proxy is None,
        tls=tls,
        proxy=proxy,
    )


@without_frames
def _access(
    key: str | Secret | Credentials | None,
    token: str | Secret | Credentials | None,
    token_file: Path | str | None,
    api_proxy: str | None,
    environ: Mapping[str, str],
) -> _Access:
    if sum(given is not None for given in (key, token, token_file, api_proxy)) > 1:
        raise UsageError("give at most one of key, token, token_file and api_proxy")
    if api_proxy is not None:
        return _Access(api_proxy=api_proxy)
    if token is not None:
        return _Access(token=_hook(token, "the given token"))
    if token_file is not None:
        return _Access(token=FileKey(Path(token_file), first_line=True))
    if key is not None:
        return _Access(key=_hook(key, "the given key"))
    return _from_environment(environ)


@without_frames
def _from_environment(environ: Mapping[str, str]) -> _Access:
    named = {
        name: environ[name].strip()
        for name in ("DOMINO_API_PROXY", "DOMINO_TOKEN_FILE", "DOMINO_USER_API_KEY")
        if environ.get(name, "").strip()
    }
    if "DOMINO_API_PROXY" in named:
        return _Access(api_proxy=named["DOMINO_API_PROXY"])
    if "DOMINO_TOKEN_FILE" in named:
        return _Access(token=FileKey(Path(named["DOMINO_TOKEN_FILE"]), first_line=True))
    if "DOMINO_USER_API_KEY" in named:
        origin = "the environment variable DOMINO_USER_API_KEY"
        return _Access(key=StaticKey(named["DOMINO_USER_API_KEY"], origin=origin))
    raise UsageError(
        "no Domino key or token; give one, or set DOMINO_USER_API_KEY, DOMINO_TOKEN_FILE or "
        "DOMINO_API_PROXY"
    )


@without_frames
def _hook(given: str | Secret | Credentials, origin: str) -> Credentials:
    return given if callable(given) else StaticKey(given, origin=origin)


def _named_host(host: str | None, environ: Mapping[str, str]) -> str:
    found = host or environ.get("DOMINO_API_HOST") or environ.get("DOMINO_USER_HOST")
    if not found or not found.strip():
        raise UsageError("no Domino host; give one, or set DOMINO_API_HOST")
    return found


def host_url(url: str, *, default_scheme: str = "https") -> str:
    """Return the root of a deployment: scheme, host and port of a URL, whatever stands behind.

    Args:
        url: A URL of the deployment, or its host with or without a port.
        default_scheme: Scheme of what has none.

    Raises:
        UsageError: It is no http or https URL, or carries credentials.

    >>> host_url("domino.example.com:8443/projects"), host_url("http://localhost:8899/")
    ('https://domino.example.com:8443', 'http://localhost:8899')
    """
    bare = url.strip()
    whole = bare if "://" in bare else f"{default_scheme}://{bare}"
    try:
        parts = urlsplit(whole)
    except ValueError:
        raise UsageError(f"{bare_url(whole)} is not a URL") from None
    return checked_base_url(f"{parts.scheme}://{parts.netloc}")


class _Failure(msgspec.Struct, frozen=True, rename="camel"):
    request_id: object = None
    errors: object = None
    message: object = None
    error: object = None


_FAILURE = msgspec.json.Decoder(_Failure)
_BOM = b"\xef\xbb\xbf"


def read_failure(body: bytes) -> ServerMessage | None:
    """Return what the body of a status of 400 or above says, or None when it is anything else.

    There are three shapes: `errors`, a list of sentences, with `requestId`; `message`, of a
    malformed body; and `error`.

    Args:
        body: The whole body.

    >>> read_failure(b'{"requestId": "r1", "errors": ["no such job"]}').text
    'no such job'
    """
    try:
        found = _FAILURE.decode(body.removeprefix(_BOM))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    errors = found.errors
    listed = cast("list[object]", errors) if isinstance(errors, list) else None
    told = [found.message, found.error] if listed is None else listed
    sentences = [text for text in told if isinstance(text, str) and text.strip()]
    if not sentences:
        return None
    named = found.request_id if isinstance(found.request_id, str) else None
    return ServerMessage(text="; ".join(sentences), request_id=named or None)
