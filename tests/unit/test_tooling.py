"""What checks the code says the same wherever it stands."""

from __future__ import annotations

import re
import tomllib
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import yaml

from tests.unit.test_docs import LONGEST_LINE

ROOT = Path(__file__).parents[2]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def editor_settings() -> ConfigParser:
    settings = ConfigParser()
    settings.read_string(f"[top]\n{read('.editorconfig')}")
    return settings


def hooks() -> list[dict[str, Any]]:
    [repository] = yaml.safe_load(read(".pre-commit-config.yaml"))["repos"]
    assert repository["repo"] == "local", "others are fetched"
    return list(repository["hooks"])


def test_hooks_run_what_make_check_runs():
    recipe = read("Makefile").partition("\ncheck:")[2].partition("\n\n")[0]

    assert [hook["entry"] for hook in hooks()] == [
        f".venv/bin/{command}" for command in re.findall(r"\$\(BIN\)/(.+)", recipe)
    ]


def test_hooks_look_at_everything_whatever_is_committed():
    assert all(not hook["pass_filenames"] for hook in hooks())
    assert all(re.search(hook["files"], "storage/store.py") for hook in hooks())


def test_editors_wrap_where_the_checks_do():
    settings = editor_settings()

    ruff = tomllib.loads(read("pyproject.toml"))["tool"]["ruff"]
    assert settings["*.py"].getint("max_line_length") == ruff["line-length"]
    assert settings["*.md"].getint("max_line_length") == LONGEST_LINE
