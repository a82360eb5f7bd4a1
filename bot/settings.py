"""What the operator has set, in the environment or a file; all mistakes are told together."""

import os
import re
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from sqlalchemy import URL, make_url

from adapters.cryptorobot.settings import (
    PlatformSettings,
    PodCommand,
    platform_url,
    pod_body,
    pod_command,
    pod_commands,
    pod_method,
    pod_path,
)
from adapters.discord.settings import SETTINGS as DISCORD
from adapters.logs.settings import LogSettings, parse_format, parse_level
from adapters.push.settings import LISTS as PUSH_LISTS
from adapters.push.settings import NAMES as PUSH_NAMES
from adapters.push.settings import SWITCHES as PUSH_SWITCHES
from adapters.push.settings import TOKEN as PUSHOVER_TOKEN
from adapters.push.settings import PushSettings
from adapters.push.settings import read_settings as read_push
from adapters.telegram.settings import SETTINGS as TELEGRAM
from adapters.watch.settings import parse_heartbeat_url
from adapters.web.settings import Listen, WebSettings, parse_listen, parse_proxies, parse_public_url
from bot.config_file import NUMBER, SWITCH, TABLE, TEXTS, ConfigFile, as_text, read_config
from bot.domain.chats import Channel
from bot.domain.hosts import is_here, is_loopback
from bot.domain.typed_settings import switch
from bot.errors import Misconfigured
from bot.services.chat_platforms import ChatSettings, SettingsBlock
from storage.store import parsed

T = TypeVar("T")

PREFIX = "TRADEBELL_"

CHATS: Mapping[Channel, SettingsBlock] = MappingProxyType(
    {Channel.TELEGRAM: TELEGRAM, Channel.DISCORD: DISCORD}
)
"""The chat platforms that can be set up."""

NAMES = frozenset(
    {
        *("PLATFORM_URL", "POD_COMMAND_PATH", "POD_COMMAND_METHOD", "POD_COMMAND_BODY"),
        *("POD_COMMANDS", "DATA_DIR", "DATABASE_URL", "SECRET_KEY"),
        *("PUBLIC_URL", "LISTEN", "METRICS_LISTEN", "TRUSTED_PROXIES"),
        *(name for block in CHATS.values() for name in block.names),
        *PUSH_NAMES,
        *("STEP_UP", "HEARTBEAT_URL", "LOG_FORMAT", "LOG_LEVEL"),
    }
)

_NOT_OURS = re.compile(
    r"""
      TEST_.*                               # of the test suite
    | SERVICE_(HOST|PORT(_.+)?)             # Kubernetes sets these for a service of our name
    | PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?
    """,
    re.VERBOSE,
)
"""Names with our prefix that others set.

Source: https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
"""

TYPES: Mapping[str, tuple[type, ...]] = MappingProxyType(
    {
        **dict.fromkeys(("TRUSTED_PROXIES", "SECRET_KEY"), TEXTS),
        **{name: NUMBER for block in CHATS.values() for name in block.numbers},
        **{name: SWITCH for block in CHATS.values() for name in block.switches},
        **dict.fromkeys(("STEP_UP", *PUSH_SWITCHES), SWITCH),
        **dict.fromkeys(PUSH_LISTS, TEXTS),
        "POD_COMMANDS": TABLE,
    }
)
"""What a setting may be in a file besides a text, which each of them may be."""


SECRETS = (
    *(f"{channel.upper()}_TOKEN" for channel in CHATS),
    *(PUSHOVER_TOKEN, "SECRET_KEY", "DATABASE_URL", "HEARTBEAT_URL"),
)
"""What nobody else should read where it stands in a file of settings."""

KEY_FILE = "secret.key"

DEFAULT_LISTEN = Listen(host="127.0.0.1", port=8080)

METRICS_LISTEN = f"{PREFIX}METRICS_LISTEN"

