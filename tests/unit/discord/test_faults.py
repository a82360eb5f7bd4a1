"""What each failure means for what was to be sent: `guarantees.md` 2.5 and 2.6, row by row."""

import inspect
import re
from datetime import timedelta

import pytest

from adapters.chat.exchange import NoAnswer, Reached
from adapters.discord import faults
from adapters.discord.faults import after_failure, may_go_plain
from adapters.discord.transport import DiscordRefusal, RateLimited
from bot.domain.deliveries import Attempt, Declined, Gone, Halted, Postponed, Scope, Sent, Unknown
from bot.domain.reasons import Reason


def test_an_answer_of_somebody_else_leaves_unknown_what_became_of_the_message():
    portal = NoAnswer("detail", reached=Reached.ANSWERED, status=200)

    assert after_failure(portal) == Unknown(reason="foreign_answer")


@pytest.mark.parametrize(("whole", "scope"), [(False, Scope.ENDPOINT), (True, Scope.CHANNEL)])
def test_a_wait_that_discord_asked_for_is_kept_and_counts_against_nothing(
    whole: bool, scope: Scope
):
    outcome = after_failure(RateLimited("slow_down", 7.5, whole=whole))

    assert outcome == Postponed(
        reason="slow_down",
        retry_after=timedelta(seconds=7.5),
        scope=scope,
        counts=False,
    )


@pytest.mark.parametrize(
    ("status", "code", "outcome"),
    [
        (403, 50007, Gone(reason="no_messages")),
        (403, 50278, Gone(reason="no_server_shared")),
        (404, 10003, Gone(reason="channel_gone")),
        (403, 50001, Gone(reason="no_access")),
        (403, 50013, Gone(reason="no_right")),
        (400, 50083, Gone(reason="thread_closed")),
        (403, 99999, Gone(reason="no_access")),
        (
            403,
            40003,
            Postponed(
                reason="open_slower",
                retry_after=timedelta(minutes=10),
                scope=Scope.CHANNEL,
            ),
        ),
        (401, 0, Halted(reason="token_refused")),
        (400, 50035, Declined(reason="content_refused")),
        (400, 0, Declined(reason="content_refused")),
        (404, 0, Postponed(reason="turned_away: HTTP 404", scope=Scope.CHANNEL)),
        (403, 40333, Postponed(reason="turned_away: HTTP 403", scope=Scope.CHANNEL)),
    ],
)
def test_a_refusal_says_who_or_what_was_refused(status: int, code: int, outcome: Attempt):
    assert after_failure(DiscordRefusal(status, code, "words")) == outcome


def test_a_first_copy_that_the_person_has_deleted_was_sent():
    assert after_failure(DiscordRefusal(404, 10008, "Unknown Message")) == Sent(message="")


def test_only_a_refused_content_is_worth_another_one():
    assert may_go_plain(DiscordRefusal(400, 50035, "Invalid Form Body"))
    assert may_go_plain(DiscordRefusal(413, 40005, "Request entity too large"))
    assert not may_go_plain(DiscordRefusal(400, 50083, "Thread is archived"))
    assert not may_go_plain(
        DiscordRefusal(400, 40060, "Interaction has already been acknowledged.")
    )
    assert not may_go_plain(DiscordRefusal(403, 50007, "Cannot send messages to this user"))


def test_a_right_that_is_missing_may_be_the_one_to_attach_files():
    missing = DiscordRefusal(403, 50013, "Missing Permissions")

    assert may_go_plain(missing, with_file=True)
    assert not may_go_plain(missing)


def test_every_reason_that_is_given_can_be_counted_by():
    """What is not listed would be counted as `other`."""
    named = {Reason[one] for one in re.findall(r"Reason\.([A-Z_]+)", inspect.getsource(faults))}

    assert named <= faults.REASONS
    assert len(named) > 3
