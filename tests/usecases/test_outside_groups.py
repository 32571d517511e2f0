"""Groups whose members are kept elsewhere: who may answer, and that nobody may where that is not known."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from builders import ROSTER, policy, rule
from desk_world import World
from jenkins_mfa.core.model import Factor, State
from jenkins_mfa.core.policy import Roster
from jenkins_mfa.errors import (
    MessageGoneError,
    MessengerUnavailableError,
    Refusal,
    StoreUnavailableError,
)
from jenkins_mfa.usecases.groups import EVERY, LONGEST, Groups
from jenkins_mfa.words.alerts import alert
from jenkins_mfa.words.history import sentence
from jenkins_mfa.words.render import terminal

KEPT = policy(rule(factor=Factor.PUSH), outside={"release": "G1"})
AWAY = MessengerUnavailableError("away")


@dataclass
class FakeDirectory:
    """Groups as they are kept elsewhere; `error` is raised instead."""

    groups: dict[str, set[str]] = field(default_factory=lambda: {"G1": {"UBOB", "UDAN", "UFRANK"}})
    error: Exception | None = None
    asked: list[str] = field(default_factory=list)

    def accounts(self, group: str) -> frozenset[str]:
        self.asked.append(group)
        if self.error is not None:
            raise self.error
        return frozenset(self.groups[group])


class Place(World):
    """A world whose group release is kept elsewhere: bob, dan, and frank, who is not in the roster."""

    def __init__(self) -> None:
        super().__init__(rules=KEPT)
        self.directory = FakeDirectory()
        self.groups = Groups(self.desk, self.directory, lambda: self.clock.now() / 1000)

    def look(self, seconds: float = 0) -> None:
        self.clock.move(seconds=seconds)
        self.groups.look()

    @property
    def members(self) -> tuple[str, ...]:
        return self.desk.roster.members("release")

    @property
    def alerts(self) -> list[str]:
        return [terminal(alert(one, None, self.desk.roster)[0]) for one in self.store.waiting_alerts]

    @property
    def trail(self) -> list[str]:
        told = [linked.entry for linked in self.store.trail if linked.entry.event == "group:changed"]
        return [terminal(sentence(entry, self.desk.roster)) for entry in told]


@pytest.fixture
def place() -> Place:
    return Place()


def test_members_are_those_of_the_outside_instead_of_the_roster_s_own(place: Place) -> None:
    """Dan is in it, alice and carol are not, whatever the roster's file says; who is not in the roster is nobody."""
    place.look()
    assert place.members == ("bob", "dan")
    assert place.trail == ["The members of group “release” changed; now in it: “bob, dan”."]
    gate = place.open()
    assert gate.requirement is not None
    assert gate.requirement.people == ("bob",)  # dan started the build
    with pytest.raises(Refusal, match="not_eligible"):
        place.tap("alice")
    place.tap("bob")
    assert place.gate.state is State.APPROVED


def test_before_it_was_read_a_group_is_empty(place: Place) -> None:
    """A gate that needs it is refused at once, although the roster names own members."""
    assert place.members == ()
    gate = place.open()
    assert gate.state is State.DENIED
    assert gate.denial is not None
    assert gate.denial.reason == "too_few_people"


def test_a_group_with_nobody_of_the_roster_is_empty(place: Place) -> None:
    """Own members do not come back for it."""
    for members in (set(), {"UFRANK"}):
        place.directory.groups["G1"] = members
        place.look(EVERY)
        assert place.members == ()
    assert place.open().state is State.DENIED


def test_who_was_taken_out_between_the_ask_and_the_tap_does_not_count(place: Place) -> None:
    """As soon as it is read again; who was put in may not answer the open gate either."""
    place.look()
    place.open()
    place.directory.groups["G1"] = {"UCAROL"}
    place.look(EVERY - 1)
    assert place.members == ("bob", "dan")
    place.look(1)
    for person in ("bob", "carol"):
        with pytest.raises(Refusal, match="not_eligible"):
            place.tap(person)
    assert place.gate.state is State.PENDING
    assert place.trail[1:] == [
        "The members of group “release” changed; now in it: “carol”.",
        "The members of group “release” changed; no longer in it: “bob, dan”.",
    ]


