"""What a browser sends when a form is sent."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from aiohttp import web

from adapters.web.connections import body_of

FORM_LIMIT = 8 * 1024
"""Bytes of a form (`guarantees.md` 3.3)."""

_FORM = "application/x-www-form-urlencoded"


async def read_form(request: web.Request) -> Mapping[str, str]:
    """The fields, by their names.

    Raises:
        web.HTTPException: it is no form, or too large.
    """
    if request.content_type != _FORM:
        raise web.HTTPUnsupportedMediaType
    body = await body_of(request, FORM_LIMIT)
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=20, errors="strict")
    except ValueError:
        raise web.HTTPBadRequest from None
    return dict(pairs)
