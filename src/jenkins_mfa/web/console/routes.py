"""All addresses of the console. But for the door, each is for people who are in."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from jenkins_mfa.web.console import live
from jenkins_mfa.web.console.answering import Answering
from jenkins_mfa.web.console.books import Books
from jenkins_mfa.web.console.crew import Crew
from jenkins_mfa.web.console.door import Door
from jenkins_mfa.web.console.figures import Figures
from jenkins_mfa.web.console.frame import Frame
from jenkins_mfa.web.console.gate import GatePage
from jenkins_mfa.web.console.past import Past
from jenkins_mfa.web.console.pending import Pending
from jenkins_mfa.web.console.pulse import Pulse
from jenkins_mfa.web.console.rules import Rules
from jenkins_mfa.web.console.settings import Console
from jenkins_mfa.web.console.visitors import Visitors
from jenkins_mfa.web.site import Site


def routes(site: Site, settings: Console, books: Books) -> list[Route]:
    """Pages, and what their script sends."""

    def style(_request: Request) -> Response:
        return Response(books.style, media_type="text/css")

    visitors = Visitors(site, settings)
    door, frame, answering = Door(visitors), Frame(visitors), Answering(visitors)
    crew = Crew(frame)
    return [
        *door.routes(),
        *live.routes(visitors),
        *answering.routes(),
        *crew.routes(),
        Route("/static/report.css", style),
        Route("/console", door.page(Pending(frame).show)),
        Route("/console/gates/{jti}", door.page(GatePage(frame, answering).show)),
        Route("/console/history", door.page(Past(frame).show)),
        Route("/console/people", door.page(crew.show)),
        Route("/console/policy", door.page(Rules(frame, books).show)),
        Route("/console/report", door.page(Figures(frame, books).show)),
        Route("/console/health", door.page(Pulse(frame).show)),
    ]
