"""The console of one agent on a real socket, and people who sign in to it at a simulated Slack."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from web_kit import SECONDS, Browser, Place, served

from jenkins_mfa import secret_files
from jenkins_mfa.simulators.security_key import SecurityKey
from jenkins_mfa.simulators.slack import SlackSimulator
from jenkins_mfa.usecases.desk import Desk
from jenkins_mfa.web.console.settings import Console, SlackSignIn

CLIENT, SECRET = "2141.6926", "slack-client-secret-of-the-tests"
COOKIE = "mfa-console"
BACK = "/console/sign-in/slack/done"


@dataclass
class Visitor(Browser):
    """Somebody's browser at the console."""

    @property
    def cookie(self) -> str:
        """The visit's token; empty without one."""
        return next((one.value or "" for one in self.http.cookies if one.name == COOKIE), "")

    @property
    def inside(self) -> bool:
        """Whether its person is in."""
        return 'id="out"' in self.get("/console").text

    def plant(self, token: str) -> None:
        """Put a cookie into it."""
        self.http.cookies.clear()
        self.http.cookies.set(COOKIE, token, domain="localhost.local", path="/")

    def begin(self, to: str = "/console") -> str:
        """Choose Slack; where that leads."""
        return self.get(f"/console/sign-in/slack?to={to}").headers["Location"]

    def allow(self, address: str, user: str) -> str:
        """Say at Slack who it is; where Slack sends the browser back to."""
        address = address.replace("/openid/connect/authorize", "/openid/connect/allow")
        answer = requests.get(f"{address}&user={user}", allow_redirects=False, timeout=SECONDS)
        return answer.headers["Location"].removeprefix(self.url)

    def sign_in(self, user: str, to: str = "/console") -> requests.Response:
        """All of it; what the way back answers."""
        return self.get(self.allow(self.begin(to), user))

    def sign_in_with(self, key: SecurityKey, to: str = "/console") -> requests.Response:
        """With a passkey."""
        begun = self.post("/console/sign-in/key/begin").json()
        signed = json.dumps(key.sign(begun["options"], self.url))
        return self.post("/console/sign-in/key/finish", {"state": begun["state"], "answer": signed, "to": to})


@dataclass
class Desktop:
    """A console, the Slack that it asks, and what is behind both."""

    place: Place
    slack: SlackSimulator
    secret: Path

    @property
    def visitor(self) -> Visitor:
        """A fresh browser."""
        return Visitor(self.place.settings.url)

    def signed_in(self, user: str = "UALICE") -> Visitor:
        """A browser whose person is in."""
        found = self.visitor
        assert found.sign_in(user).status_code == 303
        return found


@contextmanager
def console(desk: Desk, header: str = "", **changes: Any) -> Iterator[Desktop]:
    """The console of that desk, with the roster of the tests in Slack."""
    with SlackSimulator(team="T1") as slack, tempfile.TemporaryDirectory(prefix="mfa-") as folder:
        for person in desk.roster.people.values():
            slack.add_user(person.identities["chat:T1"], person.name, team="T1")
        slack.add_user("USTRANGER", "Somebody Else", team="T1")
        issuer = slack.base_url.removesuffix("/api/")
        secret = Path(folder) / "slack-client.secret"
        secret_files.create(secret, SECRET.encode())
        settings = Console(SlackSignIn(issuer, "T1", CLIENT, secret), header)
        with served(desk, console=settings, **changes) as place:
            slack.openid.client(CLIENT, SECRET, f"{place.settings.url}{BACK}")
            yield Desktop(place, slack, secret)
