"""What the numbers say of a store, and that nothing in them comes from a Jenkinsfile or names a person."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from builders import NOW, clause, gate, requirement
from fakes import KEYS
from jenkins_mfa.core.chain import Head
from jenkins_mfa.core.keys import Keys
from jenkins_mfa.core.model import Backlog, Gate, State
from jenkins_mfa.errors import StoreUnavailableError
from jenkins_mfa.metrics import state as metrics_state


class Store:
    """What is read, as it is told here."""

    def __init__(self) -> None:
        self.gates: list[Gate] = []
        self.late = Backlog(0, 0, 0)
        self.told: dict[str, Mapping[str, object]] = {}
        self.sent: dict[str, Head] = {}
        self.away = False
        self.kept = ("always", True)
        self.waiting: dict[str, float] = {}

    def now(self) -> int:
        if self.away:
            raise StoreUnavailableError("the host refused the connection")
        return NOW

    def open_gates(self) -> list[Gate]:
        return self.gates

    def backlog(self) -> Backlog:
        return self.late

    def beats(self) -> Mapping[str, Mapping[str, object]]:
        return self.told

    def durability(self) -> tuple[str, bool]:
        return self.kept

    def throttled(self, now: int) -> dict[str, float]:
        assert now == NOW
        return self.waiting

    def heads(self) -> Head:
        return Head(40, "ab")

    def forwarded(self) -> Mapping[str, Head]:
        return self.sent


def numbers(store: Store, keys: Keys) -> dict[tuple[str, ...], float]:
    """Every sample as Prometheus would read it: name, then values of labels."""
    registry = CollectorRegistry()
    registry.register(
        metrics_state.State(store, keys, lambda: ["production"], ["siem", "new"], lambda: ["alice", "bob"])
    )
    families = text_string_to_metric_families(generate_latest(registry).decode())
    return {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}


@pytest.fixture
def keys() -> Keys:
    return Keys("test", (), {}, b"")  # type: ignore[arg-type]


def test_gates_are_counted_by_state_source_and_environment(keys: Keys) -> None:
    """An environment that only a Jenkinsfile names is none here: whoever edits one could make a new series a minute."""
    store = Store()
    declared = replace(requirement(clause()), environments=("production",))
    claimed = replace(requirement(clause()), environments=("x" * 40, "secret-project"))
    store.gates = [gate(requirement=declared), gate(requirement=declared), gate(requirement=claimed)]
    store.gates.append(replace(gate(requirement=declared), state=State.SENDING))
    found = numbers(store, keys)
    assert {name[1:]: value for name, value in found.items() if name[0] == "jenkins_mfa_gates"} == {
        ("production", "main", "pending"): 2,
        ("production", "main", "sending"): 1,
        ("", "main", "pending"): 1,
    }


def test_tests_are_not_counted(keys: Keys) -> None:
    """No build waits for them."""
    store = Store()
    store.gates = [gate(run=replace(gate().run, source="test.main"))]
    assert not [name for name, *_ in numbers(store, keys) if name == "jenkins_mfa_gates"]


def test_what_fails_is_told_in_seconds(keys: Keys) -> None:
    """Since its first failure; 0 where nothing fails."""
    store = Store()
    store.late = Backlog(3, NOW - 90_000, 1, NOW - 95_000)
    found = numbers(store, keys)
    assert found["jenkins_mfa_delivery_oldest_seconds",] == 95
    assert found["jenkins_mfa_deliveries",] == 3
    assert found["jenkins_mfa_delivery_failing_seconds",] == 90
    assert found["jenkins_mfa_deliveries_parked",] == 1
    store.late = Backlog(1, 0, 0)
    found = numbers(store, keys)
    assert (found["jenkins_mfa_delivery_failing_seconds",], found["jenkins_mfa_delivery_oldest_seconds",]) == (0, 0)


def test_a_store_that_keeps_less_than_was_accepted_says_so(keys: Keys) -> None:
    """With what it keeps."""
    store = Store()
    assert numbers(store, keys)["jenkins_mfa_store_durable", "always"] == 1
    store.kept = ("everysec", False)
    assert numbers(store, keys)["jenkins_mfa_store_durable", "everysec"] == 0


def test_people_who_wait_and_who_are_locked_are_counted_and_not_named(keys: Keys) -> None:
    """Nor are those who have left the roster, whom nobody unlocks."""
    store = Store()
    store.waiting = {"alice": NOW + 1000, "bob": math.inf, "carol": math.inf}
    found = {name[1:]: value for name, value in numbers(store, keys).items() if "throttled" in name[0]}
    assert found == {("waits",): 1, ("locked",): 1}


def test_when_a_receipt_key_was_made_and_when_it_ends() -> None:
    """By its kid."""
    found = numbers(Store(), KEYS)
    (kid,) = KEYS.current(int(time.time()))
    assert found["jenkins_mfa_receipt_key_created_seconds", kid.kid] == kid.created
    assert found["jenkins_mfa_receipt_key_not_after_seconds", kid.kid] == kid.not_after


def test_sources_and_agents_say_how_they_are(keys: Keys) -> None:
    """A source that fails, one that is polled, an agent that refuses a file, and one that is gone."""
    store = Store()
    store.told = {
        "source:main": {"ok": True, "ms": 40, "at": NOW - 1000},
        "source:other": {"ok": False, "problem": "token abc", "at": NOW - 300_000, "good": NOW - 400_000},
        "source:odd": {"at": "yesterday"},
        "agent:a": {"at": NOW, "refused": "policy.toml line 3"},
        "agent:b": {"at": NOW, "not_taken": {}},
        "agent:gone": {"at": NOW - 600_000},
    }
    found = numbers(store, keys)
    assert (found["jenkins_mfa_poll_good", "main"], found["jenkins_mfa_poll_good", "other"]) == (1, 0)
    assert found["jenkins_mfa_poll_age_seconds", "other"] == 300
    assert found["jenkins_mfa_poll_seconds", "main"] == 0.04
    good = {name[1]: value for name, value in found.items() if name[0] == "jenkins_mfa_poll_good_age_seconds"}
    assert good == {"main": 1, "other": 400}
    assert ("jenkins_mfa_poll_age_seconds", "odd") not in found
    assert (found["jenkins_mfa_agents",], found["jenkins_mfa_agents_refusing",]) == (2, 1)


def test_the_trail_outside_says_who_keeps_it_and_what_is_unsent(keys: Keys) -> None:
    """One agent that fails is enough; a destination that no configuration names any more is none."""
    store = Store()
    store.told = {
        "trail:a": {"ok": True, "at": NOW},
        "forward:siem:a": {"ok": True, "at": NOW},
        "forward:siem:b": {"ok": False, "problem": "siem: it answered 500", "at": NOW},
        "export:gone": {"ok": False, "at": NOW - 600_000},
    }
    store.sent = {"siem": Head(33, "ab"), "old": Head(1, "ab")}
    found = numbers(store, keys)
    assert {name[1]: value for name, value in found.items() if name[0] == "jenkins_mfa_trail_kept"} == {
        "trail": 1,
        "forward:siem": 0,
    }
    assert {name[1]: value for name, value in found.items() if name[0] == "jenkins_mfa_trail_unsent"} == {
        "siem": 7,
        "new": 40,
    }


def test_without_a_store_there_is_one_number(keys: Keys) -> None:
    """Old ones would be lies."""
    store = Store()
    assert numbers(store, keys)["jenkins_mfa_store_up",] == 1
    store.away = True
    assert numbers(store, keys) == {("jenkins_mfa_store_up",): 0}
