"""Which network addresses a redirect from a public service must not reach."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

__all__ = ["is_private"]

_LOCAL_NAMES = ("localhost", "localhost.localdomain")


def is_private(host: str) -> bool:
    """Tell whether `host` is a literal address (or `localhost`) outside the public internet.

    Loopback, private, link-local, multicast, reserved and unspecified addresses count, also when
    written as IPv4 inside IPv6. Any other name is no literal and gives False.
    """
    name = host.strip("[]").rstrip(".").lower()
    if name in _LOCAL_NAMES or name.endswith(".localhost"):
        return True
    try:
        address = ip_address(name.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is not None:
            address = inner
    return not address.is_global or address.is_multicast
