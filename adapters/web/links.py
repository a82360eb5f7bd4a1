"""The page behind a one-time address: who signs in there links a chat to an account."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import assert_never
from urllib.parse import parse_qsl

from aiohttp import web

from adapters.web.connections import body_of
from adapters.web.guard import (
    client_address,
    cookie_name,
    csrf_matches,
    csrf_token,
    foreign,
    well_formed,
)
from adapters.web.pages import Problem, page, problem_page
from adapters.web.qr import qr_code
from adapters.web.settings import WebSettings
from bot.domain.hosts import is_here
from bot.domain.ids import NewId, Now
from bot.domain.linking import CODE_LIFE, Invitation, LinkProblem, LoginFailed, SignedIn, TooSoon
from bot.domain.links import Address, Channel, KeyLogin, Login, PasswordLogin, TokenLogin
from bot.domain.text import clean, counted
from bot.ports import SignIn
from bot.texts.times import spoken

FORM_LIMIT = 8 * 1024
"""Bytes of a form (`guarantees.md` 3.3)."""

_FORM = "application/x-www-form-urlencoded"
_CODE = re.compile(r"[A-Za-z0-9_-]{1,64}")
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """Why the form is shown again. `fields` are the ones to look at."""

    status: HTTPStatus
    title: str
    lines: tuple[str, ...]
    fields: frozenset[str] = frozenset()


class LinkPages:
    """`/link/<code>`: looking never changes anything, only sending the form does."""

    def __init__(self, sign_in: SignIn, settings: WebSettings, now: Now, new_id: NewId) -> None:
        self._sign_in = sign_in
        self._settings = settings
        self._now = now
        self._new_id = new_id
        self._cookie = cookie_name("tradebell", settings.https)

    async def show(self, request: web.Request) -> web.Response:
        code = request.match_info["code"]
        invitation = await self._look(code)
        if isinstance(invitation, LinkProblem):
            return problem_page(PROBLEMS[invitation])
        return self._form(request, code, invitation)

    async def submit(self, request: web.Request) -> web.Response:
        if (reason := foreign(request.headers, self._settings.public_url)) is not None:
            log.warning("form refused", extra={"reason": reason})
            return problem_page(FOREIGN)
        code = request.match_info["code"]
        fields = await _read_form(request)
        invitation = await self._look(code)
        if isinstance(invitation, LinkProblem):
            return problem_page(PROBLEMS[invitation])

        email = fields.get("email", "").strip()
        cookie = well_formed(request.cookies.get(self._cookie))
        if cookie is None or not csrf_matches(cookie, code, fields.get("csrf", "")):
            return self._form(request, code, invitation, email, STALE)
        if invitation.readers and fields.get("agreed") != "yes":
            return self._form(request, code, invitation, email, NOT_AGREED)
        login = typed_login(fields)
        if login is None:
            return self._form(request, code, invitation, email, incomplete(fields))
        return await self._try(request, code, invitation, email, login)

    async def _look(self, code: str) -> Invitation | LinkProblem:
        if _CODE.fullmatch(code) is None:
            return LinkProblem.UNKNOWN
        return await self._sign_in.look(code)

    async def _try(
        self,
        request: web.Request,
        code: str,
        invitation: Invitation,
        email: str,
        login: Login,
    ) -> web.Response:
        source = client_address(
            request.remote or "",
            request.headers.getall("X-Forwarded-For", []),
            self._settings.trusted_proxies,
        )
        agreed = bool(invitation.readers)  # else the form would have been shown again
        outcome = await self._sign_in.sign_in(code, login, source, agreed=agreed)
        match outcome:
            case SignedIn():
                return self._digits(invitation, outcome)
            case LoginFailed(tries_left=0):
                return problem_page(PROBLEMS[LinkProblem.TOO_MANY_TRIES])
            case LoginFailed():
                return self._form(request, code, invitation, email, refused(outcome, login))
            case TooSoon(wait=wait):
                left = invitation.expires_at - self._now()
                complaint = too_soon(wait, left)
                response = self._form(request, code, invitation, email, complaint)
                response.headers["Retry-After"] = str(-(-wait // timedelta(seconds=1)))
                return response
            case LinkProblem():
                return problem_page(PROBLEMS[outcome])
            case _:
                assert_never(outcome)

    def _form(
        self,
        request: web.Request,
        code: str,
        invitation: Invitation,
        email: str = "",
        complaint: Complaint | None = None,
    ) -> web.Response:
        known = well_formed(request.cookies.get(self._cookie))
        cookie = known or self._new_id()
        address = f"{self._settings.public_url}/link/{code}"
        response = page(
            "sign_in.html",
            status=complaint.status if complaint else HTTPStatus.OK,
            platform=self._settings.platform,
            hint=self._settings.hint,
            app=APPS[invitation.address.channel],
            chat=invitation.name or masked_chat(invitation.address),
            readers=invitation.readers,
            left=_left(invitation.expires_at - self._now()),
            until=invitation.expires_at,
            csrf=csrf_token(cookie, code),
            email=email,
            complaint=complaint,
            bad_fields=complaint.fields if complaint else frozenset(),
            # An address of this machine leads another device nowhere.
            qr=None if is_here(address) else qr_code(address),
        )
        if known is None:
            self._set_cookie(response, cookie)
        return response

    def _digits(self, invitation: Invitation, signed_in: SignedIn) -> web.Response:
        response = page(
            "digits.html",
            platform=self._settings.platform,
            app=APPS[invitation.address.channel],
            chat=invitation.name or masked_chat(invitation.address),
            shared=bool(invitation.readers),
            digits=signed_in.digits,
            label=clean(signed_in.label),
            left=_left(signed_in.until - self._now()),
            until=signed_in.until,
            lasts=signed_in.login_ends and _left(signed_in.login_ends - self._now()),
        )
        # What somebody may have seen before the login is worth nothing after it.
        self._set_cookie(response, self._new_id())
        return response

    def _set_cookie(self, response: web.Response, value: str) -> None:
        response.set_cookie(
            self._cookie,
            value,
            path="/",
            httponly=True,
            samesite="Strict",
            secure=self._settings.https,
        )


async def _read_form(request: web.Request) -> Mapping[str, str]:
    if request.content_type != _FORM:
        raise web.HTTPUnsupportedMediaType
    body = await body_of(request, FORM_LIMIT)
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=20, errors="strict")
    except ValueError:
        raise web.HTTPBadRequest from None
    return dict(pairs)


def typed_login(fields: Mapping[str, str]) -> Login | None:
    """What the person wants to log in with; `None` if something is missing.

    A password is taken as it is: a space at its end may belong to it.
    """
    key = fields.get("api_key", "").strip()
    if key:
        return TokenLogin(token=key) if _JWT.fullmatch(key) else KeyLogin(api_key=key)
    email, password = fields.get("email", "").strip(), fields.get("password", "")
    return PasswordLogin(email=email, password=password) if email and password else None


APPS: Mapping[Channel, str] = {
    Channel.TELEGRAM: "Telegram",
    Channel.DISCORD: "Discord",
    Channel.PUSH: "Mobile push",
    Channel.WEB: "Web chat",
}


def _left(span: timedelta) -> str:
    """What is left in whole minutes, rounded up: '2 min' rather than '1 min' at 1:58."""
    minute = timedelta(minutes=1)
    return spoken(-(-span // minute) * minute if span > minute else span)


def masked_chat(address: Address) -> str:
    """Enough of a chat's id to tell two apart, too little to write to it.

    Nothing of a web chat's: there the id is the secret that opens it.
    """
    if address.channel is Channel.WEB:
        return ""
    shown = min(4, len(address.chat) // 2)
    return f"••••{address.chat[len(address.chat) - shown :]}"


ASK_AGAIN = "Send /link in your chat (on Discord /bell link) to get a new address."

FOREIGN = Problem(
    status=HTTPStatus.FORBIDDEN,
    title="This form was not sent from our page",
    lines=(
        "Nothing was signed in. Open the address from your chat again, and use the form there.",
    ),
)

STALE = Complaint(
    status=HTTPStatus.FORBIDDEN,
    title="Please send the form once more",
    lines=("This page had been open twice or for too long. It is fresh again now.",),
)

NOT_AGREED = Complaint(
    status=HTTPStatus.UNPROCESSABLE_ENTITY,
    title="Others will read along: do you agree?",
    lines=("Tick the box if you do. If not, close this page: nothing is linked.",),
    fields=frozenset({"agreed"}),
)


def incomplete(fields: Mapping[str, str]) -> Complaint:
    """What is missing in a form that was sent too early."""
    if "api_key" in fields:
        missing, what = frozenset({"api_key"}), "your API key"
    elif fields.get("email", "").strip():
        missing, what = frozenset({"password"}), "your password"
    elif fields.get("password"):
        missing, what = frozenset({"email"}), "your e-mail address"
    else:
        missing = frozenset({"email", "password"})
        what = "your e-mail address and your password"
    return Complaint(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        title="Something is missing",
        lines=(f"Please enter {what}.",),
        fields=missing,
    )


def too_soon(wait: timedelta, left: timedelta) -> Complaint:
    """Whoever guesses is slowed down, and with them whoever else is there.

    Args:
        left: of the life of the address.
    """
    second = timedelta(seconds=1)
    until = f"Wait {_left(-(-wait // second) * second)}"
    return Complaint(
        status=HTTPStatus.TOO_MANY_REQUESTS,
        title="Too many wrong sign-ins lately",
        lines=("This one was not tried.", f"{until}, then sign in here again.")
        if wait < left
        else ("This one was not tried.", f"{until}; this address has ended by then.", ASK_AGAIN),
    )


def refused(failure: LoginFailed, login: Login) -> Complaint:
    """The login did not work, and may be tried again.

    403 rather than 401, which is for credentials in a header and needs a challenge.

    Source: https://www.rfc-editor.org/rfc/rfc9110, section 15.5.4
    """
    reason = clean(failure.reason).rstrip(".")
    fields = {"email", "password"} if isinstance(login, PasswordLogin) else {"api_key"}
    return Complaint(
        status=HTTPStatus.FORBIDDEN,
        title="You are not signed in yet",
        lines=(
            f"{reason[:1].upper()}{reason[1:]}.",
            f"{counted(failure.tries_left, 'try', 'tries')} left.",
        ),
        fields=frozenset(fields),
    )


PROBLEMS: Mapping[LinkProblem, Problem] = {
    LinkProblem.UNKNOWN: Problem(
        status=HTTPStatus.NOT_FOUND,
        title="This address does not work",
        lines=("Perhaps a part of it was lost on the way.", ASK_AGAIN),
    ),
    LinkProblem.EXPIRED: Problem(
        status=HTTPStatus.GONE,
        title="This address has expired",
        lines=(
            f"For your safety it is good for {spoken(CODE_LIFE)} at most; /cancel and newer"
            " addresses end it sooner.",
            ASK_AGAIN,
        ),
    ),
    LinkProblem.USED: Problem(
        status=HTTPStatus.GONE,
        title="This address has been used",
        lines=(
            "If it was you who signed in, type the six digits in your chat while they are good.",
            "If it was not you: nothing is linked without those digits.",
            ASK_AGAIN,
        ),
    ),
    LinkProblem.TOO_MANY_TRIES: Problem(
        status=HTTPStatus.TOO_MANY_REQUESTS,
        title="Too many tries",
        lines=(
            "This address is closed. Nothing was linked or changed.",
            ASK_AGAIN,
        ),
    ),
    LinkProblem.WRONG_DIGITS: Problem(
        status=HTTPStatus.GONE,
        title="The six digits did not match",
        lines=("Nothing was linked.", ASK_AGAIN),
    ),
    LinkProblem.TAKEN: Problem(
        status=HTTPStatus.CONFLICT,
        title="Somebody else has linked this chat",
        lines=("Nothing was linked or changed. Only they can unlink it.",),
    ),
    LinkProblem.NOT_CERTAIN: Problem(
        status=HTTPStatus.CONFLICT,
        title="That login may be somebody else's",
        lines=(
            "Nothing was linked or changed.",
            ASK_AGAIN,
            "Use your e-mail and password.",
        ),
    ),
    LinkProblem.NO_CONSENT: Problem(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        title="You have not agreed to be read by others",
        lines=("Nothing was linked or changed.", ASK_AGAIN),
    ),
}
"""What a person is told about an address that leads nowhere."""
