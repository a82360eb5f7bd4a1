"""What is read from the platform: every service, and every kind of event by one of them."""

from bot.domain.events import Kind, Listing, Stream
from bot.services.feeds.reading import ORDER, SOURCES
from storage.inbox.ingest import OWN_KINDS


def test_every_service_whose_records_are_told_is_read_once():
    assert sorted(ORDER) == sorted([*Stream, *Listing])


def test_every_kind_that_comes_from_the_platform_has_its_service():
    assert set(SOURCES) == set(Kind) - OWN_KINDS - {Kind.DIGEST}
    assert sorted(SOURCES.values()) == sorted(ORDER)
