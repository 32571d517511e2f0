"""The tracer: spans of a gate's steps, and one for its whole life once it is over. They carry the gate's id and codes:
no request, no names, no secret, and of an error its kind alone.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from time import time_ns
from typing import Any

import requests
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    StatusCode,
    TraceFlags,
    format_span_id,
    format_trace_id,
    set_span_in_context,
)

from jenkins_mfa.core.model import Commit, Gate
from jenkins_mfa.errors import Refusal
from jenkins_mfa.outbound import TRACEPARENT, Tls, narrow
from jenkins_mfa.tracing.ids import root_id, trace_id
from jenkins_mfa.usecases.spans import About

GATE, SOURCE, STATE, REFUSAL = (f"jenkins_mfa.{name}" for name in ("gate", "source", "state", "refusal"))
ERROR = "error.type"  #: as the semantic conventions name it
SECONDS = 2  #: that a collector may take, and an agent that stops waits for it
_SAMPLED = TraceFlags(TraceFlags.SAMPLED)


def sender(endpoint: str, tls: Tls) -> SpanProcessor:
    """Sends spans by OTLP over HTTP, some at a time, from a thread of its own. What a collector that is away does not
    take is lost, and holds up nothing.
    """
    session = _Unread()
    narrow(session, endpoint, tls)
    ca, key, cert = (str(path) if path else None for path in (tls.ca_file, tls.key_file, tls.cert_file))
    exporter = OTLPSpanExporter(endpoint, ca, key, cert, timeout=SECONDS, session=session)
    return BatchSpanProcessor(exporter)


class OtelSpans:
    """Hands spans to a processor. `installation` and `version` name where they come from."""

    def __init__(self, processor: SpanProcessor, installation: str, version: str) -> None:
        resource = Resource.create(
            {"service.name": "jenkins-mfa", "service.namespace": installation, "service.version": version}
        )
        self._ids = _Ids()
        self._provider = TracerProvider(resource=resource, id_generator=self._ids, shutdown_on_exit=False)
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("jenkins_mfa", version)

    def stop(self) -> None:
        """Hand on what is left."""
        self._provider.shutdown()

    @contextmanager
    def span(self, name: str, jti: str = "") -> Iterator[About]:
        """One step. While it lasts, and its gate is known, calls to others carry its context."""
        begun = time_ns()
        span = self._begin(name, jti, begun) if jti else None

        def about(told: str) -> None:
            nonlocal span
            span = span or (self._begin(name, told, begun) if told else None)

        token = TRACEPARENT.set(_traceparent(span) if span else "")
        try:
            yield about
        except BaseException as error:
            if span:
                _failed(span, error)
            raise
        finally:
            TRACEPARENT.reset(token)
            if span:
                span.end()

    def note(self, commit: Commit) -> None:
        """A commit was acknowledged: for each gate that it has ended, the span of its whole life."""
        for record in commit.records:
            if isinstance(record, Gate) and record.state.settled:
                ended = max((entry.at for entry in commit.entries if entry.gate == record.jti), default=0)
                if ended:
                    self._life(record, ended)

    def _life(self, gate: Gate, ended: int) -> None:
        with self._ids.being(trace_id(gate.jti), root_id(gate.jti)):
            span = self._tracer.start_span(
                "gate",
                Context(),
                start_time=gate.opened_at * 1_000_000,
                attributes={GATE: gate.jti, SOURCE: gate.run.source, STATE: gate.state.value},
            )
        span.end(ended * 1_000_000)

    def _begin(self, name: str, jti: str, at: int) -> Span:
        root = SpanContext(trace_id(jti), root_id(jti), is_remote=True, trace_flags=_SAMPLED)
        above = set_span_in_context(NonRecordingSpan(root), Context())
        kind = SpanKind.CLIENT if name in {"announce", "deliver"} else SpanKind.INTERNAL
        return self._tracer.start_span(name, above, kind=kind, start_time=at, attributes={GATE: jti})


class _Unread(requests.Session):
    """Reads of an answer its status and headers alone: nothing else is used, and a body may have no end."""

    def send(self, request: requests.PreparedRequest, **how: Any) -> requests.Response:
        """As the exporter calls it."""
        answer = super().send(request, **how | {"stream": True})
        answer.close()
        answer.raw = BytesIO()
        return answer


class _Ids(RandomIdGenerator):
    """Random ids, but for the span of a gate's life."""

    def __init__(self) -> None:
        self._fixed = threading.local()

    @contextmanager
    def being(self, trace: int, span: int) -> Iterator[None]:
        """In this thread, the next ids are these."""
        self._fixed.ids = trace, span
        try:
            yield
        finally:
            self._fixed.ids = None

    def generate_trace_id(self) -> int:
        """128 bits."""
        fixed = getattr(self._fixed, "ids", None)
        return fixed[0] if fixed else super().generate_trace_id()

    def generate_span_id(self) -> int:
        """64 bits."""
        fixed = getattr(self._fixed, "ids", None)
        return fixed[1] if fixed else super().generate_span_id()


def _failed(span: Span, error: BaseException) -> None:
    """A refused answer is an outcome with a code; of anything else the kind is told, never the text."""
    if isinstance(error, Refusal):
        span.set_attribute(REFUSAL, error.code)
        return
    span.set_attribute(ERROR, type(error).__name__)
    span.set_status(StatusCode.ERROR)


def _traceparent(span: Span) -> str:
    """As W3C Trace Context (3.2) writes it."""
    found = span.get_span_context()
    return f"00-{format_trace_id(found.trace_id)}-{format_span_id(found.span_id)}-{int(found.trace_flags):02x}"
