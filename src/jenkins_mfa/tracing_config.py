"""[tracing] of config.toml → where spans are sent. Absent: nothing is measured."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from jenkins_mfa.outbound import Tls
from jenkins_mfa.tls_config import tls
from jenkins_mfa.toml_problems import seen
from jenkins_mfa.toml_table import Table

URL = "http(s)://host:port/path, such as http://127.0.0.1:4318/v1/traces; no user, no query"
EXTRA = "the packages for it are not there; mend: pip install 'jenkins-mfa[otel]'"


@dataclass(frozen=True, slots=True)
class TracingConfig:
    """`endpoint` takes OTLP over HTTP."""

    endpoint: str
    tls: Tls


def tracing(root: Table, base: Path, *, with_secrets: bool = True) -> TracingConfig | None:
    """The settings; None where there is no [tracing]. Problems are noted."""
    if "tracing" not in root:
        return None
    table = root.table("tracing")
    endpoint = table.text("endpoint", allowed=URL)
    found = TracingConfig(endpoint, tls(table, base, endpoint, with_secrets=with_secrets))
    parts = urlsplit(endpoint)
    if endpoint and (parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query):
        table.fault("endpoint", f"seen: {seen(endpoint)}; allowed: {URL}")
    if importlib.util.find_spec("opentelemetry") is None:
        table.fault("", EXTRA)
    table.done()
    return found
