"""The platform's slice of the settings, and the rules for what an operator types."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from bot.domain.hosts import is_exposed

DEFAULT_URL = "https://api.cryptorobot.ai"

_POD_PLACES = frozenset({"traderId", "podId", "command"})
_PLACE = re.compile(r"\{(\w+)\}")
_POD_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True, kw_only=True)
class PodCommand:
    """How a command to a bot's pod is addressed, which the platform's public pages do not say.

    `{traderId}`, `{podId}` and `{command}` stand for what they say, in the path and in every text
    of the body.
    """

    path: str
    method: str
    body: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformSettings:
    """Where the platform is and how long to wait for it. Without `pod_command` none is sent."""

    url: str = DEFAULT_URL
    connect_limit: timedelta = timedelta(seconds=10)
    """For a connection, TLS included; for a socket, until it is open."""
    call_limit: timedelta = timedelta(seconds=15)
    """For the answer to one call; longer than `connect_limit`, so that the two are told apart."""
    close_limit: timedelta = timedelta(seconds=2)
    most_waiting: int = 5000
    """Events of a socket that may wait. One more ends it: what it misses is read again."""
    pod_command: PodCommand | None = None

    @property
    def exposed(self) -> bool:
        """Whether credentials would cross a network unencrypted: worth a loud warning."""
        return is_exposed(self.url)


def platform_url(text: str) -> str:
    """Check the platform's address and give it without a slash at its end.

    Raises:
        ValueError: it is not an http or https address; the text is a sentence for the operator.
    """
    try:
        parts = urlsplit(text.strip())
        addressed = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        addressed = False
    if not addressed:
        raise ValueError(f"must be an address such as {DEFAULT_URL}")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("must be an address without a login, a query or a fragment")
    return parts.geturl().rstrip("/")


def pod_path(text: str) -> str:
    """Check the path of a template for pod commands.

    Raises:
        ValueError: what it must be.
    """
    path = text.strip()
    if not path.startswith("/") or set(_PLACE.findall(path)) - _POD_PLACES:
        raise ValueError("must be one such as /traders/{traderId}/pods/{command}")
    return path


def pod_method(text: str) -> str:
    """Check the HTTP method of a template for pod commands.

    Raises:
        ValueError: what it must be.
    """
    method = text.strip().upper()
    if method not in _POD_METHODS:
        raise ValueError(f"must be one of {', '.join(_POD_METHODS)}")
    return method


def pod_body(text: str) -> Mapping[str, object]:
    """Check the body of a template for pod commands.

    Raises:
        ValueError: what it must be.
    """
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise ValueError('must be a JSON object such as {"command": "{command}"}')
    return content


def pod_command(
    path: str, method: str | None = None, body: Mapping[str, object] | None = None
) -> PodCommand:
    """Put a template for pod commands together.

    Args:
        method: POST if there is a body, else GET, unless given.

    Raises:
        ValueError: it has no place for the command.
    """
    if "command" not in _PLACE.findall(path + json.dumps(body)):
        raise ValueError("or the body must say where the {command} goes")
    fitting = "GET" if body is None else "POST"
    return PodCommand(path=path, method=method or fitting, body=body)


def filled(template: object, values: Mapping[str, str]) -> object:
    """Put values into every text of a template."""
    if isinstance(template, str):
        for place, value in values.items():
            template = template.replace(f"{{{place}}}", value)
        return template
    if isinstance(template, Mapping):
        return {name: filled(inner, values) for name, inner in template.items()}
    if isinstance(template, list):
        return [filled(inner, values) for inner in template]
    return template
