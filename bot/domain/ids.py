"""The kinds of id, so that one is never passed where another is meant."""

from collections.abc import Callable
from datetime import datetime
from typing import NewType

AccountId = NewType("AccountId", str)
EndpointId = NewType("EndpointId", str)
LinkId = NewType("LinkId", str)
ActionId = NewType("ActionId", str)
InvitationId = NewType("InvitationId", str)
DeliveryId = NewType("DeliveryId", int)

TraderId = NewType("TraderId", str)
"""The platform's `_id` of a trader: opaque, never parsed."""

StrategyId = NewType("StrategyId", str)

NewId = Callable[[], str]
"""Gives a fresh id: at least 128 random bits in at most 32 characters of `A-Za-z0-9_-`."""

Now = Callable[[], datetime]
"""Gives the present instant, aware and in UTC."""
