"""The report on rules on trial: how often, whom, with what, when, and the time to expect, worked out on paper."""

from __future__ import annotations

from dataclasses import replace

from small_history import CODE, HOUR, MINUTE, MONDAY, SCOPE, TWO, approved, given, made

from builders import ROSTER
from jenkins_mfa.core.model import Clause, Denial, Factor, Gate, Requirement, State
from jenkins_mfa.reporting import document, observe_text
from jenkins_mfa.reporting.model import Scope
from jenkins_mfa.reporting.observe import Ask, ObserveReport, Trial, Watch

RELEASE, SECURITY = ("group:release",), ("group:security",)
KEY = Clause("night", Factor.WEBAUTHN, 1, ("carol",), SECURITY)
PAIR = Clause("pair", Factor.TOTP, 2, ("alice", "bob"), RELEASE)
ALONE = Clause("pair", Factor.TOTP, 2, ("alice",), RELEASE)


def tried(base: Requirement, *clauses: Clause) -> Requirement:
    """The same requirement, with what rules on trial would have asked."""
    return replace(base, observed=clauses)


def watched(*gates: Gate, rules: tuple[str, ...] = (), scope: Scope = SCOPE) -> ObserveReport:
    """The report on these gates."""
    watch = Watch(scope, rules)
    for one in gates:
        watch.add(one)
    return watch.report()


def small() -> list[Gate]:
    """`pair` is comparable with three gates (2, 6 and 10 minutes); `night` with none; two passed without anybody."""
    nine, ten = MONDAY + 9 * HOUR, MONDAY + 22 * HOUR
    free = replace(CODE, clauses=(), passes_by=("robots",))
    return [
        approved(1, "a", nine, CODE, given("alice", nine + 2 * MINUTE)),
        approved(2, "a", nine, tried(CODE, KEY), given("bob", nine + 6 * MINUTE)),
        approved(3, "b", nine, TWO, given("bob", nine), given("alice", nine + 10 * MINUTE)),
        made(4, "a", nine, tried(free, PAIR), state=State.RESUMED),
        made(5, "a", ten, tried(free, ALONE), state=State.RESUMED),
    ]


def test_what_a_rule_would_have_asked_and_what_it_would_have_cost() -> None:
    """Two of four gates of the pipeline; their median is that of gates that asked the same people for the same."""
    pair, night = watched(*small()).trials
    assert pair == Trial(
        rule="pair",
        pipeline="a",
        gates=2,
        of=4,
        fresh=2,
        hopeless=1,
        answers=4,
        asks=(Ask(Factor.TOTP, 2, RELEASE),),
        people=("alice", "bob"),
        hours=tuple({9: 1, 22: 1}.get(hour, 0) for hour in range(24)),
        wait=6 * MINUTE,
        measured=3,
        basis="comparable",
    )
    assert pair.total == 12 * MINUTE
    assert (night.rule, night.gates, night.of, night.fresh, night.hopeless) == ("night", 1, 4, 0, 0)
    assert (night.wait, night.measured, night.basis) == (6 * MINUTE, 3, "all")


def test_comparable_is_the_same_people_and_the_same_factor() -> None:
    """A decision of others, or with another factor, does not count while there is one that compares."""
    nine = MONDAY + 9 * HOUR
    tap = replace(CODE, clauses=(replace(CODE.clauses[0], factor=Factor.PUSH),))
    other = replace(CODE, clauses=(replace(CODE.clauses[0], approvers=SECURITY),))
    gates = [
        approved(1, "x", nine, tap, given("alice", nine + MINUTE)),
        approved(2, "x", nine, other, given("alice", nine + MINUTE)),
        approved(3, "x", nine, CODE, given("alice", nine + 40 * MINUTE)),
        made(4, "a", nine, tried(CODE, PAIR)),
    ]
    (found,) = watched(*gates).trials
    assert (found.wait, found.measured, found.basis) == (40 * MINUTE, 1, "comparable")


def test_times_are_measured_on_all_pipelines_whatever_is_looked_at() -> None:
    """A glob narrows what is counted, not what is known about how fast people are."""
    found = watched(*small(), scope=replace(SCOPE, pipeline="a"))
    assert (found.gates, found.trials[0].measured) == (4, 3)
    assert watched(*small(), scope=replace(SCOPE, pipeline="b")).trials == ()


def test_a_gate_that_was_refused_at_once_would_not_have_been_asked_for() -> None:
    """It is counted among the gates, and not against the rule."""
    refused = Denial(MONDAY, None, "too_few_people", "open")
    found = watched(made(1, "a", MONDAY, tried(CODE, PAIR), state=State.DENIED, denial=refused))
    assert (found.gates, found.trials) == (1, ())


def test_a_rule_that_never_asked_and_a_time_that_nobody_knows() -> None:
    """Both are said; nothing is guessed."""
    found = watched(made(1, "a", MONDAY, tried(CODE, PAIR)), rules=("pair", "sleepy"))
    assert (found.silent, found.trials[0].basis, found.trials[0].wait) == (("sleepy",), "none", None)
    shown = observe_text.text(found, ROSTER)
    assert "sleepy: would have asked nobody." in shown
    assert "not known: nobody has decided anything in this time" in shown
    assert document.observed(found)["trials"][0]["seconds_each"] is None


def test_the_text_for_the_terminal() -> None:
    """Word for word."""
    assert (
        observe_text.text(watched(*small()), ROSTER)
        == """\
jenkins-mfa report observe, 2026-03-02 00:00 to 2026-03-09 00:00 UTC

5 gates opened in this time.

pair, pipeline “a”
  how often  2 of 4 gates; 2 of them asked nobody
  with what  2 of release with a code
  of whom    Alice or Bob
  when       09:00 1, 22:00 1
  to expect  6 min each, 12 min in all; 4 confirmations; measured on 3 comparable gates
  attention  at 1 of them fewer people could have answered than it needs

night, pipeline “a”
  how often  1 of 4 gates; 0 of them asked nobody
  with what  1 of security with a security key
  of whom    Carol
  when       09:00 1
  to expect  6 min each, 6 min in all; 1 confirmation; measured on 3 gates of all kinds

To expect: the median time to decision of gates that asked the same approvers for the same factor in this time;
without any, of all gates. Hours are in UTC.
"""
    )


def test_without_any_rule_on_trial_it_says_how_one_is_made() -> None:
    """The word of the policy file."""
    assert 'mode = "observe"' in observe_text.text(watched(), ROSTER)


def test_tests_are_not_looked_at() -> None:
    """They say nothing of what a rule would cost."""
    assert watched(*(replace(one, run=replace(one.run, source="test.main")) for one in small())).gates == 0
