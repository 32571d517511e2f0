"""`/me`: somebody's authenticators, and the way to another one; for whoever opened it from Slack, or is signed in.

The session shows them, and changes nothing: each change takes a proof of its own (usecases/own_authenticators.py).
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from jenkins_mfa.core.model import Act, Authenticator, Factor, PersonRecord
from jenkins_mfa.errors import Refusal
from jenkins_mfa.usecases import credentials
from jenkins_mfa.usecases.desk import Who
from jenkins_mfa.usecases.own_authenticators import OwnAuthenticators, Verb, needed
from jenkins_mfa.web import layout
from jenkins_mfa.web.guard import BODY_BYTES
from jenkins_mfa.web.session import Purpose, Session
from jenkins_mfa.web.site import Form, Site, text
from jenkins_mfa.words import enrolment, own, pages, render
from jenkins_mfa.words.html import Html, parts, tag

SHORT = 64  #: characters of an act, an id, a nonce


def routes(site: Site) -> list[Route]:
    """The page, and what its script sends."""
    found = _Own(site)
    return [
        Route("/me", found.show),
        Route("/me/begin", site.takes(found.begin), methods=["POST"]),
        Route("/me/finish", site.takes(found.finish), methods=["POST"]),
    ]


class _Own:
    def __init__(self, site: Site) -> None:
        self._site = site
        self._use = OwnAuthenticators(site.desk, site.keys)

    def show(self, request: Request) -> Response:
        """What there is, without its secrets, and what can be done with it."""
        session = self._found(request)
        if session is None:
            return self._site.message(pages.ENDED_TITLE, own.ENDED, 403)
        try:
            record = credentials.record_of(self._site.desk, session.person)
        except Refusal:
            return self._site.message(own.TITLE, render.terminal(enrolment.damaged()), 409)
        mine = [one for one in record.authenticators if one.usable]
        hint = parts(own.hint(self._site.desk.roster, session.person, session.expires))
        lines = [_line(one) for one in mine] if mine else [tag("p", own.NONE)]
        lines += [tag("p", parts(line)) for line in enrolment.awaited(record)]
        return self._site.page(
            own.TITLE,
            tag("p", hint, class_="hint"),
            tag("div", _proof(record, mine), *lines, self._more(record) if mine else None, id="answer"),
            layout.elsewhere(),
            name="own",
            session=self._site.mark(request),
        )

    def begin(self, request: Request, form: Form) -> Response:
        """Something was chosen: what is to prove it."""
        asked = self._use.begin(_act(form), self._who(request), text(form, "key", SHORT))
        return JSONResponse({"question": asked.question, "options": asked.options})

    def finish(self, request: Request, form: Form) -> Response:
        """The proof. What is added is enrolled on its own page, in a session for that alone."""
        proof, question = text(form, "proof", BODY_BYTES), text(form, "question", SHORT)
        opened = self._use.finish(_act(form), question, self._who(request), proof)
        if opened is None:
            return JSONResponse({"says": own.REMOVED})
        response = JSONResponse({"to": "/enrol"})
        self._site.begin(response, Session(Purpose.ENROL, opened.person, opened.id, opened.expires))
        return response

    def _more(self, record: PersonRecord) -> Html:
        """One button for each kind, or why there is none."""
        return tag("section", tag("h2", own.ADD_TITLE), *(self._way(record, kind) for kind in own.ADD))

    def _way(self, record: PersonRecord, kind: Factor) -> Html:
        try:
            needed(record, Act(Verb.ADD, kind.value))
        except Refusal as refusal:
            now, roster = self._site.desk.store.now(), self._site.desk.roster
            why = pages.refusal(refusal.code, refusal.values, None, roster, now, record.person)
            return tag("p", parts(why), class_="hint")
        return tag("button", own.ADD[kind], type="button", data_act=Verb.ADD, data_target=kind.value)

    def _who(self, request: Request) -> Who:
        session = self._found(request)
        if session is None:
            raise Refusal("page_over")
        return self._site.who(request, session)

    def _found(self, request: Request) -> Session | None:
        found = self._site.session(request)
        return found if found is not None and found.purpose in {Purpose.OWN, Purpose.SIGNED_IN} else None


def _act(form: Form) -> Act:
    return Act(text(form, "act", SHORT), text(form, "target", SHORT))


def _line(one: Authenticator) -> Html:
    """One authenticator, and the button that removes it."""
    button = tag("button", own.REMOVE, type="button", class_="bad", data_act=Verb.REMOVE, data_target=one.id)
    return tag("section", tag("p", parts(enrolment.since(one))), button, class_="waiting")


def _proof(record: PersonRecord, mine: list[Authenticator]) -> Html | None:
    """Where a code is typed, or a key is chosen: whichever is the strongest that the person has."""
    keys = credentials.keys_of(record)
    if not mine:
        return None
    field = layout.choice(keys) if keys else tag("div", layout.code_field(own.CODE_LABEL))
    kind = Factor.WEBAUTHN if keys else Factor.TOTP
    return tag("section", tag("h2", own.PROOF_TITLE), tag("p", own.PROOF[kind], class_="hint"), field)
