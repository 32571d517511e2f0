"""The figures of a report: a small history worked out on paper, and sums that agree on any history."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from small_history import DAY, HOUR, MINUTE, MONDAY, SCOPE, TUESDAY, gates, made, report
from small_history import given as answer

from builders import NOW, claims, facts, needs, policy, rule
from jenkins_mfa.core.model import Denial, Ending, Factor, Gate, State
from jenkins_mfa.core.policy import Exemption, Globs
from jenkins_mfa.core.policy.rules import ALWAYS
from jenkins_mfa.reporting.figures import times
from jenkins_mfa.reporting.model import Outcome, Place, Scope, Times
from jenkins_mfa.reporting.tally import Tally

O = Outcome  # noqa: E741


def minutes(found: Times | None) -> tuple[int, float, float]:
    """Count, median and p95, in minutes."""
    assert found is not None
    return found.count, found.median / MINUTE, found.p95 / MINUTE


def test_outcomes_are_counted_in_all_and_by_pipeline() -> None:
    """Each gate is one outcome; pipelines come with the most gates first."""
    found = report()
    one_each = dict.fromkeys(O, 1) | {O.APPROVED: 3}
    assert found.total.outcomes == one_each
    assert found.total.gates == 11
    assert list(found.pipelines) == ["web/deploy", "db/migrate", "web/nightly"]
    assert found.pipelines["db/migrate"].outcomes == {O.APPROVED: 1, O.EXPIRED: 1, O.WITHDRAWN: 1}
    assert found.pipelines["web/nightly"].outcomes == {O.PASSED: 1}


def test_time_to_decision_is_that_of_people() -> None:
    """2, 4, 10 and 30 minutes: the median is 7, the nearest rank of 95 is the greatest. Expiries have none."""
    found = report()
    assert minutes(found.total.times) == (4, 7, 30)
    assert minutes(found.pipelines["web/deploy"].times) == (3, 4, 10)
    assert minutes(found.pipelines["db/migrate"].times) == (1, 30, 30)
    assert found.pipelines["web/nightly"].times is None


def test_people_have_the_time_to_their_own_answer() -> None:
    """Alice answered after 2, 5 and 10 minutes, once with a denial; bob's answer to what expired counts for him."""
    alice, bob, carol = report().people
    assert (alice.person, alice.confirmations, alice.denials) == ("alice", {Factor.TOTP: 2}, 1)
    assert minutes(alice.times) == (3, 5, 10)
    assert (bob.person, bob.answers, minutes(bob.times)) == ("bob", 2, (2, 2.5, 4))
    assert (carol.person, minutes(carol.times)) == ("carol", (1, 30, 30))


def test_hours_are_those_of_the_opening_in_utc() -> None:
    """Ten gates at nine, one at 23."""
    found = report()
    assert [(hour, row.gates) for hour, row in enumerate(found.hours) if row.gates] == [(9, 10), (23, 1)]
    assert minutes(found.hours[9].times) == (3, 4, 10)
    assert found.week[0, 9].asked == 2
    assert found.week[0, 9].median == 3 * MINUTE
    assert found.week[1, 9].asked == 6
    assert found.days == {
        MONDAY: {O.APPROVED: 3},
        TUESDAY: {o: 1 for o in O if o is not O.APPROVED},
    }


def test_factors_count_what_was_asked_and_what_was_given() -> None:
    """Nobody was asked where the policy let pass, and where the agent denied at once."""
    rows = report().factors
    assert [(row.factor, row.gates, row.given) for row in rows] == [(Factor.TOTP, 9, 5), (None, 2, 0)]


def test_environments_are_the_policys_and_else_claims() -> None:
    """A gate that was denied before the policy was asked has none."""
    odd = made(20, "odd", MONDAY, None, claims=claims(environment="production"))
    found = {place: row.gates for place, row in report(odd).environments.items()}
    assert found == {
        Place("production"): 9,
        Place("staging"): 1,
        Place(""): 1,
        Place("production", claimed=True): 1,
    }


def test_what_is_told_one_by_one() -> None:
    """Denials with reasons, expiries, bypasses, what passed and by which exemption, broken glass."""
    found = report()
    assert {o: [line.run.id for line in lines] for o, lines in found.notable.items()} == {
        O.DENIED: ["4"],
        O.REFUSED: ["5"],
        O.EXPIRED: ["7"],
        O.WITHDRAWN: ["8"],
        O.BYPASSED: ["9"],
        O.PASSED: ["10"],
    }
    assert [(line.run.id, line.exemptions) for line in found.exempted] == [("10", ("holiday",))]
    assert [(line.run.id, line.break_glass) for line in found.break_glass] == [("2", "hotfix")]
    assert found.each is None


def test_an_auditor_gets_each_gate_of_an_environment_in_order() -> None:
    """By declaration or by claim, with what the receipt and the trail say."""
    lying = made(21, "odd", MONDAY, None, claims=claims(environment="production"))
    found = report(lying, scope=replace(SCOPE, environment="production"), each=True)
    assert found.each is not None
    assert [line.run.id for line in found.each] == ["21", "1", "2", "3", "4", "6", "7", "8", "9", "11"]
    third = found.each[3]
    assert [given.person for given in third.confirmations] == ["alice", "carol"]
    assert (third.trail_seq, third.trail_head, third.waited) == (73, "ab" * 32, 30 * MINUTE)
    assert third.receipt_sha256 == "03" * 32
    assert [(one.person, one.subject) for one in third.authors] == [(None, "zed")]


