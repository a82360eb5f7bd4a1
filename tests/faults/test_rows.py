"""Every row of the fault matrix (`guarantees.md` 2.9) is tested, or it is said why not."""

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
TABLE = TESTS.parent / "docs" / "guarantees.md"

NOT_YET: dict[int, str] = {}
"""Rows that do not apply, and why."""


def proved() -> dict[int, set[str]]:
    """The files with tests of each row: those marked `@pytest.mark.fault(row)`."""
    found: dict[int, set[str]] = {}
    for path in TESTS.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.fault":
                    for row in mark.args:
                        found.setdefault(ast.literal_eval(row), set()).add(path.name)
    return found


def promised() -> dict[int, set[str]]:
    """Row by row of the documented table, the files that it names."""
    rows = re.findall(r"^\| (\d+) \|.*\| ([^|]*) \|$", TABLE.read_text(), re.MULTILINE)
    return {int(row): set(re.findall(r"`(test_\w+\.py)`", files)) for row, files in rows}


def test_every_row_names_its_tests_or_a_reason_why_there_are_none():
    rows = promised()

    assert {row for row, files in rows.items() if not files} == set(NOT_YET)
    assert {row: files for row, files in rows.items() if files} == proved()
