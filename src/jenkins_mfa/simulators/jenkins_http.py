"""The HTTP side: sockets, authentication, crumbs, faults and the record of all requests."""

from __future__ import annotations

import base64
import secrets
import socket
import sys
import threading
import time
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote

from jenkins_mfa.simulators.jenkins_accounts import User
from jenkins_mfa.simulators.jenkins_answers import Answer, Answers
from jenkins_mfa.simulators.jenkins_call import Call
from jenkins_mfa.simulators.jenkins_faults import Fault, Faults
from jenkins_mfa.simulators.jenkins_routes import crumb, route
from jenkins_mfa.simulators.jenkins_state import Controller

#: Seconds that a held request waits at most, so that a failed test does not hang.
_HOLD_LIMIT = 60.0


@dataclass(frozen=True, slots=True)
class Seen:
    """One request that arrived. `status` is None when it got no answer; `at`: monotonic seconds."""

    method: str
    path: str
    user: str | None
    status: int | None
    at: float
    seconds: float


class JenkinsServer(ThreadingHTTPServer):
    """The listening socket of one controller. It knows its open connections: a restart cuts them."""

    daemon_threads = True
    request_queue_size = 256
    allow_reuse_address = True

    def __init__(
        self,
        address: tuple[str, int],
        controller: Controller,
        faults: Faults,
        context: str,
        public_url: str | None,
    ) -> None:
        self.controller = controller
        self.faults = faults
        self.context = context
        self.public_url = public_url
        self.answers = Answers(controller)
        self.sessions: dict[str, str] = {}
        self.seen: list[Seen] = []
        self.connections: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def shutdown_request(self, request: Any) -> None:
        """Forget a connection that is over."""
        self.connections.discard(request)
        super().shutdown_request(request)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember a new connection."""
        self.connections.add(request)
        super().process_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no news; anything else ends the request and is shown."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def cut(self) -> None:
        """Close every open connection."""
        for connection in list(self.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                self.connections.discard(connection)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: JenkinsServer

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Nothing: `seen` is the log."""

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        at = time.monotonic()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.server.faults.take(f"{self.command} {unquote(self.path)}")
        time.sleep(self.server.faults.seconds) if self.server.faults.seconds else None
        user, answer = self._answer(fault, body)
        took = time.monotonic() - at
        status = answer.status if answer else None
        self.server.seen.append(Seen(self.command, self.path, user.id if user else None, status, at, took))
        if answer is None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        controller = self.server.controller
        self.wfile.write(answer.on_wire(jetty=controller.profile.container == "jetty", at=controller.now()))

    def _answer(self, fault: Fault | None, body: bytes) -> tuple[User | None, Answer | None]:
        kind = fault.kind if fault else ""
        if kind == "drop":
            return None, None
        if fault and kind == "hold" and fault.release:
            fault.release.wait(_HOLD_LIMIT)
        if fault and kind == "echo":
            said = [("X-Error", " ".join(f"{name}: {value}" for name, value in self.headers.items()))]
            page = f"<pre>{self.headers}{body.decode()}</pre>"
            return None, self.server.answers.page(fault.status, "Error", page, said)
        if fault and fault.answer:
            return None, fault.answer(self.server.answers)
        user, answer = self._real(body)
        if fault and kind == "hold_answer" and fault.release:
            fault.release.wait(_HOLD_LIMIT)
        return user, None if kind == "lose" else answer

    def _real(self, body: bytes) -> tuple[User | None, Answer]:
        answers = self.server.answers
        if self.server.faults.phase == "loading":
            return None, answers.starting()
        path, _, query = self.path.partition("?")
        if self.server.controller.profile.container == "tomcat" and set(query) & set('[]{}"<>\\^`|'):
            return None, answers.container(400, "Bad Request", path)
        user, by_token, session = self._who()
        if self.server.faults.phase == "users" and "Authorization" in self.headers:
            return None, answers.unauthorized(path)
        if user is None and "Authorization" in self.headers:
            return None, answers.unauthorized(path)
        signing_in = path.endswith("/j_spring_security_check")
        if self.command == "POST" and not by_token and not signing_in and not self._crumb_fits(session):
            return user, answers.no_crumb(path)
        if not path.startswith(self.server.context + "/"):
            return user, answers.container(404, "Not Found", path)
        return user, route(self._call(path, query, body, user, session))

    def _call(self, path: str, query: str, body: bytes, user: User | None, session: str) -> Call:
        kind = self.headers.get("Content-Type", "")
        form = None
        if kind.startswith("application/x-www-form-urlencoded") or query:
            form = (
                parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=1000) if kind else {}
            )
        asked = parse_qs(query, keep_blank_values=True)
        host = self.headers.get("Host", "127.0.0.1")
        return Call(
            controller=self.server.controller,
            answers=self.server.answers,
            method=self.command,
            path=path,
            parts=[unquote(part) for part in path[len(self.server.context) + 1 :].split("/")],
            query={name: values[-1] for name, values in asked.items()},
            form=None if form is None else {name: values[-1] for name, values in form.items()},
            user=user,
            root=self.server.public_url or f"http://{host}{self.server.context}/",
            context=self.server.context,
            sessions=self.server.sessions,
            session=session,
        )

    def _who(self) -> tuple[User | None, bool, str]:
        """The account, whether an API token proved it, and the session id."""
        users = self.server.controller.users
        scheme, _, given = self.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                name, _, secret = base64.b64decode(given).decode().partition(":")
            except ValueError:
                return None, False, ""
            user = next((u for u in users.values() if u.id.lower() == name.lower()), None)
            if user is None or secret not in (user.token, user.password):
                return None, False, ""
            return user, secret == user.token, ""
        try:
            cookie = SimpleCookie(self.headers.get("Cookie", ""))
        except CookieError:
            return None, False, ""
        session = next((m.value for n, m in cookie.items() if n.startswith("JSESSIONID")), "")
        return users.get(self.server.sessions.get(session, "")), False, session

    def _crumb_fits(self, session: str) -> bool:
        return bool(session) and secrets.compare_digest(self.headers.get("Jenkins-Crumb", ""), crumb(session))


def serve(server: JenkinsServer) -> threading.Thread:
    """Run the server in a thread of its own."""
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="jenkins-simulator", daemon=True)
    thread.start()
    return thread
