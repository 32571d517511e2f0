"""The HTTP side of the simulated Slack: Web API and response_urls on a real port, with faults on demand."""

from __future__ import annotations

import json
import socket
import threading
from collections import defaultdict, deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from jenkins_mfa.simulators.slack_api import answer
from jenkins_mfa.simulators.slack_model import ApiError
from jenkins_mfa.simulators.slack_openid import OpenId
from jenkins_mfa.simulators.slack_respond import use_response_url
from jenkins_mfa.simulators.slack_state import Workspace


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one call: ratelimited, 500, hang, lost (done, not answered), or an error code."""

    how: str
    retry_after: int = 1  # seconds


@dataclass(frozen=True)
class CallRecord:
    """One call that arrived: when (seconds), which method, its arguments without token, what was answered."""

    at: float
    method: str
    args: dict[str, Any]
    answer: dict[str, Any] = field(hash=False)


class SlackHttp:
    """The listening server; `stop` refuses connections until the next `start`, on the same port."""

    def __init__(self, workspace: Workspace, host: str, port: int) -> None:
        self.workspace = workspace
        self.calls: list[CallRecord] = []
        self.faults: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self.stopping = threading.Event()
        self._address = (host, port)
        self.start()
        self.openid = OpenId(workspace, self.url)

    @property
    def url(self) -> str:
        """Scheme, host and port, no slash at the end."""
        return f"http://{self._address[0]}:{self._address[1]}"

    def start(self) -> None:
        """Listen."""
        self.stopping.clear()
        self._server = _Server(self._address, self)
        self._address = (self._address[0], self._server.server_port)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="slack-http", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Refuse connections; hanging calls end without an answer."""
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def next_fault(self, method: str) -> Fault | None:
        """Take the next planned fault of a method."""
        with self.workspace.changed:
            return self.faults[method].popleft() if self.faults[method] else None

    def note(self, method: str, args: dict[str, Any], given: dict[str, Any]) -> None:
        """Keep a call for tests to look at, and wake who waits for it."""
        told = {name: value for name, value in args.items() if name != "client_secret"}
        with self.workspace.changed:
            self.calls.append(CallRecord(self.workspace.now(), method, told, given))
            self.workspace.changed.notify_all()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], front: SlackHttp) -> None:
        self.front = front
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up in the middle are everyday life here."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (its base's name)
        """No access log: calls are kept in `SlackHttp.calls`."""

    def do_GET(self) -> None:
        """Answer a method called with a query string, or show a page of the sign-in."""
        asked, path = dict(parse_qsl(urlsplit(self.path).query)), urlsplit(self.path).path
        if path.startswith(("/openid/", "/.well-known/")):
            self._sign_in(path, asked)
        else:
            self._serve(asked)

    def do_POST(self) -> None:
        """Answer a method called with a form or JSON, or take an answer to a response_url."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode("utf-8", "replace")
        try:
            is_json = "json" in self.headers.get("Content-Type", "")
            self._serve(json.loads(body or "{}") if is_json else dict(parse_qsl(body, keep_blank_values=True)))
        except json.JSONDecodeError:
            self._reply(200, {"ok": False, "error": "invalid_json"})

    def _serve(self, args: Any) -> None:
        front, path = self.server.front, urlsplit(self.path).path
        if not path.startswith("/api/"):
            self._take_response(path, args)
            return
        method = path.removeprefix("/api/")
        args = args if isinstance(args, dict) else {}
        token = self.headers.get("Authorization", "").removeprefix("Bearer ") or args.pop("token", "")
        args.pop("token", None)
        fault = front.next_fault(method)
        if fault is not None and fault.how == "hang":
            front.stopping.wait()
        with front.workspace.changed:  # who sees what a call did finds the call
            if fault is None or fault.how == "lost":
                given = self._answer(method, token, args)
            else:
                given = {"ok": False, "error": fault.how, "retry_after": fault.retry_after}
            front.note(method, args, given)
        if fault is not None and fault.how in {"hang", "lost"}:
            self._hang_up()
        elif fault is not None and fault.how == "echo":
            self._send(500, f"<pre>{self.headers}{json.dumps(args)}</pre>".encode(), {"Content-Type": "text/html"})
        else:
            self._reply(500 if fault and fault.how == "500" else 200, given, token)

    def _sign_in(self, path: str, asked: dict[str, str]) -> None:
        openid = self.server.front.openid
        document = openid.document(path)
        if document is not None:
            self._reply(200, document)
            return
        page = openid.visit(path, asked)
        headers = {"Content-Type": "text/html; charset=utf-8"} | ({"Location": page.to} if page.to else {})
        self._send(page.status, page.body.encode(), headers)

    def _answer(self, method: str, token: str, args: dict[str, Any]) -> dict[str, Any]:
        try:
            if method == "openid.connect.token":
                return {"ok": True, **self.server.front.openid.token(args)}
            return {"ok": True, **answer(self.server.front.workspace, method, token, args)}
        except ApiError as error:
            return {"ok": False, "error": error.code, **error.more}

    def _take_response(self, path: str, args: Any) -> None:
        front = self.server.front
        with front.workspace.changed:
            try:
                use_response_url(front.workspace, path, args)
                status, said = 200, "ok"
            except ApiError as error:
                status = 404 if error.code in {"used_url", "expired_url", "no_active_hooks"} else 400
                said = error.code
            front.note("response_url", args if isinstance(args, dict) else {}, {"status": status, "body": said})
        self._send(status, said.encode(), {"Content-Type": "text/html"})

    def _reply(self, status: int, given: dict[str, Any], token: str = "") -> None:
        headers = {"Content-Type": "application/json; charset=utf-8"}
        known = self.server.front.workspace.tokens.get(token)
        if known is not None:
            headers["x-oauth-scopes"] = ",".join(known.scopes)
        retry_after = given.pop("retry_after", None)
        if given.get("error") == "ratelimited":
            status = 429
            headers["Retry-After"] = str(retry_after)
        self._send(status, json.dumps(given).encode(), headers)

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)
