"""`/enrol`: what the one-time address of an enrolment opens. It waits for the tap in Slack, then shows a key once or
takes a security key, and wants it proved.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from jenkins_mfa.core import characters, totp
from jenkins_mfa.core.model import Factor
from jenkins_mfa.errors import Refusal
from jenkins_mfa.usecases.enrolment import Enrolment
from jenkins_mfa.usecases.enrolment_stage import Stage
from jenkins_mfa.web import layout, qr
from jenkins_mfa.web.guard import BODY_BYTES
from jenkins_mfa.web.session import Purpose, Session
from jenkins_mfa.web.site import Form, Site, text
from jenkins_mfa.words import enrolment, pages
from jenkins_mfa.words.html import Html, parts, tag

LABEL = 40  #: characters of a key's name


def routes(site: Site) -> list[Route]:
    """The page, and what its script sends."""
    found = _Enrol(site)
    return [
        Route("/enrol", found.show),
        Route("/enrol/code", site.takes(found.code), methods=["POST"]),
        Route("/enrol/prove", site.takes(found.prove), methods=["POST"]),
        Route("/enrol/key", site.takes(found.key), methods=["POST"]),
        Route("/enrol/register", site.takes(found.register), methods=["POST"]),
    ]


def stage(site: Site, found: Session) -> str:
    """What the page waits for."""
    return Enrolment(site.desk, site.keys).stage(found.about)


class _Enrol:
    def __init__(self, site: Site) -> None:
        self._site = site
        self._use = Enrolment(site.desk, site.keys)

    def show(self, request: Request) -> Response:
        """The page, as the enrolment stands now. It holds no secret, however often it is fetched."""
        session = self._found(request)
        if session is None:
            return self._site.message(pages.ENDED_TITLE, enrolment.PAGE_ENDED, 403)
        now = self._use.stage(session.about)
        if now is Stage.OVER:
            return self._site.message(pages.ENDED_TITLE, enrolment.PAGE_ENDED, 403)
        hint = tag("p", parts(enrolment.page_hint(self._site.desk.roster, session.person, session.expires)))
        kinds = self._use.kinds(session.about)
        ways = [way() for kind, way in ((Factor.TOTP, _code), (Factor.WEBAUTHN, _key)) if kind in kinds]
        content = (_waits(),) if now is Stage.OPENED else (*ways, layout.elsewhere())
        mark = self._site.mark(request)
        return self._site.page(enrolment.PAGE_TITLE, hint, *content, name="enrol", seen=now.value, session=mark)

    def code(self, request: Request, _form: Form) -> Response:
        """The code app's key, once: as a drawing for the camera, as text, and for an app on the very same phone."""
        session = self._session(request)
        seed = self._use.show(session.about)
        issuer = f"jenkins-mfa {self._site.desk.keys.installation}"
        address = totp.provisioning_uri(seed=seed, issuer=issuer, account=session.person)
        grouped = " ".join(seed[n : n + 4] for n in range(0, len(seed), 4))
        return JSONResponse({"drawing": qr.drawn(address), "key": grouped, "address": address})

    def prove(self, request: Request, form: Form) -> Response:
        """One code of the app."""
        made = self._use.prove(self._session(request).about, text(form, "code", layout.CODE))
        return self._done(enrolment.page_done(made))

    def key(self, request: Request, _form: Form) -> Response:
        """A security key was chosen: what the browser needs."""
        return JSONResponse({"options": self._use.begin_key(self._session(request).about)})

    def register(self, request: Request, form: Form) -> Response:
        """The browser has made one."""
        session, label = self._session(request), " ".join(text(form, "label", LABEL).split())
        if any(characters.fault(one) for one in label):
            raise Refusal("label_unfit")
        body = text(form, "answer", BODY_BYTES).encode(errors="replace")
        made = self._use.finish_key(session.about, body, label)
        return self._done(enrolment.page_done(made))

    def _done(self, said: str) -> Response:
        """Enrolled: the session has served its purpose."""
        response = JSONResponse({"says": said})
        self._site.end(response)
        return response

    def _session(self, request: Request) -> Session:
        found = self._found(request)
        if found is None:
            raise Refusal("ticket_over")
        return found

    def _found(self, request: Request) -> Session | None:
        found = self._site.session(request)
        return found if found is not None and found.purpose is Purpose.ENROL else None


def _waits() -> Html:
    return tag("section", tag("h2", enrolment.WAITS_TITLE), tag("p", enrolment.WAITS_TEXT), id="waits")


def _code() -> Html:
    shown = tag(
        "div",
        qr.place(enrolment.QR_LABEL),
        tag("a", enrolment.HERE, id="here"),
        tag("p", enrolment.TEXT_KEY, tag("code", "", id="seed")),
        layout.code_field(enrolment.CODE_LABEL, enrolment.CODE_HINT),
        tag("button", enrolment.PROVE, type="button", class_="first", id="prove"),
        id="shown",
        hidden="hidden",
    )
    begin = tag("button", enrolment.SHOW, type="button", class_="first", id="show")
    return tag("section", tag("h2", enrolment.CODE_TITLE), tag("p", enrolment.CODE_TEXT), begin, shown, id="app")


def _key() -> Html:
    return tag(
        "section",
        tag("h2", enrolment.KEY_TITLE),
        tag("p", enrolment.KEY_TEXT),
        tag("label", enrolment.LABEL_LABEL, for_="label"),
        tag("input", id="label", maxlength=LABEL),
        tag("button", enrolment.REGISTER, type="button", id="register"),
        id="key",
    )
