"""`/`: sign in with a passkey, then all that waits for this person; `/out` ends it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from jenkins_mfa.core.model import Gate, State
from jenkins_mfa.usecases.sign_in import SignIn
from jenkins_mfa.web import layout, session
from jenkins_mfa.web.guard import BODY_BYTES
from jenkins_mfa.web.session import Purpose, Session
from jenkins_mfa.web.site import Form, Site, text
from jenkins_mfa.words import own, page, pages, people
from jenkins_mfa.words.html import Html, parts, tag

STATE = 200  #: characters of what was handed out with the question


def routes(site: Site) -> list[Route]:
    """The page, and what its script sends."""
    found = _Home(site)
    return [
        Route("/", found.show),
        Route("/sign-in/begin", site.takes(found.begin), methods=["POST"]),
        Route("/sign-in/finish", site.takes(found.finish), methods=["POST"]),
        Route("/out", site.takes(found.leave), methods=["POST"]),
    ]


class _Home:
    def __init__(self, site: Site) -> None:
        self._site = site
        self._door = SignIn(site.desk, site.keys, site.settings.party)

    def show(self, request: Request) -> Response:
        """The door, or what waits."""
        found = self._site.session(request)
        if found is None or found.purpose is not Purpose.SIGNED_IN:
            button = tag("button", pages.SIGN_IN, type="button", class_="first", id="sign-in")
            door = tag("section", tag("p", pages.SIGN_IN_TEXT), button, id="answer")
            return self._site.page(pages.SIGN_IN_TITLE, door, layout.elsewhere(), name="door")
        return self._list(found)

    def begin(self, _request: Request, _form: Form) -> Response:
        """The button was chosen: what a passkey is to sign."""
        question = self._door.begin()
        return JSONResponse({"state": question.state, "options": question.options})

    def finish(self, _request: Request, form: Form) -> Response:
        """A passkey has signed: its person is in, for ten minutes."""
        body = text(form, "answer", BODY_BYTES).encode(errors="replace")
        person = self._door.finish(text(form, "state", STATE), body)
        response = JSONResponse({"to": "/"})
        ends = self._site.desk.store.now() + session.LIFETIME
        self._site.begin(response, Session(Purpose.SIGNED_IN, person, "", ends))
        return response

    def leave(self, _request: Request, _form: Form) -> Response:
        """End the session in this browser."""
        response = JSONResponse({"to": "/"})
        self._site.end(response)
        return response

    def _list(self, found: Session) -> Response:
        desk = self._site.desk
        mine = [
            gate
            for gate in desk.store.open_gates()
            if gate.state is State.PENDING and found.person in people.others(gate, desk.roster)
        ]
        return self._site.page(
            pages.waiting_title(len(mine)),
            tag("p", parts(pages.signed_in(desk.roster, found.person, found.expires)), class_="hint"),
            *(self._line(gate) for gate in mine),
            tag("p", tag("a", own.TITLE, href=self._site.settings.at("/me"))),
            tag("section", tag("button", pages.SIGN_OUT, type="button", id="out")),
            name="home",
        )

    def _line(self, gate: Gate) -> Html:
        """One gate, with the way to its page."""
        desk = self._site.desk
        return tag(
            "section",
            tag("h2", parts(page.header(gate))),
            tag("p", parts(pages.waits(gate, desk.roster, desk.store.now()))),
            tag("a", pages.LOOK, href=self._site.settings.at(f"/gate/{gate.jti}")),
            class_="waiting",
        )