DEFAULT_METRICS = Listen(host="127.0.0.1", port=9464, set_by=(METRICS_LISTEN, METRICS_LISTEN))
"""The port that OpenTelemetry gives to exporters for Prometheus.

Source: https://opentelemetry.io/docs/specs/otel/metrics/sdk_exporters/prometheus/
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that may differ between one installation and another.

    `secret_keys` is empty where none are set: those in the data folder count then. `chats` are
    those where we have a bot.
    """

    data_dir: Path
    database_url: str = field(repr=False)
    secret_keys: tuple[str, ...] = field(repr=False)
    platform: PlatformSettings
    chats: Mapping[Channel, ChatSettings]
    push: PushSettings
    web: WebSettings
    logs: LogSettings
    heartbeat_url: str | None = field(default=None, repr=False)
    """Where signs of life go."""
    step_up: bool = True
    """Whether what cannot be undone takes a fresh login."""
    open_file: Path | None = None
    """The file of settings, if secrets stand in it and every user of the machine may read it."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not come out anywhere."""
        tokens = [*(one.token for one in self.chats.values()), self.push.pushover_token]
        password = str(make_url(self.database_url).password or "")
        heartbeat = urlsplit(self.heartbeat_url or "")
        watched = f"{heartbeat.path}?{heartbeat.query}" if heartbeat.query else heartbeat.path
        return tuple(filter(None, (*tokens, password, watched.strip("/"), *self.secret_keys)))

    @property
    def cut_off(self) -> frozenset[Channel]:
        """The chats whose people read them on phones, where our pages' address leads nowhere.

        A chat platform on this machine is a stand-in, whose people are here.
        """
        if not is_here(self.web.public_url):
            return frozenset()
        return frozenset(channel for channel, one in self.chats.items() if not is_here(one.api_url))


def read(environ: Mapping[str, str] | None = None, config: Path | None = None) -> Settings:
    """Read the settings.

    Args:
        environ: the process's own environment, unless given; it wins over the file.
        config: a file of settings.

    Raises:
        Misconfigured: a list of all mistakes, a line each.
    """
    reader = _Reader(os.environ if environ is None else environ, config)
    data_dir = reader.value("DATA_DIR", Path, Path("data"))
    listen = reader.value("LISTEN", parse_listen, DEFAULT_LISTEN)
    chats = {channel: block.read(reader) for channel, block in CHATS.items()}
    settings = Settings(
        data_dir=data_dir,
        database_url=reader.value("DATABASE_URL", _database_url, _in_folder(data_dir)),
        secret_keys=reader.value("SECRET_KEY", parse_secret_keys, ()),
        platform=PlatformSettings(
            url=reader.value("PLATFORM_URL", platform_url, PlatformSettings().url),
            pod_command=_pod_command(reader),
            pod_commands=reader.value("POD_COMMANDS", pod_commands, {}),
        ),
        chats={channel: one for channel, one in chats.items() if one.token},
        push=read_push(reader),
        web=WebSettings(
            listen=listen,
            metrics=reader.unless_emptied(
                "METRICS_LISTEN", partial(parse_listen, name=METRICS_LISTEN), DEFAULT_METRICS
            ),
            public_url=reader.value("PUBLIC_URL", parse_public_url, _nearby(listen)),
            trusted_proxies=reader.value("TRUSTED_PROXIES", parse_proxies, ()),
        ),
        logs=LogSettings(
            format=reader.value("LOG_FORMAT", parse_format, None),
            level=reader.value("LOG_LEVEL", parse_level, LogSettings().level),
        ),
        heartbeat_url=reader.value("HEARTBEAT_URL", parse_heartbeat_url, None),
        step_up=reader.value("STEP_UP", partial(switch, "TRADEBELL_STEP_UP"), True),
        open_file=reader.open_file,
    )
    _check_https(reader, chats, settings.web)
    reader.finish()
    return settings


def token_setting(channel: Channel) -> str:
    """The setting that sets a chat platform up."""
    return f"{PREFIX}{channel.upper()}_TOKEN"


def keys_in(folder: Path) -> tuple[str, ...]:
    """Give the secret keys of a data folder; the first start makes one.

    Raises:
        Misconfigured: there is none to be had; the text says how to cure it.
    """
    path = folder / KEY_FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            _make_key(path)
    except OSError as failure:
        raise _unusable(path, failure) from failure
    return kept_keys(folder)


def kept_keys(folder: Path) -> tuple[str, ...]:
    """Give the secret keys of a data folder; none before the first start.

    Raises:
        Misconfigured: they cannot be read; the text says how to cure it.
    """
    path = folder / KEY_FILE
    try:
        keys = parse_secret_keys(path.read_text("ascii", "replace"))
    except FileNotFoundError:
        return ()
    except OSError as failure:
        raise _unusable(path, failure) from failure
    except ValueError:
        keys = ()
    if not keys:
        raise Misconfigured(
            f"The file {path} holds no secret key: put it back from a backup. If nobody has linked"
            " an account yet, delete it and start again."
        )
    return keys


