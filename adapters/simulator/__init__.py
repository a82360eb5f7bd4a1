"""A market, a platform server and an account of it, for the demo and the tests."""

from adapters.simulator.accounts import User
from adapters.simulator.market import Bot, Market
from adapters.simulator.options import Options
from adapters.simulator.person import Resident, settle
from adapters.simulator.platform import ReceivedCall, SimulatedPlatform
from adapters.simulator.server import serving
from adapters.simulator.show import play
from adapters.simulator.times import object_ids

__all__ = [
    "Bot",
    "Market",
    "Options",
    "ReceivedCall",
    "Resident",
    "SimulatedPlatform",
    "User",
    "object_ids",
    "play",
    "serving",
    "settle",
]
