"""What administrators do takes a factor of theirs, for exactly this act and target, under the one throttle."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import ROSTER, policy, rule
from desk_world import World
from fakes import code_of
from jenkins_mfa.core import audit, challenge
from jenkins_mfa.core.model import Act, Authenticator, Factor
from jenkins_mfa.core.policy import Absence, Roster
from jenkins_mfa.errors import DamagedError, Refusal
from jenkins_mfa.usecases import tickets
from jenkins_mfa.usecases.acts import Acts, NeedsCode, NeedsPage
from jenkins_mfa.usecases.rules import Rules

CODES = replace(policy(rule(factor=Factor.TOTP)), administrators=("carol",))
UNLOCK_BOB = Act("unlock", "bob")


def locked(person: str = "bob") -> World:
    """Carol is administrator; somebody's codes are switched off."""
    world = World(rules=CODES)
    world.enrol("alice", "bob", "carol")
    world.open()
    lock(world, person)
    return world


def lock(world: World, person: str) -> None:
    record = world.store.person(person)
    world.store.put(replace(record, failures=challenge.DISABLED_AT, version=record.version + 1))


def begun(world: World, act: Act = UNLOCK_BOB, who: str = "carol", cause: str = "begin") -> NeedsCode:
    asked = Acts(world.desk).begin(act, world.who(who), cause)
    assert isinstance(asked, NeedsCode)
    return asked


def finish(world: World, asked: NeedsCode, act: Act = UNLOCK_BOB, code: str | None = None, who: str = "carol") -> None:
    world.numbers += 1
    typed = code_of(who, world.clock) if code is None else code
    Acts(world.desk).finish(act, asked.challenge_id, world.who(who), typed, f"finish-{world.numbers}")


def refused(code: str, act) -> Refusal:  # type: ignore[no-untyped-def]
    with pytest.raises(Refusal) as caught:
        act()
    assert caught.value.code == code
    return caught.value


def last(world: World) -> audit.AuditEvent:
    """The trail's newest event."""
    return audit.decode(world.store.trail[-1].raw)


def test_a_lock_is_lifted_by_an_administrator_with_a_code() -> None:
    """DESIGN: announced to the person and ops; the administrator's step is burnt in the very same commit."""
    world = locked()
    finish(world, begun(world))
    assert world.store.person("bob").failures == 0
    assert (last(world).name, last(world).actor) == ("authenticator:unlocked", "carol")
    assert {"person": "bob", "factor": "totp", "via": "chat:T1/UCAROL"}.items() <= last(world).details.items()
    assert world.store.person("carol").authenticators[0].last_step == last(world).details["step"]
    world.deliver()
    assert [(one.code, one.to) for one in world.messenger.alerts] == [("unlocked", ""), ("unlocked", "bob")]
    assert world.code("bob").gate.confirmations[0].person == "bob"


def test_a_wait_is_lifted_too() -> None:
    """Growing waits are a lock as well."""
    world = locked()
    record = world.store.person("bob")
    wait = world.clock.now() + 3_600_000
    world.store.put(replace(record, failures=6, wait_until=wait, version=record.version + 1))
    finish(world, begun(world))
    assert (world.store.person("bob").failures, world.store.person("bob").wait_until) == (0, 0)


def test_a_challenge_for_an_act_serves_nothing_else() -> None:
    """S5: no gate, no other act, no other target; and a gate's serves no act."""
    world = locked()
    lock(world, "alice")
    asked = begun(world)
    refused("challenge_over", lambda: finish(world, asked, Act("unlock", "alice")))
    refused("challenge_over", lambda: world.type("carol", asked.challenge_id, code_of("carol", world.clock)))
    gate = world.tap("carol")
    refused("challenge_over", lambda: finish(world, replace(asked, challenge_id=gate.challenge_id)))  # type: ignore[union-attr]
    assert world.store.person("bob").failures == world.store.person("alice").failures == challenge.DISABLED_AT
    assert world.gate.confirmations == ()
    finish(world, asked)
    assert world.store.person("bob").failures == 0


def test_a_challenge_for_an_act_ends_after_ten_minutes() -> None:
    """S5, without a gate's deadline."""
    world = locked()
    asked = begun(world)
    assert asked.expires == world.clock.now() + challenge.LIFETIME
    world.clock.move(seconds=600)
    refused("challenge_over", lambda: finish(world, asked))


def test_a_code_given_for_an_act_is_used_up_for_gates() -> None:
    """S1: one set of burnt steps."""
    world = locked()
    finish(world, begun(world))
    refused("code_used", lambda: world.code("carol"))


def test_misses_at_acts_and_gates_count_together() -> None:
    """S4: the throttle is the person's, whatever the code is typed for."""
    world = locked()
    asked = begun(world)
    for number in range(3):
        assert refused("code_wrong", lambda: finish(world, asked, code="000000")).values["left"] == str(4 - number)
    assert (last(world).name, last(world).details["act"], last(world).details["target"]) == (
        "answer:refused",
        "unlock",
        "bob",
    )
    for _ in range(2):
        refused("code_wrong", lambda: world.code("carol", "000000"))
    refused("throttled", lambda: begun(world, cause="again"))


