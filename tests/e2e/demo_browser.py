"""Asks the demo's page over HTTP, as a browser does, without one."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from typing import Any

from jenkins_mfa.demo.world import World

ALICE, BOB, DAN, EVE = "U0ALICE", "U0BOB", "U0DAN", "U0EVE"
PATIENCE = 30  #: seconds for any one answer
Json = dict[str, Any]


@dataclass
class Browser:
    """Asks as the page does; `address` is host:port."""

    address: str
    world: World

    def ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str | None
    ) -> tuple[HTTPResponse, bytes]:
        """One request; a header None is left out, underscores in names are hyphens."""
        connection = HTTPConnection(self.address, timeout=PATIENCE)
        given: dict[str, str | None] = {"Host": self.address}
        if method == "POST":
            given |= {"Origin": f"http://{self.address}", "Content-Type": "application/json"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.putrequest(method, path, skip_host=True)
            for name, value in given.items():
                if value is not None:
                    connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            response = connection.getresponse()
            return response, response.read()
        finally:
            connection.close()

    def act(self, verb: str, user: str = ALICE, **members: Any) -> Json:
        """One action; fails the test unless the server took it."""
        response, body = self.ask("POST", f"/act/{verb}", json.dumps({"as": user, **members}).encode())
        assert response.status == 200, body
        return json.loads(body)

    def status(self, verb: str, body: bytes, **headers: str | None) -> int:
        """The status of one action."""
        return self.ask("POST", f"/act/{verb}", body, **headers)[0].status

    def picture(self, holds: Callable[[Json], Any] = lambda _: True, user: str = ALICE) -> Json:
        """The first picture of the stream for which `holds` is true."""
        connection = HTTPConnection(self.address, timeout=PATIENCE)
        connection.request("GET", f"/events?as={user}")
        response = connection.getresponse()
        try:
            for line in response:
                if line.startswith(b"data: ") and holds(found := json.loads(line[6:])):
                    return found
            raise AssertionError("the stream ended")
        finally:
            response.close()
            connection.close()

    def build(self, job: str, holds: Callable[[Json], Any], number: int) -> Json:
        """A build as the page shows it, once `holds`."""
        found: list[Json] = []

        def look(picture: Json) -> bool:
            builds = next(one for one in picture["jenkins"]["jobs"] if one["name"] == job)["builds"]
            found[:] = [build for build in builds if build["number"] == number and holds(build)]
            return bool(found)

        self.picture(look)
        return found[0]

    def message(self, beginning: str, user: str = ALICE) -> Json:
        """The message whose header begins like this, once it stands there."""
        found: list[Json] = []

        def look(picture: Json) -> bool:
            found[:] = [one for one in picture["slack"]["messages"] if header(one).startswith(beginning)]
            return bool(found)

        self.picture(look, user)
        return found[0]

    def start(self, job: str, **values: str) -> int:
        """Start a build; returns its number."""
        return int(self.act("start", DAN, job=job, values=values)["number"])


def header(message: Json) -> str:
    """The header of a message, or nothing."""
    return next((block["text"]["text"] for block in message["blocks"] if block["type"] == "header"), "")
