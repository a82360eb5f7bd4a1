"""What people read, on each platform, is as it was when somebody last read it through."""

from __future__ import annotations

from difflib import unified_diff

import pytest

from tests.parity import gallery, golden

RENEW = (
    "If that is how it should read: `make golden`, and read through what changed in tests/golden."
)


@pytest.mark.parametrize("subject", golden.SUBJECTS)
def test_every_card_reads_on_every_platform_as_it_was_reviewed(subject: str):
    path = golden.path_of(subject)
    reviewed = path.read_text(encoding="utf-8") if path.exists() else ""
    changes = unified_diff(
        reviewed.splitlines(), golden.golden()[subject].splitlines(), "reviewed", "now", "", "", 3
    )

    assert not (told := "\n".join(changes)), f"{path.name} differs. {RENEW}\n{told}"


def test_nothing_is_kept_of_what_is_said_no_more():
    kept = {path.name for path in golden.FOLDER.iterdir()}

    assert kept == {golden.path_of(subject).name for subject in golden.SUBJECTS}, RENEW


def test_the_gallery_shows_what_is_said_now():
    assert gallery.PAGE.read_text(encoding="utf-8") == gallery.gallery(), RENEW
