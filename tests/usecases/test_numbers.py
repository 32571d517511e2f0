"""Number matching: typed, three tries of one person at one gate, each counted (S5; attack table, rows 32 to 36)."""

from __future__ import annotations

import hmac
import threading
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import facts, nonce, policy, rule
from desk_world import World
from fakes import FakeSource, code_of, request_text
from jenkins_mfa.core import challenge
from jenkins_mfa.core.model import Factor, Gate, PersonRecord, State
from jenkins_mfa.core.policy import Globs
from jenkins_mfa.core.policy.predicates import Texts
from jenkins_mfa.errors import JenkinsMfaError, Refusal
from jenkins_mfa.store.records import encode
from jenkins_mfa.usecases import numbers
from jenkins_mfa.usecases.answer import Answers, NeedsCode, NeedsNumber
from jenkins_mfa.usecases.ports import Paused

NUMBERS = policy(rule(factor=Factor.PUSH_NUMBER))
BOTH = policy(rule(factor=Factor.PUSH_NUMBER, quorum=2))
NUMBER, WRONG = "493817", "111111"


def waiting(rules=NUMBERS, **values) -> World:  # type: ignore[no-untyped-def]
    world = World(rules=rules, **values)
    world.enrol("alice", "bob", "carol")
    world.open()
    return world


def refused(code: str, act) -> Refusal:  # type: ignore[no-untyped-def]
    with pytest.raises(Refusal) as caught:
        act()
    assert caught.value.code == code
    return caught.value


def second(world: World, number: str = "200200") -> str:
    """Another gate of another run opens, with a number of its own; returns its jti."""
    run = replace(world.gate.run, id="18")
    world.source.text = request_text(number=number, run={"pipeline": run.pipeline, "id": run.id})
    world.source.known = facts(run=run)
    world.source.pauses["ref-2"] = "Mfa-" + "1" * 32
    world.watch.poll()
    found = world.store.gate_of("main", "ref-2")
    assert found is not None
    assert found.state is State.PENDING
    return found.jti


def test_a_tap_and_the_number_approve() -> None:
    """As it is read: 493 817."""
    world = waiting()
    approved = world.number("alice", "493 817").gate
    assert approved.state is State.APPROVED
    assert approved.confirmations[0].factor is Factor.PUSH_NUMBER
    world.deliver()
    receipt = world.verified(world.source.receipts[0])
    assert [(one.id, one.factor) for one in receipt.approvers] == [("alice", "push+number")]


def test_a_tap_alone_is_not_enough() -> None:
    """Row 32: a reflex tap opens a form, and counts nothing."""
    world = waiting()
    assert isinstance(world.tap("alice"), NeedsNumber)
    assert world.gate.confirmations == ()


def test_nobody_needs_an_authenticator_for_it() -> None:
    """Whoever has none is asked all the same."""
    world = World(rules=NUMBERS)
    world.open()
    assert world.number("alice", NUMBER).gate.state is State.APPROVED


@pytest.mark.parametrize("typed", ["４９３８１７", "49381", "4938177", "abcdef", "", "49381\u0667", "\ud800" * 6])
def test_what_is_no_number_is_no_guess(typed: str) -> None:
    """Full-width digits too: refused at the field, and not counted."""
    world = waiting()
    refused("number_malformed", lambda: world.number("alice", typed))
    assert world.store.person("alice").failures == 0
    assert challenge.misses(world.store.person("alice"), world.gate) == 0


def test_row_33_a_number_is_guessed_three_times_at_most() -> None:
    """In one form; then not even the right one counts, while others can still answer."""
    world = waiting()
    asked = world.tap("alice")
    assert isinstance(asked, NeedsNumber)
    for left in ("2", "1"):
        assert refused("number_wrong", lambda: world.type_number("alice", asked.challenge_id, WRONG)).values == {
            "left": left
        }
    refused("no_number_tries", lambda: world.type_number("alice", asked.challenge_id, WRONG))
    refused("no_number_tries", lambda: world.type_number("alice", asked.challenge_id, NUMBER))
    refused("no_number_tries", lambda: world.tap("alice"))
    assert world.number("bob", NUMBER).gate.state is State.APPROVED


def test_s5_a_new_challenge_gives_no_new_tries() -> None:
    """SP 800-63B-4, 3.1.3.2: a new secret or form does not reset the count."""
    world = waiting()
    for code in ("number_wrong", "number_wrong", "no_number_tries"):
        refused(code, lambda: world.number("alice", WRONG))
    refused("no_number_tries", lambda: world.tap("alice"))


