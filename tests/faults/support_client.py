"""Clients as a user makes them, with delays scaled down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from comet_async import RetryPolicy, Service, StaticKey, Timeouts, comet, domino
from comet_async.request import Blob, Effect, Request, build
from comet_async.service import Limits, Tls

__all__ = [
    "HOLDERS",
    "KEY",
    "QUICK",
    "SCALED",
    "SERVICES",
    "append",
    "asset",
    "here",
    "names_in",
]

KEY = "Zk3vQ8rT1yWm5BnX7cLp9HsD2"
"""A key of 25 characters, as real ones have."""

QUICK = RetryPolicy(base=0.002, cap=0.01)
"""The default numbers of attempts, with delays of milliseconds."""

SCALED = Timeouts(
    connect=1.0,
    headers=0.3,
    idle=0.3,
    stored=0.3,
    total=3.0,
    low_speed_bytes=2_000.0,
    low_speed_seconds=0.2,
)


def here(url: str, *, tls: Tls = None, proxy: str | None = None, key: str = KEY) -> Service:
    """Return the Comet profile of a server on loopback, without smoothing."""
    return comet.service(
        StaticKey(key), url=url, limits=Limits(concurrency=16), tls=tls, proxy=proxy
    )


def domino_by_key(
    url: str, *, tls: Tls = None, proxy: str | None = None, key: str = KEY
) -> Service:
    """Return the Domino profile of a server on loopback, by API key."""
    limits = Limits(concurrency=16)
    return domino.service(key, host=url, limits=limits, tls=tls, proxy=proxy, environ={})


def domino_by_token(
    url: str, *, tls: Tls = None, proxy: str | None = None, key: str = KEY
) -> Service:
    """Return the Domino profile of a server on loopback, by bearer token."""
    limits = Limits(concurrency=16)
    return domino.service(token=key, host=url, limits=limits, tls=tls, proxy=proxy, environ={})


SERVICES: Mapping[str, Callable[..., Service]] = {
    "comet": here,
    "domino_key": domino_by_key,
    "domino_token": domino_by_token,
}
"""Profiles that carry the key, each in its own way."""

HOLDERS = {
    "comet": ("Authorization", KEY),
    "domino_key": ("X-Domino-Api-Key", KEY),
    "domino_token": ("Authorization", f"Bearer {KEY}"),
}
"""Header and value in which each of `SERVICES` carries the key."""


def asset(asset_id: str = "a1", experiment_key: str = "e1") -> Request[Blob]:
    """Return a request for octets."""
    return comet.get_experiment_asset(asset_id, experiment_key=experiment_key)


def append(value: int = 1) -> Request[None]:
    """Return a write that must not be repeated."""
    return build(
        "comet",
        "POST",
        "/api/rest/v2/write/experiment/metric",
        type(None),
        Effect.APPEND,
        json={"metricName": "loss", "metricValue": value},
    )


def names_in(folder: Path) -> list[str]:
    """Return the names of all entries of a folder, part files included."""
    return sorted(entry.name for entry in folder.iterdir())
