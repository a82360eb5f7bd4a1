"""The README says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from bot.domain.commands import COMMANDS
from bot.services.conversation.answers import usage
from bot.settings import NAMES

README = Path(__file__).parents[2] / "README.md"


def rows(section: str) -> dict[str, list[str]]:
    """First cell to the other cells of the table between two markers."""
    text = README.read_text(encoding="utf-8")
    table = text.partition(f"<!-- {section}")[2].partition("<!-- end of")[0]
    lines = [line for line in table.splitlines() if line.startswith("| `")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return {re.findall(r"`([^`]+)`", row[0])[0]: row[1:] for row in cells}


def test_every_command_is_in_the_readme_with_its_summary():
    expected = {usage(spec): [spec.summary] for spec in COMMANDS if spec.menu}

    assert rows("commands") == expected


def test_every_setting_is_in_the_readme():
    text = README.read_text(encoding="utf-8")
    section = text.partition("<!-- settings")[2].partition("<!-- end of")[0]

    assert set(re.findall(r"`([A-Z][A-Z_]+)`", section)) >= NAMES
