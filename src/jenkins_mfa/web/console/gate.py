"""`/console/gates/<jti>`: one gate with its whole story: what it shows, what it needs and why, what happened."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from jenkins_mfa.core.model import Entry, Factor, Gate
from jenkins_mfa.errors import Refusal, StoreUnusableError
from jenkins_mfa.usecases import explain
from jenkins_mfa.usecases.console import Visit
from jenkins_mfa.usecases.desk import load
from jenkins_mfa.usecases.key_answers import asks
from jenkins_mfa.web import shown
from jenkins_mfa.web.console.answering import Answering
from jenkins_mfa.web.console.frame import Frame, lines, tree
from jenkins_mfa.web.gates import JTI
from jenkins_mfa.words import console, history, page, render, why
from jenkins_mfa.words.html import Html, tag


class GatePage:
    """The page."""

    def __init__(self, frame: Frame, answering: Answering) -> None:
        self._frame = frame
        self._desk = frame.desk
        self._answering = answering

    def show(self, request: Request, visit: Visit) -> Response:
        """The gate as it stands now; one that was asked anew since leads on to that."""
        jti = str(request.path_params["jti"])
        if not JTI.fullmatch(jti):
            raise HTTPException(404)
        try:
            gate = load(self._desk, jti)
        except Refusal as refusal:
            return self._elsewhere(jti, refusal)
        entries = self._entries(gate)
        return self._frame.page(
            request,
            visit,
            shown.header(self._desk, gate),
            shown.gate(self._desk, gate),
            self._answering.section(request, visit, gate),
            self._needs(gate, entries or []),
            self._happened(entries),
            name="console-gate",
            window=render.terminal(page.header(gate)),
            seen=str(gate.version),
            asks=asks(gate),
            about=gate.jti,
            wait="/console/wait",
        )

    def _elsewhere(self, jti: str, refusal: Refusal) -> Response:
        newest = self._desk.store.gate(jti.partition(".")[0]) if refusal.code == "stale" else None
        if newest is None:
            raise HTTPException(404)
        return RedirectResponse(f"{self._frame.visitors.site.settings.url}/console/gates/{newest.jti}", 303)

    def _entries(self, gate: Gate) -> list[Entry] | None:
        """The trail's events about it; None where one of them is not what an agent has written."""
        try:
            return self._desk.store.entries(gate.jti)
        except StoreUnusableError:
            return None

    def _needs(self, gate: Gate, entries: list[Entry]) -> Html:
        """What `/mfa why` says, whole."""
        desk, now = self._desk, self._desk.store.now()
        in_force = desk.rules.now
        reasons, whole = explain.tree(gate, in_force.policy, in_force.roster)
        keyed = Factor.WEBAUTHN in in_force.policy.available
        bare = explain.bare(desk.store, gate)
        asked = why.asked(gate, in_force.roster, entries, bare, now, pages=keyed)
        because = tree(why.because(reasons, whole=whole)[1:])
        return tag(
            "section",
            tag("h2", console.NEEDS),
            tree(asked[1:]),
            tag("details", tag("summary", console.WHY), because, class_="more") if because else None,
        )

    def _happened(self, entries: list[Entry] | None) -> Html:
        """The same events in words, oldest first."""
        told = [console.event(one.at, history.sentence(one, self._desk.roster)) for one in entries or ()]
        nothing = console.UNREAD if entries is None else console.NOTHING
        return tag("section", tag("h2", console.HAPPENED), lines(told) or tag("p", nothing))