def _unusable(path: Path, failure: OSError) -> Misconfigured:
    return Misconfigured(
        f"The secret key {path} cannot be read or made ({failure.strerror}): let Tradebell's user"
        " write there, or set TRADEBELL_DATA_DIR or TRADEBELL_SECRET_KEY."
    )


def new_key() -> str:
    return Fernet.generate_key().decode()


def _make_key(path: Path) -> None:
    """Write a new key where there is none; of two processes at once one is refused."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(f"{new_key()}\n".encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink()  # half a key would be taken for one
        raise


def has_display(environ: Mapping[str, str] | None = None, platform: str = sys.platform) -> bool:
    """Whether a browser that is opened here would be seen by somebody.

    Source: https://docs.python.org/3/library/webbrowser.html
    """
    names = os.environ if environ is None else environ
    return platform in ("darwin", "win32") or bool(
        names.get("DISPLAY") or names.get("WAYLAND_DISPLAY")
    )


class _Reader:
    """Takes settings out of an environment and a file, and notes what is wrong with them."""

    def __init__(self, environ: Mapping[str, str], config: Path | None) -> None:
        self._environ = {
            name.removeprefix(PREFIX): value
            for name, value in environ.items()
            if name.startswith(PREFIX)
        }
        self._wrong: set[str] = set()
        self._mistakes = [_unknown(name) for name in sorted(self._environ) if not _is_known(name)]
        self._config = config
        self._filed: dict[str, str] = {}
        self.open_file: Path | None = None
        if config is not None:
            try:
                self._take(read_config(config))
            except Misconfigured as mistake:
                self._mistakes.append(str(mistake))

    def _take(self, file: ConfigFile) -> None:
        for key, value in file.content.items():
            name = key.upper()
            if key != name.lower() or name.removesuffix("_FILE") not in NAMES:
                self._mistakes.append(f"{file.path}: {_unknown_key(key)}")
                continue
            try:
                self._filed[name] = as_text(value, TYPES.get(name, ()))
            except ValueError as mistake:
                self._wrong.add(name)
                self._mistakes.append(f"{file.path}: {key} {mistake}.")
        if file.open_to_all and any(map(self._filed.get, SECRETS)):
            self.open_file = file.path

    def value(self, name: str, parse: Callable[[str], T], default: T) -> T:
        """Give a setting as the type that it stands for; an empty one counts as not set."""
        text = self.text(name)
        if text is None:
            return default
        try:
            return parse(text)
        except (ValueError, Misconfigured) as mistake:
            self.note(name, str(mistake))
            return default

    def unless_emptied(self, name: str, parse: Callable[[str], T], default: T) -> T | None:
        """Like `value`, but one that is there and empty switches something off: `None`."""
        sources = (self._environ, self._filed)
        both = (name, f"{name}_FILE")
        said = any(source.get(key, "").strip() for source in sources for key in both)
        if not said and any(name in source for source in sources):
            return None
        return self.value(name, parse, default)

    def text(self, name: str) -> str | None:
        given = self._filed if self._is_filed(name) else self._environ
        own, path = given.get(name, "").strip(), given.get(f"{name}_FILE", "")
        if own and path:
            self.note(
                name, f"is set, and {self._called(f'{name}_FILE')} too: leave one of them out"
            )
        if own or not path:
            return own or None
        try:
            return Path(path).read_text("utf-8").strip() or None
        except UnicodeDecodeError:
            self.note(f"{name}_FILE", f"names {path}, which is no text")
        except (OSError, ValueError) as failure:
            reason = failure.strerror if isinstance(failure, OSError) else "no such name"
            self.note(f"{name}_FILE", f"names {path}, which cannot be read ({reason})")
        return None

    def note(self, name: str, mistake: str) -> None:
        """Remember a mistake; `mistake` may begin with the setting's name or leave it out."""
        where = f"{self._config}: " if self._is_filed(name.removesuffix("_FILE")) else ""
        words = mistake.removeprefix(f"{PREFIX}{name}").lstrip()
        sentence = f"{where}{self._called(name)} {words}"
        self._wrong.add(name.removesuffix("_FILE"))
        self._mistakes.append(sentence if sentence.endswith(".") else f"{sentence}.")

    def _is_filed(self, name: str) -> bool:
        """Whether a setting is as the file says: the environment says nothing of it."""
        both = (name, f"{name}_FILE")
        return any(map(self._filed.get, both)) and not any(map(self._environ.get, both))

    def _called(self, name: str) -> str:
        filed = self._is_filed(name.removesuffix("_FILE"))
        return name.lower() if filed else f"{PREFIX}{name}"

    def is_wrong(self, name: str) -> bool:
        """Whether a mistake was noted, so that nobody knows what the setting should be."""
        return name in self._wrong

    def finish(self) -> None:
        if self._mistakes:
            raise Misconfigured("\n".join(self._mistakes))