def test_s5_a_new_gate_starts_no_new_throttle() -> None:
    """Three tries there, but every one of them counts in the person's throttle, which waits from the fifth on."""
    world = waiting()
    for _ in range(3):
        refused_any(lambda: world.number("alice", WRONG))
    other = second(world)
    for _ in range(2):
        asked = world.answers.tap(other, world.who("alice"), f"tap-{world.store.person('alice').version}")
        assert isinstance(asked, NeedsNumber)
        refused(
            "number_wrong",
            lambda c=asked.challenge_id: world.answers.number(other, c, world.who("alice"), WRONG, "form"),
        )
    record = world.store.person("alice")
    assert (record.failures, record.wait_until) == (5, world.clock.now() + challenge.FIRST_WAIT)
    refused("throttled", lambda: world.answers.tap(other, world.who("alice"), "tap-late"))


def refused_any(act) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Refusal):
        act()


def test_row_33_ops_read_of_a_second_miss_once() -> None:
    """The first may be a slip; the third says nothing new."""
    world = waiting()
    for told in (0, 1, 1):
        refused_any(lambda: world.number("alice", WRONG))
        world.deliver()
        alerts = [(alert.code, alert.values) for alert in world.messenger.alerts]
        assert alerts == [("number_missed", {"person": "alice"})] * told


def test_a_miss_is_in_the_trail_in_the_commit_that_counts_it() -> None:
    """And no number is: neither the right one nor the one that was typed."""
    world = waiting()
    refused("number_wrong", lambda: world.number("alice", WRONG))
    last = world.store.entries(world.gate.jti)[-1]
    assert (last.event, last.actor, last.details) == (
        "answer:refused",
        "alice",
        {"reason": "number_wrong", "factor": "push+number", "failures": 1},
    )
    assert [e.event for e in world.store.entries(world.gate.jti)].count("answer:refused") == 1


def test_a_right_number_forgives_wrong_numbers_and_no_codes() -> None:
    """SP 800-63B-4, 3.2.2: whoever reads numbers in Jenkins must not buy new guesses at somebody's codes by that."""
    world = waiting(BOTH)
    world.store.put(replace(world.store.person("alice"), failures=3))
    refused("number_wrong", lambda: world.number("alice", WRONG))
    assert world.store.person("alice").failures == 4
    world.number("alice", NUMBER)
    assert world.store.person("alice").failures == 3


def test_a_code_counts_where_the_number_is_asked_no_number_for_a_code() -> None:
    """Challenges are bound to what they ask for."""
    world = waiting(policy(rule(factor=Factor.TOTP)))
    asked = world.tap("alice")
    assert isinstance(asked, NeedsCode)
    refused("challenge_over", lambda: world.type_number("alice", asked.challenge_id, NUMBER))
    numbered = waiting()
    form = numbered.tap("alice")
    assert isinstance(form, NeedsNumber)
    refused("challenge_over", lambda: numbered.type("alice", form.challenge_id, code_of("alice", numbered.clock)))
    assert world.gate.confirmations == numbered.gate.confirmations == ()


def test_more_is_asked_than_when_the_form_opened() -> None:
    """A number that was right does not stand for the code that is asked for by now, and uses nobody up."""
    world = waiting()
    form = world.tap("alice")
    assert isinstance(form, NeedsNumber)
    assert world.gate.requirement is not None
    harder = tuple(replace(clause, factor=Factor.TOTP) for clause in world.gate.requirement.clauses)
    world.store.put(replace(world.gate, requirement=replace(world.gate.requirement, clauses=harder)))
    refused("challenge_over", lambda: world.type_number("alice", form.challenge_id, NUMBER))
    assert world.gate.confirmations == ()


def test_a_key_is_asked_by_now_where_a_code_was_when_the_form_opened() -> None:
    """The code is not counted: its person would be spent on a place that it cannot fill."""
    world = waiting(policy(rule(factor=Factor.TOTP)))
    form = world.tap("alice")
    assert isinstance(form, NeedsCode)
    assert world.gate.requirement is not None
    harder = tuple(replace(clause, factor=Factor.WEBAUTHN) for clause in world.gate.requirement.clauses)
    world.store.put(replace(world.gate, requirement=replace(world.gate.requirement, clauses=harder)))
    refused("challenge_over", lambda: world.type("alice", form.challenge_id, code_of("alice", world.clock)))
    assert world.gate.confirmations == ()


