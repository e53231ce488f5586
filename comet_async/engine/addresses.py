"""Which network addresses a redirect from a public service must not reach."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

__all__ = ["is_private"]

_LOCAL_NAMES = ("localhost", "localhost.localdomain")
_HEX = re.compile(r"0x[0-9a-f]*")
_NAT64 = IPv6Network("64:ff9b::/96")


def is_private(host: str) -> bool:
    """Tell whether `host` is a literal address (or `localhost`) outside the public internet.

    Loopback, private, link-local, multicast, reserved and unspecified addresses count, also when
    written as IPv4 inside IPv6. So does any other text of numbers and dots: resolvers read 127.1,
    0x7f.1 and 2130706433 as loopback, and HTTP clients pass them on unresolved. Any other name is
    no literal and gives False.
    """
    name = host.strip("[]").rstrip(".").lower()
    if name in _LOCAL_NAMES or name.endswith(".localhost"):
        return True
    try:
        address = ip_address(name.partition("%")[0])
    except ValueError:
        parts = [part for part in name.split(".") if part]
        return bool(parts) and all(part.isdigit() or _HEX.fullmatch(part) for part in parts)
    if isinstance(address, IPv4Address):
        return not address.is_global or address.is_multicast
    inner = _embedded(address)
    if inner is not None:
        return not inner.is_global or inner.is_multicast
    outside = address.is_multicast or address.is_reserved or address.is_site_local
    return outside or not address.is_global


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that a mapped, 6to4 or NAT64 address leads to, if it is one."""
    if address in _NAT64:
        return IPv4Address(address.packed[-4:])
    return address.ipv4_mapped or address.sixtofour
