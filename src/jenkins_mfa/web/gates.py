"""`/gate/<jti>`: one gate as in Slack, and the key's answer to it; for whoever has a ticket for it, or is signed in."""

from __future__ import annotations

import re

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from jenkins_mfa.core.binding import DIGEST_LENGTH, Decision
from jenkins_mfa.core.model import Gate
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.errors import Refusal, UntrustedInputError
from jenkins_mfa.usecases import credentials
from jenkins_mfa.usecases.desk import Who, load
from jenkins_mfa.usecases.key_answers import Given, KeyAnswers, asks
from jenkins_mfa.web import layout, shown
from jenkins_mfa.web.guard import BODY_BYTES
from jenkins_mfa.web.session import Purpose, Session
from jenkins_mfa.web.site import KEY_ID, Form, Site, text
from jenkins_mfa.words import answers, forms, page, pages, render
from jenkins_mfa.words.html import Html, parts, tag
from jenkins_mfa.words.parts import Parts

NONCE = 64  #: hexadecimal digits
REASON = 1_000  #: characters that are looked at; what is too long for a reason is said in a sentence
JTI = re.compile(r"g_[0-9a-f]{32}\.[0-9]{1,9}")


def routes(site: Site) -> list[Route]:
    """The page, and what its script sends."""
    found = _Gates(site)
    return [
        Route("/gate/{jti}", found.show),
        Route("/gate/{jti}/begin", site.takes(found.begin), methods=["POST"]),
        Route("/gate/{jti}/finish", site.takes(found.finish), methods=["POST"]),
    ]


class _Gates:
    def __init__(self, site: Site) -> None:
        self._site = site
        self._desk = site.desk
        self._answers = KeyAnswers(site.desk, site.keys)

    def show(self, request: Request) -> Response:
        """The page, as it stands now."""
        jti = _jti(request)
        session = self._session(request, jti)
        if session is None:
            return self._site.message(pages.ENDED_TITLE, pages.ENDED_TEXT, 403)
        try:
            gate = load(self._desk, jti)
        except Refusal:
            raise HTTPException(404) from None
        return self._site.page(
            shown.header(self._desk, gate),
            shown.gate(self._desk, gate),
            self._answer(gate, session, self._site.who(request, session)),
            layout.elsewhere(),
            name="gate",
            window=render.terminal(page.header(gate)),
            gate=jti,
            seen=str(gate.version),
            asks=asks(gate),
            session=self._site.mark(request),
        )

    def begin(self, request: Request, form: Form) -> Response:
        """A button was chosen: what the key is to sign."""
        jti, session = self._open(request)
        return begun(self._answers, jti, form, self._site.who(request, session), session.expires)

    def finish(self, request: Request, form: Form) -> Response:
        """The key has signed."""
        jti, session = self._open(request)
        return finished(self._answers, given(jti, form), self._site.who(request, session))

    def _answer(self, gate: Gate, session: Session, who: Who) -> Html | None:
        """The buttons that can count, and why where they cannot."""
        why = {decision: self._answers.refusal(gate, who, decision) for decision in Decision}
        refused = why[Decision.APPROVE]
        said = self._sentence(refused, gate, session.person) if refused else ()
        try:
            keys = credentials.keys_of(credentials.record_of(self._desk, session.person))
        except Refusal as damaged:
            return tag("section", tag("p", parts(self._sentence(damaged, gate, session.person))), id="answer")
        if all(why.values()):
            return tag("section", tag("p", parts(said)), id="answer")
        if not keys:
            return tag("section", tag("p", pages.NO_KEY), id="answer")
        approve = tag("button", pages.APPROVE, type="button", class_="first", id="approve")
        deny = tag("button", pages.DENY, type="button", class_="bad", id="deny")
        return tag(
            "section",
            tag("h2", pages.ANSWER_TITLE),
            tag("p", parts(pages.answer_hint(session.expires)), class_="hint"),
            layout.choice(keys),
            tag("p", parts(said)) if said else approve,
            None if why[Decision.DENY] else denial(gate, self._desk.roster, deny),
            id="answer",
        )

    def _sentence(self, refusal: Refusal, gate: Gate, me: str) -> Parts:
        now = self._desk.store.now()
        return pages.refusal(refusal.code, refusal.values, gate, self._desk.roster, now, me)

    def _open(self, request: Request) -> tuple[str, Session]:
        jti = _jti(request)
        session = self._session(request, jti)
        if session is None:
            raise Refusal("page_over")
        return jti, session

    def _session(self, request: Request, jti: str) -> Session | None:
        """The session, if it is for this gate, or for all that its person may answer."""
        found = self._site.session(request)
        mine = found is not None and (
            found.purpose is Purpose.SIGNED_IN or (found.purpose is Purpose.ANSWER and found.about == jti)
        )
        return found if mine else None


def _jti(request: Request) -> str:
    jti = str(request.path_params["jti"])
    if not JTI.fullmatch(jti):
        raise HTTPException(404)
    return jti


def begun(use: KeyAnswers, jti: str, form: Form, who: Who, until: int) -> Response:
    """Ask a key for one decision; good until `until` (ms UTC) at most."""
    key, asks = text(form, "key", KEY_ID), text(form, "asks", DIGEST_LENGTH)
    asked = use.begin(jti, who, _decision(form), key, until, asks)
    return JSONResponse({"nonce": asked.nonce, "options": asked.options})


def denial(gate: Gate, roster: Roster, buttons: Html) -> Html:
    """Where somebody denies: a reason, whether something is wrong, and the `buttons` that do it."""
    return tag(
        "details",
        tag("summary", forms.DENY),
        tag("label", forms.REASON_LABEL, for_="reason"),
        tag("p", forms.reason_hint(gate, roster, pages.CHANNEL), class_="hint", id="reason-hint"),
        tag("input", id="reason", maxlength=answers.REASON_MOST, aria_describedby="reason-hint"),
        tag(
            "label",
            tag("input", type="checkbox", id="report"),
            tag("span", f"{forms.REPORT_OPTION}. {forms.REPORT_HINT}"),
            class_="choice",
        ),
        buttons,
    )


def given(jti: str, form: Form) -> Given:
    """What a page sends once the key has signed."""
    body = text(form, "answer", BODY_BYTES).encode(errors="replace")
    return Given(jti, text(form, "nonce", NONCE), _decision(form), body, reason(form), form.get("report") is True)


def reason(form: Form) -> str:
    """Why somebody denies, without room for nothing."""
    return " ".join(text(form, "reason", REASON).split())


def finished(use: KeyAnswers, sent: Given, who: Who) -> Response:
    """Count what a key has signed; what is said of it."""
    desk = use.desk
    unfit = answers.unfit(sent.reason) if sent.decision is Decision.DENY else ()
    if unfit:
        return JSONResponse({"says": render.terminal(unfit)}, 409)
    if sent.decision is Decision.DENY:
        return says(answers.denied(use.deny(sent, who), desk.roster))
    return says(answers.counted(use.approve(sent, who).gate, desk.roster, desk.store.now()))


def says(said: Parts) -> Response:
    """What became of an answer."""
    return JSONResponse({"says": render.terminal(said)})


def _decision(form: Form) -> Decision:
    try:
        return Decision(text(form, "decision", NONCE))
    except ValueError:
        raise UntrustedInputError("decision is none.") from None
