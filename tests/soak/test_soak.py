"""A short soak on each database; `make soak` runs long ones."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot.domain.deliveries import State
from tests.soak.__main__ import soaked
from tests.soak.run import Plan


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_without_rows"))
    path = tmp_path / "tradebell.db"
    shutil.copy(request.getfixturevalue("sqlite_without_rows"), path)
    return f"sqlite:///{path}"


def test_a_short_soak_keeps_every_promise(url: str):
    report = soaked(Plan(seed=5, url=url, events=80, users=3, phones=6))

    assert report.broken == []
    assert report.created > report.events
    assert report.states[State.SENT] > report.created / 2
    assert report.happened["process killed"] > 0
    assert report.edited_in > 0