def _is_known(name: str) -> bool:
    return name.removesuffix("_FILE") in NAMES or _NOT_OURS.fullmatch(name) is not None


def _unknown(name: str) -> str:
    near = _nearest(name)
    hint = f"did you mean {PREFIX}{near}?" if near else "leave it out."
    return f"{PREFIX}{name} is no setting: {hint}"


def _unknown_key(key: str) -> str:
    near = _nearest(key.upper().removeprefix(PREFIX))
    hint = f"did you mean {near.lower()}?" if near else "leave it out."
    shown = key if key.isidentifier() else ascii(key)
    return f"{shown[:60]} is no setting: {hint}"


def _nearest(name: str) -> str | None:
    file = "_FILE" if name.endswith("_FILE") else ""
    near = get_close_matches(name.removesuffix("_FILE"), NAMES, n=1)
    return f"{near[0]}{file}" if near else None


def _nearby(listen: Listen) -> str:
    """The address of the pages for somebody at this machine."""
    host = listen.host if is_loopback(listen.host) else "127.0.0.1"
    return f"http://{Listen(host=host, port=listen.port)}"


def _in_folder(data_dir: Path) -> str:
    return URL.create("sqlite", database=str(data_dir / "tradebell.db")).render_as_string()


def _database_url(text: str) -> str:
    place = parsed(text)
    if place.get_backend_name() == "sqlite" and place.database in (None, "", ":memory:"):
        raise ValueError("must name a file, like sqlite:////var/lib/tradebell/tradebell.db")
    return text


def parse_secret_keys(text: str) -> tuple[str, ...]:
    """Read TRADEBELL_SECRET_KEY.

    Raises:
        ValueError: a sentence that names the setting and the cure.
    """
    keys = tuple(key for key in re.split(r"[,\s]+", text) if key)
    try:
        for key in keys:
            Fernet(key)
    except ValueError:
        raise ValueError(
            "TRADEBELL_SECRET_KEY must be Fernet keys, newest first, separated by commas:"
            " `tradebell keys` makes one."
        ) from None
    return keys


def _check_https(reader: _Reader, chats: Mapping[Channel, ChatSettings], web: WebSettings) -> None:
    """What is not known because it is wrong is not judged."""
    for channel, one in chats.items():
        wanted = one.token or reader.is_wrong(f"{channel.upper()}_TOKEN")
        unknown = reader.is_wrong("PUBLIC_URL") or reader.is_wrong(f"{channel.upper()}_API_URL")
        if wanted and one.needs_https and not web.https and not unknown:
            reader.note(
                "PUBLIC_URL", f"must begin with https://, or {channel.title()} posts nothing there"
            )


def _pod_command(reader: _Reader) -> PodCommand | None:
    path = reader.value("POD_COMMAND_PATH", pod_path, None)
    method = reader.value("POD_COMMAND_METHOD", pod_method, None)
    body = reader.value("POD_COMMAND_BODY", pod_body, None)
    if path is None:
        others = ("POD_COMMAND_METHOD", "POD_COMMAND_BODY")
        set_too = method is not None or body is not None or any(map(reader.is_wrong, others))
        if set_too and not reader.is_wrong("POD_COMMAND_PATH"):
            reader.note("POD_COMMAND_PATH", "is missing: the method and the body need it")
        return None
    if reader.is_wrong("POD_COMMAND_BODY"):
        return None
    try:
        return pod_command(path, method, body)
    except ValueError as mistake:
        reader.note("POD_COMMAND_PATH", str(mistake))
        return None
