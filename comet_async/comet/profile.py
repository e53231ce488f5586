"""The Comet service as a session needs it: URL, key, limits, and how it words its messages."""

from __future__ import annotations

import base64
import binascii
import functools
from collections.abc import Mapping
from pathlib import Path

import msgspec

from comet_async.comet.common import SERVICE
from comet_async.comet.configuration import Setting, Settings, environment_proxy
from comet_async.credentials import Credentials, Secret, StaticKey, without_frames
from comet_async.errors import UsageError
from comet_async.request import Blob, Request
from comet_async.service import (
    Limits,
    Quota,
    ServerMessage,
    Service,
    Tls,
    checked_base_url,
)

__all__ = ["BUCKETS", "DEFAULT_LIMITS", "DEFAULT_URL", "read_message", "root_url", "service"]

DEFAULT_URL = "https://www.comet.com"

DEFAULT_LIMITS = Limits(quotas=(Quota(15_000, 3600.0),), rate=20.0, burst=200, concurrency=64)
"""15,000 requests in any hour, 20 per second in the long run, 64 at once.

The first 200 after ten quiet seconds wait for no rate: a listing of 50 projects, or a question to
each of 200 experiments, is over before smoothing would have begun; the listing takes one round.
"""

BUCKETS = ("default", "download", "chart", "write")
"""Classes of endpoints that may have limits of their own."""

_KEY_LENGTH = 25
_FAILED_FROM = 400
_REFUSED = 401
_CHART = "/api/rest/v2/experiments/multi-metric-chart"


def service(
    api_key: str | Secret | Credentials | None = None,
    *,
    url: str | None = None,
    limits: Limits | Mapping[str, Limits] | None = None,
    headers: Mapping[str, str] | None = None,
    tls: Tls = None,
    proxy: str | None = None,
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    home: Path | None = None,
) -> Service:
    """Return the profile of a Comet server.

    What is not given comes from the places that `Settings` reads; with key and URL both given
    nothing is read.

    Args:
        api_key: The key, or a hook that gives it at each attempt. A key that carries its server's
            URL is sent whole; that URL counts where no other is configured.
        url: Root of the server, also with "/clientlib" or "/api/rest/v2" behind it; default
            https://www.comet.com.
        limits: Limits for everything, or by class of endpoint: "default", "download", "chart",
            "write". A class without an entry shares the bucket "default", for an hourly quota
            counts all of them together.
        headers: Further headers for every request, as a gateway may want.
        tls: CA bundle or SSL context.
        proxy: Proxy URL; "environment" takes what the environment or the system names; default
            none.
        environ: Environment variables; default those of the process.
        cwd: Working directory; default that of the process.
        home: Home directory; default the user's.

    Raises:
        UsageError: There is no key anywhere, or a setting is unusable.

    >>> service("KEY", url="https://comet.example.com/clientlib/")
    <Service comet https://comet.example.com>
    """
    try:
        return _service(
            api_key,
            url=url,
            limits=limits,
            headers=headers,
            tls=tls,
            proxy=proxy,
            environ=environ,
            cwd=cwd,
            home=home,
        )
    finally:
        del api_key, environ  # no frame of an error may show a key


@without_frames
def _service(
    api_key: str | Secret | Credentials | None,
    *,
    url: str | None,
    limits: Limits | Mapping[str, Limits] | None,
    headers: Mapping[str, str] | None,
    tls: Tls,
    proxy: str | None,
    environ: Mapping[str, str] | None,
    cwd: Path | None,
    home: Path | None,
) -> Service:
    hook = api_key if callable(api_key) else None
    key = None if api_key is None or callable(api_key) else _as_secret(api_key)
    found = Settings(
        api_key=None if key is None else Setting(key, "argument"),
        url_override=None if url is None else Setting(url, "argument"),
    )
    if url is None or api_key is None:
        found = Settings.load(environ=environ, cwd=cwd, home=home, api_key=key, url_override=url)
    secret = found.required_api_key() if hook is None else None
    base_url = _base_url(found.url_override, secret)
    by_class = _by_class(limits)
    return Service(
        name=SERVICE,
        base_url=base_url,
        credentials=hook if secret is None else StaticKey(secret.value, origin=secret.source),
        headers=tuple({**_gateway_header(found), **(headers or {})}.items()),
        limits=by_class,
        bucket_of=functools.partial(_bucket_of, frozenset(by_class)),
        read_message=read_message,
        advice=_advice,
        retry_after_headers=("Retry-After", "Retry-After-Custom"),
        tls=tls,
        proxy=environment_proxy(base_url, environ) if proxy == "environment" else proxy,
    )