def test_who_was_taken_out_after_the_tap_does_not_count_at_the_claim(place: Place) -> None:
    """The confirmation is taken back before a receipt is signed."""
    place.look()
    place.open()
    place.tap("bob")
    place.directory.groups["G1"] = {"UCAROL"}
    place.look(EVERY)
    place.deliver()
    assert place.source.sent == []
    assert place.gate.state is State.PENDING


@pytest.mark.parametrize("error", [AWAY, RuntimeError("unforeseen")], ids=["away", "unforeseen"])
def test_what_cannot_be_read_for_five_minutes_is_empty(place: Place, error: Exception) -> None:
    """Until then what was read is believed; ops read when it begins to last and when it is over, once each."""
    place.look()
    place.open()
    place.directory.error = error
    place.look(EVERY)
    assert place.alerts == []
    for _ in range(int(LONGEST / EVERY) - 1):
        place.look(EVERY)
        assert place.members == ("bob", "dan")
    place.look(1)
    assert place.members == ()
    with pytest.raises(Refusal, match="not_eligible"):
        place.tap("bob")
    assert place.trail[-1] == (
        "The members of group “release” changed; no longer in it, since Slack has not told who is: “bob, dan”."
    )
    assert len(place.alerts) == 1
    assert place.alerts[0].startswith("Slack's user group G1 cannot be read: ")
    assert "unforeseen" not in place.alerts[0]
    place.directory.error = None
    place.look(EVERY)
    place.look(EVERY)
    assert place.members == ("bob", "dan")
    assert place.alerts[1:] == ["Slack's user group G1 can be read again: it says who is in release."]
    place.tap("bob")


def test_what_is_not_there_any_more_is_empty_at_once(place: Place) -> None:
    """Somebody has deleted the group, or switched it off: that is known, and not only not read."""
    place.look()
    place.directory.error = MessageGoneError("Slack: no_such_subteam")
    place.look(EVERY)
    assert place.members == ()
    assert len(place.alerts) == 1


def test_a_group_is_read_once_a_minute_and_later_where_it_is_asked_for(place: Place) -> None:
    """Retry-After counts where it is longer."""
    for _ in range(10):
        place.look()
    assert place.directory.asked == ["G1"]
    place.directory.error = MessengerUnavailableError("ratelimited", 100.0)
    place.look(EVERY)
    place.look(99)
    assert len(place.directory.asked) == 2
    place.look(1)
    assert len(place.directory.asked) == 3


def test_nobody_is_a_member_whom_the_trail_does_not_know(place: Place) -> None:
    """A store that is away puts the change off; the next look takes it over without asking again."""

    def away(_commit: object) -> None:
        raise StoreUnavailableError("away")

    real = place.store.commit
    place.store.commit = away  # type: ignore[method-assign]
    with pytest.raises(StoreUnavailableError):
        place.look()
    assert place.members == ()
    place.store.commit = real  # type: ignore[method-assign]
    place.look()
    assert place.members == ("bob", "dan")
    assert len(place.directory.asked) == 1


def test_nothing_happens_while_nothing_changes(place: Place) -> None:
    """No event, no alert, the very same rules."""
    place.look()
    before, told = place.desk.rules.now, len(place.store.trail)
    for _ in range(5):
        place.look(EVERY)
    assert place.desk.rules.now is before
    assert len(place.store.trail) == told


def test_identities_are_those_of_the_messenger_alone() -> None:
    """The same subject at another issuer is somebody else."""
    held = ROSTER.holding({"release": frozenset({"UBOB", "alice", ""})}, "chat:T1")
    assert held.members("release") == ("bob",)
    assert held.named(["group:release", "group:security"]) == {"bob", "carol"}
    assert Roster({}).holding({"release": frozenset({"UBOB"})}, "chat:T1").members("release") == ()


def test_a_great_many_members_are_all_in_the_trail(place: Place) -> None:
    """In as many events as it takes: none is longer than the trail allows."""
    names = [f"p{n:03}" + "x" * 36 for n in range(100)]
    people = {name: replace(ROSTER.people["bob"], id=name, identities={"chat:T1": name}) for name in names}
    place.desk.rules.now = place.desk.rules.joined(KEPT, Roster(people), {})
    place.directory.groups["G1"] = {*names}
    place.look()
    assert len(place.members) == 100
    assert [name for name in names if name not in " ".join(place.trail)] == []
