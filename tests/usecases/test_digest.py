"""The weekly digest: once for all agents and restarts, with what stands in the store then."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from builders import ROSTER, policy, rule
from desk_world import World
from fakes import KEYS
from jenkins_mfa.core.challenge import DISABLED_AT
from jenkins_mfa.core.model import Alert, Commit, Factor, PersonRecord
from jenkins_mfa.core.weekly import Weekly
from jenkins_mfa.digest_keeper import DigestKeeper
from jenkins_mfa.errors import StoreConflictError, StoreUnavailableError
from jenkins_mfa.usecases import digest, lacking
from jenkins_mfa.words import alerts, render

#: The clock of tests starts on a Monday, November 24, 2025, at 16:00 UTC.
WEEKLY = Weekly(0, 16 * 60, ZoneInfo("UTC"))
WEEK = 7 * 86_400


@pytest.fixture
def world() -> World:
    made = World(rules=policy(rule(factor=Factor.TOTP)))
    assert digests(made) == []  # it was switched on just now
    made.store.lanes.clear()
    return made


def digests(world: World, replica: str = "one") -> list[Alert]:
    """What one look makes."""
    DigestKeeper(world.desk, WEEKLY).look(replica)
    return [alert for alert in world.store.waiting_alerts if alert.code == "digest"]


def said(world: World) -> list[str]:
    """The digest as ops read it."""
    (made,) = digests(world)
    return [render.terminal(line) for line in alerts.alert(made, None, world.desk.roster)]


def test_it_comes_when_the_week_has_ended_and_once(world: World) -> None:
    """Not a second before; not again by this agent, by another one, or after a restart, which know only the store."""
    world.clock.move(seconds=WEEK - 1)
    assert digests(world) == []
    world.clock.move(seconds=1)
    assert len(digests(world)) == 1
    world.deliver()
    assert [alert.code for alert in world.messenger.alerts] == ["digest"]
    assert world.store.told(digest.NAME).shown == world.clock.now()  # so no figures are taken again
    assert digests(world) == digests(world, "two") == []
    world.clock.move(seconds=WEEK)
    assert len(digests(world, "two")) == 1


def test_none_is_made_of_the_week_before_it_was_switched_on() -> None:
    """Whoever adds [digest] on a Wednesday reads the first one on Monday."""
    world = World()
    world.clock.move(seconds=2 * 86_400)
    assert digests(world) == []
    world.clock.move(seconds=WEEK)
    assert len(digests(world)) == 1


def test_one_that_fell_into_an_outage_is_made_late_and_of_its_own_week(world: World) -> None:
    """Of several weeks only the last: each is about seven days."""
    world.clock.move(seconds=3 * WEEK + 5_000)
    (made,) = digests(world)
    assert int(made.values["until"]) - int(made.values["since"]) == WEEK * 1000
    assert made.values["until"] == str(WEEKLY.latest(world.clock.now()))


def test_while_one_agent_takes_the_figures_the_others_leave_it_to_it(world: World) -> None:
    """They are taken once; when that agent dies, another one takes them after a while."""
    world.clock.move(seconds=WEEK)
    assert world.store.courtesy(digest.NAME, "dead", digest.TAKING)
    assert digests(world) == []
    world.clock.move(ms=digest.TAKING + 1)
    assert len(digests(world)) == 1


def test_who_loses_the_race_makes_none(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store decides, not the courtesy."""
    world.clock.move(seconds=WEEK)

    def overtaken(commit: Commit) -> None:
        raise StoreConflictError("somebody else committed first")

    monkeypatch.setattr(world.store, "commit", overtaken)
    assert digests(world) == []


def test_a_store_that_is_away_is_asked_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is lost, and the thread goes on."""
    world.clock.move(seconds=WEEK)
    with monkeypatch.context() as away:
        away.setattr(world.store, "told", lambda name: (_ for _ in ()).throw(StoreUnavailableError("away")))
        assert digests(world) == []
    assert len(digests(world)) == 1


def test_a_quiet_week_says_so(world: World) -> None:
    """With the age of the key, and no heading without an answer."""
    world.enrol("alice", "bob", "carol")
    world.clock.move(seconds=WEEK)
    assert said(world) == [
        "The week from Nov 24, 16:00 UTC to Dec 1, 16:00 UTC: No gate opened in this time.",
        "Nothing else to do: no delivery was given up, nobody's codes wait, and all have what they are asked for.",
        "The newest receipt key is 20,423 days old, and ends in 27,058 days.",
        "All figures: jenkins-mfa report --since 7d",
    ]


def test_a_week_with_gates_tells_what_became_of_them(world: World) -> None:
    """In the words of the report; gates of other weeks are not counted."""
    world.enrol("alice")
    world.open()
    world.clock.move(seconds=120)
    world.code("alice")
    world.clock.move(seconds=WEEK)
    assert said(world)[0].endswith(
        "1 gate: 1 approved. Half of the decisions took at most 2 min, 95 of 100 at most 2 min."
    )
    world.store.lanes.clear()
    world.clock.move(seconds=WEEK)
    assert said(world)[0].endswith("No gate opened in this time.")


def test_what_waits_for_somebody_is_named(world: World) -> None:
    """Deliveries given up, codes that wait, people who lack what they are asked for."""
    world.enrol("alice")
    record = world.store.person("alice")
    world.store.commit(Commit("f", (replace(record, version=record.version + 1, failures=DISABLED_AT),)))
    world.store.commit(Commit("p", (), lanes=("tell:g_1",)))
    due = world.store.claim_lane(1000)
    assert due is not None
    world.store.park_lane(due, "the channel is gone")
    world.clock.move(seconds=WEEK)
    lines = said(world)[1:]
    assert lines[0] == "Deliveries that were given up: 1. Which, and why: jenkins-mfa deliveries list"
    assert lines[1].startswith("Their codes wait after too many misses: Alice")
    names = lines[2].split(": ", 1)[1].split(". See")[0].replace(" and ", ", ").split(", ")
    assert names == [ROSTER.name(one) for one in lacking.lacking(world.desk.policy, ROSTER, world.store)]


def test_without_a_key_that_signs_it_says_what_that_means(world: World) -> None:
    """Every build is denied then."""
    world.desk.keys.revoked.add("k1")
    world.clock.move(seconds=WEEK)
    try:
        assert "No receipt key signs: every build is denied. Mend: jenkins-mfa keys generate" in said(world)
    finally:
        KEYS.revoked.discard("k1")


def test_who_lacks_what_the_policy_asks() -> None:
    """The strongest of all rules counts; a rule on trial asks nobody; a damaged record is as good as none."""
    world = World(rules=policy(rule(factor=Factor.TOTP)))
    assert set(lacking.asked(world.desk.policy, ROSTER).values()) == {Factor.TOTP}
    world.enrol("alice")
    missing = lacking.lacking(world.desk.policy, ROSTER, world.store)
    assert "alice" not in missing
    assert "bob" in missing
    trial = policy(replace(rule(factor=Factor.TOTP), observe=True))
    assert lacking.lacking(trial, ROSTER, world.store) == []
    taps = policy(rule(factor=Factor.PUSH))
    assert lacking.lacking(taps, ROSTER, world.store) == []
    world.store._records["auth:alice"] = PersonRecord("alice", 9)
    assert "alice" in lacking.lacking(world.desk.policy, ROSTER, world.store)
