"""`/console/sign-in`: with Slack, by the proxy's word, or with a passkey. Whoever is not in sees this and nothing else,
whatever they ask for.
"""

from __future__ import annotations

import hmac
import math
from collections.abc import Callable
from urllib.parse import quote

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from jenkins_mfa.errors import MessengerError, Refusal
from jenkins_mfa.usecases.console import Visit, Way
from jenkins_mfa.usecases.sign_in import SignIn
from jenkins_mfa.web import layout
from jenkins_mfa.web.console import asked
from jenkins_mfa.web.console.asked import Asked
from jenkins_mfa.web.console.openid import OpenId
from jenkins_mfa.web.console.visitors import Visitors
from jenkins_mfa.web.guard import BODY_BYTES
from jenkins_mfa.web.home import STATE
from jenkins_mfa.web.site import Form, text
from jenkins_mfa.words import console, pages, render
from jenkins_mfa.words.html import Html, tag

log = structlog.get_logger()

SIGN_IN = "/console/sign-in"
SLACK = f"{SIGN_IN}/slack"
BACK = f"{SLACK}/done"  #: where Slack sends people back to
CODE = 1_024  #: characters of Slack's code that are looked at

Shown = Callable[[Request, Visit], Response]


class Door:
    """Lets people in and out."""

    def __init__(self, visitors: Visitors) -> None:
        self._visitors = visitors
        self._site = visitors.site
        self._keys = SignIn(self._site.desk, self._site.keys, self._site.settings.party)
        slack = visitors.settings.slack
        self._slack = OpenId(slack, f"{self._site.settings.url}{BACK}") if slack else None

    def routes(self) -> list[Route]:
        """The page, the ways, and the way out."""
        return [
            Route(SIGN_IN, self._ask),
            Route(SLACK, self._to_slack),
            Route(BACK, self._from_slack),
            Route(f"{SIGN_IN}/key/begin", self._site.takes(self._key_begin), methods=["POST"]),
            Route(f"{SIGN_IN}/key/finish", self._site.takes(self._key_finish), methods=["POST"]),
            Route("/console/out", self._visitors.takes(self._leave), methods=["POST"]),
        ]

    def page(self, show: Shown) -> Callable[[Request], Response]:
        """An endpoint for people who are in; others get the door."""

        def endpoint(request: Request) -> Response:
            visit = self._visitors.find(request)
            if visit is not None:
                wait = math.ceil(self._site.rates.look.wait(visit.id))
                late = pages.too_much(wait)
                return self._site.message(pages.AWAY_TITLE, late, 429) if wait else show(request, visit)
            to = asked.inside(request.url.path + (f"?{request.url.query}" if request.url.query else ""))
            return self._named(request, show, to) or self.show(to)

        return endpoint

    def show(self, to: str = asked.HOME, said: str = "", status: int = 200) -> Response:
        """The door: the same for all who are not in. `said` is why somebody was not let in."""
        ways: list[Html] = []
        if self._slack is not None:
            ways.append(
                tag(
                    "p",
                    tag(
                        "a",
                        console.SLACK,
                        href=self._site.settings.at(f"{SLACK}?to={quote(to)}"),
                        class_="first button",
                    ),
                )
            )
        button = tag("button", console.KEY, type="button", id="sign-in")
        ways.append(tag("section", tag("p", console.KEY_TEXT, class_="hint"), button, id="answer"))
        note = tag("p", said, class_="note bad", role="alert") if said else None
        content = (note, tag("p", console.DOOR_TEXT), *ways)
        return layout.document(
            console.DOOR_TITLE,
            content,
            {"to": to},
            root=self._site.settings.prefix,
            name="console-door",
            script="console.js",
            status=status,
        )

    def _ask(self, request: Request) -> Response:
        return self.show(asked.inside(request.query_params.get("to", "")))

    def _named(self, request: Request, show: Shown, to: str) -> Response | None:
        """By the proxy's word, where it names somebody."""
        try:
            person = self._visitors.named(request)
            if not person or self._site.wait(request, ""):
                return None
            kept = Response()
            visit = self._visitors.admit(request, kept, person, Way.PROXY)
        except Refusal as refusal:
            return self.show(to, self._why(refusal), 403)
        response = show(request, visit)
        response.raw_headers += [one for one in kept.raw_headers if one[0] == b"set-cookie"]
        return response

    def _to_slack(self, request: Request) -> Response:
        """Off to Slack, with what only this browser gets back."""
        if self._slack is None:
            return self.show()
        if self._site.wait(request, ""):
            return self.show(said=console.LATER, status=429)
        desk = self._site.desk
        begun = Asked(desk.randomness.hex(32), desk.store.now(), asked.inside(request.query_params.get("to", "")))
        try:
            address = self._slack.address(asked.secrets(begun, desk.keys.mac_key))
        except MessengerError as error:
            return self._silent(error)
        response = RedirectResponse(address, 303)
        self._keep(response, asked.write(begun, desk.keys.mac_key))
        return response

    def _from_slack(self, request: Request) -> Response:
        """Back from Slack: in, where this browser has begun it and Slack vouches for somebody of the roster."""
        if self._slack is None:
            return self.show()
        if self._site.wait(request, ""):  # each asks Slack: one that has begun could hold all threads
            return self.show(said=console.LATER, status=429)
        desk = self._site.desk
        begun = asked.read(request.cookies.get(self._cookie, ""), desk.keys.mac_key, desk.store.now())
        if begun is None:
            return self._forgotten(self.show(said=console.OVER_TEXT, status=403))
        secrets = asked.secrets(begun, desk.keys.mac_key)
        if not hmac.compare_digest(request.query_params.get("state", "").encode(), secrets.state.encode()):
            return self._forgotten(self.show(said=console.OVER_TEXT, status=403))
        if "error" in request.query_params:
            return self._forgotten(self.show(begun.to, console.STOPPED, 403))
        response = RedirectResponse(f"{self._site.settings.url}{begun.to}", 303)
        try:
            subject = self._slack.subject(request.query_params.get("code", "")[:CODE], secrets)
            person = self._visitors.visits.named(Way.MESSENGER, subject)
            self._visitors.admit(request, response, person, Way.MESSENGER)
        except Refusal as refusal:
            return self._forgotten(self.show(begun.to, self._why(refusal), 403))
        except MessengerError as error:
            return self._forgotten(self._silent(error))
        return self._forgotten(response)

    def _key_begin(self, _request: Request, _form: Form) -> Response:
        question = self._keys.begin()
        return JSONResponse({"state": question.state, "options": question.options})

    def _key_finish(self, request: Request, form: Form) -> Response:
        body = text(form, "answer", BODY_BYTES).encode(errors="replace")
        person = self._keys.finish(text(form, "state", STATE), body)
        response = JSONResponse({"to": asked.inside(text(form, "to", STATE))})
        self._visitors.admit(request, response, person, Way.KEY)
        return response

    def _leave(self, request: Request, _form: Form, _visit: Visit) -> Response:
        response = JSONResponse({"to": SIGN_IN})
        self._visitors.leave(request, response)
        return response

    def _silent(self, error: MessengerError) -> Response:
        log.warning("no sign-in with Slack", problem=str(error))
        return self.show(said=console.SILENT, status=503)

    def _why(self, refusal: Refusal) -> str:
        if refusal.code == "not_in_roster":
            return console.STRANGER
        desk = self._site.desk
        said = pages.refusal(refusal.code, refusal.values, None, desk.roster, desk.store.now())
        return render.terminal(said)

    @property
    def _cookie(self) -> str:
        return f"{self._visitors.cookie}-begun"

    def _keep(self, response: Response, value: str) -> None:
        response.set_cookie(
            self._cookie,
            value,
            max_age=asked.LIFETIME // 1000,
            path="/",
            secure=self._site.settings.secure,
            httponly=True,
            samesite="lax",  # it comes back with the redirect from Slack
        )

    def _forgotten(self, response: Response) -> Response:
        """What was begun serves once."""
        secure = self._site.settings.secure
        response.delete_cookie(self._cookie, path="/", secure=secure, httponly=True, samesite="lax")
        return response
