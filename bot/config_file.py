"""The settings' file: TOML, its keys the settings' names in lower case and without the prefix."""

import json
import os
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.errors import Misconfigured

NUMBER, SWITCH, TEXTS, TABLE = (int, float), (bool,), (list,), (dict,)

_WORDS: Mapping[tuple[type, ...], str] = {
    NUMBER: "a number",
    SWITCH: "true or false",
    TEXTS: 'a list of texts, like ["..."]',
    TABLE: "a table",
    (): 'a text in quotes, like "..."',
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigFile:
    """What is in a file; `open_to_all` says that every user of the machine may read it."""

    path: Path
    content: Mapping[str, object]
    open_to_all: bool = False


def read_config(path: Path) -> ConfigFile:
    """Read a file of settings.

    Raises:
        Misconfigured: it cannot be read, or is no TOML.
    """
    try:
        with path.open("rb") as file:
            open_to_all = bool(os.fstat(file.fileno()).st_mode & stat.S_IROTH)
            text = file.read().decode("utf-8-sig")
        return ConfigFile(path=path, content=tomllib.loads(text), open_to_all=open_to_all)
    except OSError as failure:
        wrong = f"cannot be read ({failure.strerror}): let Tradebell's user read it"
    except UnicodeDecodeError:
        wrong = "is no text in UTF-8: save it as such"
    except tomllib.TOMLDecodeError as mistake:
        wrong = f'is no TOML: {mistake}; a line is like listen = "127.0.0.1:8080"'
    except (ValueError, RecursionError):
        wrong = "holds a value beyond all measure"  # a number of 5,000 digits, a list in a list in
    raise Misconfigured(f"The settings' file {path} {wrong}.")


def as_text(value: object, allowed: tuple[type, ...]) -> str:
    """Give a value as the environment would hold it.

    Args:
        allowed: of what types its setting may be besides a text.

    Raises:
        ValueError: it is of a type that this setting is not; the text says of which it is.
    """
    if isinstance(value, str):
        return value
    if type(value) in allowed:
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, dict):
            return json.dumps(value, default=str)
        if not isinstance(value, list):
            return repr(value)
        if all(isinstance(one, str) for one in value):
            return ",".join(value)
    raise ValueError(f"must be {_WORDS[allowed]}")