def test_the_scope_begins_with_since_and_ends_before_until() -> None:
    """Edges count once in reports that follow one another; pipelines are globs."""
    whole = [report(scope=Scope(MONDAY, TUESDAY + 9 * HOUR)), report(scope=Scope(TUESDAY + 9 * HOUR, TUESDAY + DAY))]
    assert [one.total.gates for one in whole] == [3, 8]
    assert report(scope=replace(SCOPE, pipeline="db/*")).total.gates == 3
    assert report(scope=replace(SCOPE, pipeline="db")).total.gates == 0


def test_a_decision_that_came_too_late_for_delivery_has_its_time_and_a_half_one_none() -> None:
    """The people were as fast as they were; the time at which the gate expired is nobody's answer."""
    at = MONDAY + HOUR
    late = made(30, "late", at, state=State.EXPIRED, confirmations=(answer("bob", at + MINUTE),), decided_at=at + DAY)
    assert report(late).pipelines["late"].times == times([MINUTE])
    stolen = made(31, "half", at, state=State.BYPASSED, ending=Ending("bypassed", at + DAY), decided_at=at + HOUR)
    assert report(stolen).pipelines["half"].times is None


def test_figures_of_one_of_many_and_of_none() -> None:
    """The definitions, on numbers that can be counted: 95 of 1 … 100 is 95, the sample keeps both ends."""
    assert times([]) is None
    hundred = times(range(1, 101))
    assert hundred is not None
    assert (hundred.median, hundred.p25, hundred.p75, hundred.p95) == (50, 25, 75, 95)
    assert times([7]) == Times(1, 7, 7, 7, 7, (7,))
    many = times(range(10_000))
    assert many is not None
    assert len(many.sample) == 99
    assert (many.sample[0], many.sample[-1]) == (0, 9_999)


def test_an_exemption_is_known_from_what_the_policy_itself_noted() -> None:
    """It took the clauses of one rule; what another one asks for was asked."""
    spared = Exemption("holiday", Globs(("production",)), ALWAYS, NOW + DAY, "Freeze")
    rules = policy(rule(), rule("always", always=True), exemptions=(spared,))
    one = made(50, "a", MONDAY, needs(rules, facts(), claims()))
    (line,) = report(one).exempted[:1]
    assert (line.run.id, line.exemptions, line.rules) == ("50", ("holiday",), ("always",))


STATES = sorted(State, key=lambda state: state.value)


@st.composite
def histories(draw: st.DrawFn) -> list[Gate]:
    """Gates in any state, with any mixture of answers."""
    found = []
    for number in range(draw(st.integers(0, 12))):
        at = MONDAY + draw(st.integers(-DAY, 8 * DAY))
        state = draw(st.sampled_from(STATES))
        people = draw(st.lists(st.sampled_from(["alice", "bob", "carol"]), unique=True, max_size=3))
        denial = draw(st.sampled_from([None, Denial(at + 5, "bob", "no", "x"), Denial(at, None, "no_rule", "x")]))
        answers = tuple(answer(person, at + draw(st.integers(0, DAY))) for person in people)
        one = made(number, draw(st.sampled_from(["a", "b"])), at, state=state, denial=denial, confirmations=answers)
        found.append(replace(one, decided_at=draw(st.sampled_from([0, at, at + HOUR]))))
    return found


@given(histories(), st.randoms())
@settings(max_examples=60, deadline=None)
def test_sums_agree_and_order_means_nothing(history: list[Gate], dice: object) -> None:
    """Whatever the history: every way to group the gates of the scope sums up to the same gates and decisions."""
    tally, other = Tally(SCOPE, each=True), Tally(SCOPE, each=True)
    for one in history:
        tally.add(one)
    dice.shuffle(history)  # type: ignore[attr-defined]
    for one in history:
        other.add(one)
    found = tally.report({})
    assert found == other.report({})
    inside = sum(SCOPE.since <= one.opened_at < SCOPE.until for one in history)
    decided = found.total.times.count if found.total.times else 0
    for rows in (found.pipelines.values(), found.environments.values(), found.hours):
        assert sum(row.gates for row in rows) == inside
        assert sum(row.times.count for row in rows if row.times) == decided
        assert sum((Counter(row.outcomes) for row in rows), Counter()) == Counter(found.total.outcomes)
    assert sum((Counter(counts) for counts in found.days.values()), Counter()) == Counter(found.total.outcomes)
    assert sum(row.gates for row in found.factors) == inside == len(found.each or ())
    assert sum(slot.asked for slot in found.week.values()) == sum(row.gates for row in found.factors if row.factor)
    for outcome, lines in found.notable.items():
        assert len(lines) == found.total.outcomes.get(outcome, 0)


def test_the_small_history_is_the_same_in_any_order() -> None:
    """The store gives gates by their ids, which say nothing about time."""
    tally = Tally(SCOPE)
    for one in reversed(gates()):
        tally.add(one)
    assert tally.report({}) == report(reviews={})


def test_tests_are_no_gates_of_a_report() -> None:
    """Nobody waited for a build."""
    one = gates()[0]
    tally = Tally(SCOPE)
    tally.add(replace(one, run=replace(one.run, source="test.main")))
    assert tally.report(None).total.gates == 0
