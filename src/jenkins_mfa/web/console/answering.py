"""The part of a gate's page where it is answered, and what its script sends."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from jenkins_mfa.core.binding import DIGEST_LENGTH
from jenkins_mfa.core.model import Gate
from jenkins_mfa.errors import Refusal, UntrustedInputError
from jenkins_mfa.usecases.console import Visit
from jenkins_mfa.usecases.console_answers import ConsoleAnswers, Offer
from jenkins_mfa.usecases.key_answers import KeyAnswers
from jenkins_mfa.web import gates, layout
from jenkins_mfa.web.console.visitors import Visitors
from jenkins_mfa.web.site import Form, host, text
from jenkins_mfa.words import answers, console, forms, pages, render
from jenkins_mfa.words.html import Html, many, parts, tag
from jenkins_mfa.words.parts import Parts

WAY = 10  #: characters of what something is proved with


class Answering:
    """Shows what somebody can answer with, and takes the answers."""

    def __init__(self, visitors: Visitors) -> None:
        self._visitors = visitors
        self._desk = visitors.site.desk
        self._keys = KeyAnswers(visitors.site.desk, visitors.site.keys)

    def routes(self) -> list[Route]:
        """What the script sends."""
        acts = {"begin": self._begin, "finish": self._finish, "approve": self._approve, "deny": self._deny}
        return [
            Route(f"/console/gates/{{jti}}/{name}", self._visitors.takes(act), methods=["POST"])
            for name, act in (acts | {"retract": self._retract}).items()
        ]

    def section(self, request: Request, visit: Visit, gate: Gate) -> Html:
        """The buttons that can count, and why where they cannot."""
        try:
            offer = self._use(request, visit).offer(gate)
        except Refusal as damaged:
            return tag("section", self._why(damaged, gate, visit), id="answer")
        back = tag("button", forms.RETRACT, type="button", id="retract")
        shown = (
            self._why(offer.approve, gate, visit) if offer.approve else None,
            _proofs(offer) if offer.approve is None or offer.deny is None else None,
            _approve(offer) if offer.approve is None else None,
            self._denial(gate, offer) if offer.deny is None else None,
            back if offer.confirmed and offer.account and not gate.state.settled else None,
        )
        return tag("section", tag("h2", pages.ANSWER_TITLE), *shown, id="answer")

    def _denial(self, gate: Gate, offer: Offer) -> Html:
        """With whatever denies."""
        ways = (
            (pages.DENY, "key", bool(offer.keys)),
            (console.DENY_CODE, "code", offer.app),
            (forms.DENY, "tap", offer.account),
        )
        return gates.denial(gate, self._desk.roster, _buttons("deny", ways, "bad"))

    def _begin(self, request: Request, form: Form, visit: Visit) -> Response:
        """A button was chosen: what the key is to sign."""
        return gates.begun(self._keys, _jti(request), form, self._use(request, visit).here, visit.expires)

    def _finish(self, request: Request, form: Form, visit: Visit) -> Response:
        """The key has signed."""
        given = gates.given(_jti(request), form)
        return gates.finished(self._keys, given, self._use(request, visit).here)

    def _approve(self, request: Request, form: Form, visit: Visit) -> Response:
        """With a tap, the number or a code."""
        use, jti = self._use(request, visit), _jti(request)
        shown, way = text(form, "asks", DIGEST_LENGTH), text(form, "way", WAY)
        match way:
            case "tap":
                counted = use.tap(jti, shown)
            case "number":
                counted = use.number(jti, shown, text(form, "number", layout.CODE))
            case "code":
                counted = use.code(jti, shown, text(form, "code", layout.CODE))
            case _:
                raise UntrustedInputError("way is none.")
        return gates.says(answers.counted(counted.gate, self._desk.roster, self._desk.store.now()))

    def _deny(self, request: Request, form: Form, visit: Visit) -> Response:
        """With a tap or a code."""
        use, jti, reason = self._use(request, visit), _jti(request), gates.reason(form)
        if unfit := answers.unfit(reason):
            return JSONResponse({"says": render.terminal(unfit)}, 409)
        report, way = form.get("report") is True, text(form, "way", WAY)
        if way == "tap":
            gate = use.deny_by_tap(jti, reason, report)
        elif way == "code":
            gate = use.deny_by_code(jti, text(form, "code", layout.CODE), reason, report)
        else:
            raise UntrustedInputError("way is none.")
        return gates.says(answers.denied(gate, self._desk.roster))

    def _retract(self, request: Request, _form: Form, visit: Visit) -> Response:
        """Take it back."""
        gate = self._use(request, visit).retract(_jti(request))
        return gates.says(answers.retracted(gate, self._desk.roster))

    def _use(self, request: Request, visit: Visit) -> ConsoleAnswers:
        return ConsoleAnswers(self._desk, visit, host(request), self._visitors.mark(request))

    def _why(self, refusal: Refusal, gate: Gate, visit: Visit) -> Html:
        desk = self._desk
        said: Parts = pages.refusal(refusal.code, refusal.values, gate, desk.roster, desk.store.now(), visit.person)
        return tag("p", parts(said))


def _proofs(offer: Offer) -> Html:
    """What is chosen or typed before a button: which key, a code, the number."""
    field = tag(
        "input", id="number", inputmode="numeric", autocomplete="off", maxlength=9, aria_describedby="number-hint"
    )
    number = (
        tag("label", forms.NUMBER_LABEL, for_="number"),
        tag("p", console.NUMBER_HINT, class_="hint", id="number-hint"),
        field,
    )
    return many(
        [
            layout.choice(offer.keys) if offer.keys else None,
            layout.code_field(forms.CODE_LABEL, console.CODE_HINT) if offer.app else None,
            *(number if offer.number else ()),
        ]
    )


def _approve(offer: Offer) -> Html:
    """One button for each thing that is enough, the strongest first."""
    ways = (
        (pages.APPROVE, "key", bool(offer.keys)),
        (console.APPROVE_CODE, "code", offer.code),
        (console.APPROVE_NUMBER, "number", offer.number),
        (forms.CONFIRM, "tap", offer.tap),
    )
    return _buttons("approve", ways, "first") or tag("p", console.NOTHING_TO_PROVE)


def _buttons(act: str, ways: tuple[tuple[str, str, bool], ...], look: str) -> Html:
    shown = (
        tag("button", label, type="button", class_=look, id=f"{act}-{way}", data_act=act, data_way=way)
        for label, way, is_one in ways
        if is_one
    )
    return many(shown)


def _jti(request: Request) -> str:
    jti = str(request.path_params["jti"])
    if not gates.JTI.fullmatch(jti):
        raise Refusal("unknown_gate")
    return jti
