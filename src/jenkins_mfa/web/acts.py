"""`/act`: what an administrator began in Slack, named with its target, and confirmed with a key or a code."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from jenkins_mfa.errors import Refusal
from jenkins_mfa.usecases import tickets
from jenkins_mfa.usecases.act_page import ActPage, Done, Shown
from jenkins_mfa.web import layout, qr
from jenkins_mfa.web.guard import BODY_BYTES
from jenkins_mfa.web.session import Purpose, Session
from jenkins_mfa.web.site import KEY_ID, Form, Site, text
from jenkins_mfa.words import acts, forms, pages, render
from jenkins_mfa.words.html import Html, parts, tag


def routes(site: Site) -> list[Route]:
    """The page, and what its script sends."""
    found = _Acts(site)
    return [
        Route("/act", found.show),
        Route("/act/begin", site.takes(found.begin), methods=["POST"]),
        Route("/act/sign", site.takes(found.sign), methods=["POST"]),
        Route("/act/code", site.takes(found.code), methods=["POST"]),
    ]


class _Acts:
    def __init__(self, site: Site) -> None:
        self._site = site
        self._use = ActPage(site.desk, site.keys)

    def show(self, request: Request) -> Response:
        """The page, as it stands now."""
        try:
            session = self._session(request)
            shown = self._use.look(session.about, self._site.who(request, session))
        except Refusal:
            return self._site.message(pages.ENDED_TITLE, pages.ENDED_TEXT, 403)
        roster = self._site.desk.roster
        asks = tag("p", parts(acts.asks(shown.act, roster)))
        hint = tag("p", parts(acts.page_hint(roster, session.person, session.expires)), class_="hint")
        content = (self._why_not(shown.refusal, session),) if shown.refusal else (_ways(shown), _address())
        return self._site.page(acts.PAGE_TITLE, asks, hint, *content, name="act", session=self._site.mark(request))

    def begin(self, request: Request, form: Form) -> Response:
        """The key was chosen: what it is to sign."""
        session = self._session(request)
        options = self._use.begin(session.about, self._site.who(request, session), text(form, "key", KEY_ID))
        return JSONResponse({"options": options})

    def sign(self, request: Request, form: Form) -> Response:
        """The key has signed."""
        session = self._session(request)
        body = text(form, "answer", BODY_BYTES).encode(errors="replace")
        return self._done(self._use.sign(session.about, self._site.who(request, session), body))

    def code(self, request: Request, form: Form) -> Response:
        """A code was typed."""
        session = self._session(request)
        return self._done(
            self._use.code(session.about, self._site.who(request, session), text(form, "code", layout.CODE))
        )

    def _done(self, done: Done) -> Response:
        """It is done: the session has served its purpose. An invitation's address is told here, and nowhere else."""
        says = render.terminal(acts.done(done.act, self._site.desk.roster))
        address = tickets.address(self._site.settings.url, done.token) if done.token else ""
        told = {"address": address, "drawing": qr.drawn(address)} if address else {}
        response = JSONResponse({"says": says, **told})
        self._site.end(response)
        return response

    def _session(self, request: Request) -> Session:
        found = self._site.session(request)
        if found is None or found.purpose is not Purpose.ACT:
            raise Refusal("page_over")
        return found

    def _why_not(self, refusal: Refusal, session: Session) -> Html:
        desk = self._site.desk
        said = pages.refusal(refusal.code, refusal.values, None, desk.roster, desk.store.now(), session.person)
        return tag("p", parts(said))


def _ways(shown: Shown) -> Html:
    """What the administrator can prove it with."""
    button = tag("button", acts.KEY, type="button", class_="first", id="sign")
    key = tag(
        "section", tag("h2", acts.KEY_TITLE), tag("p", acts.KEY_TEXT), layout.choice(shown.keys), button, id="by-key"
    )
    field = layout.code_field(forms.CODE_LABEL, acts.CODE_TEXT)
    send = tag("button", acts.CODE, type="button", id="prove")
    code = tag("section", tag("h2", acts.CODE_TITLE), field, send, id="by-code")
    ways = (key if shown.keys else None, code if shown.codes else None)
    return tag("div", *ways, id="answer")


def _address() -> Html:
    """Where an invitation's address is shown, once."""
    return tag(
        "section",
        tag("h2", acts.ADDRESS_TITLE),
        tag("p", acts.ADDRESS_TEXT),
        qr.place(acts.QR_LABEL),
        tag("p", tag("code", "", id="invitation-address")),
        id="invitation",
        hidden="hidden",
    )
