"""The platform's way of saying no."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

_NAMES = {
    400: "BadRequest",
    401: "NotAuthenticated",
    402: "PaymentError",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    408: "Timeout",
    409: "Conflict",
    422: "Unprocessable",
    429: "TooManyRequests",
    500: "GeneralError",
    502: "BadGateway",
    503: "Unavailable",
}


class SimulatedRefusal(Exception):
    """A call that the platform does not answer with a result."""

    def __init__(
        self,
        code: int,
        message: str,
        *,
        data: Mapping[str, Any] | None = None,
        errors: Mapping[str, str] | None = None,
        retry_after: timedelta | None = None,
    ) -> None:
        """Say no.

        Args:
            data: more facts for the client; left out when there are none.
            errors: what is wrong, by the name of the field.
            retry_after: told in whole seconds, rounded up.
        """
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = dict(data) if data is not None else None
        self.errors = errors
        self.retry_after = retry_after

    @property
    def retry_after_seconds(self) -> int | None:
        if self.retry_after is None:
            return None
        return max(1, math.ceil(self.retry_after.total_seconds()))

    def as_record(self) -> dict[str, Any]:
        """Give the error object, the same over REST and in an acknowledgement.

        Source: https://cryptorobot.ai/docs/guides/errors, and
        feathersjs/feathers:packages/errors/src/index.ts for what is left out when unset.
        """
        name = _NAMES.get(self.code, "FeathersError")
        record: dict[str, Any] = {
            "name": name,
            "message": self.message,
            "code": self.code,
            "className": _kebab(name),
        }
        data = self.data
        if self.retry_after is not None:
            data = {**(data or {}), "retryAfter": self.retry_after_seconds}
        if data is not None:
            record["data"] = data
        if self.errors is not None:
            record["errors"] = [
                {"field": field, "message": message} for field, message in self.errors.items()
            ]
        return record


def _kebab(name: str) -> str:
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in name).lstrip("-")
