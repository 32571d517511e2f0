"""Socket Mode of the simulated Slack: up to ten connections of the app, each envelope to any one of them."""

from __future__ import annotations

import contextlib
import itertools
import json
import socket
import struct
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve

from jenkins_mfa.simulators.slack_state import Workspace

#: Connections that one app may hold.
MAX_CONNECTIONS = 10
#: Seconds in which the app must answer a close frame before the connection is cut.
CLOSE_SECONDS = 1.0


@dataclass
class Ack:
    """What became of an envelope: `payload` of the app's answer, `seconds` from sending to the answer."""

    status: Literal["acked", "timeout", "unreachable"]
    payload: Any = None
    seconds: float = 0.0


@dataclass
class _Pending:
    sent: float
    answered: threading.Event = field(default_factory=threading.Event)
    ack: Ack | None = None


class SlackSocket:
    """The WebSocket server; `stop` refuses connections until the next `start`, on the same port."""

    #: Seconds (of real time) in which an envelope must be answered.
    ack_seconds = 3.0

    def __init__(self, workspace: Workspace, host: str, port: int) -> None:
        self.workspace = workspace
        #: Connections that get envelopes, oldest first.
        self.live: list[ServerConnection] = []
        #: Envelope ids that were answered too late or never sent.
        self.stray_acks: list[str] = []
        #: Frames that are no answer to an envelope.
        self.bad_frames: list[str] = []
        self._retiring: list[ServerConnection] = []
        self._timers: list[threading.Timer] = []
        self._pending: dict[str, _Pending] = {}
        self._turns = itertools.count()
        self._address = (host, port)
        self.start()

    def start(self) -> None:
        """Listen."""
        self._server: Server = serve(
            self._handle, *self._address, process_request=self._admit, compression=None, close_timeout=CLOSE_SECONDS
        )
        self._address = (self._address[0], self._server.socket.getsockname()[1])
        self.workspace.socket_url = f"ws://{self._address[0]}:{self._address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, name="slack-socket", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Refuse connections and cut those there are."""
        for timer in self._timers:
            timer.cancel()
        self.reset()
        self._server.shutdown()
        self._thread.join()

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        with self.workspace.changed:
            ticket = parse_qs(urlsplit(request.path).query).get("ticket", [""])[0]
            if ticket not in self.workspace.tickets:
                return connection.respond(403, "ticket unknown or used\n")
            self.workspace.tickets.remove(ticket)
            return None

    def _handle(self, connection: ServerConnection) -> None:
        with self.workspace.changed:
            crowded = len(self.live) + len(self._retiring) >= MAX_CONNECTIONS
            if not crowded:
                self.live.append(connection)
        try:
            if crowded:
                self._say_disconnect(connection, "too_many_websockets")
                return
            self._say_hello(connection)
            for frame in connection:
                self._take(frame)
        except ConnectionClosed:
            pass
        finally:
            self._forget(connection)

    def _say_hello(self, connection: ServerConnection) -> None:
        hello = {
            "type": "hello",
            "num_connections": len(self.live),
            "debug_info": {"host": "applink-1", "build_number": 1, "approximate_connection_time": 18060},
            "connection_info": {"app_id": self.workspace.app_id},
        }
        connection.send(json.dumps(hello))
        with self.workspace.changed:
            self.workspace.changed.notify_all()

    def _say_disconnect(self, connection: ServerConnection, reason: str) -> None:
        frame = {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-1"}}
        connection.send(json.dumps(frame))

    def _forget(self, connection: ServerConnection) -> None:
        with self.workspace.changed:
            for group in (self.live, self._retiring):
                if connection in group:
                    group.remove(connection)
            self.workspace.changed.notify_all()

    def _take(self, frame: str | bytes) -> None:
        arrived = time.monotonic()
        try:
            answer = json.loads(frame)
            envelope_id = str(answer["envelope_id"])
        except (ValueError, TypeError, KeyError):
            self._keep(self.bad_frames, str(frame))
            return
        with self.workspace.changed:
            pending = self._pending.pop(envelope_id, None)
        if pending is None:
            self._keep(self.stray_acks, envelope_id)
            return
        pending.ack = Ack("acked", answer.get("payload"), arrived - pending.sent)
        pending.answered.set()

    def _keep(self, where: list[str], what: str) -> None:
        with self.workspace.changed:
            where.append(what)
            self.workspace.changed.notify_all()

    def deliver(self, kind: str, payload: dict[str, Any], *, accepts: bool, **more: Any) -> Ack:
        """Send one envelope to any one connection and wait for its answer; a late answer is none.

        `kind` is interactive, slash_commands or events_api; `accepts` whether the answer may hold a payload.
        """
        envelope_id = str(uuid.uuid4())
        envelope: dict[str, Any] = {"envelope_id": envelope_id, "payload": payload, "type": kind}
        envelope |= {"accepts_response_payload": accepts, **more}
        pending = _Pending(time.monotonic())
        with self.workspace.changed:
            self._pending[envelope_id] = pending
        if not self.send(envelope):
            return Ack("unreachable")
        if pending.answered.wait(self.ack_seconds) and pending.ack is not None:
            return pending.ack if accepts else Ack("acked", None, pending.ack.seconds)
        with self.workspace.changed:
            self._pending.pop(envelope_id, None)
        return Ack("timeout", seconds=self.ack_seconds)

    def send(self, frame: dict[str, Any]) -> bool:
        """Send any frame to the next connection in turn; False if there is none."""
        with self.workspace.changed:
            turn, order = next(self._turns), list(self.live)
        for step in range(len(order)):
            try:
                order[(turn + step) % len(order)].send(json.dumps(frame))
                return True
            except ConnectionClosed:
                continue
        return False

    def disconnect(self, close_after: float | None, reason: str = "refresh_requested") -> None:
        """Announce the end of all connections; they get no more envelopes.

        The old sockets close after `close_after` seconds, at 0 at once, at None only by `close_retiring`.
        """
        with self.workspace.changed:
            leaving = list(self.live)
            self.live.clear()
            self._retiring += leaving
        for connection in leaving:
            with contextlib.suppress(ConnectionClosed):
                self._say_disconnect(connection, reason)
        if close_after == 0:
            self.close_retiring()
        elif close_after is not None:
            timer = threading.Timer(close_after, self.close_retiring)
            self._timers.append(timer)
            timer.start()

    def close_retiring(self) -> None:
        """Close the connections whose end was announced, with a close frame."""
        with self.workspace.changed:
            leaving = list(self._retiring)
        for connection in leaving:
            connection.close()

    def reset(self) -> None:
        """Cut all connections with a TCP reset, without a close frame."""
        with self.workspace.changed:
            open_now = [*self.live, *self._retiring]
        for connection in open_now:
            with contextlib.suppress(OSError):  # the app was faster and hung up itself
                connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.socket.close()  # before the library hears of it, else it says goodbye first
            connection.close_socket()
