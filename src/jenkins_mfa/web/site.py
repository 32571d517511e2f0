"""What all pages stand on: the desk, the address, the session, and how a failure is said."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from jenkins_mfa.core import strict_json
from jenkins_mfa.core.consumers import Consumers
from jenkins_mfa.core.model import Gate
from jenkins_mfa.errors import (
    JenkinsMfaError,
    MessengerError,
    Refusal,
    StoreError,
    StoreUncertainError,
    UntrustedInputError,
)
from jenkins_mfa.health import Health
from jenkins_mfa.usecases.desk import Desk, Who
from jenkins_mfa.usecases.security_keys import SecurityKeys
from jenkins_mfa.web import layout, session
from jenkins_mfa.web.guard import BODY_BYTES
from jenkins_mfa.web.rates import Rates, network
from jenkins_mfa.web.session import Session
from jenkins_mfa.web.settings import Settings
from jenkins_mfa.web.waiting import Waiters
from jenkins_mfa.words import answers, pages, render
from jenkins_mfa.words.html import Content, tag
from jenkins_mfa.words.parts import Parts

log = structlog.get_logger()

KEY_ID = 40  #: characters of a key's own id
DEPTH = 6  #: levels of JSON that a page sends; a key's answer has four

Form = Mapping[str, Any]
Handler = Callable[[Request, Form], Response]
Guest = Callable[[Request], tuple[str, str]]  #: the session of a request and its person (roster id); empty: none


@dataclass(frozen=True)
class Site:
    """The pages of one agent, and the programs that redeem receipts there."""

    desk: Desk
    settings: Settings
    keys: SecurityKeys
    health: Health
    consumers: Consumers = field(default_factory=Consumers)
    waiters: Waiters = field(default_factory=Waiters)
    rates: Rates = field(default_factory=Rates)

    def session(self, request: Request) -> Session | None:
        """Whose page this is; None without a session, with one that has ended, or of somebody who left the roster.

        What is sent counts only from a page that was shown in this very session: not one word of it was meant for
        another person, gate or act.
        """
        value = request.cookies.get(self.settings.cookie, "")
        if request.method == "POST" and request.headers.get(session.PAGE) != session.mark(value):
            return None
        found = session.read(value, self.desk.keys.mac_key, self.desk.store.now()) if value else None
        return found if found is not None and found.person in self.desk.roster.people else None

    def mark(self, request: Request) -> str:
        """What a page says with all that it sends (`session.mark`)."""
        return session.mark(request.cookies.get(self.settings.cookie, ""))

    def who(self, request: Request, session: Session) -> Who:
        """Who acts, and from where, by the session."""
        return Who("web", host(request), session.person, self.mark(request))

    def begin(self, response: Response, begun: Session) -> None:
        """Give the browser its session; it takes the place of an older one."""
        response.set_cookie(
            self.settings.cookie,
            session.write(begun, self.desk.keys.mac_key, self.desk.randomness.hex(16)),
            max_age=session.LIFETIME // 1000,
            path="/",
            secure=self.settings.secure,
            httponly=True,
            samesite="strict",
        )

    def end(self, response: Response) -> None:
        """Take the session away from the browser."""
        response.delete_cookie(
            self.settings.cookie, path="/", secure=self.settings.secure, httponly=True, samesite="strict"
        )

    def page(
        self, title: Content, *content: Content, name: str = "", window: str = "", status: int = 200, **data: str
    ) -> Response:
        """A page of this site (layout.py)."""
        root = self.settings.prefix
        return layout.document(title, content, data, root=root, name=name, window=window, status=status)

    def message(self, title: str, text: str, status: int) -> Response:
        """A page that only says something."""
        return self.page(title, tag("p", text), status=status)

    def takes(self, handler: Handler, guest: Guest | None = None) -> Callable[[Request], Any]:
        """An endpoint for what a page's script sends: JSON in, JSON out, in a thread; failures are sentences. `guest`
        tells whose request it is where that is not this site's session.
        """

        async def endpoint(request: Request) -> Response:
            raw = await request.body()
            return await run_in_threadpool(self._answer, handler, request, raw, guest or self._guest)

        return endpoint

    def _answer(self, handler: Handler, request: Request, raw: bytes, guest: Guest) -> Response:
        try:
            session, me = guest(request)
        except StoreError:
            session, me = "", ""
        wait = self.wait(request, session)
        if wait:  # not even a line of the log: strangers would write it
            return JSONResponse({"says": pages.too_much(wait)}, 429, {"Retry-After": str(wait)})
        try:
            return handler(request, read(request, raw))
        except JenkinsMfaError as error:
            status, sentence = self.about(error, request, me)
            return JSONResponse({"says": render.terminal(sentence)}, status)

    def wait(self, request: Request, session: str) -> int:
        """Whole seconds until more is taken from this session, or from this address where there is none; 0: now."""
        if session:
            return math.ceil(self.rates.session.wait(session))
        return math.ceil(self.rates.address.wait(network(host(request))))

    def about(self, error: JenkinsMfaError, request: Request, me: str = "") -> tuple[int, Parts]:
        """The status and the sentence for a failure; `me` is who is told (roster id). Only a refusal's code, or a kind,
        is logged.
        """
        if isinstance(error, Refusal):
            jti = str(request.path_params.get("jti", ""))
            log.info("not counted", gate=jti, reason=error.code)
            return 409, pages.refusal(
                error.code, error.values, self._gate(jti), self.desk.roster, self._now_or_none(), me
            )
        if isinstance(error, UntrustedInputError):
            log.warning("a page's request was not understood", problem=str(error))
            return 400, pages.unreadable()
        log.warning("a page's request failed", kind=type(error).__name__)
        if isinstance(error, StoreUncertainError):
            return 503, answers.uncertain()
        if isinstance(error, StoreError):
            return 503, answers.unrecorded()
        if isinstance(error, MessengerError):
            return 503, answers.unchecked()
        return 500, answers.uncertain()

    def _guest(self, request: Request) -> tuple[str, str]:
        found = self.session(request)
        return (self.mark(request), found.person) if found else ("", "")

    def _now_or_none(self) -> int:
        """0 where the store does not tell, so that no time is made up."""
        try:
            return self.desk.store.now()
        except StoreError:
            return 0

    def _gate(self, jti: str) -> Gate | None:
        try:
            return self.desk.store.gate(jti.rpartition(".")[0]) if jti else None
        except StoreError:
            return None


def host(request: Request) -> str:
    """The address that a request comes from; empty where the server does not tell."""
    return request.client.host if request.client else ""


def read(request: Request, raw: bytes) -> Form:
    """What the page's script has sent. Raises UntrustedInputError for anything else."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise UntrustedInputError("the request is not JSON.")
    found = strict_json.parse(raw, place="the request", max_bytes=BODY_BYTES, max_depth=DEPTH)
    if not isinstance(found, dict):
        raise UntrustedInputError("the request is no object.")
    return found


def text(form: Form, name: str, most: int) -> str:
    """A text of the form. Raises UntrustedInputError where it is none, or longer than `most` characters."""
    value = form.get(name)
    if not isinstance(value, str) or len(value) > most:
        raise UntrustedInputError(f"{name} is no text of at most {most} characters.")
    return value
