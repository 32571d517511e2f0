"""Edges of a requirement and its reasons that only a whole look shows."""

from __future__ import annotations

from dataclasses import replace

from builders import NOW, ROSTER, claims, environment, facts, policy, rule
from jenkins_mfa.core.model import (
    Factor,
    History,
    Reason,
    Starter,
    Trigger,
)
from jenkins_mfa.core.policy import (
    Demand,
    Exemption,
    Globs,
    Rule,
    reasons,
)
from jenkins_mfa.core.policy.predicates import Any, People, Rate
from jenkins_mfa.core.policy.rules import ALWAYS
from policy_scenes import (
    ACTION,
    ASKED_JOB,
    CODE,
    JOB,
    NOT_JOB,
    OTHER,
    RELEASE,
    asked,
    node,
    tree,
)


def test_a_pause_that_checks_no_receipt_is_refused_by_a_rule_that_wants_one() -> None:
    """Only such a pause, and only such a rule."""
    strict, loose = policy(replace(rule(), assurance="verified")), policy(replace(rule(), assurance="detected"))
    plain = facts(plain="Release")
    assert asked(strict, known=plain).refusal == Reason("assurance", holds=False)
    assert asked(loose, known=plain).refusal is None
    assert asked(strict).refusal is None


def test_a_pause_that_shows_no_number_is_refused_by_a_rule_that_wants_one() -> None:
    """Only such a pause, and only where the number is asked for."""
    number, code = policy(rule(factor=Factor.PUSH_NUMBER)), policy(rule(factor=CODE))
    plain = facts(plain="Release")
    assert asked(number, known=plain).refusal == Reason("no_number", holds=False)
    assert asked(code, known=plain).refusal is None
    assert asked(number).refusal is None


def test_a_pipeline_that_asks_is_not_exempt_either() -> None:
    """What it asks for holds, whatever the policy would have let it off."""
    exempt = Exemption("moving", Globs(("*",)), ALWAYS, NOW + 1, "we move")
    found = policy(rule("strict"), exemptions=(exempt,))
    assert asked(found).passes_by == ("moving",)
    got = asked(found, claims(quorum=1))
    assert (got.passes_by, [clause.rule for clause in got.clauses]) == ((), ["strict"])


def test_a_pipeline_that_names_no_environment_claims_none() -> None:
    """As a plain pause does: it is no other environment than the job's."""
    lets, said = Rule("lets", (), JOB, passes=True), Rule("said", (Demand(CODE, 1, RELEASE),), ACTION)
    declared = (environment("live", "team*"),)
    for environments in ((), declared):
        got = asked(policy(lets, said, environments=environments), claims(environment=""))
        assert (got.passes_by, "environment_differs" in {one.code for one in got.reasons.children}) == (
            ("lets",),
            False,
        )


def test_a_rule_without_any_demand_lets_nothing_pass() -> None:
    """The parser refuses it; here it is asked for in vain."""
    got = asked(policy(Rule("lets", (), JOB, passes=True), Rule("empty", (), JOB, always=True)))
    assert (got.passes_by, got.refusal) == ((), Reason("no_rule", holds=False))


def test_all_strangers_and_all_declared_environments_are_named() -> None:
    """Separated by a comma."""
    two = facts(starters=(Starter(Trigger.PERSON, "x"), Starter(Trigger.API, "y")))
    assert asked(policy(strangers="deny"), known=two).refusal == Reason("stranger", {"who": "x, y"}, False)
    declared = (environment("live", "team*"), environment("test", "team*"))
    differs = asked(policy(environments=declared), claims(environment="dev")).reasons.children[-1]
    assert differs == Reason("environment_differs", {"claimed": "dev", "declared": "live, test"})


def test_a_rule_that_facts_decide_is_explained_without_claims() -> None:
    """A claim that was not asked for is not known, and is not shown."""
    either = tree(policy(Rule("either", (Demand(CODE, 1, RELEASE),), Any((JOB, ACTION))))).children[0]
    assert either.children == (
        Reason("any", holds=True, children=(ASKED_JOB, Reason("claims.action", {"wanted": "deploy"}, None))),
    )


def test_the_tree_looks_at_roster_and_history() -> None:
    """Who is in a group, and how often the pipeline was asked."""
    often = Rule("often", (Demand(CODE, 1, RELEASE),), Rate(1, 600))
    group = Rule("group", (Demand(CODE, 1, RELEASE),), People("requester", ("group:developers",)))
    found = reasons(policy(often, group), ROSTER, facts(), claims(), History(NOW, earlier=(NOW - 1,)))
    assert [one.holds for one in found.children] == [True, True]


def test_the_whole_tree_has_break_glass_rules_as_they_stand() -> None:
    """Ready before, applied afterwards, where they match; then only what is marked always stays beside them."""
    two = (Demand(CODE, 2, ("alice", "bob")),)
    found = policy(
        Rule("normal", two, JOB),
        Rule("must", two, JOB, always=True),
        Rule("away", two, OTHER),
        Rule("red", two, JOB, break_glass=True),
        Rule("trial", two, JOB, break_glass=True, observe=True),
        Rule("far", two, OTHER, break_glass=True),
    )
    for broken, normal, red in ((False, "applies", "ready"), (True, "replaced", "applies")):
        got = reasons(found, ROSTER, facts(), claims(), History(NOW), broken=broken)
        assert got.children == (
            node("normal", normal, ASKED_JOB),
            node("must", "applies", ASKED_JOB),
            node("away", "no", NOT_JOB),
            node("red", red, ASKED_JOB),
            node("trial", "no", ASKED_JOB),
            node("far", "no", NOT_JOB),
        )
    assert tree(found) == reasons(found, ROSTER, facts(), claims(), History(NOW), broken=False)
