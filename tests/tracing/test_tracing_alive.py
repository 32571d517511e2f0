"""Two agents, one after the other, and a collector on a socket: one gate is one trace."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from jenkins_mfa.demo import files
from jenkins_mfa.demo.auto import ALICE, Player
from jenkins_mfa.demo.world import World
from jenkins_mfa.simulators.jenkins_samples import STAGING
from jenkins_mfa.simulators.ports import free_port


@contextmanager
def collector(port: int) -> Iterator[list[Span]]:
    """Takes OTLP over HTTP; all spans that came."""
    spans: list[Span] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told = ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"])))
            spans.extend(s for one in told.resource_spans for scope in one.scope_spans for s in scope.spans)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield spans
        server.shutdown()


class Traced(World):
    """A demo world whose agent traces; nobody listens at `port` yet."""

    port_of_collector = 0

    def start_agent(self) -> None:
        """Before the first start: what the demo has not."""
        if not self.port_of_collector:
            self.port_of_collector = free_port()
            endpoint = f"http://127.0.0.1:{self.port_of_collector}/v1/traces"
            text = self.config_path.read_text()
            self.config_path.write_text(f'{text}\n[tracing]\nendpoint = "{endpoint}"\n')
        super().start_agent()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Traced]:
    with Traced(tmp_path) as made:
        yield made


def test_a_gate_is_one_trace_over_a_restart(world: Traced) -> None:
    """Asked by one agent while no collector is there, which holds up neither gate nor stop; let go on by the next one.
    What Slack's message says of its trace is the same.
    """
    player = Player(world)
    build, message = player.pause(STAGING)
    began = time.monotonic()
    world.stop_agent()
    assert time.monotonic() - began < 15
    with collector(world.port_of_collector) as spans:
        world.start_agent()
        player.tap(ALICE, message, confirm=True)
        player.finished(build, "SUCCESS")
        world.stop_agent()
    assert {"answer", "claim", "sign", "deliver", "gate"} == {span.name for span in spans} - {"announce"}
    assert len({span.trace_id for span in spans}) == 1
    (life,) = [span for span in spans if span.name == "gate"]
    assert {span.parent_span_id for span in spans if span is not life} == {life.span_id}
    assert life.start_time_unix_nano < min(span.start_time_unix_nano for span in spans if span is not life)
    (posted,) = [one for one in world.slack.messages(files.CHANNEL) if one.ts == message.ts]
    assert posted.metadata is not None
    assert posted.metadata["event_payload"]["traceparent"].split("-")[1] == life.trace_id.hex()
    text = b"".join(span.SerializeToString() for span in spans).lower()
    assert not any(word in text for word in (b"alice", b"deploy-staging", b"token", world.slack.bot_token.encode()))
