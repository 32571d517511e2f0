"""The queries of alert rules and dashboard are ones that Prometheus can read: `make deploy-check`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import promql_parser
import pytest
import yaml

MONITORING = Path(__file__).parents[2] / "deploy" / "monitoring"
INTERVAL = "$__rate_interval"  #: Grafana's own word for a time span


def queries() -> Iterator[str]:
    """Of every rule, and of every panel."""
    for group in yaml.safe_load((MONITORING / "alerts.yaml").read_text())["groups"]:
        yield from (rule["expr"] for rule in group["rules"])
    for panel in json.loads((MONITORING / "grafana-dashboard.json").read_text())["panels"]:
        yield from (target["expr"].replace(INTERVAL, "5m") for target in panel.get("targets", []))


@pytest.mark.parametrize("query", list(queries()))
def test_prometheus_reads_it(query: str) -> None:
    """As its own parser does."""
    promql_parser.parse(query)


def test_a_wrong_one_would_be_noticed() -> None:
    """That the check checks."""
    with pytest.raises(ValueError, match="unclosed left parenthesis"):
        promql_parser.parse("sum(jenkins_mfa_gates")
