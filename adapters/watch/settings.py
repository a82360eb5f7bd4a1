"""Where signs of life go."""

from urllib.parse import urlsplit


def parse_heartbeat_url(text: str) -> str:
    """Read TRADEBELL_HEARTBEAT_URL.

    Raises:
        ValueError: a sentence that names the setting and the cure, without the address, which is
            a secret.
    """
    wanted = "TRADEBELL_HEARTBEAT_URL must be like https://hc-ping.com/your-check"
    url = text.strip()
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - reading it checks it
    except ValueError:
        raise ValueError(f"{wanted}: this is no address.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{wanted}: it must begin with https:// or http:// and name a host.")
    if parts.username or parts.password or parts.fragment:
        raise ValueError(f"{wanted}: a login or a fragment has no place in it.")
    if not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError(f"{wanted}: what is not ASCII must be escaped.")
    return url
