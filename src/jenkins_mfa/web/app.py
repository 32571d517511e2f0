"""All routes, and what is said where none fits. A failure's page tells nothing about the inside."""

from __future__ import annotations

from importlib import resources

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from jenkins_mfa.errors import StoreError
from jenkins_mfa.web import acts, enrol, gates, health, home, opening, own, receipts, shown
from jenkins_mfa.web.console import routes as console
from jenkins_mfa.web.console.books import Books
from jenkins_mfa.web.console.settings import Console
from jenkins_mfa.web.session import Purpose, Session
from jenkins_mfa.web.site import Site
from jenkins_mfa.words import pages

_KINDS = {
    "page.js": "text/javascript",
    "console.js": "text/javascript",
    "page.css": "text/css",
    "icon.svg": "image/svg+xml",
}


def application(site: Site, desk: tuple[Console, Books] | None = None) -> Starlette:
    """The pages as one ASGI application; with the console, where there are settings for it, and what it shows."""

    def gate_version(session: Session) -> str:
        return shown.version(site.desk, session.about.rpartition(".")[0])

    marks: health.Marks = {
        Purpose.ANSWER: gate_version,
        Purpose.SIGNED_IN: gate_version,
        Purpose.ENROL: lambda one: enrol.stage(site, one),
    }
    routes = [
        *health.routes(site, marks),
        *opening.routes(site),
        *gates.routes(site),
        *home.routes(site),
        *enrol.routes(site),
        *acts.routes(site),
        *own.routes(site),
        *receipts.routes(site),
        *(console.routes(site, *desk) if desk else ()),
        Route("/static/{name}", _static),
    ]

    def other(_request: Request, error: Exception) -> Response:
        """No such page, or none for this method: then the answer names those that there are (RFC 9110, 15.5.6)."""
        status, more = (error.status_code, error.headers) if isinstance(error, HTTPException) else (404, None)
        found = site.message(pages.GONE_TITLE, pages.GONE_TEXT, status)
        found.headers.update(more or {})
        return found

    def away(_request: Request, _error: Exception) -> Response:
        return site.message(pages.AWAY_TITLE, pages.AWAY_TEXT, 503)

    app = Starlette(routes=routes, exception_handlers={HTTPException: other, StoreError: away})
    app.router.redirect_slashes = False
    return app


def _static(request: Request) -> Response:
    """One of our own files."""
    name = request.path_params["name"]
    if name not in _KINDS:
        raise HTTPException(404)
    raw = resources.files("jenkins_mfa.web").joinpath("static", name).read_bytes()
    return Response(raw, media_type=_KINDS[name])
