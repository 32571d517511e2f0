"""Attacks on codes, by their rows in the table of attacks; where it is about races, on the real store with threads."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from at_once import at_once
from builders import ROSTER, policy, rule
from clock import Clock
from desk_world import World
from fakes import FakeSource, code_of, seed_of
from jenkins_mfa.cli.check_store import clock_parts
from jenkins_mfa.core import challenge, totp
from jenkins_mfa.core.model import Authenticator, Factor, PersonRecord, State
from jenkins_mfa.errors import Refusal
from jenkins_mfa.store.gates import RedisStore
from jenkins_mfa.usecases import codes, enroll, loss
from jenkins_mfa.usecases.answer import Answers, NeedsCode
from jenkins_mfa.usecases.decisions import Counted
from jenkins_mfa.usecases.rules import Rules
from jenkins_mfa.usecases.watch import Watch
from store_server import Server, new_store

CODES = policy(rule(factor=Factor.TOTP))


def waiting(gates: int = 1) -> World:
    """Several gates of one run wait for a code of alice, bob or carol."""
    source = FakeSource(pauses={f"ref-{n}": f"Mfa-{n:032x}" for n in range(1, gates + 1)})
    world = World(rules=CODES, source=source, asks=gates)
    world.enrol("alice", "bob", "carol")
    world.open()
    return world


def asked(world: World, number: int = 1, person: str = "alice") -> tuple[str, str]:
    """A form for the gate of that number: its jti and its challenge."""
    gate = world.desk.store.gate_of("main", f"ref-{number}")
    assert gate is not None
    world.numbers += 1
    found = world.answers.tap(gate.jti, world.who(person), f"tap-{world.numbers}")
    assert isinstance(found, NeedsCode)
    return gate.jti, found.challenge_id


def typed(world: World, form: tuple[str, str], code: str, person: str = "alice") -> Counted:
    world.numbers += 1
    return world.answers.code(form[0], form[1], world.who(person), code, f"form-{world.numbers}")


def refused(code: str, act) -> Refusal:  # type: ignore[no-untyped-def]
    with pytest.raises(Refusal) as caught:
        act()
    assert caught.value.code == code
    return caught.value


def told(world: World) -> list[tuple[str, str]]:
    """The alerts so far: code, and to whom."""
    world.deliver(200)
    return [(one.code, one.to) for one in world.messenger.alerts]


def test_row_1_the_same_code_twice_is_refused_counted_and_its_person_warned() -> None:
    """S1, on the same or another gate; the warning goes to the person alone."""
    world = waiting(2)
    code = code_of("alice", world.clock)
    typed(world, asked(world), code)
    refused("code_used", lambda: typed(world, asked(world, 2), code))
    assert world.store.person("alice").failures == 1
    assert told(world) == [("code_reused", "alice")]


def test_row_1_the_warning_is_no_spam() -> None:
    """Once an hour at most, however often somebody tries."""
    world = waiting(2)
    code = code_of("alice", world.clock)
    typed(world, asked(world), code)
    for _ in range(3):
        refused("code_used", lambda: typed(world, asked(world, 2), code))
    assert told(world).count(("code_reused", "alice")) == 1
    record = world.store.person("alice")
    world.store.put(replace(record, warned_at=world.clock.now() - challenge.WARN_AGAIN, version=record.version + 1))
    refused("code_used", lambda: typed(world, asked(world, 2), code))
    assert told(world).count(("code_reused", "alice")) == 2


def test_row_2_code_n_after_code_n_plus_1_is_refused() -> None:
    """S1: the step decides, and all before it are gone with it."""
    world = waiting(2)
    typed(world, asked(world), code_of("alice", world.clock, 1))
    for steps in (-1, 0):
        refused("code_used", lambda n=steps: typed(world, asked(world, 2), code_of("alice", world.clock, n)))


@pytest.mark.parametrize(("spelt", "code"), [("wide", "code_malformed"), ("spaced", "code_used")])
def test_row_3_no_spelling_of_a_used_code_counts(spelt: str, code: str) -> None:
    """Full-width digits are no code, and spaces and dashes make no other one."""
    world = waiting(2)
    used = code_of("alice", world.clock)
    typed(world, asked(world), used)
    again = "".join(chr(0xFF10 + int(d)) for d in used) if spelt == "wide" else f" {used[:3]} - {used[3:]}"
    refused(code, lambda: typed(world, asked(world, 2), again))


@pytest.fixture
def anew(valkey: Server, clock: Clock) -> Iterator[Callable[[], RedisStore]]:
    """One more connection to one and the same real store, empty at first."""
    prefix, made = f"{{totp-{secrets.token_hex(8)}}}", list[RedisStore]()

    def connect() -> RedisStore:
        made.append(new_store(valkey, clock, prefix))
        return made[-1]

    yield connect
    for one in made:
        one.close()


@pytest.fixture
def replicas(anew: Callable[[], RedisStore], clock: Clock) -> tuple[World, World]:
    """Two agents, each on a connection of its own to the same real store; thirty gates wait."""
    source = FakeSource(pauses={f"ref-{n}": f"Mfa-{n:032x}" for n in range(1, 31)})
    first = on(anew(), source, clock)
    clock.move(
        seconds=totp.STEP - first.desk.store.now() // 1000 % totp.STEP
    )  # a step begins, and will not end meanwhile
    present = first.desk.store.now() // 1000
    for person in ("alice", "bob"):
        seed = seed_of(person)
        enroll.enroll(first.desk, person, seed, totp.code_at(seed, present - totp.STEP), "operator")
    first.watch.poll()
    second = on(anew(), source, clock)
    second.numbers = 1_000  # causes are unique, whichever agent gets them
    return first, second


def on(store: RedisStore, source: FakeSource, clock: Clock) -> World:
    """A world on a real store."""
    world = World(clock=clock, source=source, rules=CODES, asks=20)
    world.store = store  # type: ignore[assignment]
    world.desk = replace(world.desk, store=store, rules=Rules(CODES, ROSTER))
    world.watch, world.answers = Watch(world.desk, source), Answers(world.desk)
    return world


def right(world: World, person: str = "alice") -> str:
    """The code of this moment by the real store's clock."""
    return totp.code_at(seed_of(person), world.desk.store.now() // 1000)


def test_row_4_one_code_on_two_replicas_at_once_counts_once(replicas: tuple[World, World]) -> None:
    """Exactly one commit wins; the other reads that the code was used."""
    first, second = replicas
    forms = [asked(first, 1), asked(second, 2)]
    code = right(first)
    found = at_once(lambda: typed(first, forms[0], code), lambda: typed(second, forms[1], code))
    assert sum(isinstance(one, Counted) for one in found) == 1
    assert [one.code for one in found if isinstance(one, Refusal)] == ["code_used"]


def test_row_5_brute_force_over_many_gates_meets_one_throttle() -> None:
    """S4: growing waits, whatever the gate; switched off at the limit, and ops and the person read of it."""
    world = waiting(8)
    for number in range(1, 5):
        refused("code_wrong", lambda n=number: typed(world, asked(world, n), "000000"))
    late = asked(world, 6)
    refused("code_wrong", lambda: typed(world, asked(world, 5), "000000"))
    refused("throttled", lambda: asked(world, 7))
    assert refused("throttled", lambda: typed(world, late, code_of("alice", world.clock))).values["wait_until"]
    record = world.store.person("alice")
    almost = replace(record, failures=challenge.DISABLED_AT - 1, wait_until=0, version=record.version + 1)
    world.store.put(almost)
    refused("code_wrong", lambda: typed(world, asked(world, 7), "000000"))
    world.clock.move(seconds=challenge.LONGEST_WAIT // 1000 + 1)
    gate = replace(world.gate, deadline=world.clock.now() + 60_000)
    world.store.put(gate)
    refused("disabled", lambda: asked(world, 1))
    assert told(world) == [("locked", ""), ("locked", "alice")]


def test_s4_waits_double_from_half_a_minute_to_an_hour() -> None:
    """S4: the fifth failure waits 30 s, each further one twice as long, up to an hour, and never fewer than 50 are left
    below the 100 that SP 800-63B-4 allows.
    """
    record = PersonRecord("alice", 1)
    ask = challenge.issue(record, waiting().gate, "c_1", 0).challenges[0]
    waits = []
    for _ in range(challenge.DISABLED_AT):
        record = challenge.missed(replace(record, wait_until=0), ask, 1)
        waits.append(record.wait_until // 1000)
    assert waits[:8] == [0, 0, 0, 0, 30, 60, 120, 240]
    assert waits[-1] == 3600
    assert max(waits) == 3600
    assert challenge.DISABLED_AT <= 100


@pytest.mark.parametrize("forms", [1, 8])
def test_row_5_100_simultaneous_guesses_get_no_more_evaluations_than_allowed(
    replicas: tuple[World, World], forms: int
) -> None:
    """A count, on two replicas: five are judged and told, the rest is not looked at, the right code among them or not;
    over one form and over many.
    """
    first, second = replicas
    opened = [asked(first, n + 1) for n in range(forms)]
    present = first.desk.store.now() // 1000
    hidden = {totp.code_at(seed_of("alice"), present + n * totp.STEP) for n in range(-12, 13)}
    wrong = [code for code in (f"{n:06}" for n in range(200)) if code not in hidden][:100]
    guesses = [
        (lambda n=n, code=code: typed((first, second)[n % 2], opened[n % forms], code)) for n, code in enumerate(wrong)
    ]
    found = [one.code for one in at_once(*guesses) if isinstance(one, Refusal)]
    judged = [code for code in found if code == "code_wrong"]
    last = 1 if forms == 1 else 0  # the fifth try of one form ends it, and says so
    assert len(judged) == challenge.FREE_FAILURES - last
    assert set(found) <= {"code_wrong", "throttled", "no_tries"}
    assert first.desk.store.person("alice").failures == challenge.FREE_FAILURES
    refused("no_tries" if forms == 1 else "throttled", lambda: typed(first, opened[0], right(first)))


def test_row_6_a_restart_or_a_new_challenge_wins_no_tries(
    replicas: tuple[World, World], anew: Callable[[], RedisStore], clock: Clock
) -> None:
    """Counters live in the store, outside gates; nothing resets them but a success."""
    source = replicas[0].source
    for number in range(1, 6):
        again = on(anew(), source, clock)
        refused("code_wrong", lambda n=number, w=again: typed(w, asked(w, n), "000000"))
    restarted = on(anew(), source, clock)
    assert restarted.desk.store.person("alice").failures == 5
    refused("throttled", lambda: asked(restarted, 6))


def test_row_7_burnt_tries_make_somebody_wait_and_keep_nobody_from_denying() -> None:
    """No lock at once: after half a minute the right code counts; denying takes no code; others confirm."""
    world = waiting(2)
    form = asked(world)
    for _ in range(challenge.TRIES):
        with pytest.raises(Refusal):
            typed(world, form, "000000")
    record = world.store.person("alice")
    assert 0 < record.wait_until - world.clock.now() <= 30_000
    assert isinstance(typed(world, asked(world, person="bob"), code_of("bob", world.clock), "bob"), Counted)
    world.clock.move(seconds=30)
    assert isinstance(typed(world, asked(world, 2), code_of("alice", world.clock)), Counted)
    world.store.put(replace(world.store.person("alice"), wait_until=world.clock.now() + 30_000))
    assert world.deny("alice").state is State.DENIED


@pytest.mark.parametrize(("steps", "told"), [(-10, "code_clock"), (10, "code_wrong")])
def test_row_8_a_phone_five_minutes_off_is_refused_counted_and_told_why(steps: int, told: str) -> None:
    """S2: the window is not widened; of a code that is still to come nothing is told."""
    world = waiting()
    world.clock.move(seconds=600)
    form = asked(world)
    code = code_of("alice", world.clock, steps)
    assert refused(told, lambda: typed(world, form, code)).values["left"] == "4"
    assert world.store.person("alice").failures == 1
    assert world.gate.confirmations == ()


def test_row_9_a_clock_that_jumps_back_gives_no_code_back() -> None:
    """The step that was used stays used."""
    world = waiting(2)
    code = code_of("alice", world.clock)
    typed(world, asked(world), code)
    world.clock.move(seconds=-90)
    form = asked(world, 2)
    refused("code_used", lambda: typed(world, form, code_of("alice", world.clock)))
    world.clock.move(seconds=90)
    refused("code_used", lambda: typed(world, form, code))


@pytest.mark.parametrize(("apart", "says"), [(-90, "its clock is 90 s behind this host's"), (40, "40 s ahead of")])
def test_row_9_check_names_clocks_that_differ(apart: int, says: str) -> None:
    """Codes are judged by the store's clock; a few seconds are nothing."""
    now = round(time.time() * 1000)
    (part,) = clock_parts(now + apart * 1000 + 500)
    assert not part.ok
    assert says in part.says
    assert list(clock_parts(now + 3_000)) == []


def test_row_10_a_relayed_code_counts_for_its_gate_and_person_alone() -> None:
    """No code can stop that: so each is bound to one gate and person, and the trail has the account it came from."""
    world = waiting(2)
    form, other = asked(world), asked(world, 2)
    code = code_of("alice", world.clock)
    refused("challenge_over", lambda: typed(world, (other[0], form[1]), code))
    refused("challenge_over", lambda: typed(world, form, code, "bob"))
    typed(world, form, code)
    last = world.store.entries(form[0])[-2]
    assert (last.event, last.details["via"]) == ("gate:confirmed", "chat:T1/UALICE")
    assert last.details["step"] == world.clock.now() // 30_000


# -- several apps ------------------------------------------------------------------------------------------------------


def second_app(world: World, seed: str = seed_of("carol")) -> Authenticator:
    """A second phone for alice."""
    before = totp.code_at(seed, world.clock.now() // 1000 - totp.STEP)
    return enroll.enroll(world.desk, "alice", seed, before, "operator")


def steps(world: World) -> dict[str, int]:
    return {one.id: one.last_step for one in world.store.person("alice").authenticators}


def test_either_app_confirms_and_only_its_own_step_is_burnt() -> None:
    """A phone and its spare."""
    world = waiting(2)
    spare = second_app(world)
    before = steps(world)
    counted = typed(world, asked(world), code_of("carol", world.clock))
    assert counted.gate.confirmations[0].authenticator == spare.id
    after = steps(world)
    assert [one for one in after if after[one] != before[one]] == [spare.id]
    refused("code_used", lambda: typed(world, asked(world, 2), code_of("carol", world.clock)))
    assert typed(world, asked(world, 2), code_of("alice", world.clock)).gate.state is State.APPROVED


def test_a_code_that_fits_both_apps_is_burnt_in_both(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the same digits would pass twice."""
    world = waiting(2)
    second_app(world)
    present = world.clock.now() // 30_000
    monkeypatch.setattr(totp, "_codes", lambda _seed, now: [(now + d, f"11111{d + 1}") for d in (-1, 0, 1)])
    typed(world, asked(world), "111111")
    assert set(steps(world).values()) == {present}
    refused("code_used", lambda: typed(world, asked(world, 2), "111111"))


def test_s6_every_app_is_looked_at_whichever_matches(monkeypatch: pytest.MonkeyPatch) -> None:
    """S6: no early exit tells which one it was."""
    world = waiting(2)
    second_app(world)
    looked: list[str] = []
    judge = totp.judge
    monkeypatch.setattr(totp, "judge", lambda **given: (looked.append(given["seed"]), judge(**given))[1])
    typed(world, asked(world), code_of("alice", world.clock))
    assert looked == [seed_of("alice"), seed_of("carol")]


def test_an_app_that_was_switched_off_opens_nothing() -> None:
    """And leaves the other alone."""
    world = waiting()
    spare = second_app(world)
    loss.revoke(world.desk, "alice", spare.id, "operator")
    form = asked(world)
    refused("code_wrong", lambda: typed(world, form, code_of("carol", world.clock)))
    assert isinstance(typed(world, form, code_of("alice", world.clock)), Counted)


def test_nobody_has_three_apps() -> None:
    """Each one more is one more code that a guess may meet."""
    world = waiting()
    second_app(world)
    refused("enrolled_already", lambda: second_app(world, seed_of("dan")))


def test_s19_a_damaged_app_keeps_the_other_from_counting_too() -> None:
    """S19: whoever moved a record about may have moved more. Ops mend it."""
    world = waiting()
    second_app(world)
    form = asked(world)
    record = world.store.person("alice")
    first, spare = record.authenticators
    swapped = (replace(first, sealed=spare.sealed), spare)
    world.store.put(replace(record, authenticators=swapped, version=record.version + 1))
    refused("authenticator_damaged", lambda: typed(world, form, code_of("carol", world.clock)))


def test_s4_misses_are_in_the_trail_before_they_are_told() -> None:
    """S12, S4: a refusal that nobody counted would be a free guess."""
    world = waiting()
    form = asked(world)
    with pytest.raises(codes.CountedMissError):
        typed(world, form, "000000")
    last = world.store.entries(form[0])[-1]
    assert (last.event, last.details["reason"], last.details["failures"]) == ("answer:refused", "code_wrong", 1)
    assert last.details["factor"] == "totp"
