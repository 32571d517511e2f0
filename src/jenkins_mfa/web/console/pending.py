"""`/console`: what waits now, oldest first, and how fresh that is."""

from __future__ import annotations

import functools

from starlette.requests import Request
from starlette.responses import Response

from jenkins_mfa.core.model import Gate, State
from jenkins_mfa.usecases import explain, floods, trouble
from jenkins_mfa.usecases.console import Visit
from jenkins_mfa.usecases.desk import Desk
from jenkins_mfa.usecases.ports import Store
from jenkins_mfa.web.console.frame import Frame, lines, number_of, pager
from jenkins_mfa.words import commands, console, holding, page, people
from jenkins_mfa.words.html import Html, parts, tag
from jenkins_mfa.words.parts import duration, join

PAGE = 25  #: gates on one page
HERE = "/console"


def mark(desk: Desk) -> str:
    """What changes whenever something that waits does. Gates come with new ids, and their versions only grow."""
    gates = desk.store.open_gates()
    newest = gates[-1].id if gates else ""
    return f"{len(gates)}.{sum(gate.version for gate in gates)}.{newest}"


class Pending:
    """The page."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._desk = frame.desk

    def show(self, request: Request, visit: Visit) -> Response:
        """One page of it; `mine`: only what waits for whoever looks."""
        seen = mark(self._desk)
        mine = "mine" in request.query_params
        gates = self._desk.store.open_gates()
        if mine:
            gates = [gate for gate in gates if self._asks(gate, visit.person)]
        number = number_of(request)
        shown, now, known = gates[(number - 1) * PAGE : number * PAGE], self._desk.store.now(), _Known(self._desk.store)
        return self._frame.page(
            request,
            visit,
            console.waiting(len(gates), mine=mine),
            self._about(now),
            self._choice(mine=mine),
            *(self._gate(gate, visit.person, now, known) for gate in shown),
            pager(self._frame.at(HERE), number, len(gates), PAGE, "&mine" if mine else ""),
            here=HERE,
            seen=seen,
            wait="/console/wait",
        )

    def _about(self, now: int) -> Html | None:
        """What is damaged or held back, and how fresh all is."""
        desk = self._desk
        found = commands.damaged([one.record for one in desk.store.damaged_gates()])
        found += holding.floods(floods.now_waiting(desk.store))
        fresh = commands.sources(desk.store.beats(), now)
        return lines([*found, *([fresh] if fresh else [])])

    def _choice(self, *, mine: bool) -> Html:
        ways = ((HERE, console.ALL, not mine), (f"{HERE}?mine", console.MINE, mine))
        links = (
            tag("a", label, href=self._frame.at(to), aria_current="true" if here else None) for to, label, here in ways
        )
        live = tag(
            "label",
            tag("input", type="checkbox", id="live", checked="checked"),
            tag("span", console.LIVE),
            class_="choice",
        )
        return tag("div", tag("p", *links, class_="ways"), live, class_="tools")

    def _gate(self, gate: Gate, me: str, now: int, known: explain.People) -> Html:
        desk = self._desk
        failing = trouble.of(desk.store, gate)
        lacking = explain.stuck(known, gate)
        asks = gate.state is State.PENDING and gate.held is None
        missing = people.opens(gate, desk.roster, more=True) if asks else ()
        started = join(people.requesters(gate, desk.roster))
        stands = missing or commands.standing(gate, desk.roster, failing, now)
        age, left = duration(now - gate.opened_at), duration(gate.deadline - now)
        return tag(
            "section",
            tag("h2", tag("a", parts(page.header(gate, failing)), href=self._frame.at(f"/console/gates/{gate.jti}"))),
            tag("p", parts(console.stands(stands, started, age, left))),
            tag("p", parts(commands.nobody(gate, lacking, desk.roster)), class_="bad") if lacking else None,
            tag("p", console.YOURS, class_="yours") if self._asks(gate, me) else None,
            class_="waiting",
            id=gate.id,
        )

    def _asks(self, gate: Gate, person: str) -> bool:
        return gate.state is State.PENDING and person in people.others(gate, self._desk.roster)


class _Known:
    """People's records, each read once for a page."""

    def __init__(self, store: Store) -> None:
        self.person = functools.cache(store.person)
