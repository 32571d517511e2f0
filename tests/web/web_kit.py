"""The pages of one agent on a real socket, on a store in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import requests
from starlette.types import ASGIApp

from jenkins_mfa.console_books import books
from jenkins_mfa.core.consumers import Consumer, Consumers
from jenkins_mfa.health import Health
from jenkins_mfa.security_keys.ceremonies import WebAuthnKeys
from jenkins_mfa.simulators.ports import free_port
from jenkins_mfa.threads import Crew
from jenkins_mfa.usecases.desk import Desk
from jenkins_mfa.web import session
from jenkins_mfa.web.app import application
from jenkins_mfa.web.console.settings import Console
from jenkins_mfa.web.server import WebServer
from jenkins_mfa.web.settings import Settings
from jenkins_mfa.web.site import Site

SECONDS = 10  #: that any answer may take


@dataclass
class Browser:
    """What a browser sends: cookies, and what our own page's script says beside its form, unless told otherwise."""

    url: str
    verify: bool | str = True
    http: requests.Session = field(default_factory=requests.Session)

    def get(self, path: str, **headers: str) -> requests.Response:
        return self.http.get(
            f"{self.url}{path}", headers=headers, timeout=SECONDS, allow_redirects=False, verify=self.verify
        )

    def post(self, path: str, body: Any = None, **headers: str) -> requests.Response:
        said = {"Origin": self.origin, "Sec-Fetch-Site": "same-origin", session.PAGE: session.mark(self.cookie)}
        sent = said | {key.replace("_", "-"): value for key, value in headers.items()}
        sent = {key: value for key, value in sent.items() if value}
        return self.http.post(
            f"{self.url}{path}", json={} if body is None else body, headers=sent, timeout=SECONDS, verify=self.verify
        )

    @property
    def origin(self) -> str:
        """What it says of the page that sends."""
        return "/".join(self.url.split("/")[:3])

    @property
    def cookie(self) -> str:
        """The session's value; empty without one."""
        return next((one.value or "" for one in self.http.cookies), "")


@dataclass
class Place:
    """A running server, and what is behind it."""

    desk: Desk
    settings: Settings
    site: Site
    server: WebServer
    crew: Crew

    @property
    def browser(self) -> Browser:
        """A fresh browser."""
        return Browser(self.settings.url)

    def stop(self) -> bool:
        """Stop it; whether its thread has ended."""
        self.server.stop()
        return self.crew.stop(SECONDS)


@contextmanager
def served(
    desk: Desk,
    app: ASGIApp | None = None,
    consumers: tuple[Consumer, ...] = (),
    console: Console | None = None,
    prefix: str = "",
    **changes: Any,
) -> Iterator[Place]:
    """The pages at a free port of 127.0.0.1, named localhost, below `prefix`; with the console, where there are
    settings for it.
    """
    port = free_port()
    settings = replace(Settings("127.0.0.1", port, f"http://localhost:{port}{prefix}"), **changes)
    crew = Crew()
    health = Health(desk, crew, lambda: 1, dict)
    site = Site(desk, settings, WebAuthnKeys(settings.party, "jenkins-mfa"), health, Consumers(consumers))
    shown = (console, books(desk, Path("policy.toml"))) if console else None
    server = WebServer(app or application(site, shown), settings, site.waiters)
    server.bind()
    server.start(crew)
    place = Place(desk, settings, site, server, crew)
    try:
        yield place
    finally:
        assert place.stop()
        assert not crew.failed.is_set()
