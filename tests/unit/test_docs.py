"""The README says what the code does, and what people read is kept readable."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.domain.marks import shown
from bot.services.commands.registry import SPECS
from bot.settings import NAMES
from bot.texts.getting_started import usage

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
TEXTS = sorted(path for room in ("", "docs/", "benchmarks/") for path in ROOT.glob(f"{room}*.md"))

LONGEST_LINE = 160


def rows(section: str) -> dict[str, list[str]]:
    """First cell to the other cells of the table between two markers."""
    text = README.read_text(encoding="utf-8")
    table = text.partition(f"<!-- {section}")[2].partition("<!-- end of")[0]
    lines = [line for line in table.splitlines() if line.startswith("| `")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return {re.findall(r"`([^`]+)`", row[0])[0]: row[1:] for row in cells}


def test_every_command_is_in_the_readme_with_its_summary():
    expected = {shown(usage(spec)): [spec.summary] for spec in SPECS if spec.menu}

    assert rows("commands") == expected


def test_every_setting_is_in_the_readme():
    text = README.read_text(encoding="utf-8")
    section = text.partition("<!-- settings")[2].partition("<!-- end of")[0]

    assert set(re.findall(r"`([A-Z][A-Z_]+)`", section)) >= NAMES


def test_every_library_is_in_the_readme_once():
    section = README.read_text(encoding="utf-8").partition("<!-- dependencies")[2]
    table = section.partition("<!-- end of")[0].splitlines()
    rows = [row for row in table if row.startswith("| ")][2:]
    told = [name for row in rows for name in row.strip("| ").partition(" | ")[0].split(", ")]

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = {re.split(r"[\[<>=;]", one)[0].lower() for one in project["dependencies"]}
    assert sorted(name.lower() for name in told) == sorted(needed)


def names_used(path: Path) -> Iterator[str]:
    """All that the code of a module says, without its docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    told = {id(one.value) for one in ast.walk(tree) if isinstance(one, ast.Expr)}
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if id(node) not in told:
                yield text
            case ast.Name(id=text) | ast.Attribute(attr=text) | ast.ImportFrom(module=str(text)):
                yield text


def test_all_that_a_chat_platform_takes_besides_its_folder_is_named():
    """Discord stands for any: where its name is, another's has to be, or may."""
    section = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## A chat platform")
    named = set(
        re.findall(r"`((?:bot|adapters|storage)/[a-z_/]+\.py)`", section[2].partition("## ")[0])
    )
    found = {
        str(path.relative_to(ROOT))
        for room in ("bot", "adapters", "storage")
        for path in (ROOT / room).rglob("*.py")
        if path.parent.name != "discord"
        and any("discord" in one.lower() for one in names_used(path))
    }

    assert found == named - {"bot/services/chat_platforms.py"}


@pytest.mark.parametrize("text", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_line_is_too_long_but_rows_of_tables_which_cannot_be_wrapped(text):
    lines = text.read_text(encoding="utf-8").splitlines()

    too_long = [line for line in lines if len(line) > LONGEST_LINE and not line.startswith("|")]

    assert too_long == []


PLACE = re.compile(
    r"(?<![\w/.-])(?:bot|adapters|storage|tests|docs|deploy|benchmarks)/[\w/.-]*[\w/]"
)


@pytest.mark.parametrize("text", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_named_in_the_repository_is_there(text):
    """A module may be named without `.py`, as pictures do to keep narrow."""
    named = set(PLACE.findall(text.read_text(encoding="utf-8")))

    lost = {one for one in named if not (ROOT / one).exists() and not (ROOT / f"{one}.py").exists()}
    assert lost == set()
