"""uvicorn in a thread of its own: bound before it starts, so that a taken port ends the start; stopped in order."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
import time

from starlette.types import ASGIApp
from uvicorn import Config, Server
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.h11_impl import H11Protocol

from jenkins_mfa.errors import ConfigError
from jenkins_mfa.failures import untaken
from jenkins_mfa.listening import bound
from jenkins_mfa.threads import Crew
from jenkins_mfa.web.certificate import Certificate
from jenkins_mfa.web.guard import Guard, headers
from jenkins_mfa.web.settings import Settings
from jenkins_mfa.web.waiting import Waiters

HEAD_SECONDS = 10.0  #: that the head of a request may take to arrive, the first one's from the connection on
HEAD_BYTES = 32 * 1024  #: of one head
START_SECONDS = 10.0  #: that the server gets to take its socket
GRACE_SECONDS = 2  #: that requests under way get at the stop


class Patient(H11Protocol):
    """Lets go of whoever does not finish the head of a request: uvicorn waits for ever."""

    _hurry: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A connection: its first request is due."""
        super().connection_made(transport)
        if len(self.connections) > (self.limit_concurrency or 0):
            transport.abort()
            return
        self._hurry = self.loop.call_later(HEAD_SECONDS, transport.abort)

    def data_received(self, data: bytes) -> None:
        """Bytes: of a request's head until the request is under way."""
        super().data_received(data)
        under_way = self.cycle is not None and not self.cycle.response_complete
        if under_way and self._hurry is not None:
            self._hurry.cancel()
            self._hurry = None
        elif not under_way and self._hurry is None and not self.transport.is_closing():
            self._hurry = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """The end of it."""
        if self._hurry is not None:
            self._hurry.cancel()
        super().connection_lost(exc)


class WebServer:
    """The pages' server: `bind`, `start`; `stop` wakes who waits first."""

    def __init__(self, app: ASGIApp, settings: Settings, waiters: Waiters) -> None:
        self._settings = settings
        self._waiters = waiters
        self.certificate: Certificate | None = None
        if settings.cert_file is not None and settings.key_file is not None:
            self.certificate = Certificate(settings.cert_file, settings.key_file)
        inner = ProxyHeadersMiddleware(app, list(settings.proxies)) if settings.proxies else app  # type: ignore[arg-type]
        self._server = Server(self._config(Guard(inner, settings)))  # type: ignore[arg-type]
        self._socket: socket.socket | None = None
        self._stopping = threading.Event()

    def _config(self, app: ASGIApp) -> Config:
        quiet = logging.getLogger("uvicorn")
        quiet.setLevel(logging.CRITICAL)  # its lines name addresses and what strangers send
        context = self.certificate.context if self.certificate else None
        return Config(
            app,
            http=Patient,
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,  # on by default, for whoever sends them
            server_header=False,
            headers=headers(self._settings),
            limit_concurrency=self._settings.connections,
            h11_max_incomplete_event_size=HEAD_BYTES,
            timeout_graceful_shutdown=GRACE_SECONDS,
            ssl_context_factory=(lambda _config, _default: context) if context else None,
        )

    def bind(self) -> None:
        """Take the address. Raises ConfigError where it is taken, or not this machine's."""
        host, port = self._settings.host, self._settings.port
        try:
            self._socket = bound(host, port)
            self._socket.listen()
        except OSError as error:
            raise ConfigError([f"[web] listen: {host}:{port} {untaken(error)}"]) from error

    def start(self, crew: Crew) -> None:
        """Serve in a critical thread of `crew`; returns when it takes requests. Raises RuntimeError if it does not."""
        crew.start("web", self.run)
        ready, limit = threading.Event(), time.monotonic() + START_SECONDS
        while not self._server.started:
            if crew.failed.is_set() or time.monotonic() > limit:
                raise RuntimeError("the pages' server does not start")
            ready.wait(0.01)

    def run(self) -> None:
        """Serve until `stop`. Raises RuntimeError where it ends by itself: then the agent ends, too."""
        if self._socket is None:
            raise RuntimeError("the address was not taken")
        self._server.run([self._socket])
        if not self._stopping.is_set():
            raise RuntimeError("the pages' server ended by itself")

    def stop(self) -> None:
        """Wake who waits, take nothing new, let requests under way end; `run` returns soon after."""
        self._stopping.set()
        self._waiters.stop()
        self._server.should_exit = True
