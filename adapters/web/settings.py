"""The web server's slice of the settings, and how its texts are read."""

import re
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from urllib.parse import urlsplit

from bot.domain.hosts import is_exposed

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """Where the server listens. Port 0 takes any free one.

    `set_by` is what the operator sets the host and the port by.
    """

    host: str
    port: int
    set_by: tuple[str, str] = field(default=("TRADEBELL_LISTEN", "TRADEBELL_LISTEN"), compare=False)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """How people and proxies reach the pages.

    `public_url` has no slash at its end. `metrics` is where the figures are served, `None` if
    nowhere. `platform` is the name of the account that the
    link page asks for; `hint` is a sentence shown above its form (the demo's login).
    """

    public_url: str
    listen: Listen
    metrics: Listen | None = None
    trusted_proxies: tuple[Network, ...] = ()
    platform: str = "Cryptorobot"
    hint: str | None = None

    @property
    def https(self) -> bool:
        return self.public_url.startswith("https://")

    @property
    def exposed(self) -> bool:
        """Whether passwords would cross a network unencrypted: worth a loud warning."""
        return is_exposed(self.public_url)


def parse_public_url(text: str) -> str:
    """Read TRADEBELL_PUBLIC_URL.

    Raises:
        ValueError: a sentence that names the setting and the cure.
    """
    wanted = "TRADEBELL_PUBLIC_URL must be like https://bell.example.org"
    try:
        parts = urlsplit(text.strip())
        parts.port  # noqa: B018 - reading it checks it
    except ValueError:
        raise ValueError(f"{wanted}: this is no address.") from None
    if parts.scheme not in ("http", "https"):
        raise ValueError(f"{wanted}: it must begin with https:// or http://.")
    if not parts.hostname or re.search(r"[\s\"'<>\\]", text.strip()):
        raise ValueError(f"{wanted}: the host name is missing or malformed.")
    if parts.username is not None or parts.password is not None:
        raise ValueError(f"{wanted}: it must not hold a name or a password.")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError(f"{wanted}: nothing may follow the host name and port.")
    return f"{parts.scheme}://{parts.netloc.lower()}"


def parse_listen(text: str, name: str = "TRADEBELL_LISTEN") -> Listen:
    """Read TRADEBELL_LISTEN or another setting: `host:port`, an IPv6 address in brackets.

    Raises:
        ValueError: a sentence that names the setting and the cure.
    """
    found = re.fullmatch(r"(?:\[([0-9A-Fa-f:.%]+)\]|([^\s:/\[\]]+)):(\d{1,5})", text.strip())
    if found is None or int(found[3]) > 65535:
        raise ValueError(f"{name} must be host:port, like 127.0.0.1:8080 or [::]:8080.")
    return Listen(host=found[1] or found[2], port=int(found[3]), set_by=(name, name))


def parse_proxies(text: str) -> tuple[Network, ...]:
    """Read TRADEBELL_TRUSTED_PROXIES: addresses or networks, separated by commas.

    Raises:
        ValueError: a sentence that names the setting and the cure.
    """
    entries = [entry for entry in re.split(r"[,\s]+", text.strip()) if entry]
    networks = []
    for entry in entries:
        try:
            networks.append(ip_network(entry))
        except ValueError as problem:
            raise ValueError(
                "TRADEBELL_TRUSTED_PROXIES must be addresses or networks like"
                f" 127.0.0.1, 10.0.0.0/8: {problem}."
            ) from None
    return tuple(networks)
