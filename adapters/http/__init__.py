"""Requests to a chat platform's API."""
