"""What the core needs from outside: small protocols, each with its contract.

Storage ports: every call is one transaction and returns only once it is committed. Adapters'
ports: what is raised is in `bot.errors`, nothing else.
"""

from bot.ports.accounts import Accounts, Codes, Links, SignIn
from bot.ports.actions import Actions, ShownCards
from bot.ports.answers import Answers
from bot.ports.chats import (
    Draw,
    Handles,
    Hear,
    Journal,
    Messenger,
    Readership,
    ShowMenu,
    Suggest,
    Webhook,
)
from bot.ports.drills import Drills
from bot.ports.inbox import Inbox
from bot.ports.incidents import Incidents
from bot.ports.leases import Leases
from bot.ports.ledger import Ledger
from bot.ports.menus import Menus
from bot.ports.nights import Nights
from bot.ports.outbox import Outbox
from bot.ports.partners import Invitations
from bot.ports.permits import Permits
from bot.ports.phones import ButtonAddresses, LockScreenDesk, Phones, PhoneTargets, Signing
from bot.ports.platform import Live, Platform, Session
from bot.ports.pods import Pods
from bot.ports.price_alerts import PriceAlerts
from bot.ports.reports import Reports
from bot.ports.sightings import Sightings
from bot.ports.standing_orders import StandingOrders
from bot.ports.topics import MakeTopics, Topics
from bot.ports.visits import InboxDesk, SettingsDesk, Visits
from bot.ports.watching import Audit, Meter

__all__ = [
    "Accounts",
    "Actions",
    "Answers",
    "Audit",
    "ButtonAddresses",
    "Codes",
    "Draw",
    "Drills",
    "Handles",
    "Hear",
    "Inbox",
    "InboxDesk",
    "Incidents",
    "Invitations",
    "Journal",
    "Leases",
    "Ledger",
    "Links",
    "Live",
    "LockScreenDesk",
    "MakeTopics",
    "Menus",
    "Messenger",
    "Meter",
    "Nights",
    "Outbox",
    "Permits",
    "PhoneTargets",
    "Phones",
    "Platform",
    "Pods",
    "PriceAlerts",
    "Readership",
    "Reports",
    "Session",
    "SettingsDesk",
    "ShowMenu",
    "ShownCards",
    "Sightings",
    "SignIn",
    "Signing",
    "StandingOrders",
    "Suggest",
    "Topics",
    "Visits",
    "Webhook",
]
