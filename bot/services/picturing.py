"""Charts as pictures, where there is somebody who draws them."""

import logging

from bot.domain.cards import Look, Picture
from bot.domain.charts import (
    Chart,
)
from bot.ports import Draw

log = logging.getLogger(__name__)


async def pictured(chart: Chart | None, look: Look, draw: Draw) -> Picture | None:
    """`None` without a chart, or if it cannot be drawn now."""
    if chart is None:
        return None
    try:
        return await draw(chart, look)
    except Exception:
        # The words say it all: they must not be lost with it.
        log.exception("a picture could not be drawn")
        return None
