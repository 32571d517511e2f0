"""What the probes say of each part, and which of them take an agent out of service."""

from __future__ import annotations

from typing import Any

import pytest

from desk_world import World
from jenkins_mfa.core.keys import Keys
from jenkins_mfa.errors import StoreUnavailableError
from jenkins_mfa.health import LATE_SECONDS, Health
from jenkins_mfa.threads import Crew


class Agent:
    """An agent of which every part is right."""

    def __init__(self) -> None:
        self.world = World()
        self.crew = Crew()
        self.connections = 2
        self.not_taken: dict[str, str] = {}
        self.seconds = 0.0
        self.health = Health(
            self.world.desk, self.crew, lambda: self.connections, lambda: self.not_taken, lambda: self.seconds
        )
        self.health.tick()
        self.beat(ok=True)

    @property
    def store(self) -> Any:
        return self.world.desk.store

    def beat(self, *, ok: bool) -> None:
        for source in self.world.desk.sources:
            self.store.beat(f"source:{source}", {"ok": ok, "at": self.store.now()})


@pytest.fixture
def agent() -> Agent:
    return Agent()


def test_all_is_right(agent: Agent) -> None:
    live, ready = agent.health.live(), agent.health.ready()
    assert live == {"live": True, "reasons": [], "parts": {"threads": {"ok": True}, "clock": {"ok": True}}}
    names = ["store", "trail", "keys", "slack", "sources", "files"]
    assert ready == {"ready": True, "reasons": [], "parts": {name: {"ok": True} for name in names}}


def test_a_thread_that_ended_ends_the_life(agent: Agent) -> None:
    agent.crew.failed.set()
    assert agent.health.live()["reasons"] == ["a thread has ended"]


def test_a_clock_that_stands_still_ends_the_life(agent: Agent) -> None:
    """A minute after the last look at deadlines, and not before there was a first one: a start may take long."""
    agent.seconds = LATE_SECONDS
    assert agent.health.live()["live"] is True
    agent.seconds += 0.1
    assert agent.health.live()["parts"]["clock"] == {
        "ok": False,
        "reason": "deadlines have not been looked at for a minute",
    }
    fresh = Health(agent.world.desk, agent.crew, lambda: 1, dict, lambda: 999.0)
    assert fresh.live()["live"] is True


def test_s17_without_a_store_nothing_counts(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    """S17. Where it is stays untold, and nothing else is known then."""

    def away() -> int:
        raise StoreUnavailableError("redis at secret-host:6379 is away")

    monkeypatch.setattr(agent.store, "now", away)
    reason = "the store cannot be reached"
    assert agent.health.ready() == {
        "ready": False,
        "reasons": [reason],
        "parts": {"store": {"ok": False, "reason": reason}},
    }


def test_s21_a_store_that_is_another_one_is_not_ready(agent: Agent) -> None:
    agent.world.desk.continuity.distrust()
    assert agent.health.ready()["reasons"] == ["the store is not the one that is known: nothing proceeds"]


def wrong(agent: Agent, part: str) -> dict[str, Any]:
    """What is told of a part that makes no 503."""
    found = agent.health.ready()
    assert (found["ready"], found["reasons"]) == (True, [])
    assert [name for name, one in found["parts"].items() if not one["ok"]] == [part]
    shown: dict[str, Any] = found["parts"][part]
    return shown


def test_without_slack_pages_and_commands_still_serve(agent: Agent) -> None:
    agent.connections = 0
    assert wrong(agent, "slack")["reason"] == "there is no connection to Slack"


def test_no_receipt_key(agent: Agent) -> None:
    keys: Keys = agent.world.desk.keys
    keys.revoked.update(key.kid for key in keys.signing)
    try:
        assert wrong(agent, "keys")["reason"] == "no receipt key signs now"
    finally:
        keys.revoked.clear()


def test_sources_that_are_not_read(agent: Agent) -> None:
    """Its last poll failed, or nobody has polled for a minute; no name is told."""
    agent.beat(ok=False)
    assert wrong(agent, "sources")["reason"] == "1 of 1 sources cannot be read"
    agent.beat(ok=True)
    agent.world.clock.move(seconds=61)
    assert wrong(agent, "sources")["reason"] == "1 of 1 sources cannot be read"


def test_files_that_were_not_taken_over(agent: Agent) -> None:
    agent.not_taken = {"token_file of main": "401", "policy": "line 3"}
    assert wrong(agent, "files")["reason"] == "2 changed files were not taken over"
