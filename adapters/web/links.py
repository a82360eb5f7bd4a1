"""The page behind a one-time address: who signs in there links a chat to an account."""

import logging
import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import assert_never

from aiohttp import web

from adapters.web.forms import read_form
from adapters.web.guard import (
    client_address,
    cookie_name,
    csrf_matches,
    csrf_token,
    foreign,
    policy_with,
    well_formed,
)
from adapters.web.languages import accepted
from adapters.web.pages import Problem, page, problem_page, script
from adapters.web.qr import qr_code
from adapters.web.settings import WebSettings
from bot.domain.accounts import KeyLogin, Login, PasswordLogin, TokenLogin
from bot.domain.chats import Address, Channel
from bot.domain.hosts import is_here
from bot.domain.ids import NewId, Now
from bot.domain.linking import (
    Invitation,
    LinkProblem,
    LoginFailed,
    Proof,
    Proven,
    SignedIn,
    TooSoon,
)
from bot.domain.text import clean
from bot.ports import SignIn
from bot.texts import pages, step_up
from bot.texts.language import language_for, speaking
from bot.texts.linking import type_digits
from bot.texts.names import app_name
from bot.texts.pages import Told

_CODE = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ZONE_SCRIPT = "zone.js"
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """Why the form is shown again. `fields` are the ones to look at."""

    status: HTTPStatus
    told: Told
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
            return problem_page(leads_nowhere(invitation))
        with self._speaking(request, invitation):
            return self._form(request, code, invitation)

    async def submit(self, request: web.Request) -> web.Response:
        if (reason := foreign(request.headers, self._settings.public_url)) is not None:
            log.warning("form refused", extra={"reason": reason})
            return problem_page(Problem(status=HTTPStatus.FORBIDDEN, told=pages.foreign_form()))
        code = request.match_info["code"]
        fields = await read_form(request)
        invitation = await self._look(code)
        if isinstance(invitation, LinkProblem):
            return problem_page(leads_nowhere(invitation))

        with self._speaking(request, invitation):
            return await self._submit(request, code, invitation, fields)

    def _speaking(
        self, request: web.Request, invitation: Invitation
    ) -> AbstractContextManager[None]:
        """The language in which the chat was given the address, if there is that one."""
        return speaking(language_for(invitation.language, *accepted(request)))

    async def _submit(
        self, request: web.Request, code: str, invitation: Invitation, fields: Mapping[str, str]
    ) -> web.Response:
        email = fields.get("email", "").strip()
        cookie = well_formed(request.cookies.get(self._cookie))
        if cookie is None or not csrf_matches(cookie, code, fields.get("csrf", "")):
            return self._form(request, code, invitation, email, stale())
        if invitation.readers and fields.get("agreed") != "yes":
            return self._form(request, code, invitation, email, not_agreed())
        login = typed_login(fields)
        if login is None:
            return self._form(request, code, invitation, email, incomplete(fields))
        return await self._try(request, code, invitation, email, login, fields.get("zone", ""))

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
        zone: str,
    ) -> web.Response:
        source = client_address(
            request.remote or "",
            request.headers.getall("X-Forwarded-For", []),
            self._settings.trusted_proxies,
        )
        agreed = bool(invitation.readers)  # else the form would have been shown again
        outcome = await self._sign_in.sign_in(code, login, source, agreed=agreed, zone=zone)
        match outcome:
            case SignedIn():
                return self._digits(invitation, outcome)
            case Proven(proof=proof):
                return self._proven(proof)
            case LoginFailed(tries_left=0):
                return problem_page(leads_nowhere(_closed(invitation)))
            case LoginFailed():
                return self._form(request, code, invitation, email, refused(outcome, login))
            case TooSoon(wait=wait):
                complaint = Complaint(
                    status=HTTPStatus.TOO_MANY_REQUESTS,
                    told=pages.too_soon(wait, invitation.expires_at - self._now()),
                )
                response = self._form(request, code, invitation, email, complaint)
                response.headers["Retry-After"] = str(-(-wait // timedelta(seconds=1)))
                return response
            case LinkProblem():
                return problem_page(leads_nowhere(outcome))
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
        proof = invitation.proof
        response = page(
            "sign_in.html",
            say=pages.said(pages.SIGN_IN if proof is None else step_up.PAGE),
            deed="" if proof is None else proof.deed,
            status=complaint.status if complaint else HTTPStatus.OK,
            platform=self._settings.platform,
            hint=self._settings.hint,
            app=app_name(invitation.address.channel),
            chat=invitation.name or masked_chat(invitation.address),
            readers=invitation.readers,
            left=pages.left(invitation.expires_at - self._now()),
            until=invitation.expires_at,
            csrf=csrf_token(cookie, code),
            email=email,
            complaint=complaint,
            bad_fields=complaint.fields if complaint else frozenset(),
            # An address of this machine leads another device nowhere.
            qr=None if is_here(address) else qr_code(address),
            script=script(_ZONE_SCRIPT),
        )
        response.headers["Content-Security-Policy"] = policy_with(script(_ZONE_SCRIPT))
        if known is None:
            self._set_cookie(response, cookie)
        return response

    def _digits(self, invitation: Invitation, signed_in: SignedIn) -> web.Response:
        response = page(
            "digits.html",
            say=pages.said(pages.DIGITS),
            button=type_digits(),
            platform=self._settings.platform,
            app=app_name(invitation.address.channel),
            chat=invitation.name or masked_chat(invitation.address),
            shared=bool(invitation.readers),
            digits=signed_in.digits,
            label=clean(signed_in.label),
            left=pages.left(signed_in.until - self._now()),
            until=signed_in.until,
            lasts=signed_in.login_ends and pages.left(signed_in.login_ends - self._now()),
        )
        # What somebody may have seen before the login is worth nothing after it.
        self._set_cookie(response, self._new_id())
        return response

    def _proven(self, proof: Proof) -> web.Response:
        response = problem_page(Problem(status=HTTPStatus.OK, told=step_up.proven(proof.deed)))
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


def typed_login(fields: Mapping[str, str]) -> Login | None:
    """What the person wants to log in with; `None` if something is missing.

    A password is taken as it is: a space at its end may belong to it.
    """
    key = fields.get("api_key", "").strip()
    if key:
        return TokenLogin(token=key) if _JWT.fullmatch(key) else KeyLogin(api_key=key)
    email, password = fields.get("email", "").strip(), fields.get("password", "")
    return PasswordLogin(email=email, password=password) if email and password else None


def masked_chat(address: Address) -> str:
    """Enough of a chat's id to tell two apart, too little to write to it.

    Nothing of a web chat's: there the id is the secret that opens it.
    """
    if address.channel is Channel.WEB:
        return ""
    shown = min(4, len(address.chat) // 2)
    return f"••••{address.chat[len(address.chat) - shown :]}"


def stale() -> Complaint:
    return Complaint(status=HTTPStatus.FORBIDDEN, told=pages.stale())


def not_agreed() -> Complaint:
    return Complaint(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        told=pages.not_agreed(),
        fields=frozenset({"agreed"}),
    )


def incomplete(fields: Mapping[str, str]) -> Complaint:
    """What is missing in a form that was sent too early."""
    if "api_key" in fields:
        missing = ["api_key"]
    else:
        given = {"email": fields.get("email", "").strip(), "password": fields.get("password", "")}
        missing = [name for name, typed in given.items() if not typed]
    return Complaint(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        told=pages.missing(missing),
        fields=frozenset(missing),
    )


def refused(failure: LoginFailed, login: Login) -> Complaint:
    """The login did not work, and may be tried again.

    403 rather than 401, which is for credentials in a header and needs a challenge.

    Source: https://www.rfc-editor.org/rfc/rfc9110, section 15.5.4
    """
    fields = {"email", "password"} if isinstance(login, PasswordLogin) else {"api_key"}
    return Complaint(
        status=HTTPStatus.FORBIDDEN,
        told=pages.refused(failure.reason, failure.tries_left),
        fields=frozenset(fields),
    )


def _closed(invitation: Invitation) -> LinkProblem:
    """What has become of an address that was tried too often."""
    return LinkProblem.TOO_MANY_TRIES if invitation.proof is None else LinkProblem.NOT_PROVEN


def leads_nowhere(problem: LinkProblem) -> Problem:
    """What a person is told about an address that leads nowhere."""
    return Problem(status=STATUSES[problem], told=pages.leads_nowhere(problem))


STATUSES: Mapping[LinkProblem, HTTPStatus] = {
    LinkProblem.UNKNOWN: HTTPStatus.NOT_FOUND,
    LinkProblem.EXPIRED: HTTPStatus.GONE,
    LinkProblem.USED: HTTPStatus.GONE,
    LinkProblem.TOO_MANY_TRIES: HTTPStatus.TOO_MANY_REQUESTS,
    LinkProblem.WRONG_DIGITS: HTTPStatus.GONE,
    LinkProblem.TAKEN: HTTPStatus.CONFLICT,
    LinkProblem.NOT_CERTAIN: HTTPStatus.CONFLICT,
    LinkProblem.PROVEN: HTTPStatus.GONE,
    LinkProblem.NOT_PROVEN: HTTPStatus.GONE,
    LinkProblem.NO_CONSENT: HTTPStatus.UNPROCESSABLE_ENTITY,
}
