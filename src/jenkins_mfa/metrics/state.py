"""What holds now: read from the store at each look, so that every agent says the same of what all share."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Protocol

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from jenkins_mfa.core import beats
from jenkins_mfa.core.chain import Head
from jenkins_mfa.core.keys import Keys
from jenkins_mfa.core.model import Backlog, Gate
from jenkins_mfa.errors import StoreError

SOURCE, AGENT = "source", "agent"  #: kinds of heartbeats


class Reading(Protocol):
    """What is read of the store."""

    def now(self) -> int:
        """The store's clock, ms UTC."""

    def open_gates(self) -> Sequence[Gate]:
        """Gates that are not settled."""

    def backlog(self) -> Backlog:
        """What is to be delivered."""

    def durability(self) -> tuple[str, bool]:
        """What its server keeps now, and whether that is as much as was accepted."""

    def throttled(self, now: int) -> Mapping[str, float]:
        """Whose codes do not count, and until when."""

    def beats(self) -> Mapping[str, beats.Beat]:
        """Heartbeats by name."""

    def heads(self) -> Head:
        """Where the trail stands."""

    def forwarded(self) -> Mapping[str, Head]:
        """How far it was sent to each destination."""


class State(Collector):
    """Gauges of gates, deliveries, sources, agents, people and keys. With the store away there is one of them:
    `store_up 0`. `environments` are the names that the policy knows now, `destinations` those that the trail is sent
    to, `people` all of the roster (roster ids).
    """

    def __init__(
        self,
        store: Reading,
        keys: Keys,
        environments: Callable[[], Collection[str]],
        destinations: Collection[str] = (),
        people: Callable[[], Collection[str]] = list,
    ) -> None:
        self._store = store
        self._destinations = destinations
        self._people = people
        self._keys = keys
        self._environments = environments

    def describe(self) -> list[Metric]:
        """Nothing: a registry asks at registration, when the store may be away."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All of them, of one moment."""
        try:
            now, gates = self._store.now(), self._store.open_gates()
            backlog, told = self._store.backlog(), self._store.beats()
            head, sent = self._store.heads(), self._store.forwarded()
            level, enough = self._store.durability()
            throttled = self._store.throttled(now)
        except StoreError:
            yield GaugeMetricFamily("jenkins_mfa_store_up", "Whether the store answers", value=0)
            return
        yield GaugeMetricFamily("jenkins_mfa_store_up", "Whether the store answers", value=1)
        yield _durable(level, enough)
        yield _gates(gates, frozenset(self._environments()))
        yield from _deliveries(backlog, now)
        yield from _sources(told, now)
        yield from _agents(told, now)
        yield _throttled([until for person, until in throttled.items() if person in self._people()])
        yield from self._receipt_keys()
        yield _kept(told, now)
        yield _unsent(self._destinations, head, sent)

    def _receipt_keys(self) -> Iterator[Metric]:
        made = GaugeMetricFamily(
            "jenkins_mfa_receipt_key_created_seconds", "When a receipt key was made (Unix time)", labels=["kid"]
        )
        ends = GaugeMetricFamily(
            "jenkins_mfa_receipt_key_not_after_seconds", "When a receipt key ends (Unix time)", labels=["kid"]
        )
        for key in self._keys.current(int(time.time())):
            made.add_metric([key.kid], key.created)
            ends.add_metric([key.kid], key.not_after)
        yield from (made, ends)


def _durable(level: str, enough: bool) -> Metric:
    help_text = "Whether the store's server keeps what was accepted at least, and what it keeps"
    durable = GaugeMetricFamily("jenkins_mfa_store_durable", help_text, labels=["level"])
    durable.add_metric([level], int(enough))
    return durable


def _throttled(ends: Sequence[float]) -> Metric:
    people = GaugeMetricFamily("jenkins_mfa_people_throttled", "People whose codes do not count", labels=["state"])
    people.add_metric(["waits"], sum(end < math.inf for end in ends))
    people.add_metric(["locked"], sum(end == math.inf for end in ends))
    return people


