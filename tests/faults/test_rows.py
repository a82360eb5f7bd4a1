"""Every row of the fault matrix (`guarantees.md` 2.9) is tested, or it is said why not."""

import ast
from pathlib import Path

LAST = 70

NOT_YET = {
    **dict.fromkeys((49, 50), "comes with the push adapter"),
}
"""Rows that do not apply, and why."""


def rows() -> dict[int, list[str]]:
    """The names of the tests of each row: those marked `@pytest.mark.fault(row)`."""
    found: dict[int, list[str]] = {}
    for path in Path(__file__).parent.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.fault":
                    for row in mark.args:
                        found.setdefault(ast.literal_eval(row), []).append(node.name)
    return found


def test_every_row_has_a_test_or_a_reason_why_not():
    tested = rows()

    assert {row for row in range(1, LAST + 1) if row not in tested} == set(NOT_YET)
    assert set(tested) <= set(range(1, LAST + 1)) - set(NOT_YET)
