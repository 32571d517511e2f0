"""Who is at the console: the one cookie of it, and the proxy's word where there is one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from jenkins_mfa.errors import Refusal
from jenkins_mfa.usecases.console import LIFETIME, Console, Visit, Way
from jenkins_mfa.usecases.desk import Who
from jenkins_mfa.web import session
from jenkins_mfa.web.console.settings import Console as Settings
from jenkins_mfa.web.site import Form, Site, host

MOST = 64  #: characters of a token that is looked at
SUBJECT = 200  #: characters of what a proxy says

Handler = Callable[[Request, Form, Visit], Response]


@dataclass(frozen=True)
class Visitors:
    """The visits of one agent's console."""

    site: Site
    settings: Settings

    @property
    def visits(self) -> Console:
        """The use case."""
        return Console(self.site.desk)

    @property
    def cookie(self) -> str:
        """The cookie's name; with its prefix a browser takes it over TLS alone, for this host (RFC 6265bis)."""
        return f"{self.site.settings.cookie}-console"

    def find(self, request: Request) -> Visit | None:
        """Whose request this is. What is sent counts only from a page of this very visit (cross-site request forgery);
        a visit by the proxy's word lasts while the proxy names the same person.
        """
        token = self._token(request)
        if request.method == "POST" and request.headers.get(session.PAGE) != session.mark(token):
            return None
        found = self.visits.find(token)
        if found is not None and found.way is Way.PROXY and not self._still_named(request, found.person):
            return None
        return found

    def named(self, request: Request) -> str:
        """The roster id of whom the proxy names; empty where it names nobody. Raises Refusal for somebody unknown.

        Only the proxies of [web] get this far (web/guard.py). A header that stands there twice was not theirs alone.
        """
        told = request.headers.getlist(self.settings.identity_header) if self.settings.identity_header else []
        if not told:
            return ""
        subject = told[0] if len(told) == 1 and len(told[0]) <= SUBJECT and told[0].isprintable() else ""
        return self.visits.named(Way.PROXY, subject)

    def admit(self, request: Request, response: Response, person: str, way: Way) -> Visit:
        """Begin a visit in this browser, under a token of its own: whatever cookie came along is worth nothing
        (session fixation). Raises Refusal, MessengerUnavailableError.
        """
        token, visit = self.visits.begin(person, way, host(request))
        response.set_cookie(
            self.cookie,
            token,
            max_age=LIFETIME // 1000,
            path="/",
            secure=self.site.settings.secure,
            httponly=True,
            samesite="lax",  # a link in a message leads in; what is sent needs more than the cookie
        )
        request.scope["visit"] = session.mark(token)
        return visit

    def leave(self, request: Request, response: Response) -> None:
        """End the visit, here and in the store."""
        self.visits.end(self._token(request))
        response.delete_cookie(self.cookie, path="/", secure=self.site.settings.secure, httponly=True, samesite="lax")

    def mark(self, request: Request) -> str:
        """What a page says with all that it sends: it names the visit in which it was shown."""
        begun: str | None = request.scope.get("visit")
        return begun or session.mark(self._token(request))

    def who(self, request: Request, visit: Visit) -> Who:
        """Who acts, from where."""
        return Who("console", host(request), visit.person, self.mark(request))

    def takes(self, handler: Handler) -> Callable[[Request], Any]:
        """An endpoint for what a page's script sends in a visit."""

        def within(request: Request, form: Form) -> Response:
            visit = self.find(request)
            if visit is None:
                raise Refusal("visit_over")
            return handler(request, form, visit)

        return self.site.takes(within, self._guest)

    def _guest(self, request: Request) -> tuple[str, str]:
        found = self.find(request)
        return (self.mark(request), found.person) if found else ("", "")

    def _still_named(self, request: Request, person: str) -> bool:
        try:
            return self.named(request) == person
        except Refusal:
            return False

    def _token(self, request: Request) -> str:
        return request.cookies.get(self.cookie, "")[:MOST]
