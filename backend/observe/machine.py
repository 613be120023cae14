"""Whether whoever asks is on this machine: metrics and demo tokens hang on it."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Scope

# With one of these, or one that begins so, somebody else asked whoever connected.
_FORWARDED = (b"forwarded", b"via", b"x-real-ip")
_FORWARDED_PREFIX = b"x-forwarded-"


def is_on_this_machine(scope: Scope) -> bool:
    """Whether the connection comes from this machine, and was not handed on."""
    client = scope.get("client")
    return client is not None and _is_loopback(client[0]) and not any(map(_hands_on, scope["headers"]))


def _hands_on(header: tuple[bytes, bytes]) -> bool:
    name = header[0].lower()
    return name in _FORWARDED or name.startswith(_FORWARDED_PREFIX)


def _is_loopback(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    # A socket for both families names IPv4 clients this way.
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped.is_loopback
    return address.is_loopback
