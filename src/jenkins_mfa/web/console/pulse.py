"""`/console/health`: what runs, what it reads, what is not delivered."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from jenkins_mfa.core import beats
from jenkins_mfa.usecases.console import Visit
from jenkins_mfa.web.console.frame import Frame, lines
from jenkins_mfa.words import commands, console, pulse
from jenkins_mfa.words.html import Content, tag
from jenkins_mfa.words.parts import Parts

HERE = "/console/health"


class Pulse:
    """The page."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._desk = frame.desk

    def show(self, request: Request, visit: Visit) -> Response:
        """Each part with a line or more: that the store answers is seen by there being a page."""
        store = self._desk.store
        now, told = store.now(), store.beats()
        agents = [(name, beat) for name, beat in sorted(told.items()) if beats.kind_of(name) == "agent"]
        keepers = [(name, beat) for name, beat in sorted(told.items()) if beats.kind_of(name) in beats.KEEPERS]
        damaged = commands.damaged([one.record for one in store.damaged_gates()])
        return self._frame.page(
            request,
            visit,
            console.HEALTH,
            _part(console.AGENTS, [pulse.agent(name.partition(":")[2], beat, now) for name, beat in agents]),
            _part(console.SOURCES, pulse.sources(told, now)),
            _part(console.DELIVERIES, [pulse.backlog(store.backlog(), now)]),
            _part(console.TRAIL, [pulse.keeper(name, beat, now) for name, beat in keepers]),
            _part(console.DAMAGED, damaged) if damaged else None,
            here=HERE,
        )


def _part(title: str, told: list[Parts]) -> Content:
    return tag("section", tag("h2", title), lines(told) or tag("p", console.SILENCE), class_="waiting")
