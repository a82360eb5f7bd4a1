"""What operators type into settings that several parts of the product have: addresses, switches."""

from urllib.parse import SplitResult, urlsplit

WEB = ("https", "http")


def address_parts(
    name: str, text: str, example: str, schemes: tuple[str, str] = WEB
) -> SplitResult:
    """An address that names a host.

    Args:
        name: of the setting.
        example: of a good one.
        schemes: it begins with one of these.

    Raises:
        ValueError: a sentence that names the setting and the cure, without what was typed.
    """
    wanted = f"{name} must be like {example}"
    try:
        parts = urlsplit(text.strip())
        parts.port  # noqa: B018 - reading it checks it
    except ValueError:
        raise ValueError(f"{wanted}: this is no address.") from None
    if parts.scheme not in schemes or not parts.hostname:
        starts = " or ".join(f"{scheme}://" for scheme in schemes)
        raise ValueError(f"{wanted}: it must begin with {starts} and name a host.")
    return parts


def api_address(name: str, text: str, example: str, schemes: tuple[str, str] = WEB) -> str:
    """The address of an API, without a slash at its end; as `address_parts`."""
    parts = address_parts(name, text, example, schemes)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError(
            f"{name} must be like {example}: a login, a query or a fragment has no place in it."
        )
    return parts.geturl().rstrip("/")


def switch(name: str, text: str) -> bool:
    """On or off.

    Raises:
        ValueError: a sentence that names the setting and the cure.
    """
    match text.strip().lower():
        case "true" | "yes" | "on" | "1":
            return True
        case "" | "false" | "no" | "off" | "0":
            return False
        case _:
            raise ValueError(f"{name} must be true or false.")
