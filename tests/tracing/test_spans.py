"""One trace a gate: whoever does a step, and whenever, continues it; nothing in it says what it is about."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from desk_world import World
from jenkins_mfa.core.model import State
from jenkins_mfa.errors import Refusal, SourceUnavailableError
from jenkins_mfa.outbound import TRACEPARENT, Tls
from jenkins_mfa.sources.jenkins.client import Client
from jenkins_mfa.tracing.ids import root_id, trace_id
from jenkins_mfa.tracing.otel import OtelSpans, sender
from jenkins_mfa.usecases import deliver
from jenkins_mfa.usecases.desk import Who

ALLOWED = {"jenkins_mfa.gate", "jenkins_mfa.source", "jenkins_mfa.state", "jenkins_mfa.refusal", "error.type"}


class Traced:
    """A world whose desk has a tracer."""

    def __init__(self) -> None:
        self.memory = InMemorySpanExporter()
        self.world = World()
        self.spans = self.tracer()
        self.use(self.spans)

    def tracer(self) -> OtelSpans:
        """Another agent's."""
        return OtelSpans(SimpleSpanProcessor(self.memory), "test", "1.2.3")

    def use(self, spans: OtelSpans) -> None:
        object.__setattr__(self.world.desk, "spans", spans)
        self.spans = spans

    def deliver(self) -> None:
        store = self.world.desk.store
        while due := store.claim_lane(10_000):
            deliver.deliver(self.world.desk, due)

    @property
    def found(self) -> Sequence[ReadableSpan]:
        return self.memory.get_finished_spans()

    def named(self, name: str) -> ReadableSpan:
        (one,) = [span for span in self.found if span.name == name]
        return one


@pytest.fixture
def traced() -> Iterator[Traced]:
    made = Traced()
    yield made
    made.spans.stop()


def played(traced: Traced) -> str:
    """A gate from its pause to its end; another agent takes over after the answer."""
    world = traced.world
    gate = world.open()
    traced.deliver()
    world.answers.tap(gate.jti, Who("chat:T1", "UALICE"), "tap-1")
    traced.use(traced.tracer())
    traced.deliver()
    commits: list[object] = []
    assert world.gate.state is State.RESUMED, commits
    return gate.jti


def test_every_step_of_a_gate_is_in_its_trace(traced: Traced) -> None:
    """Whichever agent did it; each is below the span of the gate's life, whose id is known before it is sent."""
    jti = played(traced)
    assert {span.name for span in traced.found} == {"open", "announce", "answer", "claim", "sign", "deliver"}
    assert {span.context.trace_id for span in traced.found} == {trace_id(jti)}
    assert {span.parent.span_id for span in traced.found if span.parent} == {root_id(jti)}
    assert len({span.context.span_id for span in traced.found}) == len(traced.found)
    resource = traced.found[0].resource.attributes
    assert (resource["service.name"], resource["service.namespace"]) == ("jenkins-mfa", "test")


def test_the_life_of_a_gate_is_told_when_it_is_over(traced: Traced) -> None:
    """From the pause to its end, by the store's clock."""
    world, store = traced.world, traced.world.desk.store
    noted, commit = traced.spans.note, store.commit

    def heard(one: object) -> None:
        commit(one)
        noted(one)  # type: ignore[arg-type]

    store.commit = heard
    gate = world.open()
    world.clock.move(seconds=40)
    world.answers.tap(gate.jti, Who("chat:T1", "UALICE"), "tap-1")
    assert "gate" not in {span.name for span in traced.found}
    traced.deliver()
    life = traced.named("gate")
    assert (life.parent, life.context.trace_id, life.context.span_id) == (None, trace_id(gate.jti), root_id(gate.jti))
    assert life.end_time - life.start_time == 40_000_000_000  # type: ignore[operator]
    assert dict(life.attributes or {}) == {
        "jenkins_mfa.gate": gate.jti,
        "jenkins_mfa.source": "main",
        "jenkins_mfa.state": "resumed",
    }


def test_nothing_of_request_people_or_job_is_in_a_span(traced: Traced) -> None:
    """Ids and codes alone, also of what goes wrong."""
    jti = played(traced)
    with pytest.raises(Refusal):
        traced.world.answers.tap(jti, Who("chat:T1", "UEVE"), "tap-2")
    with pytest.raises(SourceUnavailableError), traced.spans.span("deliver", jti):
        raise SourceUnavailableError("token-of-mfa-agent is not taken by https://ci.example.com")
    refused, failed = traced.found[-2:]
    assert (refused.name, refused.status.status_code) == ("answer", StatusCode.UNSET)
    assert set(refused.attributes or {}) == {"jenkins_mfa.gate", "jenkins_mfa.refusal"}
    assert (failed.attributes or {})["error.type"] == "SourceUnavailableError"
    assert (failed.status.status_code, failed.status.description, failed.events) == (StatusCode.ERROR, None, ())
    for span in traced.found:
        assert set(span.attributes or {}) <= ALLOWED
        text = span.to_json().lower()
        assert not any(word in text for word in ("alice", "ueve", "team one", "deploy 1.4", "token"))


def test_what_is_of_no_gate_is_no_step(traced: Traced) -> None:
    """A plain pause that nobody selects."""
    with traced.spans.span("open") as about:
        assert TRACEPARENT.get() == ""
        about("")
    assert traced.found == ()


def test_ids_are_the_gates_own() -> None:
    """The same for every agent, others for another generation; 128 and 64 bits, never 0."""
    assert trace_id("g_01.1") == trace_id("g_01.1") != trace_id("g_01.2")
    assert 0 < trace_id("g_01.1") < 1 << 128
    assert 0 < root_id("g_01.1") < 1 << 64


def test_calls_to_jenkins_carry_the_step_they_belong_to(traced: Traced) -> None:
    """W3C Trace Context; outside of a step there is no such header."""
    seen: list[str | None] = []

    class Jenkins(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers["traceparent"])
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Jenkins) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        client = Client(f"http://127.0.0.1:{server.server_port}/", "mfa-agent", "token")
        with traced.spans.span("deliver", "g_01.1"):
            client.get("", "url")
        client.get("", "url")
        server.shutdown()
    step = traced.named("deliver").context
    assert seen == [f"00-{step.trace_id:032x}-{step.span_id:016x}-01", None]


def test_nothing_of_what_a_collector_answers_is_read() -> None:
    """It may have no end: the agent would grow with it until it is ended."""
    poured, most, block, over = 0, 32 << 20, b"x" * 65_536, threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            nonlocal poured
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()
            with suppress(OSError):
                while poured < most:
                    poured += self.wfile.write(block)
            over.set()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        spans = OtelSpans(sender(f"http://127.0.0.1:{server.server_port}/v1/traces", Tls()), "test", "1.2.3")
        with spans.span("claim", "g_" + "0" * 32 + ".1"):
            pass
        spans.stop()
        assert over.wait(10)
        server.shutdown()
    assert poured < most
