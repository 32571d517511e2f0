"""`/metrics`, `/livez` and `/readyz` on an address of their own, apart from the pages: nobody signs in there, and there
is no page.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from wsgiref.simple_server import WSGIServer
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from prometheus_client import (
    CollectorRegistry,
    Gauge,
    PlatformCollector,
    ProcessCollector,
    make_wsgi_app,
    start_http_server,
)

from jenkins_mfa.errors import ConfigError
from jenkins_mfa.failures import untaken
from jenkins_mfa.health import Health
from jenkins_mfa.metrics.decided import Decided
from jenkins_mfa.metrics.state import State


class Metrics:
    """Serves all numbers in Prometheus' text format at `host` and `port`, and how the agent is; in its own threads."""

    def __init__(self, host: str, port: int) -> None:
        self._address = host, port
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        self.decided = Decided(self._registry)
        self._server: WSGIServer | None = None

    def start(self, health: Health, state: State) -> None:
        """Begin to serve. Raises ConfigError where the address cannot be had."""
        host, port = self._address
        self._registry.register(state)
        try:
            self._server, _ = start_http_server(port, host, self._registry)
            self._server.set_app(_beside(make_wsgi_app(self._registry), health))
        except OSError as error:
            raise ConfigError([f"[metrics] listen: {host}:{port} {untaken(error)}"]) from None
        slack = Gauge("jenkins_mfa_slack_connections", "Connections of this agent to Slack", registry=self._registry)
        slack.set_function(health.connections)

    def stop(self) -> None:
        """Let go of the address."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()


def _beside(numbers: WSGIApplication, health: Health) -> WSGIApplication:
    """The two probes in front of Prometheus' own application, which answers every other path."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        probe = {"/livez": health.live, "/readyz": health.ready}.get(environ["PATH_INFO"])
        if probe is None:
            return numbers(environ, start_response)
        found = probe()
        status = "503 Service Unavailable" if found["reasons"] else "200 OK"
        start_response(status, [("Content-Type", "application/json")])
        return [json.dumps(found).encode()]

    return app
