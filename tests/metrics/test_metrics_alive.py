"""An agent that serves its numbers: a gate that waits, then what became of it; and a port that is taken."""

from __future__ import annotations

import json
import re
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from command import run
from jenkins_mfa.core.audit import Name
from jenkins_mfa.demo.auto import ALICE, Player
from jenkins_mfa.demo.world import World
from jenkins_mfa.errors import ConfigError
from jenkins_mfa.metrics.server import Metrics
from jenkins_mfa.metrics.state import State
from jenkins_mfa.simulators.jenkins_samples import STAGING
from jenkins_mfa.simulators.ports import free_port
from receivers import SECRET, Files, Hook, webhook
from waiting import until

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return Files(tmp_path_factory.mktemp("receiver"))


@pytest.fixture(scope="module")
def hook(files: Files) -> Iterator[Hook]:
    """Where the trail is sent to."""
    with webhook(files) as made:
        yield made


class Watched(World):
    """A demo world whose agent has more tables in its configuration, from its first start on."""

    tables = ""

    def start_agent(self) -> None:
        self.config_path.write_text(f"{self.config_path.read_text()}\n{self.tables}")
        super().start_agent()


@pytest.fixture(scope="module")
def world(files: Files, hook: Hook) -> Iterator[tuple[World, str]]:
    """A demo world whose agent serves numbers, and where; its trail goes to the hook."""
    port = free_port()
    sent = f'[[audit.destinations]]\nname = "siem"\nurl = "{hook.url}"\n'
    sent += f'secret_file = "{files.secret}"\nca_file = "{files.ca}"\n'
    with tempfile.TemporaryDirectory(prefix="mfa-") as folder:
        made = Watched(Path(folder))
        made.tables = f'[metrics]\nlisten = "127.0.0.1:{port}"\n\n[audit]\n{sent}'
        with made:
            yield made, f"http://127.0.0.1:{port}/metrics"


def numbers(url: str) -> dict[tuple[str, ...], float]:
    families = text_string_to_metric_families(requests.get(url, timeout=10).text)
    return {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}


def test_a_gate_is_seen_while_it_waits_and_counted_when_it_is_decided(world: tuple[World, str]) -> None:
    """The whole life of one, and nothing that names a person or a build."""
    made, url = world
    player = Player(made)
    build, message = player.pause(STAGING)
    waiting = numbers(url)
    assert waiting["jenkins_mfa_gates", "staging", "main", "pending"] == 1
    assert (waiting["jenkins_mfa_store_up",], waiting["jenkins_mfa_agents",]) == (1, 1)
    assert waiting["jenkins_mfa_slack_connections",] > 0
    assert waiting["jenkins_mfa_store_durable", "always"] == 1
    player.tap(ALICE, message, confirm=True)
    player.finished(build, "SUCCESS")
    until(lambda: numbers(url).get(("jenkins_mfa_events_total", "gate:resumed")) == 1)
    found = numbers(url)
    assert found["jenkins_mfa_answers_total", "push", "counted"] == 1
    assert found["jenkins_mfa_message_seconds_count",] == 1
    assert 0 <= found["jenkins_mfa_message_seconds_sum",] < 60
    assert found["jenkins_mfa_decision_seconds_count", "approved"] == 1
    assert 0 < found["jenkins_mfa_decision_seconds_sum", "approved"] < 60
    assert ("jenkins_mfa_gates", "staging", "main", "pending") not in found
    text = requests.get(url, timeout=10).text.lower()
    assert not re.search(r"alice|bob|deploy-staging|u0alice", text)


def test_a_source_that_fails_says_since_when(world: tuple[World, str]) -> None:
    """The last good poll grows old, while the last poll does not."""
    made, url = world
    until(lambda: numbers(url).get(("jenkins_mfa_poll_good", "main")) == 1)
    made.jenkins.faults.status("/computer/api", 503, times=10**6)
    until(lambda: numbers(url)["jenkins_mfa_poll_good", "main"] == 0)
    first = numbers(url)["jenkins_mfa_poll_good_age_seconds", "main"]
    until(lambda: numbers(url)["jenkins_mfa_poll_good_age_seconds", "main"] > first + 0.5)
    made.jenkins.faults.clear()
    until(lambda: numbers(url)["jenkins_mfa_poll_good", "main"] == 1)


def test_the_trail_arrives_as_it_is(world: tuple[World, str], hook: Hook, tmp_path: Path) -> None:
    """By a running agent, whole from its first event on, and no secret of the demo in it."""
    made, url = world
    until(lambda: any(b"gate:resumed" in line for line in hook.lines))
    received = tmp_path / "received.jsonl"
    received.write_bytes(b"".join(hook.lines))
    done = run("audit", "verify", "--file", received, config=made.config_path)
    assert (done.returncode, done.stdout[:25]) == (0, "Right: events 1 to " + done.stdout[19:25])
    until(lambda: numbers(url)["jenkins_mfa_trail_unsent", "siem"] == 0)
    assert numbers(url)["jenkins_mfa_trail_kept", "forward:siem"] == 1
    sent = received.read_text()
    secrets = [*made.seeds.values(), made.slack.bot_token, made.slack.app_token, SECRET]
    assert [secret for secret in secrets if secret in sent] == []