@pytest.mark.parametrize(
    ("who", "code"), [("alice", "not_administrator"), ("eve", "not_administrator"), ("nobody", "not_in_roster")]
)
def test_only_administrators_act(who: str, code: str) -> None:
    """T4, S14: approving is not administering; a refusal is in the trail with what was wanted."""
    world = locked()
    refused(code, lambda: begun(world, who=who))
    details = last(world).details
    assert (details["reason"], details["act"], details["target"]) == (code, "unlock", "bob")


def test_who_stands_in_for_an_administrator_is_none() -> None:
    """An absence hands over answers, not powers."""
    world = locked()
    away = Absence(0, 4_102_444_800_000, "alice")
    people = {**ROSTER.people, "carol": replace(ROSTER.people["carol"], absence=away)}
    world.desk = replace(world.desk, rules=Rules(CODES, Roster(people, ROSTER.groups)))
    refused("not_administrator", lambda: begun(world, who="alice"))


def test_an_administrator_is_one_still_when_the_code_comes() -> None:
    """S14: roster, policy and account are looked at with the answer, not only when the form opened."""
    world = locked()
    asked = begun(world)
    world.messenger.away = {"carol"}
    refused("inactive_account", lambda: finish(world, asked))
    world.messenger.away = set()
    world.desk = replace(world.desk, rules=Rules(replace(CODES, administrators=()), ROSTER))
    refused("not_administrator", lambda: finish(world, asked))
    assert world.store.person("bob").failures == challenge.DISABLED_AT


def test_nobody_unlocks_themselves() -> None:
    """Whoever guesses an administrator's codes must not lift the lock with the next guess."""
    world = locked("carol")
    refused("own_codes", lambda: begun(world, Act("unlock", "carol")))


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (Act("unlock", "alice"), "not_locked"),
        (Act("unlock", "zoe"), "unknown_person"),
        (Act("demolish", "bob"), "unknown_act"),
    ],
)
def test_what_cannot_be_done_asks_for_no_code(act: Act, code: str) -> None:
    """It is told before anybody types one."""
    world = locked()
    refused(code, lambda: begun(world, act))
    assert world.store.person("carol").challenges == ()


def test_a_code_that_matches_is_used_up_or_not_looked_at() -> None:
    """An act that can no longer be done judges no code, or it would tell which one is right."""
    world = locked()
    asked = begun(world)
    record = world.store.person("bob")
    world.store.put(replace(record, failures=0, version=record.version + 1))
    for code in (code_of("carol", world.clock), "000000"):
        refused("not_locked", lambda c=code: finish(world, asked, code=c))
    assert world.store.person("carol").failures == 0


def test_a_damaged_record_is_not_unlocked() -> None:
    """It may hide a revocation; enrolling anew is the way out."""
    world = locked()
    asked = begun(world)
    reads = world.store.person

    def person(name: str) -> object:
        if name == "bob":
            raise DamagedError("auth:bob", "it does not carry our seal")
        return reads(name)

    world.store.person = person  # type: ignore[assignment,method-assign]
    refused("record_damaged", lambda: finish(world, asked))


def with_key(world: World) -> Authenticator:
    """Carol has a security key and no code app."""
    key = Authenticator("a_key", Factor.WEBAUTHN, "sealed", since=1)
    record = world.store.person("carol")
    world.store.put(replace(record, authenticators=(key,), version=record.version + 1))
    return key


def test_who_has_a_key_is_led_to_the_page() -> None:
    """It takes a code as well; without pages no code is asked of somebody who has none."""
    world = locked()
    with_key(world)
    asked = Acts(world.desk, "https://mfa.example.com").begin(UNLOCK_BOB, world.who("carol"), "x")
    assert isinstance(asked, NeedsPage)
    assert asked.address.startswith("https://mfa.example.com/open#")
    assert asked.address not in repr(asked)
    made = world.store.ticket(tickets._id(asked.address.rpartition("#")[2]))
    assert made is not None
    assert (made.purpose, made.person, made.act, made.expires) == ("act", "carol", UNLOCK_BOB, asked.expires)
    assert {"act": "unlock", "target": "bob", "use": "act"}.items() <= last(world).details.items()
    refused("key_alone", lambda: Acts(world.desk).begin(UNLOCK_BOB, world.who("carol"), "y"))


def test_who_has_a_code_app_alone_gets_the_form_though_there_are_pages() -> None:
    """The shortest way."""
    world = locked()
    asked = Acts(world.desk, "https://mfa.example.com").begin(UNLOCK_BOB, world.who("carol"), "x")
    assert isinstance(asked, NeedsCode)


def test_two_finishes_at_once_are_one() -> None:
    """The second finds its challenge gone."""
    world = locked()
    asked = begun(world)
    finish(world, asked)
    lock(world, "bob")
    refused("challenge_over", lambda: finish(world, asked))
