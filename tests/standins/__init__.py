"""Servers that stand in for outside systems, over real HTTP."""
