"""Plays recorded exchanges against the simulator and compares what comes back."""

import base64
import http.client
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from jenkins_recorded import Exchange, exchanges

from jenkins_mfa.simulators.jenkins import JenkinsSimulator

#: Headers that must be the same, absent ones included.
HEADERS = (
    "X-Error",
    "X-Jenkins",
    "X-Required-Permission",
    "X-You-Are-Authenticated-As",
    "WWW-Authenticate",
    "Content-Type",
    "Location",
)
#: Values that no two controllers have in common: times, durations, sizes, numbers of the queue.
_VOLATILE = re.compile(r"timestamp|duration|estimatedDuration|queueId|executorUtilization|crumb|\w+Millis|inQueueSince")
_LINES_THAT_VARY = re.compile(r"ErrorAction\$ErrorId|^Resuming build at|^Ready to run at|^Sleeping|^\[Pipeline\] sleep")


class Player:
    """The exchanges of one recording, each played once and in order; `skipped` are stepped over."""

    def __init__(self, sim: JenkinsSimulator, name: str, skipped: Mapping[int, str]) -> None:
        self.sim = sim
        self.name = name
        self.left = [(n, e) for n, e in enumerate(exchanges(f"{name}.txt")) if n not in skipped]
        self.cookie = ""
        self.crumb = ""

    def play(self, *users: str | None) -> None:
        """Play the next exchanges, one for each user: an account, `id:password`, None, or `session`."""
        for user in users:
            number, exchange = self.left[0]
            self._compare(number, exchange, *self._send(exchange, user))
            self.left.pop(0)

    def play_as_recorded(self, times: int = 1) -> None:
        """Play the next exchanges as the accounts that the recording names."""
        for _ in range(times):
            self.play(self.left[0][1].user)

    def request(self, path: str, user: str) -> None:
        """A POST that the recording does not show, for its effect."""
        requests.post(self.sim.url + path, auth=self.sim.auth(user), timeout=10, allow_redirects=False)

    def _send(self, exchange: Exchange, user: str | None) -> tuple[int, Mapping[str, str], str]:
        host = urlsplit(self.sim.url).netloc
        connection = http.client.HTTPConnection(host, timeout=10)
        connection.putrequest(exchange.method, exchange.target, skip_accept_encoding=True)
        sent = {n: v for n, v in exchange.sent.items() if n == "Content-Type"}
        body = exchange.body.rstrip("\n").encode()
        sent["Content-Length"] = str(len(body))
        sent |= self._credentials(exchange, user)
        for name, value in sent.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        self.cookie = (answer.headers.get("Set-Cookie") or self.cookie).partition(";")[0]
        return answer.status, answer.headers, text

    def _credentials(self, exchange: Exchange, user: str | None) -> dict[str, str]:
        if user == "session":
            crumb = {"Jenkins-Crumb": self.crumb} if "Jenkins-Crumb" in exchange.sent else {}
            return {"Cookie": self.cookie, **crumb}
        if user is None:
            return {}
        pair = user if ":" in user else ":".join(self.sim.auth(user))
        return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}

    def _compare(self, number: int, exchange: Exchange, status: int, headers: Mapping[str, str], text: str) -> None:
        where = f"{self.name}[{number}] {exchange.note}\n{exchange.method} {exchange.target}\n{text[:2000]}"
        assert status == exchange.status, where
        for name in HEADERS:
            assert _header(headers.get(name)) == _header(exchange.headers.get(name)), f"{name} of {where}"
        assert ("X-Jenkins-Session" in headers) == ("X-Jenkins-Session" in exchange.headers), where
        kind = exchange.headers.get("Content-Type", "")
        if exchange.json is not None:
            found = json.loads(text)
            self.crumb = found.get("crumb", self.crumb)
            assert steady(found) == steady(exchange.json), where
        elif kind.startswith("text/plain"):
            assert _console(text) == _console(exchange.answer), where


def _header(value: str | None) -> str | None:
    return value and re.sub(r"queue/item/\d+", "queue/item/N", value)


def _console(text: str) -> list[str]:
    return [line for line in text.strip().split("\n") if not _LINES_THAT_VARY.search(line)]


def steady(value: Any) -> Any:
    """JSON without what varies: times, and the actions of which plugins export nothing."""
    if isinstance(value, dict):
        return {k: "varies" if _VOLATILE.fullmatch(k) else steady(v) for k, v in value.items()}
    if isinstance(value, list):
        return [steady(item) for item in value if item != {}]
    return value
