"""`/open`: where one-time addresses lead. The token stands behind #, so that no server and no log ever sees it in a
request's line; the page's script sends it, and only that uses it up.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from jenkins_mfa.core.model import TicketRecord
from jenkins_mfa.usecases import tickets
from jenkins_mfa.usecases.tickets import For
from jenkins_mfa.web import layout, session
from jenkins_mfa.web.session import Purpose, Session
from jenkins_mfa.web.site import Form, Site, text
from jenkins_mfa.words import pages
from jenkins_mfa.words.html import tag

TOKEN = 64  #: characters that are looked at; a token has 43


def routes(site: Site) -> list[Route]:
    """The page, and what its script sends."""

    def show(_request: Request) -> Response:
        return site.page(pages.OPEN_TITLE, tag("p", pages.OPEN_TEXT, id="opening"), layout.elsewhere(), name="open")

    def turn_in(_request: Request, form: Form) -> Response:
        ticket = tickets.turn_in(site.desk, text(form, "token", TOKEN))
        begun, to = _begun(ticket)
        response = JSONResponse({"to": to})
        site.begin(response, begun)
        return response

    return [Route("/open", show), Route("/open", site.takes(turn_in), methods=["POST"])]


def _begun(ticket: TicketRecord) -> tuple[Session, str]:
    """The session that a ticket begins, and the page that it opens. What is begun must be over when the ticket ends."""
    about = ticket.gate if ticket.purpose == For.ANSWER else ticket.id
    expires = min(ticket.expires, ticket.used_at + session.LIFETIME)
    pages = {For.ANSWER: f"/gate/{ticket.gate}", For.ENROL: "/enrol", For.ACT: "/act", For.OWN: "/me"}
    to = pages[For(ticket.purpose)]
    return Session(Purpose(ticket.purpose), ticket.person, about, expires), to
