"""What a gate needs: rules, claims that can only tighten, and refusals instead of empty passes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import RUN, claims, clause, environment, facts, needs, of_rules, policy, rule
from jenkins_mfa.core import quorum
from jenkins_mfa.core.model import Claims, Confirmation, Factor, Requirement, Starter, Trigger
from jenkins_mfa.core.policy import Policy

names = st.sampled_from(["production", "staging", "dev", "zzz"])
factors = st.sampled_from([Factor.PUSH, Factor.TOTP])
rules = st.lists(
    st.builds(
        rule,
        name=st.uuids().map(lambda u: f"r{u.hex[:8]}"),
        factor=factors,
        quorum=st.integers(1, 3),
        approvers=st.lists(st.sampled_from(["group:release", "alice", "bob", "eve"]), min_size=1, max_size=2).map(
            tuple
        ),
        job=st.sampled_from(["*", "team one/*", "other"]),
        branch=st.sampled_from(["*", "main", "feature/*"]),
        environment=st.sampled_from(["", "production", "staging"]),
    ),
    max_size=4,
)
claimed = st.builds(
    Claims,
    environment=names,
    action=st.just("deploy"),
    message=st.just("m"),
    factor=st.sampled_from([None, *Factor]),
    quorum=st.sampled_from([None, 1, 2, 3, 10]),
    ttl=st.sampled_from([None, 60, 86400]),
)
policies = st.builds(
    lambda found, default, declared: Policy(
        tuple(found), (environment("production", "team*"),) if declared else (), default, "0" * 64
    ),
    rules,
    st.sampled_from([None, rule("default", factor=Factor.PUSH)]),
    st.booleans(),
)


def answers(*people: tuple[str, Factor]) -> list[Confirmation]:
    return [Confirmation(person, factor, 0, "", "") for person, factor in people]


def passes(found: Requirement, given_answers: list[Confirmation]) -> bool:
    return found.refusal is None and quorum.satisfied(found, given_answers)


some_answers = st.dictionaries(st.sampled_from(["alice", "bob", "carol", "eve"]), factors).map(
    lambda people: answers(*people.items())
)


def test_no_rule_and_no_default_is_refused() -> None:
    """No policy is not "approved" (trap: policy-bot)."""
    found = needs(policy(rule(job="other")), facts(), claims())
    assert found.refusal is not None
    assert found.refusal.code == "no_rule"


def test_the_default_applies_where_no_rule_matches() -> None:
    """The strictest default that the configuration names."""
    found = needs(policy(rule(job="other"), default=rule("default", quorum=2)), facts(), claims())
    assert [c.rule for c in found.clauses] == ["default"]


def test_a_claimed_environment_cannot_leave_the_rules_of_the_facts() -> None:
    """Whoever edits the Jenkinsfile claims `staging`: the rule for the job stays, staging's comes on top."""
    both = policy(
        rule("jobs", job="team one/*", factor=Factor.TOTP), rule("staging", environment="staging", factor=Factor.PUSH)
    )
    found = needs(both, facts(), claims(environment="staging"))
    assert [c.rule for c in found.clauses] == ["jobs", "staging"]


def test_a_claimed_environment_alone_opens_nothing() -> None:
    """A rule that matches on a claim only cannot replace the missing rule: refused."""
    found = needs(policy(rule("staging", environment="staging")), facts(), claims(environment="staging"))
    assert found.refusal is not None


def test_a_claimed_environment_does_not_move_the_question_elsewhere() -> None:
    """Another rule's channel hears of it, too; the default channel of those whom the facts select still does."""
    rules = policy(rule(), rule("other", environment="dev", channel="C0DEV"))
    assert needs(rules, facts(), claims()).channels == ("",)
    assert needs(rules, facts(), claims(environment="dev")).channels == ("", "C0DEV")


def test_an_environment_declared_by_the_policy_is_a_fact() -> None:
    """The policy says production; the pipeline says staging: the clauses of both, and it is reported."""
    declared = policy(
        rule("prod", environment="production", quorum=2),
        rule("stage", environment="staging", factor=Factor.PUSH, approvers=("carol",)),
        environments=(environment("production", "team one/*"),),
    )
    found = needs(declared, facts(), claims(environment="staging"))
    assert {c.rule for c in found.clauses} == {"prod", "stage"}
    assert "environment_differs" in {reason.code for reason in found.reasons.children}


def test_s9_the_requester_may_not_confirm_their_own_run() -> None:
    """S9: whoever is behind the run is in no clause, administrators included."""
    started = facts(starters=(Starter(Trigger.PERSON, "alice", "alice"), Starter(Trigger.REPLAY, "bob", "bob")))
    found = needs(policy(), started, claims())
    assert found.people == ("carol",)


@pytest.mark.parametrize("starters", [(), (Starter(Trigger.PERSON, "ghost"),), (Starter(Trigger.API),)])
def test_an_unknown_requester_costs_one_person_more(starters: tuple[Starter, ...]) -> None:
    """They could be an approver in disguise."""
    found = needs(policy(), facts(starters=starters), claims())
    assert found.total == 2


