"""Which languages a browser asks for."""

import re

from aiohttp import web

_LIMIT = 256
"""Characters of the header that are read: room for a dozen languages."""

_RANGE = re.compile(r"([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8}){0,3})(?:\s*;\s*q=([01](?:\.\d{0,3})?))?")


def accepted(request: web.BaseRequest) -> tuple[str, ...]:
    """The languages that the browser asks for, the most wanted first.

    Source: https://www.rfc-editor.org/rfc/rfc9110, section 12.5.4
    """
    header = request.headers.get("Accept-Language", "")[:_LIMIT]
    ranges = filter(None, (_RANGE.fullmatch(one.strip()) for one in header.split(",")))
    weighed = [(float(found[2] or 1), found[1]) for found in ranges]
    return tuple(code for weight, code in sorted(weighed, key=lambda one: -one[0]) if weight)
