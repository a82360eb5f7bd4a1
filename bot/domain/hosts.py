"""Network addresses, as far as the rules about secrets need to tell them apart."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit


def is_exposed(url: str) -> bool:
    """Whether what is sent there would cross a network unencrypted."""
    parts = urlsplit(url)
    return parts.scheme != "https" and not is_loopback(parts.hostname or "")


def is_here(url: str) -> bool:
    """Whether an address leads to this very machine, so that no other one can follow it."""
    return is_loopback(urlsplit(url).hostname or "")


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only mean this machine."""
    if host == "localhost" or host.endswith(".localhost"):  # RFC 6761, section 6.3
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return address.is_loopback or bool(mapped and mapped.is_loopback)


def is_public(address: str) -> bool:
    """Whether a numeric address is one of the whole internet: of no private network, of no machine
    itself, of no group. What an address carries of another one must be public too.
    """
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return all(each.is_global and not each.is_multicast for each in (found, *_carried(found)))


_TRANSLATED = ip_network("64:ff9b::/96")
"""IPv4 addresses, as networks without any reach them. Source: https://www.rfc-editor.org/rfc/rfc6052#section-2.1"""


def _carried(address: IPv4Address | IPv6Address) -> list[IPv4Address]:
    if isinstance(address, IPv4Address):
        return []
    teredo = address.teredo or ()
    found = (address.ipv4_mapped, address.sixtofour, *teredo)
    translated = [IPv4Address(int(address) & 0xFFFF_FFFF)] if address in _TRANSLATED else []
    return [*(one for one in found if one is not None), *translated]