def test_the_probes_are_beside_the_numbers(world: tuple[World, str]) -> None:
    """For an agent without pages: the running one lives and is ready, with each of its parts."""
    made, url = world
    until(lambda: requests.get(url.replace("/metrics", "/readyz"), timeout=10).json()["parts"]["sources"]["ok"])
    for path, parts in (
        ("/livez", {"threads", "clock"}),
        ("/readyz", {"store", "trail", "keys", "slack", "sources", "files"}),
    ):
        found = requests.get(url.replace("/metrics", path), timeout=10)
        assert (found.status_code, found.json()["reasons"]) == (200, [])
        assert {name for name, part in found.json()["parts"].items() if part == {"ok": True}} == parts
    assert made.config_path.exists()


def test_alert_rules_and_docs_name_numbers_that_there_are(world: tuple[World, str]) -> None:
    """Each number that a rule asks for is served, and each that is served is explained."""
    made, url = world
    assert made.config_path.exists()
    families = text_string_to_metric_families(requests.get(url, timeout=10).text)
    served = {family.name for family in families if family.name.startswith("jenkins_mfa_")}
    served -= {name for name in served if name.endswith("_created")}
    samples = {name for name, *_ in numbers(url)}
    rules = (ROOT / "deploy" / "monitoring" / "alerts.yaml").read_text()
    asked = set(re.findall(r"jenkins_mfa_\w+", rules))
    assert asked
    assert asked <= served | samples | {f"{name}_total" for name in served} | {f"{name}_bucket" for name in served}
    docs = (ROOT / "docs" / "operations.md").read_text()
    assert {name for name in served if f"`{name}`" not in docs and f"`{name}_total`" not in docs} == set()
    runbooks = re.findall(r"runbook_url: .*operations\.md#(\S+)", rules)
    titles = re.findall(r"^#+ (.+)$", docs, re.MULTILINE)
    headings = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
    assert len(runbooks) == rules.count("- alert:")
    assert set(runbooks) <= headings
    alerts = re.findall(r"- alert: (\w+)\n.*expr: (.*)\n(?:.*\n)*?.*runbook_url: .*#(\S+)", rules)
    entries = {name for name, _, runbook in alerts if runbook == "when-a-number-is-wrong"}
    assert {name for name in entries if f"| `{name}` |" not in docs} == set()
    silent = [query for _, query, _ in alerts if query.startswith("absent(jenkins_mfa_trail_kept")]
    by = re.findall(r'by="([^"]+)"', "".join(silent))
    assert by
    until(lambda: {("jenkins_mfa_trail_kept", name) for name in by} <= numbers(url).keys())  # else it fires for ever


def test_the_dashboard_shows_numbers_that_there_are(world: tuple[World, str]) -> None:
    """Each number, each label that it is asked by, and each event; no panel lies on another."""
    made, url = world
    player = Player(made)
    build, message = player.pause(STAGING)  # what nothing waits for has no numbers
    families = text_string_to_metric_families(requests.get(url, timeout=10).text)
    player.tap(ALICE, message, confirm=True)
    player.finished(build, "SUCCESS")
    labels = {sample.name: set(sample.labels) for family in families for sample in family.samples}
    board = json.loads((ROOT / "deploy" / "monitoring" / "grafana-dashboard.json").read_text())
    asked = [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]
    assert len(asked) > 15
    for query in asked:
        named = set(re.findall(r"(?:jenkins_mfa|process)_\w+", query))
        assert named <= set(labels), query
        by = {label for group in re.findall(r"by \(([\w, ]+)\)", query) for label in group.split(", ")}
        by |= set(re.findall(r"(\w+)=~?\"", query))
        assert by <= {"le"}.union(*(labels[name] for name in named)), query
        events = {event for group in re.findall(r'event=~"([^"]+)"', query) for event in group.split("|")}
        assert events <= set(Name), query
    places = [panel["gridPos"] for panel in board["panels"]]
    cells = [(x, y) for at in places for x in _span(at, "x", "w") for y in _span(at, "y", "h")]
    assert len(cells) == len(set(cells))
    assert {x for x, _ in cells} == set(range(24))


def _span(place: dict[str, int], start: str, size: str) -> range:
    return range(place[start], place[start] + place[size])


def test_a_port_that_is_taken_ends_the_start_with_a_sentence(world: tuple[World, str]) -> None:
    """Whoever configures numbers wants them: an agent that serves none would look as if it had none."""
    assert world
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            ConfigError, match=rf"\[metrics\] listen: 127.0.0.1:{port} cannot be taken: .*; mend: end what"
        ):
            Metrics("127.0.0.1", port).start(None, State(None, None, list))  # type: ignore[arg-type]