def _gates(gates: Sequence[Gate], known: frozenset[str]) -> Metric:
    """By an environment that the policy knows: what a Jenkinsfile calls one could be anything, and ever new."""
    found = GaugeMetricFamily(
        "jenkins_mfa_gates", "Gates that are not settled", labels=["state", "source", "environment"]
    )
    kinds = Counter((gate.state, gate.run.source, _named(gate)) for gate in gates if not gate.run.test)
    counted: Counter[tuple[str, str, str]] = Counter()
    for (state, source, named), count in kinds.items():  # a few for thousands of gates
        counted[state.value, source, ",".join(sorted(known.intersection(named)))] += count
    for labels, count in counted.items():
        found.add_metric(labels, count)
    return found


def _named(gate: Gate) -> tuple[str, ...]:
    return gate.requirement.environments if gate.requirement else ()


def _deliveries(backlog: Backlog, now: int) -> Iterator[Metric]:
    failing = max(0, now - backlog.failing) / 1000 if backlog.failing else 0
    oldest = max(0, now - backlog.oldest) / 1000 if backlog.oldest else 0
    yield GaugeMetricFamily("jenkins_mfa_deliveries", "What is to be delivered", value=backlog.waiting)
    yield GaugeMetricFamily("jenkins_mfa_delivery_oldest_seconds", "Since when the oldest waits", value=oldest)
    yield GaugeMetricFamily("jenkins_mfa_delivery_failing_seconds", "How long one of it fails", value=failing)
    yield GaugeMetricFamily("jenkins_mfa_deliveries_parked", "What was given up", value=backlog.parked)


def _sources(told: Mapping[str, beats.Beat], now: int) -> Iterator[Metric]:
    good = GaugeMetricFamily("jenkins_mfa_poll_good", "Whether the last poll of a source succeeded", labels=["source"])
    age = GaugeMetricFamily("jenkins_mfa_poll_age_seconds", "Since the last poll of a source", labels=["source"])
    since = GaugeMetricFamily("jenkins_mfa_poll_good_age_seconds", "Since the last good poll", labels=["source"])
    spent = GaugeMetricFamily("jenkins_mfa_poll_seconds", "How long the last good poll took", labels=["source"])
    for name, beat in sorted(told.items()):
        kind, _, source = name.partition(":")
        if kind != SOURCE:
            continue
        good.add_metric([source], int(beat.get("ok") is True))
        at, ms = beat.get("at"), beat.get("ms")
        if isinstance(at, int):
            age.add_metric([source], max(0, now - at) / 1000)
        if (last := beats.good(beat)) is not None:
            since.add_metric([source], max(0, now - last) / 1000)
        if isinstance(ms, int):
            spent.add_metric([source], ms / 1000)
    yield from (good, age, since, spent)


def _agents(told: Mapping[str, beats.Beat], now: int) -> Iterator[Metric]:
    agents = beats.fresh(told, AGENT, now)
    refused = sum(bool(beat.get("refused") or beat.get("not_taken")) for beat in agents)
    yield GaugeMetricFamily("jenkins_mfa_agents", "Agents that run", value=len(agents))
    help_text = "Agents that did not take over a file that has changed"
    yield GaugeMetricFamily("jenkins_mfa_agents_refusing", help_text, value=refused)


def _kept(told: Mapping[str, beats.Beat], now: int) -> Metric:
    """Checkpoints (`trail`), copies (`export`), each destination (`forward:NAME`): one agent that fails is enough."""
    good = GaugeMetricFamily("jenkins_mfa_trail_kept", "Whether the trail is kept outside the store", labels=["by"])
    found: dict[str, int] = {}
    for name, beat in told.items():
        by = name.rpartition(":")[0]
        if beats.kind_of(by) in beats.KEEPERS and beats.age(beat, now) < beats.FRESH:
            found[by] = min(found.get(by, 1), int(beat.get("ok") is True))
    for by, kept in sorted(found.items()):
        good.add_metric([by], kept)
    return good


def _unsent(destinations: Collection[str], head: Head, sent: Mapping[str, Head]) -> Metric:
    behind = GaugeMetricFamily(
        "jenkins_mfa_trail_unsent", "Events that a destination has not got yet", labels=["destination"]
    )
    for name in destinations:
        behind.add_metric([name], max(0, head.seq - sent.get(name, Head(0, "")).seq))
    return behind
