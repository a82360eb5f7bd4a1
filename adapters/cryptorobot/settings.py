"""The platform's slice of the settings, and the rules for what an operator types."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

from bot.domain.hosts import is_exposed
from bot.domain.pods import BotCommand

DEFAULT_URL = "https://api.cryptorobot.ai"

_POD_PLACES = frozenset({"traderId", "podId", "command", "params"})
_PLACE = re.compile(r"\{(\w+)\}")
_POD_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True, kw_only=True)
class PodCommand:
    """How a command to a bot's pod is addressed, which the platform's public pages do not say.

    `{traderId}`, `{podId}` and `{command}` stand for what they say, in the path and in every text
    of the body. `{params}` are the command's own parameters: as a whole value of the body an
    object, in the path a query. Without a method it is GET for what only asks, else POST.
    """

    path: str
    method: str | None = None
    body: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformSettings:
    """Where the platform is and how long to wait for it.

    `pod_command` is how pod commands are addressed, save those of `pod_commands`; without both
    none is sent.
    """

    url: str = DEFAULT_URL
    connect_limit: timedelta = timedelta(seconds=10)
    """For a connection, TLS included; for a socket, until it is open."""
    call_limit: timedelta = timedelta(seconds=15)
    """For the answer to one call; longer than `connect_limit`, so that the two are told apart."""
    close_limit: timedelta = timedelta(seconds=2)
    most_waiting: int = 5000
    """Events of a socket that may wait. One more ends it: what it misses is read again."""
    pod_command: PodCommand | None = None
    pod_commands: Mapping[str, PodCommand] = field(default_factory=dict)

    @property
    def bot_commands(self) -> frozenset[BotCommand]:
        """Those that have a template for all that they send."""
        return frozenset(
            command
            for command, sent in _SENT.items()
            if all(self.template_of(one) is not None for one in sent)
        )

    @property
    def pod_templates(self) -> str:
        """The same as long as pod commands are addressed in the same way."""
        told = repr((self.pod_command, sorted(self.pod_commands.items())))
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    def template_of(self, command: str) -> PodCommand | None:
        return self.pod_commands.get(command, self.pod_command)

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
        raise ValueError(
            'must be a JSON object such as {"command": "{command}", "params": "{params}"}'
        )
    return content


def pod_command(
    path: str, method: str | None = None, body: Mapping[str, object] | None = None
) -> PodCommand:
    """Put a template for pod commands together.

    Args:
        method: what fits each command, unless given.

    Raises:
        ValueError: it has no place for the command.
    """
    if "command" not in _PLACE.findall(path + json.dumps(body)):
        raise ValueError("or the body must say where the {command} goes")
    return PodCommand(path=path, method=method, body=body)


_SENT: Mapping[BotCommand, tuple[str, ...]] = {
    BotCommand.STOP_ENTRY: ("stopbuy", "show_config"),
    BotCommand.FORCE_EXIT: ("forceexit", "status"),
    BotCommand.RELOAD: ("reload_config", "show_config"),
    BotCommand.BALANCE: ("balance",),
    BotCommand.WHITELIST: ("whitelist",),
    BotCommand.BLACKLIST: ("blacklist",),
    BotCommand.LOCKS: ("locks",),
    BotCommand.LOGS: ("logs",),
    BotCommand.HEALTH: ("health",),
}
"""What each sends, by freqtrade's names (`platform.md` 4.2): what does it, and what shows it."""

READS = {command: sent[-1] for command, sent in _SENT.items()}

POD_COMMANDS = frozenset({"count"}.union(*_SENT.values()))


def pod_commands(text: str) -> Mapping[str, PodCommand]:
    """Check the templates of single pod commands: a table for each, with path, method and body.

    Raises:
        ValueError: what they must be.
    """
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise ValueError("must hold a table for each command, such as [pod_commands.balance]")
    return {name: _one_command(name, table) for name, table in content.items()}


def _one_command(name: str, table: object) -> PodCommand:
    if name not in POD_COMMANDS:
        raise ValueError(
            f"has no command {name[:40]!a}: they are {', '.join(sorted(POD_COMMANDS))}"
        )
    known = isinstance(table, dict) and not set(table) - {"path", "method", "body"}
    if not isinstance(table, dict) or not known or not isinstance(table.get("path"), str):
        raise ValueError(f"must give {name} a path, and may give it a method and a body")
    body = table.get("body")
    if body is not None and not isinstance(body, dict):
        raise ValueError(f"must give {name} a body that is a table")
    try:
        method = pod_method(str(table["method"])) if "method" in table else None
        return PodCommand(path=pod_path(table["path"]), method=method, body=body)
    except ValueError as mistake:
        raise ValueError(f"is wrong in {name}: it {mistake}") from None


def filled(
    template: object, values: Mapping[str, str], params: Mapping[str, object] | None = None
) -> object:
    """Put values into every text of a template, and parameters in place of `{params}`."""
    if template == "{params}" and params is not None:
        return dict(params)
    if isinstance(template, str):
        for place, value in values.items():
            template = template.replace(f"{{{place}}}", value)
        return template
    if isinstance(template, Mapping):
        return {name: filled(inner, values, params) for name, inner in template.items()}
    if isinstance(template, list):
        return [filled(inner, values, params) for inner in template]
    return template
