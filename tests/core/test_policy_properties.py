"""What holds for every policy and everything that it can be asked about."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields, replace

import msgspec
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import policy_strategies as some
from builders import of_rules
from jenkins_mfa.core import quorum
from jenkins_mfa.core.model import (
    Author,
    Change,
    Claims,
    Clause,
    Confirmation,
    Facts,
    History,
    Parameter,
    Reason,
    Requirement,
    Starter,
    Trigger,
)
from jenkins_mfa.core.policy import Policy, Roster, Rule, break_glass, evaluate, reasons, tightened
from jenkins_mfa.core.policy.looks import by_facts
from jenkins_mfa.core.policy.predicates import leaves
from jenkins_mfa.core.policy.tighter import BARRED

asked = st.tuples(some.rosters, some.facts, some.claims, some.histories)
Asked = tuple[Roster, Facts, Claims, History]


def passes(found: Requirement, given_answers: list[Confirmation]) -> bool:
    """Whether a gate with that requirement goes on after these answers."""
    return found.refusal is None and quorum.satisfied(found, given_answers)


def demanded(found: tuple[Clause, ...]) -> Counter[tuple[object, ...]]:
    """What clauses ask for, whoever it finds."""
    return Counter((c.rule, c.factor, c.count, c.approvers) for c in found)


def in_any_order(value: object) -> object:
    """The value with every tuple in it sorted."""
    if isinstance(value, tuple):
        return sorted(map(in_any_order, value), key=repr)
    if isinstance(value, Requirement | Reason | Clause):
        return [in_any_order(getattr(value, one.name)) for one in fields(value)]
    return value


@given(some.policies(), asked)
def test_evaluate_is_total_and_deterministic(policy: Policy, asked: Asked) -> None:
    """No exception for anything; the same question has the same answer; nothing asked is never a pass by itself."""
    found = evaluate(policy, *asked)
    assert found == evaluate(policy, *asked)
    assert reasons(policy, *asked) == reasons(policy, *asked)
    assert break_glass(policy, *asked) == break_glass(policy, *asked)
    assert found.ttl >= 1
    assert sum(map(bool, (found.clauses, found.passes_by))) == 1 or found.refusal is not None
    assert bool(found.passes_by) is quorum.satisfied(found, [])


@given(some.policies(), asked, st.randoms(use_true_random=False))
def test_order_means_nothing(policy: Policy, asked: Asked, random: object) -> None:
    """Neither of rules nor of environments, resources, exemptions."""

    def shuffled(values: tuple[object, ...]) -> tuple[object, ...]:
        found = list(values)
        random.shuffle(found)  # type: ignore[attr-defined]
        return tuple(found)

    parts = ("rules", "environments", "resources", "exemptions")
    other = replace(policy, **{part: shuffled(getattr(policy, part)) for part in parts})
    assert in_any_order(evaluate(policy, *asked)) == in_any_order(evaluate(other, *asked))
    assert in_any_order(break_glass(policy, *asked)) == in_any_order(break_glass(other, *asked))


def bare(policy: Policy, roster: Roster, facts: Facts, history: History) -> Policy:
    """The policy with those rules only that facts alone select."""
    seen = by_facts(policy, roster, facts, history)

    def kept(rule: Rule) -> bool:
        answer = rule.when.look(seen)
        return rule.passes or answer is True or (answer is None and not rule.on_claims)

    return replace(policy, rules=tuple(filter(kept, policy.rules)))


@given(some.policies(), asked, some.answers)
def test_no_claim_loosens(policy: Policy, asked: Asked, given_answers: list[Confirmation]) -> None:
    """What goes on with any claim goes on by the facts' own rules, without any claim; so no claim selects a pass, an
    exemption, or keeps a rule from matching.
    """
    roster, facts, _, history = asked
    found = evaluate(policy, *asked)
    plain = evaluate(bare(policy, roster, facts, history), roster, facts, Claims("", "", ""), history)
    assert not passes(found, given_answers) or passes(plain, given_answers)
    assert not demanded_rules(plain) - demanded_rules(found) or plain.passes_by == found.passes_by == ()
    assert {*found.passes_by} <= {*plain.passes_by}


def demanded_rules(found: Requirement) -> set[str]:
    """The rules that ask for something."""
    return {clause.rule for clause in found.clauses}


@given(some.policies(), asked, some.asking(name=st.just("new"), observe=st.just(False)), some.answers)
def test_one_rule_more_never_loosens(
    policy: Policy, asked: Asked, more: Rule, given_answers: list[Confirmation]
) -> None:
    """Unless the default applied, which a rule replaces that matches for certain, or nobody could be asked. The rules'
    own clauses must still be filled, by as many people and no weaker a factor; what comes on top of all rules together
    (what the pipeline asks for, the one more for somebody unknown) may count others and take a weaker one.
    """
    before = evaluate(policy, *asked)
    assume(policy.default is not None and (policy.default.passes or "default" not in before.rules))
    assume(before.clauses or before.passes_by)
    after = evaluate(replace(policy, rules=(*policy.rules, more)), *asked)
    assert not passes(after, given_answers) or quorum.satisfied(of_rules(before), given_answers)
    assert not demanded(of_rules(before).clauses) - demanded(after.clauses)
    assert after.total >= before.total
    assert after.factor.strength >= before.factor.strength


@given(some.policies(), asked, some.asking(name=st.just("new"), observe=st.just(False)), some.answers)
def test_one_rule_more_never_loosens_what_rules_alone_ask(
    policy: Policy, asked: Asked, more: Rule, given_answers: list[Confirmation]
) -> None:
    """Where nothing is counted over all rules, whoever could not let the gate pass before cannot afterwards."""
    roster, facts, claims, history = asked
    policy, asked = replace(policy, strangers="same"), (roster, facts, replace(claims, quorum=None), history)
    before = evaluate(policy, *asked)
    assume(policy.default is not None and (policy.default.passes or "default" not in before.rules))
    assume(before.clauses or before.passes_by)
    after = evaluate(replace(policy, rules=(*policy.rules, more)), *asked)
    assert not passes(after, given_answers) or passes(before, given_answers)


def less(facts: Facts, history: History) -> st.SearchStrategy[tuple[Facts, History]]:
    """The same with one thing that is not known any more."""
    found = [
        replace(facts, paths=None),
        replace(facts, branch=""),
        replace(facts, starters=()),
        replace(facts, parameters=tuple(Parameter(p.name, None) for p in facts.parameters)),
        replace(facts, authors=tuple(Author(a.subject) for a in facts.authors)),
        replace(facts, starters=(*facts.starters, Starter(Trigger.UNKNOWN))),
        replace(facts, starters=tuple(replace(s, person=None, subject=s.subject or s.person) for s in facts.starters)),
        replace(facts, starters=tuple(Starter(Trigger.UNKNOWN) for s in facts.starters)),
    ]
    unsure = tuple(Change(c.name, c.kind, None) for c in history.changes)
    return st.sampled_from([*((one, history) for one in found), (facts, replace(history, changes=unsure))])


@given(some.policies(), asked, st.data())
def test_what_is_not_known_never_loosens(policy: Policy, asked: Asked, data: st.DataObject) -> None:
    """No clause goes and no pass comes when something is no longer known.

    A rule that asks whether everybody behind the run is known is about that itself: one that asks for strangers may
    stand in the default's place.
    """
    about = [
        positive for rule in policy.rules for leaf, positive in leaves(rule.when) if leaf.key == "unknown_requester"
    ]
    assume(all(about))
    roster, facts, claims, history = asked
    hidden, later = data.draw(less(facts, history))
    claims = replace(claims, quorum=None)
    before, after = (evaluate(policy, roster, one, claims, then) for one, then in ((facts, history), (hidden, later)))
    gone = demanded(of_rules(before).clauses) - demanded(after.clauses)
    assert not gone or (about and {rule for rule, *_ in gone} == {"default"})
    assert not after.passes_by or before.passes_by


@given(some.policies(), asked)
def test_rules_marked_always_hold_on(policy: Policy, asked: Asked) -> None:
    """Through every pass, exemption and broken glass, whether facts or a claim selected them."""
    roster, facts, claims, history = asked
    alone = [rule for rule in policy.rules if rule.always and not rule.observe and not rule.break_glass]
    matching = {
        rule.name
        for rule in alone
        if rule.name in evaluate(replace(policy, rules=(rule,), exemptions=()), *asked).rules
    }
    assert matching <= {*evaluate(policy, *asked).rules}
    broken = break_glass(policy, roster, facts, claims, history)
    assert broken is None or matching <= {*broken.rules}


@given(some.policies(), asked)
def test_rules_on_trial_change_nothing_but_what_is_observed(policy: Policy, asked: Asked) -> None:
    """As if they were not there."""
    found = evaluate(policy, *asked)
    without = replace(policy, rules=tuple(rule for rule in policy.rules if not rule.observe))
    same = {"observed": (), "reasons": Reason("none")}
    assert replace(found, **same) == replace(evaluate(without, *asked), **same)
    broken, other = break_glass(policy, *asked), break_glass(without, *asked)
    assert (broken is None) is (other is None)
    if broken and other:
        assert broken.clauses == other.clauses


@given(some.policies(), asked)
def test_no_glass_breaks_without_a_rule(policy: Policy, asked: Asked) -> None:
    """And with one, nothing passes by itself."""
    found = break_glass(policy, *asked)
    if not any(rule.break_glass for rule in policy.rules):
        assert found is None
    if found is not None:
        assert found.break_glass
        assert not quorum.satisfied(found, [])


@given(some.policies(), asked)
def test_values_survive_being_stored(policy: Policy, asked: Asked) -> None:
    """Requirement, facts, claims and history are read back as they were."""
    _, facts, claims, history = asked
    for value in (evaluate(policy, *asked), facts, claims, history, reasons(policy, *asked)):
        assert msgspec.json.decode(msgspec.json.encode(value), type=type(value)) == value


@settings(max_examples=30)  # two policies each
@given(some.policies(), some.policies(), asked, some.histories, some.answers)
def test_a_later_look_takes_nothing_away(
    policy: Policy, other: Policy, asked: Asked, later: History, given_answers: list[Confirmation]
) -> None:
    """Whatever the policy has become: what goes on afterwards would have gone on before; a second look adds nothing."""
    roster, facts, claims, _ = asked
    frozen, fresh = evaluate(policy, *asked), evaluate(other, roster, facts, claims, later)
    assume(frozen.refusal is None)
    after = tightened(frozen, fresh, other.available, 7)
    if after is not None:
        assert not passes(after, given_answers) or passes(frozen, given_answers)
    if after is not None and (after.refusal is None or after.refusal.code not in BARRED):
        assert after.clauses
        assert after.total >= frozen.total
        assert after.passes_by == ()
        assert tightened(after, fresh, other.available, 8) is None
