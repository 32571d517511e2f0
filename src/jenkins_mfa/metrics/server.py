"""`/metrics` on an address of its own, apart from the pages: nobody signs in there, and no page is there."""

from __future__ import annotations

from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector, start_http_server

from jenkins_mfa.errors import ConfigError
from jenkins_mfa.metrics.decided import Decided
from jenkins_mfa.metrics.state import State


class Metrics:
    """Serves all numbers in Prometheus' text format at `host` and `port`, in a thread of its own."""

    def __init__(self, host: str, port: int) -> None:
        self._address = host, port
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        self.decided = Decided(self._registry)
        self._server: WSGIServer | None = None

    def start(self, state: State) -> None:
        """Begin to serve. Raises ConfigError where the address cannot be had."""
        host, port = self._address
        self._registry.register(state)
        try:
            self._server, _ = start_http_server(port, host, self._registry)
        except OSError as error:
            problem = f"[metrics] listen: {host}:{port} cannot be used: {error.strerror}; mend: another port"
            raise ConfigError([problem]) from None

    def stop(self) -> None:
        """Let go of the address."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
