"""The demo's page: one address on 127.0.0.1 that shows Slack, Jenkins and phones side by side.

State goes out as server-sent events, one whole picture at each change; actions come in as POSTs with JSON. The page is
for this computer only: other hosts' names and other sites' pages are refused (DNS rebinding, cross-site requests).
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from threading import Thread
from types import TracebackType
from typing import Any, Protocol, Self
from urllib.parse import parse_qs, urlsplit

from jenkins_mfa.core import totp
from jenkins_mfa.demo import web_jenkins, web_slack
from jenkins_mfa.demo.web_feed import Feed
from jenkins_mfa.demo.web_form import Form, known_user
from jenkins_mfa.demo.web_keys import VERBS, Held, Keys
from jenkins_mfa.errors import UntrustedInputError
from jenkins_mfa.simulators.jenkins import JenkinsSimulator
from jenkins_mfa.simulators.slack import ImpossibleActionError

BODY_BYTES = 20_000  #: of one action
_TYPES = {"html": "text/html; charset=utf-8", "js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
#: Only our own files, nothing inline, nothing from elsewhere, no frame around us.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Simulated(Held, Protocol):
    """What the page needs of the demo's world."""

    jenkins: JenkinsSimulator

    @property
    def console(self) -> str:
        """The address of the agent's console; empty where nobody can open it."""


class Web:
    """The page's server. `port` 0 takes a free one; `url` is the one address, wherever it listens. Raises OSError when
    the port is taken.
    """

    def __init__(self, world: Simulated, port: int = 0, *, host: str = "127.0.0.1") -> None:
        self.world = world
        self.feed = Feed(world.slack, world.jenkins)
        self.keys = Keys(world, self.feed.bump)
        self._server = _Server((host, port), self)
        self._thread = Thread(target=self._server.serve_forever, name="demo-web", daemon=True)

    @property
    def url(self) -> str:
        """The address to open."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/"

    def __enter__(self) -> Self:
        self.feed.start()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self.feed.stop()
        self._server.server_close()
        self._thread.join()

    def picture(self, me: str) -> dict[str, Any]:
        """All that the page shows to one person."""
        now = int(time.time())
        return {
            "me": me,
            "console": self.world.console,
            "people": web_slack.people(),
            "slack": web_slack.view(self.world.slack, me),
            "jenkins": web_jenkins.view(self.world.jenkins),
            "phones": {person: totp.code_at(seed, now) for person, seed in self.world.seeds.items()},
            "key": self.keys.view(me),
            "codes_end": (now // totp.STEP + 1) * totp.STEP,
        }

    def act(self, verb: str, form: Form) -> dict[str, Any]:
        """Do one thing as a person. Raises UntrustedInputError, or ImpossibleActionError for what is not there."""
        if verb in web_slack.ACTIONS:
            answer = web_slack.ACTIONS[verb](self.world.slack, form)
        elif verb in web_jenkins.ACTIONS:
            answer = web_jenkins.ACTIONS[verb](self.world.jenkins, form)
        elif verb in VERBS:
            answer = self.keys.act(verb, form)
        else:
            raise UntrustedInputError("There is no such action.")
        self.feed.bump()
        return answer


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], web: Web) -> None:
        super().__init__(address, _Handler)
        self.web = web
        port = self.server_address[1]
        self.hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    server_version = "jenkins-mfa-demo"
    sys_version = ""
    timeout = 60

    def do_GET(self) -> None:
        if self.headers.get("Host") not in self.server.hosts:
            self._refuse(HTTPStatus.FORBIDDEN, "This page answers to its own address only.")
            return
        target = urlsplit(self.path)
        if target.path == "/events":
            self._events(parse_qs(target.query).get("as", [""])[0])
            return
        name = target.path.lstrip("/") or "page.html"
        file = resources.files("jenkins_mfa.demo").joinpath("static", name)
        kind = _TYPES.get(name.rpartition(".")[2])
        if kind is None or "/" in name or not file.is_file():
            self._refuse(HTTPStatus.NOT_FOUND, "There is no such page.")
            return
        self._send(HTTPStatus.OK, kind, file.read_bytes())

    def do_POST(self) -> None:
        origin, kind = self.headers.get("Origin"), self.headers.get("Content-Type", "").partition(";")[0]
        if self.headers.get("Host") not in self.server.hosts or origin != f"http://{self.headers['Host']}":
            self._refuse(HTTPStatus.FORBIDDEN, "Only the demo's own page may act.")
        elif kind.strip() != "application/json":
            self._refuse(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Actions are JSON.")
        else:
            self._act()

    def _act(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > BODY_BYTES:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"An action takes at most {BODY_BYTES} bytes.")
            return
        try:
            form = Form(self.rfile.read(int(length)))
            answer = self.server.web.act(urlsplit(self.path).path.removeprefix("/act/"), form)
        except UntrustedInputError as error:
            self._refuse(HTTPStatus.BAD_REQUEST, str(error))
        except ImpossibleActionError as error:
            self._refuse(HTTPStatus.CONFLICT, f"That is not there any more: {error}.")
        else:
            self._json(HTTPStatus.OK, answer)

    def _events(self, user: str) -> None:
        """Send the picture at each change, and at each new time step of the codes, until the page goes away."""
        try:
            me = known_user(user)
        except UntrustedInputError as error:
            self._refuse(HTTPStatus.BAD_REQUEST, str(error))
            return
        self._head(HTTPStatus.OK, "text/event-stream", {"Connection": "close"})
        web, last = self.server.web, b""
        try:
            seen = web.feed.number
            while not web.feed.stopped:
                shown = json.dumps(web.picture(me), ensure_ascii=False).encode()
                if shown != last:
                    self.wfile.write(b"data: " + shown + b"\n\n")
                    last = shown
                seen = web.feed.wait(seen, totp.STEP - time.time() % totp.STEP)
        except OSError:
            pass  # the page was closed

    def _json(self, status: HTTPStatus, answer: Mapping[str, Any]) -> None:
        self._send(status, "application/json", json.dumps(answer, ensure_ascii=False).encode())

    def _refuse(self, status: HTTPStatus, text: str) -> None:
        self.close_connection = True
        self._json(status, {"error": text})

    def _send(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self._head(status, kind, {"Content-Length": str(len(body))})
        self.wfile.write(body)

    def _head(self, status: HTTPStatus, kind: str, more: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, **_HEADERS, **more}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (its base's name)
        """Nothing: the terminal belongs to the demo's own words."""
