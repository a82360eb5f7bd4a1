"""Where signs of life go."""

from bot.domain.typed_settings import address_parts


def parse_heartbeat_url(text: str) -> str:
    """Read TRADEBELL_HEARTBEAT_URL.

    Raises:
        ValueError: a sentence that names the setting and the cure, without the address, which is
            a secret.
    """
    name, example = "TRADEBELL_HEARTBEAT_URL", "https://hc-ping.com/your-check"
    url = text.strip()
    parts = address_parts(name, url, example)
    wanted = f"{name} must be like {example}"
    if parts.username or parts.password or parts.fragment:
        raise ValueError(f"{wanted}: a login or a fragment has no place in it.")
    if not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError(f"{wanted}: what is not ASCII must be escaped.")
    return url
