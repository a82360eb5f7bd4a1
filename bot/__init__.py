"""Tradebell: alerts of trading bots, once and in order, in the chats people already use."""
