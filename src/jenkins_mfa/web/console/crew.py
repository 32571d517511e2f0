"""`/console/people`: who can answer with what. Details of others are for administrators; all manage their own."""

from __future__ import annotations

from collections import Counter

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from jenkins_mfa.core.model import PersonRecord
from jenkins_mfa.core.policy import Person
from jenkins_mfa.usecases.console import Visit
from jenkins_mfa.usecases.desk import whole
from jenkins_mfa.usecases.enrolment import OwnActs
from jenkins_mfa.web.console.frame import Frame, lines, number_of, pager
from jenkins_mfa.web.site import Form
from jenkins_mfa.words import console, enrolment, members, own
from jenkins_mfa.words.html import Html, parts, tag
from jenkins_mfa.words.parts import Parts

HERE = "/console/people"
PAGE = 100  #: people on one page


class Crew:
    """The page."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._desk = frame.desk

    def routes(self) -> list[Route]:
        """What its script sends."""
        return [Route("/console/own", self._frame.visitors.takes(self._own), methods=["POST"])]

    def show(self, request: Request, visit: Visit) -> Response:
        """Whoever looks first, then all others by name."""
        roster, number = self._desk.roster, number_of(request)
        people = sorted(roster.people.values(), key=lambda one: (one.id != visit.person, one.name, one.id))
        shown = people[(number - 1) * PAGE : number * PAGE]
        administrator = visit.person in roster.named(self._desk.policy.administrators, self._desk.store.now())
        return self._frame.page(
            request,
            visit,
            members.title(len(people)),
            None if administrator else tag("p", console.LESS, class_="hint"),
            *(self._person(one, visit, whole=administrator or one.id == visit.person) for one in shown),
            pager(self._frame.at(HERE), number, len(people), PAGE),
            here=HERE,
        )

    def _person(self, one: Person, visit: Visit, *, whole: bool) -> Html:
        record = self._record(one.id)
        button = tag("button", own.OPEN, type="button", id="own") if one.id == visit.person else None
        heading = members.person(one.name, one.id, one.groups)
        if record is None:
            told: list[Parts] = [members.damaged_record()]
        else:
            told = _all(record) if whole else [_kinds(record)]
        return tag("section", tag("h2", parts(heading)), lines(told), button, class_="waiting")

    def _record(self, person: str) -> PersonRecord | None:
        return whole(self._desk, lambda: self._desk.store.person(person))

    def _own(self, _request: Request, _form: Form, visit: Visit) -> Response:
        """A one-time address of the page of one's own: it shows, and changes nothing without an authenticator."""
        address = OwnActs(self._desk, self._frame.visitors.site.settings.url).page(visit.person)
        return JSONResponse({"to": address})


def _all(record: PersonRecord) -> list[Parts]:
    """Each that is in use or waits: since when, and when it was used last."""
    used = [enrolment.since(one) for one in record.authenticators if one.usable]
    return [*(used or [members.bare()]), *enrolment.awaited(record), *members.locked(record)]


def _kinds(record: PersonRecord) -> Parts:
    """Only what there is: "a code app, 2 security keys"."""
    return members.kinds(Counter(one.kind for one in record.authenticators if one.usable))