def test_a_schedule_is_nobody() -> None:
    """A timer has no person behind it, so nothing is added."""
    found = needs(policy(), facts(starters=(Starter(Trigger.SCHEDULE),)), claims())
    assert found.total == 1


def test_the_pipeline_may_ask_for_more() -> None:
    """A stronger factor, more people, a shorter time."""
    asked = claims(factor=Factor.TOTP, quorum=2, ttl=60)
    found = needs(policy(rule(factor=Factor.PUSH)), facts(), asked)
    assert (found.total, found.ttl, {c.factor for c in found.clauses}) == (2, 60, {Factor.TOTP})


def test_the_pipeline_may_not_ask_for_less() -> None:
    """Asking for a tap, one person and a day changes nothing."""
    strict = policy(rule(factor=Factor.TOTP, quorum=2, ttl=600))
    asked = claims(factor=Factor.PUSH, quorum=1, ttl=86400)
    assert needs(strict, facts(), asked).clauses == needs(strict, facts(), claims()).clauses
    assert needs(strict, facts(), asked).ttl == 600


def test_a_factor_that_is_not_there_is_refused_at_opening() -> None:
    """Not at the deadline, at three in the morning."""
    found = needs(policy(), facts(), claims(factor=Factor.WEBAUTHN))
    assert found.refusal is not None
    assert found.refusal.code == "factor_unavailable"


def test_more_people_than_may_approve_is_refused_at_opening() -> None:
    """Three of `release` are there, four are asked."""
    found = needs(policy(), facts(), claims(quorum=4))
    assert found.refusal is not None
    assert found.refusal.code == "too_few_people"


def test_one_person_in_two_groups_fills_one_place() -> None:
    """Trap: one click fills every group that the person is in."""
    two = policy(rule("a", approvers=("group:release",)), rule("b", approvers=("group:security",)))
    found = needs(two, facts(), claims())
    assert not passes(found, answers(("carol", Factor.TOTP)))
    assert passes(found, answers(("carol", Factor.TOTP), ("alice", Factor.TOTP)))


@given(policies, claimed, claimed, some_answers)
def test_a_claim_never_loosens(rules: Policy, one: Claims, other: Claims, given_answers: list[Confirmation]) -> None:
    """What passes with a claim passes the facts' own rules: against the plainest claim that no rule knows."""
    plain = replace(one, environment="zzz", factor=None, quorum=None, ttl=None)
    assert not passes(needs(rules, facts(), one), given_answers) or passes(needs(rules, facts(), plain), given_answers)
    asked = replace(other, factor=one.factor, quorum=one.quorum)
    bare = replace(other, factor=None, quorum=None)
    assert not passes(needs(rules, facts(), asked), given_answers) or passes(needs(rules, facts(), bare), given_answers)


@given(policies, rules, claimed, some_answers)
def test_a_further_rule_never_loosens(base: Policy, more: list, one: Claims, given_answers: list[Confirmation]) -> None:
    """Adding rules that match can only tighten, unless there was nothing before and the default applied; what the
    pipeline asks for on top keeps the number of people, not who they are.
    """
    wider = replace(base, rules=(*base.rules, *more))
    before, after = needs(base, facts(), one), needs(wider, facts(), one)
    if before.clauses and "default" not in before.rules and passes(after, given_answers):
        assert quorum.satisfied(of_rules(before), given_answers)
        assert len(given_answers) >= before.total


def test_one_rule_more_may_change_who_fills_what_the_pipeline_asks_for() -> None:
    """Two codes of `release` become a code of `release` and a tap of `security`: as many people, one of each rule."""
    release, security = rule("release"), rule("security", factor=Factor.PUSH, approvers=("group:security",))
    asked = claims(quorum=2)
    before, after = needs(policy(release), facts(), asked), needs(policy(release, security), facts(), asked)
    assert [(c.rule, c.factor) for c in before.clauses] == [
        ("release", Factor.TOTP),
        ("asked by the pipeline", Factor.TOTP),
    ]
    assert [(c.rule, c.factor) for c in after.clauses] == [("release", Factor.TOTP), ("security", Factor.PUSH)]


@given(policies, claimed)
def test_evaluate_is_total_and_empty_is_never_satisfied(rules: Policy, one: Claims) -> None:
    """Any policy and any claim give a requirement; without clauses there is a refusal."""
    found = needs(rules, facts(), one)
    assert found.clauses or found.refusal is not None
    assert not quorum.satisfied(replace(found, clauses=()), [])
    assert found.ttl >= 1


def test_globs_match_the_whole_name_and_tell_case() -> None:
    """`team` does not match `team one/deploy`, nor does `TEAM*`."""
    for job, hit in (("team one/deploy", True), ("team*", True), ("team", False), ("TEAM*", False)):
        found = needs(policy(rule(job=job)), facts(), claims())
        assert (found.refusal is None) is hit, job


def test_requirements_ask_everyone_for_the_strongest_factor() -> None:
    """So that any order of answers can fill any clause."""
    found = Requirement((clause(factor=Factor.PUSH), clause(factor=Factor.TOTP)), 60, (), (), "")
    assert found.factor is Factor.TOTP
    assert RUN.key == "main:team one/deploy:17:1"
