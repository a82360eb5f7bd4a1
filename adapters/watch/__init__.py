"""Whoever watches from outside whether Tradebell works."""