def test_s5_a_form_for_a_number_lives_ten_minutes_at_most() -> None:
    """S5: and never past the gate's deadline."""
    world = waiting()
    form = world.tap("alice")
    assert isinstance(form, NeedsNumber)
    assert form.expires == world.clock.now() + challenge.LIFETIME
    world.clock.move(seconds=600)
    refused("challenge_over", lambda: world.type_number("alice", form.challenge_id, NUMBER))
    world.clock.move(seconds=900)
    last = world.tap("alice")
    assert isinstance(last, NeedsNumber)
    assert last.expires == world.gate.deadline


def test_row_36_of_two_gates_that_look_alike_the_answer_is_bound_to_one() -> None:
    """The number of one is wrong for the other, and so is its form."""
    world = waiting()
    other = second(world)
    form = world.tap("alice")
    assert isinstance(form, NeedsNumber)
    there = lambda challenge_id, typed: world.answers.number(other, challenge_id, world.who("alice"), typed, "x")  # noqa: E731
    refused("challenge_over", lambda: there(form.challenge_id, "200200"))
    asked = world.answers.tap(other, world.who("alice"), "tap-other")
    assert isinstance(asked, NeedsNumber)
    refused("number_wrong", lambda: there(asked.challenge_id, NUMBER))
    assert there(asked.challenge_id, "200200").gate.run.id == "18"
    assert world.gate.confirmations == ()


def again(world: World, number: str, run_id: str = "18") -> Gate:
    """The next run of the pipeline opens with this number."""
    run = replace(world.source.known.run, id=run_id)
    world.source.text = request_text(number=number, run={"pipeline": run.pipeline, "id": run.id})
    world.source.known = facts(run=run)
    world.source.pauses = {f"ref-{run_id}": nonce(run_id)}
    world.watch.poll()
    found = world.store.gate_of("main", f"ref-{run_id}")
    assert found is not None
    return found


def test_row_35_a_number_that_the_pipeline_showed_lately_is_refused() -> None:
    """Whoever prints a constant number gets a denial, and ops read of it."""
    world = waiting()
    world.number("alice", NUMBER)
    world.deliver()
    refused_gate = again(world, NUMBER)
    assert refused_gate.denial is not None
    assert (refused_gate.state, refused_gate.denial.reason) == (State.DENIED, "number_reused")
    world.deliver()
    assert [alert.code for alert in world.messenger.alerts] == ["number_reused"]
    assert NUMBER not in str(world.store.pipeline("main:team one/deploy"))


def test_row_35_numbers_are_forgotten_after_a_while_and_only_matter_where_asked() -> None:
    """The last twenty; and a gate that asks for a code may show what it likes."""
    world = waiting()
    world.number("alice", NUMBER)
    for n in range(numbers.REMEMBERED):
        opened = again(world, f"{n:06}", str(100 + n))
        assert opened.state is State.PENDING
        world.store.put(replace(opened, state=State.WITHDRAWN))
    assert len(world.store.pipeline("main:team one/deploy").numbers) == numbers.REMEMBERED
    assert again(world, NUMBER, "200").state is State.PENDING
    codes = waiting(policy(rule(factor=Factor.TOTP)))
    assert again(codes, NUMBER).state is State.PENDING


def test_row_36_a_number_that_a_gate_of_the_source_shows_now_is_refused() -> None:
    """Two gates that look alike never wait with one number, whatever their pipelines."""
    world = waiting()
    run = replace(world.gate.run, pipeline="other", id="1")
    world.source.text = request_text(run={"pipeline": "other", "id": "1"})
    world.source.known = facts(run=run)
    world.source.pauses["ref-2"] = "Mfa-" + "1" * 32
    world.watch.poll()
    other = world.store.gate_of("main", "ref-2")
    assert other is not None
    assert other.denial is not None
    assert other.denial.reason == "number_reused"


def test_a_plain_input_that_asks_for_a_number_is_denied_with_its_reason() -> None:
    """It shows none, so nobody could read it; a look after the opening finds the same."""

    class Plain(FakeSource):
        def pending(self) -> list[Paused]:
            return [replace(one, plain=True) for one in super().pending()]

    plain = Texts("plain_input", Globs(("Release",)))
    source = Plain(text=b"Release?", known=facts(plain="Release"), pauses={"ref-1": "Release"})
    world = World(rules=policy(replace(rule(factor=Factor.PUSH_NUMBER), when=plain)), source=source)
    denial = world.open().denial
    assert denial is not None
    assert (world.gate.state, denial.reason) == (State.DENIED, "no_number")


