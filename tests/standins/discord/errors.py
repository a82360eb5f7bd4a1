"""Discord's refusals: an HTTP status, a code, words, and for a bad body the tree of what is wrong.

Source of codes and wording: discord/discord-api-docs:developers/topics/
opcodes-and-status-codes.mdx; of the statuses, which are not listed there: what Discord answers, as
issues of client libraries quote it.
"""

from typing import Any

Json = dict[str, Any]

UNKNOWN_CHANNEL = 10003
UNKNOWN_GUILD = 10004
UNKNOWN_MEMBER = 10007
UNKNOWN_MESSAGE = 10008
UNKNOWN_USER = 10013
UNKNOWN_WEBHOOK = 10015
UNKNOWN_INTERACTION = 10062
TOO_MANY_COMMANDS = 30032
DMS_TOO_FAST = 40003
ALREADY_ACKNOWLEDGED = 40060
TOO_MANY_FOLLOWUPS = 40094
MISSING_ACCESS = 50001
NOT_IN_A_DM = 50003
NOT_IN_THIS_CHANNEL = 50024
NOT_THE_AUTHOR = 50005
EMPTY_MESSAGE = 50006
DMS_CLOSED = 50007
MISSING_PERMISSIONS = 50013
INVALID_WEBHOOK_TOKEN = 50027
INVALID_RECIPIENT = 50033
INVALID_FORM_BODY = 50035
THREAD_ARCHIVED = 50083
INVALID_JSON = 50109
NO_MUTUAL_GUILDS = 50278
NO_REPLY = 160002

_REFUSALS = {
    UNKNOWN_CHANNEL: (404, "Unknown Channel"),
    UNKNOWN_GUILD: (404, "Unknown Guild"),
    UNKNOWN_MEMBER: (404, "Unknown Member"),
    UNKNOWN_MESSAGE: (404, "Unknown Message"),
    UNKNOWN_USER: (404, "Unknown User"),
    UNKNOWN_WEBHOOK: (404, "Unknown Webhook"),
    UNKNOWN_INTERACTION: (404, "Unknown interaction"),
    TOO_MANY_COMMANDS: (400, "Maximum number of application commands reached (100)"),
    DMS_TOO_FAST: (403, "You are opening direct messages too fast"),
    ALREADY_ACKNOWLEDGED: (400, "Interaction has already been acknowledged."),
    TOO_MANY_FOLLOWUPS: (
        400,
        "This interaction has hit the maximum number of follow up messages",
    ),
    MISSING_ACCESS: (403, "Missing Access"),
    NOT_IN_A_DM: (403, "Cannot execute action on a DM channel"),
    NOT_IN_THIS_CHANNEL: (400, "Cannot execute action on this channel type"),
    NOT_THE_AUTHOR: (403, "Cannot edit a message authored by another user"),
    EMPTY_MESSAGE: (400, "Cannot send an empty message"),
    DMS_CLOSED: (403, "Cannot send messages to this user"),
    MISSING_PERMISSIONS: (403, "Missing Permissions"),
    INVALID_WEBHOOK_TOKEN: (401, "Invalid Webhook Token"),
    INVALID_RECIPIENT: (400, "Invalid Recipient(s)"),
    THREAD_ARCHIVED: (400, "Thread is archived"),
    NO_REPLY: (400, "Cannot reply without permission to read message history"),
    INVALID_JSON: (400, "The request body contains invalid JSON."),
    NO_MUTUAL_GUILDS: (403, "Cannot send messages to this user due to having no mutual guilds"),
}


class ApiError(Exception):
    """A refusal, as it goes over the wire."""

    def __init__(self, status: int, code: int, message: str, errors: Json | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors

    def as_json(self) -> Json:
        tree = {} if self.errors is None else {"errors": self.errors}
        return {"message": self.message, "code": self.code, **tree}


def refusal(code: int) -> ApiError:
    status, message = _REFUSALS[code]
    return ApiError(status, code, message)


def unauthorized() -> ApiError:
    return ApiError(401, 0, "401: Unauthorized")


class Problems:
    """What is wrong with a body: a tree by field, with `_errors` where something is wrong.

    Source: discord/discord-api-docs:developers/reference.mdx, "Error Messages".
    """

    def __init__(self) -> None:
        self.tree: Json = {}

    def add(self, path: tuple[str | int, ...], code: str, message: str) -> None:
        node = self.tree
        for step in path:
            node = node.setdefault(str(step), {})
        node.setdefault("_errors", []).append({"code": code, "message": message})

    def required(self, path: tuple[str | int, ...]) -> None:
        self.add(path, "BASE_TYPE_REQUIRED", "This field is required")

    def refuse_any(self) -> None:
        """Refuse the body if anything is wrong with it.

        Raises:
            ApiError: with the whole tree.
        """
        if self.tree:
            raise ApiError(400, INVALID_FORM_BODY, "Invalid Form Body", self.tree)


def bad_field(field: str, code: str, message: str) -> ApiError:
    problems = Problems()
    problems.add((field,), code, message)
    return ApiError(400, INVALID_FORM_BODY, "Invalid Form Body", problems.tree)