def _advice(request: Request[object], status: int) -> str | None:
    del request
    return "`comet-async doctor` tells where the key comes from" if status == _REFUSED else None


def _as_secret(key: str | Secret) -> Secret:
    return key if isinstance(key, Secret) else Secret(key)


def _gateway_header(found: Settings) -> dict[str, str]:
    name, value = found.allow_header_name, found.allow_header_value
    return {} if name is None or value is None else {name.value: value.value.reveal()}


def _base_url(configured: Setting[str] | None, key: Setting[Secret] | None) -> str:
    if configured is not None:
        return root_url(configured.value)
    carried = None if key is None else _carried_url(key)
    return root_url(DEFAULT_URL if carried is None else carried)


class _KeyTail(msgspec.Struct, rename="camel", frozen=True):
    base_url: str


def _carried_url(key: Setting[Secret]) -> str | None:
    """Return the server's URL inside a key of the form `25 characters * base64 of JSON`."""
    head, star, tail = key.value.reveal().partition("*")
    if not star or len(head) != _KEY_LENGTH:
        return None
    try:
        raw = base64.b64decode(tail + "=" * (-len(tail) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(raw, type=_KeyTail).base_url
    except (binascii.Error, UnicodeDecodeError, msgspec.DecodeError):
        # Falling back to the public server would hand a private server's key to it.
        raise UsageError(
            f"the API key ({key.source}) has an unreadable end; copy it again, or give the URL"
        ) from None


def root_url(url: str) -> str:
    """Return the root of a server from any of the URLs that are in use for it.

    Args:
        url: The root, or the root with "/clientlib" or "/api/rest/v2" behind it; a path in front
            of these is kept.

    Raises:
        UsageError: It is no http or https URL.

    >>> root_url("https://comet.example.com/ml/api/rest/v2/")
    'https://comet.example.com/ml'
    """
    bare = url.strip().rstrip("/")
    for suffix in ("/clientlib", "/api/rest/v2"):
        bare = bare.removesuffix(suffix).rstrip("/")
    return checked_base_url(bare)


def _by_class(limits: Limits | Mapping[str, Limits] | None) -> dict[str, Limits]:
    if limits is None or isinstance(limits, Limits):
        return {"default": limits or DEFAULT_LIMITS}
    unknown = sorted(set(limits) - set(BUCKETS))
    if unknown:
        raise UsageError(f"limits for {', '.join(unknown)}: the classes are {', '.join(BUCKETS)}")
    return {"default": DEFAULT_LIMITS, **limits}


def _bucket_of(own: frozenset[str], request: Request[object]) -> str:
    bucket = _class_of(request)
    return bucket if bucket in own else "default"


def _class_of(request: Request[object]) -> str:
    if "/write/" in request.path:
        return "write"
    if request.path == _CHART:
        return "chart"
    return "download" if request.answer is Blob else "default"


class _Message(msgspec.Struct, frozen=True):
    msg: str | None
    code: int | None = None
    sdk_error_code: int | None = None


# Looking through a whole body for the word took a fifth of the time of decoding it.
_EDGE = 2048
_MSG = b'"msg"'
_BOM = b"\xef\xbb\xbf"
_MESSAGE = msgspec.json.Decoder(_Message, strict=False)


def read_message(body: bytes) -> ServerMessage | None:
    """Return the service's message object, or None when the body is anything else.

    It is an object with `msg` and at least one of `code` and `sdk_error_code`; it says failure
    when `sdk_error_code` is not 0 or `code` is 400 or above. In a larger body `msg` counts when it
    stands within 2 KiB of either end.

    Args:
        body: The whole body, of any status.

    Returns:
        The message; its code is `sdk_error_code`, or `code` where that is 0 or missing.

    >>> read_message(b'{"msg": "no patch", "code": 200, "sdk_error_code": 0}').failed
    False
    """
    if body.find(_MSG, 0, _EDGE) < 0 and body.find(_MSG, -_EDGE) < 0:
        return None
    try:
        found = _MESSAGE.decode(body.removeprefix(_BOM))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    code, own = found.code, found.sdk_error_code
    if code is None and own is None:
        return None
    failed = bool(own) or (code is not None and code >= _FAILED_FROM)
    return ServerMessage(text=found.msg or "", code=own or code, failed=failed)