def test_s6_a_number_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """S6: how many of its digits were right must not show in how long the answer takes."""
    world, compare, compared = waiting(), hmac.compare_digest, []

    def watched(expected: str, typed: str) -> bool:
        compared.append((expected, typed))
        return compare(expected, typed)

    monkeypatch.setattr(hmac, "compare_digest", watched)
    refused("number_wrong", lambda: world.number("alice", WRONG))
    assert (NUMBER, WRONG) in compared


def test_row_34_the_number_is_nowhere_but_in_the_request() -> None:
    """S12: neither in trail, alerts, refusals nor in what is kept of people; a planted one is looked for."""
    world = waiting(BOTH)
    said = [str(vars(refused("number_wrong", lambda: world.number("bob", WRONG)))) for _ in range(2)]
    world.number("alice", NUMBER)
    world.deny("carol")
    world.deliver()
    kept = [encode(world.store.person(one)).decode() for one in ("alice", "bob")]
    trail = [linked.raw.decode() for linked in world.store.trail]
    shown = [str(alert) for alert in world.messenger.alerts]
    for text in (*said, *kept, *trail, *shown, *world.source.notes, str(world.source.sent)):
        assert NUMBER not in text
        assert WRONG not in text


# -- properties -------------------------------------------------------------------------------------------------------

STEPS = st.lists(
    st.tuples(st.sampled_from(["tap", "wrong", "old form", "malformed", "wait", "long wait"]), st.booleans()),
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_whatever_is_tried_three_numbers_are_compared_and_the_throttle_holds(steps: list[tuple[str, bool]]) -> None:
    """Any order of taps, misses, old forms, two gates, two replicas, waits, wrong codes: never more than three
    comparisons of one person at one gate, never one while the person must wait, never one without its count.
    """
    world = waiting(policy(rule(factor=Factor.PUSH_NUMBER, ttl=86_400)))
    gates = [world.gate.jti, second(world)]
    replicas = [world.answers, Answers(replace(world.desk))]
    compared: dict[str, int] = {}
    codes: set[str] = set()
    forms: dict[str, list[str]] = {jti: [] for jti in gates}
    for n, (what, other) in enumerate(steps):
        jti, answers, before = gates[other], replicas[n % 2], world.store.person("alice")
        if what.endswith("wait"):
            world.clock.move(seconds=3_600 if what == "long wait" else 31)
            continue
        try:
            if what == "tap" or not forms[jti]:
                asked = answers.tap(jti, world.who("alice"), f"tap-{n}")
                assert isinstance(asked, NeedsNumber)
                forms[jti].append(asked.challenge_id)
            else:
                form = forms[jti][0 if what == "old form" else -1]
                typed = "12" if what == "malformed" else WRONG
                answers.number(jti, form, world.who("alice"), typed, f"form-{n}")
        except Refusal as refusal:
            after = world.store.person("alice")
            missed = after.failures - before.failures
            if missed:
                compared[jti] = compared.get(jti, 0) + 1
                codes.add(refusal.code)
                assert world.clock.now() >= before.wait_until
            assert missed in {0, 1}
        assert compared.get(jti, 0) <= challenge.NUMBER_TRIES
    assert codes <= {"number_wrong", "no_number_tries"}
    assert world.store.person("alice").failures == sum(compared.values())


def test_s4_two_replicas_and_many_threads_compare_three_numbers_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred guesses at once: who loses the race for the record decides again on what it says then."""
    world = waiting()
    counted: list[PersonRecord] = []
    real = numbers.codes.count_miss

    def counting(desk, gate, after, *rest) -> None:  # type: ignore[no-untyped-def]
        real(desk, gate, after, *rest)
        counted.append(after)

    monkeypatch.setattr(numbers.codes, "count_miss", counting)
    form = world.tap("alice")
    assert isinstance(form, NeedsNumber)

    def guess(n: int) -> None:
        try:
            world.answers.number(world.gate.jti, form.challenge_id, world.who("alice"), f"{n:06}", f"guess-{n}")
        except JenkinsMfaError:
            return

    threads = [threading.Thread(target=guess, args=(n,)) for n in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(counted) == challenge.NUMBER_TRIES
    assert world.store.person("alice").failures == challenge.NUMBER_TRIES
    assert world.gate.confirmations == ()
